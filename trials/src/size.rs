//! Numbers of bytes as arguments.

/// Reads `500`, `10KB`, `0.5MB`; a kilobyte is 1,000 bytes, as in the protocol's limits.
pub(crate) fn parse(text: &str) -> Result<usize, String> {
    let unit = text.find(|character: char| character.is_ascii_alphabetic());
    let (number, unit) = text.split_at(unit.unwrap_or(text.len()));
    let factor = match unit.to_ascii_uppercase().as_str() {
        "" | "B" => 1.0,
        "KB" => 1e3,
        "MB" => 1e6,
        _ => return Err(format!("{unit:?} is none of B, KB and MB")),
    };
    let number: f64 = number
        .trim()
        .parse()
        .map_err(|_| format!("{number:?} is no number"))?;
    let bytes = number * factor;
    match (0.0..=1e9).contains(&bytes) {
        true => Ok(bytes.round() as usize),
        false => Err("expected 0 to 1000MB".to_owned()),
    }
}

/// The same the other way round, for people.
pub(crate) fn show(bytes: usize) -> String {
    match bytes {
        1_000_000.. => format!("{} MB", bytes as f64 / 1e6),
        1_000.. => format!("{} KB", bytes as f64 / 1e3),
        _ => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_decimal() {
        assert_eq!(parse("100"), Ok(100));
        assert_eq!(parse("10KB"), Ok(10_000));
        assert_eq!(parse("0.5 MB"), Ok(500_000));
        for wrong in ["", "KB", "-1", "1GB", "2000MB", "nan", "NaN"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(show(500_000), "500 KB");
        assert_eq!(show(100), "100 B");
    }
}
