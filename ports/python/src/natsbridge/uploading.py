"""The uploads of one message: side by side, judged in list order, with nothing left behind where one fails (W6.3, W6.4)."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from pathlib import Path
from typing import Any, Mapping, NamedTuple

from natsbridge._generated import TRANSFER
from natsbridge.client import Client
from natsbridge.errors import NATSBridgeError
from natsbridge.failure import TransferError
from natsbridge.handler import UploadHandler, remove_by, upload_by
from natsbridge.observe import Watch, shown
from natsbridge.outgoing import Outgoing, PendingUpload
from natsbridge.side_by_side import side_by_side
from natsbridge.source import Source
from natsbridge.transfer import OnProgress, Transfer


class Linked(NamedTuple):
    """Where a payload was uploaded to."""

    url: Any
    sha256: str | None


class Uploading:
    """A message on its way, with what was uploaded for it so far.

    :param files: the files of external parts, by index.
    :param checksum: whether links get a digest.
    :param deadline: when all transfers must be over, by the event loop's clock in seconds.
    """

    def __init__(
        self,
        outgoing: Outgoing,
        client: Client,
        handler: UploadHandler,
        fileserver_url: str,
        *,
        watch: Watch,
        files: Mapping[int, Path],
        checksum: bool,
        deadline: float | None,
        on_progress: OnProgress | None,
    ) -> None:
        self._outgoing = outgoing
        self._client = client
        self._handler = handler
        self._fileserver_url = fileserver_url
        self._watch = watch
        self._files = files
        self._checksum = checksum
        self._deadline = deadline
        self._on_progress = on_progress
        self._uploaded: dict[int, Mapping[str, Any]] = {}

    async def upload(self, *, fallback: bool) -> None:
        """Upload what is pending; what cannot be goes direct, in list order, as far as it fits.

        :raises NATSBridgeError: UPLOAD_FAILED where a payload can neither be uploaded nor go direct.
        """
        pending = self._outgoing.uploads()
        calls = [partial(self._one, upload) for upload in pending]
        results = await side_by_side(calls, lambda result: fallback or isinstance(result, Linked))
        failures = []
        for upload, result in zip(pending, results):
            failed = self._link(upload, result) if isinstance(result, Linked) else result
            if failed is not None:
                failures.append((upload, failed))
        # No link leads there, so that nobody will fetch it.
        await self._remove_all([self._uploaded.pop(each.index) for each, _ in failures if each.index in self._uploaded])
        for upload, failed in failures:
            reason = await self._fall_back(upload) if fallback else "fallback is off"
            if reason is None:
                watch = self._watch.of_payload(upload.payload_type, "direct")
                sentence = "Payload '%s' could not be uploaded and goes direct: %s"
                watch.warning(sentence, shown(upload.dataname), failed.message)
                continue
            message = f"payload {upload.index} could not be uploaded: {failed}; nor can it go direct: {reason}"
            error = failed.into_error("UPLOAD_FAILED", "upload", message)
            error.pointer, error.dataname = f"/payloads/{upload.index}", upload.dataname
            outgoing = self._outgoing
            raise error.within(outgoing.correlation_id, outgoing.msg_id, outgoing.send_to) from failed.__cause__

    async def remove(self) -> None:
        """Take back what was uploaded.

        That it fails changes nothing: the caller hears of the cause already, and is not kept waiting by a server that hangs.
        """
        await self._remove_all(list(self._uploaded.values()))

    async def _remove_all(self, listed: list[Mapping[str, Any]]) -> None:
        calls = [partial(self._remove, uploaded) for uploaded in listed]
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(side_by_side(calls), TRANSFER.connect_timeout_ms / 1000)

    async def _one(self, upload: PendingUpload) -> Linked | TransferError:
        transfer = Transfer(
            "upload",
            self._client.patience,
            self._watch.of_payload(upload.payload_type, "link"),
            upload.index,
            upload.dataname,
            upload.size,
            self._outgoing.correlation_id,
            self._on_progress,
        )
        data = self._files[upload.index] if upload.content is None else upload.content
        try:
            return await transfer.run(self._send(Source(data, upload.size), transfer), deadline=self._deadline)
        except TransferError as error:
            return error

    async def _send(self, source: Source, transfer: Transfer) -> Linked:
        uploaded = await upload_by(self._handler, self._client, self._fileserver_url, source, transfer)
        # Noted before it is judged, so that it is not left behind.
        self._uploaded[transfer.index] = uploaded
        status = uploaded.get("status")
        if status != 200:
            raise TransferError(f"the upload handler returned status {status!r}")
        return Linked(uploaded.get("url"), await source.sha256() if self._checksum else None)

    def _link(self, upload: PendingUpload, linked: Linked) -> TransferError | None:
        if not isinstance(linked.url, str):
            return TransferError(f"the upload handler returned a {type(linked.url).__name__} as url")
        try:
            self._outgoing.link(upload.index, linked.url, linked.sha256)
        except NATSBridgeError as error:
            return TransferError(error.message)
        return None

    async def _fall_back(self, upload: PendingUpload) -> str | None:
        """Send a payload direct, or say why not."""
        try:
            content = None
            if upload.content is None:
                self._outgoing.fits_direct(upload.size)
                content = await Source(self._files[upload.index], upload.size).content()
            self._outgoing.fall_back(upload.index, content)
        except (NATSBridgeError, TransferError) as error:
            return error.message
        return None

    async def _remove(self, uploaded: Mapping[str, Any]) -> bool:
        with contextlib.suppress(TransferError):
            await remove_by(self._handler, self._client, uploaded)
        return True
