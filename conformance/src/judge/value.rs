//! Two tagged values.

use super::number::{same_double, same_number};
use super::{Difference, Leniency, table};
use crate::protocol::Tagged;

/// The first difference between two values.
pub(super) fn value(
    place: &str,
    expected: &Tagged,
    found: &Tagged,
    leniency: Leniency,
) -> Result<(), Difference> {
    let differ = || Err(Difference::new(place, show(expected), show(found)));
    match (expected, found) {
        (Tagged::Null, Tagged::Null) => Ok(()),
        (Tagged::Bool { value: a }, Tagged::Bool { value: b }) if a == b => Ok(()),
        (Tagged::Int { value: a }, Tagged::Int { value: b }) if a == b => Ok(()),
        (Tagged::Float { value: a }, Tagged::Float { value: b }) if same_double(a, b, leniency) => {
            Ok(())
        }
        (Tagged::Int { value: int }, Tagged::Float { value: float })
        | (Tagged::Float { value: float }, Tagged::Int { value: int })
            if leniency.one_number_type && same_number(int, float, leniency) =>
        {
            Ok(())
        }
        (Tagged::String { value: a }, Tagged::String { value: b }) => {
            if a == b {
                return Ok(());
            }
            let (a, b) = around(a, b);
            Err(Difference::new(place, a, b))
        }
        (Tagged::Array { value: a }, Tagged::Array { value: b }) => {
            if a.len() != b.len() {
                let elements = |count: usize| format!("{count} elements");
                return Err(Difference::new(place, elements(a.len()), elements(b.len())));
            }
            let mut pairs = a.iter().zip(b).enumerate();
            pairs
                .try_for_each(|(index, (a, b))| value(&format!("{place}[{index}]"), a, b, leniency))
        }
        (Tagged::Object { value: a }, Tagged::Object { value: b }) => {
            members(place, a, b, leniency)
        }
        (
            Tagged::Bytes {
                size: size_a,
                sha256: digest_a,
                base64: a,
            },
            Tagged::Bytes {
                size: size_b,
                sha256: digest_b,
                base64: b,
            },
        ) => {
            let same_bytes = match (a, b) {
                (Some(a), Some(b)) => a == b,
                _ => true,
            };
            if size_a == size_b && digest_a == digest_b && same_bytes {
                Ok(())
            } else {
                differ()
            }
        }
        (
            Tagged::Table {
                rows: rows_a,
                columns: a,
            },
            Tagged::Table {
                rows: rows_b,
                columns: b,
            },
        ) => table::table(place, (*rows_a, a), (*rows_b, b)),
        _ => differ(),
    }
}

/// A value in few words.
pub(crate) fn show(value: &Tagged) -> String {
    match value {
        Tagged::Null => "null".to_owned(),
        Tagged::Bool { value } => value.to_string(),
        Tagged::Int { value } => format!("the integer {value}"),
        Tagged::Float { value } => format!("the float {value}"),
        Tagged::String { value } => format!("the string {value:?}"),
        Tagged::Array { value } => format!("an array of {}", value.len()),
        Tagged::Object { value } => format!("an object with {} members", value.len()),
        Tagged::Bytes {
            size,
            sha256,
            base64,
        } => match base64 {
            Some(base64) => format!("{size} bytes {base64}"),
            None => format!("{size} bytes with SHA-256 {sha256}"),
        },
        Tagged::Table { rows, columns } => {
            format!("a table of {rows} rows and {} columns", columns.len())
        }
    }
}

fn members(
    place: &str,
    expected: &[(String, Tagged)],
    found: &[(String, Tagged)],
    leniency: Leniency,
) -> Result<(), Difference> {
    let names = |members: &[(String, Tagged)]| {
        let mut names: Vec<String> = members.iter().map(|(name, _)| name.clone()).collect();
        if !leniency.ordered {
            names.sort();
        }
        names
    };
    let (theirs, ours) = (names(expected), names(found));
    if theirs != ours {
        let shown = |names: &[String]| format!("members {names:?}");
        return Err(Difference::new(place, shown(&theirs), shown(&ours)));
    }
    for (index, (name, a)) in expected.iter().enumerate() {
        // Names are unique: what came out of a strict reader has no equal ones, and the lists of names are the same.
        let same_place = found.get(index).filter(|(other, _)| other == name);
        let same_name = || found.iter().find(|(other, _)| other == name);
        if let Some((_, b)) = same_place.or_else(same_name) {
            value(&format!("{place}[{name:?}]"), a, b, leniency)?;
        }
    }
    Ok(())
}

