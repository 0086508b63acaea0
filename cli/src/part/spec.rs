//! One `--part` of the command line.

use std::path::PathBuf;
use std::str::FromStr;

/// `NAME=TYPE:VALUE` or `NAME=TYPE@FILE`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Spec {
    /// Anything without `=`; may be empty.
    pub(super) name: String,
    /// As it was written; the library says whether there is such a type.
    pub(super) payload_type: String,
    pub(super) source: Source,
}

/// Where the data comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Source {
    Value(String),
    File(PathBuf),
    /// Standard input.
    Input,
}

impl FromStr for Spec {
    type Err = &'static str;

    /// Splits at the first `=`, then at the first `:` or `@`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected NAME=TYPE:VALUE or NAME=TYPE@FILE";
        let (name, rest) = text.split_once('=').ok_or(EXPECTED)?;
        let at = rest.find([':', '@']).ok_or(EXPECTED)?;
        let (payload_type, data) = (&rest[..at], &rest[at + 1..]);
        let source = match (&rest[at..=at], data) {
            (":", value) => Source::Value(value.to_owned()),
            (_, "") => return Err("expected the name of a file behind @"),
            (_, "-") => Source::Input,
            (_, path) => Source::File(path.into()),
        };
        Ok(Spec {
            name: name.to_owned(),
            payload_type: payload_type.to_owned(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str, payload_type: &str, source: Source) -> Result<Spec, &'static str> {
        Ok(Spec {
            name: name.to_owned(),
            payload_type: payload_type.to_owned(),
            source,
        })
    }

    #[test]
    fn the_first_separators_count() {
        let value = |text: &str| Source::Value(text.to_owned());
        assert_eq!("a=text:b".parse(), spec("a", "text", value("b")));
        assert_eq!(
            "a=text:b=c:d@e".parse(),
            spec("a", "text", value("b=c:d@e"))
        );
        assert_eq!("=text:".parse(), spec("", "text", value("")));
        assert_eq!("a:b@c=text:d".parse(), spec("a:b@c", "text", value("d")));
        assert_eq!("a=text:@b".parse(), spec("a", "text", value("@b")));
        assert_eq!(
            "a=binary@x:y".parse(),
            spec("a", "binary", Source::File("x:y".into()))
        );
        assert_eq!("a=binary@-".parse(), spec("a", "binary", Source::Input));
        assert_eq!(
            "a=binary@./-".parse(),
            spec("a", "binary", Source::File("./-".into()))
        );
        assert_eq!("ü=新:ß".parse(), spec("ü", "新", value("ß")));
    }

    #[test]
    fn what_cannot_be_split_is_wrong_usage() {
        for wrong in ["", "a", "a=b", "=", "text:hello", "a=text@"] {
            assert!(wrong.parse::<Spec>().is_err(), "{wrong}");
        }
    }
}
