//! What a trial has found: figures, and whether they are as they should be.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::spread::Spread;

/// The figures of one trial, in the order in which they are printed.
#[derive(Debug)]
pub(crate) struct Report {
    title: &'static str,
    figures: Vec<Figure>,
    /// What is wrong, or what has to be known to read the figures.
    remarks: Vec<String>,
}

/// One number.
#[derive(Debug)]
struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    /// The smallest and the largest of the measurements that it is the median of.
    ends: Option<(f64, f64)>,
    target: Option<Target>,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// Less than or the same.
    AtMost(f64),
    /// More than or the same.
    AtLeast(f64),
    /// The same; for counts.
    Exactly(f64),
}

impl Target {
    fn is_met(self, value: f64) -> bool {
        match self {
            Target::AtMost(limit) => value <= limit,
            Target::AtLeast(limit) => value >= limit,
            Target::Exactly(wanted) => value == wanted,
        }
    }
}

impl Report {
    /// An empty report that knows how busy the machine is.
    pub(crate) fn new(title: &'static str) -> Self {
        let mut report = Report {
            title,
            figures: Vec::new(),
            remarks: Vec::new(),
        };
        report.note_load("at the start");
        report
    }

    /// A figure for which there is no target.
    pub(crate) fn add(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.figures.push(Figure {
            name: name.into(),
            value,
            unit,
            ends: None,
            target: None,
        });
    }

    /// A figure that should be so.
    pub(crate) fn hold(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        target: Target,
    ) {
        self.add(name, value, unit);
        if let Some(figure) = self.figures.last_mut() {
            figure.target = Some(target);
        }
    }

    /// The median of several measurements, with the smallest and the largest.
    pub(crate) fn add_spread(
        &mut self,
        name: impl Into<String>,
        spread: &Spread,
        unit: &'static str,
    ) {
        self.add(name, spread.median(), unit);
        if let Some(figure) = self.figures.last_mut() {
            figure.ends = Some(spread.ends());
        }
    }

    pub(crate) fn remark(&mut self, remark: impl Into<String>) {
        self.remarks.push(remark.into());
    }

    /// Prints all as a table, or as JSON.
    ///
    /// # Errors
    ///
    /// As [`Report::verdict`].
    pub(crate) fn finish(mut self, as_json: bool) -> Result<(), Failure> {
        self.note_load("at the end");
        let mut out = io::stdout().lock();
        match as_json {
            true => writeln!(out, "{:#}", self.to_json())?,
            false => self.write_table(&mut out)?,
        }
        self.verdict()
    }

    /// # Errors
    ///
    /// [`Failure::Missed`] with the figures that are not as they should be.
    pub(crate) fn verdict(&self) -> Result<(), Failure> {
        let missed: Vec<&str> = self
            .figures
            .iter()
            .filter(|figure| figure.is_met() == Some(false))
            .map(|figure| figure.name.as_str())
            .collect();
        match missed.is_empty() {
            true => Ok(()),
            false => Err(Failure::Missed(format!("missed: {}", missed.join("; ")))),
        }
    }

    fn note_load(&mut self, when: &str) {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        // Only Linux tells it so.
        if let Ok(text) = std::fs::read_to_string("/proc/loadavg") {
            let loads: Vec<&str> = text.split(' ').take(2).collect();
            self.remark(format!(
                "{when}, the machine's load is {} (1 min, 5 min) on {cores} cores",
                loads.join(", ")
            ));
        }
    }

    fn to_json(&self) -> Value {
        let figures: Vec<Value> = self.figures.iter().map(Figure::to_json).collect();
        let met = self
            .figures
            .iter()
            .all(|figure| figure.is_met() != Some(false));
        json!({"trial": self.title, "met": met, "figures": figures, "remarks": self.remarks})
    }

    fn write_table(&self, out: &mut impl Write) -> io::Result<()> {
        let names = self.figures.iter().map(|figure| figure.name.len());
        let width = names.max().unwrap_or_default();
        writeln!(out, "{}", self.title)?;
        for figure in &self.figures {
            let Figure {
                name, value, unit, ..
            } = figure;
            write!(out, "  {name:width$}  {:>12} {unit:<10}", show(*value))?;
            if let Some((least, most)) = figure.ends {
                write!(out, "  {} to {}", show(least), show(most))?;
            }
            match (figure.target, figure.is_met()) {
                (Some(target), Some(true)) => write!(out, "  {} ok", target.show())?,
                (Some(target), _) => write!(out, "  {} MISSED", target.show())?,
                (None, _) => {}
            }
            writeln!(out)?;
        }
        for remark in &self.remarks {
            writeln!(out, "  {remark}")?;
        }
        Ok(())
    }
}

impl Figure {
    fn is_met(&self) -> Option<bool> {
        self.target.map(|target| target.is_met(self.value))
    }

    fn to_json(&self) -> Value {
        let mut figure = json!({"name": self.name, "value": self.value, "unit": self.unit});
        if let Some((least, most)) = self.ends {
            figure["least"] = json!(least);
            figure["most"] = json!(most);
        }
        if let Some(target) = self.target {
            let (name, value) = target.parts();
            figure["target"] = json!({name: value});
            figure["met"] = json!(self.is_met());
        }
        figure
    }
}

impl Target {
    fn parts(self) -> (&'static str, f64) {
        match self {
            Target::AtMost(value) => ("at_most", value),
            Target::AtLeast(value) => ("at_least", value),
            Target::Exactly(value) => ("exactly", value),
        }
    }

    fn show(self) -> String {
        let (name, value) = self.parts();
        format!("{} {}", name.replace('_', " "), show(value))
    }
}

/// Three significant digits below a thousand, whole numbers above.
fn show(value: f64) -> String {
    let digits = match value.abs() {
        _ if value.fract() == 0.0 => 0,
        1e3.. => 0,
        100.0.. => 1,
        1.0.. => 2,
        _ => 4,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_target_is_a_failure_and_shows() {
        let mut report = Report::new("a trial");
        report.add("without a target", 1.5, "ms");
        report.hold("small", 1.0, "", Target::AtMost(1.0));
        report.hold("large", 2.0, "", Target::AtLeast(3.0));
        let json = report.to_json();
        assert_eq!(json["met"], false);
        assert_eq!(json["figures"][2]["target"], json!({"at_least": 3.0}));
        let mut table = Vec::new();
        report.write_table(&mut table).expect("memory");
        let table = String::from_utf8(table).expect("UTF-8");
        assert!(table.contains("at most 1 ok") && table.contains("at least 3 MISSED"));
        let failure = report.verdict().expect_err("a missed target");
        assert_eq!(failure.to_string(), "missed: large");
    }
}
