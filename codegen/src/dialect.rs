//! The dialect of regular expressions that every language of this project reads the same way, and
//! their syntax trees.
//!
//! A pattern is `^...$` of literals, classes, groups, alternatives and greedy repetition. What is left
//! out (`.`, `\d`, `\s`, `\w`, `\b`, look-around, flags, lazy repetition, back references, named and
//! non-capturing groups, set operations in classes) either means something else from engine to
//! engine or is missing in one of them.

use regex_syntax::ast::{
    self, AssertionKind, Ast, ClassSet, ClassSetItem, GroupKind, HexLiteralKind, Literal,
    LiteralKind, RepetitionKind, RepetitionRange,
};

/// The most that a repetition may count to, so that automata stay small.
const MAX_COUNT: u32 = 1_000;

/// The last Unicode scalar value.
pub const LAST_SCALAR: u32 = 0x10_FFFF;

/// The syntax tree of the part between `^` and `$`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// Any scalar value within one of these inclusive ranges, sorted and apart.
    Set(Vec<(u32, u32)>),
    /// One after the other; none of them matches the empty text.
    Sequence(Vec<Expr>),
    /// Any one of them.
    Choice(Vec<Expr>),
    /// At least `min` times, at most `max` times; without bound if that is `None`.
    Repeat {
        /// What is repeated.
        inner: Box<Expr>,
        /// The least count.
        min: u32,
        /// The greatest count.
        max: Option<u32>,
    },
}

/// Reads a pattern.
///
/// # Errors
///
/// What in it is not part of the dialect.
pub fn parse(pattern: &str) -> Result<Expr, String> {
    let ast = ast::parse::Parser::new().parse(pattern).map_err(|error| {
        let at = error.span().start.offset;
        format!("{} at byte {at}", error.kind())
    })?;
    let Ast::Concat(whole) = &ast else {
        return Err("must have the form ^...$ as a whole".into());
    };
    match whole.asts.as_slice() {
        [Ast::Assertion(start), inner @ .., Ast::Assertion(end)]
            if start.kind == AssertionKind::StartLine && end.kind == AssertionKind::EndLine =>
        {
            sequence(inner)
        }
        _ => Err("must have the form ^...$ as a whole".into()),
    }
}

fn sequence(asts: &[Ast]) -> Result<Expr, String> {
    asts.iter()
        .map(expr)
        .collect::<Result<_, _>>()
        .map(Expr::Sequence)
}

