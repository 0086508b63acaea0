"""Writes the Arrow streams beside this file: what pyarrow (23.0.1 or newer) makes of the portable profile, of its edges,
and of types outside of it. The tests compare with the same values, spelled out in Rust.

    python3 -m venv venv && venv/bin/pip install 'pyarrow>=23.0.1' && venv/bin/python make.py
"""

import decimal
import pathlib

import pyarrow as pa
from pyarrow import ipc

HERE = pathlib.Path(__file__).parent


def write(name, batches, schema=None, **options):
    """One stream of `batches`, which may be empty if `schema` is given."""
    schema = schema or batches[0].schema
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, schema, options=ipc.IpcWriteOptions(**options)) as stream:
        for batch in batches:
            stream.write_batch(batch)
    (HERE / name).write_bytes(sink.getvalue())


def batch(**columns):
    return pa.record_batch(list(columns.values()), names=list(columns))


def raw(data_type, length, buffers):
    """An array of exactly these buffers, `None` or bytes each."""
    return pa.Array.from_buffers(data_type, length, [b and pa.py_buffer(b) for b in buffers])


def numbers():
    """Two batches of every type of fixed width: the ends of its range, and a null; nothing but a null."""
    columns = {"bool": (pa.bool_(), [True, None, False])}
    for bits in (8, 16, 32, 64):
        signed, unsigned = getattr(pa, f"int{bits}")(), getattr(pa, f"uint{bits}")()
        columns[f"int{bits}"] = (signed, [-(2 ** (bits - 1)), None, 2 ** (bits - 1) - 1])
        columns[f"uint{bits}"] = (unsigned, [0, None, 2**bits - 1])
    columns["float32"] = (pa.float32(), [float("nan"), None, -0.0])
    columns["float64"] = (pa.float64(), [float("-inf"), None, 5e-324])
    columns["date32"] = (pa.date32(), [-1, None, 20_000])
    for unit in ("s", "ms", "us", "ns"):
        columns[f"timestamp_{unit}"] = (pa.timestamp(unit), [-1, None, 1_700_000_000])
    for zone in ("UTC", "Asia/Tokyo", "+05:30", "no such zone"):
        columns[f"zone {zone}"] = (pa.timestamp("us", zone), [-(2**63), None, 2**63 - 1])
    yield batch(**{name: pa.array(values, t) for name, (t, values) in columns.items()})
    yield batch(**{name: pa.array([None], t) for name, (t, _) in columns.items()})


def text(strings, binaries):
    """Two batches, the second without nulls."""
    words = ["a", None, "", "grüße 🦀 and more than twelve bytes"]
    data = [b"\0", None, b"", b"\xff\xfe not text, longer than twelve"]
    for skip in (0, 2):
        yield batch(
            text=pa.array(words[skip:], strings), bytes=pa.array(data[skip:], binaries)
        )


def coded(index, indices, values, ordered=False):
    return pa.DictionaryArray.from_arrays(
        pa.array(indices, index), pa.array(values, pa.string()), ordered=ordered
    )


def profile():
    write("numbers.arrows", list(numbers()))
    write("text.arrows", list(text(pa.string(), pa.binary())))
    write("large.arrows", list(text(pa.large_string(), pa.large_binary())))
    write("view.arrows", list(text(pa.string_view(), pa.binary_view())))
    indices = [pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32()]
    columns = {str(t): coded(t, [1, None, 0], ["x", "yy"]) for t in indices}
    columns["ordered"] = coded(pa.int8(), [0, 1, 1], ["low", "high"], ordered=True)
    columns["large values"] = pa.DictionaryArray.from_arrays(
        pa.array([0, None, 0], pa.int8()), pa.array(["big"], pa.large_string())
    )
    write("dictionary.arrows", [batch(**columns)])
    grown = ["a", "b", "c", "a word of more than twelve bytes", "e"]
    growing = [batch(d=coded(pa.int8(), [n - 1, None, 0], grown[:n])) for n in (2, 4, 4, 5)]
    write("delta.arrows", growing, emit_dictionary_deltas=True)
    replaced = [["a", "b"], ["c"], ["b", "a", "d"]]
    write("replaced.arrows", [batch(d=coded(pa.int8(), [0, None, len(v) - 1], v)) for v in replaced])
    whole = list(numbers())[0]
    write("no_batches.arrows", [], whole.schema)
    write("no_rows.arrows", [whole.slice(0, 0)])
    write("no_columns.arrows", [pa.record_batch({}), batch(a=pa.array([1, 2])).select([])])
    long = batch(
        flags=pa.array([True, None, False] * 5),
        words=pa.array(["one", None, "three"] * 5),
        coded=coded(pa.int8(), [0, None, 1] * 5, ["p", "q"]),
    )
    write("sliced.arrows", [long.slice(3, 10), long.slice(11, 4)])
    fields = [
        pa.field("id", pa.int32(), nullable=False, metadata={"unit": "none"}),
        pa.field("json", pa.json_(pa.string())),
    ]
    marked = pa.schema(fields, metadata={"origin": "pyarrow", "empty": ""})
    json = pa.ExtensionArray.from_storage(pa.json_(pa.string()), pa.array(["{}", None]))
    write("metadata.arrows", [pa.record_batch([pa.array([1, 2], pa.int32()), json], schema=marked)])
    write("version4.arrows", [whole], metadata_version=ipc.MetadataVersion.V4)


