//! Many measurements of one thing.

use std::time::Duration;

/// The measurements of one thing in one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    pub(crate) fn add(&mut self, value: f64) {
        let place = self.0.partition_point(|other| *other <= value);
        self.0.insert(place, value);
    }

    /// In milliseconds.
    pub(crate) fn add_time(&mut self, time: Duration) {
        self.add(time.as_secs_f64() * 1e3);
    }

    /// What this part of the measurements does not exceed, by the nearest rank; 0 where nothing was measured.
    pub(crate) fn quantile(&self, part: f64) -> f64 {
        let rank = (part * self.0.len() as f64).ceil() as usize;
        let value = self.0.get(rank.saturating_sub(1)).or(self.0.last());
        value.copied().unwrap_or_default()
    }

    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    pub(crate) fn ends(&self) -> (f64, f64) {
        let end = |value: Option<&f64>| value.copied().unwrap_or_default();
        (end(self.0.first()), end(self.0.last()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_measured_values() {
        let mut spread = Spread::default();
        assert_eq!(spread.median(), 0.0);
        for value in [3.0, 1.0, 4.0, 2.0] {
            spread.add(value);
        }
        assert_eq!(spread.median(), 2.0);
        assert_eq!(spread.quantile(0.95), 4.0);
        assert_eq!(spread.quantile(0.0), 1.0);
        assert_eq!(spread.ends(), (1.0, 4.0));
    }
}
