//! Canonical base64 (RFC 4648 section 4, W2.1): the one place that knows which crate does it.

use base64_simd::{Out, STANDARD};

/// Bytes of text that `size` bytes become.
pub(crate) fn encoded_len(size: u64) -> u64 {
    size.div_ceil(3).saturating_mul(4)
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode_to_string(bytes)
}

/// Appends the text of `bytes`.
pub(crate) fn encode_append(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + STANDARD.encoded_length(bytes.len()), 0);
    let _ = STANDARD.encode(bytes, Out::from_slice(&mut out[start..]));
}

/// Decodes canonical text: a multiple of four characters, only the 64 letters and the final padding, zero trailing bits.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, NotCanonical> {
    if !text.len().is_multiple_of(4) {
        return Err(NotCanonical);
    }
    STANDARD.decode_to_vec(text).map_err(|_| NotCanonical)
}

/// The text is not canonical base64.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NotCanonical;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648 section 10.
    #[test]
    fn vectors() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(plain.as_bytes()), text);
            assert_eq!(decode(text.as_bytes()).as_deref(), Ok(plain.as_bytes()));
            assert_eq!(encoded_len(plain.len() as u64), text.len() as u64);
        }
    }

    #[test]
    fn leniencies_are_refused() {
        for text in [
            "a",
            "aa",
            "aaa",
            "aGk",
            "aGk= ",
            " aGk=",
            "aG k=",
            "aGk=\n",
            "aGl=",
            "aGkx====",
            "aGk=aGk=",
            "aG==",
            "Zh==",
            "====",
            "a===",
            "-_-_",
            "aG%3D",
            "ab\u{16b}c",
            "YQ=A",
            "=aGk",
            "aG=k",
            "AAAAA===",
            "\0AAA",
        ] {
            assert_eq!(decode(text.as_bytes()), Err(NotCanonical), "{text:?}");
        }
    }

    /// In every position of a long text, so that the vectorised part is tried as well as the tail.
    #[test]
    fn every_byte_is_judged_alike_in_every_position() {
        let good = encode(&[0x5A; 99]);
        for position in 0..good.len() {
            for byte in 0..=255u8 {
                let mut text = good.clone().into_bytes();
                text[position] = byte;
                let letter = byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
                assert_eq!(decode(&text).is_ok(), letter, "byte {byte} at {position}");
            }
        }
    }

    #[test]
    fn trailing_bits_are_zero() {
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (index, letter) in letters.chars().enumerate() {
            assert_eq!(
                decode(format!("A{letter}==").as_bytes()).is_ok(),
                index % 16 == 0
            );
            assert_eq!(
                decode(format!("AA{letter}=").as_bytes()).is_ok(),
                index % 4 == 0
            );
        }
    }
}
