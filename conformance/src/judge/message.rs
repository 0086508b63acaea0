//! A message's text against its template: byte by byte between the holes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use super::Difference;

/// What the holes are held against.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    /// The file server's URL, which every link begins with.
    pub(crate) fileserver: String,
    /// When the message was made.
    pub(crate) now: SystemTime,
}

/// How far a clock may be off, and how long a message may take to come here.
const PATIENCE: Duration = Duration::from_secs(300);
/// The most bytes of a link (W2.4).
const LONGEST_LINK: usize = 2_048;

/// The first difference.
pub(crate) fn message(
    template: &str,
    found: &str,
    surroundings: &Surroundings,
) -> Result<(), Difference> {
    let mut matching = Matching {
        found,
        at: 0,
        named: BTreeMap::new(),
        fresh: BTreeSet::new(),
    };
    let mut rest = template;
    loop {
        let (literal, hole, behind) = next_hole(rest);
        matching.literal(literal)?;
        let Some(hole) = hole else {
            return matching.end();
        };
        matching.hole(hole, surroundings)?;
        rest = behind;
    }
}

/// The text before the next hole, the hole's name, and what is behind it.
fn next_hole(template: &str) -> (&str, Option<&str>, &str) {
    let mut from = 0;
    while let Some(start) = template[from..].find("${").map(|start| from + start) {
        let inside = &template[start + 2..];
        let name = inside.split_once('}').map(|(name, _)| name);
        let is_hole = |name: &&str| {
            matches!(*name, "timestamp" | "uuid" | "link") || name.starts_with("uuid:")
        };
        if let Some(name) = name.filter(is_hole) {
            return (&template[..start], Some(name), &inside[name.len() + 1..]);
        }
        // A text of the case's own.
        from = start + 2;
    }
    (template, None, "")
}

struct Matching<'a> {
    found: &'a str,
    at: usize,
    named: BTreeMap<String, &'a str>,
    fresh: BTreeSet<&'a str>,
}

impl<'a> Matching<'a> {
    fn literal(&mut self, literal: &str) -> Result<(), Difference> {
        let rest = &self.found.as_bytes()[self.at..];
        let same = rest
            .iter()
            .zip(literal.as_bytes())
            .take_while(|(a, b)| a == b)
            .count();
        if same == literal.len() {
            self.at += same;
            return Ok(());
        }
        const BEFORE: usize = 40;
        const SHOWN: usize = 120;
        let part = |text: &[u8], from: usize| {
            let end = text.len().min(from + SHOWN);
            String::from_utf8_lossy(&text[from.min(end)..end]).into_owned()
        };
        let from = same.saturating_sub(BEFORE);
        Err(Difference::new(
            format!("message, from byte {}", self.at + from),
            part(literal.as_bytes(), from),
            part(rest, from),
        ))
    }

    fn hole(&mut self, hole: &str, surroundings: &Surroundings) -> Result<(), Difference> {
        let place = format!("message, byte {}, ${{{hole}}}", self.at);
        let rest = &self.found[self.at..];
        let length = match hole {
            "timestamp" => 24,
            "link" => rest.find('"').unwrap_or(rest.len()),
            _ => 36,
        };
        let Some(text) = rest.get(..length) else {
            return Err(Difference::new(place, format!("{length} characters"), rest));
        };
        self.at += length;
        let wrong = |expected: &str| Err(Difference::new(place.clone(), expected, text));
        match hole {
            "timestamp" => match timestamp(text) {
                None => return wrong("YYYY-MM-DDTHH:MM:SS.mmmZ"),
                Some(time) if !is_near(time, surroundings.now) => return wrong("the time of now"),
                Some(_) => {}
            },
            "link" => {
                if !is_link(text, &surroundings.fileserver) {
                    let server = &surroundings.fileserver;
                    return wrong(&format!(
                        "a link of at most {LONGEST_LINK} bytes to {server}"
                    ));
                }
            }
            _ if !is_new_uuid(text) => return wrong("a UUID of version 4 in lower case"),
            _ => match hole.strip_prefix("uuid:") {
                None if !self.fresh.insert(text) => return wrong("a UUID of its own"),
                None => {}
                Some(name) => match self.named.get(name).copied() {
                    Some(first) if first != text => return wrong(first),
                    Some(_) => {}
                    None if !self.fresh.insert(text) => return wrong("a UUID of its own"),
                    None => {
                        self.named.insert(name.to_owned(), text);
                    }
                },
            },
        }
        Ok(())
    }

    fn end(&self) -> Result<(), Difference> {
        let rest = &self.found[self.at..];
        if rest.is_empty() {
            return Ok(());
        }
        Err(Difference::new(
            format!("message, byte {}", self.at),
            "its end",
            rest,
        ))
    }
}

