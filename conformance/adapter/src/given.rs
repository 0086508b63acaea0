//! The runner's values as the library takes them.

use arrow_ipc::reader::StreamReader;
use base64_simd::STANDARD;
use natsbridge::arrow::Table;
use natsbridge::{Part, Value};
use natsbridge_conformance::protocol::{self, Given};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json};

/// A payload to be sent: JSON through the typed functions, which take any serializable value, everything else as a value.
pub(crate) fn part(part: &protocol::Part) -> Part {
    let name = &part.dataname;
    let made = match (part.payload_type.as_str(), &part.value) {
        ("dictionary", value) if is_json(value) => Part::dictionary(name, &Native(value)),
        ("jsontable", Given::Array { value }) => {
            Part::jsontable(name, &value.iter().map(Native).collect::<Vec<_>>())
        }
        (payload_type, value) => Part::new(name, self::value(value), payload_type),
    };
    match &part.metadata {
        Some(metadata) => made.metadata(members(metadata.clone())),
        None => made,
    }
}

/// The members of an object.
pub(crate) fn members(given: Given) -> Map<String, Json> {
    match json(&given) {
        Json::Object(members) => members,
        other => panic!("metadata is an object, not {other}"),
    }
}

fn is_json(given: &Given) -> bool {
    !matches!(
        given,
        Given::Bytes { .. } | Given::Table { .. } | Given::File { .. }
    )
}

fn value(given: &Given) -> Value {
    match given {
        Given::String { value } => value.as_str().into(),
        Given::Bytes { base64 } => bytes(base64).into(),
        Given::Table { stream } => table(&bytes(stream)).into(),
        Given::File { path } => Value::File(path.into()),
        other => json(other).into(),
    }
}

/// As arrow's own reader reads it: what the library thinks of the table is for the library to say.
fn table(stream: &[u8]) -> Table {
    let reader = StreamReader::try_new(stream, None).expect("an Arrow stream");
    let schema = reader.schema();
    let batches = reader.collect::<Result<_, _>>().expect("record batches");
    Table::new(schema, batches).expect("batches of one schema")
}

fn bytes(base64: &str) -> Vec<u8> {
    STANDARD.decode_to_vec(base64).expect("base64")
}

fn json(given: &Given) -> Json {
    serde_json::to_value(Native(given)).expect("a JSON value")
}

/// A value that serializes as what it says that it is.
struct Native<'a>(&'a Given);

impl Serialize for Native<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Given::Null => serializer.serialize_unit(),
            Given::Bool { value } => serializer.serialize_bool(*value),
            Given::Int { value } => match value.parse::<i64>() {
                Ok(value) => serializer.serialize_i64(value),
                Err(_) => match value.parse::<u64>() {
                    Ok(value) => serializer.serialize_u64(value),
                    Err(_) => serializer.serialize_i128(value.parse().expect("an integer")),
                },
            },
            Given::Float { value } => serializer.serialize_f64(value.parse().expect("a float")),
            Given::String { value } => serializer.serialize_str(value),
            Given::Array { value } => serializer.collect_seq(value.iter().map(Native)),
            Given::Object { value } => {
                serializer.collect_map(value.iter().map(|(name, item)| (name, Native(item))))
            }
            other => panic!("{other:?} does not stand in JSON"),
        }
    }
}
