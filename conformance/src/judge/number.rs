//! Numbers as tagged values and cells of tables have them.

use super::Leniency;

/// Whether two texts of doubles are the same double: bit by bit, but all that are no number are one.
pub(super) fn same_double(expected: &str, found: &str, leniency: Leniency) -> bool {
    let (Some(expected), Some(found)) = (double(expected), double(found)) else {
        return false;
    };
    let is_near = || {
        let scale = expected.abs().max(found.abs());
        leniency.approximate_floats && (expected - found).abs() <= 1e-6 * scale
    };
    expected.to_bits() == found.to_bits() || (expected.is_nan() && found.is_nan()) || is_near()
}

/// The same for floats of 32 bits.
pub(super) fn same_single(expected: &str, found: &str) -> bool {
    let single = |text: &str| is_number(text).then(|| text.parse::<f32>().ok()).flatten();
    let (Some(expected), Some(found)) = (single(expected), single(found)) else {
        return false;
    };
    expected.to_bits() == found.to_bits() || (expected.is_nan() && found.is_nan())
}

/// Whether an integer and a double are the same number; -0.0 is no integer.
pub(super) fn same_number(int: &str, float: &str, leniency: Leniency) -> bool {
    let Some(value) = double(float).filter(|value| value.is_finite()) else {
        return false;
    };
    if value.to_bits() == (-0.0_f64).to_bits() {
        return false;
    }
    // All digits of the double, without an exponent.
    format!("{value:.0}") == int && value.fract() == 0.0
        || leniency.approximate_floats && same_double(int, float, leniency)
}

fn double(text: &str) -> Option<f64> {
    is_number(text).then(|| text.parse().ok()).flatten()
}

/// What Rust reads besides, such as `inf` and `nan`, is not what the protocol writes.
fn is_number(text: &str) -> bool {
    matches!(text, "NaN" | "Infinity" | "-Infinity")
        || text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: Leniency = Leniency {
        one_number_type: false,
        approximate_floats: false,
        ordered: true,
    };

    #[test]
    fn doubles_are_compared_by_their_bits() {
        let same = |a: &str, b: &str| same_double(a, b, STRICT);
        assert!(same("0.1", "1e-1") && same("1e300", "1e+300") && same("NaN", "NaN"));
        assert!(same("Infinity", "Infinity") && !same("Infinity", "-Infinity"));
        assert!(!same("0.0", "-0.0") && !same("0.1", "0.10000000000000002"));
        assert!(!same("nan", "nan") && !same("inf", "Infinity") && !same("", ""));
    }

    #[test]
    fn some_floats_are_near_enough() {
        let lenient = Leniency {
            approximate_floats: true,
            ..STRICT
        };
        assert!(same_double("0.1", "0.1000000001", lenient));
        assert!(!same_double("0.1", "0.1001", lenient));
        assert!(same_double("0", "-0.0", lenient));
    }

    #[test]
    fn singles_are_read_as_singles() {
        assert!(same_single("0.1", "0.10000000149011612"));
        assert!(!same_single("0.1", "0.2") && same_single("NaN", "NaN"));
    }

    #[test]
    fn an_integer_can_be_a_double() {
        let same = |int: &str, float: &str| same_number(int, float, STRICT);
        assert!(same("1", "1.0") && same("0", "0.0") && same("-5", "-5e0"));
        assert!(
            same("1000000000000000000000", "1e21")
                && same("9007199254740992", "9007199254740992.0")
        );
        assert!(
            !same("9007199254740993", "9007199254740993.0"),
            "that double is 9007199254740992"
        );
        assert!(!same("0", "-0.0") && !same("1", "1.5") && !same("1", "NaN"));
    }
}
