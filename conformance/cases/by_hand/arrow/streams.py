#!/usr/bin/env python3
"""Writes `streams.json` beside this script: Arrow streams by pyarrow, in base64, each with what pyarrow reads in it.

The only part of the cases that needs pyarrow; what it wrote is checked in, and the cases are made from that.
"""

import base64
import datetime
import decimal
import json
import pathlib
import struct
import sys

import pyarrow as pa

HERE = pathlib.Path(__file__).resolve().parent
D = datetime


def stream(table, options=None, batch_rows=None):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        if isinstance(table, pa.RecordBatch):
            writer.write_batch(table)
        else:
            writer.write_table(table, max_chunksize=batch_rows)
    return sink.getvalue().to_pybytes()


def column(values, kind, name="c", nullable=True):
    return pa.table([pa.array(values, kind)], pa.schema([pa.field(name, kind, nullable)]))


def shortest(value, width):
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if width == 64:
        return repr(value)
    for digits in range(1, 18):
        near = float("%.*g" % (digits, value))
        if abs(near) < 3.5e38 and pa.scalar(near, pa.float32()).as_py() == value:
            return repr(near)
    return repr(value)


def cell(value, kind):
    """A cell as the protocol has it: integers, dates and times as integer text."""
    if pa.types.is_dictionary(kind):
        return cell(value, kind.value_type)
    if not value.is_valid:
        return None
    if pa.types.is_boolean(kind):
        return value.as_py()
    if pa.types.is_floating(kind):
        return shortest(value.as_py(), 64 if kind == pa.float64() else 32)
    if pa.types.is_decimal(kind):
        return str(value.as_py())
    if any(f(kind) for f in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)) or kind == pa.binary_view():
        return base64.b64encode(value.as_py()).decode()
    if any(f(kind) for f in (pa.types.is_string, pa.types.is_large_string)) or kind == pa.string_view():
        return value.as_py()
    if pa.types.is_temporal(kind):
        return str(value.value)
    return str(value.as_py())


def cells(chunked, kind):
    if pa.types.is_dictionary(kind):
        # Decoded by hand: a null may stand among the indices or among the values.
        return [
            None if not scalar.is_valid or scalar.value is None or not scalar.value.is_valid else cell(scalar.value, kind.value_type)
            for scalar in chunked
        ]
    return [cell(scalar, kind) for scalar in chunked]


def seen(data):
    """What pyarrow reads, as a tagged table; nothing where a cell is no scalar."""
    table = pa.ipc.open_stream(data).read_all()
    columns = []
    for field, chunked in zip(table.schema, table.columns):
        kind = field.type
        if isinstance(kind, pa.BaseExtensionType):
            kind = kind.storage_type
            chunked = pa.chunked_array([chunk.storage for chunk in chunked.chunks], kind)
        if pa.types.is_nested(kind) or pa.types.is_null(kind) or pa.types.is_interval(kind) or pa.types.is_run_end_encoded(kind):
            return None
        columns.append({"name": field.name, "type": str(kind), "nullable": field.nullable, "values": cells(chunked, kind)})
    return {"type": "table", "rows": table.num_rows, "columns": columns}


def integers():
    for bits in (8, 16, 32, 64):
        top = 1 << (bits - 1)
        # Of 64 bits, also what a double is not, in the middle of the range: at its ends a double that saturates would do.
        odd = [2**53 + 1, 2**62 + 1] if bits == 64 else []
        yield "int%d" % bits, [0, 1, -1, None, top - 1, -top, *odd, *(-n for n in odd)], getattr(pa, "int%d" % bits)()
        yield "uint%d" % bits, [0, 1, None, 2 * top - 1, top, *odd], getattr(pa, "uint%d" % bits)()


INF = float("inf")
MOMENTS = [0, None, -1, 1700000000, 253402300799, -62135596800]
WORDS = ["", "a", None, "\u00e4\u20ac\U0001f600", "a\0b", "a word of more than twelve bytes", "\ufeff"]
BYTES = [b"", b"\0\xff", None, bytes(range(32))]


