"""The canonical JSON text around the payloads and around the data of each (W4), put together by hand in schema order.

Base64 need not be scanned for what must be escaped, so it never passes through a JSON writer: it is put between these texts.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, Mapping, Optional, Tuple

from natsbridge._generated import (
    MSG_PURPOSE_NAMES,
    PAYLOAD_TYPE_NAMES,
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
    before, after = names_frame(usual_names(header))
    return _with_ids(header, before, after).encode()


def usual_envelope_frame(header: Mapping[str, Any]) -> Optional[bytes]:
    """Do as :func:`envelope_frame`, but give None for what is not right at first sight.

    The ids and the time are for the caller to check.
    """
    try:
        frame = usual_names_frame(usual_names(header))
    except TypeError:
        return None
    return None if frame is None or header["metadata"] else _with_ids(header, *frame).encode()


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


usual_names: Final = itemgetter(
    "send_to",
    "msg_purpose",
    "sender_name",
    "receiver_name",
    "receiver_id",
    "reply_to",
    "reply_to_msg_id",
    "broker_url",
)
"""Gives the members of an envelope that stay much the same from message to message."""

USUAL_TYPES: Final = frozenset(PAYLOAD_TYPE_NAMES) - {"arrowtable"}
"""The payload types that every receiver has."""


def exact(value: Any) -> Any:
    """Give the plain str that a value of a class below ``str`` holds, as a member of an Enum; another value as it is."""
    return str.__str__(value) if isinstance(value, str) else value


def names_frame(names: Tuple[str, ...]) -> Tuple[str, str]:
    """Give the text from behind the timestamp up to the sender's id, and from there up to the metadata."""
    send_to, msg_purpose, sender_name, receiver_name, receiver_id, reply_to, reply_to_msg_id, broker_url = names
    before = (
        f'","send_to":{quote(send_to)},"msg_purpose":"{msg_purpose}","sender_name":{quote(sender_name)},"sender_id":"'
    )
    after = (
        f'","receiver_name":{quote(receiver_name)},"receiver_id":"{receiver_id}","reply_to":{quote(reply_to)},'
        f'"reply_to_msg_id":"{reply_to_msg_id}","broker_url":"{broker_url}","metadata":'
    )
    return before, after


@lru_cache(maxsize=256)
def usual_names_frame(names: Tuple[str, ...]) -> Optional[Tuple[str, str]]:
    """Do as :func:`names_frame`, but give None for what is not right at first sight: short, ASCII, in lower case, and valid.

    A sender names mostly the same from message to message, so that what was found once is kept.

    :raises TypeError: where some of it is no str.
    """
    send_to, msg_purpose, _, _, receiver_id, reply_to, reply_to_msg_id, broker_url = names
    if {*map(type, names)} != {str}:
        return None
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
    return names_frame(names)


USUAL_ID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
"""The form of a UUID in lower case, as a regular expression."""

_DAYS: Final = (
    "(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])",
    "(?:0[13-9]|1[0-2])-(?:29|30)",
    "(?:0[13578]|1[02])-31",
)
USUAL_TIMESTAMP: Final = f"[0-9]{{4}}-(?:{'|'.join(_DAYS)})T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\.[0-9]{{3}}Z"
"""The form of a timestamp as it is written, as a regular expression; 29 February is left to the whole check."""

are_usual_ids: Final = re.compile(f"{USUAL_ID} {USUAL_ID} {USUAL_TIMESTAMP} {USUAL_ID}(?: {USUAL_ID})*").fullmatch
"""Tells whether a text is ids of a message and its payloads, with blanks between them: ``correlation_id``, ``msg_id``, the
timestamp, ``sender_id``, and those of payloads. There are as many blanks as places between, so that none has one within."""


def _with_ids(header: Mapping[str, Any], before: str, after: str) -> str:
    metadata = write(header["metadata"]).decode() if header["metadata"] else "{}"
    return (
        f'{{"correlation_id":"{header["correlation_id"]}","msg_id":"{header["msg_id"]}",'
        f'"timestamp":"{header["timestamp"]}{before}{header["sender_id"]}{after}{metadata},"payloads":['
    )
