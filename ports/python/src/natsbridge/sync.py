"""The same functions for programs without an event loop: ``natsbridge.sync.smartsend(...)`` and so on.

Each call runs an event loop of its own to its end. Where the calling thread runs one already, the call does so in another thread
and waits for it, during which that loop stands still; a handler of the caller's own must then not wait for it.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Callable, Coroutine, TypeVar

from natsbridge import fetch, natsbridge, plik

T = TypeVar("T")

if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    P = ParamSpec("P")

__all__ = ["fetch_with_backoff", "plik_oneshot_upload", "smartreceive", "smartsend"]


def _in_sync(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    @wraps(function)
    def call(*arguments: P.args, **named: P.kwargs) -> T:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(function(*arguments, **named))
        return _in_thread(partial(function, *arguments, **named))

    return call


def _in_thread(function: Callable[[], Coroutine[Any, Any, T]]) -> T:
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(function()))
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    # A new thread each time: a pool's could be the one that waits.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), name="natsbridge.sync")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


smartsend = _in_sync(natsbridge.smartsend)
smartreceive = _in_sync(natsbridge.smartreceive)
fetch_with_backoff = _in_sync(fetch.fetch_with_backoff)
plik_oneshot_upload = _in_sync(plik.plik_oneshot_upload)
