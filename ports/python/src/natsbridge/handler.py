"""Handlers of the caller's own for uploads and downloads (FR-009, W6.7)."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
from functools import partial
from typing import Any, Awaitable, Callable, Collection, Mapping, Union, cast

from natsbridge.client import Client
from natsbridge.environment import fileserver_or_default
from natsbridge.errors import NATSBridgeError
from natsbridge.failure import TransferError
from natsbridge.fetch import download, fetch_with_backoff
from natsbridge.link import InvalidLinkError, Origin, origin
from natsbridge.own_thread import in_own_thread
from natsbridge.plik import ONESHOT, Plik, Uploaded, plik_oneshot_upload
from natsbridge.sink import Sink
from natsbridge.source import Source
from natsbridge.transfer import Transfer

UploadHandler = Callable[[str, str, bytes], Union[Mapping[str, Any], Awaitable[Mapping[str, Any]]]]
"""Takes ``(fileserver_url, dataname, data)``, does its own retrying, and gives a mapping with ``status`` and ``url`` at least;
any status but 200 is UPLOAD_FAILED. It may be a coroutine function; another runs in a thread. It may have an attribute
``remove``,
called with what it gave where the message will not be sent after all, and an attribute ``is_oneshot``, true where what it
uploads can be fetched only once."""

DownloadHandler = Callable[[str, int, float, float, str], Union[bytes, Awaitable[bytes]]]
"""Takes ``(url, max_retries, base_delay, max_delay, correlation_id)``, does its own retrying, and gives the bytes, which then
pass the checks of size and digest. It may be a coroutine function; another runs in a thread. It may have an attribute
``origins``:
where links may lead unless the receiver says otherwise with ``allowed_origins``."""


def resolved(handler: UploadHandler) -> UploadHandler:
    """Give what a handler stands for: ``plik_oneshot_upload`` is the one of Plik."""
    return ONESHOT if handler is plik_oneshot_upload else handler


async def upload_by(
    handler: UploadHandler, client: Client, server: str, source: Source, transfer: Transfer
) -> Mapping[str, Any]:
    """Upload a source by a handler, and give what it gave.

    :raises TransferError: where it raises, or gives something else than a mapping.
    """
    if isinstance(handler, Plik):
        return await handler.upload(client, server, source, transfer)
    content = source.data if isinstance(source.data, bytes) else await source.content()
    uploaded = await _called("upload", handler, server, transfer.dataname, content, late=partial(_take_back, handler))
    if not isinstance(uploaded, Mapping):
        raise TransferError(f"the upload handler gave a {type(uploaded).__name__}, not a mapping with status and url")
    return uploaded


async def remove_by(handler: UploadHandler, client: Client, uploaded: Mapping[str, Any]) -> None:
    """Remove what a handler uploaded, if it can.

    :raises TransferError: where that fails.
    """
    if isinstance(handler, Plik):
        await handler.remove(client, cast("Uploaded", uploaded))
        return
    remove = getattr(handler, "remove", None)
    if remove is not None:
        await _called("removal", remove, uploaded)


async def download_by(
    handler: DownloadHandler, client: Client, url: str, sink: Sink, transfer: Transfer, own: Collection[Origin]
) -> None:
    """Fetch a URL into a sink by a handler.

    :param own: the origins that the handler names; another one is not told its password.
    :raises TransferError: where it raises, or gives something else than bytes.
    """
    if handler is fetch_with_backoff:
        await download(client, url, sink, transfer)
        return
    if isinstance(handler, Plik):
        credentials = handler.credentials() if origin(url) in own else None
        await download(client, url, sink, transfer, credentials)
        return
    retry = transfer.patience.retry
    arguments = (url, retry.max_retries, retry.base_delay, retry.max_delay, transfer.correlation_id)
    content = await _called("download", handler, *arguments)
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise TransferError(f"the download handler gave a {type(content).__name__}, not bytes")
    sink.start(None)
    sink.write(bytes(content))


def origins_of(handler: DownloadHandler, fileserver_url: str | None) -> Collection[Origin]:
    """Give where links may lead unless the receiver says otherwise: what the handler names, else the file server (W6.5).

    :param fileserver_url: the argument; None for the environment or the default, which is read where nothing is named.
    :raises NATSBridgeError: INVALID_ENVELOPE for an origin or file server that is none.
    """
    if fileserver_url is not None:
        fileserver_or_default(fileserver_url)
    named = tuple(getattr(handler, "origins", ())) or (fileserver_or_default(fileserver_url),)
    try:
        return frozenset(origin(url) for url in named)
    except (InvalidLinkError, TypeError) as reason:
        message = f"the download handler names an origin that is none: {reason}"
        raise NATSBridgeError("INVALID_ENVELOPE", "validate", message) from None


def _take_back(handler: UploadHandler, uploaded: Any) -> None:
    """Remove what a handler uploaded after its call had given up, if it can, in the thread that it ran in."""
    remove = getattr(handler, "remove", None)
    if remove is None or not isinstance(uploaded, Mapping):
        return
    # Nobody waits for it any more, so that nobody can be told that it failed.
    with contextlib.suppress(Exception):
        removed = remove(uploaded)
        if inspect.iscoroutine(removed):
            asyncio.run(removed)


async def _called(
    what: str, handler: Callable[..., Any], *arguments: Any, late: Callable[[Any], None] | None = None
) -> Any:
    """Call a coroutine function here, and another one in a thread."""
    call = getattr(handler, "__call__", handler)  # noqa: B004
    try:
        if inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(call):
            return await handler(*arguments)
        context = contextvars.copy_context()
        result = await in_own_thread(partial(context.run, handler, *arguments), late)
        return await result if inspect.isawaitable(result) else result
    except NATSBridgeError as error:
        failed = TransferError(f"the {what} handler failed: {error.message}", retryable=error.retryable)
        raise failed from error
    except Exception as error:
        # Its text may hold a URL with its query, so only its class is told; the error itself is the cause.
        raise TransferError(f"the {what} handler raised {type(error).__name__}") from error
