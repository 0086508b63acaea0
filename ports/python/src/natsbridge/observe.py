"""What is told of the work: logs with the fields of NFR-401, counts and durations of NFR-402 (docs/observability.md).

The logger is ``natsbridge``. Each record has the attributes ``correlation_id``, ``msg_id``, ``timestamp``, ``sender_name``,
``receiver_name``, ``payload_type`` and ``transport``, empty where they are not known; so a formatter may name them. Text of
others' making (names, subjects) is escaped, so that none of it begins a line of its own.
"""

from __future__ import annotations

import logging
from typing import Any, Callable, Iterable, Mapping

from natsbridge.received import ReceivedPayload

Observer = Callable[[str, float, Mapping[str, str]], Any]
"""Is called with a metric's name, what to add to it (a counter, ``..._total``) or to record in it (a histogram,
``..._seconds``), and its labels; it is called on the event loop and should return soon."""

MESSAGES_SENT = "messages_sent_total"
MESSAGES_RECEIVED = "messages_received_total"
UPLOAD_DURATION = "file_upload_duration_seconds"
DOWNLOAD_DURATION = "file_download_duration_seconds"
RETRY_ATTEMPTS = "retry_attempts_total"
DOWNLOAD_RETRY_EXCEEDED = "download_retry_exceeded_total"

_LOGGER = logging.getLogger("natsbridge")
_HEADER = ("correlation_id", "msg_id", "timestamp", "sender_name", "receiver_name")
_FIELDS = (*_HEADER, "payload_type", "transport")


class Watch:
    """One call, as far as it is told of: the fields of its message, and who counts."""

    def __init__(self, observer: Observer | None = None, fields: Mapping[str, str] = {}) -> None:
        self._observer = observer
        self._fields: dict[str, str] = dict.fromkeys(_FIELDS, "")
        self._fields.update((name, shown(str(value))) for name, value in fields.items())

    def of_message(self, envelope: Mapping[str, Any], payloads: Iterable[Any]) -> Watch:
        """Give a watch over a message as a whole: of its payloads' types and transports, the different ones."""
        fields = {name: str(envelope[name]) for name in _HEADER}
        listed = list(payloads)
        fields["payload_type"] = ",".join(dict.fromkeys(_member(payload, "payload_type") for payload in listed))
        fields["transport"] = ",".join(dict.fromkeys(_member(payload, "transport") for payload in listed))
        return Watch(self._observer, fields)

    def of_payload(self, payload_type: str, transport: str) -> Watch:
        """Give a watch over one payload of the message."""
        return Watch(self._observer, {**self._fields, "payload_type": payload_type, "transport": transport})

    def count(self, name: str, by: float = 1, **labels: str) -> None:
        """Add to a counter, or record a duration."""
        if self._observer is not None:
            self._observer(name, by, labels)

    def debug(self, sentence: str, *values: object) -> None:
        """Tell what only somebody who searches for a fault wants to know."""
        self._tell(logging.DEBUG, sentence, values)

    def info(self, sentence: str, *values: object) -> None:
        """Tell what happened to a message."""
        self._tell(logging.INFO, sentence, values)

    def warning(self, sentence: str, *values: object) -> None:
        """Tell what went wrong without being the caller's error, or not yet."""
        self._tell(logging.WARNING, sentence, values)

    def _tell(self, level: int, sentence: str, values: tuple[object, ...]) -> None:
        if _LOGGER.isEnabledFor(level):
            # Two frames up is where it happened.
            _LOGGER.log(level, sentence, *values, extra=self._fields, stacklevel=3)


def shown(text: str) -> str:
    """Give others' text so that it can stand in a sentence: it begins no line and no escape sequence of its own."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def counted(payloads: int) -> str:
    """Give a number of payloads in words."""
    return "1 payload" if payloads == 1 else f"{payloads} payloads"


def _member(payload: Any, name: str) -> str:
    return str(getattr(payload, name) if isinstance(payload, ReceivedPayload) else payload[name])
