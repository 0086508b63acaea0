//! What the generated check stands on: a walk over the JSON tree that finds every violation of the schema.

mod unknown_name;
mod violation;

pub use unknown_name::UnknownName;
pub use violation::Violation;

use crate::generated::{ErrorCode, check_envelope};
use crate::json::{Node, Object};
use crate::pattern::Pattern;

/// How many steps lead to the deepest value that the schema knows; the generated check asserts it.
pub(crate) const MAX_PATH: usize = 8;

/// How many violations of one text are kept.
pub(crate) const MOST: usize = 1_000;

/// Every violation of the schema of an envelope, in schema order. Of more than 1,000 the first 1,000 are given, and the last
/// of them tells how many are left out.
pub(crate) fn violations(envelope: &Node<'_>) -> Vec<Violation> {
    let mut checker = Checker::new();
    check_envelope(&mut checker, envelope);
    checker.finish()
}

/// Where a check stands, and what it found so far. It allocates nothing while all is well.
#[derive(Debug)]
pub(crate) struct Checker {
    path: [Step; MAX_PATH],
    depth: usize,
    condition: &'static str,
    violations: Vec<Violation>,
    omitted: usize,
}

/// The rules of one kind of string. Absent bounds are 0 and `usize::MAX`.
#[derive(Debug)]
pub(crate) struct TextRule {
    pub(crate) min_length: usize,
    pub(crate) max_length: usize,
    pub(crate) max_bytes: usize,
    pub(crate) real_date: bool,
    /// Whether the text may hold credentials, so that no error may quote it (W6.10).
    pub(crate) secret: bool,
    pub(crate) pattern: Option<&'static Pattern>,
    pub(crate) expected: &'static str,
}

/// The bounds of one kind of integer, inclusive.
#[derive(Debug)]
pub(crate) struct IntegerRule {
    pub(crate) minimum: i64,
    pub(crate) maximum: i64,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Member(&'static str),
    Item(usize),
}

impl Checker {
    pub(crate) fn new() -> Self {
        Checker {
            path: [Step::Item(0); MAX_PATH],
            depth: 0,
            condition: "",
            violations: Vec::new(),
            omitted: 0,
        }
    }

    /// What was found, in schema order; if some was left out, the last one says so.
    pub(crate) fn finish(mut self) -> Vec<Violation> {
        if let (1.., Some(last)) = (self.omitted, self.violations.last_mut()) {
            last.found
                .push_str(&format!("; {} more violations are left out", self.omitted));
        }
        self.violations
    }

    pub(crate) fn enter(&mut self, member: &'static str) {
        self.step(Step::Member(member));
    }

    pub(crate) fn enter_item(&mut self, index: usize) {
        self.step(Step::Item(index));
    }

    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// What is found from here on holds under a condition, such as ` where transport is link`.
    pub(crate) fn enter_condition(&mut self, condition: &'static str) {
        self.condition = condition;
    }

    pub(crate) fn leave_condition(&mut self) {
        self.condition = "";
    }

    /// The value where the check stands must be an object.
    pub(crate) fn object<'n, 'a>(
        &mut self,
        node: &'n Node<'a>,
        rule: &'static str,
    ) -> Option<&'n Object<'a>> {
        match node {
            Node::Object(object) => Some(object),
            other => {
                self.report(None, "type", "an object", found(other), rule);
                None
            }
        }
    }

    /// A required member is not there.
    #[cold]
    pub(crate) fn missing(&mut self, member: &'static str, rule: &'static str) {
        self.report(Some(member), "required", "this member", "nothing", rule);
    }

    /// A member must not be there, and is.
    #[cold]
    pub(crate) fn forbidden(&mut self, member: &'static str, node: &Node<'_>, rule: &'static str) {
        self.report(Some(member), "false", "no such member", found(node), rule);
    }

    pub(crate) fn map(&mut self, member: &'static str, node: &Node<'_>, rule: &'static str) {
        if !matches!(node, Node::Object(_)) {
            self.report(Some(member), "type", "an object", found(node), rule);
        }
    }

