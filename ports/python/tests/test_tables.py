"""Arrow tables: what goes in, what comes out, and what is refused (W3.6, W3.7)."""

import builtins
import decimal
import json
import struct
import sys
from pathlib import Path

import pytest

from natsbridge import NATSBridgeError, smartreceive, smartsend, tables
from natsbridge.arrow_frames import TableError, check_frames

pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")

DATA = Path(__file__).resolve().parents[3] / "tests" / "data" / "arrow"
PROFILE = (
    "numbers text large view dictionary delta replaced no_batches no_rows no_columns metadata hidden sliced version4"
)
END = b"\xff\xff\xff\xff\0\0\0\0"


def stream(name):
    path = DATA / name
    if not path.exists():
        pytest.skip("the streams of the repository are not here")
    return path.read_bytes()


def refusal(function, *arguments):
    with pytest.raises(TableError) as error:
        function(*arguments)
    return str(error.value)


def values(column):
    """The values as text, since NaN is not equal to itself; times as numbers, since Python's end with the year 9999."""
    if pa.types.is_temporal(column.type):
        column = column.cast(pa.int32() if pa.types.is_date(column.type) else pa.int64())
    return str(column.to_pylist())


def there_and_back(value):
    return tables.read(tables.write(value))


@pytest.mark.parametrize("name", PROFILE.split())
def test_streams_of_pyarrow(name):
    content = stream(f"{name}.arrows")
    table = tables.read(content)
    theirs = pa.ipc.open_stream(content).read_all()
    assert table.schema.names == theirs.schema.names
    again = there_and_back(table)
    for column, copy in zip(table.columns, again.columns):
        assert values(column) == values(copy)
    if name != "metadata":
        assert [values(column) for column in table.columns] == [values(column) for column in theirs.columns]


def test_extension_types_are_read_as_what_they_are_stored_as():
    table = tables.read(stream("metadata.arrows"))
    assert [str(field.type) for field in table.schema] == ["int32", "string"]
    assert [field.nullable for field in table.schema] == [False, True]
    assert table.schema.metadata[b"origin"] == b"pyarrow"
    assert table.schema.field("id").metadata == {b"unit": b"none"}


def test_no_columns_mean_no_rows():
    assert tables.read(stream("no_columns.arrows")).shape == (0, 0)
    assert there_and_back(pa.table({"a": [1, 2]}).select([])).shape == (0, 0)


