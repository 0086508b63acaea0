"""Several transfers at once, judged in list order (W6.3)."""

from __future__ import annotations

import asyncio
from typing import Any, Awaitable, Callable, Sequence, TypeVar

from natsbridge._generated import TRANSFER

T = TypeVar("T")


async def side_by_side(calls: Sequence[Callable[[], Awaitable[T]]], enough: Callable[[T], bool] = bool) -> list[T]:
    """Run calls side by side, at most 4 at a time, and give their results in list order.

    The first result in list order of which ``enough`` does not hold is the last one given; the calls behind it are cancelled.
    So is everything where a call raises or this one is cancelled.
    """
    places = asyncio.Semaphore(TRANSFER.max_concurrent)

    async def placed(call: Callable[[], Awaitable[T]]) -> T:
        async with places:
            return await call()

    tasks = [asyncio.ensure_future(placed(call)) for call in calls]
    results: list[T] = []
    try:
        for task in tasks:
            results.append(await task)
            if not enough(results[-1]):
                break
    finally:
        await _end(tasks)
    return results


async def _end(tasks: Sequence[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    # What a cancelled call raises on its way out tells nobody anything any more.
    await asyncio.gather(*tasks, return_exceptions=True)
