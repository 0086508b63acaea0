//! The portable profile: the types that every implementation reads and writes (wire rule W3.7).

use arrow_schema::{DataType, TimeUnit};

/// What a type outside of the profile is told.
pub(super) const EXPECTED: &str = "a type of the portable profile (bool, int8 to int64, uint8 to uint64, float, double, \
     string, binary, date32, timestamp, or string encoded by a dictionary with indices of int8 to uint32)";

/// A type's name as pyarrow prints it, such as `timestamp[us, tz=UTC]`, for the types that [`read`](super::read()) gives.
/// Others are named as arrow-rs names them.
#[must_use]
pub fn type_name(data_type: &DataType) -> String {
    let name = match data_type {
        DataType::Boolean => "bool",
        DataType::Int8 => "int8",
        DataType::Int16 => "int16",
        DataType::Int32 => "int32",
        DataType::Int64 => "int64",
        DataType::UInt8 => "uint8",
        DataType::UInt16 => "uint16",
        DataType::UInt32 => "uint32",
        DataType::UInt64 => "uint64",
        DataType::Float32 => "float",
        DataType::Float64 => "double",
        DataType::Utf8 => "string",
        DataType::LargeUtf8 => "large_string",
        DataType::Utf8View => "string_view",
        DataType::Binary => "binary",
        DataType::LargeBinary => "large_binary",
        DataType::BinaryView => "binary_view",
        DataType::Date32 => "date32[day]",
        DataType::Timestamp(unit, None) => return format!("timestamp[{}]", unit_name(*unit)),
        DataType::Timestamp(unit, Some(zone)) => {
            return format!("timestamp[{}, tz={zone}]", unit_name(*unit));
        }
        DataType::Dictionary(index, value) => return dictionary_name(index, value, false),
        other => return other.to_string(),
    };
    name.to_owned()
}

/// A dictionary type's name as pyarrow prints it. Whether it is ordered stands in the field, not in the type.
pub(super) fn dictionary_name(index: &DataType, value: &DataType, ordered: bool) -> String {
    format!(
        "dictionary<values={}, indices={}, ordered={}>",
        type_name(value),
        type_name(index),
        u8::from(ordered)
    )
}

/// The type as which a column of `data_type` is written: itself, or the plain form of a large or view form.
/// `None` if the profile has no place for it.
pub(super) fn portable(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64
        | DataType::Float32
        | DataType::Float64
        | DataType::Date32
        | DataType::Timestamp(_, _) => Some(data_type.clone()),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(DataType::Utf8),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Some(DataType::Binary),
        DataType::Dictionary(index, value) if is_index(index) && is_text(value) => Some(
            DataType::Dictionary(index.clone(), Box::new(DataType::Utf8)),
        ),
        _ => None,
    }
}

/// Whether a dictionary's indices may have this type: int8 to uint32.
pub(super) fn is_index(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32
    )
}

/// Whether it is a form of utf8: plain, large or view.
pub(super) fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_pyarrow() {
        let zoned = DataType::Timestamp(TimeUnit::Microsecond, Some("Asia/Tokyo".into()));
        assert_eq!(type_name(&zoned), "timestamp[us, tz=Asia/Tokyo]");
        let text = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
        assert_eq!(
            type_name(&text),
            "dictionary<values=string, indices=int8, ordered=0>"
        );
    }

    #[test]
    fn only_the_profile_is_portable() {
        assert_eq!(portable(&DataType::Utf8View), Some(DataType::Utf8));
        assert_eq!(portable(&DataType::Date64), None);
        let of = |index, value| DataType::Dictionary(Box::new(index), Box::new(value));
        assert_eq!(
            portable(&of(DataType::UInt32, DataType::LargeUtf8)),
            Some(of(DataType::UInt32, DataType::Utf8))
        );
        assert_eq!(portable(&of(DataType::Int64, DataType::Utf8)), None);
        assert_eq!(portable(&of(DataType::Int8, DataType::Int8)), None);
    }
}
