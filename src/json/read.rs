//! The strict reader (W3.2 and W3.3).

use std::borrow::Cow;
use std::str;

use super::{Node, Object};
use crate::base64;
use crate::generated::JSON_MAX_DEPTH;

/// Reads one JSON text.
pub(crate) fn read(text: &[u8]) -> Result<Node<'_>, ReadError> {
    Reader {
        text,
        at: 0,
        depth: 0,
    }
    .document(Place::Elsewhere)
}

/// Reads the JSON text of an envelope: what [`read`] gives, but for payload data, which is decoded on the spot where it is
/// base64 of just the length that `size` announces. Such data is neither scanned for its end nor checked as UTF-8, since its
/// alphabet has no character that would need it.
pub(crate) fn read_envelope(text: &[u8]) -> Result<Node<'_>, ReadError> {
    Reader {
        text,
        at: 0,
        depth: 0,
    }
    .document(Place::Envelope)
}

/// Why a text is not strict JSON, and where.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReadError {
    /// Bytes before the place.
    pub(crate) offset: usize,
    pub(crate) expected: &'static str,
    pub(crate) found: String,
    /// Names and positions that lead to the place, innermost first.
    path: Vec<String>,
}

impl ReadError {
    /// The JSON pointer (RFC 6901) of the value that could not be read.
    pub(crate) fn pointer(&self) -> String {
        let tokens = self.path.iter().rev();
        tokens
            .map(|token| format!("/{}", token.replace('~', "~0").replace('/', "~1")))
            .collect()
    }

    fn within(mut self, token: impl ToString) -> Self {
        self.path.push(token.to_string());
        self
    }
}

/// What a value is within an envelope, as far as it matters to the reader.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Envelope,
    Payloads,
    Payload,
    Elsewhere,
}

impl Place {
    fn member(self, name: &str) -> Self {
        match self {
            Place::Envelope if name == "payloads" => Place::Payloads,
            _ => Place::Elsewhere,
        }
    }

    fn item(self) -> Self {
        match self {
            Place::Payloads => Place::Payload,
            _ => Place::Elsewhere,
        }
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: u64,
}

impl<'a> Reader<'a> {
    fn document(mut self, place: Place) -> Result<Node<'a>, ReadError> {
        if self.text.starts_with(b"\xEF\xBB\xBF") {
            return Err(self.error("JSON without a byte order mark", "a byte order mark"));
        }
        self.space();
        let node = self.value(place)?;
        self.space();
        match self.peek() {
            None => Ok(node),
            Some(_) => Err(self.unexpected("the end of the JSON text")),
        }
    }

    fn value(&mut self, place: Place) -> Result<Node<'a>, ReadError> {
        match self.peek() {
            Some(b'{') => self.nested(place, Self::object),
            Some(b'[') => self.nested(place, Self::array),
            Some(b'"') => self.string().map(Node::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", Node::Bool(true)),
            Some(b'f') => self.literal("false", Node::Bool(false)),
            Some(b'n') => self.literal("null", Node::Null),
            _ => Err(self.unexpected("a JSON value")),
        }
    }

