//! Arrow messages made by hand, whose claims about themselves are lies: rows, lengths, counts, offsets, dictionaries.
//! Each is refused for that reason, in bounded memory.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{DictionaryArray, Int32Array, RecordBatch, StringArray};
use arrow_ipc::writer::StreamWriter;
use arrow_ipc::{
    Buffer, DictionaryBatchBuilder, Endianness, FieldBuilder, FieldNode, IntBuilder,
    KeyValueBuilder, MessageBuilder, MessageHeader, MetadataVersion, RecordBatchBuilder,
    SchemaBuilder, TensorBuilder, Type,
};
use arrow_schema::{DataType, Field, Schema};
use flatbuffers::{FlatBufferBuilder, UnionWIPOffset, WIPOffset};
use natsbridge::arrow::{Table, read, write};

use super::arrow_hostile::check;

const END: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// One message of a stream.
fn message(
    kind: MessageHeader,
    version: MetadataVersion,
    body: &[u8],
    header: impl FnOnce(&mut FlatBufferBuilder<'_>) -> WIPOffset<UnionWIPOffset>,
) -> Vec<u8> {
    let mut fbb = FlatBufferBuilder::new();
    let header = header(&mut fbb);
    let mut message = MessageBuilder::new(&mut fbb);
    message.add_version(version);
    message.add_header_type(kind);
    message.add_header(header);
    message.add_bodyLength(body.len() as i64);
    let root = message.finish();
    fbb.finish(root, None);
    let mut metadata = fbb.finished_data().to_vec();
    metadata.resize(metadata.len().next_multiple_of(8), 0);
    [
        &END[..4],
        &(metadata.len() as u32).to_le_bytes(),
        &metadata,
        body,
    ]
    .concat()
}

/// What a record batch says of itself.
#[derive(Default)]
struct Claims {
    rows: i64,
    /// Length and null count of each column.
    nodes: Vec<(i64, i64)>,
    /// Offset and length of each buffer.
    buffers: Vec<(i64, i64)>,
    view_buffers: Vec<i64>,
}

impl Claims {
    fn build<'a>(&self, fbb: &mut FlatBufferBuilder<'a>) -> WIPOffset<arrow_ipc::RecordBatch<'a>> {
        let nodes: Vec<_> = self
            .nodes
            .iter()
            .map(|(l, n)| FieldNode::new(*l, *n))
            .collect();
        let buffers: Vec<_> = self
            .buffers
            .iter()
            .map(|(o, l)| Buffer::new(*o, *l))
            .collect();
        let nodes = fbb.create_vector(&nodes);
        let buffers = fbb.create_vector(&buffers);
        let view_buffers = fbb.create_vector(&self.view_buffers);
        let mut batch = RecordBatchBuilder::new(fbb);
        batch.add_length(self.rows);
        batch.add_nodes(nodes);
        batch.add_buffers(buffers);
        batch.add_variadicBufferCounts(view_buffers);
        batch.finish()
    }

    fn batch(&self, body: &[u8]) -> Vec<u8> {
        message(
            MessageHeader::RecordBatch,
            MetadataVersion::V5,
            body,
            |fbb| self.build(fbb).as_union_value(),
        )
    }

    fn dictionary(&self, id: i64, delta: bool, body: &[u8]) -> Vec<u8> {
        message(
            MessageHeader::DictionaryBatch,
            MetadataVersion::V5,
            body,
            |fbb| {
                let data = self.build(fbb);
                let mut dictionary = DictionaryBatchBuilder::new(fbb);
                dictionary.add_id(id);
                dictionary.add_data(data);
                dictionary.add_isDelta(delta);
                dictionary.finish().as_union_value()
            },
        )
    }
}

/// A schema message whose `fields` point to one and the same int32 field `references` times.
fn schema_of_one_field(references: usize, endianness: Endianness, metadata: usize) -> Vec<u8> {
    message(MessageHeader::Schema, MetadataVersion::V5, &[], |fbb| {
        let name = fbb.create_string("a");
        let mut int = IntBuilder::new(fbb);
        int.add_bitWidth(32);
        int.add_is_signed(true);
        let int = int.finish();
        let long = fbb.create_string(&"m".repeat(1000));
        let pairs: Vec<_> = (0..metadata)
            .map(|_| {
                let mut pair = KeyValueBuilder::new(fbb);
                pair.add_key(long);
                pair.add_value(long);
                pair.finish()
            })
            .collect();
        let pairs = fbb.create_vector(&pairs);
        let mut field = FieldBuilder::new(fbb);
        field.add_name(name);
        field.add_type_type(Type::Int);
        field.add_type_(int.as_union_value());
        let field = field.finish();
        let fields = fbb.create_vector(&vec![field; references]);
        let mut schema = SchemaBuilder::new(fbb);
        schema.add_fields(fields);
        schema.add_custom_metadata(pairs);
        schema.add_endianness(endianness);
        schema.finish().as_union_value()
    })
}

