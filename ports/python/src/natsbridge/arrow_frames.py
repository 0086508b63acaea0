"""The messages of an Arrow IPC stream, held against the bytes at hand before pyarrow sees them (W3.6).

pyarrow takes a stream that ends without its marker or goes on behind it, and a compressed body; this walk does not. It
reads the few members of the flatbuffers that it needs, each with its bounds.
"""

from __future__ import annotations

import struct
from typing import Iterator

from natsbridge.errors import ContentError

_PREFIX = 8
_CONTINUATION = b"\xff\xff\xff\xff"
_SCHEMA, _DICTIONARY, _BATCH = 1, 2, 3
_KINDS = {4: "a tensor", 5: "a sparse tensor"}
_VERSIONS = (3, 4)
# The types of the format without child columns: int, float, binary, utf8, bool, date, timestamp, large and view forms.
_FLAT = (2, 3, 4, 5, 6, 8, 10, 19, 20, 23, 24)
# Of a float its precision, of a date and a timestamp its unit: the one that need not be said, and the last.
_UNITS = {3: (0, 2), 8: (1, 1), 10: (0, 3)}


class TableError(ContentError):
    """Why a table cannot be written, or a stream cannot be read.

    Its text is a sentence; ``expected`` and ``found`` say more (a type, a column, a count, a byte position).
    """

    def __init__(self, message: str, expected: str = "one whole Arrow IPC stream", found: str = "another") -> None:
        super().__init__(expected, found)
        self.message = message

    def __str__(self) -> str:
        return f"{self.message}: expected {self.expected}, found {self.found}"


def check_frames(stream: memoryview) -> None:
    """Hold the frame of a stream against W3.6.

    ``stream`` (bytes) has to be one schema, then dictionaries and record batches in any number, then the end-of-stream
    marker, and nothing else.

    :raises TableError: for the file format, big-endian numbers, a compressed body, a message that lies about its lengths,
        a missing marker or bytes after it.
    """
    if bytes(stream[:6]) == b"ARROW1":
        raise TableError("an arrowtable is an Arrow IPC stream", "the stream format", "the file format")
    first = True
    for at, metadata, kind, header, _ in _messages(stream):
        if first != (kind == _SCHEMA):
            if first:
                raise TableError("the stream does not start with its schema")
            raise TableError("the stream has a second schema", found=f"a schema at byte {at}")
        first = False
        try:
            if kind == _SCHEMA:
                _check_schema(at, metadata, header)
            else:
                _check_plain(at, metadata, _batch(at, metadata, header, kind))
        except _InvalidError as reason:
            raise _invalid(at, reason) from None
    if first:
        raise TableError("the stream does not start with its schema")


def check_batches(stream: memoryview) -> None:
    """Hold what the batches claim of their columns and buffers against their bodies.

    It is for a stream that passes :func:`check_frames` and has plain columns alone, none of them nested.

    :raises TableError: for a column of another length than its batch, a buffer outside of the body, buffers that share
        bytes, or a column of views that says to have more buffers than there are.
    """
    for at, metadata, kind, header, body_length in _messages(stream):
        if kind == _SCHEMA:
            continue
        try:
            _check_claims(at, metadata, _batch(at, metadata, header, kind), body_length)
        except _InvalidError as reason:
            raise _invalid(at, reason) from None


class _InvalidError(Exception):
    """The metadata of a message leads outside of itself."""