    pub(crate) fn list<'n, 'a>(
        &mut self,
        member: &'static str,
        node: &'n Node<'a>,
        rule: &'static str,
    ) -> Option<&'n [Node<'a>]> {
        match node {
            Node::Array(items) => Some(items),
            other => {
                self.report(Some(member), "type", "a list", found(other), rule);
                None
            }
        }
    }

    pub(crate) fn any_text(&mut self, member: &'static str, node: &Node<'_>, rule: &'static str) {
        if !matches!(node, Node::String(_) | Node::Base64(_)) {
            self.report(Some(member), "type", "a string", found(node), rule);
        }
    }

    pub(crate) fn text(
        &mut self,
        member: &'static str,
        node: &Node<'_>,
        rules: &'static TextRule,
        rule: &'static str,
    ) {
        match node {
            Node::String(text) if rules.accepts(text) => {}
            other => self.wrong_text(member, other, rules, rule),
        }
    }

    /// `code` is that of a string which is not one of `names`.
    pub(crate) fn one_of(
        &mut self,
        member: &'static str,
        node: &Node<'_>,
        names: &[&str],
        code: ErrorCode,
        rule: &'static str,
    ) {
        match node {
            Node::String(text) if names.contains(&&**text) => {}
            Node::String(_) | Node::Base64(_) => {
                let expected = format!("one of {}", names.join(", "));
                self.report_as(code, Some(member), "enum", expected, found(node), rule);
            }
            // Under a condition, the member's own type was reported already.
            _ if !self.condition.is_empty() => {}
            other => self.report(Some(member), "type", "a string", found(other), rule),
        }
    }

    /// A number without a fraction, however it is written, within the bounds.
    pub(crate) fn integer(
        &mut self,
        member: &'static str,
        node: &Node<'_>,
        rules: &'static IntegerRule,
        rule: &'static str,
    ) {
        let IntegerRule { minimum, maximum } = *rules;
        // The bounds are within 2^53-1 or absent, so that their doubles are exact or harmless.
        let keyword = match *node {
            Node::Int(value) if value < minimum => "minimum",
            Node::Int(value) if value > maximum => "maximum",
            Node::Int(_) => return,
            Node::Uint(_) if maximum < i64::MAX => "maximum",
            Node::Uint(_) => return,
            Node::Float(value) if value.fract() != 0.0 => "type",
            Node::Float(value) if value < minimum as f64 => "minimum",
            Node::Float(value) if value > maximum as f64 => "maximum",
            Node::Float(_) => return,
            _ => "type",
        };
        let expected = format!("an integer from {minimum} to {maximum}");
        self.report(Some(member), keyword, expected, found(node), rule);
    }

    /// Reports every keyword that the string breaks.
    #[cold]
    fn wrong_text(
        &mut self,
        member: &'static str,
        node: &Node<'_>,
        rules: &TextRule,
        rule: &'static str,
    ) {
        let text = match node {
            Node::String(text) => text,
            Node::Base64(_) => {
                // Longer than any rule's minimum or not, base64 is not what a rule of its own asks for.
                return self.report(Some(member), "pattern", rules.expected, found(node), rule);
            }
            other => return self.report(Some(member), "type", rules.expected, found(other), rule),
        };
        let found = if rules.secret {
            format!("a string of {} bytes", text.len())
        } else {
            found(node)
        };
        let mut report =
            |keyword, expected: &str| self.report(Some(member), keyword, expected, &*found, rule);
        if rules.is_short(text) {
            report(
                "minLength",
                &format!("at least {} character(s)", rules.min_length),
            );
        }
        if rules.is_long(text) {
            report(
                "maxLength",
                &format!("at most {} characters", rules.max_length),
            );
        } else if text.len() > rules.max_bytes {
            report(
                violation::MAX_BYTES,
                &format!("at most {} bytes", rules.max_bytes),
            );
        }
        if rules.pattern.is_some_and(|pattern| !pattern.matches(text)) {
            report("pattern", rules.expected);
        } else if rules.real_date && !is_real_date(text) {
            report("format", "a date of the calendar");
        }
    }

