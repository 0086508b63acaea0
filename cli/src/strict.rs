//! JSON that an argument holds, read as strictly as a message: nothing is lost and nothing is let pass.

use natsbridge::{Decoder, Error, Value};
use serde_json::{Map, Value as Json, json};

/// The members of a JSON object.
///
/// # Errors
///
/// What was expected and what was found.
pub(crate) fn object(text: &str) -> Result<Map<String, Json>, (String, String)> {
    match dictionary(text) {
        Ok(Some(Value::Json(Json::Object(members)))) => Ok(members),
        Ok(_) => Err(("a JSON object".to_owned(), "an array".to_owned())),
        Err(error) => {
            let found = error.found().unwrap_or(error.message());
            Err((
                error.expected().unwrap_or("a JSON object").to_owned(),
                found.to_owned(),
            ))
        }
    }
}

/// What the library's own reader makes of it: the text as the one dictionary of a message, since it reads those alone.
fn dictionary(text: &str) -> Result<Option<Value>, Error> {
    const NIL: &str = "00000000-0000-0000-0000-000000000000";
    let payload = json!({
        "id": NIL, "dataname": "", "payload_type": "dictionary", "transport": "direct", "encoding": "base64",
        "size": text.len(), "data": base64_simd::STANDARD.encode_to_string(text), "metadata": {},
    });
    let message = json!({
        "correlation_id": NIL, "msg_id": NIL, "timestamp": "2026-01-01T00:00:00Z", "send_to": "x", "msg_purpose": "chat",
        "sender_name": "", "sender_id": NIL, "receiver_name": "", "receiver_id": "", "reply_to": "",
        "reply_to_msg_id": "", "broker_url": "", "metadata": {}, "payloads": [payload],
    });
    let received = Decoder::new().decode(message.to_string())?.finish([])?;
    Ok(received
        .payloads
        .into_iter()
        .next()
        .map(|payload| payload.data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost() {
        let text =
            r#"{"z":9007199254740993,"a":{"":[1,1.0,18446744073709551615]},"__proto__":null}"#;
        assert_eq!(
            Json::Object(object(text).expect("an object")).to_string(),
            text
        );
        assert_eq!(object(" {} "), Ok(Map::new()));
    }

    #[test]
    fn nothing_is_let_pass() {
        for wrong in [
            "",
            "1",
            "[]",
            "{",
            "{} {}",
            r#"{"a":1,"a":2}"#,
            r#"{"a":18446744073709551616}"#,
            r#"{"a":NaN}"#,
        ] {
            let (expected, found) = object(wrong).expect_err(wrong);
            assert!(
                !expected.is_empty() && !found.is_empty(),
                "{wrong}: {expected}, {found}"
            );
        }
    }
}
