//! Which addresses links may lead to where their origins are not listed (W6.5).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// A range of addresses such as `10.0.0.0/8` or `fd00::/8`; an address alone is the range that has only itself.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Network(IpNet);

impl Network {
    /// Whether it has this address. An IPv4 address that is mapped into IPv6 is another one than itself.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Network(address.into()));
        }
        let network: IpNet = text.parse().map_err(|_| {
            InvalidNetwork("it is neither an address nor an address, a slash and a prefix length")
        })?;
        match network.trunc() == network {
            true => Ok(Network(network)),
            false => Err(InvalidNetwork("it has bits behind its prefix")),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not a range of addresses; displays as the reason.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidNetwork(&'static str);

impl fmt::Display for InvalidNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for InvalidNetwork {}

/// The addresses that links may lead to, beside the origins that are listed.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct Reach {
    pub(crate) public: bool,
    pub(crate) networks: Vec<Network>,
}

impl Reach {
    /// Whether there is any address in it.
    pub(crate) fn is_open(&self) -> bool {
        self.public || !self.networks.is_empty()
    }

    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        let listed = self.networks.iter();
        listed.copied().any(|network| network.contains(address))
            || (self.public && is_public(address))
    }
}

/// Where a link may lead, as an error says it.
impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed: Vec<_> = self.networks.iter().map(Network::to_string).collect();
        let listed = match listed.as_slice() {
            [] => "none".to_owned(),
            listed => listed.join(", "),
        };
        if self.public {
            f.write_str("any public address (any_public_origin), ")?;
        }
        write!(f, "one of allowed_networks ({listed})")
    }
}

/// Whether an address can be one of the public Internet, where nothing trusts a client for its place (the registries of
/// RFC 6890 for special-purpose addresses).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => {
            UNICAST_V6.contains(&address)
                && !SPECIAL_V6.iter().any(|network| network.contains(&address))
        }
    }
}

const fn v4(a: u8, b: u8, c: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), prefix)
}

const fn v6(a: u16, b: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), prefix)
}

const SPECIAL_V4: [Ipv4Net; 15] = [
    // This network, the unspecified address included (RFC 791).
    v4(0, 0, 0, 8),
    // Private (RFC 1918).
    v4(10, 0, 0, 8),
    v4(172, 16, 0, 12),
    v4(192, 168, 0, 16),
    // Behind a provider's NAT (RFC 6598).
    v4(100, 64, 0, 10),
    // Loopback (RFC 1122).
    v4(127, 0, 0, 8),
    // Link-local, where clouds keep their metadata (RFC 3927).
    v4(169, 254, 0, 16),
    // Protocols (RFC 6890).
    v4(192, 0, 0, 24),
    // Documentation (RFC 5737).
    v4(192, 0, 2, 24),
    v4(198, 51, 100, 24),
    v4(203, 0, 113, 24),
    // Relays of 6to4, given up (RFC 7526).
    v4(192, 88, 99, 24),
    // Benchmarks (RFC 2544).
    v4(198, 18, 0, 15),
    // Multicast (RFC 5771).
    v4(224, 0, 0, 4),
    // Reserved, and broadcast to all (RFC 1112).
    v4(240, 0, 0, 4),
];

/// All that is given out as global unicast. Beyond it lie the unspecified address, loopback, IPv4 mapped (`::ffff:0:0/96`) and
/// compatible (`::/96`), NAT64 (`64:ff9b::/96`, `64:ff9b:1::/48`), unique local (`fc00::/7`), link-local (`fe80::/10`), site-local
/// (`fec0::/10`) and multicast (`ff00::/8`).
const UNICAST_V6: Ipv6Net = v6(0x2000, 0, 3);

const SPECIAL_V6: [Ipv6Net; 4] = [
    // Protocols, with Teredo, benchmarks and ORCHID among them (RFC 2928).
    v6(0x2001, 0, 23),
    // Documentation (RFC 3849, RFC 9637).
    v6(0x2001, 0xdb8, 32),
    v6(0x3fff, 0, 20),
    // 6to4, which leads to the IPv4 address in it (RFC 3056).
    v6(0x2002, 0, 16),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    #[test]
    fn addresses_that_are_not_public() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.0.0",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.255",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.0",
            "255.255.255.255",
            "::",
            "::1",
            "::8.8.8.8",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "2002:808:808::1",
            "3fff:fff::1",
            "5f00::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address(text)), "{text}");
        }
    }

    #[test]
    fn addresses_that_are_public_up_to_the_edges() {
        for text in [
            "1.0.0.0",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2000::1",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2003::1",
            "2606:4700::1111",
            "3ffe::1",
        ] {
            assert!(is_public(address(text)), "{text}");
        }
    }

    #[test]
    fn networks_are_exceptions_and_nothing_more() {
        let network = |text: &str| text.parse::<Network>().expect(text);
        let listed = Reach {
            public: false,
            networks: vec![network("127.0.0.0/8"), network("fd00::1")],
        };
        assert!(listed.is_open() && !Reach::default().is_open());
        assert!(listed.allows(address("127.9.9.9")) && listed.allows(address("fd00::1")));
        for text in ["::ffff:127.0.0.1", "fd00::2", "8.8.8.8", "128.0.0.1"] {
            assert!(!listed.allows(address(text)), "{text}");
        }
        let both = Reach {
            public: true,
            ..listed
        };
        assert!(both.allows(address("8.8.8.8")) && both.allows(address("127.0.0.1")));
        assert!(!both.allows(address("10.0.0.1")));
        assert_eq!(
            both.to_string(),
            "any public address (any_public_origin), one of allowed_networks (127.0.0.0/8, fd00::1/128)"
        );
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "a",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.1.0.0/8",
            "::/129",
            "10/8",
            "*",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        assert_eq!(
            "10.0.0.0/8"
                .parse::<Network>()
                .expect("a network")
                .to_string(),
            "10.0.0.0/8"
        );
    }
}