def _messages(stream: memoryview) -> Iterator[tuple[int, memoryview, int, int, int]]:
    """Gives for each message its place, its metadata, its kind, the place of its header there, and its body's length."""
    at = 0
    while True:
        left = len(stream) - at
        if left < _PREFIX:
            raise TableError("the stream ends without its end-of-stream marker", found=f"{left} bytes after byte {at}")
        if stream[at : at + 4] != _CONTINUATION:
            found = bytes(stream[at : at + 4]).hex(" ")
            raise TableError(f"no message starts at byte {at} of the stream", "ff ff ff ff", found)
        (length,) = struct.unpack_from("<i", stream, at + 4)
        left -= _PREFIX
        if length == 0:
            if left:
                found = f"{left} bytes from byte {at + _PREFIX} on"
                raise TableError("the stream goes on after its end-of-stream marker", found=found)
            return
        if not 0 <= length <= left or length % 8:
            raise _lie(at, "metadata", left, length)
        metadata = stream[at + _PREFIX : at + _PREFIX + length]
        try:
            message = _offset(metadata, 0)
            _check_texts(at, metadata, message, 4)
            version = _number(metadata, message, 0, "<h", 0)
            kind = _number(metadata, message, 1, "<B", 0)
            header = _table(metadata, message, 2)
            body_length = _number(metadata, message, 3, "<q", 0)
        except _InvalidError as reason:
            raise _invalid(at, reason) from None
        if version not in _VERSIONS:
            raise TableError(
                f"the message at byte {at} has another metadata version", "V4 or V5", f"version {version + 1}"
            )
        if kind not in (_SCHEMA, _DICTIONARY, _BATCH) or header is None:
            found = _KINDS.get(kind, f"kind {kind}")
            expected = "a schema, a dictionary or a record batch"
            raise TableError(f"the message at byte {at} belongs in no stream of a table", expected, found)
        left -= length
        if not 0 <= body_length <= left or body_length % 8:
            raise _lie(at, "body", left, body_length)
        yield at, metadata, kind, header, body_length
        at += _PREFIX + length + body_length


def _check_schema(at: int, metadata: memoryview, schema: int) -> None:
    if _number(metadata, schema, 0, "<h", 0) != 0:
        message = "the numbers in the stream are in another byte order"
        raise TableError(message, "little-endian", "big-endian")
    _check_texts(at, metadata, schema, 2)
    for field in _tables(metadata, schema, 1):
        _check_texts(at, metadata, field, 6)
        kind = _number(metadata, field, 2, "<B", 0)
        if kind in _FLAT and any(_tables(metadata, field, 5)):
            raise TableError("a column has child columns", "none for its type", "some")
        data_type = _table(metadata, field, 3)
        if kind in _UNITS and data_type is not None:
            # pyarrow takes one that it does not know for one that it knows.
            default, most = _UNITS[kind]
            unit = _number(metadata, data_type, 0, "<h", default)
            if not 0 <= unit <= most:
                message = "a column has a type outside of the profile"
                raise TableError(message, f"a unit or precision from 0 to {most}", str(unit))
        dictionary = _table(metadata, field, 4)
        if dictionary is not None and _number(metadata, dictionary, 3, "<h", 0) != 0:
            raise TableError("a column has a dictionary of another kind", "a dense array", "another")


def _batch(at: int, metadata: memoryview, header: int, kind: int) -> int:
    """The place of a record batch, also within a dictionary."""
    batch = _table(metadata, header, 1) if kind == _DICTIONARY else header
    if batch is None:
        raise TableError(f"the message at byte {at} is a dictionary without values")
    return batch


def _check_plain(at: int, metadata: memoryview, batch: int) -> None:
    compression = _table(metadata, batch, 3)
    if compression is not None:
        codec = _number(metadata, compression, 0, "<b", 0)
        name = {0: "lz4", 1: "zstd"}.get(codec, f"codec {codec}")
        raise TableError(f"the message at byte {at} has a compressed body", "no compression", name)


def _check_claims(at: int, metadata: memoryview, batch: int, body_length: int) -> None:
    rows = _number(metadata, batch, 0, "<q", 0)
    for length, nulls in _structs(metadata, batch, 1, "<qq"):
        if length != rows or not 0 <= nulls <= length:
            found = f"{length} values with {nulls} nulls"
            raise TableError(f"the message at byte {at} has a column of another length", f"{rows} values", found)
    # Buffers that share bytes let a small stream stand for a large table.
    unclaimed, buffers = body_length, 0
    for start, length in _structs(metadata, batch, 2, "<qq"):
        if start < 0 or length < 0 or start % 8 or start + length > body_length:
            expected = f"a start at a multiple of 8, an end up to {body_length}"
            found = f"{length} bytes from {start} on"
            raise TableError(f"the message at byte {at} has a buffer outside of its body", expected, found)
        unclaimed -= length
        buffers += 1
    if unclaimed < 0:
        raise TableError(f"the message at byte {at} has buffers that share bytes")
    # Old versions of pyarrow make room for as many as a column of views says, and end the process where there is none.
    for (count,) in _structs(metadata, batch, 4, "<q"):
        if not 0 <= count <= buffers:
            message = f"the message at byte {at} has no valid count of buffers for a column"
            raise TableError(message, f"0 to {buffers}", str(count))


