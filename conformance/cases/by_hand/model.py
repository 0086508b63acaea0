"""What cases are made of: the smallest valid envelope and payload, changes to them, tagged values and expectations.

Shares no code with any implementation and needs nothing but Python 3.8.
"""

import base64
import hashlib
import json

MISSING = object()
"""Stands for a member that is left out."""

ENVELOPE = {
    "correlation_id": "11111111-1111-4111-8111-111111111111",
    "msg_id": "22222222-2222-4222-8222-222222222222",
    "timestamp": "2026-03-13T07:02:50.443Z",
    "send_to": "a.b",
    "msg_purpose": "chat",
    "sender_name": "s",
    "sender_id": "33333333-3333-4333-8333-333333333333",
    "receiver_name": "",
    "receiver_id": "",
    "reply_to": "",
    "reply_to_msg_id": "",
    "broker_url": "",
    "metadata": {},
    "payloads": [],
}
PAYLOAD_ID = "44444444-4444-4444-8444-444444444444"
SERVER = "http://files.example:8080"


class Raw(str):
    """JSON text that is taken as it stands."""


def b64(data):
    return base64.b64encode(data).decode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def changed(members, changes):
    members = {**members, **changes}
    return {name: value for name, value in members.items() if value is not MISSING}


def envelope(*payloads, **changes):
    return changed({**ENVELOPE, "payloads": list(payloads)}, changes)


def payload(payload_type="text", content=b"hi", **changes):
    """A direct payload in base64."""
    members = {
        "id": PAYLOAD_ID,
        "dataname": "p",
        "payload_type": payload_type,
        "transport": "direct",
        "encoding": "base64",
    }
    return changed({**members, "size": len(content), "data": b64(content), "metadata": {}}, changes)


def inline(payload_type, data, **changes):
    """A direct payload that is JSON itself; `data` is a value or Raw text."""
    return payload(payload_type, **{"encoding": "json", "size": 0, "data": data, **changes})


def link(url=SERVER + "/f", size=2, **changes):
    members = {"payload_type": "binary", "transport": "link", "encoding": "none", "size": size, "data": url}
    return payload(**{**members, **changes})


def text(value):
    """The canonical JSON text of a value, with Raw text in it as it stands."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(text(name) + ":" + text(item) for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def is_plain(value):
    """Whether the value says all that there is to say about its text."""
    if isinstance(value, dict):
        return all(map(is_plain, value.values()))
    return all(map(is_plain, value)) if isinstance(value, list) else not isinstance(value, (Raw, float))


# Expectations.


def ok(*payloads, **more):
    """Accepted, with these payloads (from `came`), or with `count` of them; `more` as in case.schema.json."""
    counted = {} if "count" in more else {"payloads": list(payloads)}
    return {"ok": {**counted, **{{"count": "payload_count"}.get(k, k): v for k, v in more.items()}}}


def came(value, payload_type="text", size=2, dataname="p", **more):
    """A payload that came out of an envelope; those of `payload()` as they stand. `more`: its metadata, where that is looked at."""
    value = tag(value)
    members = {"dataname": dataname, "payload_type": payload_type, "transport": "direct", "size": size, "value": value}
    return {**members, **{name: tag(item) for name, item in more.items()}}


def pending(*links):
    """Valid, with `(index, url, size)` still to be fetched."""
    return {"pending": [{"index": index, "url": url, "size": size} for index, url, size in links]}


def error(code, phase, pointer=None, **more):
    place = {} if pointer is None else {"pointer": pointer}
    return {"error": {"code": code, "phase": phase, **place, **more}}


def unparsed(pointer=None, **more):
    return error("INVALID_ENVELOPE", "parse", pointer, **more)


def invalid(pointer, code="INVALID_ENVELOPE", **more):
    return error(code, "validate", pointer, **more)


def undecodable(index=0, code="DESERIALIZATION_ERROR", **more):
    return error(code, "decode", "/payloads/%d/data" % index, **more)


# Tagged values (design of the conformance protocol): what numbers are is said, never guessed.


class Tagged(dict):
    pass


def I(text_of_it):
    return Tagged(type="int", value=str(text_of_it))


def F(text_of_it):
    return Tagged(type="float", value=str(text_of_it))


def table(rows, *columns):
    """Columns are `(name, type, values)`; all may hold nulls."""
    named = [{"name": name, "type": kind, "nullable": True, "values": values} for name, kind, values in columns]
    return Tagged(type="table", rows=rows, columns=named)


def tag(value):
    """Tags what Python tells apart by itself."""
    if isinstance(value, Tagged):
        return value
    if value is None:
        return {"type": "null"}
    if isinstance(value, bool):
        return {"type": "bool", "value": value}
    if isinstance(value, int):
        return I(value)
    if isinstance(value, str):
        return {"type": "string", "value": value}
    if isinstance(value, bytes):
        return {"type": "bytes", "size": len(value), "sha256": sha256(value), "base64": b64(value)}
    if isinstance(value, dict):
        return {"type": "object", "value": [[name, tag(item)] for name, item in value.items()]}
    return {"type": "array", "value": [tag(item) for item in value]}


HI = came("hi")


# Cases.


def case(id, title, source, expect, **more):
    """`source`: an envelope, its text, its bytes, or a list of pieces (text, or `[text, times]`)."""
    if isinstance(source, bytes):
        given = {"base64": b64(source)}
    elif isinstance(source, str):
        given = {"text": str(source)}
    elif isinstance(source, list):
        given = {"repeat": [[str(p[0]), p[1]] if isinstance(p, list) else p for p in source]}
    else:
        given = {"json": source} if is_plain(source) else {"text": text(source)}
    rule = id.split("-")[0].upper()
    return {"id": id, "rule": rule, "title": title, "input": given, **more, "expect": expect}


def linked(id, title, source, expect, allowed=(SERVER,)):
    """A case of a receiver that allows links to lead to `allowed`."""
    return case(id, title, source, expect, options={"allowed_origins": list(allowed)})
