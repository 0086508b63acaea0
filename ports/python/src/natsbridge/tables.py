"""Tables as Arrow IPC streams (W3.6, W3.7), by pyarrow.

pyarrow is the extra ``natsbridge[arrow]``, version 23.0.1 or newer where strangers may send; it is imported when a table is
first seen. What is read is held against the stream's own claims before pyarrow sees it, and validated in full after it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from natsbridge.arrow_frames import TableError, check_batches, check_frames

if TYPE_CHECKING:
    import pandas
    import pyarrow as pa

__all__ = ["TableError", "read", "to_pandas", "write"]

_EXPECTED = (
    "a type of the portable profile (bool, int8 to int64, uint8 to uint64, float, double, string, binary, date32, "
    "timestamp, or string encoded by a dictionary with indices of int8 to uint32)"
)


def write(value: Any) -> bytes:
    """Write a table as one Arrow IPC stream with its end-of-stream marker.

    ``value`` is a pyarrow.Table, a RecordBatch or a list of them, a pandas.DataFrame (an index other than a RangeIndex
    travels as a column), or anything else with ``__arrow_c_stream__`` (polars, duckdb, ...). Only the portable profile is
    written: large and view forms of string and binary go in their plain form, an extension type as its storage type.

    :raises TableError: for another value, a type outside of the profile, equal column names, metadata that is no text, and
        without pyarrow.
    """
    pa = _pyarrow()
    try:
        table = _portable_table(_table(value))
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            if table.schema.names:
                writer.write_table(table)
    except TableError:
        raise
    except _arrow_errors() as error:
        raise TableError(
            "the table cannot be written as an Arrow IPC stream", "a valid table", _one_line(error)
        ) from error
    stream: bytes = sink.getvalue().to_pybytes()
    # pyarrow writes metadata that others, and we, refuse to read.
    check_frames(memoryview(stream))
    return stream


def read(stream: bytes) -> pa.Table:
    """Read one Arrow IPC stream, and check all of it: lengths and offsets, the values of each type, and the end.

    Columns keep their types; an extension type reads as its storage type. A stream without columns has no rows. Buffers
    stay parts of ``stream``.

    :raises TableError: for the file format, big-endian numbers, a compressed body, equal column names, a type outside of
        the portable profile (and of the large and view forms of string and binary), no end-of-stream marker or bytes after
        it, whatever contradicts itself or the bytes at hand, and without pyarrow.
    """
    pa = _pyarrow()
    check_frames(memoryview(stream))
    try:
        reader = pa.ipc.open_stream(pa.py_buffer(stream))
        _check_schema(reader.schema)
        check_batches(memoryview(stream))
        batches: list[Any] = []
        for batch in reader:
            batch.validate(full=True)
            if batch.num_columns:
                columns = [_without_hidden_views(column) for column in batch.columns]
                batches.append(pa.RecordBatch.from_arrays(columns, schema=batch.schema))
        table = _plain_storage(pa.Table.from_batches(batches, reader.schema))
    except TableError:
        raise
    except _arrow_errors() as error:
        raise TableError("the stream is no valid Arrow IPC stream", found=_one_line(error)) from error
    for field, column in zip(table.schema, table.columns):
        if not field.nullable and column.null_count:
            message = f"column {_quoted(field.name)} has nulls, and its schema allows none"
            raise TableError(message, "no nulls", f"{column.null_count} nulls")
    return table


def to_pandas(table: pa.Table) -> pandas.DataFrame:
    """Give the table as a DataFrame; integers and booleans with nulls get pandas' nullable types, so that no value changes.

    :raises TableError: where pandas is missing or cannot hold the table.
    """
    pa = _pyarrow()
    try:
        import pandas as pd
    except ImportError as error:
        message = "a table as a DataFrame needs pandas: pip install 'natsbridge[pandas]'"
        raise TableError(message, "pandas", str(error)) from error
    nullable = {getattr(pa, name.lower())(): getattr(pd, f"{name}Dtype")() for name in _INTEGERS}
    nullable[pa.bool_()] = pd.BooleanDtype()
    with_nulls = {
        field.type for field, column in zip(table.schema, table.columns) if field.type in nullable and column.null_count
    }
    try:
        frame: pandas.DataFrame = table.to_pandas(
            types_mapper=lambda data_type: nullable[data_type] if data_type in with_nulls else None
        )
    except Exception as error:  # pandas raises of every kind, for zones and metadata of strangers too
        raise TableError(
            "the table cannot be read into a DataFrame", "what pandas can hold", _one_line(error)
        ) from error
    return frame


_INTEGERS = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.ipc
    except ImportError as error:
        message = "an arrowtable needs pyarrow: pip install 'natsbridge[arrow]'"
        raise TableError(message, "pyarrow", str(error)) from error
    return pyarrow


def _arrow_errors() -> Any:
    """What pyarrow raises, which is in part of Python's own classes (names that are no UTF-8, allocations)."""
    pa = _pyarrow()
    return (pa.ArrowException, ValueError, TypeError, KeyError, IndexError, OSError, NotImplementedError, MemoryError)