def profile():
    """One column of each type of the portable profile."""
    yield "bool", column([True, False, None, True, True, False, None, False, True], pa.bool_())
    for name, values, kind in integers():
        yield name, column(values, kind)
    yield "float", column([0.0, -0.0, None, 1.5, 0.1, INF, -INF, float("nan"), 3.4028234663852886e38, 1e-45], pa.float32())
    yield "double", column([0.0, -0.0, None, 0.1, INF, -INF, float("nan"), 1.7976931348623157e308, 5e-324], pa.float64())
    yield "string", column(WORDS, pa.string())
    yield "binary", column(BYTES, pa.binary())
    yield "date32", column([0, None, -1, 19675, 2932896, -719162], pa.date32())
    for unit, scale in (("s", 1), ("ms", 1000), ("us", 10**6), ("ns", 10**9)):
        moments = [None if m is None or unit == "ns" and abs(m) > 9e9 else m * scale + (scale > 1) for m in MOMENTS]
        yield "timestamp-" + unit, column(moments, pa.timestamp(unit))
        yield "timestamp-%s-utc" % unit, column(moments, pa.timestamp(unit, "UTC"))
    yield "timestamp-ns-edges", column([2**63 - 1, -(2**63), None, 2**62 + 1, -(2**62) - 1], pa.timestamp("ns"))
    yield "timestamp-zone", column([0, None, 1700000000], pa.timestamp("s", "Asia/Tokyo"))
    yield "timestamp-offset", column([0, None, 1700000000], pa.timestamp("s", "+05:30"))
    for bits in (8, 16, 32):
        for kind in ("int", "uint"):
            index = getattr(pa, "%s%d" % (kind, bits))()
            coded = pa.DictionaryArray.from_arrays(pa.array([1, None, 0, 2, 2], index), pa.array(["x", "", "\u00e4"]))
            yield "dictionary-%s%d" % (kind, bits), pa.table({"c": coded})
    yield "dictionary-ordered", pa.table(
        {"c": pa.DictionaryArray.from_arrays(pa.array([1, 0, None], pa.int8()), pa.array(["lo", "hi"]), ordered=True)}
    )
    yield "dictionary-empty", pa.table({"c": pa.DictionaryArray.from_arrays(pa.array([None, None], pa.int8()), pa.array([], pa.string()))})
    yield "large-string", column(WORDS, pa.large_string())
    yield "large-binary", column(BYTES, pa.large_binary())
    yield "string-view", column(WORDS, pa.string_view())
    yield "binary-view", column(BYTES, pa.binary_view())


