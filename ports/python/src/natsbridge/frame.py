"""The canonical JSON text around the payloads and around the data of each (W4): the members in schema order, put together by hand.

Base64 need not be scanned for what must be escaped, so it never passes through a JSON writer: it is put between these texts.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Mapping, Optional, Tuple

from natsbridge._generated import (
    MSG_PURPOSE_NAMES,
    match_broker_url,
    match_subject,
    match_subject_or_empty,
    match_uuid_or_empty,
)
from natsbridge.json_writer import quote, write


Ready = Tuple[str, str, Any, Optional[bytes], int, Mapping[str, Any]]
"""One part behind the ``serialize`` phase: its id, dataname and payload_type; its bytes, or None where they are elsewhere; their
number; the caller's metadata."""


def envelope_frame(header: Mapping[str, Any]) -> bytes:
    """Give the text of an envelope that was checked up to its first payload; ``]}`` goes behind the last."""
    before, after = names_frame(*[header[name] for name in NAMES])
    return _with_ids(header, before, after).encode()


def usual_envelope_frame(header: Mapping[str, Any]) -> Optional[bytes]:
    """Do as :func:`envelope_frame`, but give None for what is not right at first sight but for its ids and time, which are for
    the caller to check. A sender names mostly the same from message to message, so that what was found once is kept.
    """
    try:
        frame = _usual_names_frame(
            header["send_to"],
            header["msg_purpose"],
            header["sender_name"],
            header["receiver_name"],
            header["receiver_id"],
            header["reply_to"],
            header["reply_to_msg_id"],
            header["broker_url"],
        )
    except TypeError:
        return None
    return None if frame is None or header["metadata"] else _with_ids(header, frame[0], frame[1]).encode()


def payload_frame(ready: Ready, transport: str, encoding: str, size: int, sha256: Optional[str]) -> Tuple[bytes, bytes]:
    """Give the text before and after the data of a payload; the quotes around base64 or a URL belong to it."""
    own_id, dataname, payload_type, _, _, members = ready
    mark = "" if encoding == "json" else '"'
    before = (
        f'{{"id":"{own_id}","dataname":{quote(dataname)},"payload_type":"{payload_type}",'
        f'"transport":"{transport}","encoding":"{encoding}","size":{size},"data":{mark}'
    )
    after = f'{mark},"metadata":{{"payload_bytes":{size}'
    if sha256:
        after += f',"sha256":"{sha256}"'
    if members:
        after += f",{write(members)[1:-1].decode()}"
    return before.encode(), (after + "}}").encode()


NAMES = (
    "send_to",
    "msg_purpose",
    "sender_name",
    "receiver_name",
    "receiver_id",
    "reply_to",
    "reply_to_msg_id",
    "broker_url",
)
"""The members that stay much the same from message to message."""


def names_frame(
    send_to: str,
    msg_purpose: str,
    sender_name: str,
    receiver_name: str,
    receiver_id: str,
    reply_to: str,
    reply_to_msg_id: str,
    broker_url: str,
) -> Tuple[str, str]:
    """Give the text from behind the timestamp up to the sender's id, and from there up to the metadata."""
    return (
        f'","send_to":{quote(send_to)},"msg_purpose":"{msg_purpose}","sender_name":{quote(sender_name)},"sender_id":"',
        f'","receiver_name":{quote(receiver_name)},"receiver_id":"{receiver_id}","reply_to":{quote(reply_to)},'
        f'"reply_to_msg_id":"{reply_to_msg_id}","broker_url":"{broker_url}","metadata":',
    )


@lru_cache(maxsize=256)
def _usual_names_frame(
    send_to: str,
    msg_purpose: str,
    sender_name: str,
    receiver_name: str,
    receiver_id: str,
    reply_to: str,
    reply_to_msg_id: str,
    broker_url: str,
) -> Optional[Tuple[str, str]]:
    names = (send_to, msg_purpose, sender_name, receiver_name, receiver_id, reply_to, reply_to_msg_id, broker_url)
    text = "".join(names)
    ids = receiver_id + reply_to_msg_id
    if (
        # So the bounds of each hold for sure, and it can be kept.
        len(text) > 1024
        or not text.isascii()
        or not match_subject(send_to)
        or msg_purpose not in MSG_PURPOSE_NAMES
        or not match_uuid_or_empty(receiver_id)
        or not match_subject_or_empty(reply_to)
        or not match_uuid_or_empty(reply_to_msg_id)
        or not match_broker_url(broker_url)
        or "@" in broker_url
        or ids != ids.lower()
    ):
        return None
    return names_frame(*names)


def _with_ids(header: Mapping[str, Any], before: str, after: str) -> str:
    metadata = write(header["metadata"]).decode() if header["metadata"] else "{}"
    return (
        f'{{"correlation_id":"{header["correlation_id"]}","msg_id":"{header["msg_id"]}",'
        f'"timestamp":"{header["timestamp"]}{before}{header["sender_id"]}{after}{metadata},"payloads":['
    )
