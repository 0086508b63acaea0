//! Patterns as tables for the matcher in `core/pattern.js`.

use crate::{
    automaton::{Automaton, DEAD},
    model,
};

const ASCII: u32 = 128;

/// The expression that makes one pattern: its automaton, one row a state, rows padded to a power of two.
pub(super) fn generate(name: &str, pattern: &model::Pattern) -> Result<String, String> {
    let automaton = &pattern.automaton;
    let most = usize::from(u8::MAX);
    if automaton.steps.len() > most || automaton.classes > most {
        return Err(format!(
            "the pattern of {name} needs {} states and {} classes; both must fit a byte",
            automaton.steps.len(),
            automaton.classes
        ));
    }
    let width = automaton.classes.next_power_of_two();
    let steps: Vec<usize> = automaton
        .steps
        .iter()
        .flat_map(|row| {
            let padding = std::iter::repeat_n(DEAD, width - row.len());
            row.iter().copied().chain(padding)
        })
        .collect();
    let classes: Vec<usize> = (0..ASCII).map(|scalar| automaton.class(scalar)).collect();
    let accepts: Vec<usize> = automaton
        .accepts
        .iter()
        .map(|end| usize::from(*end))
        .collect();
    let (firsts, wide) = wide(automaton);
    Ok(format!(
        "new Pattern({{\n  classes: {},\n  firsts: {},\n  wide: {},\n  steps: {},\n  shift: {},\n  accepts: {},\n}})",
        table(&classes, 32),
        table(&firsts, 16),
        table(&wide, 32),
        table(&steps, width.max(16)),
        width.trailing_zeros(),
        table(&accepts, 32),
    ))
}

/// The first scalar value of each range from U+0080 on, and the classes of these ranges.
fn wide(automaton: &Automaton) -> (Vec<usize>, Vec<usize>) {
    let rest = automaton.ranges.iter().copied();
    let rest = rest.filter(|(first, _)| *first > ASCII);
    std::iter::once((ASCII, automaton.class(ASCII)))
        .chain(rest)
        .map(|(first, class)| (first as usize, class))
        .unzip()
}

/// A list of numbers in lines of so many.
fn table(numbers: &[usize], width: usize) -> String {
    let row = |row: &[usize]| {
        let numbers: Vec<String> = row.iter().map(usize::to_string).collect();
        numbers.join(", ")
    };
    if numbers.len() <= width {
        return format!("[{}]", row(numbers));
    }
    let rows: Vec<String> = numbers.chunks(width).map(row).collect();
    format!("[\n    {},\n  ]", rows.join(",\n    "))
}
