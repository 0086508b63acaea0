//! Patterns in the syntax of Python's `re`, for `fullmatch`.
//!
//! They are written anew from the syntax tree, every set as the code points that are in it, so that nothing hangs on how
//! `re` would read the schema's spelling. On texts without lone surrogates `re` decides as the automaton does.

use std::fmt::Write;

use crate::{
    automaton::Automaton,
    dialect::{self, Expr},
    model,
};

/// The pieces of the expression, as raw strings without their quotes, none much longer than a line.
pub(super) fn pieces(pattern: &model::Pattern) -> Result<Vec<String>, String> {
    let expr = dialect::parse(&pattern.source)?;
    let mut atoms = Vec::new();
    write(&expr, &mut atoms);
    let mut pieces = vec![String::new()];
    for atom in atoms {
        match pieces.last_mut() {
            Some(last) if last.len() + atom.len() <= 100 => last.push_str(&atom),
            _ => pieces.push(atom),
        }
    }
    Ok(pieces)
}

/// The automaton as arguments of the port's matcher, for texts that may be of any length: `re` would need many times their
/// length in memory.
pub(super) fn tables(automaton: &Automaton) -> Result<String, String> {
    if automaton.steps.len() > 256 {
        return Err("has more than 256 states".to_owned());
    }
    let ranges = automaton
        .ranges
        .iter()
        .map(|(first, class)| format!("({first}, {class})"));
    let steps = automaton.steps.iter().map(|row| {
        let row: String = row.iter().map(|state| format!("{state:02x}")).collect();
        format!("\"{row}\"")
    });
    let accepts: String = automaton
        .accepts
        .iter()
        .map(|accepts| if *accepts { '1' } else { '0' })
        .collect();
    Ok(format!(
        "    ranges=(\n{}    ),\n    steps=(\n{}    ),\n    accepts=\"{accepts}\",\n",
        super::lines(8, ranges),
        super::lines(8, steps)
    ))
}

fn write(expr: &Expr, atoms: &mut Vec<String>) {
    match expr {
        Expr::Set(ranges) => atoms.push(set(ranges)),
        Expr::Sequence(parts) => parts.iter().for_each(|part| write(part, atoms)),
        Expr::Choice(parts) => {
            for (index, part) in parts.iter().enumerate() {
                atoms.push(if index == 0 { "(?:" } else { "|" }.to_owned());
                write(part, atoms);
            }
            atoms.push(")".to_owned());
        }
        Expr::Repeat { inner, min, max } => {
            let group = !matches!(**inner, Expr::Set(_) | Expr::Choice(_));
            if group {
                atoms.push("(?:".to_owned());
            }
            write(inner, atoms);
            let mut end = if group { ")" } else { "" }.to_owned();
            end.push_str(&match (min, max) {
                (0, None) => "*".to_owned(),
                (1, None) => "+".to_owned(),
                (0, Some(1)) => "?".to_owned(),
                (min, None) => format!("{{{min},}}"),
                (min, Some(max)) if min == max => format!("{{{min}}}"),
                (min, Some(max)) => format!("{{{min},{max}}}"),
            });
            // The count belongs to what it counts.
            match atoms.last_mut() {
                Some(last) if !group => last.push_str(&end),
                _ => atoms.push(end),
            }
        }
    }
}

fn set(ranges: &[(u32, u32)]) -> String {
    if let [(first, last)] = ranges
        && first == last
    {
        return outside(*first);
    }
    let mut text = String::from("[");
    for &(first, last) in ranges {
        text.push_str(&inside(first));
        if last > first {
            if last > first + 1 {
                text.push('-');
            }
            text.push_str(&inside(last));
        }
    }
    text.push(']');
    text
}

fn outside(scalar: u32) -> String {
    match char::from_u32(scalar) {
        Some(letter) if "\\.*+?()[]{}|^$".contains(letter) => format!("\\{letter}"),
        _ => inside(scalar),
    }
}

fn inside(scalar: u32) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = match char::from_u32(scalar) {
        Some(letter) if letter.is_ascii_alphanumeric() => write!(text, "{letter}"),
        Some(letter @ ('\\' | ']' | '[' | '^' | '-')) => write!(text, "\\{letter}"),
        Some(letter @ ('&' | '~' | '|')) => write!(text, "\\{letter}"),
        Some('"') => write!(text, "\\x22"),
        Some(letter) if letter.is_ascii_graphic() => write!(text, "{letter}"),
        _ if scalar < 0x100 => write!(text, "\\x{scalar:02x}"),
        _ if scalar < 0x1_0000 => write!(text, "\\u{scalar:04x}"),
        _ => write!(text, "\\U{scalar:08x}"),
    };
    text
}
