"""Answers to a message, made of nothing but its envelope, so that a receiver over any NATS client can give them (W8).

Each gives ``(envelope, json)``; publish ``json`` to ``envelope["send_to"]``. That is the message's ``reply_to``. Where it came
with a NATS reply subject, that counts before it: pass it as ``send_to`` (W8.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Final, Iterable, Mapping, Tuple, Union

from natsbridge import clock
from natsbridge._generated import match_uuid
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
    envelope: Mapping[str, Any] | None,
    error: Union[NATSBridgeError, ErrorReport],
    *,
    retryable: bool | None = None,
    send_to: str | None = None,
    timestamp: str | None = None,
    new_id: Callable[[], str] = clock.new_id,
    **arguments: Any,
) -> Tuple[Envelope, str]:
    """Make the refusal of a message, with the reason as its one payload, a dictionary named ``error``.

    :param envelope: as of :func:`ack`; None for a message that could not be read, which is answered to ``send_to``.
    :param error: why, or its report.
    :param retryable: whether the message may come again; what the error says by default. Other arguments as of :func:`ack`.
    """
    timestamp = clock.now() if timestamp is None else timestamp
    if isinstance(error, NATSBridgeError):
        if retryable is None:
            # What is wrong with this receiver may be right with the next one, or later.
            retryable = error.retryable or error.is_local or error.code == _RETRYABLE
        report = error.report(timestamp)
        if error.is_local:
            # The sender has no business with the paths of this machine.
            report["error"]["message"] = "the receiver could not take the message, by a fault of its own"
            for name in ("expected", "found"):
                report["error"]["details"].pop(name, None)  # type: ignore[misc]
        error = report
    if envelope is None:
        ids = error["correlation_id"], error["msg_id"]
        if match_uuid(ids[0]):
            arguments.setdefault("correlation_id", ids[0])
        if match_uuid(ids[1]):
            arguments.setdefault("reply_to_msg_id", ids[1])
        envelope = _UNREAD
    parts = [("error", shortened(_marked(error, retryable)), "dictionary")]
    return reply(envelope, parts, send_to=send_to, timestamp=timestamp, new_id=new_id, msg_purpose="NACK", **arguments)


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
    given = {name: envelope[source] for name, source in _TAKEN.items() if source in envelope}
    given.update(arguments)
    subject = envelope["reply_to"] if send_to is None else send_to
    return encode(subject, data, timestamp=clock.now() if timestamp is None else timestamp, new_id=new_id, **given)


def shortened(report: Any) -> Any:
    """Give a report with texts of at most :data:`MOST_TEXT` bytes each, cut at a character: they may hold a stranger's of any length."""
    if isinstance(report, dict):
        return {name: shortened(value) for name, value in report.items()}
    if not isinstance(report, str):
        return report
    text = report.encode("utf-8", "replace")
    if len(text) > MOST_TEXT:
        text = text[: MOST_TEXT - len(_CUT)].decode("utf-8", "ignore").encode() + _CUT
    return text.decode()


MOST_TEXT: Final = 1024
"""Bytes of a text in a refusal; what is valid in a message is never longer."""
_CUT: Final = "\u2026".encode()


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


_TAKEN: Final = {
    "correlation_id": "correlation_id",
    "receiver_name": "sender_name",
    "receiver_id": "sender_id",
    "reply_to_msg_id": "msg_id",
    "broker_url": "broker_url",
}
_UNREAD: Final[Mapping[str, Any]] = {"reply_to": ""}
_RETRYABLE: Final = "DOWNLOAD_FAILED"
"""The code that is retryable without being called so (W8.2)."""


def _marked(report: ErrorReport, retryable: bool | None) -> Mapping[str, Any]:
    """Say in a report whether the message may come again, where its code does not say so by itself."""
    body = report["error"]
    if retryable is None or retryable == (body["code"] == _RETRYABLE):
        return report
    details = {**body["details"], "retryable": retryable}
    return {**report, "error": {**body, "details": details}}
