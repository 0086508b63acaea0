//! Which rules of the specification have cases.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Case;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::strict;

/// How one rule is covered.
#[derive(Clone, Debug)]
pub(crate) struct Coverage {
    /// `W1.3`.
    pub(crate) rule: String,
    /// Its heading.
    pub(crate) title: String,
    pub(crate) cases: usize,
    /// What else covers it, where no case can.
    pub(crate) instead: Option<String>,
}

/// A rule that no case can test, from `rules.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Instead {
    rule: String,
    /// The test or check that covers it: paths from the root of the repository.
    #[serde(alias = "tests")]
    paths: Vec<String>,
    reason: String,
}

/// Every rule of the specification, in its order; and what is wrong: a rule without a case, a case without a rule.
pub(crate) fn coverage(
    repository: &Repository,
    cases: &[Case],
) -> Result<(Vec<Coverage>, Vec<String>), Failure> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases {
        *counts.entry(&case.rule).or_default() += 1;
    }
    let mut problems = Vec::new();
    let instead = instead(repository, &mut problems)?;
    let text = repository.read(&repository.specification())?;
    let mut all = Vec::new();
    for (rule, title) in rules(&text) {
        let cases = counts.remove(rule.as_str()).unwrap_or(0);
        let other = instead.iter().find(|other| other.rule == rule);
        if cases == 0 && other.is_none() {
            problems.push(format!("rule {rule} ({title}) has no case"));
        }
        if cases > 0 && other.is_some() {
            problems.push(format!(
                "rule {rule} has cases; rules.json need not excuse it"
            ));
        }
        all.push(Coverage {
            instead: other.map(|other| format!("{}: {}", other.paths.join(", "), other.reason)),
            rule,
            title,
            cases,
        });
    }
    for rule in counts.keys() {
        // Cases of a whole section are as good as those of one of its rules.
        if !all
            .iter()
            .any(|known| known.rule.starts_with(&format!("{rule}.")))
        {
            problems.push(format!(
                "there are cases of rule {rule}, which the specification does not have"
            ));
        }
    }
    Ok((all, problems))
}

/// The numbered headings; a section without any inside is a rule itself.
fn rules(specification: &str) -> Vec<(String, String)> {
    let headings = specification.lines().filter_map(|line| {
        let heading = line
            .strip_prefix("## ")
            .or_else(|| line.strip_prefix("### "))?;
        let (rule, title) = heading.split_once(' ')?;
        let number = rule.strip_prefix('W')?;
        let is_number =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        number
            .split('.')
            .all(is_number)
            .then(|| (rule.to_owned(), title.replace('`', "")))
    });
    let all: Vec<(String, String)> = headings.collect();
    let is_whole = |rule: &str| {
        rule.contains('.')
            || !all
                .iter()
                .any(|(other, _)| other.starts_with(&format!("{rule}.")))
    };
    let whole = all.iter().filter(|(rule, _)| is_whole(rule));
    whole.cloned().collect()
}

fn instead(repository: &Repository, problems: &mut Vec<String>) -> Result<Vec<Instead>, Failure> {
    let path = repository.cases().join("rules.json");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let short = repository.short(&path);
    let broken = |error: String| Failure::Broken(format!("{short}: {error}"));
    let value = strict::read(&repository.read(&path)?).map_err(broken)?;
    let all: Vec<Instead> = strict::typed(value).map_err(broken)?;
    for other in &all {
        for path in &other.paths {
            if !repository.root().join(path).exists() {
                problems.push(format!(
                    "{short}: {path}, which covers {}, is not there",
                    other.rule
                ));
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_with_numbers_are_rules() {
        let text =
            "# W\n## What\n## W1 All\n### W1.1 `a` b\n### W1.12 c\n#### Other\n## W4 Alone\n";
        let found = rules(text);
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(rule, title)| (&rule[..], &title[..]))
            .collect();
        assert_eq!(found, [("W1.1", "a b"), ("W1.12", "c"), ("W4", "Alone")]);
    }
}
