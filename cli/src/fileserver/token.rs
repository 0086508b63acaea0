//! Random identifiers and secrets.

use std::io;

/// Length of an upload's or a file's identifier, in characters.
pub(super) const ID_LENGTH: usize = 16;

/// Length of an upload's secret, in characters.
pub(super) const SECRET_LENGTH: usize = 32;

const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// A string of `length` letters and digits from the system's secure source.
///
/// # Errors
/// The system's source of randomness does not answer.
pub(super) fn random(length: usize) -> io::Result<String> {
    let mut text = String::with_capacity(length);
    let mut bytes = [0_u8; 64];
    while text.len() < length {
        getrandom::fill(&mut bytes).map_err(|e| io::Error::other(e.to_string()))?;
        // Six bits name 64 places and the alphabet has 62: the other two are drawn again, since
        // folding them back would make two letters twice as likely.
        let letters = bytes
            .iter()
            .filter_map(|byte| ALPHABET.get(usize::from(byte & 0x3f)));
        text.extend(letters.map(|&l| char::from(l)).take(length - text.len()));
    }
    Ok(text)
}

/// Whether `text` has the form of an identifier made by this server.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == ID_LENGTH && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_well_formed_distinct_and_use_the_whole_alphabet() {
        let ids: HashSet<String> = (0..2_000)
            .map(|_| random(ID_LENGTH).expect("randomness"))
            .collect();
        assert_eq!(ids.len(), 2_000);
        assert!(ids.iter().all(|id| is_id(id)));
        let letters: HashSet<char> = ids.iter().flat_map(|id| id.chars()).collect();
        assert_eq!(letters.len(), 62);
    }

    #[test]
    fn other_texts_are_not_ids() {
        for text in [
            "",
            "short",
            "0123456789abcde/",
            "../../etc/passwd",
            "0123456789abcdef0",
        ] {
            assert!(!is_id(text), "{text}");
        }
    }
}