def hidden():
    """Under each null (the second of three rows) stands what would be no value of its type."""
    rows = [b"\x05"]
    offsets = b"".join(n.to_bytes(4, "little") for n in (0, 1, 3, 4))
    wide = b"".join(n.to_bytes(8, "little") for n in (0, 1, 3, 4))
    inline = (1).to_bytes(4, "little") + b"a".ljust(12, b"\0")
    nowhere = b"\xff\xff\xff\x7f" * 4
    index = pa.Array.from_buffers(pa.int8(), 3, [pa.py_buffer(rows[0]), pa.py_buffer(b"\0\x7f\0")])
    floats = b"\x01\0\xf8\x7f" + b"\xff" * 4 + b"\0\0\0\x80"
    write(
        "hidden.arrows",
        [
            batch(
                text=raw(pa.string(), 3, rows + [offsets, b"a\xff\xfeb"]),
                large=raw(pa.large_string(), 3, rows + [wide, b"a\xff\xfeb"]),
                view=raw(pa.string_view(), 3, rows + [inline + nowhere + inline]),
                coded=pa.DictionaryArray.from_arrays(index, pa.array(["a"]), safe=False),
                float=raw(pa.float32(), 3, rows + [floats]),
            )
        ],
    )


def outside():
    """One file for each type outside of the profile, named after it as the error must name it."""
    small = pa.array([1, None], pa.int32())
    columns = {
        "null": pa.nulls(2),
        "halffloat": pa.array([1.0, None], pa.float16()),
        "date64[ms]": pa.array([0, None], pa.date64()),
        "time": pa.array([0, None], pa.time32("s")),
        "duration": pa.array([0, None], pa.duration("s")),
        "interval": pa.array([(1, 2, 3), None], pa.month_day_nano_interval()),
        "decimal": pa.array([decimal.Decimal("1.20"), None], pa.decimal128(5, 2)),
        "fixed_size_binary": pa.array([b"abc", None], pa.binary(3)),
        "list": pa.array([[1], None], pa.list_(pa.int32())),
        "large_list": pa.array([[1], None], pa.large_list(pa.int32())),
        "fixed_size_list": pa.array([[1, 2], None], pa.list_(pa.int32(), 2)),
        "list_view": pa.array([[1], None], pa.list_view(pa.int32())),
        "large_list_view": pa.array([[1], None], pa.large_list_view(pa.int32())),
        "struct": pa.array([{"a": 1}, None], pa.struct({"a": pa.int32()})),
        "map": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int32())),
        "union": pa.UnionArray.from_sparse(pa.array([0, 0], pa.int8()), [small]),
        "run_end_encoded": pa.RunEndEncodedArray.from_arrays([1, 2], small),
        "dictionary<values=string, indices=int64, ordered=0>": coded(pa.int64(), [0], ["a"]),
        "dictionary<values=string, indices=uint64, ordered=0>": coded(pa.uint64(), [0], ["a"]),
        "dictionary<values=int32, indices=int8, ordered=0>": pa.DictionaryArray.from_arrays(
            pa.array([0], pa.int8()), small
        ),
    }
    (HERE / "outside").mkdir(exist_ok=True)
    for number, (name, column) in enumerate(columns.items()):
        write(f"outside/{number:02}.arrows", [batch(**{name: column})])


def refused():
    whole = batch(a=pa.array(range(100), pa.int32()))
    write("lz4.arrows", [whole], compression="lz4")
    write("zstd.arrows", [whole], compression="zstd")
    write("legacy.arrows", [whole], use_legacy_format=True, metadata_version=ipc.MetadataVersion.V4)
    write("equal_names.arrows", [pa.record_batch([pa.array([1]), pa.array([2])], names=["a", "a"])])
    with ipc.new_file(HERE / "file_format.arrow", whole.schema) as file:
        file.write_batch(whole)


profile()
hidden()
outside()
refused()
