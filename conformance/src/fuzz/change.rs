//! What is done to a message so that it may be none any more.

use proptest::collection::vec;
use proptest::prelude::{Just, any, prop_oneof};
use proptest::sample::{Index, select};
use proptest::strategy::Strategy;

use super::instance::{json, string};
use super::text::{Text, quoted};

/// JSON that readers stumble over.
const JSON: &[&str] = &[
    "null",
    "true",
    "0",
    "-0",
    "-0.0",
    "1.0",
    "5e0",
    "1e-400",
    "9007199254740992",
    "9007199254740993",
    "18446744073709551615",
    "-9223372036854775808",
    "9.007199254740993e15",
    "1e19",
    "\"\"",
    "\"\\ud83d\\ude00\"",
    "\"\\u0000\"",
    "\"\\u0061\"",
    "\"\\/\"",
    "\"AA==\"",
    "\"AB==\"",
    "\"AAA\"",
    "[]",
    "{}",
    "[[]]",
    "[{}]",
    "[null]",
    "{\"__proto__\":{\"a\":1}}",
    " 1 ",
    "[ 1 ,\n2 ]",
];

/// What is no JSON of the wire, or none at all.
const WRONG: &[&str] = &[
    "1e400",
    "-1e400",
    "18446744073709551616",
    "-9223372036854775809",
    "01",
    "+1",
    ".5",
    "1.",
    "1e",
    "0x1",
    "NaN",
    "Infinity",
    "-Infinity",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\\x41\"",
    "\"\\u00g0\"",
    "'a'",
    "\"\t\"",
    "{\"a\":1,\"a\":1}",
    "{\"a\":1,\"\\u0061\":2}",
    "[1,]",
    "{,}",
    "tru",
    "True",
    "1 2",
];

/// What is put into a text at some place.
const PIECES: &[&[u8]] = &[
    b" ",
    b"\n",
    b"\t",
    b"\r",
    b"\x0b",
    b"\0",
    b"\"",
    b"\\",
    b",",
    b":",
    b"[",
    b"]",
    b"{",
    b"}",
    b"-",
    b"0",
    b".",
    b"e",
    b"=",
    b"-_",
    b"//",
    b"/**/",
    b"\xef\xbb\xbf",
    b"\xc2\xa0",
    b"\xe2\x80\xa8",
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xf0\x9f\x98\x80",
    b"\\u0041",
    b"\\ud800",
    b"%3D",
    b"@",
    b"#",
    b"*",
    b">",
];

/// One change of a message.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// A text within it becomes another one.
    Replace(Index, Text),
    /// A member or an item is gone.
    Remove(Index),
    /// A member or an item comes twice, the second time at the end.
    Repeat(Index),
    /// A member changes its name.
    Rename(Index, String),
    /// A further member.
    Add(Index, String, Text),
    /// Two members or items change places.
    Swap(Index, Index),
    /// A string has another character in place of one, or at its end; as often as is said.
    Letter(Index, Index, char, usize),
    /// The case of the letters of a literal.
    Case(Index),
    /// A number is told in another way, or is another one.
    Number(Index, Number),
    /// Base64 is not canonical any more, or of another length.
    Base64(Index, Base64),
    /// Bytes are put in.
    Insert(Index, &'static [u8]),
    /// Bytes go.
    Cut(Index, usize),
    /// A byte is another one.
    Flip(Index, u8),
    /// Nothing comes behind.
    End(Index),
}

/// What is done to an integer without a sign.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    More,
    Less,
    Negative,
    Pointed,
    Raised,
    Lowered,
}

const NUMBERS: &[Number] = &[
    Number::More,
    Number::Less,
    Number::Negative,
    Number::Pointed,
    Number::Raised,
    Number::Lowered,
];

/// What is done to base64.
#[derive(Clone, Copy, Debug)]
pub(super) enum Base64 {
    /// The bits that are left over are not zero.
    Bits,
    /// No padding.
    Bare,
    /// Padding where none is due.
    Padded,
    /// A letter of base64url.
    Url,
    /// White space within.
    Blank,
    /// Another group behind.
    More,
    /// A group too few.
    Fewer,
}

const BASE64: &[Base64] = &[
    Base64::Bits,
    Base64::Bare,
    Base64::Padded,
    Base64::Url,
    Base64::Blank,
    Base64::More,
    Base64::Fewer,
];