/// A stream of these columns, and of messages made by hand.
fn stream_of(columns: &[(&str, DataType)], messages: &[Vec<u8>]) -> Vec<u8> {
    let field = |(name, data_type): &(&str, DataType)| Field::new(*name, data_type.clone(), true);
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    let mut stream = StreamWriter::try_new(Vec::new(), &schema)
        .unwrap()
        .into_inner()
        .unwrap();
    stream.truncate(stream.len() - END.len());
    stream.extend(messages.concat());
    stream.extend(END);
    stream
}

#[test]
fn rows_that_no_byte_stands_for() {
    let rows = 1 << 40;
    let bare = Claims {
        rows,
        ..Claims::default()
    };
    let table = check(stream_of(&[], &[bare.batch(&[])])).unwrap();
    assert_eq!(table.num_rows(), 0);

    for data_type in [
        DataType::Boolean,
        DataType::Int64,
        DataType::Utf8,
        DataType::LargeBinary,
    ] {
        for rows in [1, rows, i64::MAX, -1, i64::MIN] {
            let claims = Claims {
                rows,
                nodes: vec![(rows, 0)],
                buffers: vec![(0, 0); 3],
                ..Claims::default()
            };
            check(stream_of(&[("a", data_type.clone())], &[claims.batch(&[])])).unwrap_err();
        }
    }
}

#[test]
fn buffers_that_share_bytes() {
    let columns = ["a", "b"].map(|name| (name, DataType::Int32));
    let claims = Claims {
        rows: 4,
        nodes: vec![(4, 0); 2],
        buffers: vec![(0, 0), (0, 16), (0, 0), (0, 16)],
        ..Claims::default()
    };
    let error = check(stream_of(&columns, &[claims.batch(&[0; 16])])).unwrap_err();
    assert!(
        error
            .message()
            .ends_with("has buffers that share bytes, one of them of column \"b\"")
    );
}

#[test]
fn more_or_fewer_columns_than_the_schema() {
    let columns = [("a", DataType::Int32)];
    let error = |nodes, buffers| {
        let claims = Claims {
            nodes,
            buffers,
            ..Claims::default()
        };
        check(stream_of(&columns, &[claims.batch(&[])]))
            .unwrap_err()
            .message()
            .to_owned()
    };
    assert!(error(vec![], vec![]).ends_with("has too few columns"));
    assert!(error(vec![(0, 0)], vec![(0, 0)]).ends_with("has too few buffers for column \"a\""));
    assert!(error(vec![(0, 0); 2], vec![(0, 0); 2]).ends_with("has too many columns"));
    assert!(error(vec![(0, 0)], vec![(0, 0); 3]).ends_with("has too many buffers"));
    let claims = Claims {
        nodes: vec![(0, 0)],
        buffers: vec![(0, 0); 2],
        view_buffers: vec![0],
        ..Claims::default()
    };
    let error = check(stream_of(&columns, &[claims.batch(&[])])).unwrap_err();
    assert!(
        error
            .message()
            .ends_with("has too many counts of view buffers")
    );
}

#[test]
fn nulls_that_the_bitmap_does_not_have() {
    let error = |null_count, bitmap: u8| {
        let claims = Claims {
            rows: 2,
            nodes: vec![(2, null_count)],
            buffers: vec![(0, 1), (8, 8)],
            ..Claims::default()
        };
        let body = [[bitmap, 0, 0, 0, 0, 0, 0, 0], [0; 8]].concat();
        check(stream_of(&[("a", DataType::Int32)], &[claims.batch(&body)])).err()
    };
    assert_eq!(error(1, 0b01), None);
    assert_eq!(error(0, 0b11), None);
    for (null_count, bitmap) in [(0, 0b01), (1, 0b11), (2, 0b10), (-1, 0b11), (1 << 40, 0)] {
        let error = error(null_count, bitmap).expect("refused");
        assert!(
            error
                .message()
                .ends_with("lies about the nulls of column \"a\"")
        );
    }
}

