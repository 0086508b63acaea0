//! Standard output: buffered, and no panic where nobody reads it.

use std::io::{self, BufWriter, ErrorKind, Write};

use crate::failure::Failure;

/// Writes with `write` to standard output, and flushes it.
pub(crate) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    write(&mut out)
        .and_then(|()| out.flush())
        .map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Failure::NobodyReads,
            _ => Failure::Local(format!("standard output cannot be written: {error}")),
        })
}

/// Text from outside for one line of a terminal: what would move the cursor or change its colours is escaped.
pub(crate) fn one_line(text: &str) -> String {
    escaped(text, |character| {
        is_harmful(character) || matches!(character, '\n' | '\t')
    })
}

/// As [`one_line`], but line ends and tabs stay.
pub(crate) fn many_lines(text: &str) -> String {
    escaped(text, is_harmful)
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_escaped(character) {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

/// Controls but for line ends and tabs, and what reorders the text around it.
fn is_harmful(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}' => true,
        _ => character.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drives_a_terminal_is_shown_instead() {
        assert_eq!(one_line("a\u{1b}[31mb\n\tc\r"), r"a\u{1b}[31mb\n\tc\r");
        assert_eq!(
            many_lines("a\u{1b}]0;x\u{7}\n\tc\u{202e}"),
            "a\\u{1b}]0;x\\u{7}\n\tc\\u{202e}"
        );
        assert_eq!(many_lines("Grüße 😀 \u{feff}"), "Grüße 😀 \\u{feff}");
    }
}
