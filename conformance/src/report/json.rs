//! The report as JSON, and back.

use super::{FORMAT, Report};
use crate::failure::Failure;

/// The report's JSON.
pub(crate) fn write(report: &Report) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(report);
    text.map(|text| text + "\n")
        .map_err(|error| Failure::Broken(error.to_string()))
}

/// A report from its JSON.
pub(crate) fn read(text: &str) -> Result<Report, Failure> {
    let report: Report = serde_json::from_str(text)
        .map_err(|error| Failure::Usage(format!("this is no result of a run: {error}")))?;
    if report.format != FORMAT {
        let format = report.format;
        return Err(Failure::Usage(format!(
            "this result has format {format}; this runner reads format {FORMAT}"
        )));
    }
    Ok(report)
}

/// The report's JSON Schema.
pub fn schema() -> serde_json::Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12();
    let mut schema = settings.into_generator().into_root_schema_for::<Report>();
    schema.insert(
        "$id".to_owned(),
        "https://natsbridge.invalid/conformance/report.schema.json".into(),
    );
    schema.to_value()
}
