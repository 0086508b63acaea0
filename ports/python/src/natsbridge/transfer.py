"""The transfer of one payload, and its attempts (W6.1, W6.2)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, Awaitable, Callable, TypeVar

from natsbridge import observe
from natsbridge._generated import TRANSFER
from natsbridge.failure import TransferError
from natsbridge.observe import Watch, shown
from natsbridge.retry import Retry, check_milliseconds

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """How far the transfer of one payload has come. A repeated attempt starts again from 0."""

    direction: str
    """``upload`` or ``download``."""
    index: int
    """The payload's position in the message, from 0."""
    dataname: str
    transferred: int
    """Bytes so far."""
    size: int
    """Bytes in all."""


OnProgress = Callable[[Progress], Any]
"""Is called for every piece that was transferred, on the event loop; it should return soon."""


@dataclass(frozen=True)
class Patience:
    """How often a transfer is tried, and how long each attempt may take, in milliseconds.

    :raises NATSBridgeError: INVALID_ENVELOPE for a time that is none.
    """

    retry: Retry = field(default_factory=Retry)
    connect_timeout: float = TRANSFER.connect_timeout_ms
    """Until a connection stands."""
    read_timeout: float = TRANSFER.read_timeout_ms
    """Without a byte going or coming, the response's headers included."""

    def __post_init__(self) -> None:
        check_milliseconds("connect_timeout", self.connect_timeout, 1)
        check_milliseconds("read_timeout", self.read_timeout, 1)


@dataclass
class Transfer:
    """One payload on its way, as far as its attempts must know."""

    direction: str
    patience: Patience = field(default_factory=Patience)
    watch: Watch = field(default_factory=Watch)
    index: int = 0
    dataname: str = ""
    size: int | None = None
    correlation_id: str = ""
    on_progress: OnProgress | None = None

    def report(self, transferred: int) -> None:
        """Say how many bytes went or came in this attempt."""
        if self.on_progress is not None:
            size = transferred if self.size is None else self.size
            self.on_progress(Progress(self.direction, self.index, self.dataname, transferred, size))

    async def before_next_attempt(self, attempt: int, error: TransferError) -> None:
        """Wait out the delay behind failed attempt ``attempt``, counted from 1.

        :raises TransferError: ``error``, where no other attempt is due.
        """
        delay = self.patience.retry.delay(attempt, error.retry_after) if error.retryable else None
        attempts = self.patience.retry.max_retries
        if delay is None:
            # After further attempts it is their end: a file that can be fetched once is gone after an attempt that broke off.
            if attempt > 1 or error.retryable:
                self._given_up()
                sentence = "%s of payload '%s' failed for good after %d of %d attempts: %s"
                self.watch.warning(sentence, self._noun, shown(self.dataname), attempt, attempts, error.message)
            if error.retryable and attempt > 1:
                error.message = f"{error.message} (after {attempt} attempts)"
            raise error
        self.watch.count(observe.RETRY_ATTEMPTS, 1, direction=self.direction)
        sentence = "%s of payload '%s' failed in attempt %d of %d, next in %g ms: %s"
        self.watch.warning(sentence, self._noun, shown(self.dataname), attempt, attempts, delay, error.message)
        await asyncio.sleep(delay / 1000)

    async def run(self, call: Awaitable[T], origin: str | None = None, deadline: float | None = None) -> T:
        """Run all of the transfer, say that it began and ended, and measure it.

        ``origin`` is where a download comes from; ``deadline`` a time of the event loop's clock, in seconds.
        """
        size = "unknown" if self.size is None else f"{self.size} bytes"
        name = shown(self.dataname)
        if origin is None:
            self.watch.debug("Uploading payload '%s' size: %s", name, size)
        else:
            self.watch.debug("Downloading payload '%s' size: %s from %s", name, size, origin)
        began = time.monotonic()
        result = await self._within(call, deadline)
        took = time.monotonic() - began
        is_upload = self.direction == "upload"
        self.watch.count(observe.UPLOAD_DURATION if is_upload else observe.DOWNLOAD_DURATION, took)
        verb = "Uploaded" if is_upload else "Downloaded"
        self.watch.debug("%s payload '%s' size: %s in %d ms", verb, name, size, took * 1000)
        return result

    async def _within(self, call: Awaitable[T], deadline: float | None) -> T:
        if deadline is None:
            return await call
        left = deadline - asyncio.get_running_loop().time()
        try:
            return await asyncio.wait_for(call, max(left, 0))
        except asyncio.TimeoutError:
            self._given_up()
            sentence = "%s of payload '%s' was ended by the deadline of the whole call"
            self.watch.warning(sentence, self._noun, shown(self.dataname))
            raise TransferError("the deadline of the whole call passed", retryable=True) from None

    def _given_up(self) -> None:
        if self.direction == "download":
            self.watch.count(observe.DOWNLOAD_RETRY_EXCEEDED)

    @property
    def _noun(self) -> str:
        return "Upload" if self.direction == "upload" else "Download"