/// The parts of two long strings where they begin to differ.
fn around(a: &str, b: &str) -> (String, String) {
    const BEFORE: usize = 20;
    const SHOWN: usize = 100;
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let part = |text: &str| {
        let length = text.chars().count();
        if length <= SHOWN {
            return format!("the string {text:?}");
        }
        let from = same.saturating_sub(BEFORE);
        let part: String = text.chars().skip(from).take(SHOWN).collect();
        format!("a string of {length} characters with ...{part:?}... at {from}")
    };
    (part(a), part(b))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const STRICT: Leniency = Leniency {
        one_number_type: false,
        approximate_floats: false,
        ordered: true,
    };

    fn tagged(value: serde_json::Value) -> Tagged {
        serde_json::from_value(value).expect("a tagged value")
    }

    fn compare(a: serde_json::Value, b: serde_json::Value, leniency: Leniency) -> String {
        match value("value", &tagged(a), &tagged(b), leniency) {
            Ok(()) => String::new(),
            Err(difference) => difference.to_string(),
        }
    }

    #[test]
    fn numbers_have_a_type_unless_one_is_declared() {
        let (int, float) = (
            json!({"type": "int", "value": "1"}),
            json!({"type": "float", "value": "1.0"}),
        );
        let lenient = Leniency {
            one_number_type: true,
            ..STRICT
        };
        assert_eq!(
            compare(int.clone(), float.clone(), STRICT),
            "value: expected the integer 1, found the float 1.0"
        );
        assert_eq!(compare(int.clone(), float.clone(), lenient), "");
        assert_eq!(compare(float, int, lenient), "");
    }

    #[test]
    fn the_order_of_members_counts_where_it_is_declared() {
        let object = |names: [&str; 2]| {
            let members = names.map(|name| json!([name, {"type": "null"}]));
            json!({"type": "object", "value": members})
        };
        let unordered = Leniency {
            ordered: false,
            ..STRICT
        };
        assert_eq!(
            compare(object(["b", "a"]), object(["a", "b"]), STRICT),
            r#"value: expected members ["b", "a"], found members ["a", "b"]"#
        );
        assert_eq!(
            compare(object(["b", "a"]), object(["a", "b"]), unordered),
            ""
        );
        assert_ne!(
            compare(object(["b", "a"]), object(["b", "c"]), unordered),
            ""
        );
    }

    #[test]
    fn the_place_is_told() {
        let deep = |text: &str| {
            json!({"type": "object", "value": [["a b", {"type": "array", "value":
                [{"type": "null"}, {"type": "string", "value": text}]}]]})
        };
        assert_eq!(
            compare(deep("x"), deep("y"), STRICT),
            r#"value["a b"][1]: expected the string "x", found the string "y""#
        );
    }

    #[test]
    fn bytes_are_their_size_digest_and_text() {
        let bytes = |size: u64, digest: &str, base64: Option<&str>| match base64 {
            Some(base64) => {
                json!({"type": "bytes", "size": size, "sha256": digest, "base64": base64})
            }
            None => json!({"type": "bytes", "size": size, "sha256": digest}),
        };
        assert_eq!(
            compare(bytes(1, "a", None), bytes(1, "a", Some("AA==")), STRICT),
            ""
        );
        assert_ne!(
            compare(
                bytes(1, "a", Some("AQ==")),
                bytes(1, "a", Some("AA==")),
                STRICT
            ),
            ""
        );
        assert_ne!(
            compare(bytes(1, "a", None), bytes(2, "a", None), STRICT),
            ""
        );
        assert_ne!(
            compare(bytes(1, "a", None), bytes(1, "b", None), STRICT),
            ""
        );
        assert_ne!(
            compare(json!({"type": "null"}), bytes(1, "b", None), STRICT),
            ""
        );
    }
}
