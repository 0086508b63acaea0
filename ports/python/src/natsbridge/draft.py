"""A message before it is written: what the sender says, and the pure way from there to the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, List, Mapping, Set

from natsbridge import content, rules
from natsbridge._generated import (
    CHECKSUM_NAMES,
    DEFAULTS,
    DESKTOP,
    MSG_PURPOSE_NAMES,
    PAYLOAD_TYPE_NAMES,
    match_broker_url,
    match_subject,
    match_subject_or_empty,
    match_timestamp,
    match_uuid,
    match_uuid_or_empty,
)
from natsbridge.check import is_real_date
from natsbridge.choice import Candidate, DoesNotFitError, choose
from natsbridge.errors import ContentError, NATSBridgeError
from natsbridge.frame import Header, Ready, envelope_frame
from natsbridge.link import without_user_info
from natsbridge.outgoing import Outgoing, Shape
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
        header = self._header("2000-01-01T00:00:00Z", _nil)
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
            parts = self._validated(header, new_id)
            header = _lower(header)
            metadata = dict(self._metadata) if self._metadata else {}
            shape = Shape(self._checksum, self._inline_json, _or(self._max_message_bytes, DESKTOP.max_message_bytes))
            outgoing = Outgoing(header, metadata, envelope_frame(header, metadata), _serialized(parts), shape)
            outgoing.settle(self._links(outgoing))
        except NATSBridgeError as error:
            raise error.within(*_context(header)) from None
        return outgoing

    def _header(self, timestamp: str, new_id: Callable[[], str]) -> Header:
        broker_url = _or(self._broker_url, DEFAULTS.broker_url)
        if isinstance(broker_url, str) and "@" in broker_url:
            broker_url = ",".join(map(without_user_info, broker_url.split(",")))
        return Header(
            new_id() if self._correlation_id is None else self._correlation_id,
            new_id() if self._msg_id is None else self._msg_id,
            timestamp,
            self._subject,
            self._msg_purpose,
            _or(self._sender_name, DEFAULTS.sender_name),
            new_id() if self._sender_id is None else self._sender_id,
            self._receiver_name,
            self._receiver_id,
            self._reply_to,
            self._reply_to_msg_id,
            broker_url,
        )

    def _validated(self, header: Header, new_id: Callable[[], str]) -> List[Part]:
        self._check_bounds()
        parts = [_part(index, item, new_id) for index, item in enumerate(_items(self._data))]
        most = _or(self._max_payloads, DESKTOP.max_payloads)
        if self._metadata or len(parts) > most or not _is_surely_valid(header, parts):
            metadata: Any = {} if self._metadata is None else self._metadata
            envelope: Dict[str, Any] = {**header._asdict(), "metadata": _plain(metadata), "payloads": []}
            envelope["payloads"] = [_payload(part) for part in parts]
            violation = rules.outgoing(envelope, most)
            if violation is not None:
                raise rules.error_of(violation, envelope["payloads"])
        return parts

    def _check_bounds(self) -> None:
        for name in ("size_threshold", "max_message_bytes", "max_payloads"):
            value = getattr(self, "_" + name)
            if value is not None and (type(value) is not int or value < 0):
                raise _argument(name, "an integer from 0 on", value)
        if self._checksum not in CHECKSUM_NAMES:
            raise _argument("checksum", f"one of {', '.join(CHECKSUM_NAMES)}", self._checksum)

    def _links(self, outgoing: Outgoing) -> Set[int]:
        """Choose the payloads that go by link."""
        threshold = _or(self._size_threshold, DESKTOP.size_threshold)
        limit = outgoing.shape.max_message_bytes
        candidates = []
        for index, ready in enumerate(outgoing.payloads):
            direct = 0 if ready.content is None else outgoing.direct_length(index)
            candidates.append(Candidate(ready.size, direct, ready.content is None))
        header = len(outgoing.before) + len(b"]}")
        try:
            return choose(header, candidates, outgoing.linked_length, threshold, limit)
        except DoesNotFitError as error:
            raise NATSBridgeError(
                "PAYLOAD_TOO_LARGE",
                "limit",
                f"the message needs {error.needed} bytes and may have {limit}, with every payload linked that can be: send "
                "fewer payloads, less metadata, or raise max_message_bytes and the server's max_payload",
                expected=f"at most {limit} bytes",
                found=f"{error.needed} bytes",
            ) from None


def _nil() -> str:
    return "00000000-0000-0000-0000-000000000000"


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


def _argument(name: str, expected: str, value: Any) -> NATSBridgeError:
    found = content.kind(value) if isinstance(value, (bytes, list, dict, tuple)) else repr(value)[:80]
    message = f"{name}: expected {expected}, found {found}"
    return NATSBridgeError("INVALID_ENVELOPE", "validate", message, expected=expected, found=found)


def _context(header: Header) -> tuple[object, object, object]:
    return header.correlation_id, header.msg_id, header.send_to


def _items(data: Any) -> Iterable[Any]:
    if isinstance(data, (str, bytes, bytearray, memoryview, Mapping)) or not hasattr(data, "__iter__"):
        raise _argument("data", "a list of (dataname, data, payload_type)", data)
    return data  # type: ignore[no-any-return]


def _part(index: int, item: Any, new_id: Callable[[], str]) -> Part:
    """Give what was passed as a part with an id."""
    if isinstance(item, Part):
        return item if item.id is not None else item._replace(id=new_id())
    if isinstance(item, (tuple, list)):
        if len(item) == 3:
            return Part(item[0], item[1], item[2], _NONE, new_id())
        if len(item) == 4:
            return Part(item[0], item[1], item[2], item[3], new_id())
    expected = "(dataname, data, payload_type), metadata as a fourth where there is some"
    found = f"{len(item)} elements" if isinstance(item, (tuple, list)) else content.kind(item)
    raise NATSBridgeError(
        "INVALID_ENVELOPE",
        "validate",
        f"/payloads/{index}: expected {expected}, found {found}",
        pointer=f"/payloads/{index}",
        expected=expected,
        found=found,
    )


_NONE: Mapping[str, Any] = {}


def _is_surely_valid(header: Header, parts: List[Part]) -> bool:
    """Tell whether the arguments are right at first sight: of the usual kinds, short and ASCII, without metadata."""
    try:
        text = "".join(header)
    except TypeError:
        return False
    ids = header.correlation_id, header.msg_id, header.sender_id
    if (
        len(text) > 1024
        or not text.isascii()
        or not all(map(match_uuid, ids))
        or not match_timestamp(header.timestamp)
        or not is_real_date(header.timestamp)
        or not match_subject(header.send_to)
        or header.msg_purpose not in MSG_PURPOSE_NAMES
        or not match_uuid_or_empty(header.receiver_id)
        or not match_subject_or_empty(header.reply_to)
        or not match_uuid_or_empty(header.reply_to_msg_id)
        or not match_broker_url(header.broker_url)
        or "@" in header.broker_url
    ):
        return False
    for dataname, data, payload_type, metadata, own_id in parts:
        if (
            type(dataname) is not str
            or len(dataname) > 256
            or not dataname.isascii()
            or payload_type not in PAYLOAD_TYPE_NAMES
            or payload_type == "arrowtable"
            or type(data) is External
            or type(metadata) is not dict
            or metadata
            or type(own_id) is not str
            or not match_uuid(own_id)
        ):
            return False
    return True


def _lower(header: Header) -> Header:
    """Give the header with its ids in lower case."""
    ids = ("correlation_id", "msg_id", "sender_id", "receiver_id", "reply_to_msg_id")
    if all(getattr(header, name).islower() or not getattr(header, name) for name in ids):
        return header
    return header._replace(**{name: getattr(header, name).lower() for name in ids})


def _plain(metadata: Any) -> Any:
    return dict(metadata) if isinstance(metadata, Mapping) else metadata


def _payload(part: Part) -> Dict[str, Any]:
    """Give what a part becomes, as far as it can be told before it is serialized."""
    return {
        "id": part.id,
        "dataname": part.dataname,
        "payload_type": part.payload_type,
        "transport": "direct",
        "encoding": "base64",
        "size": part.data.size if isinstance(part.data, External) else 0,
        "data": "",
        "metadata": _plain(part.metadata),
    }


def _serialized(parts: List[Part]) -> List[Ready]:
    result = []
    for index, (dataname, data, payload_type, metadata, own_id) in enumerate(parts):
        try:
            carried = content.serialize(payload_type, data)
        except ContentError as error:
            raise NATSBridgeError(
                "SERIALIZATION_ERROR",
                "serialize",
                f"payload {index} ({payload_type}): {error}",
                pointer=f"/payloads/{index}/data",
                dataname=dataname,
                expected=error.expected,
                found=error.found,
            ) from error
        is_external = isinstance(carried, External)
        size = carried.size if isinstance(carried, External) else len(carried)
        bytes_or_none = None if is_external else carried
        result.append(Ready(own_id.lower(), dataname, payload_type, bytes_or_none, size, dict(metadata)))  # type: ignore
    return result
