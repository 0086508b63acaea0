"""The front door: ``smartsend`` and ``smartreceive`` (requirements 11.1 and 11.2, W9).

Times are in milliseconds, sizes in bytes. Whoever calls publishes the JSON to ``subject`` by any NATS client, and hands what NATS
delivered to ``smartreceive``.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Collection, Iterable, Mapping

from natsbridge import observe, tables
from natsbridge._generated import DEFAULTS, DESKTOP, TRANSFER, Checksum, Envelope, MsgPurpose
from natsbridge.client import Client
from natsbridge.clock import new_id, now
from natsbridge.downloading import ChooseFile, Downloading, into_folder
from natsbridge.draft import Draft, items_of
from natsbridge.environment import (
    UnreadableVariableError,
    broker_or_none,
    fileserver_or_default,
    size_threshold_or_none,
)
from natsbridge.errors import NATSBridgeError
from natsbridge.fetch import fetch_with_backoff
from natsbridge.handler import DownloadHandler, UploadHandler, origins_of, resolved
from natsbridge.incoming import Decoder
from natsbridge.observe import Observer, Watch, counted, shown
from natsbridge.part import PartLike
from natsbridge.part_file import with_files_read
from natsbridge.plik import Plik, plik_oneshot_upload
from natsbridge.retry import Retry, check_milliseconds
from natsbridge.transfer import OnProgress, Patience
from natsbridge.uploading import Uploading
from natsbridge.warning import warn_of_links

if TYPE_CHECKING:
    from natsbridge.received import Received


async def smartsend(
    subject: str,
    data: Iterable[PartLike],
    broker_url: str | None = None,
    fileserver_url: str | None = None,
    fileserver_upload_handler: UploadHandler = plik_oneshot_upload,
    size_threshold: int | None = None,
    correlation_id: str | None = None,
    msg_purpose: MsgPurpose = DEFAULTS.msg_purpose,
    sender_name: str = DEFAULTS.sender_name,
    receiver_name: str = "",
    receiver_id: str = "",
    reply_to: str = "",
    reply_to_msg_id: str = "",
    msg_id: str | None = None,
    sender_id: str | None = None,
    *,
    metadata: Mapping[str, Any] | None = None,
    checksum: Checksum = DEFAULTS.checksum,
    inline_json: bool = False,
    max_message_bytes: int | None = None,
    max_payloads: int | None = None,
    fallback: bool = True,
    max_retries: int = TRANSFER.max_retries,
    base_delay: float = TRANSFER.base_delay_ms,
    max_delay: float = TRANSFER.max_delay_ms,
    connect_timeout: float = TRANSFER.connect_timeout_ms,
    read_timeout: float = TRANSFER.read_timeout_ms,
    deadline: float | None = None,
    on_progress: OnProgress | None = None,
    observer: Observer | None = None,
) -> tuple[Envelope, str]:
    """Make a message of named, typed payloads; large ones are uploaded, the others ride in the message itself.

    :param subject: the NATS subject that the caller publishes the message to (W1.5).
    :param data: tuples ``(dataname, data, payload_type)``, with the payload's metadata as a fourth member where there is some, or
        :class:`natsbridge.Part`. A :class:`pathlib.Path` as data is a file that holds the payload as it travels; a large one is
        streamed in bounded memory, but for a dictionary or a table.
    :param broker_url: the NATS servers that are named in the message; else ``NATS_URL``, else ``nats://localhost:4222``.
    :param fileserver_url: the file server; else ``FILESERVER_URL``, else ``http://localhost:8080``.
    :param fileserver_upload_handler: where large payloads go; a :class:`natsbridge.Plik`, or any callable of the contract.
    :param size_threshold: from so many bytes on a payload goes by link; else ``SIZE_THRESHOLD``, else 500,000.
    :param metadata: of the message; strict JSON (W1.9).
    :param checksum: which payloads carry a SHA-256 digest: ``link``, ``all`` or ``none``.
    :param inline_json: whether direct dictionaries and jsontables stand in the envelope as JSON instead of base64 (W2.3).
    :param max_message_bytes: the JSON text as written, at most; 1,048,576 by default, which a NATS server takes by default.
    :param fallback: whether payloads that could not be uploaded ride in the message if they fit (W6.4).
    :param max_retries: attempts of an upload in all, at least 1.
    :param base_delay: between attempts, doubled after each up to ``max_delay``.
    :param connect_timeout: until a connection stands, per attempt.
    :param read_timeout: without a byte going or coming, per attempt.
    :param deadline: all uploads together; as long as they like by default.
    :returns: the envelope, and its JSON text.
    :raises NATSBridgeError: in this order: INVALID_ENVELOPE or INVALID_PAYLOAD_TYPE for an argument that breaks the schema,
        SERIALIZATION_ERROR for data that its type cannot carry or a file that cannot be read, PAYLOAD_TOO_LARGE where the
        message cannot be made to fit, UPLOAD_FAILED where a large payload can neither be uploaded nor ride in the message.

    Cancelled or failed, it takes back what it uploaded, which may take up to 5 s where the file server does not answer.
    """
    # Whatever is told of the call, from its start, has the ids of its message.
    correlation_id = new_id() if correlation_id is None else correlation_id
    msg_id = new_id() if msg_id is None else msg_id
    timestamp = now()
    try:
        patience = Patience(Retry(max_retries, base_delay, max_delay), connect_timeout, read_timeout)
        if deadline is not None:
            check_milliseconds("deadline", deadline)
        broker_url = broker_or_none() if broker_url is None else broker_url
        size_threshold = size_threshold_or_none() if size_threshold is None else size_threshold
        if fileserver_url is not None:
            fileserver_or_default(fileserver_url)
    except NATSBridgeError as error:
        raise error.within(correlation_id, msg_id, subject) from None
    draft = partial(
        Draft,
        subject,
        broker_url=broker_url,
        size_threshold=size_threshold,
        correlation_id=correlation_id,
        msg_purpose=msg_purpose,
        sender_name=sender_name,
        receiver_name=receiver_name,
        receiver_id=receiver_id,
        reply_to=reply_to,
        reply_to_msg_id=reply_to_msg_id,
        msg_id=msg_id,
        sender_id=sender_id,
        metadata=metadata,
        checksum=checksum,
        inline_json=inline_json,
        max_message_bytes=max_message_bytes,
        max_payloads=max_payloads,
    )
    watch = Watch(
        observer,
        {
            "correlation_id": correlation_id,
            "msg_id": msg_id,
            "timestamp": timestamp,
            "sender_name": sender_name,
            "receiver_name": receiver_name,
        },
    )
    watch.info("Starting smartsend for subject: %s", shown(str(subject)))
    threshold = DESKTOP.size_threshold if size_threshold is None else size_threshold
    try:
        parts, files = with_files_read(list(items_of(data)), draft, timestamp, threshold)
    except NATSBridgeError as error:
        raise error.within(correlation_id, msg_id, subject) from None
    outgoing = draft(parts).encode(timestamp, new_id)
    try:
        # The environment is asked where something is to be uploaded alone.
        server = fileserver_or_default(fileserver_url) if outgoing.uploads() else ""
    except NATSBridgeError as error:
        raise error.within(correlation_id, msg_id, subject) from None
    handler = resolved(fileserver_upload_handler)
    ends = None if deadline is None else asyncio.get_running_loop().time() + deadline / 1000
    async with Client(patience) as client:
        uploading = Uploading(
            outgoing,
            client,
            handler,
            server,
            watch=watch,
            files=files,
            checksum=checksum != "none",
            deadline=ends,
            on_progress=on_progress,
        )
        try:
            await uploading.upload(fallback=fallback)
            envelope, text = outgoing.finish()
        except BaseException:
            await uploading.remove()
            raise
    whole = watch.of_message(envelope, envelope["payloads"])
    for payload in envelope["payloads"]:
        told = watch.of_payload(payload["payload_type"], payload["transport"])
        size = payload["size"]
        told.debug(
            "Serialized payload '%s' (type: %s) size: %d bytes",
            shown(payload["dataname"]),
            payload["payload_type"],
            size,
        )
        told.debug("Using %s transport for %d bytes", payload["transport"], size)
    warn_of_links(watch, envelope, is_oneshot=bool(getattr(handler, "is_oneshot", False)))
    sentence = "Made message of %d bytes with %s for subject: %s"
    whole.info(sentence, len(text), counted(len(envelope["payloads"])), shown(envelope["send_to"]))
    whole.count(observe.MESSAGES_SENT)
    return envelope, text.decode()


async def smartreceive(
    msg_json: str | bytes | bytearray | memoryview | Any,
    fileserver_download_handler: DownloadHandler = fetch_with_backoff,
    max_retries: int = TRANSFER.max_retries,
    base_delay: float = TRANSFER.base_delay_ms,
    max_delay: float = TRANSFER.max_delay_ms,
    *,
    allowed_origins: Collection[str] | None = None,
    fileserver_url: str | None = None,
    max_message_bytes: int | None = None,
    max_payloads: int | None = None,
    connect_timeout: float = TRANSFER.connect_timeout_ms,
    read_timeout: float = TRANSFER.read_timeout_ms,
    deadline: float | None = None,
    dataframes: bool = False,
    into_dir: str | Path | None = None,
    into_files: ChooseFile | None = None,
    on_progress: OnProgress | None = None,
    observer: Observer | None = None,
) -> Received:
    """Read a message: fetch its linked payloads and decode them all.

    :param msg_json: what NATS delivered: the JSON text or its bytes, or the message of nats-py itself (whose ``data`` it is).
    :param fileserver_download_handler: what fetches linked payloads; plain http and https by default.
    :param max_retries: attempts of a download in all, at least 1.
    :param base_delay: between attempts, doubled after each up to ``max_delay``.
    :param allowed_origins: where links may lead, such as ``https://files.example:8443``; by default to what the handler names,
        else to the file server (W6.5).
    :param fileserver_url: the file server; else ``FILESERVER_URL``, else ``http://localhost:8080``.
    :param max_message_bytes: the message as received, at most; 64 MiB by default.
    :param connect_timeout: until a connection stands, per attempt.
    :param read_timeout: without a byte coming, per attempt.
    :param deadline: all downloads together; as long as they like by default.
    :param dataframes: whether an arrowtable becomes a pandas.DataFrame instead of a pyarrow.Table.
    :param into_dir: every payload goes into a file of that folder, under a name made from its position and type alone:
        ``payload-0.txt``, ``payload-1.json``, ``payload-2.arrows``, ``payload-3.bin``.
    :param into_files: says by position and payload which payloads go into which files. A file holds the payload as it was
        serialized, is never overwritten, and appears once the whole message is verified; its path is then the payload's data.
    :returns: the envelope, a dict with ``payloads``: each unpacks as ``(dataname, data, payload_type)``, and has
        ``transport``, ``size`` and ``metadata`` besides. By type data is a str; a dict or list; a pyarrow.Table; a list of
        dicts; bytes.
    :raises NATSBridgeError: those of :meth:`Decoder.decode`, then DOWNLOAD_FAILED, SIZE_MISMATCH or CHECKSUM_MISMATCH in phase
        ``fetch``, then those of :meth:`Incoming.finish`.
    """
    if into_dir is not None and into_files is not None:
        message = "into_dir and into_files cannot both be passed"
        raise NATSBridgeError("INVALID_ENVELOPE", "validate", message).local()
    unread: NATSBridgeError | None = None
    try:
        patience = Patience(Retry(max_retries, base_delay, max_delay), connect_timeout, read_timeout)
        if deadline is not None:
            check_milliseconds("deadline", deadline)
        try:
            named = origins_of(fileserver_download_handler, fileserver_url)
        except UnreadableVariableError as error:
            # It matters to a message with a link, and where links may lead is not said.
            named = frozenset()
            if allowed_origins is None or isinstance(fileserver_download_handler, Plik):
                unread = error.local()
        decoder = Decoder(
            allowed_origins=[str(each) for each in named] if allowed_origins is None else allowed_origins,
            max_message_bytes=max_message_bytes,
            max_payloads=max_payloads,
            read_table=_read_dataframe if dataframes else None,
        )
    except NATSBridgeError as error:
        raise error.local() from None
    # A message of nats-py holds its bytes in `data`.
    content = getattr(msg_json, "data", None)
    try:
        incoming = decoder.decode(content if isinstance(content, bytes) else msg_json)
    except NATSBridgeError as error:
        if unread is None or error.code != "URL_NOT_ALLOWED":
            raise
        raise unread.within(error.correlation_id, error.msg_id, error.send_to) from None
    if unread is not None and incoming.downloads():
        raise unread.within(*(incoming.envelope[name] for name in ("correlation_id", "msg_id", "send_to")))
    envelope = incoming.envelope
    watch = Watch(observer).of_message(envelope, envelope["payloads"])
    watch.info("Starting smartreceive for subject: %s", shown(envelope["send_to"]))
    ends = None if deadline is None else asyncio.get_running_loop().time() + deadline / 1000
    async with Client(patience) as client:
        downloading = Downloading(
            incoming,
            client,
            fileserver_download_handler,
            named,
            watch=watch,
            choose=into_folder(Path(into_dir)) if into_dir is not None else into_files,
            deadline=ends,
            on_progress=on_progress,
        )
        received = await downloading.finish()
    for payload in received["payloads"]:
        way = "direct" if payload.transport == "direct" else "by link"
        told = watch.of_payload(payload.payload_type, payload.transport)
        sentence = "Deserialized payload '%s' (type: %s, %s) size: %d bytes"
        told.debug(sentence, shown(payload.dataname), payload.payload_type, way, payload.size)
    sentence = "Received message with %s on subject: %s"
    watch.info(sentence, counted(len(received["payloads"])), shown(received["send_to"]))
    watch.count(observe.MESSAGES_RECEIVED)
    return received


def _read_dataframe(stream: bytes) -> Any:
    return tables.to_pandas(tables.read(stream))
