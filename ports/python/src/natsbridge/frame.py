"""The canonical JSON text around the payloads and around the data of each (W4): the members in schema order, put together by hand.

Base64 need not be scanned for what must be escaped, so it never passes through a JSON writer: it is put between these texts.
"""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Optional

from natsbridge.json_writer import quote, write


class Header(NamedTuple):
    """The members around the payloads but for ``metadata``, as they will be written; not checked yet."""

    correlation_id: str
    msg_id: str
    timestamp: str
    send_to: str
    msg_purpose: str
    sender_name: str
    sender_id: str
    receiver_name: str
    receiver_id: str
    reply_to: str
    reply_to_msg_id: str
    broker_url: str


class Ready(NamedTuple):
    """One part behind the ``serialize`` phase."""

    id: str
    dataname: str
    payload_type: str
    content: Optional[bytes]
    """None where the bytes are elsewhere."""
    size: int
    metadata: Mapping[str, Any]
    """The caller's members."""


class Frame(NamedTuple):
    """A payload's JSON text but for what stands in quotes as ``data``, or for the JSON value there."""

    before: bytes
    after: bytes

    @property
    def length(self) -> int:
        """Bytes of both."""
        return len(self.before) + len(self.after)


def envelope_frame(header: Header, metadata: Mapping[str, Any]) -> bytes:
    """Give the text of the envelope up to its first payload; ``]}`` goes behind the last."""
    (correlation_id, msg_id, timestamp, send_to, msg_purpose, sender_name) = header[:6]
    (sender_id, receiver_name, receiver_id, reply_to, reply_to_msg_id, broker_url) = header[6:]
    return (
        f'{{"correlation_id":"{correlation_id}","msg_id":"{msg_id}","timestamp":"{timestamp}","send_to":{quote(send_to)},'
        f'"msg_purpose":"{msg_purpose}","sender_name":{quote(sender_name)},"sender_id":"{sender_id}",'
        f'"receiver_name":{quote(receiver_name)},"receiver_id":"{receiver_id}","reply_to":{quote(reply_to)},'
        f'"reply_to_msg_id":"{reply_to_msg_id}","broker_url":"{broker_url}",'
        f'"metadata":{write(metadata).decode() if metadata else "{}"},"payloads":['
    ).encode()


def payload_frame(ready: Ready, transport: str, encoding: str, size: int, sha256: Optional[str]) -> Frame:
    """Give the text around the data of a payload; the quotes around base64 or a URL belong to it."""
    mark = "" if encoding == "json" else '"'
    before = (
        f'{{"id":"{ready.id}","dataname":{quote(ready.dataname)},"payload_type":"{ready.payload_type}",'
        f'"transport":"{transport}","encoding":"{encoding}","size":{size},"data":{mark}'
    )
    digest = f',"sha256":"{sha256}"' if sha256 else ""
    more = f",{write(ready.metadata)[1:-1].decode()}" if ready.metadata else ""
    after = f'{mark},"metadata":{{"payload_bytes":{size}{digest}{more}}}}}'
    return Frame(before.encode(), after.encode())