def _table(value: Any) -> pa.Table:
    pa = _pyarrow()
    if isinstance(value, pa.Table):
        return value
    if isinstance(value, pa.RecordBatch):
        return pa.Table.from_batches([value])
    pandas_module = sys.modules.get("pandas")
    if pandas_module is not None and isinstance(value, pandas_module.DataFrame):
        return pa.Table.from_pandas(value)
    if hasattr(value, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(value).read_all()
    if isinstance(value, (list, tuple)) and value and all(isinstance(batch, pa.RecordBatch) for batch in value):
        return pa.Table.from_batches(value)
    expected = "a pyarrow.Table, RecordBatch(es), a pandas.DataFrame or an object with __arrow_c_stream__"
    raise TableError("the data is no table", expected, type(value).__name__)


def _check_schema(schema: pa.Schema) -> None:
    names = schema.names
    if len(set(names)) != len(names):
        equal = next(name for name in names if names.count(name) > 1)
        raise TableError("two columns of the table have the same name", "different names", _quoted(equal))
    for field in schema:
        data_type = _storage(field.type)
        if _pyarrow().types.is_timestamp(data_type):
            _check_zone(field.name, data_type)
        if _portable(data_type) is None:
            message = f"column {_quoted(field.name)} has a type outside of the profile"
            raise TableError(message, _EXPECTED, str(data_type))


def _check_zone(name: str, data_type: pa.TimestampType) -> None:
    try:
        # It is decoded when it is asked for.
        str(data_type.tz)
    except UnicodeDecodeError:
        message = f"column {_quoted(name)} has a time zone that is no text"
        raise TableError(message, "UTF-8", "other bytes") from None


def _portable(data_type: pa.DataType) -> pa.DataType | None:
    """The type as which a column is written: itself, or the plain form of a large or view form, or none at all."""
    types = _pyarrow().types
    if types.is_dictionary(data_type):
        index = data_type.index_type
        if not _is_text(data_type.value_type) or types.is_int64(index) or types.is_uint64(index):
            return None
        return _pyarrow().dictionary(index, _pyarrow().string(), data_type.ordered)
    if _is_text(data_type):
        return _pyarrow().string()
    if _is_binary(data_type):
        return _pyarrow().binary()
    plain = (
        types.is_boolean(data_type)
        or types.is_integer(data_type)
        or types.is_float32(data_type)
        or types.is_float64(data_type)
        or types.is_date32(data_type)
        or types.is_timestamp(data_type)
    )
    return data_type if plain else None


def _is_text(data_type: pa.DataType) -> bool:
    return str(data_type) in ("string", "large_string", "string_view")


def _is_binary(data_type: pa.DataType) -> bool:
    return str(data_type) in ("binary", "large_binary", "binary_view")


def _without_hidden_views(array: pa.Array) -> pa.Array:
    """Give an array whose views behind nulls are empty: they may say anything, and some functions of pyarrow read them."""
    pa = _pyarrow()
    if isinstance(array, pa.ExtensionArray):
        return pa.ExtensionArray.from_storage(array.type, _without_hidden_views(array.storage))
    if isinstance(array, pa.DictionaryArray) and array.dictionary.null_count:
        values = _without_hidden_views(array.dictionary)
        return pa.DictionaryArray.from_arrays(array.indices, values, ordered=array.type.ordered)
    if array.null_count and str(array.type) in ("string_view", "binary_view"):
        validity, views, *data = array.buffers()
        slots = pa.Array.from_buffers(pa.binary(16), len(array), [None, views])
        slots = pa.compute.if_else(array.is_valid(), slots, pa.scalar(bytes(16), slots.type))
        return pa.Array.from_buffers(array.type, len(array), [validity, slots.buffers()[1], *data])
    return array


def _portable_table(table: pa.Table) -> pa.Table:
    pa = _pyarrow()
    table = _plain_storage(table)
    _check_schema(table.schema)
    for index, field in enumerate(table.schema):
        target = _portable(field.type)
        column = table.column(index)
        if pa.types.is_dictionary(field.type):
            chunks = [_plain_dictionary(chunk, target) for chunk in column.chunks]
            column = pa.chunked_array(chunks, target)
        elif target != field.type:
            column = _cast(column, target)
        table = table.set_column(index, field.with_type(target), column)
    return table


def _plain_dictionary(array: pa.DictionaryArray, target: pa.DictionaryType) -> pa.DictionaryArray:
    """With plain strings as values, and with nulls in the indices alone."""
    pa = _pyarrow()
    values, indices = array.dictionary, array.indices
    if values.type != target.value_type:
        values = _cast(values, target.value_type)
    if values.null_count:
        is_value = values.is_valid().take(indices).fill_null(False)
        indices = pa.compute.if_else(is_value, indices, pa.scalar(None, indices.type))
        values = values.fill_null("")
    return pa.DictionaryArray.from_arrays(indices, values, ordered=target.ordered)


def _cast(column: Any, target: pa.DataType) -> Any:
    """An array or chunked array as the plain form of its type."""
    pa = _pyarrow()
    try:
        return column.cast(target)
    except pa.ArrowNotImplementedError:
        # Old versions know views, and do not cast them.
        return pa.array(column.to_pylist(), target)


def _storage(data_type: pa.DataType) -> pa.DataType:
    while isinstance(data_type, _pyarrow().BaseExtensionType):
        data_type = data_type.storage_type
    return data_type


def _plain_storage(table: pa.Table) -> pa.Table:
    pa = _pyarrow()
    for index, field in enumerate(table.schema):
        while isinstance(field.type, pa.BaseExtensionType):
            storage = field.type.storage_type
            column = pa.chunked_array([chunk.storage for chunk in table.column(index).chunks], storage)
            field = field.with_type(storage)
            table = table.set_column(index, field, column)
    if not table.schema.names:
        return table.schema.empty_table()
    return table


def _quoted(name: str) -> str:
    """A name in a message, cut where it is long, as a stranger's may be of any length."""
    return repr(name) if len(name) <= 100 else f"{name[:100]!r}..."


def _one_line(error: BaseException) -> str:
    text = str(error).strip()
    return (text.splitlines()[0] if text else type(error).__name__)[:200]
