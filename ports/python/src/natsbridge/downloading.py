"""The downloads of one message: side by side, judged in list order, into memory or files (W6.3, W6.9)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Collection, Mapping, Union

from natsbridge import local_file
from natsbridge.client import Client
from natsbridge.errors import NATSBridgeError
from natsbridge.failure import TransferError, of_local_file
from natsbridge.handler import DownloadHandler, download_by
from natsbridge.incoming import Incoming, PendingDownload
from natsbridge.link import Origin, origin, redact
from natsbridge.observe import Watch
from natsbridge.side_by_side import side_by_side
from natsbridge.sink import Sink
from natsbridge.transfer import OnProgress, Transfer

if TYPE_CHECKING:
    from natsbridge.received import Received, ReceivedPayload

ChooseFile = Callable[[int, Mapping[str, Any]], Union[Path, str, None]]
"""Says by position and payload (its members on the wire) into which file a payload goes; None for memory."""

_EXTENSIONS = {"text": "txt", "dictionary": "json", "jsontable": "json", "arrowtable": "arrows"}
_AT_ONCE = ("dictionary", "jsontable", "arrowtable")


def into_folder(folder: Path) -> ChooseFile:
    """Put every payload into a file of a folder, under a name made from its position and type alone."""

    def choose(index: int, payload: Mapping[str, Any]) -> Path:
        return folder / f"payload-{index}.{_EXTENSIONS.get(payload['payload_type'], 'bin')}"

    return choose


class Downloading:
    """A message that is valid, on its way into values and files."""

    def __init__(
        self,
        incoming: Incoming,
        client: Client,
        handler: DownloadHandler,
        own: Collection[Origin],
        *,
        watch: Watch,
        choose: ChooseFile | None,
        deadline: float | None,
        on_progress: OnProgress | None,
    ) -> None:
        self._incoming = incoming
        self._client = client
        self._handler = handler
        self._own = own
        self._watch = watch
        self._choose = choose
        self._deadline = deadline
        self._on_progress = on_progress
        self._targets: dict[int, Path] = {}
        self._temporary: dict[int, Path] = {}

    async def finish(self) -> Received:
        """Fetch what is linked, decode everything, and only then give the files their names.

        :raises NATSBridgeError: DOWNLOAD_FAILED, SIZE_MISMATCH, CHECKSUM_MISMATCH in phase ``fetch``, then those of
            :meth:`Incoming.finish`.
        """
        try:
            self._targets = self._chosen()
            pending = self._incoming.downloads()
            calls = [partial(self._one, download) for download in pending]
            results = await side_by_side(calls, lambda result: not isinstance(result, NATSBridgeError))
            fetched: dict[int, bytes] = {}
            for download, result in zip(pending, results):
                if isinstance(result, NATSBridgeError):
                    raise result
                if isinstance(result, bytes):
                    fetched[download.index] = result
            return self._keep(fetched)
        finally:
            for path in self._temporary.values():
                local_file.remove(path)

    def _chosen(self) -> dict[int, Path]:
        targets: dict[int, Path] = {}
        for index, payload in enumerate(self._incoming.envelope["payloads"]):
            chosen = None if self._choose is None else self._choose(index, payload)
            if chosen is None:
                continue
            target = Path(chosen)
            if target.exists() or target.is_symlink():
                raise self._local(index, target, "it exists already, and nothing is overwritten")
            if target in targets.values():
                raise self._local(index, target, "another payload is to be kept there")
            targets[index] = target
        return targets

    async def _one(self, pending: PendingDownload) -> bytes | Path | NATSBridgeError:
        transfer = Transfer(
            "download",
            self._client.patience,
            self._watch.of_payload(pending.payload_type, "link"),
            pending.index,
            pending.dataname,
            pending.size,
            self._incoming.envelope["correlation_id"],
            self._on_progress,
        )
        target = self._targets.get(pending.index)
        try:
            with Sink(transfer, pending.size, pending.sha256, None if target is None else target.parent) as sink:
                call = download_by(self._handler, self._client, pending.url, sink, transfer, self._own)
                await transfer.run(call, str(origin(pending.url)), self._deadline)
                content = sink.finish()
        except TransferError as error:
            message = f"payload {pending.index} could not be fetched from {redact(pending.url)}: {error}"
            failed = error.into_error("DOWNLOAD_FAILED", "fetch", message)
            failed.__cause__ = error.__cause__
            return self._of_payload(failed, pending.index, "/data")
        if isinstance(content, Path):
            self._temporary[pending.index] = content
        return content

    def _keep(self, fetched: dict[int, bytes]) -> Received:
        """Decode payload by payload, what is in files as well as what is in memory, then name the files."""
        values: dict[int, Any] = {}
        no_text: NATSBridgeError | None = None
        for index, path in sorted(self._temporary.items()):
            payload_type = self._incoming.envelope["payloads"][index]["payload_type"]
            try:
                if payload_type in _AT_ONCE:
                    fetched[index] = path.read_bytes()
                    continue
                at = local_file.invalid_utf8_at(path) if payload_type == "text" else None
            except OSError as error:
                raise self._local(index, self._targets[index], str(of_local_file(error))) from None
            values[index] = self._targets[index]
            if at is not None and no_text is None:
                message = f"payload {index} (text): expected UTF-8, found other bytes at byte {at}"
                found = f"other bytes at byte {at}"
                no_text = NATSBridgeError("DESERIALIZATION_ERROR", "decode", message, expected="UTF-8", found=found)
                no_text = self._of_payload(no_text, index, "/data")
        try:
            received = self._incoming.finish(fetched, values=values)
        except NATSBridgeError as error:
            raise _first(error, no_text) from error.__cause__
        if no_text is not None:
            raise no_text
        for index, target in self._targets.items():
            if index not in self._temporary:
                self._write(index, target)
        self._name_all()
        payloads: list[ReceivedPayload] = received["payloads"]
        for index, target in self._targets.items():
            payloads[index] = payloads[index].with_data(target)
        return received

    def _write(self, index: int, target: Path) -> None:
        """Put a payload that came direct into a temporary file."""
        content = self._incoming.content(index)
        try:
            self._temporary[index], handle = local_file.temporary(target.parent)
            with handle:
                handle.write(content)
        except OSError as error:
            raise self._local(index, target, str(of_local_file(error))) from None

    def _name_all(self) -> None:
        kept: list[Path] = []
        for index, target in self._targets.items():
            try:
                local_file.name_it(self._temporary[index], target)
            except OSError as error:
                # All or nothing: what got its name already goes again.
                for path in kept:
                    local_file.remove(path)
                raise self._local(index, target, str(of_local_file(error))) from None
            kept.append(target)

    def _local(self, index: int, path: Path, reason: str) -> NATSBridgeError:
        message = f"payload {index} cannot be kept as {path}: {reason}"
        return self._of_payload(NATSBridgeError("DOWNLOAD_FAILED", "fetch", message).local(), index, "")

    def _of_payload(self, error: NATSBridgeError, index: int, member: str) -> NATSBridgeError:
        envelope = self._incoming.envelope
        error.pointer = f"/payloads/{index}{member}"
        error.dataname = envelope["payloads"][index]["dataname"]
        return error.within(envelope["correlation_id"], envelope["msg_id"], envelope["send_to"])


def _first(error: NATSBridgeError, other: NATSBridgeError | None) -> NATSBridgeError:
    """The one that stands first in the list, of two errors of which the second is of phase ``decode``."""
    if other is None or error.phase != "decode":
        return error
    return min(error, other, key=lambda each: int((each.pointer or "/payloads/0").split("/")[2]))