def forms():
    """The same types in other forms of a stream."""
    whole = pa.table({"n": pa.array([1, None, 3, 4, 5], pa.int64()), "s": pa.array(["a", None, "", "d", "\u00e4"])})
    yield "batches", stream(whole, batch_rows=2)
    yield "rows-1000", stream(pa.table({"n": pa.array(range(1000), pa.int16()), "b": pa.array([n % 3 == 0 for n in range(1000)])}), batch_rows=333)
    empty = whole.slice(0, 0).combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, whole.schema) as writer:
        for rows in (0, 2, 0, 3, 0):
            part = whole.slice(0 if rows == 2 else 2, rows).combine_chunks()
            writer.write_batch(part.to_batches()[0] if rows else pa.RecordBatch.from_arrays([c.combine_chunks() for c in empty.columns], schema=whole.schema))
    yield "batches-empty", sink.getvalue().to_pybytes()
    yield "no-rows", stream(pa.RecordBatch.from_arrays([c.combine_chunks() for c in empty.columns], schema=whole.schema))
    kinds = [("b", pa.bool_()), ("t", pa.timestamp("us", "UTC")), ("d", pa.dictionary(pa.int8(), pa.string())), ("v", pa.string_view())]
    yield "no-batches", stream(pa.schema(kinds).empty_table())
    yield "no-nulls", stream(pa.table([pa.array([1, 2], pa.int32())], pa.schema([pa.field("c", pa.int32(), False)])))
    yield "all-null", stream(pa.table({"b": pa.array([None] * 9, pa.bool_()), "s": pa.array([None] * 9, pa.string()), "f": pa.array([None] * 9, pa.float64())}))
    names = ["", " ", "a.b", "__proto__", "constructor", "\u00e4\U0001f600", "n" * 300, "0", "length", "A", "a"]
    yield "names", stream(pa.table([pa.array([n], pa.int8()) for n in range(len(names))], names=names))
    yield "columns-100", stream(pa.table([pa.array([n, None], pa.int32()) for n in range(100)], names=["c%d" % n for n in range(100)]))
    yield "sliced", stream(pa.table({"b": pa.array([True, None, False] * 8), "s": pa.array(["one", None, "three"] * 8)}).slice(5, 11))
    described = pa.schema([pa.field("c", pa.int8(), metadata={"unit": "none"})], metadata={"origin": "here", "empty": ""})
    yield "metadata", stream(pa.table([pa.array([1], pa.int8())], schema=described))
    noted = pa.BufferOutputStream()
    with pa.ipc.new_stream(noted, pa.schema([pa.field("c", pa.int8())])) as writer:
        writer.write_batch(pa.record_batch([pa.array([1], pa.int8())], names=["c"]), custom_metadata={"origin": "here"})
    yield "metadata-of-a-batch", noted.getvalue().to_pybytes()
    yield "pandas-metadata", stream(pa.table([pa.array([1], pa.int8())], names=["c"]).replace_schema_metadata({"pandas": "{\"index_columns\": [\"c\"]}"}))
    yield "extension", stream(pa.table({"j": pa.ExtensionArray.from_storage(pa.json_(), pa.array(["{}", None, "[1]"]))}))
    yield "version-4", stream(whole, pa.ipc.IpcWriteOptions(metadata_version=pa.ipc.MetadataVersion.V4))
    yield "legacy-frame", stream(whole, pa.ipc.IpcWriteOptions(use_legacy_format=True))
    words = ["a", "b", "c", "a word of more than twelve bytes", "e"]
    for name, lists in (
        ("delta", [words[:2], words[:4], words[:4], words]),
        ("replaced", [words[:2], ["c"], ["d", "b", "a"]]),
    ):
        kind = pa.dictionary(pa.int8(), pa.string())
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=name == "delta")
        with pa.ipc.new_stream(sink, pa.schema([("c", kind)]), options=options) as writer:
            for values in lists:
                coded = pa.DictionaryArray.from_arrays(pa.array([len(values) - 1, None, 0], pa.int8()), pa.array(values))
                writer.write_batch(pa.record_batch([coded], names=["c"]))
        yield name, sink.getvalue().to_pybytes()
    first = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), pa.array(["a", "b"]))
    second = pa.DictionaryArray.from_arrays(pa.array([1, 0], pa.uint16()), pa.array(["p", "q"]))
    yield "dictionaries", stream(pa.table({"c": first, "n": pa.array([1, 2], pa.int8()), "d": second}))
    yield "nan-payloads", stream(pa.table({"c": pa.Array.from_buffers(pa.float64(), 2, [None, pa.py_buffer(struct.pack("<QQ", 0x7FF8000000000001, 0xFFF0000000000002))])}))
    coded = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), pa.array(["a", None]))
    yield "dictionary-null-value", stream(pa.table({"c": coded}))
    # What lies behind a null may be anything: an index out of range, bytes that are no UTF-8.
    bits = pa.py_buffer(b"\x05")
    masked = pa.Array.from_buffers(pa.int8(), 3, [bits, pa.py_buffer(b"\0\x63\0")])
    yield "dictionary-masked", stream(pa.table({"c": pa.DictionaryArray.from_arrays(masked, pa.array(["a"]), safe=False)}))


