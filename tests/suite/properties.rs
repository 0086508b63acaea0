//! What holds of every retry schedule and of every URL.

use std::time::Duration;

use natsbridge::{Decoder, Link, Origin, Retry};
use proptest::prelude::*;

fn retry() -> impl Strategy<Value = Retry> {
    (1_u32..40, 0_u64..10_000, 0_u64..100_000, any::<bool>()).prop_map(
        |(max_retries, base, max, jitter)| Retry {
            max_retries,
            base_delay: Duration::from_millis(base),
            max_delay: Duration::from_millis(max),
            jitter,
        },
    )
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z][a-zA-Z0-9-]{0,8}(\\.[a-zA-Z][a-zA-Z0-9]{0,5}){0,2}",
        any::<[u8; 4]>().prop_map(|octets| std::net::Ipv4Addr::from(octets).to_string()),
        any::<[u8; 16]>().prop_map(|octets| format!("[{}]", std::net::Ipv6Addr::from(octets))),
    ]
}

fn origin() -> impl Strategy<Value = (bool, String, u16)> {
    (any::<bool>(), host(), 1_u16..)
}

fn url((secure, host, port): &(bool, String, u16), path: &str) -> String {
    let scheme = if *secure { "https" } else { "http" };
    format!("{scheme}://{host}:{port}{path}")
}

proptest! {
    /// W6.1: as many waits as attempts but one, none below the schedule and none beyond its end.
    #[test]
    fn a_schedule_grows_to_its_longest_delay(retry in retry(), random in 0.0_f64..=1.0) {
        let delays: Vec<Duration> =
            (1..=retry.max_retries).map_while(|attempt| retry.delay(attempt, None, random)).collect();
        prop_assert_eq!(delays.len() as u32, retry.max_retries - 1);
        prop_assert!(delays.is_sorted());
        let longest = retry.max_delay * if retry.jitter { 2 } else { 1 };
        for (attempt, delay) in delays.iter().enumerate() {
            let doubled = retry.base_delay.saturating_mul(1 << attempt.min(31));
            prop_assert!(*delay >= doubled.min(retry.max_delay));
            prop_assert!(*delay <= longest);
        }
    }

    /// W6.1: the server may ask for a longer wait, up to the longest, and never for a shorter one.
    #[test]
    fn a_server_lengthens_only(retry in retry(), attempt in 1_u32..40, asked in 0_u64..200_000) {
        let asked = Duration::from_millis(asked);
        let plain = retry.delay(attempt, None, 0.0);
        let with = retry.delay(attempt, Some(asked), 0.0);
        prop_assert_eq!(with, plain.map(|delay| delay.max(asked.min(retry.max_delay))));
    }

    /// W6.5: what decides is scheme, host and port, whatever stands behind them.
    #[test]
    fn origins_are_equal_where_their_parts_are(one in origin(), other in origin(), path in "(/[a-z0-9%41]{0,9}){0,3}(\\?[a-z=&]{0,9})?") {
        let path = path.replace('%', "%41");
        let link: Link = url(&one, &path).parse().expect("a link");
        let origin: Origin = url(&one, "").to_uppercase().replace("HTTP", "http").replace("S://", "s://").parse().expect("an origin");
        prop_assert_eq!(link.origin(), &origin);
        prop_assert_eq!(&origin.to_string().parse::<Origin>().expect("an origin"), &origin);
        let other_origin: Origin = url(&other, "").parse().expect("an origin");
        let same = one.0 == other.0 && one.1.eq_ignore_ascii_case(&other.1) && one.2 == other.2;
        prop_assert_eq!(origin == other_origin, same);
    }

    /// W2.4: whatever is taken is plain ASCII without user-info, fragment, backslash or white space.
    #[test]
    fn what_is_taken_is_plain(text in prop_oneof![any::<String>(), "https?://[ -~]{0,40}", "[hH]ttp://[a-f0-9x.:@#\\[\\]/?\\\\ ]{0,30}"]) {
        if let Ok(link) = text.parse::<Link>() {
            let url = link.as_str();
            prop_assert_eq!(url, &text);
            prop_assert!(url.is_ascii() && url.len() <= 2048);
            prop_assert!(!url.contains(['#', '\\', ' ', '\t', '\n']));
            let authority = url.split("://").nth(1).and_then(|rest| rest.split(['/', '?']).next());
            prop_assert!(!authority.unwrap_or("@").contains('@'));
            prop_assert!(!link.origin().host().is_empty());
        }
    }

    /// No text at all makes the reader panic, and what it takes can be written again.
    #[test]
    fn any_text_gets_an_answer(text in prop_oneof![any::<Vec<u8>>(), "[\\[\\]{}\",:0-9a-z\\\\ ]{0,60}".prop_map(String::into_bytes)]) {
        if let Err(error) = Decoder::new().decode(&text) {
            prop_assert!(!error.message().is_empty());
        }
    }
}
