//! Failures that are known: each needs a reason and a last day.

use std::time::SystemTime;

use serde::Deserialize;
use wildmatch::WildMatch;

use crate::report::Kind;

/// A failure that is expected until a day.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Known {
    /// The cases' id, with `*` and `?`.
    pub(crate) case: String,
    /// The kind of check, such as `decode` or `matrix`.
    pub(crate) kind: Option<String>,
    /// `producer` or `consumer`: the port's part in a check between two ports, where it is a must.
    pub(crate) role: Option<String>,
    /// What is found instead: an error's code, or a part of the failure's text.
    pub(crate) what: Option<String>,
    pub(crate) reason: Option<String>,
    /// The last day on which it may fail: `YYYY-MM-DD`.
    pub(crate) until: Option<toml::value::Datetime>,
}

impl Known {
    /// Whether this is about such a check.
    pub(crate) fn is_about(&self, case: &str, kind: &str) -> bool {
        WildMatch::new(&self.case).matches(case) && self.kind.as_deref() == Some(kind)
    }

    /// The last day as text; empty if there is none.
    pub(crate) fn last_day(&self) -> String {
        let day = self.until.and_then(|until| until.date);
        day.map(|day| day.to_string()).unwrap_or_default()
    }

    /// What is wrong with this entry itself.
    pub(crate) fn fault(&self, today: &str) -> Option<String> {
        let faulty = |what: &str| Some(format!("the known failure of {} {what}", self.case));
        let is_blank =
            |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
        if is_blank(&self.reason) {
            return faulty("has no reason");
        }
        if is_blank(&self.what) {
            return faulty("does not say what is found (what)");
        }
        let kind = Kind::ALL
            .into_iter()
            .find(|kind| self.kind.as_deref() == Some(kind.name()));
        let Some(kind) = kind else {
            let kinds = Kind::ALL.map(Kind::name).join(", ");
            return match &self.kind {
                None => faulty(&format!("has no kind of check (kind: {kinds})")),
                Some(kind) => faulty(&format!("has the kind {kind:?}, which is none of {kinds}")),
            };
        };
        match self.role.as_deref() {
            Some("producer" | "consumer") => {}
            None if !kind.is_between_two() => {}
            _ => return faulty("does not say whether the port is producer or consumer (role)"),
        }
        if self.last_day().is_empty() {
            return faulty("has no last day (until)");
        }
        (*today > *self.last_day()).then(|| {
            format!(
                "the known failure of {} was expected until {}, which is over",
                self.case,
                self.last_day()
            )
        })
    }
}

/// Today in UTC as `YYYY-MM-DD`.
pub(crate) fn today() -> String {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    now.chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(text: &str) -> Known {
        toml::from_str(text).expect("a known failure")
    }

    #[test]
    fn a_known_failure_needs_a_reason_and_a_day_to_come() {
        let fault = |text: &str| known(text).fault("2026-11-22").unwrap_or_default();
        let read = "case='w1*'\nkind='decode'\nwhat='CODE'\n";
        let fault = |text: &str| fault(&format!("{read}{text}"));
        assert_eq!(fault("reason='r'\nuntil=2026-11-22"), "");
        assert!(fault("until=2026-12-31").contains("no reason"));
        assert!(fault("reason=' '\nuntil=2026-12-31").contains("no reason"));
        assert!(fault("reason='r'").contains("no last day"));
        assert!(fault("reason='r'\nuntil=2026-11-21").contains("over"));
    }

    #[test]
    fn it_has_to_be_narrow() {
        let fault = |text: &str| {
            let text = format!("case='w1*'\nreason='r'\nuntil=2026-12-31\n{text}");
            known(&text).fault("2026-11-22").unwrap_or_default()
        };
        assert!(fault("kind='decode'").contains("(what)"));
        assert!(fault("what='CODE'").contains("no kind of check (kind: adapter, decode"));
        assert!(
            fault("what='CODE'\nkind='reading'")
                .contains("\"reading\", which is none of adapter, decode")
        );
        for kind in ["matrix", "live", "delivery"] {
            let two = format!("what='CODE'\nkind='{kind}'\n");
            assert!(fault(&two).contains("(role)"));
            assert!(fault(&format!("{two}role='both'")).contains("(role)"));
            assert_eq!(fault(&format!("{two}role='consumer'")), "");
        }
    }

    #[test]
    fn it_is_about_cases_of_a_pattern_and_a_kind() {
        let entry = known("case='w3.3-*'\nkind='matrix'");
        assert!(entry.is_about("w3.3-int", "matrix"));
        assert!(!entry.is_about("w3.3-int", "decode"));
        assert!(!entry.is_about("w3.2-int", "matrix"));
    }
}
