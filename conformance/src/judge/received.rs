//! A message as it was read.
//!
//! Compared are the members of the envelope that the case names, and of each payload its name, type, transport, size where it is told,
//! value, and metadata where it is told. Not compared are members that a case does not name: new ids, times, links.

use serde_json::Value;

use super::value::value;
use super::{Difference, Leniency};
use crate::case::{ExpectedPayload, Received};
use crate::protocol::{Decoded, ReceivedPayload, Tagged};
use crate::strict;

/// The first difference.
pub(crate) fn received(
    expected: &Received,
    found: &Decoded,
    leniency: Leniency,
) -> Result<(), Difference> {
    for (name, wanted) in &expected.envelope {
        let there = found.envelope.get(name).unwrap_or(&Value::Null);
        member(name, wanted, there, leniency)?;
    }
    if let Some(count) = expected.payload_count
        && count != found.payloads.len()
    {
        return Err(Difference::new("payloads", count, found.payloads.len()));
    }
    let Some(payloads) = &expected.payloads else {
        return Ok(());
    };
    if payloads.len() != found.payloads.len() {
        let count = |payloads: usize| format!("{payloads} payloads");
        let (theirs, ours) = (count(payloads.len()), count(found.payloads.len()));
        return Err(Difference::new("payloads", theirs, ours));
    }
    let mut pairs = payloads.iter().zip(&found.payloads).enumerate();
    pairs.try_for_each(|(index, (wanted, there))| {
        payload(&format!("payloads[{index}]"), wanted, there, leniency)
    })
}

fn payload(
    place: &str,
    expected: &ExpectedPayload,
    found: &ReceivedPayload,
    leniency: Leniency,
) -> Result<(), Difference> {
    let texts = [
        ("dataname", &expected.dataname, &found.dataname),
        ("payload_type", &expected.payload_type, &found.payload_type),
        ("transport", &expected.transport, &found.transport),
    ];
    for (name, wanted, there) in texts {
        if wanted != there {
            let place = format!("{place}.{name}");
            return Err(Difference::new(
                place,
                format!("{wanted:?}"),
                format!("{there:?}"),
            ));
        }
    }
    if let Some(size) = expected.size
        && size != found.size
    {
        return Err(Difference::new(format!("{place}.size"), size, found.size));
    }
    value(
        &format!("{place}.value"),
        &expected.value,
        &found.value,
        leniency,
    )?;
    match &expected.metadata {
        Some(metadata) => value(
            &format!("{place}.metadata"),
            metadata,
            &found.metadata,
            leniency,
        ),
        None => Ok(()),
    }
}

fn member(
    name: &str,
    expected: &Value,
    found: &Value,
    leniency: Leniency,
) -> Result<(), Difference> {
    let place = format!("envelope.{name}");
    if name != "metadata" {
        return if expected == found {
            Ok(())
        } else {
            Err(Difference::new(place, expected, found))
        };
    }
    // An adapter says what it is; a case may also have it as it stands in the message.
    let wanted = strict::typed(expected.clone()).unwrap_or_else(|_| tagged(expected));
    match strict::typed::<Tagged>(found.clone()) {
        Ok(there) => value(&place, &wanted, &there, leniency),
        Err(_) => Err(Difference::new(place, "a tagged value", found)),
    }
}

fn tagged(value: &Value) -> Tagged {
    match value {
        Value::Null => Tagged::Null,
        Value::Bool(value) => Tagged::Bool { value: *value },
        Value::Number(number) if number.is_f64() => Tagged::Float {
            value: number.to_string(),
        },
        Value::Number(number) => Tagged::Int {
            value: number.to_string(),
        },
        Value::String(value) => Tagged::String {
            value: value.clone(),
        },
        Value::Array(elements) => Tagged::Array {
            value: elements.iter().map(tagged).collect(),
        },
        Value::Object(members) => Tagged::Object {
            value: members
                .iter()
                .map(|(name, value)| (name.clone(), tagged(value)))
                .collect(),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compare(expected: Value, found: Value) -> String {
        let expected = serde_json::from_value(expected).expect("what is expected");
        let found = serde_json::from_value(found).expect("what is found");
        let strict = Leniency {
            ordered: true,
            ..Leniency::default()
        };
        match received(&expected, &found, strict) {
            Ok(()) => String::new(),
            Err(difference) => difference.to_string(),
        }
    }

    fn found() -> Value {
        json!({
            "envelope": {"send_to": "a.b", "metadata": {"type": "object", "value": [["n", {"type": "int", "value": "1"}]]}},
            "payloads": [{"dataname": "p", "payload_type": "text", "transport": "direct", "size": 1,
                "value": {"type": "string", "value": "x"}, "metadata": {"type": "object", "value": []}}],
        })
    }

    fn payload(name: &str, to: Value) -> Value {
        let mut payload = json!({"dataname": "p", "payload_type": "text", "transport": "direct", "size": 1,
            "value": {"type": "string", "value": "x"}});
        payload[name] = to;
        json!({"payloads": [payload]})
    }

    #[test]
    fn what_a_case_names_is_compared() {
        assert_eq!(compare(payload("size", json!(1)), found()), "");
        assert_eq!(
            compare(payload("size", json!(2)), found()),
            "payloads[0].size: expected 2, found 1"
        );
        for (name, other) in [
            ("dataname", json!("q")),
            ("payload_type", json!("image")),
            ("transport", json!("link")),
            ("value", json!({"type": "string", "value": "y"})),
            (
                "metadata",
                json!({"type": "object", "value": [["a", {"type": "null"}]]}),
            ),
        ] {
            let difference = compare(payload(name, other), found());
            assert!(
                difference.starts_with(&format!("payloads[0].{name}: ")),
                "{difference}"
            );
        }
        assert_ne!(compare(json!({"payloads": []}), found()), "");
        assert_ne!(compare(json!({"payload_count": 2}), found()), "");
        assert_eq!(
            compare(
                json!({"payload_count": 1, "envelope": {"send_to": "a.b"}}),
                found()
            ),
            ""
        );
        assert_ne!(
            compare(
                json!({"payload_count": 1, "envelope": {"send_to": "a.c"}}),
                found()
            ),
            ""
        );
    }

    #[test]
    fn metadata_of_the_envelope_is_told_in_either_form() {
        let metadata =
            |metadata: Value| json!({"payload_count": 1, "envelope": {"metadata": metadata}});
        assert_eq!(compare(metadata(json!({"n": 1})), found()), "");
        let tagged = json!({"type": "object", "value": [["n", {"type": "int", "value": "1"}]]});
        assert_eq!(compare(metadata(tagged), found()), "");
        assert_ne!(compare(metadata(json!({"n": 1.0})), found()), "");
    }
}
