"""The message that nearly every message is, written and read in one go.

Its names are short, its text is canonical, and its payloads are direct and without metadata of their own.

Writing gives the very bytes that :class:`natsbridge.draft.Draft` gives, and reading the tree that :mod:`natsbridge.scan` gives,
in a third of the time of a small message. What is not usual about a message is left to them, and so is what is wrong with it.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Final, List, Optional, Tuple

from natsbridge import content
from natsbridge._generated import ENVELOPE_MEMBERS
from natsbridge.canonical_base64 import decode_exactly, encode
from natsbridge.errors import ContentError
from natsbridge.frame import USUAL_ID, USUAL_TIMESTAMP, USUAL_TYPES, are_usual_ids, usual_names_frame
from natsbridge.json_writer import quote


def usual_text(
    names: Tuple[Any, ...], ids: Tuple[Any, Any, Any, Any], data: Any, new_id: Callable[[], str]
) -> Optional[bytes]:
    """Give the JSON text of a message whose payloads are all direct, of any length; None where it is not usual.

    :param names: the members that :data:`natsbridge.frame.usual_names` gives.
    :param ids: ``correlation_id``, ``msg_id``, ``timestamp`` and ``sender_id``.
    :param data: as :class:`natsbridge.draft.Draft` takes it.
    """
    if type(data) is not list:
        return None
    try:
        # Of equal names the cache knows one alone, and one of a class of its own may be written otherwise.
        if {*map(type, names), *map(type, ids)} != {str}:
            return None
        frame = usual_names_frame(names)
        if frame is None:
            return None
        before, after = frame
        correlation_id, msg_id, timestamp, sender_id = ids
        head = (
            f'{{"correlation_id":"{correlation_id}","msg_id":"{msg_id}","timestamp":"{timestamp}{before}{sender_id}{after}'
            '{},"payloads":['
        )
        pieces: List[bytes] = []
        own_ids = []
        for dataname, value, payload_type in data:
            if type(dataname) is not str or type(payload_type) is not str:
                return None
            if len(dataname) > 256 or not dataname.isascii() or payload_type not in USUAL_TYPES:
                return None
            carried = value
            if type(value) is not bytes or payload_type not in content.BYTES:
                carried = content.serialize(payload_type, value)
            size = len(carried)
            own_id = new_id()
            own_ids.append(own_id)
            head += (
                f'{{"id":"{own_id}","dataname":{quote(dataname)},"payload_type":"{payload_type}","transport":"direct",'
                f'"encoding":"base64","size":{size},"data":"'
            )
            pieces += (head.encode(), encode(carried))
            head = f'","metadata":{{"payload_bytes":{size}}}}},'
        if not are_usual_ids(" ".join((*ids, *own_ids))):
            return None
        pieces.append((head[:-1] + "]}" if own_ids else head + "]}").encode())
        return b"".join(pieces)
    except (AttributeError, ContentError, TypeError, ValueError):
        return None


def usual_envelope(text: bytes, max_payloads: int) -> Optional[Dict[str, Any]]:
    """Give the tree of an envelope that is valid, its data decoded; None where it is not usual."""
    head = _match_head(text[:_LONGEST].decode("latin-1"))
    if head is None:
        return None
    members = head.groups()
    # All but the ids and the time between.
    if usual_names_frame(members[3:6] + members[7:]) is None:
        return None
    payloads: List[Dict[str, Any]] = []
    at = head.end()
    while True:
        if len(payloads) == max_payloads:
            return None
        payload = _match_payload(text[at : at + _LONGEST].decode("latin-1"))
        if payload is None:
            return None
        own_id, dataname, payload_type, digits = payload.groups()
        size = int(digits)
        start = at + payload.end()
        end = start + (size + 2) // 3 * 4
        data = decode_exactly(text[start:end], size)
        after = b'","metadata":{"payload_bytes":%d}}' % size
        if data is None or payload_type not in USUAL_TYPES or not text.startswith(after, end):
            return None
        payloads.append(
            {
                "id": own_id,
                "dataname": dataname,
                "payload_type": payload_type,
                "transport": "direct",
                "encoding": "base64",
                "size": size,
                "data": data,
                "metadata": {"payload_bytes": size},
            }
        )
        at = end + len(after)
        if not text.startswith(b",", at):
            break
        at += 1
    if text[at:] != b"]}":
        return None
    envelope: Dict[str, Any] = dict(zip(ENVELOPE_MEMBERS, members))
    envelope["metadata"] = {}
    envelope["payloads"] = payloads
    return envelope


_LONGEST: Final = 2048
"""More than the members before the payloads, or before the data of one, take where they are usual."""
_NAME: Final = r"[ !#-\[\]-~]{0,256}"
_FORMS: Final = dict.fromkeys(("correlation_id", "msg_id", "sender_id"), USUAL_ID)
_HEAD: Final = ",".join(
    f'"{name}":"({USUAL_TIMESTAMP if name == "timestamp" else _FORMS.get(name, _NAME)})"'
    for name in ENVELOPE_MEMBERS[:-2]
)
_match_head: Final = re.compile(rf'\{{{_HEAD},"metadata":\{{\}},"payloads":\[').match
_match_payload: Final = re.compile(
    rf'\{{"id":"({USUAL_ID})","dataname":"({_NAME})","payload_type":"([a-z]+)",'
    r'"transport":"direct","encoding":"base64","size":(0|[1-9][0-9]{0,15}),"data":"'
).match
