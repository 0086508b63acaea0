//! A stream's first message: the columns, and which dictionary each of them uses.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_ipc::{
    DateUnit, DictionaryKind, Endianness, Field as IpcField, KeyValue, Precision, Type,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use flatbuffers::{ForwardsUOffset, Vector};

use super::TableError;
use super::error::Quoted;
use super::profile::{self, EXPECTED};

/// The columns of a stream.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) schema: SchemaRef,
    /// For each column the id of its dictionary, if it has one.
    pub(super) dictionaries: Vec<Option<i64>>,
    /// The type of each dictionary's values, by id.
    pub(super) values: BTreeMap<i64, DataType>,
}

impl Columns {
    /// # Errors
    /// Big-endian data, equal column names, a type outside of the profile and of the large and view forms.
    pub(super) fn new(ipc: arrow_ipc::Schema<'_>) -> Result<Self, TableError> {
        if ipc.endianness() != Endianness::Little {
            return Err(
                TableError::new("the numbers in the stream are in another byte order")
                    .expecting("little-endian")
                    .finding("big-endian"),
            );
        }
        let mut columns = Self {
            schema: Arc::new(Schema::empty()),
            dictionaries: Vec::new(),
            values: BTreeMap::new(),
        };
        let Some(fields) = ipc.fields() else {
            return Ok(columns);
        };
        check_names(fields.iter().map(|field| field.name().unwrap_or_default()))?;
        let mut list = Vec::with_capacity(fields.len());
        columns.dictionaries.reserve_exact(fields.len());
        for field in fields {
            list.push(Arc::new(columns.field(field)?));
        }
        let metadata = metadata(ipc.custom_metadata())?;
        columns.schema = Arc::new(Schema::new_with_metadata(list, metadata));
        Ok(columns)
    }

    fn field(&mut self, ipc: IpcField<'_>) -> Result<Field, TableError> {
        let name = ipc.name().unwrap_or_default();
        let outside = |found: String| {
            TableError::new(format!(
                "column {} has a type outside of the profile",
                Quoted(name)
            ))
            .expecting(EXPECTED)
            .finding(found)
        };
        let plain = plain_type(ipc).map_err(&outside)?;
        let Some(dictionary) = ipc.dictionary() else {
            self.dictionaries.push(None);
            return Ok(Field::new(name, plain, ipc.nullable())
                .with_metadata(metadata(ipc.custom_metadata())?));
        };
        let index = match dictionary.indexType() {
            Some(int) => int_type(int.bitWidth(), int.is_signed()).map_err(&outside)?,
            None => DataType::Int32,
        };
        let ordered = dictionary.isOrdered();
        if !profile::is_index(&index) || !profile::is_text(&plain) {
            return Err(outside(profile::dictionary_name(&index, &plain, ordered)));
        }
        if dictionary.dictionaryKind() != DictionaryKind::DenseArray {
            return Err(outside(format!(
                "a dictionary of kind {}",
                dictionary.dictionaryKind().0
            )));
        }
        let id = dictionary.id();
        let known = self.values.entry(id).or_insert_with(|| plain.clone());
        if *known != plain {
            return Err(TableError::new(format!(
                "dictionary {id} is used by columns of different types"
            ))
            .expecting(profile::type_name(known))
            .finding(profile::type_name(&plain)));
        }
        self.dictionaries.push(Some(id));
        let data_type = DataType::Dictionary(Box::new(index), Box::new(plain));
        Ok(Field::new(name, data_type, ipc.nullable())
            .with_dict_is_ordered(ordered)
            .with_metadata(metadata(ipc.custom_metadata())?))
    }
}

/// # Errors
/// Two names are equal.
pub(super) fn check_names<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), TableError> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(()),
        Some(pair) => Err(
            TableError::new("two columns of the table have the same name").finding(Quoted(pair[0])),
        ),
    }
}

