//! Links and where they may lead (W2.4 and W6.5).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::generated::{LINK, MAX_LENGTH_LINK};

/// An absolute http or https URL that may stand in a payload's `data`: ASCII, at most 2,048 bytes, without user-info,
/// fragment, backslash or white space, its host written literally.
#[derive(Clone, Eq, PartialEq)]
pub struct Link {
    url: String,
    origin: Origin,
}

impl Link {
    /// The URL as it was written.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Where it leads.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl FromStr for Link {
    type Err = InvalidLink;

    fn from_str(url: &str) -> Result<Self, InvalidLink> {
        if url.len() > MAX_LENGTH_LINK {
            return Err(InvalidLink("it is longer than 2,048 bytes"));
        }
        if !LINK.matches(url) {
            return Err(InvalidLink(
                "it is not an absolute http or https URL in ASCII without user-info, fragment or white space",
            ));
        }
        let (scheme, rest) = url
            .split_once("://")
            .ok_or(InvalidLink("it has no scheme"))?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let origin = Origin::from_authority(scheme, authority)?;
        Ok(Link {
            url: url.to_owned(),
            origin,
        })
    }
}

/// Without the query, which may hold a secret.
impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact(&self.url))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({self})")
    }
}

/// Scheme, host and port of a URL: what a receiver allows or refuses.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Origin {
    secure: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// The host in lower case; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also where the URL leaves it to the scheme.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the scheme is https.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host where it is an address, and no name.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.host.trim_matches(['[', ']']).parse().ok()
    }

    fn from_authority(scheme: &str, authority: &str) -> Result<Self, InvalidLink> {
        let secure = scheme.eq_ignore_ascii_case("https");
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let port = match port {
            None if secure => 443,
            None => 80,
            Some(digits) => port_number(digits)?,
        };
        Ok(Origin {
            secure,
            host: literal_host(host)?,
            port,
        })
    }
}

impl FromStr for Origin {
    type Err = InvalidLink;

    /// The origin of an absolute URL such as `https://files.example:8443` or one with a path.
    fn from_str(url: &str) -> Result<Self, InvalidLink> {
        url.parse::<Link>().map(|link| link.origin)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, usual) = if self.secure {
            ("https", 443)
        } else {
            ("http", 80)
        };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port == usual {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

/// The text is not a link that the wire allows; displays as the reason.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidLink(&'static str);

impl fmt::Display for InvalidLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for InvalidLink {}

/// A URL without whatever may be a secret in it, so that it can be shown (W6.10).
pub(crate) fn redact(url: &str) -> String {
    let (shown, cut) = match url.find(['?', '#']) {
        Some(at) => (&url[..=at], "…"),
        None => (url, ""),
    };
    // The last @ counts, since a password may hold anything.
    let shown = match (shown.rfind('@'), shown.find("://")) {
        (Some(at), Some(scheme)) if scheme < at => {
            format!("{}://…{}", &shown[..scheme], &shown[at..])
        }
        (Some(at), _) => format!("…{}", &shown[at..]),
        (None, _) => shown.to_owned(),
    };
    shown + cut
}

/// A URL without its user-info, otherwise as it was.
pub(crate) fn without_user_info(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

fn port_number(digits: &str) -> Result<u16, InvalidLink> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    let port = if plain { digits.parse().ok() } else { None };
    port.ok_or(InvalidLink(
        "its port is not a plain number from 1 to 65535",
    ))
}

/// The host in its one form: lower case, and an address only as its family writes it in full.
fn literal_host(host: &str) -> Result<String, InvalidLink> {
    if let Some(inner) = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        let address: Ipv6Addr = inner
            .parse()
            .map_err(|_| InvalidLink("its host is not an IPv6 address"))?;
        return Ok(format!("[{address}]"));
    }
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !host
        .split('.')
        .all(|label| !label.is_empty() && label.bytes().all(letters))
    {
        return Err(InvalidLink("its host is neither a name nor an address"));
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").or(last.strip_prefix("0X"));
    let numeric = last.bytes().all(|byte| byte.is_ascii_digit())
        || hex.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if numeric && host.parse::<Ipv4Addr>().is_err() {
        return Err(InvalidLink(
            "its host is an IPv4 address in octal, hexadecimal or short form",
        ));
    }
    Ok(host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_compare_by_what_they_mean() {
        let origin = |url: &str| url.parse::<Origin>().expect(url);
        assert_eq!(
            origin("HTTP://LocalHost:80/a?b"),
            origin("http://localhost")
        );
        assert_eq!(origin("https://a"), origin("https://A:443/x"));
        assert_eq!(origin("http://[0:0::1]:8080"), origin("http://[::1]:8080/"));
        assert_ne!(origin("http://a"), origin("https://a"));
        assert_ne!(origin("http://a"), origin("http://a:8080"));
        assert_eq!(origin("http://a:8080/x").to_string(), "http://a:8080");
        assert_eq!(origin("https://a:443").to_string(), "https://a");
    }

    #[test]
    fn what_is_no_literal_link_is_refused() {
        for url in [
            "http://a",
            "https://a.b-c_d.example:8443/x/y%20z?q=1&r=[",
            "http://127.0.0.1/",
            "http://[::1]/x",
            "http://a/?",
        ] {
            let valid = url.parse::<Link>().is_ok();
            assert_eq!(valid, !url.contains("=["), "{url}");
        }
        for url in [
            "",
            "a",
            "/a",
            "//a",
            "http:a",
            "http:/a",
            "http://",
            "http:///a",
            "ftp://a",
            "file:///a",
            "javascript:1",
            "http://u@a",
            "http://u:p@a",
            "http://a#f",
            "http://a\\b",
            "http://a/b c",
            "http://a/ä",
            "http://ä/",
            "http://a/\t",
            " http://a",
            "http://a ",
            "http://127.1",
            "http://0177.0.0.1",
            "http://0x7f.0.0.1",
            "http://2130706433",
            "http://0x7f000001",
            "http://127.0.0.01",
            "http://1.2.3.4.5",
            "http://256.1.1.1",
            "http://[::1",
            "http://[::1%25eth0]/",
            "http://[::g]",
            "http://a:",
            "http://a:0",
            "http://a:65536",
            "http://a:080",
            "http://a:+80",
            "http://a..b",
            "http://.a",
            "http://a.",
            "http://a/%zz",
            "http://a/%2",
            "http://a/\u{0}",
            "http://a/<",
            "http://a/\"",
            "http://a:80:80",
            "http://[::1]x",
        ] {
            assert!(url.parse::<Link>().is_err(), "{url:?}");
        }
        let long = |length: usize| format!("http://a/{}", "x".repeat(length - 9)).parse::<Link>();
        assert!(long(2048).is_ok());
        assert!(long(2049).is_err());
    }

    #[test]
    fn secrets_are_not_shown() {
        let link: Link = "http://a/b?token=secret".parse().expect("a link");
        assert_eq!(link.to_string(), "http://a/b?…");
        assert_eq!(format!("{link:?}"), "Link(http://a/b?…)");
        assert_eq!(redact("nats://u:p,/@q@a:4222"), "nats://…@a:4222");
        assert_eq!(redact("u:p@a?b@c"), "…@a?…");
        assert_eq!(redact("http://a/x?token=b,c#d"), "http://a/x?…");
        assert_eq!(
            without_user_info("nats://u:p@a:4222/x@y"),
            "nats://a:4222/x@y"
        );
        assert_eq!(without_user_info("nats://a:4222"), "nats://a:4222");
    }
}
