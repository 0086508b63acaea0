"""The message that nearly every message is, written in one go: a few names, and direct payloads without metadata.

It gives the very bytes that :class:`natsbridge.draft.Draft` gives, in a third of the time of a small message; what is not usual
about a message is left to the draft, and so is what is wrong with it.
"""

from __future__ import annotations

from typing import Any, Callable, Final, Optional, Tuple

from natsbridge import content
from natsbridge.canonical_base64 import encode
from natsbridge.errors import ContentError
from natsbridge.frame import USUAL_TYPES, are_usual_ids, usual_names_frame
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
        frame = usual_names_frame(names)
        if frame is None:
            return None
        before, after = frame
        correlation_id, msg_id, timestamp, sender_id = ids
        head = (
            f'{{"correlation_id":"{correlation_id}","msg_id":"{msg_id}","timestamp":"{timestamp}{before}{sender_id}{after}'
            '{},"payloads":['
        )
        pieces = []
        own_ids = []
        for dataname, value, payload_type in data:
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
