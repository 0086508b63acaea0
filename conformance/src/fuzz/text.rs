//! JSON texts as trees of tokens, so that they can be changed into what no JSON library would write.

use serde_json::Value;

/// A JSON text, or what was one before it was changed.
#[derive(Clone, Debug)]
pub(super) enum Text {
    /// A literal, strings with their quotes; right or wrong.
    Token(Vec<u8>),
    /// What stands between brackets.
    Array(Vec<Text>),
    /// What stands between braces: names with their quotes, and values. Names may repeat.
    Object(Vec<(Vec<u8>, Text)>),
}

impl Text {
    pub(super) fn token(literal: &str) -> Self {
        Text::Token(literal.as_bytes().to_vec())
    }

    /// A string, written as plainly as JSON allows.
    pub(super) fn string(value: &str) -> Self {
        Text::Token(quoted(value))
    }

    pub(super) fn object(members: impl IntoIterator<Item = (String, Text)>) -> Self {
        let members = members.into_iter();
        Text::Object(
            members
                .map(|(name, value)| (quoted(&name), value))
                .collect(),
        )
    }

    /// The value of the first member of this name, of an object.
    pub(super) fn member_mut(&mut self, name: &str) -> Option<&mut Text> {
        let Text::Object(members) = self else {
            return None;
        };
        let name = quoted(name);
        let mut members = members.iter_mut();
        members.find_map(|(own, value)| (*own == name).then_some(value))
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes
    }

    /// How many texts there are in it, itself included.
    pub(super) fn count(&self) -> usize {
        1 + match self {
            Text::Token(_) => 0,
            Text::Array(items) => items.iter().map(Text::count).sum(),
            Text::Object(members) => members.iter().map(|(_, value)| value.count()).sum(),
        }
    }

    /// The text at this place, of as many as `count` says; itself is the first.
    pub(super) fn at(&mut self, mut place: usize) -> Option<&mut Text> {
        if place == 0 {
            return Some(self);
        }
        place -= 1;
        for text in self.inner_mut() {
            let count = text.count();
            if place < count {
                return text.at(place);
            }
            place -= count;
        }
        None
    }

    /// The array or object that holds the text at this place, and the text's index there; itself is held by none.
    pub(super) fn holder(&mut self, place: usize) -> Option<(&mut Text, usize)> {
        let counts: Vec<usize> = self
            .inner_mut()
            .into_iter()
            .map(|text| text.count())
            .collect();
        let mut rest = place.checked_sub(1)?;
        for (index, count) in counts.into_iter().enumerate() {
            if rest == 0 {
                return Some((self, index));
            }
            if rest < count {
                return self.inner_mut().into_iter().nth(index)?.holder(rest);
            }
            rest -= count;
        }
        None
    }

    fn inner_mut(&mut self) -> Vec<&mut Text> {
        match self {
            Text::Token(_) => Vec::new(),
            Text::Array(items) => items.iter_mut().collect(),
            Text::Object(members) => members.iter_mut().map(|(_, value)| value).collect(),
        }
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Text::Token(token) => bytes.extend(token),
            Text::Array(items) => {
                bytes.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    bytes.extend((index > 0).then_some(b','));
                    item.write(bytes);
                }
                bytes.push(b']');
            }
            Text::Object(members) => {
                bytes.push(b'{');
                for (index, (name, value)) in members.iter().enumerate() {
                    bytes.extend((index > 0).then_some(b','));
                    bytes.extend(name);
                    bytes.push(b':');
                    value.write(bytes);
                }
                bytes.push(b'}');
            }
        }
    }
}

/// A string with its quotes.
pub(super) fn quoted(value: &str) -> Vec<u8> {
    Value::from(value).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_reached_once() {
        let inner = Text::Array(vec![Text::token("1"), Text::token("2")]);
        let mut text = Text::object([
            ("a".to_owned(), inner),
            ("b".to_owned(), Text::string("\"")),
        ]);
        assert_eq!(text.count(), 5);
        let at = |text: &mut Text, place| text.at(place).map(|found| found.bytes());
        assert_eq!(
            at(&mut text, 0).as_deref(),
            Some(&br#"{"a":[1,2],"b":"\""}"#[..])
        );
        assert_eq!(at(&mut text, 1).as_deref(), Some(&b"[1,2]"[..]));
        assert_eq!(at(&mut text, 3).as_deref(), Some(&b"2"[..]));
        assert_eq!(at(&mut text, 4).as_deref(), Some(&br#""\"""#[..]));
        assert_eq!(at(&mut text, 5), None);
        let holder = |text: &mut Text, place| {
            let (holder, index) = text.holder(place)?;
            Some((holder.count(), index))
        };
        let holders: Vec<_> = (0..6).map(|place| holder(&mut text, place)).collect();
        let (whole, array) = (|index| Some((5, index)), |index| Some((3, index)));
        assert_eq!(
            holders,
            [None, whole(0), array(0), array(1), whole(1), None]
        );
    }
}