fn expr(ast: &Ast) -> Result<Expr, String> {
    let at = ast.span().start.offset;
    match ast {
        Ast::Empty(_) => Ok(Expr::Sequence(Vec::new())),
        Ast::Literal(literal) => {
            let scalar = scalar(literal, Place::Outside)?;
            Ok(Expr::Set(vec![(scalar, scalar)]))
        }
        Ast::ClassBracketed(class) => {
            let ClassSet::Item(item) = &class.kind else {
                return Err(format!("a set operation within a class at byte {at}"));
            };
            let mut ranges = Vec::new();
            class_item(item, &mut ranges)?;
            let ranges = merged(ranges);
            Ok(Expr::Set(if class.negated {
                complement(&ranges)
            } else {
                ranges
            }))
        }
        Ast::Repetition(repetition) => {
            if !repetition.greedy {
                return Err(format!("a lazy repetition at byte {at}"));
            }
            let (min, max) = match &repetition.op.kind {
                RepetitionKind::ZeroOrOne => (0, Some(1)),
                RepetitionKind::ZeroOrMore => (0, None),
                RepetitionKind::OneOrMore => (1, None),
                RepetitionKind::Range(RepetitionRange::Exactly(count)) => (*count, Some(*count)),
                RepetitionKind::Range(RepetitionRange::Bounded(min, max)) => (*min, Some(*max)),
                RepetitionKind::Range(RepetitionRange::AtLeast(_)) => {
                    return Err(format!("a repetition without an upper bound at byte {at}"));
                }
            };
            if max.unwrap_or(min) > MAX_COUNT {
                return Err(format!(
                    "a repetition of more than {MAX_COUNT} at byte {at}"
                ));
            }
            let inner = match &*repetition.ast {
                Ast::Repetition(_) => {
                    return Err(format!("a repetition of a repetition at byte {at}"));
                }
                inner => Box::new(expr(inner)?),
            };
            Ok(Expr::Repeat { inner, min, max })
        }
        Ast::Group(group) => match &group.kind {
            GroupKind::CaptureIndex(_) => expr(&group.ast),
            GroupKind::CaptureName { .. } => Err(format!("a named group at byte {at}")),
            GroupKind::NonCapturing(_) => Err(format!("flags, or a group with ?: at byte {at}")),
        },
        Ast::Alternation(alternation) => alternation
            .asts
            .iter()
            .map(expr)
            .collect::<Result<_, _>>()
            .map(Expr::Choice),
        Ast::Concat(concat) => sequence(&concat.asts),
        Ast::Dot(_) => Err(format!("a dot at byte {at}: name the characters instead")),
        Ast::Assertion(_) => Err(format!("an anchor or a boundary at byte {at}")),
        Ast::Flags(_) => Err(format!("flags at byte {at}")),
        Ast::ClassUnicode(_) | Ast::ClassPerl(_) => Err(format!(
            "a named class such as \\d at byte {at}: name the characters instead"
        )),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Outside,
    InClass,
}

fn scalar(literal: &Literal, place: Place) -> Result<u32, String> {
    let at = literal.span.start.offset;
    let allowed = match literal.kind {
        LiteralKind::Verbatim => !matches!(literal.c, '[' | ']' | '{' | '}'),
        LiteralKind::Meta | LiteralKind::Superfluous => match literal.c {
            '-' => place == Place::InClass,
            other => "^$\\.*+?()[]{}|/".contains(other),
        },
        LiteralKind::HexFixed(HexLiteralKind::UnicodeShort) => true,
        _ => false,
    };
    if allowed {
        Ok(u32::from(literal.c))
    } else {
        Err(format!(
            "an unusual way to write {:?} at byte {at}",
            literal.c
        ))
    }
}

fn class_item(item: &ClassSetItem, ranges: &mut Vec<(u32, u32)>) -> Result<(), String> {
    let at = item.span().start.offset;
    match item {
        ClassSetItem::Literal(literal) => {
            let scalar = scalar(literal, Place::InClass)?;
            ranges.push((scalar, scalar));
            Ok(())
        }
        ClassSetItem::Range(range) => {
            ranges.push((
                scalar(&range.start, Place::InClass)?,
                scalar(&range.end, Place::InClass)?,
            ));
            Ok(())
        }
        ClassSetItem::Union(union) => union
            .items
            .iter()
            .try_for_each(|item| class_item(item, ranges)),
        _ => Err(format!("an empty, nested or named class at byte {at}")),
    }
}

fn merged(mut ranges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    ranges.sort_unstable();
    let mut result: Vec<(u32, u32)> = Vec::new();
    for (start, end) in ranges {
        match result.last_mut() {
            Some(last) if start <= last.1.saturating_add(1) => last.1 = last.1.max(end),
            _ => result.push((start, end)),
        }
    }
    result
}

fn complement(ranges: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut result = Vec::new();
    let mut next = 0;
    for &(start, end) in ranges {
        if start > next {
            result.push((next, start - 1));
        }
        next = end + 1;
    }
    if next <= LAST_SCALAR {
        result.push((next, LAST_SCALAR));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_dialect() {
        for pattern in [
            "^$",
            "^a$",
            "^[a-z0-9_.-]{1,63}$",
            "^([^\\u0000-\\u0020]|\\[|\\])*$",
            "^(a|b|)c?d+e*f{2}g{0,3}$",
            "^[!-+\\u002D-~\\-]$",
            "^(\\.[0-9]{1,9})?/\\/$",
        ] {
            assert!(parse(pattern).is_ok(), "{pattern}: {:?}", parse(pattern));
        }
    }

    #[test]
    fn refuses_the_rest_and_says_what() {
        for (pattern, says) in [
            ("abc", "^...$ as a whole"),
            ("^abc", "^...$ as a whole"),
            ("^a$|^b$", "^...$ as a whole"),
            ("^a|b$", "^...$ as a whole"),
            ("^a.c$", "a dot at byte 2"),
            ("^\\d$", "named class such as \\d"),
            ("^\\s$", "named class"),
            ("^\\w$", "named class"),
            ("^\\pL$", "named class"),
            ("^[\\d]$", "nested or named class at byte 2"),
            ("^[[:alpha:]]$", "nested or named class"),
            ("^[a[b]]$", "nested or named class"),
            ("^[a&&b]$", "set operation"),
            ("^\\ba$", "boundary at byte 1"),
            ("^(^a)$", "anchor"),
            ("^a*?$", "lazy repetition"),
            ("^(a*)*?$", "lazy repetition"),
            ("^a{2,}$", "without an upper bound"),
            ("^a{1001}$", "more than 1000"),
            ("^a**$", "repetition of a repetition"),
            ("^(?:a)$", "flags, or a group with ?:"),
            ("^(?i)a$", "flags"),
            ("^(?P<n>a)$", "named group"),
            ("^(?=a)$", "look-around"),
            ("^(a)\\1$", "backreferences"),
            ("^a]$", "unusual way to write ']'"),
            ("^\\x41$", "unusual way to write 'A'"),
            ("^\\n$", "unusual way"),
            ("^\\u{41}$", "unusual way"),
            ("^\\-$", "unusual way to write '-'"),
            ("^\\@$", "unusual way to write '@'"),
            ("^(a$", "unclosed group"),
        ] {
            let error = parse(pattern).expect_err(pattern);
            assert!(error.contains(says), "{pattern}: {error}");
        }
    }

    #[test]
    fn sets_are_merged_and_negated() {
        let set = |pattern: &str| match parse(pattern) {
            Ok(Expr::Sequence(items)) => items,
            other => panic!("{other:?}"),
        };
        assert_eq!(set("^[a-cb-e]$"), [Expr::Set(vec![(0x61, 0x65)])]);
        assert_eq!(
            set("^[^b]$"),
            [Expr::Set(vec![(0, 0x61), (0x63, LAST_SCALAR)])]
        );
    }
}
