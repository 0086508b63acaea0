"""From the wire to values without a clock, a network or an event loop (FR-014)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Collection, Dict, List, Mapping, NamedTuple, Optional, Union

if TYPE_CHECKING:
    from natsbridge._generated import PayloadType
    from natsbridge.received import Received


class PendingDownload(NamedTuple):
    """A payload that is to be fetched; the policy allows its URL."""

    index: int
    """Its position among the payloads, from 0."""
    dataname: str
    payload_type: PayloadType
    url: str
    size: int
    """Its number of bytes."""
    sha256: Optional[str]
    """Its digest in lower case, where the sender told it."""


class Decoder:
    """Reads messages, within limits.

    :param allowed_origins: where links may lead, as URLs such as ``https://files.example:8443``; nowhere by default (W6.5).
    :param max_message_bytes: the message as received, at most; 64 MiB by default.
    :param max_payloads: payloads of one message, at most; 10,000 by default.
    :param read_table: makes the value of an arrowtable from its bytes; :func:`natsbridge.tables.read` by default.
    :raises NATSBridgeError: INVALID_ENVELOPE where an origin or limit is none.
    """

    def __init__(
        self,
        *,
        allowed_origins: Collection[str] = (),
        max_message_bytes: int | None = None,
        max_payloads: int | None = None,
        read_table: Callable[[bytes], Any] | None = None,
    ) -> None:
        raise NotImplementedError

    def decode(self, text: Union[str, bytes, bytearray, memoryview]) -> Incoming:
        """Parse and validate a message, the whole envelope before anything is fetched.

        :raises NATSBridgeError: in phase ``parse``: PAYLOAD_TOO_LARGE beyond ``max_message_bytes``, INVALID_ENVELOPE for what
            is not strict JSON. In phase ``validate``: INVALID_PAYLOAD_TYPE, INVALID_TRANSPORT, URL_NOT_ALLOWED, SIZE_MISMATCH
            where ``payload_bytes`` is not ``size``, INVALID_ENVELOPE for the rest.
        """
        raise NotImplementedError


class Incoming:
    """A message that is valid, whose linked payloads are still to be fetched and whose payloads are still to be decoded."""

    envelope: Dict[str, Any]
    """The members as they are on the wire, ids in lower case; ``data`` of a payload may be its bytes already."""

    def downloads(self) -> List[PendingDownload]:
        """Give what is to be fetched, in list order."""
        raise NotImplementedError

    def check_fetched(self, index: int, content: bytes) -> None:
        """Hold the bytes of payload ``index`` against its size and digest.

        :raises NATSBridgeError: SIZE_MISMATCH, CHECKSUM_MISMATCH.
        """
        raise NotImplementedError

    def content(self, index: int) -> bytes:
        """Give the serialized bytes of the direct payload ``index``, their size and digest found right: for a receiver that puts
        them into a file (W6.9).

        :raises NATSBridgeError: as :meth:`finish`.
        """
        raise NotImplementedError

    def finish(self, fetched: Mapping[int, bytes] = {}, *, values: Mapping[int, Any] = {}) -> Received:
        """Decode every payload.

        :param fetched: the bytes of each of :meth:`downloads` by its index.
        :param values: the values of payloads that are decoded already, in a file say, by their index; nothing of them is
            looked at.
        :raises NATSBridgeError: in phase ``decode``: DESERIALIZATION_ERROR, SIZE_MISMATCH, CHECKSUM_MISMATCH. DOWNLOAD_FAILED
            in phase ``fetch`` where the bytes of a linked payload are missing.
        """
        raise NotImplementedError