def outside():
    """Types outside of the profile."""
    yield "null", column([None, None], pa.null())
    yield "halffloat", column([1.5, None, 65504.0], pa.float16())
    yield "decimal128", column([decimal.Decimal("1.10"), None], pa.decimal128(10, 2))
    yield "decimal256", column([decimal.Decimal("1.10"), None], pa.decimal256(50, 2))
    yield "date64", column([D.date(2020, 1, 2), None], pa.date64())
    yield "time32-s", column([1, None], pa.time32("s"))
    yield "time32-ms", column([1, None], pa.time32("ms"))
    yield "time64-us", column([1, None], pa.time64("us"))
    yield "time64-ns", column([1, None], pa.time64("ns"))
    yield "duration", column([1, None, -1], pa.duration("us"))
    yield "interval", column([pa.MonthDayNano([1, 2, 3]), None], pa.month_day_nano_interval())
    yield "list", column([[1, 2], None, []], pa.list_(pa.int64()))
    yield "large-list", column([[1, 2], None, []], pa.large_list(pa.int64()))
    yield "list-view", column([[1, 2], None, []], pa.list_view(pa.int64()))
    yield "fixed-size-list", column([[1, 2], None], pa.list_(pa.int64(), 2))
    yield "fixed-size-binary", column([b"abc", None], pa.binary(3))
    yield "struct", column([{"a": 1}, None], pa.struct([("a", pa.int64())]))
    yield "map", column([[("k", 1)], None], pa.map_(pa.string(), pa.int64()))
    tags, offsets = pa.array([0, 1], pa.int8()), pa.array([0, 0], pa.int32())
    yield "dense-union", pa.table({"c": pa.UnionArray.from_dense(tags, offsets, [pa.array([1]), pa.array(["x"])])})
    yield "sparse-union", pa.table({"c": pa.UnionArray.from_sparse(tags, [pa.array([1, 2]), pa.array(["x", "y"])])})
    yield "run-end-encoded", pa.table({"c": pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["x", None]))})
    for index in (pa.int64(), pa.uint64()):
        coded = pa.DictionaryArray.from_arrays(pa.array([0, None], index), pa.array(["x"]))
        yield "dictionary-" + str(index), pa.table({"c": coded})
    for name, values in (
        ("large-string", pa.array(["x"], pa.large_string())),
        ("int64", pa.array([5])),
        ("binary", pa.array([b"x"])),
        ("double", pa.array([0.5])),
    ):
        yield "dictionary-of-" + name, pa.table({"c": pa.DictionaryArray.from_arrays(pa.array([0, None], pa.int8()), values)})
    yield "second-column", pa.table({"a": pa.array([1]), "b": pa.array([D.time(1)], pa.time64("us"))})


def hostile():
    """Wholes that pyarrow can write and no receiver takes, and the streams that are broken elsewhere."""
    whole = pa.table({"n": pa.array([1, None, 3], pa.int64()), "s": pa.array(["one", None, "three"]), "b": pa.array([True, None, False])})
    yield "whole", stream(whole)
    for codec in ("lz4", "zstd"):
        yield "compressed-" + codec, stream(pa.table({"c": pa.array([7] * 1000, pa.int64())}), pa.ipc.IpcWriteOptions(compression=codec))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, whole.schema) as writer:
        writer.write_table(whole)
    yield "file", sink.getvalue().to_pybytes()
    coded = pa.DictionaryArray.from_arrays(pa.array([0, 1, None], pa.int8()), pa.array(["a", "b"]))
    yield "coded", stream(pa.table({"c": coded}))
    yield "views", stream(column(["short", "a word of more than twelve bytes", None], pa.string_view()))
    yield "moments", stream(pa.table({"t": pa.array([1], pa.timestamp("us")), "f": pa.array([1.0]), "d": pa.array([1], pa.date32())}))
    yield "equal-names", stream(pa.table([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "b", "a"]))


def main():
    streams = {}
    for group, made in (("profile", profile()), ("form", forms()), ("outside", outside()), ("hostile", hostile())):
        for name, whole in made:
            data = whole if isinstance(whole, bytes) else stream(whole)
            entry = {"stream": base64.b64encode(data).decode()}
            if group != "hostile":
                entry["table"] = seen(data)
            streams["%s/%s" % (group, name)] = entry
    lines = [json.dumps(name) + ": " + json.dumps(entry) for name, entry in streams.items()]
    (HERE / "streams.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print("%d streams by pyarrow %s" % (len(streams), pa.__version__))


if __name__ == "__main__":
    sys.exit(main())
