"""A message whose transports are chosen: what is still to be uploaded, and the JSON text in the end."""

from __future__ import annotations

from hashlib import sha256 as new_sha256
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Tuple

from natsbridge import content, json_reader, json_writer, tables
from natsbridge._generated import JSON_MAX_DEPTH, match_sha256
from natsbridge.canonical_base64 import encode, encoded_length
from natsbridge.choice import Candidate, DoesNotFitError, choose
from natsbridge.errors import ContentError, NATSBridgeError
from natsbridge.frame import Ready, payload_frame
from natsbridge.link import InvalidLinkError, origin, redact

if TYPE_CHECKING:
    from natsbridge._generated import Checksum, Envelope, ErrorCode, PayloadType, Phase


class PendingUpload(NamedTuple):
    """A payload that goes by link and was not uploaded yet."""

    index: int
    """Its position among the payloads, from 0."""
    dataname: str
    payload_type: PayloadType
    size: int
    """Its number of bytes."""
    content: Optional[bytes]
    """The bytes; None for a part that was :class:`natsbridge.part.External`."""


class Shape(NamedTuple):
    """How a message is to be written."""

    checksum: Checksum
    inline_json: bool
    max_message_bytes: int


class Outgoing:
    """A message that is ready but for its uploads.

    Upload each of :meth:`uploads`, tell the URL with :meth:`link`, or send it direct after all with :meth:`fall_back`; then
    :meth:`finish`.
    """

    __slots__ = ("_before", "_envelope", "_payloads", "_settled", "_shape")

    def __init__(self, envelope: Dict[str, Any], before: bytes, payloads: List[Ready], shape: Shape) -> None:
        """Take an envelope whose payloads are still to come, its JSON text up to the first, and the payloads."""
        self._envelope = envelope
        self._before = before
        self._payloads = payloads
        self._shape = shape
        # For each payload its text, once its transport is known for good.
        self._settled: List[Optional[_Settled]] = []

    @property
    def correlation_id(self) -> str:
        """That of the message."""
        return self._envelope["correlation_id"]  # type: ignore[no-any-return]

    @property
    def msg_id(self) -> str:
        """That of the message."""
        return self._envelope["msg_id"]  # type: ignore[no-any-return]

    @property
    def send_to(self) -> str:
        """The subject."""
        return self._envelope["send_to"]  # type: ignore[no-any-return]

    def choose(self, size_threshold: int) -> None:
        """Choose which payloads go by link; the others are settled.

        :raises NATSBridgeError: PAYLOAD_TOO_LARGE where the message cannot be made to fit.
        """
        payloads, limit = self._payloads, self._shape.max_message_bytes
        self._settled = [None if ready.content is None else self._direct(ready) for ready in payloads]
        candidates = [
            Candidate(ready.size, 0 if settled is None else settled.length, settled is None)
            for ready, settled in zip(payloads, self._settled)
        ]
        header = len(self._before) + len(b"]}")
        try:
            links = choose(header, candidates, self._linked_length, size_threshold, limit)
        except DoesNotFitError as error:
            raise NATSBridgeError(
                "PAYLOAD_TOO_LARGE",
                "limit",
                f"the message needs {error.needed} bytes and may have {limit}, with every payload linked that can be: send "
                "fewer payloads, less metadata, or raise max_message_bytes and the server's max_payload",
                expected=f"at most {limit} bytes",
                found=f"{error.needed} bytes",
            ) from None
        for index in links:
            self._settled[index] = None

    def uploads(self) -> List[PendingUpload]:
        """Give what is still to be uploaded, in list order."""
        return [
            PendingUpload(index, ready.dataname, ready.payload_type, ready.size, ready.content)  # type: ignore[arg-type]
            for index, ready in enumerate(self._payloads)
            if self._settled[index] is None
        ]

    def link(self, index: int, url: str, sha256: Optional[str] = None) -> None:
        """Tell where payload ``index`` was uploaded to.

        :param sha256: its digest as 64 hexadecimal digits; by default made from the bytes, where they are here.
        :raises NATSBridgeError: UPLOAD_FAILED where the URL is not one that a receiver would read; INVALID_ENVELOPE where no
            such upload is pending, or its digest is wanted and neither it nor the bytes are here.
        """
        ready = self._pending(index)
        try:
            origin(url if isinstance(url, str) else "")
        except InvalidLinkError as reason:
            raise self._error(
                "UPLOAD_FAILED",
                "upload",
                f"the URL of payload {index} cannot be sent: {reason}",
                index,
                "/data",
                expected="an absolute http or https URL",
                found=redact(url) if isinstance(url, str) else content.kind(url),
            ) from None
        if self._shape.checksum == "none":
            sha256 = None
        elif sha256 is None:
            if ready.content is None:
                message = f"payload {index} is linked and needs its sha256, or checksum must be none"
                raise self._error("INVALID_ENVELOPE", "validate", message, index)
            sha256 = new_sha256(ready.content).hexdigest()
        elif not isinstance(sha256, str) or not match_sha256(sha256):
            message = f"the digest of payload {index} must be 64 hexadecimal digits"
            raise self._error("INVALID_ENVELOPE", "validate", message, index)
        else:
            sha256 = sha256.lower()
        size = ready.size
        before, after = payload_frame(ready, "link", "none", size, sha256)
        length = len(before) + len(url) + len(after)
        self._settled[index] = _Settled("link", "none", size, sha256, before, url, after, length)

    def fits_direct(self, size: int) -> None:
        """Ask whether so many bytes could ride in the message at all, before they are read.

        :raises NATSBridgeError: PAYLOAD_TOO_LARGE where not.
        """
        if encoded_length(size) > self._shape.max_message_bytes:
            raise self._too_large(encoded_length(size))

    def fall_back(self, index: int, content: Optional[bytes] = None) -> None:
        """Send payload ``index`` direct, since it could not be uploaded (NFR-202, W6.4).

        :param content: the bytes of one that was :class:`natsbridge.part.External`.
        :raises NATSBridgeError: PAYLOAD_TOO_LARGE where the message would exceed ``max_message_bytes``; the upload is still
            pending then.
        """
        ready = self._pending(index)
        if content is not None:
            ready = self._with_content(index, ready, content)
        if ready.content is None:
            message = f"payload {index} is not at hand and cannot go direct without its bytes"
            raise self._error("INVALID_ENVELOPE", "validate", message, index)
        settled = self._direct(ready)
        others = sum(other.length + 1 for other in self._settled if other is not None)
        length = len(self._before) + others + settled.length + len(b"]}")
        if length > self._shape.max_message_bytes:
            raise self._too_large(length, index)
        self._payloads[index] = ready
        self._settled[index] = settled

    def finish(self) -> Tuple[Envelope, bytes]:
        """Give the envelope and its JSON text in UTF-8, which the caller publishes to ``send_to``.

        :raises NATSBridgeError: PAYLOAD_TOO_LARGE where the text is longer than ``max_message_bytes``; INVALID_ENVELOPE where
            an upload is pending.
        """
        pieces = [self._before]
        payloads: List[Dict[str, Any]] = []
        for index, settled in enumerate(self._settled):
            if settled is None:
                message = f"payload {index} was neither linked nor sent direct"
                raise self._error("INVALID_ENVELOPE", "validate", message, index, "/data")
            own_id, dataname, payload_type, _, _, members = self._payloads[index]
            transport, encoding, size, sha256, before, data, after, _ = settled
            if encoding == "base64":
                encoded = encode(data)
                data = encoded.decode("ascii")
            elif encoding == "none":
                encoded = data.encode("ascii")
            else:
                encoded = json_writer.write(data)
            if index:
                pieces.append(b",")
            pieces += (before, encoded, after)
            metadata = {"payload_bytes": size}
            if sha256:
                metadata["sha256"] = sha256
            if members:
                metadata.update(members)
            payloads.append(
                {
                    "id": own_id,
                    "dataname": dataname,
                    "payload_type": payload_type,
                    "transport": transport,
                    "encoding": encoding,
                    "size": size,
                    "data": data,
                    "metadata": metadata,
                }
            )
        pieces.append(b"]}")
        text = b"".join(pieces)
        if len(text) > self._shape.max_message_bytes:
            raise self._too_large(len(text))
        envelope: Any = {**self._envelope, "payloads": payloads}
        return envelope, text

    def _linked_length(self, index: int) -> int:
        """Give the bytes of that payload's JSON text where it is linked, without the URL."""
        ready = self._payloads[index]
        # Every digest is as long as any other.
        sha256 = None if self._shape.checksum == "none" else "0" * 64
        before, after = payload_frame(ready, "link", "none", ready.size, sha256)
        return len(before) + len(after)

    def _direct(self, ready: Ready) -> _Settled:
        content = ready.content or b""
        if self._shape.inline_json and ready.payload_type in ("dictionary", "jsontable"):
            value = json_reader.read(content)
            # The envelope, its payloads and the payload are open around it.
            if json_reader.depth(value) + 3 <= JSON_MAX_DEPTH:
                size = len(json_writer.write(value))
                before, after = payload_frame(ready, "direct", "json", size, None)
                return _Settled("direct", "json", size, None, before, value, after, len(before) + size + len(after))
        size = ready.size
        sha256 = new_sha256(content).hexdigest() if self._shape.checksum == "all" else None
        before, after = payload_frame(ready, "direct", "base64", size, sha256)
        length = len(before) + encoded_length(size) + len(after)
        return _Settled("direct", "base64", size, sha256, before, content, after, length)

    def _with_content(self, index: int, ready: Ready, given: bytes) -> Ready:
        try:
            content.deserialize(ready.payload_type, given, tables.read)
        except ContentError as error:
            raise self._error("INVALID_ENVELOPE", "validate", str(error), index, "/data") from error
        return ready._replace(content=bytes(given), size=len(given))

    def _pending(self, index: int) -> Ready:
        if not 0 <= index < len(self._payloads) or self._settled[index] is not None:
            raise self._error("INVALID_ENVELOPE", "validate", f"payload {index} has no pending upload")
        return self._payloads[index]

    def _error(
        self,
        code: ErrorCode,
        phase: Phase,
        message: str,
        index: Optional[int] = None,
        member: str = "",
        **more: str,
    ) -> NATSBridgeError:
        error = NATSBridgeError(code, phase, message, **more)  # type: ignore[arg-type]
        if index is not None:
            error.pointer = f"/payloads/{index}{member}"
            error.dataname = self._payloads[index].dataname
        return error.within(self.correlation_id, self.msg_id, self.send_to)

    def _too_large(self, length: int, index: Optional[int] = None) -> NATSBridgeError:
        limit = self._shape.max_message_bytes
        return self._error(
            "PAYLOAD_TOO_LARGE",
            "limit",
            f"the message has {length} bytes and may have {limit}",
            index,
            expected=f"at most {limit} bytes",
            found=f"{length} bytes",
        )


class _Settled(NamedTuple):
    """A payload whose transport is known for good."""

    transport: str
    encoding: str
    size: int
    sha256: Optional[str]
    before: bytes
    """Its JSON text up to its data."""
    data: Any
    """The bytes to be written as base64, the URL, or the JSON value."""
    after: bytes
    """The rest of its JSON text."""
    length: int
    """Bytes of its whole JSON text."""
