//! Rows from JSON, NDJSON and CSV, as the text of a JSON array. Whether that text is strict JSON, the library says.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord};
use natsbridge::Value;
use serde::de::IgnoredAny;

use super::form::{self, Form};
use super::spec::Source;
use super::{bytes, extension, head, kept};

/// The rows in `source`. A JSON file stays where it is.
pub(super) fn value(source: Source, scratch: &Path) -> Result<Value, String> {
    if let Source::File(path) = &source
        && form::of_rows(&head(path)?, &extension(path)) == Form::Json
    {
        return Ok(Value::File(path.clone()));
    }
    let (bytes, extension) = bytes(source)?;
    let text = match form::of_rows(&bytes, &extension) {
        Form::Ndjson => ndjson(&bytes)?,
        Form::Csv => csv(&bytes, b',')?,
        Form::Tsv => csv(&bytes, b'\t')?,
        _ => bytes,
    };
    kept(text.as_slice(), scratch).map(Value::File)
}

fn ndjson(text: &[u8]) -> Result<Vec<u8>, String> {
    let mut array = Vec::with_capacity(text.len() + 2);
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        // Otherwise `1,2` would be two rows, and `]` the end of them all.
        serde_json::from_slice::<IgnoredAny>(line).map_err(|error| {
            format!("line {} of the NDJSON is no JSON value: {error}", index + 1)
        })?;
        array.push(if array.is_empty() { b'[' } else { b',' });
        array.extend_from_slice(line);
    }
    Ok(closed(array))
}

/// A column whose values all are integers, numbers or booleans as JSON writes them has these, as they stand there; any other
/// has strings. An empty field is null.
fn csv(text: &[u8], delimiter: u8) -> Result<Vec<u8>, String> {
    let unreadable = |error: csv::Error| format!("the CSV cannot be read: {error}");
    let reader = || ReaderBuilder::new().delimiter(delimiter).from_reader(text);
    let mut columns: Vec<(Vec<u8>, Kinds)> = Vec::new();
    for name in reader().headers().map_err(unreadable)? {
        columns.push((quoted(name), Kinds::default()));
    }
    let mut record = StringRecord::new();
    let mut records = reader();
    while records.read_record(&mut record).map_err(unreadable)? {
        for ((_, kinds), field) in columns.iter_mut().zip(&record) {
            kinds.narrow(field);
        }
    }
    let mut array = Vec::with_capacity(2 * text.len() + 2);
    let mut records = reader();
    while records.read_record(&mut record).map_err(unreadable)? {
        array.push(if array.is_empty() { b'[' } else { b',' });
        for (index, ((name, kinds), field)) in columns.iter().zip(&record).enumerate() {
            array.push(if index == 0 { b'{' } else { b',' });
            array.extend_from_slice(name);
            array.push(b':');
            match field {
                "" => array.extend_from_slice(b"null"),
                _ if kinds.is_literal() => array.extend_from_slice(field.as_bytes()),
                _ => array.extend_from_slice(&quoted(field)),
            }
        }
        array.push(b'}');
    }
    Ok(closed(array))
}

/// The array with its last bracket, and its first where there is no row.
fn closed(mut array: Vec<u8>) -> Vec<u8> {
    if array.is_empty() {
        array.push(b'[');
    }
    array.push(b']');
    array
}

fn quoted(text: &str) -> Vec<u8> {
    serde_json::to_vec(text).expect("a string can always be written as JSON, and a Vec takes it")
}

/// What all values of a column may still be.
#[derive(Clone, Copy, Debug)]
struct Kinds {
    number: bool,
    boolean: bool,
}

impl Default for Kinds {
    fn default() -> Self {
        Kinds {
            number: true,
            boolean: true,
        }
    }
}

impl Kinds {
    fn narrow(&mut self, field: &str) {
        if !field.is_empty() {
            self.number &= is_number(field);
            self.boolean &= matches!(field, "true" | "false");
        }
    }

    /// Whether the values stand in JSON as they are written in the CSV.
    fn is_literal(self) -> bool {
        self.number || self.boolean
    }
}

/// Whether it is a number of JSON that the wire can carry: no leading zero, no plus, within 64 bits or a double.
fn is_number(field: &str) -> bool {
    let starts = field.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    // Bare digits can be longer than what JSON's own reader takes for an integer.
    let is_integer = !field.contains(['.', 'e', 'E']);
    let fits = !is_integer || field.parse::<i64>().is_ok() || field.parse::<u64>().is_ok();
    starts
        && field.ends_with(|last: char| last.is_ascii_digit())
        && fits
        && serde_json::from_str::<f64>(field).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: Result<Vec<u8>, String>) -> String {
        String::from_utf8(bytes.expect("rows")).expect("UTF-8")
    }

    #[test]
    fn lines_become_rows() {
        assert_eq!(
            text(ndjson(b"{\"a\":1}\n\n  {\"b\": 9007199254740993}\r\n")),
            r#"[{"a":1},{"b": 9007199254740993}]"#
        );
        assert_eq!(text(ndjson(b"")), "[]");
        for wrong in ["{}],[{}", "{},{}", "{\n}", "x"] {
            assert!(ndjson(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert_eq!(
            ndjson(b"{}\n{").expect_err("no JSON"),
            "line 2 of the NDJSON is no JSON value: EOF while parsing an object at line 1 column 1"
        );
    }

    #[test]
    fn columns_have_the_type_of_all_their_values() {
        let csv = |text: &str| {
            super::csv(text.as_bytes(), b',').map(|json| String::from_utf8(json).expect("UTF-8"))
        };
        assert_eq!(
            csv("n,x\n1,a\n9007199254740993,\"b \"\"c\"\"\"\n"),
            Ok(r#"[{"n":1,"x":"a"},{"n":9007199254740993,"x":"b \"c\""}]"#.to_owned())
        );
        assert_eq!(
            csv("a,b,c\n1.50,true,007\n,,1\n"),
            Ok(r#"[{"a":1.50,"b":true,"c":"007"},{"a":null,"b":null,"c":"1"}]"#.to_owned())
        );
        assert_eq!(
            csv("a\n1\ntrue\n"),
            Ok(r#"[{"a":"1"},{"a":"true"}]"#.to_owned())
        );
        assert_eq!(csv("a,b\n"), Ok("[]".to_owned()));
        assert_eq!(csv("\u{feff}ä\n1\n"), Ok(r#"[{"ä":1}]"#.to_owned()));
        assert!(csv("a,b\n1\n").is_err(), "a row that is too short");
    }

    #[test]
    fn only_what_json_takes_is_a_number() {
        for number in [
            "0",
            "-0",
            "-1",
            "1.5",
            "1e3",
            "18446744073709551615",
            "-9223372036854775808",
        ] {
            assert!(is_number(number), "{number}");
        }
        for text in [
            "+1",
            "01",
            "1.",
            ".5",
            "1e400",
            "18446744073709551616",
            "-9223372036854775809",
            "NaN",
            "1 ",
            " 1",
            "",
        ] {
            assert!(!is_number(text), "{text}");
        }
    }
}
