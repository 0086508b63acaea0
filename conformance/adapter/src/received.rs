//! What the library handed out, as the runner reads it.

use std::path::PathBuf;
use std::time::Duration;

use natsbridge::wire::Payload;
use natsbridge::{Received, ReceivedPayload, Value, now};
use natsbridge_cli::tagged::Tagged;
use natsbridge_conformance::protocol::{self, Decoded, Outcome, Refused};
use serde_json::{Map, Value as Json, json};

/// A message as it was read.
pub(crate) fn decoded(received: &Received, asked: Vec<String>) -> Decoded {
    let written = serde_json::to_string(&received.envelope).expect("an envelope is JSON");
    let mut envelope: Map<String, Json> = serde_json::from_str(&written).expect("an object");
    envelope.shift_remove("payloads");
    let metadata = received.envelope.metadata.clone();
    envelope.insert(
        "metadata".to_owned(),
        json!(tagged(&Value::Json(metadata.into()))),
    );
    let payloads = received.payloads.iter().map(payload).collect();
    Decoded {
        envelope,
        payloads,
        written: Some(written),
        asked,
    }
}

/// The file that a payload of bytes is received into.
pub(crate) fn file(folder: &str, index: usize, payload: &Payload) -> Option<PathBuf> {
    let is_bytes = matches!(
        payload.payload_type.as_str(),
        "image" | "audio" | "video" | "binary"
    );
    is_bytes.then(|| PathBuf::from(folder).join(index.to_string()))
}

/// No message came.
pub(crate) fn nothing(patience: Duration) -> Outcome {
    let report = json!({
        "correlation_id": "",
        "msg_id": "",
        "timestamp": now().as_str(),
        "send_to": "",
        "error": {
            "code": "NATS_CONNECTION_FAILED",
            "message": format!("no message came within {} ms", patience.as_millis()),
            "details": {"phase": "deliver"},
        },
    });
    let report = report.as_object().cloned().unwrap_or_default();
    Outcome::Error(Refused {
        report,
        asked: Vec::new(),
    })
}

fn payload(payload: &ReceivedPayload) -> protocol::ReceivedPayload {
    let value = match &payload.data {
        Value::File(path) => tagged(&Value::Bytes(
            std::fs::read(path).expect("the received file").into(),
        )),
        value => tagged(value),
    };
    protocol::ReceivedPayload {
        dataname: payload.dataname.clone(),
        payload_type: payload.payload_type.to_string(),
        transport: payload.transport.to_string(),
        size: payload.size,
        value,
        metadata: tagged(&Value::Json(payload.metadata.clone().into())),
    }
}

fn tagged(value: &Value) -> protocol::Tagged {
    let json = serde_json::to_value(Tagged(value)).expect("a tagged value is JSON");
    serde_json::from_value(json).expect("a tagged value of the protocol's")
}
