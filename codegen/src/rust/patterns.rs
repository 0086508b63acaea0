//! Patterns as tables for the small matchers in `src/pattern.rs`.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::doc;
use crate::{automaton::Automaton, model};

const ASCII: usize = 128;

/// The static of one pattern.
pub(super) fn generate(
    name: &Ident,
    what: &str,
    pattern: &model::Pattern,
) -> Result<TokenStream, String> {
    let automaton = &pattern.automaton;
    let value = match chain(automaton) {
        Some(chain) => chain,
        None => table(automaton).map_err(|why| format!("the pattern of {name} {why}"))?,
    };
    let doc = doc(&format!("{what} `{}`", pattern.source));
    Ok(quote!(#doc pub(crate) static #name: Pattern = #value;))
}

/// Where every text that matches has one length: the set of characters that may stand at each place.
/// Up to eight sets of ASCII are bits of one table.
fn chain(automaton: &Automaton) -> Option<TokenStream> {
    let positions = automaton.chain()?;
    let mut sets: Vec<&Vec<usize>> = Vec::new();
    let mut places = Vec::new();
    for position in &positions {
        let at = sets
            .iter()
            .position(|set| *set == position)
            .unwrap_or_else(|| {
                sets.push(position);
                sets.len() - 1
            });
        places.push(1_u8.checked_shl(u32::try_from(at).ok()?)?);
    }
    let wide = automaton.class(0x80);
    let beyond = automaton.ranges.iter().filter(|(first, _)| *first >= 0x80);
    if beyond
        .map(|&(_, class)| class)
        .chain([wide])
        .any(|class| sets.iter().any(|set| set.contains(&class)))
    {
        return None;
    }
    let members: Vec<u8> = (0..ASCII)
        .map(|scalar| {
            let class = automaton.class(scalar as u32);
            let bits = sets
                .iter()
                .enumerate()
                .filter(|(_, set)| set.contains(&class));
            bits.fold(0, |bits, (at, _)| bits | 1 << at)
        })
        .collect();
    let empty = automaton.accepts[crate::automaton::START];
    let members = literal(&members, 32);
    let places = literal(&places, 32);
    Some(quote! {
        Pattern::Chain {
            empty: #empty,
            sets: #members,
            places: #places,
        }
    })
}

/// The automaton itself, one row a state, rows padded to a power of two.
fn table(automaton: &Automaton) -> Result<TokenStream, String> {
    if automaton.steps.len() > usize::from(u8::MAX) || automaton.classes > usize::from(u8::MAX) {
        return Err(format!(
            "needs {} states and {} classes; both must fit a byte",
            automaton.steps.len(),
            automaton.classes
        ));
    }
    let width = automaton.classes.next_power_of_two();
    let steps: Vec<u8> = automaton
        .steps
        .iter()
        .flat_map(|row| {
            let padding = std::iter::repeat_n(crate::automaton::DEAD, width - row.len());
            row.iter().copied().chain(padding).map(|state| state as u8)
        })
        .collect();
    let classes: Vec<u8> = (0..ASCII)
        .map(|scalar| automaton.class(scalar as u32) as u8)
        .collect();
    let accepts: Vec<u8> = automaton
        .accepts
        .iter()
        .map(|&accept| u8::from(accept))
        .collect();
    let first = std::iter::once((0x80, automaton.class(0x80)));
    let rest = automaton
        .ranges
        .iter()
        .copied()
        .filter(|(first, _)| *first > 0x80);
    let wide = first.chain(rest).map(|(scalar, class)| {
        let scalar = Literal::u32_unsuffixed(scalar);
        let class = Literal::usize_unsuffixed(class);
        quote!((#scalar, #class))
    });
    let shift = Literal::u32_unsuffixed(width.trailing_zeros());
    let classes = literal(&classes, 32);
    let steps = literal(&steps, width);
    let accepts = literal(&accepts, 32);
    Ok(quote! {
        Pattern::Automaton {
            classes: #classes,
            wide: &[#(#wide),*],
            shift: #shift,
            steps: #steps,
            accepts: #accepts,
        }
    })
}

/// A byte string in lines of `width` bytes: as compact as Rust allows, and a diff still shows rows.
fn literal(bytes: &[u8], width: usize) -> Literal {
    let mut text = String::from("b\"");
    for row in bytes.chunks(width) {
        if bytes.len() > width {
            text.push_str("\\\n    ");
        }
        for byte in row {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text.push('"');
    text.parse()
        .expect("escaped bytes between quotes are a byte string")
}
