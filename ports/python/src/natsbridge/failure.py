"""Why an upload or a download failed, before it is known which error of the caller's that becomes."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING

import aiohttp

from natsbridge.errors import NATSBridgeError

if TYPE_CHECKING:
    from natsbridge._generated import ErrorCode, Phase


class TransferError(Exception):
    """One attempt failed, or all of them. Its text holds no token, user-info, path or query (W6.10).

    :ivar retryable: whether another attempt may succeed.
    :ivar retry_after: what the server asked to wait, in milliseconds.
    :ivar code: the code that the cause has by itself, such as SIZE_MISMATCH; None where the direction says it.
    """

    def __init__(
        self, message: str, *, retryable: bool = False, retry_after: float = 0, code: ErrorCode | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.retryable = retryable
        self.retry_after = retry_after
        self.code = code

    def __str__(self) -> str:
        return self.message

    def into_error(self, code: ErrorCode, phase: Phase, message: str) -> NATSBridgeError:
        """Give the caller's error, with ``code`` unless the cause has one of its own."""
        return NATSBridgeError(self.code or code, phase, message, retryable=self.retryable)


def timed_out(what: str, milliseconds: float) -> TransferError:
    """Give the error of an attempt in which ``what`` (a sentence) was so for that long."""
    return TransferError(f"{what} for {milliseconds:g} ms", retryable=True)


def of_connection(error: Exception, read_timeout: float) -> TransferError:
    """Say what went wrong with a request, in words of our own: those of aiohttp may hold the URL, which may hold a secret."""
    if isinstance(error, aiohttp.ServerTimeoutError) and str(error).startswith("Connection timeout"):
        return TransferError("no connection stood in time", retryable=True)
    if isinstance(error, asyncio.TimeoutError):
        return timed_out("the file server was silent", read_timeout)
    if isinstance(error, aiohttp.ClientSSLError):
        return TransferError("no connection: TLS with the file server failed", retryable=True)
    if isinstance(error, aiohttp.ClientConnectorError):
        return TransferError(f"no connection: {_reason(error.os_error)}", retryable=True)
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return TransferError("the file server ended the connection without an answer", retryable=True)
    if isinstance(error, aiohttp.ClientPayloadError):
        return TransferError("the body broke off", retryable=True)
    if isinstance(error, aiohttp.InvalidURL):
        return TransferError("the URL cannot be requested")
    if isinstance(error, aiohttp.ClientResponseError):
        return TransferError("the file server's answer is no valid HTTP", retryable=True)
    if isinstance(error, OSError):
        return TransferError(f"the connection failed: {_reason(error)}", retryable=True)
    return TransferError(f"the connection failed ({type(error).__name__})", retryable=True)


def of_local_file(error: OSError) -> TransferError:
    """Say what went wrong with a file on this machine."""
    return TransferError(_reason(error))


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "its host name leads nowhere"
    if isinstance(error.errno, int) and error.errno > 0:
        return os.strerror(error.errno)
    return type(error).__name__
