//! The canonical writer (W4): one pass into one buffer, base64 straight into its tail.

use serde_json::{Map, Value};

use super::{Data, Size, Subject, SubjectOrEmpty, Timestamp, Uuid, UuidOrEmpty};
use crate::base64;

/// A value that is appended to a JSON text in canonical form, the very bytes that its `Serialize` gives.
pub(crate) trait WriteJson {
    fn write_json(&self, out: &mut Vec<u8>);
}

impl WriteJson for str {
    fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        let mut rest = self;
        while let Some(at) = rest
            .bytes()
            .position(|byte| byte < b' ' || byte == b'"' || byte == b'\\')
        {
            let (plain, special) = rest.split_at(at);
            out.extend_from_slice(plain.as_bytes());
            escape(special.as_bytes()[0], out);
            rest = &special[1..];
        }
        out.extend_from_slice(rest.as_bytes());
        out.push(b'"');
    }
}

impl WriteJson for String {
    fn write_json(&self, out: &mut Vec<u8>) {
        self.as_str().write_json(out);
    }
}

impl WriteJson for Uuid {
    fn write_json(&self, out: &mut Vec<u8>) {
        quoted(self.encode(&mut [0; 36]).as_bytes(), out);
    }
}

impl WriteJson for UuidOrEmpty {
    fn write_json(&self, out: &mut Vec<u8>) {
        match self.0 {
            Some(id) => id.write_json(out),
            None => quoted(b"", out),
        }
    }
}

impl WriteJson for Timestamp {
    fn write_json(&self, out: &mut Vec<u8>) {
        quoted(self.as_str().as_bytes(), out);
    }
}

impl WriteJson for Subject {
    fn write_json(&self, out: &mut Vec<u8>) {
        self.as_str().write_json(out);
    }
}

impl WriteJson for SubjectOrEmpty {
    fn write_json(&self, out: &mut Vec<u8>) {
        self.as_str().write_json(out);
    }
}

impl WriteJson for Size {
    fn write_json(&self, out: &mut Vec<u8>) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = self.get();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        out.extend_from_slice(&digits[at..]);
    }
}

impl WriteJson for Data {
    fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Data::Bytes(bytes) => {
                out.push(b'"');
                base64::encode_append(bytes, out);
                out.push(b'"');
            }
            Data::Text(text) => text.write_json(out),
            Data::Json(value) => value.write_json(out),
        }
    }
}

impl WriteJson for Value {
    fn write_json(&self, out: &mut Vec<u8>) {
        serde_json::to_writer(out, self)
            .expect("a JSON value has string names, and a Vec takes every byte");
    }
}

impl WriteJson for Map<String, Value> {
    fn write_json(&self, out: &mut Vec<u8>) {
        serde_json::to_writer(out, self)
            .expect("a JSON value has string names, and a Vec takes every byte");
    }
}

impl<T: WriteJson> WriteJson for Vec<T> {
    fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (index, item) in self.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            item.write_json(out);
        }
        out.push(b']');
    }
}

/// Text that needs no escapes.
fn quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let letter = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0C => b'f',
        b'\r' => b'r',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            return;
        }
    };
    out.extend([b'\\', letter]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &(impl WriteJson + ?Sized)) -> String {
        let mut out = Vec::new();
        value.write_json(&mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn every_character_is_escaped_as_serde_json_does() {
        let all: String = ('\0'..='\u{2fff}')
            .chain(['\u{feff}', '\u{ffff}', '😀', '\u{10ffff}'])
            .collect();
        assert_eq!(
            written(all.as_str()),
            serde_json::to_string(&all).expect("a string")
        );
        assert_eq!(
            written("\u{1f}\u{7f}\u{0}\u{8}"),
            "\"\\u001f\u{7f}\\u0000\\b\""
        );
    }

    #[test]
    fn sizes_are_plain_digits() {
        for size in [0, 9, 10, 500_000, Size::MAX] {
            assert_eq!(
                written(&Size::try_from(size).expect("a size")),
                size.to_string()
            );
        }
    }

    #[test]
    fn data_is_written_as_its_kind_says() {
        assert_eq!(
            written(&Data::Bytes(bytes::Bytes::from_static(b"hi"))),
            "\"aGk=\""
        );
        assert_eq!(
            written(&Data::Text("http://a/?x=\"".into())),
            r#""http://a/?x=\"""#
        );
        assert_eq!(
            written(&Data::Json(serde_json::json!({"b": 1, "a": [1.0]}))),
            r#"{"b":1,"a":[1.0]}"#
        );
    }
}
