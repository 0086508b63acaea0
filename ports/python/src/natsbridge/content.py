"""Between values and the bytes of a payload (FR-012, W3)."""

from __future__ import annotations

from typing import Any, Callable, Final, Union

from natsbridge import json_reader, json_writer, tables
from natsbridge.errors import ContentError
from natsbridge.json_fault import first_fault
from natsbridge.part import External, Serialized

BYTES: Final = ("binary", "image", "audio", "video")
"""The types whose values are bytes."""


def serialize(payload_type: str, data: Any) -> Union[bytes, External]:
    """Give the bytes that carry a part's data; itself where they are elsewhere.

    :raises ContentError: where its type cannot carry it.
    """
    if isinstance(data, External):
        if data.size > 0:
            return data
        # Nothing is there to be fetched of no bytes (W2.6).
        data = Serialized(b"")
    if isinstance(data, Serialized):
        deserialize(payload_type, data.content, tables.read)
        return bytes(data.content)
    if payload_type in BYTES:
        if isinstance(data, bytes):
            return data
        if isinstance(data, (bytearray, memoryview)):
            return bytes(data)
        raise ContentError("bytes, a bytearray or a memoryview", kind(data))
    if payload_type == "text":
        if not isinstance(data, str):
            raise ContentError("a str", kind(data))
        try:
            return data.encode()
        except UnicodeEncodeError as error:
            found = f"the lone surrogate U+{ord(data[error.start]):04X}"
            raise ContentError("a string without lone surrogates", found, f" at character {error.start}") from None
    if payload_type == "arrowtable":
        return tables.write(data)
    if not isinstance(data, (list, tuple, dict) if payload_type == "dictionary" else (list, tuple)):
        raise ContentError(_HOLDS[payload_type], kind(data))
    if payload_type == "jsontable":
        _only_rows(data)
    return json_writer.write(data)


def deserialize(payload_type: str, content: bytes, read_table: Callable[[bytes], Any]) -> Any:
    """Give the value that the bytes of a payload carry.

    :raises ContentError: where they are not what the type says.
    """
    if payload_type in BYTES:
        return content
    if payload_type == "text":
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            found = f"the byte 0x{content[error.start]:02X}"
            raise ContentError("UTF-8", found, f" at byte {error.start}") from None
    if payload_type == "arrowtable":
        return read_table(content)
    try:
        value = json_reader.read(content)
    except json_reader.NotStrictError:
        fault = first_fault(content)
        raise ContentError(fault.expected, fault.found, fault.place) from None
    return inline(payload_type, value)


def inline(payload_type: str, value: Any) -> Any:
    """Give the value of a dictionary or jsontable again, if it is one: it stands in the envelope as itself (W2.3).

    :raises ContentError: where it is none.
    """
    if type(value) is not list and (type(value) is not dict or payload_type == "jsontable"):
        raise ContentError(_HOLDS[payload_type], kind(value))
    if payload_type == "jsontable":
        _only_rows(value)
    return value


def kind(value: Any) -> str:
    """Give what a value is, in words."""
    known = _KINDS.get(type(value))
    return known or f"a value of type {type(value).__qualname__}"


_HOLDS: Final = {"dictionary": "a JSON object or array", "jsontable": "an array of JSON objects"}
_KINDS: Final = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    bytes: "bytes",
    list: "an array",
    tuple: "an array",
    dict: "an object",
}


def _only_rows(rows: Any) -> None:
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise ContentError(_HOLDS["jsontable"], f"{kind(row)} as row {index}")
