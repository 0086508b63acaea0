"""When to try again (FR-010, W6.1): a pure schedule, without a clock. All times are in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass

from natsbridge.errors import NATSBridgeError


@dataclass(frozen=True)
class Retry:
    """How often something is tried, and how long to wait between the attempts.

    :raises NATSBridgeError: INVALID_ENVELOPE where ``max_retries`` is no whole number from 1 on, or a delay no number from 0 on.
    """

    max_retries: int = 5
    """Attempts in all."""
    base_delay: float = 100
    """The wait after the first failed attempt, doubled after each further one."""
    max_delay: float = 5000
    """The longest wait."""

    def __post_init__(self) -> None:
        if isinstance(self.max_retries, bool) or not isinstance(self.max_retries, int) or self.max_retries < 1:
            found = repr(self.max_retries)
            message = f"max_retries counts attempts and must be at least 1, found {found}"
            raise NATSBridgeError("INVALID_ENVELOPE", "validate", message, expected="at least 1", found=found)
        check_milliseconds("base_delay", self.base_delay)
        check_milliseconds("max_delay", self.max_delay)

    def delay(self, attempt: int, retry_after: float = 0) -> float | None:
        """Say how long to wait after the failed attempt of this number, counted from 1; None if it was the last.

        ``retry_after`` is what the server asked for; it lengthens the wait up to ``max_delay``.
        """
        if attempt >= self.max_retries:
            return None
        # Beyond 2^31 every wait is the longest anyhow, and a float cannot double for ever.
        scheduled = min(self.base_delay * float(2 ** min(attempt - 1, 31)), self.max_delay)
        return max(scheduled, min(retry_after, self.max_delay))


def is_retryable_status(status: int) -> bool:
    """Say whether a request that got this HTTP status is worth another attempt."""
    return status in (408, 425, 429) or 500 <= status <= 599


def check_milliseconds(name: str, value: object, least: float = 0) -> None:
    """Hold an argument against the numbers that are times.

    :raises NATSBridgeError: INVALID_ENVELOPE where it is none from ``least`` on.
    """
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not least <= value < float("inf"):  # type: ignore[operator]
        expected = f"a number of milliseconds from {least:g} on"
        message = f"{name} must be {expected}, found {value!r}"
        raise NATSBridgeError("INVALID_ENVELOPE", "validate", message, expected=expected, found=repr(value))