    fn nested(
        &mut self,
        place: Place,
        inner: fn(&mut Self, Place) -> Result<Node<'a>, ReadError>,
    ) -> Result<Node<'a>, ReadError> {
        if self.depth == JSON_MAX_DEPTH {
            return Err(self.error(
                "at most 64 arrays and objects within each other",
                "one more level of nesting",
            ));
        }
        self.depth += 1;
        self.at += 1;
        let node = inner(self, place)?;
        self.depth -= 1;
        Ok(node)
    }

    fn object(&mut self, place: Place) -> Result<Node<'a>, ReadError> {
        let mut members: Vec<(Cow<'a, str>, Node<'a>)> = Vec::new();
        let mut size = None;
        self.space();
        if self.take(b'}') {
            return Ok(Node::Object(Object { members }));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a member's name in quotes"));
            }
            let start = self.at;
            let name = self.string()?;
            if members.len() < LINEAR && members.iter().any(|member| member.0 == name) {
                return Err(self.duplicate(start, &name));
            }
            self.space();
            if !self.take(b':') {
                return Err(self
                    .unexpected("a colon after the member's name")
                    .within(&name));
            }
            self.space();
            let data = match (place, size, &*name) {
                (Place::Payload, Some(size), "data") => self.base64(size),
                _ => None,
            };
            let value = match data {
                Some(bytes) => Node::Base64(bytes),
                None => self
                    .value(place.member(&name))
                    .map_err(|error| error.within(&name))?,
            };
            if place == Place::Payload && name == "size" {
                size = value.as_size();
            }
            members.push((name, value));
            self.space();
            if self.take(b',') {
                self.space();
            } else if self.take(b'}') {
                break;
            } else {
                return Err(self.unexpected("a comma or a closing brace"));
            }
        }
        if members.len() > LINEAR {
            let mut names: Vec<&str> = members.iter().map(|member| &*member.0).collect();
            names.sort_unstable();
            if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(self.duplicate(self.at, pair[0]));
            }
        }
        Ok(Node::Object(Object { members }))
    }

    fn array(&mut self, place: Place) -> Result<Node<'a>, ReadError> {
        let mut items = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Node::Array(items));
        }
        loop {
            let item = self
                .value(place.item())
                .map_err(|error| error.within(items.len()))?;
            items.push(item);
            self.space();
            if self.take(b',') {
                self.space();
            } else if self.take(b']') {
                return Ok(Node::Array(items));
            } else {
                return Err(self.unexpected("a comma or a closing bracket"));
            }
        }
    }

    /// Takes a string whose content is canonical base64 of `size` bytes; leaves everything in place where it is not.
    fn base64(&mut self, size: u64) -> Option<Vec<u8>> {
        let start = self
            .at
            .checked_add(1)
            .filter(|_| self.peek() == Some(b'"'))?;
        let length = usize::try_from(base64::encoded_len(size)).ok()?;
        let end = start
            .checked_add(length)
            .filter(|end| self.text.get(*end) == Some(&b'"'))?;
        let bytes = base64::decode(self.text.get(start..end)?).ok()?;
        if bytes.len() as u64 != size {
            return None;
        }
        self.at = end + 1;
        Some(bytes)
    }

    fn string(&mut self) -> Result<Cow<'a, str>, ReadError> {
        self.at += 1;
        let first = self.plain()?;
        if self.take(b'"') {
            return Ok(Cow::Borrowed(first));
        }
        let mut text = first.to_owned();
        loop {
            if self.take(b'"') {
                return Ok(Cow::Owned(text));
            }
            text.push(self.escape()?);
            text.push_str(self.plain()?);
        }
    }

    /// The characters up to the next quote or backslash.
    fn plain(&mut self) -> Result<&'a str, ReadError> {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or_default();
        let Some(length) = rest.iter().position(|byte| ENDS_PLAIN[usize::from(*byte)]) else {
            self.at = self.text.len();
            return Err(self.unexpected("a closing quote"));
        };
        self.at = start + length;
        if rest[length] < b' ' {
            return Err(self.error(
                "control characters in strings as escapes",
                &format!("the bare control character U+{:04X}", rest[length]),
            ));
        }
        str::from_utf8(&rest[..length]).map_err(|error| {
            self.at = start + error.valid_up_to();
            self.error(
                "UTF-8",
                &format!("the byte 0x{:02X}", rest[error.valid_up_to()]),
            )
        })
    }

    fn escape(&mut self) -> Result<char, ReadError> {
        let start = self.at;
        self.at += 1;
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode(start);
            }
            _ => return Err(self.unexpected("an escape: one of \" \\ / b f n r t u")),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode(&mut self, start: usize) -> Result<char, ReadError> {
        let first = self.hex()?;
        let mut code = first;
        if (0xD800..0xDC00).contains(&first) && self.rest().starts_with(b"\\u") {
            self.at += 2;
            let second = self.hex()?;
            if (0xDC00..0xE000).contains(&second) {
                code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            }
        }
        char::from_u32(code).ok_or_else(|| {
            self.at = start;
            self.error(
                "surrogates in pairs",
                &format!("the lone surrogate U+{first:04X}"),
            )
        })
    }

    fn hex(&mut self) -> Result<u32, ReadError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            code = code << 4 | digit.ok_or_else(|| self.unexpected("four hexadecimal digits"))?;
            self.at += 1;
        }
        Ok(code)
    }

    fn number(&mut self) -> Result<Node<'a>, ReadError> {
        let start = self.at;
        let negative = self.take(b'-');
        if self.take(b'0') {
            if matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.unexpected("a number without leading zeros"));
            }
        } else {
            self.digits()?;
        }
        let mut integer = true;
        if self.take(b'.') {
            integer = false;
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            integer = false;
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        let digits = str::from_utf8(&self.text[start..self.at]).unwrap_or_default();
        let node = if !integer {
            digits
                .parse()
                .ok()
                .filter(|value: &f64| value.is_finite())
                .map(Node::Float)
        } else if negative {
            digits.parse().ok().map(Node::Int)
        } else {
            digits
                .parse()
                .map(Node::Int)
                .or_else(|_| digits.parse().map(Node::Uint))
                .ok()
        };
        node.ok_or_else(|| {
            let expected = match integer {
                true => "an integer from -2^63 to 2^64-1",
                false => "a number within the range of a double",
            };
            let found = shorten(digits);
            self.at = start;
            self.error(expected, &found)
        })
    }

    fn digits(&mut self) -> Result<(), ReadError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            Err(self.unexpected("a digit"))
        } else {
            Ok(())
        }
    }

    fn literal(&mut self, word: &'static str, node: Node<'a>) -> Result<Node<'a>, ReadError> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(self.unexpected("true, false or null"));
        }
        self.at += word.len();
        Ok(node)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.at += usize::from(taken);
        taken
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn duplicate(&mut self, at: usize, name: &str) -> ReadError {
        self.at = at;
        self.error(
            "names that occur once in an object",
            "a second member of this name",
        )
        .within(name)
    }

    fn unexpected(&self, expected: &'static str) -> ReadError {
        let found = match self.peek() {
            None => "the end of the text".to_owned(),
            Some(byte @ b' '..=b'~') => format!("`{}`", char::from(byte)),
            Some(byte) => format!("the byte 0x{byte:02X}"),
        };
        self.error(expected, &found)
    }

    fn error(&self, expected: &'static str, found: &str) -> ReadError {
        ReadError {
            offset: self.at,
            expected,
            found: found.to_owned(),
            path: Vec::new(),
        }
    }
}

/// Up to this many members, names are compared one by one as they come.
const LINEAR: usize = 24;

/// Bytes that can't stand in a string as they are: quote, backslash, control characters.
const ENDS_PLAIN: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        ends[byte] = true;
        byte += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends
};

fn shorten(digits: &str) -> String {
    match digits.len() {
        0..=40 => digits.to_owned(),
        length => format!("{}… ({length} characters)", &digits[..32]),
    }
}

#[cfg(test)]
mod tests;
