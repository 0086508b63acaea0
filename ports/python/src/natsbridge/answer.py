"""Answers to a message, made of nothing but its envelope, so that a receiver over any NATS client can give them (W8.2, W8.3, W8.6).

Each gives ``(envelope, json)``; publish ``json`` to ``envelope["send_to"]``. That is the message's ``reply_to``. Where it came with
a NATS reply subject, that counts before it: pass it as ``send_to``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping, Tuple, Union

from natsbridge import clock
from natsbridge.errors import NATSBridgeError
from natsbridge.message import encode

if TYPE_CHECKING:
    from natsbridge._generated import Envelope, ErrorReport
    from natsbridge.part import PartLike


def ack(
    envelope: Mapping[str, Any],
    *,
    send_to: str | None = None,
    timestamp: str | None = None,
    new_id: Callable[[], str] = clock.new_id,
    **arguments: Any,
) -> Tuple[Envelope, str]:
    """Make the acknowledgement of a message whose handling has succeeded.

    :param envelope: what :func:`natsbridge.smartreceive` gave.
    :param send_to: the NATS reply subject of the message, if it has one.
    :param timestamp: the time of the answer; now by default.
    :param arguments: more of :func:`natsbridge.encode`, such as ``sender_name``.
    :raises NATSBridgeError: INVALID_ENVELOPE where there is nowhere to send it.
    """
    return reply(envelope, (), send_to=send_to, timestamp=timestamp, new_id=new_id, msg_purpose="ACK", **arguments)


def nack(
    envelope: Mapping[str, Any],
    error: Union[NATSBridgeError, ErrorReport],
    *,
    send_to: str | None = None,
    timestamp: str | None = None,
    new_id: Callable[[], str] = clock.new_id,
    **arguments: Any,
) -> Tuple[Envelope, str]:
    """Make the refusal of a message, with the reason as its one payload, a dictionary named ``error``.

    :param error: why; its report says by ``error.details.retryable`` whether the sender may try again. Arguments as of
        :func:`ack`.
    """
    timestamp = clock.now() if timestamp is None else timestamp
    report = error.report(timestamp) if isinstance(error, NATSBridgeError) else error
    parts = [("error", report, "dictionary")]
    return reply(
        envelope, parts, send_to=send_to, timestamp=timestamp, new_id=new_id, msg_purpose="NACK", **arguments
    )


def reply(
    envelope: Mapping[str, Any],
    data: Iterable[PartLike],
    *,
    send_to: str | None = None,
    timestamp: str | None = None,
    new_id: Callable[[], str] = clock.new_id,
    **arguments: Any,
) -> Tuple[Envelope, str]:
    """Make an answer with payloads of the receiver's own, all direct; its purpose is ``chat`` unless it is said otherwise.

    :param data: as :func:`natsbridge.encode` takes it. Other arguments as of :func:`ack`.
    """
    given = {
        "correlation_id": envelope["correlation_id"],
        "receiver_name": envelope["sender_name"],
        "receiver_id": envelope["sender_id"],
        "reply_to_msg_id": envelope["msg_id"],
        "broker_url": envelope["broker_url"],
        **arguments,
    }
    subject = envelope["reply_to"] if send_to is None else send_to
    return encode(subject, data, timestamp=clock.now() if timestamp is None else timestamp, new_id=new_id, **given)


def update_status(
    envelope: Mapping[str, Any],
    *,
    send_to: str | None = None,
    timestamp: str | None = None,
    new_id: Callable[[], str] = clock.new_id,
    **arguments: Any,
) -> Tuple[Envelope, str]:
    """Make the word that a message is being handled, which makes its sender wait on. Arguments as of :func:`ack`."""
    arguments = {"msg_purpose": "updateStatus", **arguments}
    return reply(envelope, (), send_to=send_to, timestamp=timestamp, new_id=new_id, **arguments)