fn timestamp(text: &str) -> Option<SystemTime> {
    let shape = b"dddd-dd-ddTdd:dd:dd.dddZ";
    let fits = text.bytes().zip(shape).all(|(byte, shape)| match shape {
        b'd' => byte.is_ascii_digit(),
        _ => byte == *shape,
    });
    let time = (fits && text.len() == shape.len()).then(|| humantime::parse_rfc3339_weak(text));
    time.and_then(Result::ok)
}

fn is_near(time: SystemTime, now: SystemTime) -> bool {
    let distance = match now.duration_since(time) {
        Ok(before) => before,
        Err(after) => after.duration(),
    };
    distance <= PATIENCE
}

fn is_new_uuid(text: &str) -> bool {
    let shape = b"xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx";
    text.len() == shape.len()
        && text.bytes().zip(shape).all(|(byte, shape)| match shape {
            b'x' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            b'v' => matches!(byte, b'8' | b'9' | b'a' | b'b'),
            _ => byte == *shape,
        })
}

/// A link to something on this server, without anything that RFC 3986 does not allow in one.
fn is_link(text: &str, fileserver: &str) -> bool {
    let server = fileserver.trim_end_matches('/');
    let path = text
        .strip_prefix(server)
        .and_then(|rest| rest.strip_prefix('/'));
    let is_allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte);
    text.len() <= LONGEST_LINK
        && !server.is_empty()
        && path.is_some_and(|path| !path.is_empty() && path.bytes().all(is_allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "11111111-1111-4111-8111-111111111111";
    const B: &str = "22222222-2222-4222-b222-222222222222";

    fn compare(template: &str, found: &str) -> String {
        let surroundings = Surroundings {
            fileserver: "http://127.0.0.1:8080".to_owned(),
            now: humantime::parse_rfc3339("2026-11-22T05:00:00Z").expect("a time"),
        };
        match message(template, found, &surroundings) {
            Ok(()) => String::new(),
            Err(difference) => difference.to_string(),
        }
    }

    #[test]
    fn what_is_between_holes_is_compared_byte_by_byte() {
        assert_eq!(compare("{\"a\":1}", "{\"a\":1}"), "");
        assert_eq!(
            compare("{\"a\":1}", "{\"a\":2}"),
            "message, from byte 0: expected {\"a\":1}, found {\"a\":2}"
        );
        assert_ne!(compare("{}", "{} "), "");
        assert_ne!(compare("{} ", "{}"), "");
        assert_eq!(compare("cost ${5} ${", "cost ${5} ${"), "");
        assert_ne!(compare("\u{e9}a", "\u{e8}a"), "");
    }

    #[test]
    fn uuids_are_new_ones_and_named_ones_repeat() {
        assert_eq!(compare("${uuid},${uuid}", &format!("{A},{B}")), "");
        assert_ne!(
            compare("${uuid},${uuid}", &format!("{A},{A}")),
            "",
            "each is a new one"
        );
        assert_eq!(
            compare("${uuid:a},${uuid:b},${uuid:a}", &format!("{A},{B},{A}")),
            ""
        );
        assert_ne!(compare("${uuid:a},${uuid:a}", &format!("{A},{B}")), "");
        assert_ne!(compare("${uuid:a},${uuid:b}", &format!("{A},{A}")), "");
        for wrong in [
            "11111111-1111-1111-8111-111111111111",
            "11111111-1111-4111-c111-111111111111",
            "AAAAAAAA-1111-4111-8111-111111111111",
            "11111111-1111-4111-8111-11111111111",
        ] {
            assert_ne!(compare("${uuid}", wrong), "", "{wrong}");
        }
    }

    #[test]
    fn times_have_three_digits_and_are_near() {
        assert_eq!(compare("${timestamp}", "2026-11-22T05:01:00.001Z"), "");
        for wrong in [
            "2026-11-22T05:00:00Z",
            "2026-11-22T05:00:00.0000Z",
            "2026-11-22t05:00:00.000Z",
            "2026-11-22T06:00:00.000Z",
            "2026-13-22T05:00:00.000Z",
        ] {
            assert_ne!(compare("${timestamp}", wrong), "", "{wrong}");
        }
    }

    #[test]
    fn links_lead_to_the_file_server() {
        let with = |link: &str| compare("\"${link}\"", &format!("\"{link}\""));
        assert_eq!(with("http://127.0.0.1:8080/file/a/b/c"), "");
        for wrong in [
            "http://127.0.0.1:8081/file/a",
            "http://127.0.0.1:8080/",
            "http://127.0.0.1:8080",
            "http://127.0.0.1:8080/a b",
            "http://127.0.0.1:80800/a",
        ] {
            assert_ne!(with(wrong), "", "{wrong}");
        }
        assert_ne!(
            with(&format!("http://127.0.0.1:8080/{}", "a".repeat(2_048))),
            ""
        );
    }
}
