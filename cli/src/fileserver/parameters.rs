//! Headers of the form `kind; name=value; name="value"; name*=utf-8''value`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A parsed `Content-Type` or `Content-Disposition`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameters {
    /// What stands before the first semicolon, in lower case.
    pub(super) kind: String,
    entries: Vec<(String, String)>,
}

impl Parameters {
    /// Reads a header's value; bytes that are not UTF-8 become U+FFFD. `None` where it is malformed
    /// or gives a parameter two values, of which two readers could take different ones.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(value);
        let (kind, mut rest) = match text.find(';') {
            Some(at) => text.split_at(at),
            None => (text.as_ref(), ""),
        };
        let kind = kind.trim().to_ascii_lowercase();
        let (mut plain, mut extended) = (Vec::new(), Vec::new());
        loop {
            rest = rest.trim_start();
            let Some(after) = rest.strip_prefix(';') else {
                break;
            };
            rest = after.trim_start();
            if rest.is_empty() {
                break;
            }
            let (name, after) = token(rest)?;
            let after = after.trim_start().strip_prefix('=')?.trim_start();
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => quoted_text(quoted)?,
                None => token(after).map(|(v, a)| (v.to_owned(), a))?,
            };
            rest = after;
            let name = name.to_ascii_lowercase();
            let (list, name, value) = match name.strip_suffix('*') {
                Some(base) => (&mut extended, base.to_owned(), decode_extended(&value)?),
                None => (&mut plain, name, value),
            };
            match list.iter().find(|(n, _): &&(String, String)| *n == name) {
                Some((_, known)) if *known == value => {}
                Some(_) => return None,
                None => list.push((name, value)),
            }
        }
        if !rest.is_empty() {
            return None;
        }
        // The extended form carries the full text, the plain one only what old readers can show.
        plain.retain(|(name, _)| !extended.iter().any(|(n, _)| n == name));
        plain.append(&mut extended);
        Some(Self {
            kind,
            entries: plain,
        })
    }

    /// The value of the parameter `name`, which is given in lower case.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let entry = self.entries.iter().find(|(n, _)| n == name)?;
        Some(entry.1.as_str())
    }
}

/// A non-empty token and what follows it.
fn token(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| c.is_ascii_control() || " ()<>@,;:\\\"/[]?=".contains(c))
        .unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// The text up to the closing quote and what follows that. A backslash escapes only what needs it:
/// old browsers send whole Windows paths with single backslashes.
fn quoted_text(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => match characters.peek() {
                Some(&(_, next)) if "()<>@,;:\\\"/[]?=".contains(next) => {
                    value.push(next);
                    characters.next();
                }
                _ => value.push('\\'),
            },
            '\r' | '\n' => return None,
            other => value.push(other),
        }
    }
    None
}

/// `charset'language'percent-encoded`, for the two charsets that matter.
fn decode_extended(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let charset = parts.next()?.to_ascii_lowercase();
    parts.next()?;
    let encoded = parts.next()?;
    matches!(charset.as_str(), "utf-8" | "us-ascii")
        .then(|| percent_decode_str(encoded).decode_utf8_lossy())
        .map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(header: &str, name: &str) -> Option<String> {
        Parameters::parse(header.as_bytes())?
            .value(name)
            .map(str::to_owned)
    }

    #[test]
    fn plain_quoted_and_extended_values_are_read() {
        let header = r#"Form-Data; Name="file" ; filename="a \"b\" c:\\d\e.txt";"#;
        let parsed = Parameters::parse(header.as_bytes()).expect("well formed");
        assert_eq!(parsed.kind, "form-data");
        assert_eq!(parsed.value("name"), Some("file"));
        assert_eq!(parsed.value("filename"), Some(r#"a "b" c:\d\e.txt"#));
        assert_eq!(
            value("form-data; name=file", "name").as_deref(),
            Some("file")
        );
        assert_eq!(
            value(
                "form-data; filename=\"e.txt\"; filename*=UTF-8''%C3%A9%20.txt",
                "filename"
            )
            .as_deref(),
            Some("\u{e9} .txt")
        );
        assert_eq!(
            value("multipart/form-data; boundary=\"a b\"", "boundary").as_deref(),
            Some("a b")
        );
        assert_eq!(value("text/plain", "boundary"), None);
        assert_eq!(
            value("form-data; name=a; name=a", "name").as_deref(),
            Some("a")
        );
    }

    #[test]
    fn malformed_headers_are_refused() {
        for header in [
            "form-data; name",
            "form-data; name=",
            "form-data; name=\"open",
            "form-data; name=a; name=b",
            "form-data; name=a b",
            "form-data; =a",
            "form-data; name*=latin-1''x",
            "form-data; name*=x",
            "form-data; name=\"a\nb\"",
        ] {
            assert_eq!(Parameters::parse(header.as_bytes()), None, "{header}");
        }
    }
}
