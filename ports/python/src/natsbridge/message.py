"""Whole messages in one step, without a network: nothing is uploaded, nothing is fetched, no environment is read (FR-014)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Collection, Dict, Iterable, Mapping, Tuple, Union

from natsbridge._generated import DEFAULTS, DESKTOP
from natsbridge.clock import new_id
from natsbridge.draft import Draft
from natsbridge.incoming import Decoder
from natsbridge.usual import usual_text

if TYPE_CHECKING:
    from natsbridge._generated import Envelope, MsgPurpose
    from natsbridge.outgoing import Outgoing
    from natsbridge.part import PartLike
    from natsbridge.received import Received


def encode(
    subject: str,
    data: Iterable[PartLike],
    *,
    timestamp: str,
    new_id: Callable[[], str] = new_id,
    **arguments: Any,
) -> Tuple[Envelope, str]:
    """Make a message whose payloads are all direct.

    :param timestamp: the time of the message, such as ``2026-03-13T07:02:50.443Z``.
    :param new_id: gives UUIDs where the message needs one that was not passed in.
    :param arguments: more of :class:`natsbridge.draft.Draft`, such as ``sender_name``.
    :returns: the envelope, and its JSON text for the caller to publish to ``subject``.
    :raises NATSBridgeError: as :meth:`natsbridge.draft.Draft.encode`; PAYLOAD_TOO_LARGE where it does not fit without links.
    """
    envelope, text = _outgoing(subject, data, timestamp, new_id, arguments).finish()
    return envelope, text.decode()


def encode_bytes(
    subject: str,
    data: Iterable[PartLike],
    *,
    timestamp: str,
    new_id: Callable[[], str] = new_id,
    broker_url: str | None = None,
    correlation_id: str | None = None,
    msg_purpose: MsgPurpose = DEFAULTS.msg_purpose,
    sender_name: str = DEFAULTS.sender_name,
    receiver_name: str = "",
    receiver_id: str = "",
    reply_to: str = "",
    reply_to_msg_id: str = "",
    msg_id: str | None = None,
    sender_id: str | None = None,
    **arguments: Any,
) -> bytes:
    """Make the JSON text of a message whose payloads are all direct, in UTF-8, as NATS clients take it: the fast way.

    Arguments and errors are those of :func:`encode`.
    """
    names = (
        subject,
        msg_purpose,
        sender_name,
        receiver_name,
        receiver_id,
        reply_to,
        reply_to_msg_id,
        DEFAULTS.broker_url if broker_url is None else broker_url,
    )
    correlation_id = new_id() if correlation_id is None else correlation_id
    msg_id = new_id() if msg_id is None else msg_id
    sender_id = new_id() if sender_id is None else sender_id
    if not arguments:
        text = usual_text(names, (correlation_id, msg_id, timestamp, sender_id), data, new_id)
        if text is not None and len(text) <= DESKTOP.max_message_bytes and len(data) <= DESKTOP.max_payloads:  # type: ignore[arg-type]
            return text
    arguments.update(
        broker_url=broker_url,
        correlation_id=correlation_id,
        msg_purpose=msg_purpose,
        sender_name=sender_name,
        receiver_name=receiver_name,
        receiver_id=receiver_id,
        reply_to=reply_to,
        reply_to_msg_id=reply_to_msg_id,
        msg_id=msg_id,
        sender_id=sender_id,
    )
    return _outgoing(subject, data, timestamp, new_id, arguments).text()


def _outgoing(
    subject: str, data: Iterable[PartLike], timestamp: str, new_id: Callable[[], str], arguments: Dict[str, Any]
) -> Outgoing:
    outgoing = Draft(subject, data, **arguments).encode(timestamp, new_id)
    for upload in outgoing.uploads():
        outgoing.fall_back(upload.index)
    return outgoing


def decode(
    text: Union[str, bytes, bytearray, memoryview],
    fetched: Mapping[int, bytes] = {},
    *,
    allowed_origins: Collection[str] = (),
    max_message_bytes: int | None = None,
    max_payloads: int | None = None,
) -> Received:
    """Read a message.

    :param fetched: the bytes of linked payloads by their index, where there are any; :class:`natsbridge.incoming.Decoder` says
        beforehand what they are.
    :param allowed_origins: where links may lead, as URLs; nowhere by default.
    :returns: the envelope, a dict, whose ``payloads`` are the payloads: each unpacks as ``(dataname, data, payload_type)``.
    :raises NATSBridgeError: as :meth:`natsbridge.incoming.Decoder.decode` and :meth:`natsbridge.incoming.Incoming.finish`.
    """
    decoder = Decoder(allowed_origins=allowed_origins, max_message_bytes=max_message_bytes, max_payloads=max_payloads)
    return decoder.decode(text).finish(fetched)
