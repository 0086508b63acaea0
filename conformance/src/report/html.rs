//! The report as one static page.

use super::Report;

/// The report as HTML.
pub(crate) fn html(report: &Report) -> String {
    let _ = report;
    String::new()
}
