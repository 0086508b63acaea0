"""The one exception of this package: a code and a phase of the wire (W7), the place, and whether to try again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from natsbridge._generated import ErrorCode, ErrorDetails, ErrorReport, Phase


class NATSBridgeError(Exception):
    """What went wrong, in which phase and where.

    Its text is the code and a sentence; :meth:`report` gives the JSON that goes to programs and into a NACK. No attribute
    holds a token, user-info or a query string (W6.10).

    :ivar code: one of the error codes, such as ``INVALID_ENVELOPE`` (W7).
    :ivar phase: the step at which it was found, such as ``validate`` (W7.1).
    :ivar message: a sentence without the code.
    :ivar pointer: the place in the envelope as a JSON pointer (RFC 6901); None where there is none.
    :ivar dataname: the name of the payload concerned, or None.
    :ivar expected: what should have been there, or None.
    :ivar found: what was there, or None.
    :ivar retryable: whether the same call may succeed later with nothing changed: a server was down or too slow.
    :ivar is_local: whether its cause lies in this program: its arguments, its environment, its files. What sent the message is told
        no more than that, and that it may send again.
    :ivar correlation_id: that of the message as far as it could be read; else empty.
    :ivar msg_id: that of the message as far as it could be read; else empty.
    :ivar send_to: that of the message as far as it could be read; else empty.
    """

    def __init__(
        self,
        code: ErrorCode,
        phase: Phase,
        message: str,
        *,
        pointer: str | None = None,
        dataname: str | None = None,
        expected: str | None = None,
        found: str | None = None,
        retryable: bool = False,
        correlation_id: str = "",
        msg_id: str = "",
        send_to: str = "",
    ) -> None:
        super().__init__(code, phase, message)
        self.code = code
        self.phase = phase
        self.message = message
        self.pointer = pointer
        self.dataname = dataname
        self.expected = expected
        self.found = found
        self.retryable = retryable
        self.is_local = False
        self.correlation_id = correlation_id
        self.msg_id = msg_id
        self.send_to = send_to

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def within(self, correlation_id: object, msg_id: object, send_to: object) -> NATSBridgeError:
        """Says which message it is about, as far as these are strings, and gives itself."""
        self.correlation_id = correlation_id if isinstance(correlation_id, str) else ""
        self.msg_id = msg_id if isinstance(msg_id, str) else ""
        self.send_to = send_to if isinstance(send_to, str) else ""
        return self

    def local(self) -> NATSBridgeError:
        """Says that its cause lies in this program, and gives itself."""
        self.is_local = True
        return self

    def report(self, timestamp: str | None = None) -> ErrorReport:
        """Give the error as the wire has it (W7.2); ``timestamp`` is the time of the error, now by default."""
        if timestamp is None:
            from natsbridge.clock import now

            timestamp = now()
        details: ErrorDetails = {"phase": self.phase}
        if self.pointer is not None:
            details["pointer"] = self.pointer
        if self.dataname is not None:
            details["dataname"] = self.dataname
        if self.expected is not None:
            details["expected"] = self.expected
        if self.found is not None:
            details["found"] = self.found
        return {
            "correlation_id": self.correlation_id,
            "msg_id": self.msg_id,
            "timestamp": timestamp,
            "send_to": self.send_to,
            "error": {"code": self.code, "message": self.message, "details": details},
        }

    def to_json(self, timestamp: str | None = None) -> str:
        """Give :meth:`report` as canonical JSON text (W4)."""
        return json.dumps(self.report(timestamp), ensure_ascii=False, separators=(",", ":"))


class ContentError(ValueError):
    """A value has no bytes, or bytes have no value, of a payload type; :class:`NATSBridgeError` says which payload's.

    :ivar expected: what should have been there, in words.
    :ivar found: what was there, in words.
    :ivar place: where, in words that go on after a space; or empty.
    """

    def __init__(self, expected: str, found: str, place: str = "") -> None:
        super().__init__(f"expected {expected}, found {found}{place}")
        self.expected = expected
        self.found = found
        self.place = place
