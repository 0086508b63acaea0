"""Plik as the file server (FR-008, W6.1).

What it does that is not in its documents: its JSON comes as ``text/plain``; it answers errors with a redirect to a web page
unless the user agent is one that it knows; it gives no URL, so that it is made here from the ids and a name of our own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any, Collection, Dict
from urllib.parse import quote

import aiohttp

from natsbridge._generated import TRANSFER
from natsbridge.client import Client
from natsbridge.environment import fileserver_or_default
from natsbridge.failure import TransferError, of_local_file
from natsbridge.fetch import Credentials, authorization, refused
from natsbridge.observe import Watch
from natsbridge.source import Source
from natsbridge.transfer import Patience, Transfer

_FILE_NAME = "payload"
_MAX_ANSWER = 1 << 20


class Uploaded(Dict[str, Any]):
    """Where a payload was uploaded to: ``status``, ``uploadid``, ``fileid`` and ``url``, as the contract has it.

    What allows its removal is no member, so that it is not shown.
    """

    def __init__(self, server: str, upload_id: str, token: str) -> None:
        super().__init__(status=200, uploadid=upload_id, fileid="", url=f"{server}/upload/{quote(upload_id, safe='')}")
        self._server = server
        self._token = token


class Plik:
    """The handler of both directions for a Plik server.

    :param ttl: how many seconds a file is kept, at least 1, and can be fetched any number of times. By default it can be fetched
        once: the first receiver gets it, and a broken download cannot be repeated.
    :param token: the user token that the server asks for (NFR-303).
    :param login: with ``password``, protects the uploads; a receiver needs both as well.
    :param servers: links to these origins are fetched, such as ``https://files.example``; by default to that of the
        receiver's file server.
    """

    def __init__(
        self,
        *,
        ttl: int | None = None,
        token: str | None = None,
        login: str | None = None,
        password: str | None = None,
        servers: Collection[str] = (),
    ) -> None:
        if ttl is not None and ttl < 1:
            raise ValueError("ttl counts seconds and must be at least 1")
        if (login is None) != (password is None):
            raise ValueError("login and password belong together")
        self.ttl = ttl
        self.origins = tuple(servers)
        self.is_oneshot = ttl is None
        self._token = token
        self._credentials: Credentials | None = None if login is None or password is None else (login, password)

    def __repr__(self) -> str:
        return f"Plik(ttl={self.ttl!r}, servers={self.origins!r})"

    async def __call__(self, fileserver_url: str, dataname: str, data: bytes | str | Path) -> Uploaded:
        """Upload bytes, or a file by its path, with the defaults for retries.

        ``dataname`` is not sent to the server.

        :raises NATSBridgeError: INVALID_ENVELOPE for a ``fileserver_url`` that is no http or https URL; UPLOAD_FAILED after the
            last attempt.
        """
        server = fileserver_or_default(fileserver_url)
        patience = Patience()
        transfer = Transfer("upload", patience, Watch(), dataname=dataname)
        try:
            async with Client(patience) as client:
                source = _source(data)
                transfer.size = source.size
                return await transfer.run(self.upload(client, server, source, transfer))
        except TransferError as error:
            message = f"payload {dataname!r} could not be uploaded: {error}"
            failed = error.into_error("UPLOAD_FAILED", "upload", message)
            failed.dataname = dataname
            raise failed from None

    async def delete(self, uploaded: Uploaded) -> None:
        """Remove what was uploaded, before its time is over.

        :raises NATSBridgeError: UPLOAD_FAILED where the server refuses or does not answer.
        """
        try:
            async with Client(Patience()) as client:
                await self.remove(client, uploaded)
        except TransferError as error:
            message = f"an upload could not be removed: {error}"
            raise error.into_error("UPLOAD_FAILED", "upload", message) from None

    def credentials(self) -> Credentials | None:
        """Give what a file of this handler's is protected by."""
        return self._credentials

    async def upload(self, client: Client, server: str, source: Source, transfer: Transfer) -> Uploaded:
        """Upload a source, in as many attempts as it takes; each creates anew, and removes what is left of it if it fails.

        :raises TransferError: after the last of them.
        """
        server = server.rstrip("/")
        attempt = 1
        while True:
            try:
                return await self._attempt(client, server, source, transfer)
            except TransferError as error:
                await transfer.before_next_attempt(attempt, error)
                attempt += 1

    async def remove(self, client: Client, uploaded: Uploaded) -> None:
        """Remove an upload.

        :raises TransferError: where the server refuses or does not answer.
        """
        url = f"{uploaded._server}/upload/{quote(uploaded['uploadid'], safe='')}"
        response = await client.request("DELETE", url, {**self._headers(), "X-UploadToken": uploaded._token})
        try:
            if response.status != 200:
                raise refused(response, uploading=True)
        finally:
            response.close()

    async def _attempt(self, client: Client, server: str, source: Source, transfer: Transfer) -> Uploaded:
        created = await self._create(client, server)
        uploaded = Uploaded(server, _text(created, "id", required=True), _text(created, "uploadToken"))
        try:
            added = await self._add(client, uploaded, source, transfer)
            uploaded["fileid"] = _text(added, "id", required=True)
        except TransferError:
            await self._tidy(client, uploaded)
            raise
        except asyncio.CancelledError:
            client.in_background(self._tidy(client, uploaded))
            raise
        domain = _text(created, "downloadDomain").rstrip("/") or server
        ids = "/".join(quote(uploaded[name], safe="") for name in ("uploadid", "fileid"))
        uploaded["url"] = f"{domain}/file/{ids}/{_FILE_NAME}"
        return uploaded

    async def _create(self, client: Client, server: str) -> dict[str, Any]:
        wanted: dict[str, Any] = {"OneShot": True} if self.ttl is None else {"ttl": self.ttl}
        wanted["Removable"] = False
        if self._credentials is not None:
            wanted["Login"], wanted["Password"] = self._credentials
        headers = {**self._headers(), "Content-Type": "application/json"}
        response = await client.request("POST", f"{server}/upload", headers, json.dumps(wanted).encode())
        return await _answer(client, response)

    async def _add(self, client: Client, uploaded: Uploaded, source: Source, transfer: Transfer) -> dict[str, Any]:
        form = aiohttp.MultipartWriter("form-data")
        part = form.append_payload(_Streamed(source, transfer))
        part.set_content_disposition("form-data", name="file", filename=_FILE_NAME)
        url = f"{uploaded._server}/file/{quote(uploaded['uploadid'], safe='')}"
        source.touch()
        headers = {**self._headers(), "X-UploadToken": uploaded._token}
        try:
            response = await client.request("POST", url, headers, form, lambda: source.moved)
        except TransferError as error:
            raise source.failure or error from None
        return await _answer(client, response)

    async def _tidy(self, client: Client, uploaded: Uploaded) -> None:
        """Remove what is left of an attempt. It is in nobody's way, so that its removal may fail."""
        with contextlib.suppress(TransferError, asyncio.TimeoutError):
            await asyncio.wait_for(self.remove(client, uploaded), TRANSFER.connect_timeout_ms / 1000)

    def _headers(self) -> dict[str, str]:
        headers = authorization(self._credentials)
        if self._token is not None:
            headers["X-PlikToken"] = self._token
        return headers