/// Changes, most often of the parts of a message and not of its bytes.
pub(super) fn changes() -> impl Strategy<Value = Vec<Change>> {
    let at = any::<Index>;
    let (right, wrong) = (
        select(JSON).prop_map(Text::token),
        select(WRONG).prop_map(Text::token),
    );
    let deep = (60_usize..=70)
        .prop_map(|depth| Text::Token([b"[".repeat(depth), b"]".repeat(depth)].concat()));
    let other = prop_oneof![8 => right, 1 => wrong, 8 => json(), 1 => deep];
    let letters = select(
        "\0 .*>/\\@#%=+-_\u{7f}\u{e9}\u{20ac}\u{1f600}aA0Zz[]"
            .chars()
            .collect::<Vec<_>>(),
    );
    let times =
        prop_oneof![8 => Just(1_usize), 1 => Just(1_024), 1 => Just(1_025), 1 => 400_usize..1_100];
    let parts = prop_oneof![
        4 => (at(), other.clone()).prop_map(|(at, text)| Change::Replace(at, text)),
        2 => at().prop_map(Change::Remove),
        1 => at().prop_map(Change::Repeat),
        1 => (at(), string()).prop_map(|(at, name)| Change::Rename(at, name)),
        2 => (at(), string(), other).prop_map(|(at, name, text)| Change::Add(at, name, text)),
        1 => (at(), at()).prop_map(|(at, with)| Change::Swap(at, with)),
        4 => (at(), at(), letters, times).prop_map(|(at, place, letter, times)| Change::Letter(at, place, letter, times)),
        1 => at().prop_map(Change::Case),
        2 => (at(), select(NUMBERS)).prop_map(|(at, how)| Change::Number(at, how)),
        3 => (at(), select(BASE64)).prop_map(|(at, how)| Change::Base64(at, how)),
    ];
    let bytes = prop_oneof![
        3 => (at(), select(PIECES)).prop_map(|(at, piece)| Change::Insert(at, piece)),
        1 => (at(), 1_usize..4).prop_map(|(at, count)| Change::Cut(at, count)),
        1 => (at(), 1_u8..=255).prop_map(|(at, mask)| Change::Flip(at, mask)),
        1 => at().prop_map(Change::End),
    ];
    let change = prop_oneof![12 => parts, 1 => bytes].boxed();
    // What is wrong once hides what is wrong behind it.
    prop_oneof![2 => vec(change.clone(), 0), 6 => vec(change.clone(), 1), 2 => vec(change, 2..=3)]
}

/// The bytes of a message after these changes: those of its parts come first.
pub(super) fn changed(mut text: Text, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        of_parts(&mut text, change);
    }
    let mut bytes = text.bytes();
    for change in changes {
        of_bytes(&mut bytes, change);
    }
    bytes
}

fn of_parts(text: &mut Text, change: &Change) {
    match change {
        Change::Replace(at, other) => {
            if let Some(found) = nth(text, at) {
                *found = other.clone();
            }
        }
        Change::Remove(at) => match held(text, at) {
            Some((Text::Array(items), index)) => drop(items.remove(index)),
            Some((Text::Object(members), index)) => drop(members.remove(index)),
            _ => {}
        },
        Change::Repeat(at) => match held(text, at) {
            Some((Text::Array(items), index)) => items.push(items[index].clone()),
            Some((Text::Object(members), index)) => members.push(members[index].clone()),
            _ => {}
        },
        Change::Rename(at, name) => {
            if let Some((Text::Object(members), index)) = held(text, at) {
                members[index].0 = quoted(name);
            }
        }
        Change::Add(at, name, value) => match place_for_more(text, at) {
            Some(Text::Array(items)) => items.push(value.clone()),
            Some(Text::Object(members)) => members.push((quoted(name), value.clone())),
            _ => {}
        },
        Change::Swap(at, with) => match held(text, at) {
            Some((Text::Array(items), index)) => {
                let with = with.index(items.len());
                items.swap(index, with);
            }
            Some((Text::Object(members), index)) => {
                let with = with.index(members.len());
                members.swap(index, with);
            }
            _ => {}
        },
        Change::Letter(at, place, letter, times) => {
            if let Some(Text::Token(token)) = next(text, at, is_string) {
                replace_letter(token, place, *letter, *times);
            }
        }
        Change::Case(at) => {
            if let Some(Text::Token(token)) = next(text, at, is_string) {
                let flip = |byte: &mut u8| {
                    if byte.is_ascii_alphabetic() {
                        *byte ^= 0x20;
                    }
                };
                token.iter_mut().for_each(flip);
            }
        }
        Change::Number(at, how) => {
            if let Some(Text::Token(token)) = next(text, at, is_number) {
                renumber(token, *how);
            }
        }
        Change::Base64(at, how) => {
            let is = match how {
                Base64::Bits | Base64::Bare => is_padded,
                _ => is_base64,
            };
            if let Some(Text::Token(token)) = next(text, at, is) {
                *token = not_canonical(token, *how);
            }
        }
        _ => {}
    }
}