/// The type of a column, or of its dictionary's values; for one that is not read, its name.
fn plain_type(field: IpcField<'_>) -> Result<DataType, String> {
    let data_type = match field.type_type() {
        Type::Bool => Some(DataType::Boolean),
        Type::Int => match field.type_as_int() {
            Some(int) => Some(int_type(int.bitWidth(), int.is_signed())?),
            None => None,
        },
        Type::FloatingPoint => match field
            .type_as_floating_point()
            .map(|float| float.precision())
        {
            Some(Precision::SINGLE) => Some(DataType::Float32),
            Some(Precision::DOUBLE) => Some(DataType::Float64),
            Some(Precision::HALF) => return Err("halffloat".to_owned()),
            _ => None,
        },
        Type::Utf8 => Some(DataType::Utf8),
        Type::LargeUtf8 => Some(DataType::LargeUtf8),
        Type::Utf8View => Some(DataType::Utf8View),
        Type::Binary => Some(DataType::Binary),
        Type::LargeBinary => Some(DataType::LargeBinary),
        Type::BinaryView => Some(DataType::BinaryView),
        Type::Date => match field.type_as_date().map(|date| date.unit()) {
            Some(DateUnit::DAY) => Some(DataType::Date32),
            Some(DateUnit::MILLISECOND) => return Err("date64[ms]".to_owned()),
            _ => None,
        },
        Type::Timestamp => field.type_as_timestamp().and_then(|timestamp| {
            let unit = time_unit(timestamp.unit())?;
            // pyarrow reads an empty zone as none too.
            let zone = timestamp.timezone().filter(|zone| !zone.is_empty());
            Some(DataType::Timestamp(unit, zone.map(Arc::from)))
        }),
        _ => None,
    };
    match data_type {
        Some(_)
            if field
                .children()
                .is_some_and(|children| !children.is_empty()) =>
        {
            Err(format!(
                "{} with child columns",
                outside_name(field.type_type())
            ))
        }
        Some(data_type) => Ok(data_type),
        None => Err(outside_name(field.type_type())),
    }
}

fn int_type(bits: i32, signed: bool) -> Result<DataType, String> {
    Ok(match (bits, signed) {
        (8, true) => DataType::Int8,
        (16, true) => DataType::Int16,
        (32, true) => DataType::Int32,
        (64, true) => DataType::Int64,
        (8, false) => DataType::UInt8,
        (16, false) => DataType::UInt16,
        (32, false) => DataType::UInt32,
        (64, false) => DataType::UInt64,
        (bits, signed) => {
            return Err(format!("{}int{bits}", if signed { "" } else { "u" }));
        }
    })
}

fn time_unit(unit: arrow_ipc::TimeUnit) -> Option<TimeUnit> {
    Some(match unit {
        arrow_ipc::TimeUnit::SECOND => TimeUnit::Second,
        arrow_ipc::TimeUnit::MILLISECOND => TimeUnit::Millisecond,
        arrow_ipc::TimeUnit::MICROSECOND => TimeUnit::Microsecond,
        arrow_ipc::TimeUnit::NANOSECOND => TimeUnit::Nanosecond,
        _ => return None,
    })
}

/// The name of a type that is not read. Its parameters (a list's items, a decimal's digits) do not matter here.
fn outside_name(tag: Type) -> String {
    match tag {
        Type::Null => "null".to_owned(),
        Type::Struct_ => "struct".to_owned(),
        Type::FixedSizeBinary => "fixed_size_binary".to_owned(),
        Type::FixedSizeList => "fixed_size_list".to_owned(),
        Type::LargeList => "large_list".to_owned(),
        Type::ListView => "list_view".to_owned(),
        Type::LargeListView => "large_list_view".to_owned(),
        Type::RunEndEncoded => "run_end_encoded".to_owned(),
        tag => match tag.variant_name() {
            Some(name) => name.to_lowercase(),
            None => format!("type {}", tag.0),
        },
    }
}

/// # Errors
/// A pair without a name or a value.
pub(super) fn metadata(
    pairs: Option<Vector<'_, ForwardsUOffset<KeyValue<'_>>>>,
) -> Result<HashMap<String, String>, TableError> {
    let both = |pair: KeyValue<'_>| match (pair.key(), pair.value()) {
        (Some(key), Some(value)) => Ok((key.to_owned(), value.to_owned())),
        _ => Err(TableError::new(
            "the table's own metadata has a name without a value, or a value without a name",
        )
        .expecting("pairs of both")),
    };
    pairs.into_iter().flatten().map(both).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_are_found_wherever_they_stand() {
        assert_eq!(check_names(["b", "a", ""].into_iter()), Ok(()));
        let error = check_names(["a", "b", "a"].into_iter()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "two columns of the table have the same name: found \"a\""
        );
    }
}
