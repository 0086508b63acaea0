//! Sentences of the schema, as generated documentation and errors put them.

use crate::model::Length;

/// A sentence as a part of another one: without its full stop, and with a small letter first unless that begins an abbreviation.
pub(crate) fn within_sentence(sentence: &str) -> String {
    let sentence = sentence.trim_end_matches('.');
    let mut letters = sentence.chars();
    let second = letters.clone().nth(1);
    match letters.next() {
        Some(first) if second.is_none_or(|second| !second.is_uppercase()) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => sentence.to_owned(),
    }
}

/// What a constant with the names of an object's members is.
pub(crate) fn names_of_members(object: &str) -> String {
    format!("The names that the schema gives to members of `{object}`, in its order.")
}

/// What a constant with the greatest length of a string is.
pub(crate) fn greatest_length(Length { of, unit, .. }: &Length<'_>) -> String {
    format!(
        "The most {unit} that a `{}` may have ({}).",
        of.name, of.rule
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_abbreviation_keeps_its_capitals() {
        assert_eq!(within_sentence("The place in it."), "the place in it");
        assert_eq!(within_sentence("URL of a file."), "URL of a file");
        assert_eq!(within_sentence("Äpfel."), "äpfel");
        assert_eq!(within_sentence("A"), "a");
        assert_eq!(within_sentence(""), "");
    }
}