#[test]
fn tables_and_strings_that_stand_for_many() {
    let many = [
        schema_of_one_field(100_000, Endianness::Little, 0),
        END.to_vec(),
    ]
    .concat();
    assert_eq!(check(many).unwrap_err().found(), Some("Too many tables."));
    let two = [schema_of_one_field(2, Endianness::Little, 0), END.to_vec()].concat();
    assert_eq!(check(two).unwrap_err().found(), Some("\"a\""));
    let long = [
        schema_of_one_field(1, Endianness::Little, 1000),
        END.to_vec(),
    ]
    .concat();
    let large = "Apparent size too large.";
    assert_eq!(check(long).unwrap_err().found(), Some(large));
}

#[test]
fn messages_that_belong_in_no_stream() {
    let big = [schema_of_one_field(1, Endianness::Big, 0), END.to_vec()].concat();
    let error = check(big).unwrap_err();
    assert_eq!(
        error.message(),
        "the numbers in the stream are in another byte order"
    );
    assert_eq!(error.found(), Some("big-endian"));

    let empty = Claims::default();
    let old = message(
        MessageHeader::RecordBatch,
        MetadataVersion::V3,
        &[],
        |fbb| empty.build(fbb).as_union_value(),
    );
    let error = check(stream_of(&[], &[old])).unwrap_err();
    assert_eq!(error.found(), Some("V3"));

    let tensor = message(MessageHeader::Tensor, MetadataVersion::V5, &[], |fbb| {
        let int = IntBuilder::new(fbb).finish();
        let shape = fbb.create_vector::<WIPOffset<arrow_ipc::TensorDim<'_>>>(&[]);
        let mut tensor = TensorBuilder::new(fbb);
        tensor.add_type_type(Type::Int);
        tensor.add_type_(int.as_union_value());
        tensor.add_shape(shape);
        tensor.add_data(&Buffer::new(0, 0));
        tensor.finish().as_union_value()
    });
    let error = check(stream_of(&[], &[tensor])).unwrap_err();
    assert_eq!(error.found(), Some("Tensor"));
}

/// A dictionary of one word, and indices into it.
fn word(id: i64, delta: bool) -> Vec<u8> {
    let claims = Claims {
        rows: 1,
        nodes: vec![(1, 0)],
        buffers: vec![(0, 0), (0, 8), (8, 1)],
        ..Claims::default()
    };
    claims.dictionary(id, delta, b"\0\0\0\0\x01\0\0\0w\0\0\0\0\0\0\0")
}

fn indices(index: u8, null_count: i64) -> Vec<u8> {
    let claims = Claims {
        rows: 1,
        nodes: vec![(1, null_count)],
        buffers: vec![(0, null_count), (8, 1)],
        ..Claims::default()
    };
    claims.batch(&[0, 0, 0, 0, 0, 0, 0, 0, index, 0, 0, 0, 0, 0, 0, 0])
}

#[test]
fn dictionaries_that_are_not_there() {
    let columns = [(
        "c",
        DataType::Dictionary(DataType::UInt8.into(), DataType::Utf8.into()),
    )];
    let read = |messages: &[Vec<u8>]| {
        check(stream_of(&columns, messages)).map_err(|error| error.message().to_owned())
    };
    assert_eq!(
        read(&[word(0, false), indices(0, 0)]).unwrap().num_rows(),
        1
    );
    assert_eq!(read(&[indices(7, 1)]).unwrap().num_rows(), 1);
    assert_eq!(
        read(&[word(0, false), word(0, true), indices(1, 0)])
            .unwrap()
            .num_rows(),
        1
    );

    let wrong = "has no valid indices in column \"c\"";
    assert!(read(&[indices(0, 0)]).unwrap_err().ends_with(wrong));
    assert!(
        read(&[word(0, false), indices(1, 0)])
            .unwrap_err()
            .ends_with(wrong)
    );
    assert!(
        read(&[word(0, false), indices(255, 0)])
            .unwrap_err()
            .ends_with(wrong)
    );
    // What a later delta adds is not there yet, nor is what a replacement took away.
    let early = [word(0, false), indices(1, 0), word(0, true)];
    assert!(read(&early).unwrap_err().ends_with(wrong));
    let late = [word(0, false), word(0, true), word(0, false), indices(1, 0)];
    assert!(read(&late).unwrap_err().ends_with(wrong));
    let none = "adds to a dictionary that never came";
    assert!(read(&[word(0, true)]).unwrap_err().ends_with(none));
    let other = "is a dictionary of no column";
    assert!(read(&[word(1, false)]).unwrap_err().ends_with(other));
}