REFUSED = {
    "equal_names.arrows": "two columns of the table have the same name: expected different names, found 'a'",
    "file_format.arrow": "an arrowtable is an Arrow IPC stream: expected the stream format, found the file format",
    "legacy.arrows": "no message starts at byte 0 of the stream: expected ff ff ff ff, found 7c 00 00 00",
    "lz4.arrows": "has a compressed body: expected no compression, found lz4",
    "zstd.arrows": "has a compressed body: expected no compression, found zstd",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_stream_as_it_should_be(name):
    assert REFUSED[name] in refusal(tables.read, stream(name))


OUTSIDE = """
    null halffloat date64 time32 duration month_day_nano_interval decimal128 fixed_size_binary list large_list
    fixed_size_list list_view large_list_view struct map sparse_union run_end_encoded dictionary dictionary dictionary
""".split()


@pytest.mark.parametrize("number", range(20))
def test_types_outside_of_the_profile_are_refused_by_name(number):
    content = stream(f"outside/{number:02}.arrows")
    said = refusal(tables.read, content)
    assert "has a type outside of the profile: expected a type of the portable profile (bool, int8 to int64, " in said
    assert f"found {OUTSIDE[number]}" in said
    said = refusal(tables.write, pa.ipc.open_stream(content).read_all())
    assert f"found {OUTSIDE[number]}" in said


def test_the_end_is_where_the_marker_is():
    whole = tables.write(pa.table({"a": [1, 2, 3]}))
    assert whole.endswith(END)
    assert "ends without its end-of-stream marker" in refusal(tables.read, whole[:-8])
    assert "goes on after its end-of-stream marker: " in refusal(tables.read, whole + b"\0")
    assert "goes on after its end-of-stream marker: " in refusal(tables.read, whole + whole)
    assert "does not start with its schema" in refusal(tables.read, END)
    assert "ends without" in refusal(tables.read, b"")
    for cut in range(len(whole)):
        refusal(tables.read, whole[:cut])


def test_a_second_schema_and_another_kind_of_message():
    whole = tables.write(pa.table({"a": [1]}))
    (length,) = struct.unpack_from("<i", whole, 4)
    schema = whole[: 8 + length]
    assert "has a second schema" in refusal(tables.read, schema + whole)
    assert "does not start with its schema" in refusal(tables.read, whole[8 + length :])
    tensor = pa.BufferOutputStream()
    pa.ipc.write_tensor(pa.Tensor.from_numpy(pd.Series([1.0, 2.0]).to_numpy()), tensor)
    assert "belongs in no stream of a table" in refusal(tables.read, schema + tensor.getvalue().to_pybytes() + END)


def test_big_endian_numbers():
    # A message that holds a schema with nothing but its byte order, as a flatbuffer by hand.
    for order, said in ((1, "expected little-endian, found big-endian"), (0, None)):
        message = struct.pack("<I 5H2x iHBxI", 16, 10, 12, 4, 6, 8, 12, 4, 1, 12)
        schema = struct.pack("<3H2x iH6x", 6, 6, 4, 8, order)
        whole = b"\xff\xff\xff\xff" + struct.pack("<i", len(message + schema)) + message + schema + END
        if said:
            assert said in refusal(tables.read, whole)
        else:
            check_frames(memoryview(whole))


@pytest.mark.parametrize(
    "name", [name for name in PROFILE.split() if name not in ("no_batches", "no_columns", "version4")]
)
def test_hostile_streams(name):
    """Whatever the bytes, there is an error or a table that is valid through and through."""
    content = stream(f"{name}.arrows")
    for at in range(len(content)):
        changed = bytearray(content)
        changed[at] ^= (0x01, 0x10, 0x80, 0xFF)[at % 4]
        try:
            table = tables.read(bytes(changed))
        except TableError as error:
            assert len(str(error)) < 2000
        else:
            table.validate(full=True)
            assert all(len(values(column)) > 1 for column in table.columns)


def lying(change):
    """A stream of one batch, whose metadata `change` makes lie: it gets the flatbuffer of the batch."""
    whole = bytearray(tables.write(pa.table({"a": pa.array([1, 2, 3], pa.int32())})))
    (length,) = struct.unpack_from("<i", whole, 4)
    at = 8 + length + 8
    change(memoryview(whole)[at:])
    return bytes(whole)


@pytest.mark.parametrize(("old", "new"), [(3, 2**40), (3, 4), (16, 2**60), (16, 15)])
def test_lengths_that_lie(old, new):
    def change(batch):
        for at in range(0, 200, 4):
            if struct.unpack_from("<q", batch, at)[0] == old:
                struct.pack_into("<q", batch, at, new)
                return
        raise AssertionError

    assert refusal(tables.read, lying(change))


def test_what_may_be_sent():
    table = pa.table({"a": [1, 2], "b": ["x", None]})
    for value in (table, table.to_batches()[0], table.to_batches(), tuple(table.slice(0, 1).to_batches() * 2)):
        assert there_and_back(value).schema == table.schema
    assert there_and_back(table.to_batches() * 2).num_rows == 4

    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            return pa.RecordBatchReader.from_batches(table.schema, table.to_batches()).__arrow_c_stream__(
                requested_schema
            )

    assert there_and_back(Stream()) == table
    for value in (None, [], [1], {"a": [1]}, "x", object()):
        assert "the data is no table: expected a pyarrow.Table" in refusal(tables.write, value)
    assert "same name" in refusal(tables.write, pa.table([[1], [2]], names=["a", "a"]))


def test_large_and_view_forms_are_written_in_their_plain_form():
    words = ["a", None, "more than twelve bytes of text"]
    types = [pa.large_string(), pa.string()] + ([pa.string_view()] if hasattr(pa, "string_view") else [])
    for data_type in types[: 2 if pa.__version__ < "18" else 3]:
        again = there_and_back(pa.table({"a": pa.array(words, data_type)}))
        assert again.schema.types == [pa.string()]
        assert again["a"].to_pylist() == words
    coded = pa.DictionaryArray.from_arrays(pa.array([1, 0, None], pa.int8()), pa.array(["x", None], pa.large_string()))
    again = there_and_back(pa.table({"a": coded}))
    assert str(again.schema.types[0]) == "dictionary<values=string, indices=int8, ordered=0>"
    assert again["a"].to_pylist() == [None, "x", None]
    assert again["a"].chunk(0).dictionary.null_count == 0
    ordered = pa.DictionaryArray.from_arrays(pa.array([0], pa.uint32()), pa.array(["x"]), ordered=True)
    assert there_and_back(pa.table({"a": ordered})).schema.types[0].ordered


def test_dataframes(run):
    frame = pd.DataFrame({"n": [1, 2], "t": ["x", "y"], "at": pd.to_datetime(["2026-01-01", "2026-01-02"], utc=True)})
    _, text = run(smartsend("a.b", [("frame", frame, "arrowtable")]))
    received = run(smartreceive(text))["payloads"][0].data
    assert isinstance(received, pa.Table)
    assert received.column_names == ["n", "t", "at"]
    received = run(smartreceive(text, dataframes=True))["payloads"][0].data
    pd.testing.assert_frame_equal(received, frame)


def test_an_index_travels_as_a_column():
    frame = pd.DataFrame({"n": [1, 2]}, index=pd.Index(["x", "y"], name="key"))
    table = there_and_back(frame)
    assert table.column_names == ["n", "key"]
    pd.testing.assert_frame_equal(tables.to_pandas(table), frame)
    assert there_and_back(pd.DataFrame({"n": [1, 2]}, index=[5, 7])).column_names == ["n", "__index_level_0__"]
    assert there_and_back(pd.DataFrame({"n": [1, 2]})).column_names == ["n"]
    levels = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", "y"])
    assert there_and_back(pd.DataFrame({"n": [1, 2]}, index=levels)).column_names == ["n", "x", "y"]


def test_no_value_changes_in_a_dataframe():
    large = 2**63 - 1
    table = pa.table({"n": pa.array([large, None]), "b": pa.array([True, None]), "f": [0.5, None], "m": [1, 2]})
    frame = tables.to_pandas(table)
    assert frame["n"][0] == large
    assert frame["n"].isna().tolist() == [False, True]
    assert [str(kind) for kind in frame.dtypes] == ["Int64", "boolean", "float64", "Int64"]
    assert there_and_back(frame).to_pydict() == {"n": [large, None], "b": [True, None], "f": [0.5, None], "m": [1, 2]}


@pytest.mark.parametrize(
    "frame",
    [
        {"mixed": [1, "x"]},
        {"decimal": [decimal.Decimal("1.20")]},
        {"list": [[1]]},
        {"complex": [1j]},
        {"nothing": [None, None]},
    ],
)
def test_dataframes_that_cannot_travel(run, frame):
    with pytest.raises(NATSBridgeError) as error:
        run(smartsend("a.b", [("p", pd.DataFrame(frame), "arrowtable")]))
    assert (error.value.code, error.value.phase, error.value.pointer) == (
        "SERIALIZATION_ERROR",
        "serialize",
        "/payloads/0/data",
    )


def test_what_pandas_cannot_hold(run):
    table = pa.table({"at": pa.array([1], pa.timestamp("us", "no such zone"))})
    _, text = run(smartsend("a.b", [("p", table, "arrowtable")]))
    assert run(smartreceive(text))["payloads"][0].data == table
    with pytest.raises(NATSBridgeError, match="cannot be read into a DataFrame") as error:
        run(smartreceive(text, dataframes=True))
    assert (error.value.code, error.value.phase) == ("DESERIALIZATION_ERROR", "decode")
    marked = pa.table({"a": [1]}).replace_schema_metadata({"pandas": json.dumps({"columns": 5})})
    with pytest.raises(TableError):
        tables.to_pandas(marked)


@pytest.mark.parametrize("missing", ["pyarrow", "pandas"])
def test_without_the_extra_the_error_names_it(monkeypatch, run, missing):
    table = pa.table({"a": [1]})
    _, text = run(smartsend("a.b", [("p", table, "arrowtable")]))
    real = builtins.__import__

    def without(name, *arguments):
        if name.partition(".")[0] == missing:
            raise ImportError(f"No module named {name!r}")
        return real(name, *arguments)

    for name in [name for name in sys.modules if name == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(NATSBridgeError) as error:
        run(smartreceive(text, dataframes=True))
    assert error.value.code == "DESERIALIZATION_ERROR"
    extra = {"pyarrow": "natsbridge[arrow]", "pandas": "natsbridge[pandas]"}[missing]
    assert f"pip install '{extra}'" in error.value.message
    if missing == "pyarrow":
        with pytest.raises(NATSBridgeError, match="natsbridge.arrow.") as error:
            run(smartsend("a.b", [("p", table, "arrowtable")]))
        assert error.value.code == "SERIALIZATION_ERROR"


def test_a_null_where_none_may_be():
    field = pa.field("a", pa.int32(), nullable=False)
    table = pa.table([pa.array([1, None], pa.int32())], schema=pa.schema([field]))
    assert "has nulls, and its schema allows none: expected no nulls, found 1 nulls" in refusal(
        tables.read, tables.write(table)
    )


LIARS = [(-1, 0, 0), (-(2**31), 0, 0), (13, 7, 0), (13, -1, 0), (13, 0, 2**20), (13, 0, -1), (2**31 - 1, 0, 0)]


@pytest.mark.parametrize("kind", ["plain", "dictionary"])
@pytest.mark.parametrize(("length", "buffer", "start"), LIARS)
def test_a_view_behind_a_null_that_lies(kind, length, buffer, start):
    views = pa.array(["short", "a word of more than twelve bytes", None], pa.string_view())
    validity, slots, *rest = views.buffers()
    lying = slots.to_pybytes()[:32] + struct.pack("<4i", length, 0, buffer, start)
    array = pa.Array.from_buffers(views.type, 3, [validity, pa.py_buffer(lying), *rest])
    sink = pa.BufferOutputStream()
    if kind == "dictionary":
        array = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), array, safe=False)
    batch = pa.record_batch([array], ["c"])
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    table = tables.read(sink.getvalue().to_pybytes())
    expected = ["short", "a word of more than twelve bytes", None][: len(table)]
    assert table["c"].to_pylist() == expected
    # These crashed: they read the view.
    assert there_and_back(table)["c"].to_pylist() == expected
    if kind == "plain":
        assert len(tables.to_pandas(table)) == len(expected)
        assert table["c"].cast(pa.string()).to_pylist() == expected


def test_a_time_zone_that_is_no_text():
    content = tables.write(pa.table({"at": pa.array([1], pa.timestamp("us", "Zone"))}))
    lying = content.replace(b"Zone", b"Z\xffne", 1)
    assert lying != content
    assert "time zone that is no text" in refusal(tables.read, lying)


@pytest.mark.parametrize("whose", ["schema", "column", "batch", "extension"])
def test_metadata_that_is_no_text(whose):
    """pyarrow takes any bytes there; arrow-rs and others refuse the stream."""
    metadata = {"unit": b"\xff"}
    if whose == "extension":
        metadata = {"ARROW:extension:name": b"nobody.knows", "ARROW:extension:metadata": b"\xff"}
    field = pa.field("n", pa.int8(), metadata=metadata if whose in ("column", "extension") else None)
    schema = pa.schema([field], metadata=metadata if whose == "schema" else None)
    batch = pa.record_batch([pa.array([1], pa.int8())], schema)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(batch, custom_metadata=metadata if whose == "batch" else None)
    assert "metadata of the table's own that is no text" in refusal(tables.read, sink.getvalue().to_pybytes())
    if whose != "batch":
        assert "metadata of the table's own that is no text" in refusal(tables.write, batch)
