"""From the wire to values without a clock, a network or an event loop (FR-014)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256 as new_sha256
from typing import TYPE_CHECKING, Any, Callable, Collection, Dict, List, Mapping, Optional, Set, Union

from natsbridge import content as contents
from natsbridge import json_writer, rules, tables
from natsbridge._generated import DESKTOP
from natsbridge.canonical_base64 import decode, decode_exactly
from natsbridge.errors import ContentError, NATSBridgeError
from natsbridge.json_fault import first_fault
from natsbridge.json_reader import NotStrictError
from natsbridge.link import InvalidLinkError, Origin, origin, redact
from natsbridge.received import ReceivedPayload
from natsbridge.scan import read_envelope
from natsbridge.usual import usual_envelope

if TYPE_CHECKING:
    from natsbridge._generated import ErrorCode, PayloadType
    from natsbridge.received import Received


@dataclass(frozen=True)
class PendingDownload:
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
        self._max_message_bytes = _bound("max_message_bytes", max_message_bytes, DESKTOP.max_received_bytes)
        most = _bound("max_payloads", max_payloads, DESKTOP.max_payloads)
        self._policy = rules.Policy(most, _origins(allowed_origins))
        self._read_table = tables.read if read_table is None else read_table

    def decode(self, text: Union[str, bytes, bytearray, memoryview]) -> Incoming:
        """Parse and validate a message, the whole envelope before anything is fetched.

        :raises NATSBridgeError: in phase ``parse``: PAYLOAD_TOO_LARGE beyond ``max_message_bytes``, INVALID_ENVELOPE for what
            is not strict JSON. In phase ``validate``: INVALID_PAYLOAD_TYPE, INVALID_TRANSPORT, URL_NOT_ALLOWED, SIZE_MISMATCH
            where ``payload_bytes`` is not ``size``, INVALID_ENVELOPE for the rest.
        """
        content = _bytes(text)
        limit = self._max_message_bytes
        if len(content) > limit:
            raise NATSBridgeError(
                "PAYLOAD_TOO_LARGE",
                "parse",
                f"the message has {len(content)} bytes; this receiver takes {limit} (max_message_bytes)",
                expected=f"at most {limit} bytes",
                found=f"{len(content)} bytes",
            )
        usual = usual_envelope(content, self._policy.max_payloads)
        if usual is not None:
            return Incoming(usual, self._read_table)
        try:
            envelope = read_envelope(content)
        except NotStrictError:
            raise _not_json(content) from None
        violation = rules.incoming(envelope, self._policy)
        if violation is not None:
            raise _invalid(envelope, violation)
        for name in ("correlation_id", "msg_id", "sender_id", "receiver_id", "reply_to_msg_id"):
            envelope[name] = envelope[name].lower()
        for payload in envelope["payloads"]:
            payload["id"] = payload["id"].lower()
        return Incoming(envelope, self._read_table)


class Incoming:
    """A message that is valid, whose linked payloads are still to be fetched and whose payloads are still to be decoded.

    :ivar envelope: the members as they are on the wire, ids in lower case; ``data`` of a payload may be its bytes already.
    """

    __slots__ = ("_read_table", "envelope")

    def __init__(self, envelope: Dict[str, Any], read_table: Callable[[bytes], Any]) -> None:
        """Take an envelope that is valid, its ids in lower case."""
        self.envelope = envelope
        self._read_table = read_table

    def downloads(self) -> List[PendingDownload]:
        """Give what is to be fetched, in list order."""
        return [
            PendingDownload(
                index,
                payload["dataname"],
                payload["payload_type"],
                payload["data"],
                int(payload["size"]),
                _sha256(payload),
            )
            for index, payload in enumerate(self.envelope["payloads"])
            if payload["transport"] == "link"
        ]

    def check_fetched(self, index: int, content: bytes) -> None:
        """Hold the bytes of payload ``index`` against its size and digest.

        :raises NATSBridgeError: SIZE_MISMATCH, CHECKSUM_MISMATCH.
        """
        payload = self.envelope["payloads"][index]
        size = payload["size"]
        if len(content) != size:
            raise self._size_error(index, len(content))
        expected = _sha256(payload)
        if expected is not None:
            found = new_sha256(content).hexdigest()
            if found != expected:
                message = f"the bytes of payload {index} have another SHA-256 than the message says"
                raise self._error("CHECKSUM_MISMATCH", index, message, expected, found)

    def content(self, index: int) -> bytes:
        """Give the serialized bytes of the direct payload ``index``, for a receiver that puts them into a file (W6.9).

        Their size and digest are found right.

        :raises NATSBridgeError: as :meth:`finish`.
        """
        payload = self.envelope["payloads"][index]
        if payload["encoding"] == "json":
            self._value(index, payload, None)
            return json_writer.write(payload["data"])
        return self._direct(index, payload)

    def finish(self, fetched: Mapping[int, bytes] = {}, *, values: Mapping[int, Any] = {}) -> Received:
        """Decode every payload.

        :param fetched: the bytes of each of :meth:`downloads` by its index.
        :param values: the values of payloads that are decoded already, in a file say, by their index; nothing of them is
            looked at.
        :raises NATSBridgeError: in phase ``decode``: DESERIALIZATION_ERROR, SIZE_MISMATCH, CHECKSUM_MISMATCH. DOWNLOAD_FAILED
            in phase ``fetch`` where the bytes of a linked payload are missing.
        """
        payloads = self.envelope["payloads"]
        # What is wrong with a fetched payload counts before the content of any (W7.1).
        for index, payload in enumerate(payloads):
            if payload["transport"] == "link" and index not in values:
                if index not in fetched:
                    raise self._error("DOWNLOAD_FAILED", index, f"payload {index} was not fetched")
                self.check_fetched(index, fetched[index])
        received: Any = dict(self.envelope)
        received["payloads"] = [
            ReceivedPayload(
                payload, values[index] if index in values else self._value(index, payload, fetched.get(index))
            )
            for index, payload in enumerate(payloads)
        ]
        return received  # type: ignore[no-any-return]

    def _value(self, index: int, payload: Dict[str, Any], fetched: Optional[bytes]) -> Any:
        payload_type = payload["payload_type"]
        try:
            if payload["encoding"] == "json":
                return contents.inline(payload_type, payload["data"])
            content = fetched if payload["transport"] == "link" else self._direct(index, payload)
            return contents.deserialize(payload_type, content, self._read_table)  # type: ignore[arg-type]
        except ContentError as error:
            raise self._content_error(index, error) from error

    def _direct(self, index: int, payload: Dict[str, Any]) -> bytes:
        """Give the bytes of a payload that stands in the envelope as base64."""
        data, size = payload["data"], int(payload["size"])
        if type(data) is bytes:
            # The scan has decoded it: it is canonical, and of that size.
            content = data
        else:
            text = data.encode("utf-8")
            decoded = decode_exactly(text, size)
            if decoded is None:
                decoded = decode(text)
                if decoded is None:
                    expected = (
                        "canonical base64 (RFC 4648): a multiple of 4 of its 64 characters, padding at the end, zero "
                        "trailing bits"
                    )
                    raise self._content_error(index, ContentError(expected, f"{len(data)} characters that are not"))
                raise self._size_error(index, len(decoded))
            content = decoded
        if "sha256" in payload["metadata"]:
            self.check_fetched(index, content)
        return content

    def _size_error(self, index: int, found: int) -> NATSBridgeError:
        size = int(self.envelope["payloads"][index]["size"])
        message = f"payload {index} has {found} bytes, and its size says {size}"
        return self._error("SIZE_MISMATCH", index, message, f"{size} bytes", f"{found} bytes")

    def _content_error(self, index: int, error: ContentError) -> NATSBridgeError:
        payload_type = self.envelope["payloads"][index]["payload_type"]
        message = f"payload {index} ({payload_type}): {error}"
        return self._error("DESERIALIZATION_ERROR", index, message, error.expected, error.found)

    def _error(
        self,
        code: ErrorCode,
        index: int,
        message: str,
        expected: Optional[str] = None,
        found: Optional[str] = None,
    ) -> NATSBridgeError:
        envelope = self.envelope
        payload = envelope["payloads"][index]
        fetched = code != "DESERIALIZATION_ERROR" and payload["transport"] == "link"
        error = NATSBridgeError(
            code,
            "fetch" if fetched else "decode",
            message,
            pointer=f"/payloads/{index}/data",
            dataname=payload["dataname"],
            expected=expected,
            found=found,
        )
        return error.within(envelope["correlation_id"], envelope["msg_id"], envelope["send_to"])


def _bound(name: str, value: Optional[int], default: int) -> int:
    if value is None:
        return default
    if type(value) is not int or value < 0:
        message = f"{name}: expected an integer from 0 on, found {value!r}"
        raise NATSBridgeError("INVALID_ENVELOPE", "validate", message)
    return value


def _origins(urls: Collection[str]) -> Set[Origin]:
    origins = set()
    for url in [urls] if isinstance(urls, str) else urls:
        try:
            origins.add(origin(url))
        except InvalidLinkError as reason:
            message = f"allowed_origins: {redact(url)}: {reason}"
            raise NATSBridgeError("INVALID_ENVELOPE", "validate", message) from None
    return origins


def _bytes(text: Any) -> bytes:
    if isinstance(text, bytes):
        return text
    if isinstance(text, str):
        # A lone surrogate becomes what is no UTF-8, and is found to be that.
        return text.encode("utf-8", "surrogatepass")
    if isinstance(text, (bytearray, memoryview)):
        return bytes(text)
    found = contents.kind(text)
    message = f"expected the message as a str or bytes, found {found}"
    raise NATSBridgeError("INVALID_ENVELOPE", "parse", message, expected="a str or bytes", found=found)


def _sha256(payload: Dict[str, Any]) -> Optional[str]:
    digest = payload["metadata"].get("sha256")
    return digest.lower() if digest is not None else None


def _not_json(content: bytes) -> NATSBridgeError:
    fault = first_fault(content)
    return NATSBridgeError(
        "INVALID_ENVELOPE",
        "parse",
        f"the message is not strict JSON: expected {fault.expected}, found {fault.found}{fault.place}",
        pointer=fault.pointer,
        expected=fault.expected,
        found=fault.found,
    )


def _invalid(envelope: Any, violation: Any) -> NATSBridgeError:
    if type(envelope) is not dict:
        return rules.error_of(violation, [])
    error = rules.error_of(violation, envelope.get("payloads"))
    return error.within(envelope.get("correlation_id"), envelope.get("msg_id"), envelope.get("send_to"))