async def plik_oneshot_upload(fileserver_url: str, dataname: str, data: bytes | str | Path) -> Uploaded:
    """Upload bytes, or a file by its path, so that they can be fetched once: what ``smartsend`` does by itself.

    ``dataname`` is not sent to the server.

    :returns: ``status``, ``uploadid``, ``fileid`` and ``url``.
    :raises NATSBridgeError: INVALID_ENVELOPE for a ``fileserver_url`` that is no http or https URL; UPLOAD_FAILED after the last
        attempt.
    """
    return await ONESHOT(fileserver_url, dataname, data)


ONESHOT = Plik()
"""What ``plik_oneshot_upload`` stands for as a handler."""


class _Streamed(aiohttp.Payload):
    """A source as a part of a form, of a length that is known beforehand."""

    def __init__(self, source: Source, transfer: Transfer) -> None:
        super().__init__(source, content_type="application/octet-stream")
        self._size = source.size
        self._source = source
        self._transfer = transfer

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002
        raise TypeError("a streamed payload is no text")

    async def write(self, writer: Any) -> None:
        try:
            async for piece in self._source.pieces(self._transfer):
                await writer.write(piece)
        except BaseException:
            # Closed alone, a connection would wait for a server that takes no more to take the rest.
            if writer.transport is not None:
                writer.transport.abort()
            raise


def _source(data: bytes | str | Path) -> Source:
    if isinstance(data, (bytes, bytearray, memoryview)):
        whole = bytes(data)
        return Source(whole, len(whole))
    path = Path(data)
    try:
        return Source(path, path.stat().st_size)
    except OSError as error:
        raise of_local_file(error) from None


async def _answer(client: Client, response: aiohttp.ClientResponse) -> dict[str, Any]:
    """The JSON of a 200, which Plik sends as text/plain."""
    try:
        if response.status != 200:
            raise refused(response, uploading=True)
        text = b""
        try:
            async for piece in response.content.iter_any():
                text += piece
                if len(text) > _MAX_ANSWER:
                    raise TransferError("the file server's answer is longer than 1 MiB")
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            raise client.failure(error) from None
    finally:
        response.close()
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise TransferError("the file server's answer is not that of Plik: expected a JSON object")
    return answer


def _text(answer: dict[str, Any], name: str, *, required: bool = False) -> str:
    text = answer.get(name, "")
    if not isinstance(text, str) or (required and not text):
        raise TransferError(f"the file server's answer is not that of Plik: its member {name!r} is no string")
    return text
