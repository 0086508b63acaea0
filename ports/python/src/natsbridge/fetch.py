"""Downloads over http and https, tried again with growing delays (FR-010, W6)."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Mapping, Tuple, cast

import aiohttp

from natsbridge._generated import TRANSFER
from natsbridge.client import Client
from natsbridge.errors import NATSBridgeError
from natsbridge.failure import TransferError
from natsbridge.link import InvalidLinkError, origin, redact
from natsbridge.observe import Observer, Watch
from natsbridge.retry import Retry, is_retryable_status
from natsbridge.sink import Sink
from natsbridge.transfer import Patience, Transfer

Credentials = Tuple[str, str]
"""The login and the password of a file that is protected by them."""


async def fetch_with_backoff(
    url: str,
    max_retries: int = TRANSFER.max_retries,
    base_delay: float = TRANSFER.base_delay_ms,
    max_delay: float = TRANSFER.max_delay_ms,
    correlation_id: str = "",
    *,
    size: int | None = None,
    connect_timeout: float = TRANSFER.connect_timeout_ms,
    read_timeout: float = TRANSFER.read_timeout_ms,
    observer: Observer | None = None,
) -> bytes:
    """Fetch a URL, again and again with growing delays where it fails: what `smartreceive` does with a link, by itself.

    :param max_retries: attempts in all, at least 1.
    :param base_delay: the first delay between attempts, in milliseconds; doubled after each up to ``max_delay``.
    :param correlation_id: the exchange that this download belongs to, for logs and errors.
    :param size: the exact number of bytes to expect; unknown by default.
    :param connect_timeout: how long a connection may take, per attempt, in milliseconds.
    :param read_timeout: how long no byte may come, per attempt, in milliseconds.
    :raises NATSBridgeError: INVALID_ENVELOPE for a URL that is no link (W2.4); SIZE_MISMATCH; DOWNLOAD_FAILED after the last
        attempt.
    """
    patience = Patience(Retry(max_retries, base_delay, max_delay), connect_timeout, read_timeout)
    try:
        from_where = origin(url)
    except InvalidLinkError as reason:
        message = f"the URL {redact(url)} cannot be fetched: {reason}"
        raise NATSBridgeError("INVALID_ENVELOPE", "validate", message, correlation_id=correlation_id) from None
    watch = Watch(observer, {"correlation_id": correlation_id})
    transfer = Transfer("download", patience, watch, size=size, correlation_id=correlation_id)
    try:
        async with Client(patience) as client:
            with Sink(transfer, size) as sink:
                await transfer.run(download(client, url, sink, transfer), str(from_where))
                content = sink.finish()
    except TransferError as error:
        message = f"{redact(url)} could not be fetched: {error}"
        raise error.into_error("DOWNLOAD_FAILED", "fetch", message).within(correlation_id, "", "") from None
    return cast("bytes", content)


async def download(
    client: Client, url: str, sink: Sink, transfer: Transfer, credentials: Credentials | None = None
) -> None:
    """Fetch a URL into a sink, in as many attempts as it takes.

    :raises TransferError: after the last of them.
    """
    attempt = 1
    while True:
        try:
            await _attempt(client, url, sink, credentials)
        except TransferError as error:
            await transfer.before_next_attempt(attempt, error)
            attempt += 1
        else:
            return


def refused(response: aiohttp.ClientResponse, *, uploading: bool) -> TransferError:
    """Say what a status other than 200 means."""
    status = response.status
    hint = ""
    if status in (404, 410):
        hint = ": the file is gone; a one-shot file can be fetched once, and others expire"
        if uploading:
            hint = ": no Plik answers there; is fileserver_url right?"
    elif status in (400, 413) and uploading:
        hint = ": the file may be too large for this server"
    elif status in (401, 403):
        hint = ": a token or password is missing or wrong"
        if not uploading:
            hint += ", or a signed link has expired"
    elif 300 <= status <= 399:
        hint = ": redirects are not followed"
    try:
        name = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        name = str(status)
    return TransferError(
        f"the file server answered {name}{hint}",
        retryable=is_retryable_status(status),
        retry_after=retry_after(response.headers),
    )


def retry_after(headers: Mapping[str, str]) -> float:
    """Give what a server asks to wait, in milliseconds: seconds or a date (RFC 9110 section 10.2.3); 0 if it does not."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:15]) * 1000
    try:
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 0.0) * 1000
    except (TypeError, ValueError, IndexError, OverflowError, OSError):
        return 0.0


def authorization(credentials: Credentials | None) -> dict[str, str]:
    """Give the header for a file that is protected by a login and password (RFC 7617)."""
    if credentials is None:
        return {}
    return {"Authorization": f"Basic {b64encode(':'.join(credentials).encode()).decode()}"}


async def _attempt(client: Client, url: str, sink: Sink, credentials: Credentials | None) -> None:
    response = await client.request("GET", url, authorization(credentials))
    try:
        if response.status != HTTPStatus.OK:
            raise refused(response, uploading=False)
        coding = response.headers.get("Content-Encoding")
        if coding is not None:
            raise TransferError(f"the file server answered with the content coding {coding[:40]!r}")
        sink.start(response.content_length)
        try:
            async for piece in response.content.iter_any():
                sink.write(piece)
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            raise client.failure(error) from None
        if not sink.is_complete():
            raise TransferError(f"the body ended after {sink.written} bytes", retryable=True)
    finally:
        response.close()