fn of_bytes(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Insert(at, piece) => {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, piece.iter().copied());
        }
        Change::Cut(at, count) => {
            let at = at.index(bytes.len() + 1);
            let end = bytes.len().min(at + count);
            bytes.drain(at..end);
        }
        Change::Flip(at, mask) if !bytes.is_empty() => {
            let at = at.index(bytes.len());
            bytes[at] ^= mask;
        }
        Change::End(at) => bytes.truncate(at.index(bytes.len() + 1)),
        _ => {}
    }
}

fn nth<'a>(text: &'a mut Text, at: &Index) -> Option<&'a mut Text> {
    let place = at.index(text.count());
    text.at(place)
}

/// The next token from this place on that is such a one.
fn next<'a>(text: &'a mut Text, at: &Index, is: fn(&[u8]) -> bool) -> Option<&'a mut Text> {
    let count = text.count();
    let first = at.index(count);
    let mut places = (first..count).chain(0..first);
    let place =
        places.find(|place| matches!(text.at(*place), Some(Text::Token(token)) if is(token)))?;
    text.at(place)
}

/// Whether it has no sign, point or exponent.
fn is_number(token: &[u8]) -> bool {
    token.iter().all(u8::is_ascii_digit)
}

/// Whether it is a string that is not empty.
fn is_string(token: &[u8]) -> bool {
    token.len() > 2 && token.starts_with(b"\"")
}

/// Whether it is base64 with padding, which no other string of a message is by chance.
fn is_padded(token: &[u8]) -> bool {
    is_base64(token) && token.ends_with(b"=\"")
}

/// Whether it may be base64: other words of a message are no longer than this.
fn is_base64(token: &[u8]) -> bool {
    const LONGEST_WORD: usize = 12;
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    let [b'"', inner @ .., b'"'] = token else {
        return false;
    };
    let bare = inner
        .strip_suffix(b"==")
        .or(inner.strip_suffix(b"="))
        .unwrap_or(inner);
    let is_padded = bare.len() < inner.len();
    inner.len() % 4 == 0 && (is_padded || inner.len() > LONGEST_WORD) && bare.iter().all(is_letter)
}

fn not_canonical(token: &[u8], how: Base64) -> Vec<u8> {
    let text = String::from_utf8_lossy(token).replace('"', "");
    let (bare, padding) = text.split_at(text.find('=').unwrap_or(text.len()));
    let changed = match (how, bare.char_indices().next_back()) {
        (Base64::Bits, Some((at, last))) => {
            let next = if last == 'z' {
                '0'
            } else {
                char::from(last as u8 + 1)
            };
            format!("{}{next}{padding}", &bare[..at])
        }
        (Base64::Bits | Base64::Bare, _) => bare.to_owned(),
        (Base64::Padded, _) if padding.is_empty() => format!("{text}===="),
        (Base64::Padded, _) => format!("{text}="),
        (Base64::Url, _) => format!("-{}", &text[1..]),
        (Base64::Blank, _) => format!("{}\n{}", &text[..2], &text[2..]),
        (Base64::More, _) => format!("{text}AAAA"),
        (Base64::Fewer, _) => text[4..].to_owned(),
    };
    quoted(&changed)
}

