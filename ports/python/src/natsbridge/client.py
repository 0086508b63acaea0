"""The HTTP client that every transfer of a call uses, set up as the wire wants it (W6.2, W6.6)."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Callable, Coroutine, Mapping

import aiohttp
from yarl import URL

from natsbridge._generated import TRANSFER
from natsbridge.failure import TransferError, of_connection, timed_out
from natsbridge.transfer import Patience
from natsbridge.version import __version__

USER_AGENT = f"plik_client/natsbridge-{__version__}"
"""Plik answers errors with a page for people unless the user agent starts like this."""


class Client:
    """Follows no redirect, asks for no content coding, uses no proxy, cookie or password of the environment.

    Each request has a connection of its own: aiohttp would silently repeat a GET on a connection that ended, and an attempt of
    W6.1 is one request. To be left with ``async with``.
    """

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self._session: aiohttp.ClientSession | None = None
        self._removals: set[asyncio.Task[Any]] = set()

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] = {},
        data: Any = None,
        moving: Callable[[], float] | None = None,
    ) -> aiohttp.ClientResponse:
        """Make one request, and give its response once the headers are here.

        :param moving: when the last piece of ``data`` went, by the event loop's clock, where it is so much that sending it takes time.
        :raises TransferError: where there is none, in words that hold no part of the URL.
        """
        counted: dict[str, float] = {"connections": 0}
        try:
            sending = self._open().request(
                method,
                # As it stands: yarl would write some characters in another way.
                URL(url, encoded=True),
                headers=headers,
                data=data,
                allow_redirects=False,
                trace_request_ctx=counted,
            )
            if moving is None:
                # aiohttp bounds the connection, and then each silence of the answer.
                return await sending
            return await self._while_moving(sending, moving, counted)
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            raise self.failure(error) from None
        except ValueError:
            raise TransferError("the URL cannot be requested") from None

    def failure(self, error: Exception) -> TransferError:
        """Say what an error of aiohttp means for the attempt."""
        return of_connection(error, self.patience.read_timeout)

    def in_background(self, removal: Coroutine[Any, Any, None]) -> None:
        """Let a removal go on although its call was cancelled; leaving the client waits for it a few seconds."""
        task = asyncio.ensure_future(removal)
        self._removals.add(task)
        task.add_done_callback(self._removals.discard)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._removals:
            removals = asyncio.gather(*self._removals)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(removals, TRANSFER.connect_timeout_ms / 1000)
        if self._session is not None:
            await self._session.close()

    async def _while_moving(
        self,
        sending: Coroutine[Any, Any, aiohttp.ClientResponse],
        moving: Callable[[], float],
        counted: Mapping[str, float],
    ) -> aiohttp.ClientResponse:
        """Wait for the head of an answer as long as something goes, and ``read_timeout`` beyond the last.

        aiohttp looks for silence once everything went.
        """
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(sending)
        try:
            while True:
                # While a connection is made, it is ``connect_timeout`` that counts.
                idle = loop.time() - max(moving(), counted["connected"]) if "connected" in counted else 0.0
                left = self.patience.read_timeout / 1000 - idle
                if left <= 0:
                    raise timed_out("the file server was silent", self.patience.read_timeout)
                done, _ = await asyncio.wait({task}, timeout=left)
                if done:
                    return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            once = aiohttp.TraceConfig()
            once.on_connection_create_start.append(_refuse_the_second)
            once.on_connection_create_end.append(_note_the_connection)
            connect = self.patience.connect_timeout / 1000
            self._session = aiohttp.ClientSession(
                auto_decompress=False,
                connector=aiohttp.TCPConnector(force_close=True, limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": USER_AGENT},
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=connect,
                    sock_connect=connect,
                    sock_read=self.patience.read_timeout / 1000,
                    # Otherwise times above 5 s are rounded up to whole seconds.
                    ceil_threshold=float("inf"),
                ),
                trace_configs=[once],
                trust_env=False,
            )
        return self._session


async def _refuse_the_second(_session: object, context: Any, _parameters: object) -> None:
    """End a request that aiohttp repeats by itself."""
    counted = context.trace_request_ctx
    counted["connections"] += 1
    if counted["connections"] > 1:
        raise TransferError("the file server ended the connection without an answer", retryable=True)


async def _note_the_connection(_session: object, context: Any, _parameters: object) -> None:
    context.trace_request_ctx["connected"] = asyncio.get_running_loop().time()
