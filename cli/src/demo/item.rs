//! What the demonstration sends.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use natsbridge::{Part, arrow};

use super::no_space;
use crate::failure::Failure;
use crate::part;

const TEXT: &str = "Good morning! Here are the gauges of two days, with a chart. Grüße 😀";
const STATION: &[u8] = include_bytes!("../../../examples/data/station.json");
const TABLE: &[u8] = include_bytes!("../../../examples/data/gauges.csv");
const CHART: &[u8] = include_bytes!("../../../examples/data/gauges.png");
/// Large enough to go by link.
const RECORDING_BYTES: usize = 2_000_000;

/// One thing to send.
pub(super) struct Item {
    pub(super) part: Part,
    /// What has to arrive: its bytes as they are serialized.
    pub(super) bytes: Bytes,
}

/// The five of them; the large one is written to the file `recording`.
pub(super) fn items(recording: &Path) -> Result<Vec<Item>, Failure> {
    let wrong =
        |error: &dyn std::fmt::Display| Failure::Local(format!("the example data: {error}"));
    let table = part::csv_table(TABLE).map_err(|error| wrong(&error))?;
    let stream = arrow::write(&table).map_err(|error| wrong(&error))?;
    let station: serde_json::Value =
        serde_json::from_slice(STATION).map_err(|error| wrong(&error))?;
    let recording_bytes = noise(RECORDING_BYTES);
    fs::write(recording, &recording_bytes).map_err(|error| no_space(&error))?;
    Ok(vec![
        Item {
            part: Part::text("greeting", TEXT),
            bytes: TEXT.into(),
        },
        Item {
            part: Part::dictionary("station", &station),
            bytes: station.to_string().into(),
        },
        Item {
            part: Part::arrowtable("gauges", table),
            bytes: stream.into(),
        },
        Item {
            part: Part::image("chart", CHART),
            bytes: CHART.into(),
        },
        Item {
            part: Part::binary("recording", recording),
            bytes: recording_bytes.into(),
        },
    ])
}

/// Bytes that no compression makes smaller, the same every time (xorshift).
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_data_is_what_the_demo_says() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let items = items(&folder.path().join("recording.bin")).expect("items");
        assert_eq!(items.len(), 5);
        assert!(items[3].bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
        assert_eq!(items[4].bytes.len(), RECORDING_BYTES);
        let table = arrow::read(items[2].bytes.clone()).expect("a table");
        let types: Vec<String> = table
            .schema()
            .fields()
            .iter()
            .map(|field| arrow::type_name(field.data_type()))
            .collect();
        assert_eq!(
            types,
            [
                "timestamp[s]",
                "string",
                "double",
                "int64",
                "double",
                "bool"
            ]
        );
        assert_eq!(table.num_rows(), 144);
    }
}