fn renumber(token: &mut Vec<u8>, how: Number) {
    let number = std::str::from_utf8(token)
        .ok()
        .and_then(|text| text.parse::<u64>().ok());
    let Some(number) = number else {
        return;
    };
    let text = match how {
        Number::More => number.saturating_add(1).to_string(),
        Number::Less => number.saturating_sub(1).to_string(),
        Number::Negative => format!("-{number}"),
        Number::Pointed => format!("{number}.0"),
        Number::Raised => format!("{number}e0"),
        Number::Lowered if number == 0 => "0E-1".to_owned(),
        Number::Lowered => format!("{number}0E-1"),
    };
    *token = text.into_bytes();
}

/// One of all members and items, as the object or array that holds it and its index there.
fn held<'a>(text: &'a mut Text, at: &Index) -> Option<(&'a mut Text, usize)> {
    let others = text.count() - 1;
    let place = (others > 0).then(|| 1 + at.index(others))?;
    text.holder(place)
}

/// An object or array: one of all texts, or else what holds it.
fn place_for_more<'a>(text: &'a mut Text, at: &Index) -> Option<&'a mut Text> {
    let place = at.index(text.count());
    match text.at(place) {
        Some(Text::Token(_)) => text.holder(place).map(|(holder, _)| holder),
        _ => text.at(place),
    }
}

/// One character of a string becomes `times` others; of an empty one, they are put in.
fn replace_letter(token: &mut Vec<u8>, place: &Index, letter: char, times: usize) {
    let Ok(text) = serde_json::from_slice::<String>(token) else {
        return;
    };
    let mut letters: Vec<char> = text.chars().collect();
    let at = place.index(letters.len() + 1);
    let end = letters.len().min(at + 1);
    letters.splice(at..end, std::iter::repeat_n(letter, times));
    *token = quoted(&letters.into_iter().collect::<String>());
}

#[cfg(test)]
mod tests {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    use super::*;

    fn message() -> Text {
        let payload = [
            ("id", "\"a-b\""),
            ("size", "6"),
            ("data", "\"SGVsbG8hSGVsbG8hSGVs\""),
            ("other", "\"QQ==\""),
        ];
        let payload = payload.map(|(name, token)| (name.to_owned(), Text::token(token)));
        let payloads = Text::Array(vec![Text::object(payload)]);
        Text::object([
            ("to".to_owned(), Text::string("x")),
            ("payloads".to_owned(), payloads),
        ])
    }

    #[test]
    fn a_change_changes() {
        let mut runner = TestRunner::deterministic();
        let before = message().bytes();
        let (mut all, mut same) = (0, Vec::new());
        while all < 2_000 {
            let changes = changes().new_tree(&mut runner).expect("changes").current();
            for change in changes {
                all += 1;
                if changed(message(), std::slice::from_ref(&change)) == before {
                    same.push(change);
                }
            }
        }
        // Such as a place that is swapped with itself.
        assert!(same.len() < all / 8, "{} of {all}: {same:?}", same.len());
    }

    #[test]
    fn a_number_that_is_told_otherwise_is_the_same() {
        for number in ["0", "5", "100"] {
            for how in [Number::Pointed, Number::Raised, Number::Lowered] {
                let mut token = number.as_bytes().to_vec();
                renumber(&mut token, how);
                let read: f64 = serde_json::from_slice(&token).expect("JSON");
                assert!(
                    token != number.as_bytes() && read.to_string() == number,
                    "{how:?} of {number}"
                );
            }
        }
    }

    #[test]
    fn base64_is_no_canonical_one_any_more_or_of_another_length() {
        for text in ["\"QQ==\"", "\"QUI=\"", "\"QUJDQUJDQUJDQUJD\""] {
            assert!(is_base64(text.as_bytes()));
            for how in BASE64 {
                if matches!(how, Base64::Bits | Base64::Bare) && !is_padded(text.as_bytes()) {
                    continue;
                }
                let other: String = serde_json::from_slice(&not_canonical(text.as_bytes(), *how))
                    .expect("a string");
                let canonical = base64_simd::STANDARD.decode_to_vec(&other);
                let longer = matches!(how, Base64::More | Base64::Fewer);
                assert!(canonical.is_err() || longer, "{how:?} of {text}: {other}");
                assert_ne!(format!("\"{other}\""), text);
            }
        }
        for word in [
            "\"chat\"",
            "\"shutdown\"",
            "\"arrowtable\"",
            "\"updateStatus\"",
            "\"\"",
            "1234",
        ] {
            assert!(!is_base64(word.as_bytes()), "{word}");
        }
    }
}