#[test]
fn a_dictionary_that_grows_a_thousand_times() {
    let words = StringArray::from_iter_values((0..50_000).map(|n| format!("word {n}")));
    let grown = |n: usize| {
        let indices = Int32Array::from(vec![n as i32]);
        let values = Arc::new(words.slice(0, 49_000 + n));
        let array = DictionaryArray::<Int32Type>::try_new(indices, values).unwrap();
        RecordBatch::try_from_iter([("c", Arc::new(array) as _)]).unwrap()
    };
    let batches: Vec<_> = (0..1000).map(grown).collect();
    let table = Table::new(batches[0].schema(), batches).unwrap();
    let stream = write(&table).unwrap();
    assert!(
        stream.len() < 2_000_000,
        "written as deltas: {} bytes",
        stream.len()
    );
    let limit = stream.len() as u64 + (1 << 20);
    let mut again = None;
    let memory = allocation_counter::measure(|| again = Some(read(stream.into()).unwrap()));
    assert!(
        memory.bytes_max <= limit,
        "{} bytes of {limit}",
        memory.bytes_max
    );
    assert_eq!(again.unwrap(), table);
}

#[test]
fn views_that_stand_for_many() {
    let columns = [("v", DataType::Utf8View)];
    let view: Vec<u8> = [&4096_u32.to_le_bytes()[..], b"aaaa", &[0; 8]].concat();
    let stream = |views: usize, buffers: i64| {
        let body = [view.repeat(views), vec![b'a'; 4096]].concat();
        let claims = Claims {
            rows: views as i64,
            nodes: vec![(views as i64, 0)],
            buffers: vec![(0, 0), (0, 16 * views as i64), (16 * views as i64, 4096)],
            view_buffers: vec![buffers],
        };
        stream_of(&columns, &[claims.batch(&body)])
    };
    assert_eq!(check(stream(200, 1)).unwrap().num_rows(), 200);
    for count in [-1, 2, 65_536, 65_537, i64::MAX] {
        check(stream(1, count)).unwrap_err();
    }
}

#[test]
fn views_that_are_read_too_often() {
    let columns = [("v", DataType::BinaryView)];
    let (views, length) = (2_000_usize, 100_000_usize);
    let view = [&(length as u32).to_le_bytes()[..], b"aaaa", &[0; 8]].concat();
    let body = [view.repeat(views), vec![b'a'; length]].concat();
    let claims = Claims {
        rows: views as i64,
        nodes: vec![(views as i64, 0)],
        buffers: vec![
            (0, 0),
            (0, 16 * views as i64),
            (16 * views as i64, length as i64),
        ],
        view_buffers: vec![1],
    };
    let error = check(stream_of(&columns, &[claims.batch(&body)])).unwrap_err();
    assert!(
        error
            .message()
            .ends_with("uses its bytes too often in column \"v\"")
    );
}

#[test]
fn names_of_any_length() {
    let name = "\u{1}".repeat(5_000_000);
    let columns = [(name.as_str(), DataType::Int32)];
    let claims = Claims {
        rows: 1,
        ..Claims::default()
    };
    let error = check(stream_of(&columns, &[claims.batch(&[])])).unwrap_err();
    assert_eq!(
        error.found().map(str::len),
        Some("no column ".len() + 100 * 5 + 5)
    );

    let field = Field::new(&name, DataType::Int32, false);
    let schema = StreamWriter::try_new(Vec::new(), &Schema::new(vec![field]))
        .unwrap()
        .into_inner()
        .unwrap();
    let claims = Claims {
        rows: 1,
        nodes: vec![(1, 1)],
        buffers: vec![(0, 1), (8, 4)],
        ..Claims::default()
    };
    let stream = [
        &schema[..schema.len() - END.len()],
        &claims.batch(&[0; 16]),
        &END,
    ]
    .concat();
    let error = check(stream).unwrap_err();
    assert_eq!(error.found(), Some("1 nulls"));
}

#[test]
fn lengths_that_leave_the_next_message_unaligned() {
    let claims = Claims::default();
    let error = check(stream_of(&[], &[claims.batch(&[0; 4])])).unwrap_err();
    assert!(error.message().ends_with("lies about its body"));
    let mut short = claims.batch(&[]);
    short[4] -= 4;
    let error = check(stream_of(&[], &[short])).unwrap_err();
    assert!(error.message().ends_with("lies about its metadata"));
}
