"""What is to be sent: one part becomes one payload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

if TYPE_CHECKING:
    from natsbridge._generated import PayloadType


class Part(NamedTuple):
    """A named, typed piece of data to send; a plain tuple of its first three or four elements does as well.

    Nothing is checked before the message is encoded.
    """

    dataname: str
    """At most 1,024 bytes; names may repeat (W1.7)."""
    data: Any
    """By type: a str for text; a dict or list for dictionary; a list of dicts for jsontable; a pyarrow.Table or what becomes
    one for arrowtable; bytes, bytearray or a contiguous memoryview for the others. Or an :class:`External`, or a
    :class:`Serialized`."""
    payload_type: PayloadType
    """One of the names of W1.11."""
    metadata: Mapping[str, Any] = {}
    """Members for the payload's metadata besides ``payload_bytes`` and ``sha256``, which are reserved (W1.13)."""
    id: Optional[str] = None
    """The payload's UUID; a new one by default."""


class External(NamedTuple):
    """Stands for bytes of a known number that are elsewhere, in a file say; they go by link."""

    size: int
    """Their number; of none the payload is direct (W2.6)."""


class Serialized(NamedTuple):
    """The bytes of a payload of any type, already as they travel; they are checked against the type and sent as they are."""

    content: bytes


PartLike = Union[Part, Tuple[str, Any, "PayloadType"], Tuple[str, Any, "PayloadType", Mapping[str, Any]], Sequence[Any]]
"""What is taken for a part."""
