"""A message whose transports are chosen: what is still to be uploaded, and the JSON text in the end."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256 as new_sha256
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from natsbridge import content, json_reader, json_writer, tables
from natsbridge._generated import JSON_MAX_DEPTH, match_sha256
from natsbridge.canonical_base64 import encode, encoded_length
from natsbridge.choice import Candidate, DoesNotFitError, choose
from natsbridge.errors import ContentError, NATSBridgeError
from natsbridge.frame import Ready, payload_frame
from natsbridge.link import InvalidLinkError, origin, redact

if TYPE_CHECKING:
    from natsbridge._generated import Checksum, Envelope, ErrorCode, PayloadType, Phase


@dataclass(frozen=True)
class PendingUpload:
    """A payload that goes by link and was not uploaded yet."""

    index: int
    """Its position among the payloads, from 0."""
    dataname: str
    payload_type: PayloadType
    size: int
    """Its number of bytes."""
    content: Optional[bytes]
    """The bytes; None for a part that was :class:`natsbridge.part.External`."""


class Outgoing:
    """A message that is ready but for its uploads.

    Upload each of :meth:`uploads`, tell the URL with :meth:`link`, or send it direct after all with :meth:`fall_back`; then
    :meth:`finish`.
    """

    __slots__ = ("_before", "_checksum", "_envelope", "_inline_json", "_max_message_bytes", "_payloads", "_settled")

    def __init__(
        self,
        envelope: Dict[str, Any],
        before: bytes,
        payloads: List[Ready],
        checksum: Checksum,
        inline_json: bool,
        max_message_bytes: int,
    ) -> None:
        """Take an envelope whose payloads are still to come, its JSON text up to the first, and the payloads."""
        self._envelope = envelope
        self._before = before
        self._payloads = payloads
        self._checksum = checksum
        self._inline_json = inline_json
        self._max_message_bytes = max_message_bytes
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

    def choose(self, size_threshold: Optional[int]) -> None:
        """Choose which payloads go by link; the others are settled.

        :param size_threshold: from so many bytes on a payload is linked, None for only where it must be.

        :raises NATSBridgeError: PAYLOAD_TOO_LARGE where the message cannot be made to fit.
        """
        limit = self._max_message_bytes
        if size_threshold is None:
            size_threshold = 2**63
        settled: List[Optional[_Settled]] = []
        self._settled = settled
        total = len(self._before) + 1
        is_choice = False
        for ready in self._payloads:
            if ready[3] is None:
                settled.append(None)
                is_choice = True
            else:
                direct = self._direct(ready)
                settled.append(direct)
                total += direct[0] + 1
                is_choice = is_choice or 0 < size_threshold <= ready[4]
        if total <= limit and not is_choice and size_threshold > 0:
            return
        candidates = [
            Candidate(ready[4], 0 if direct is None else direct[0], direct is None)
            for ready, direct in zip(self._payloads, settled)
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
            PendingUpload(index, ready[1], ready[2], ready[4], ready[3])
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
        if self._checksum == "none":
            sha256 = None
        elif sha256 is None:
            if ready[3] is None:
                message = f"payload {index} is linked and needs its sha256, or checksum must be none"
                raise self._error("INVALID_ENVELOPE", "validate", message, index)
            sha256 = new_sha256(ready[3]).hexdigest()
        elif not isinstance(sha256, str) or not match_sha256(sha256):
            message = f"the digest of payload {index} must be 64 hexadecimal digits"
            raise self._error("INVALID_ENVELOPE", "validate", message, index)
        else:
            sha256 = sha256.lower()
        size = ready[4]
        before, after = payload_frame(ready, "link", "none", size, sha256)
        length = len(before) + len(url) + len(after)
        self._settled[index] = (length, before, url, after, "link", "none", size, sha256)

    def fits_direct(self, size: int) -> None:
        """Ask whether so many bytes could ride in the message at all, before they are read.

        :raises NATSBridgeError: PAYLOAD_TOO_LARGE where not.
        """
        if encoded_length(size) > self._max_message_bytes:
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
        if ready[3] is None:
            message = f"payload {index} is not at hand and cannot go direct without its bytes"
            raise self._error("INVALID_ENVELOPE", "validate", message, index)
        settled = self._direct(ready)
        others = sum(other[0] + 1 for other in self._settled if other is not None)
        length = len(self._before) + others + settled[0] + len(b"]}")
        if length > self._max_message_bytes:
            raise self._too_large(length, index)
        self._payloads[index] = ready
        self._settled[index] = settled

    def finish(self) -> Tuple[Envelope, bytes]:
        """Give the envelope and its JSON text in UTF-8, which the caller publishes to ``send_to``.

        :raises NATSBridgeError: PAYLOAD_TOO_LARGE where the text is longer than ``max_message_bytes``; INVALID_ENVELOPE where
            an upload is pending.
        """
        encoded = self._encoded()
        text = self._joined(encoded)
        envelope: Any = self._envelope
        envelope["payloads"] = payloads = []
        for ready, settled, piece in zip(self._payloads, self._settled, encoded):
            own_id, dataname, payload_type, _, _, members = ready
            _, _, data, _, transport, encoding, size, sha256 = settled  # type: ignore[misc]
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
                    "data": piece.decode("ascii") if encoding == "base64" else data,
                    "metadata": metadata,
                }
            )
        return envelope, text

    def text(self) -> bytes:
        """Give the JSON text alone, as :meth:`finish` does."""
        return self._joined(self._encoded())

    def _encoded(self) -> List[bytes]:
        """Give the text of each payload's data, but for quotes around it."""
        result = []
        for index, settled in enumerate(self._settled):
            if settled is None:
                message = f"payload {index} was neither linked nor sent direct"
                raise self._error("INVALID_ENVELOPE", "validate", message, index, "/data")
            encoding = settled[5]
            if encoding == "base64":
                result.append(encode(settled[2]))
            elif encoding == "none":
                result.append(settled[2].encode("ascii"))
            else:
                result.append(json_writer.write(settled[2]))
        return result

    def _joined(self, encoded: List[bytes]) -> bytes:
        pieces = [self._before]
        for settled, piece in zip(self._settled, encoded):
            pieces += (settled[1], piece, settled[3], b",")  # type: ignore[index]
        pieces[-1] = b"]}" if encoded else self._before + b"]}"
        text = b"".join(pieces)
        if len(text) > self._max_message_bytes:
            raise self._too_large(len(text))
        return text

    def _linked_length(self, index: int) -> int:
        """Give the bytes of that payload's JSON text where it is linked, without the URL."""
        ready = self._payloads[index]
        # Every digest is as long as any other.
        sha256 = None if self._checksum == "none" else "0" * 64
        before, after = payload_frame(ready, "link", "none", ready[4], sha256)
        return len(before) + len(after)

    def _direct(self, ready: Ready) -> _Settled:
        _, _, payload_type, content, size, _ = ready
        content = content or b""
        if self._inline_json and payload_type in ("dictionary", "jsontable"):
            value = json_reader.read(content)
            # The envelope, its payloads and the payload are open around it.
            if json_reader.depth(value) + 3 <= JSON_MAX_DEPTH:
                size = len(json_writer.write(value))
                before, after = payload_frame(ready, "direct", "json", size, None)
                return len(before) + size + len(after), before, value, after, "direct", "json", size, None
        sha256 = new_sha256(content).hexdigest() if self._checksum == "all" else None
        before, after = payload_frame(ready, "direct", "base64", size, sha256)
        length = len(before) + (size + 2) // 3 * 4 + len(after)
        return length, before, content, after, "direct", "base64", size, sha256

    def _with_content(self, index: int, ready: Ready, given: bytes) -> Ready:
        try:
            content.deserialize(ready[2], given, tables.read)
        except ContentError as error:
            raise self._error("INVALID_ENVELOPE", "validate", str(error), index, "/data") from error
        return (*ready[:3], bytes(given), len(given), ready[5])

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
            error.dataname = self._payloads[index][1]
        return error.within(self.correlation_id, self.msg_id, self.send_to)

    def _too_large(self, length: int, index: Optional[int] = None) -> NATSBridgeError:
        limit = self._max_message_bytes
        return self._error(
            "PAYLOAD_TOO_LARGE",
            "limit",
            f"the message has {length} bytes and may have {limit}",
            index,
            expected=f"at most {limit} bytes",
            found=f"{length} bytes",
        )


_Settled = Tuple[int, bytes, Any, bytes, str, str, int, Optional[str]]
"""A payload whose transport is known for good: the bytes of its JSON text; that text up to its data; the bytes to be written as
base64, or the URL, or the JSON value; the rest of the text; its transport, encoding, size and digest."""