    #[cold]
    fn report(
        &mut self,
        member: Option<&'static str>,
        keyword: &'static str,
        expected: impl Into<String>,
        found: impl Into<String>,
        rule: &'static str,
    ) {
        self.report_as(
            ErrorCode::InvalidEnvelope,
            member,
            keyword,
            expected.into(),
            found.into(),
            rule,
        );
    }

    #[cold]
    fn report_as(
        &mut self,
        code: ErrorCode,
        member: Option<&'static str>,
        keyword: &'static str,
        mut expected: String,
        found: String,
        rule: &'static str,
    ) {
        if self.violations.len() >= MOST {
            self.omitted += 1;
            return;
        }
        expected.push_str(self.condition);
        let mut pointer = String::new();
        let steps = self.path.iter().take(self.depth).copied();
        for step in steps.chain(member.map(Step::Member)) {
            // The schema's names are in snake case: nothing in them is escaped in a JSON pointer.
            pointer.push('/');
            match step {
                Step::Member(name) => pointer.push_str(name),
                Step::Item(index) => pointer.push_str(&index.to_string()),
            }
        }
        self.violations.push(Violation {
            pointer,
            keyword,
            code,
            expected,
            found,
            rule,
        });
    }

    fn step(&mut self, step: Step) {
        if let Some(slot) = self.path.get_mut(self.depth) {
            *slot = step;
        }
        self.depth += 1;
    }
}

impl TextRule {
    pub(crate) fn accepts(&self, text: &str) -> bool {
        !self.is_short(text)
            && text.len() <= self.max_bytes
            && !self.is_long(text)
            && self.pattern.is_none_or(|pattern| pattern.matches(text))
            && (!self.real_date || is_real_date(text))
    }

    fn is_short(&self, text: &str) -> bool {
        text.len() < self.min_length
            || (self.min_length > 1 && text.chars().count() < self.min_length)
    }

    fn is_long(&self, text: &str) -> bool {
        text.len() > self.max_length && text.chars().count() > self.max_length
    }
}

/// Whether a member that is a string is one of `names`.
pub(crate) fn is_one_of(node: Option<&Node<'_>>, names: &[&str]) -> bool {
    matches!(node, Some(Node::String(text)) if names.contains(&&**text))
}

/// Whether a text that begins with `YYYY-MM-DD`, all digits, names a date of the Gregorian calendar; the year 0 is one.
pub(crate) fn is_real_date(text: &str) -> bool {
    let [y0, y1, y2, y3, _, m0, m1, _, d0, d1, ..] = *text.as_bytes() else {
        return false;
    };
    let number = |digits: &[u8]| {
        digits.iter().fold(0, |sum, digit| {
            sum * 10 + u32::from(digit.wrapping_sub(b'0'))
        })
    };
    let (year, month, day) = (
        number(&[y0, y1, y2, y3]),
        number(&[m0, m1]),
        number(&[d0, d1]),
    );
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// A value as an error shows it: JSON, long strings cut, long values described.
fn found(node: &Node<'_>) -> String {
    const LONGEST: usize = 72;
    match node {
        Node::Null => "null".into(),
        Node::Bool(value) => value.to_string(),
        Node::Int(value) => value.to_string(),
        Node::Uint(value) => value.to_string(),
        Node::Float(value) => format!("{value:?}"),
        Node::String(text) => match text.char_indices().nth(LONGEST) {
            None => quoted(text),
            Some((end, _)) => format!("{}...", quoted(&text[..end])),
        },
        Node::Base64(bytes) => format!("base64 of {} bytes", bytes.len()),
        Node::Array(items) => format!("a list of {}", items.len()),
        Node::Object(object) => format!("an object of {} members", object.iter().count()),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests;