def _check_texts(at: int, metadata: memoryview, table: int, index: int) -> None:
    """The format has text as names and values of somebody's own; pyarrow takes any bytes, other libraries refuse them."""
    for pair in _tables(metadata, table, index):
        for member in (0, 1):
            text = _table(metadata, pair, member)
            if text is None:
                message = "the table's own metadata has a name without a value, or a value without a name"
                raise TableError(message, "pairs of both")
            length = _read(metadata, text, "<I")
            if text + 4 + length > len(metadata):
                raise _InvalidError(f"a text of {length} bytes in {len(metadata)} bytes")
            try:
                str(metadata[text + 4 : text + 4 + length], "utf-8")
            except UnicodeDecodeError:
                message = f"the message at byte {at} of the stream has metadata of the table's own that is no text"
                raise TableError(message, "names and values in UTF-8", "other bytes") from None


def _lie(at: int, part: str, most: int, found: int) -> TableError:
    return TableError(f"the message at byte {at} lies about its {part}", f"a multiple of 8 up to {most}", str(found))


def _invalid(at: int, reason: _InvalidError) -> TableError:
    return TableError(f"the metadata of the message at byte {at} is invalid", found=str(reason))


def _read(metadata: memoryview, at: int, form: str) -> int:
    if at < 0 or at + struct.calcsize(form) > len(metadata):
        raise _InvalidError(f"an offset to byte {at} of {len(metadata)}")
    value: int = struct.unpack_from(form, metadata, at)[0]
    return value


def _offset(metadata: memoryview, at: int) -> int:
    """What a forward offset leads to."""
    return at + _read(metadata, at, "<I")


def _member(metadata: memoryview, table: int, index: int) -> int | None:
    """The place of a table's member, by the table of places that stands elsewhere."""
    places = table - _read(metadata, table, "<i")
    if 4 + 2 * index + 2 > _read(metadata, places, "<H"):
        return None
    offset = _read(metadata, places + 4 + 2 * index, "<H")
    return table + offset if offset else None


def _number(metadata: memoryview, table: int, index: int, form: str, default: int) -> int:
    at = _member(metadata, table, index)
    return default if at is None else _read(metadata, at, form)


def _table(metadata: memoryview, table: int, index: int) -> int | None:
    at = _member(metadata, table, index)
    return None if at is None else _offset(metadata, at)


def _tables(metadata: memoryview, table: int, index: int) -> Iterator[int]:
    """The members of a vector of tables."""
    vector = _table(metadata, table, index)
    if vector is None:
        return
    count = _read(metadata, vector, "<I")
    if vector + 4 + 4 * count > len(metadata):
        raise _InvalidError(f"a vector of {count} members in {len(metadata)} bytes")
    for at in range(vector + 4, vector + 4 + 4 * count, 4):
        yield _offset(metadata, at)


def _structs(metadata: memoryview, table: int, index: int, form: str) -> Iterator[tuple[int, ...]]:
    """The members of a vector of numbers, or of structs of them, each as a tuple."""
    vector = _table(metadata, table, index)
    if vector is None:
        return
    count = _read(metadata, vector, "<I")
    end = vector + 4 + struct.calcsize(form) * count
    if end > len(metadata):
        raise _InvalidError(f"a vector of {count} members in {len(metadata)} bytes")
    yield from struct.iter_unpack(form, metadata[vector + 4 : end])
