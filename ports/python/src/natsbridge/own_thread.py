"""Calls that may block, in threads that keep nobody waiting."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import Any, Callable, NamedTuple, TypeVar

T = TypeVar("T")


async def in_own_thread(function: Callable[[], T], late: Callable[[T], None] | None = None) -> T:
    """Run a function in a thread of its own and give its result.

    Unlike one of the loop's pool, the thread ends with the program at the latest, and the end of the loop does not wait for it:
    so a deadline holds although the function goes on.

    :param late: is called with what the function gave after this call was cancelled, in the same thread or another one.
    :raises BaseException: whatever the function raises; StopIteration becomes a RuntimeError.
    """
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[_Outcome] = loop.create_future()
    lock = threading.Lock()
    outcomes: list[_Outcome] = []
    given_up = False

    def run() -> None:
        # As a value, since a future refuses some exceptions.
        try:
            outcome = _Outcome(function(), None)
        except BaseException as raised:  # noqa: BLE001
            outcome = _Outcome(None, raised)
        with lock:
            outcomes.append(outcome)
            is_late = given_up
        if is_late:
            _tell(outcome, late)
            return
        # A loop that has ended meanwhile was left with the call cancelled.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, waiting, outcome)

    threading.Thread(target=run, name="natsbridge.handler", daemon=True).start()
    try:
        result, error = await waiting
    except asyncio.CancelledError:
        with lock:
            given_up = True
        if outcomes:
            threading.Thread(target=_tell, args=(outcomes[0], late), name="natsbridge.handler", daemon=True).start()
        raise
    if isinstance(error, StopIteration):
        raise RuntimeError("the function raised StopIteration") from error  # noqa: TRY004
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]


class _Outcome(NamedTuple):
    result: Any
    error: BaseException | None


def _settle(waiting: asyncio.Future[_Outcome], outcome: _Outcome) -> None:
    if not waiting.done():
        waiting.set_result(outcome)


def _tell(outcome: _Outcome, late: Callable[[Any], None] | None) -> None:
    if outcome.error is None and late is not None:
        late(outcome.result)
