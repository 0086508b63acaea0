"""A message before it is written: what the sender says, and the pure way from there to the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, List, Mapping, Tuple

from natsbridge import content, rules
from natsbridge._generated import CHECKSUM_NAMES, DEFAULTS, DESKTOP
from natsbridge.errors import ContentError, NATSBridgeError
from natsbridge.frame import USUAL_TYPES, Ready, are_usual_ids, envelope_frame, exact, usual_envelope_frame
from natsbridge.link import without_user_info
from natsbridge.outgoing import Outgoing
from natsbridge.part import External, Part

if TYPE_CHECKING:
    from natsbridge._generated import Checksum, MsgPurpose
    from natsbridge.part import PartLike


class Draft:
    """A message with everything that its sender can say about it; what is not said has its default.

    :meth:`encode` turns it into JSON without a clock, a network or an event loop. ``smartsend`` does the same with all of them.
    The environment is not read here: None for ``broker_url`` and ``size_threshold`` is the default of the schema.
    """

    __slots__ = (
        "_broker_url",
        "_checksum",
        "_correlation_id",
        "_data",
        "_inline_json",
        "_max_message_bytes",
        "_max_payloads",
        "_metadata",
        "_msg_id",
        "_msg_purpose",
        "_receiver_id",
        "_receiver_name",
        "_reply_to",
        "_reply_to_msg_id",
        "_sender_id",
        "_sender_name",
        "_size_threshold",
        "_subject",
    )

    def __init__(
        self,
        subject: str,
        data: Iterable[PartLike],
        *,
        broker_url: str | None = None,
        size_threshold: int | None = None,
        correlation_id: str | None = None,
        msg_purpose: MsgPurpose = DEFAULTS.msg_purpose,
        sender_name: str | None = None,
        receiver_name: str = "",
        receiver_id: str = "",
        reply_to: str = "",
        reply_to_msg_id: str = "",
        msg_id: str | None = None,
        sender_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        checksum: Checksum = DEFAULTS.checksum,
        inline_json: bool = False,
        max_message_bytes: int | None = None,
        max_payloads: int | None = None,
    ) -> None:
        self._subject = subject
        self._data = data
        self._broker_url = broker_url
        self._size_threshold = size_threshold
        self._correlation_id = correlation_id
        self._msg_purpose = msg_purpose
        self._sender_name = sender_name
        self._receiver_name = receiver_name
        self._receiver_id = receiver_id
        self._reply_to = reply_to
        self._reply_to_msg_id = reply_to_msg_id
        self._msg_id = msg_id
        self._sender_id = sender_id
        self._metadata = metadata
        self._checksum = checksum
        self._inline_json = inline_json
        self._max_message_bytes = max_message_bytes
        self._max_payloads = max_payloads

    def check(self) -> None:
        """Do the first phase of :meth:`encode` alone: what ``smartsend`` wants to know before it opens files.

        ``data`` must be something that can be gone through twice.

        :raises NATSBridgeError: as :meth:`encode` in phase ``validate``.
        """
        header = self._header("2000-01-01T00:00:00.000Z", _nil)
        try:
            self._validated(header, _nil)
        except NATSBridgeError as error:
            raise error.within(*_context(header)) from None

    def encode(self, timestamp: str, new_id: Callable[[], str]) -> Outgoing:
        """Serialize the payloads and choose their transport.

        :param timestamp: the time of the message, as :func:`natsbridge.clock.now` gives it.
        :param new_id: gives UUIDs where the message needs one that was not passed in.
        :raises NATSBridgeError: in this order: INVALID_ENVELOPE or INVALID_PAYLOAD_TYPE for an argument that breaks the
            schema; SERIALIZATION_ERROR for data that its type cannot carry; PAYLOAD_TOO_LARGE where the message cannot be
            made to fit.
        """
        header = self._header(timestamp, new_id)
        try:
            before, parts = self._validated(header, new_id)
            limit = DESKTOP.max_message_bytes if self._max_message_bytes is None else self._max_message_bytes
            outgoing = Outgoing(header, before, _serialized(parts), self._checksum, self._inline_json, limit)
            outgoing.choose(DESKTOP.size_threshold if self._size_threshold is None else self._size_threshold)
        except NATSBridgeError as error:
            raise error.within(*_context(header)) from None
        return outgoing

    def _header(self, timestamp: str, new_id: Callable[[], str]) -> Dict[str, Any]:
        """Give the members of the envelope as they will be written, not checked yet."""
        broker_url = DEFAULTS.broker_url if self._broker_url is None else self._broker_url
        if isinstance(broker_url, str) and "@" in broker_url:
            broker_url = ",".join(map(without_user_info, broker_url.split(",")))
        header = {
            "correlation_id": new_id() if self._correlation_id is None else self._correlation_id,
            "msg_id": new_id() if self._msg_id is None else self._msg_id,
            "timestamp": timestamp,
            "send_to": self._subject,
            "msg_purpose": self._msg_purpose,
            "sender_name": DEFAULTS.sender_name if self._sender_name is None else self._sender_name,
            "sender_id": new_id() if self._sender_id is None else self._sender_id,
            "receiver_name": self._receiver_name,
            "receiver_id": self._receiver_id,
            "reply_to": self._reply_to,
            "reply_to_msg_id": self._reply_to_msg_id,
            "broker_url": broker_url,
            "metadata": {} if self._metadata is None else _plain(self._metadata),
            "payloads": [],
        }
        if not _EXACT.issuperset(map(type, header.values())):
            header = {name: exact(value) for name, value in header.items()}
        return header

    def _validated(self, header: Dict[str, Any], new_id: Callable[[], str]) -> Tuple[bytes, List[Any]]:
        """Give the JSON text of the header, and the parts with their ids."""
        self._check_bounds()
        parts = [_part(index, item, new_id) for index, item in enumerate(items_of(self._data))]
        most = DESKTOP.max_payloads if self._max_payloads is None else self._max_payloads
        # What nearly every message is, is told fast; of the rest the whole check tells what is wrong, if anything.
        if len(parts) <= most and _are_usual(header, parts):
            frame = usual_envelope_frame(header)
            if frame is not None:
                return frame, parts
        header["payloads"] = [_payload(part) for part in parts]
        violation = rules.outgoing(header, most)
        if violation is not None:
            raise rules.error_of(violation, header["payloads"])
        for name in ("correlation_id", "msg_id", "sender_id", "receiver_id", "reply_to_msg_id"):
            header[name] = header[name].lower()
        return envelope_frame(header), parts

    def _check_bounds(self) -> None:
        size_threshold, max_message_bytes, max_payloads = (
            self._size_threshold,
            self._max_message_bytes,
            self._max_payloads,
        )
        if size_threshold is not None:
            _check_bound("size_threshold", size_threshold)
        if max_message_bytes is not None:
            _check_bound("max_message_bytes", max_message_bytes)
        if max_payloads is not None:
            _check_bound("max_payloads", max_payloads)
        if self._checksum not in CHECKSUM_NAMES:
            raise _argument("checksum", f"one of {', '.join(CHECKSUM_NAMES)}", self._checksum)


def _check_bound(name: str, value: Any) -> None:
    if type(value) is not int or value < 0:
        raise _argument(name, "an integer from 0 on", value)


def _nil() -> str:
    return "00000000-0000-0000-0000-000000000000"


def _argument(name: str, expected: str, value: Any) -> NATSBridgeError:
    found = content.kind(value) if isinstance(value, (bytes, list, dict, tuple)) else repr(value)[:80]
    message = f"{name}: expected {expected}, found {found}"
    return NATSBridgeError("INVALID_ENVELOPE", "validate", message, expected=expected, found=found)


def _context(header: Dict[str, Any]) -> Tuple[object, object, object]:
    return header["correlation_id"], header["msg_id"], header["send_to"]


def items_of(data: Any) -> Iterable[Any]:
    """Give what was passed as the parts of a message, not looked at yet.

    :raises NATSBridgeError: INVALID_ENVELOPE where it is nothing to go through, or one part alone.
    """
    if isinstance(data, (str, bytes, bytearray, memoryview, Mapping)) or not hasattr(data, "__iter__"):
        raise _argument("data", "a list of (dataname, data, payload_type)", data)
    return data  # type: ignore[no-any-return]


def _part(index: int, item: Any, new_id: Callable[[], str]) -> Any:
    """Give what was passed as the five members of a part."""
    if isinstance(item, (tuple, list)):
        length = len(item)
        if length == 3:
            dataname, data, payload_type = item
            return exact(dataname), data, exact(payload_type), _NONE, exact(new_id())
        if length == 4 or isinstance(item, Part):
            dataname, data, payload_type, metadata, *given = item
            own_id = new_id() if given in ([], [None]) else given[0]
            return exact(dataname), data, exact(payload_type), metadata, exact(own_id)
    expected = "(dataname, data, payload_type), with metadata as a fourth where there is some"
    found = f"{len(item)} elements" if isinstance(item, (tuple, list)) else content.kind(item)
    raise NATSBridgeError(
        "INVALID_ENVELOPE",
        "validate",
        f"/payloads/{index}: expected {expected}, found {found}",
        pointer=f"/payloads/{index}",
        expected=expected,
        found=found,
    )


_NONE: Dict[str, Any] = {}
_EXACT = {str, dict, list}


def _are_usual(header: Dict[str, Any], parts: List[Any]) -> bool:
    """Tell whether ids, time and parts are right at first sight: of the usual kinds, short and ASCII, without metadata."""
    ids = [header["correlation_id"], header["msg_id"], header["timestamp"], header["sender_id"]]
    try:
        for dataname, data, payload_type, metadata, own_id in parts:
            ids.append(own_id)
            if (
                metadata is not _NONE
                or payload_type not in USUAL_TYPES
                or type(data) is External
                or len(dataname) > 256
                or not dataname.isascii()
            ):
                return False
        return are_usual_ids(" ".join(ids)) is not None
    except (AttributeError, TypeError):
        return False


def _plain(metadata: Any) -> Any:
    if metadata is _NONE:
        return metadata
    return dict(metadata) if isinstance(metadata, Mapping) else metadata


def _payload(part: Any) -> Dict[str, Any]:
    """Give what a part becomes, as far as it can be told before it is serialized."""
    dataname, data, payload_type, metadata, own_id = part
    return {
        "id": own_id,
        "dataname": dataname,
        "payload_type": payload_type,
        "transport": "direct",
        "encoding": "base64",
        "size": data.size if isinstance(data, External) else 0,
        "data": "",
        "metadata": _plain(metadata),
    }


def _serialized(parts: List[Any]) -> List[Ready]:
    result: List[Ready] = []
    for dataname, data, payload_type, metadata, own_id in parts:
        carried = data
        if type(data) is not bytes or payload_type not in content.BYTES:
            try:
                carried = content.serialize(payload_type, data)
            except ContentError as error:
                raise _unserializable(len(result), dataname, payload_type, error) from error
        if type(carried) is bytes:
            result.append((own_id.lower(), dataname, payload_type, carried, len(carried), _plain(metadata)))
        else:
            result.append((own_id.lower(), dataname, payload_type, None, carried.size, _plain(metadata)))
    return result


def _unserializable(index: int, dataname: str, payload_type: str, error: ContentError) -> NATSBridgeError:
    return NATSBridgeError(
        "SERIALIZATION_ERROR",
        "serialize",
        f"payload {index} ({payload_type}): {error}",
        pointer=f"/payloads/{index}/data",
        dataname=dataname,
        expected=error.expected,
        found=error.found,
    )
