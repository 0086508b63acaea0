//! Two tables.
//!
//! Compared are the columns' order, names, types, whether they allow nulls, and every value. Not compared are batches, metadata of
//! the schema and of fields, whether a dictionary's values are ordered by chance, and the stream's bytes (W3.6).

use serde_json::Value;

use super::number::{same_double, same_single};
use super::{Difference, Leniency};
use crate::protocol::Column;

/// The first difference between two tables: rows and columns.
pub(super) fn table(
    place: &str,
    expected: (u64, &[Column]),
    found: (u64, &[Column]),
) -> Result<(), Difference> {
    let heads = |columns: &[Column]| {
        let heads = columns.iter().map(|column| {
            let null = if column.nullable { "" } else { " not null" };
            format!("{}: {}{null}", column.name, column.ty)
        });
        heads.collect::<Vec<_>>().join(", ")
    };
    let (theirs, ours) = (heads(expected.1), heads(found.1));
    if theirs != ours {
        return Err(Difference::new(format!("{place}.columns"), theirs, ours));
    }
    if expected.0 != found.0 {
        return Err(Difference::new(
            format!("{place}.rows"),
            expected.0,
            found.0,
        ));
    }
    for (a, b) in expected.1.iter().zip(found.1) {
        let place = format!("{place}.columns[{:?}]", a.name);
        if a.values.len() != b.values.len() {
            let count = |values: usize| format!("{values} values");
            return Err(Difference::new(
                place,
                count(a.values.len()),
                count(b.values.len()),
            ));
        }
        for (row, (expected, found)) in a.values.iter().zip(&b.values).enumerate() {
            if !same_cell(&a.ty, expected, found) {
                return Err(Difference::new(format!("{place}[{row}]"), expected, found));
            }
        }
    }
    Ok(())
}

fn same_cell(ty: &str, expected: &Value, found: &Value) -> bool {
    let exact = Leniency::default();
    match (expected, found) {
        (Value::String(a), Value::String(b)) => match ty {
            "double" => same_double(a, b, exact),
            "float" | "halffloat" => same_single(a, b),
            _ => a == b,
        },
        _ => expected == found,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn columns(value: Value) -> Vec<Column> {
        serde_json::from_value(value).expect("columns")
    }

    fn compare(a: Value, b: Value) -> String {
        let (a, b) = (columns(a), columns(b));
        match table("t", (1, &a), (1, &b)) {
            Ok(()) => String::new(),
            Err(difference) => difference.to_string(),
        }
    }

    fn one(ty: &str, nullable: bool, value: Value) -> Value {
        json!([{"name": "c", "type": ty, "nullable": nullable, "values": [value]}])
    }

    #[test]
    fn types_names_nulls_and_values_count() {
        let int = one("int64", true, json!("1"));
        assert_eq!(compare(int.clone(), int.clone()), "");
        assert_eq!(
            compare(int.clone(), one("int32", true, json!("1"))),
            "t.columns: expected c: int64, found c: int32"
        );
        assert_eq!(
            compare(int.clone(), one("int64", false, json!("1"))),
            "t.columns: expected c: int64, found c: int64 not null"
        );
        assert_eq!(
            compare(int.clone(), one("int64", true, Value::Null)),
            r#"t.columns["c"][0]: expected "1", found null"#
        );
        assert_ne!(compare(int, json!([])), "");
    }

    #[test]
    fn floats_are_read_at_their_width() {
        assert_eq!(
            compare(
                one("double", true, json!("1e5")),
                one("double", true, json!("100000.0"))
            ),
            ""
        );
        assert_eq!(
            compare(
                one("float", true, json!("0.1")),
                one("float", true, json!("0.1"))
            ),
            ""
        );
        assert_ne!(
            compare(
                one("double", true, json!("0.0")),
                one("double", true, json!("-0.0"))
            ),
            ""
        );
        assert_ne!(
            compare(
                one("string", true, json!("1e5")),
                one("string", true, json!("100000.0"))
            ),
            ""
        );
    }
}
