"""What encode cases are made of: payloads to be sent, and from them the message as W4 writes it and what a receiver makes of it.

Shares no code with any implementation and needs nothing but Python 3.8.
"""

import json

from model import ENVELOPE, I, MISSING, Tagged, b64, changed, sha256, tag

IDS = {name: ENVELOPE[name] for name in ("correlation_id", "msg_id", "sender_id")}
HEADER = {
    **ENVELOPE,
    "timestamp": "${timestamp}",
    "sender_name": "NATSBridge",
    "broker_url": "nats://localhost:4222",
}
"""The header of a message whose sender passes nothing but the ids."""

KEPT = {"to": "kept", "fileserver_url": "${fileserver}", "ttl_s": 600}
NOWHERE = {"to": "oneshot", "fileserver_url": "${nowhere}"}
QUICK = {"max_retries": 2, "base_delay": 1, "max_delay": 2}
LONGEST_URL = 512
"""The bytes that a link is counted as (W5.1)."""


class Many:
    """A string or bytes, as often as is said."""

    def __init__(self, unit, times):
        self.unit, self.times = unit, times

    @property
    def content(self):
        unit = self.unit.encode() if isinstance(self.unit, str) else self.unit
        return unit * self.times

    def base64(self):
        """The base64 in pieces."""
        unit = self.content[: len(self.content) // self.times] if self.times else b""
        group = next(n for n in (1, 3) if n * len(unit) % 3 == 0)
        groups, rest = divmod(self.times, group)
        return [[b64(unit * group), groups], b64(unit * rest)]


class Table:
    """An Arrow stream and the table in it."""

    def __init__(self, stream, value):
        self.stream, self.value = stream, value


class Units(list):
    """UTF-16 code units."""


def given(value):
    """The value as the protocol gives it to a sender."""
    if isinstance(value, Many) and isinstance(value.unit, str):
        return {"type": "string", "repeat": [[value.unit, value.times]]}
    if isinstance(value, Many):
        return {"type": "bytes", "repeat": {"base64": b64(value.unit), "times": value.times}}
    if isinstance(value, Table):
        return {"type": "table", "stream": b64(value.stream)}
    if isinstance(value, Units):
        return {"type": "utf16", "value": list(value)}
    if isinstance(value, bytes):
        return {"type": "bytes", "base64": b64(value)}
    if isinstance(value, Tagged):
        return value
    if isinstance(value, dict):
        return {"type": "object", "value": [[name, given(item)] for name, item in value.items()]}
    if isinstance(value, list):
        return {"type": "array", "value": [given(item) for item in value]}
    return tag(value)


def taken(value):
    """The value as a receiver has it."""
    if isinstance(value, Many):
        content = value.content
        if isinstance(value.unit, str):
            return {"type": "string", "repeat": [[value.unit, value.times]]}
        value = content
    if isinstance(value, Table):
        return value.value
    tagged = dict(tag(value))
    if tagged["type"] == "bytes" and tagged["size"] > 4096:
        del tagged["base64"]
    return tagged


def has_floats(value):
    if isinstance(value, Tagged):
        return value["type"] == "float"
    if isinstance(value, dict):
        return any(map(has_floats, value.values()))
    return isinstance(value, list) and any(map(has_floats, value))


def text(value):
    """JSON as W4 writes it."""
    if isinstance(value, Tagged):
        return value["value"]
    if isinstance(value, dict):
        return "{" + ",".join(text(name) + ":" + text(item) for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


class Part:
    """One payload: what is given, and how it is written."""

    def __init__(
        self, value, payload_type="text", dataname="p", metadata=None, link=False, inline=False, digest=None, url="${link}"
    ):
        self.value, self.payload_type, self.dataname = value, payload_type, dataname
        self.metadata, self.link, self.inline, self.url = metadata, link, inline, url
        self.digest = link if digest is None else digest

    @property
    def content(self):
        """The serialized bytes."""
        if isinstance(self.value, (Many, bytes)):
            return self.value.content if isinstance(self.value, Many) else self.value
        return (self.value if isinstance(self.value, str) else text(self.value)).encode()

    @property
    def is_canonical(self):
        """Whether there is one way only to write it."""
        return not isinstance(self.value, Table) and not has_floats(self.value) and not has_floats(self.metadata or {})

    def given(self):
        more = {} if self.metadata is None else {"metadata": given(self.metadata)}
        return {"dataname": self.dataname, "value": given(self.value), "payload_type": self.payload_type, **more}

    def data(self):
        """`data` as written, in pieces of JSON text."""
        if self.inline:
            return [text(self.value)]
        if self.link:
            return ['"' + self.url + '"']
        if isinstance(self.value, Many):
            return ['"', *self.value.base64(), '"']
        return ['"' + b64(self.content) + '"']

    def own_metadata(self):
        size = len(self.content)
        digest = {"sha256": sha256(self.content)} if self.digest else {}
        return {"payload_bytes": size, **digest, **(self.metadata or {})}

    def written(self):
        """The payload object in pieces of JSON text."""
        encoding = "json" if self.inline else "none" if self.link else "base64"
        before = {
            "id": "${uuid}",
            "dataname": self.dataname,
            "payload_type": self.payload_type,
            "transport": "link" if self.link else "direct",
            "encoding": encoding,
            "size": len(self.content),
        }
        return [text(before)[:-1] + ',"data":', *self.data(), ',"metadata":' + text(self.own_metadata()) + "}"]

    def received(self):
        size = {} if not self.is_canonical else {"size": len(self.content)}
        told = {"metadata": tag(self.own_metadata())} if self.metadata is not None and self.is_canonical else {}
        return {
            "dataname": self.dataname,
            "payload_type": self.payload_type,
            "transport": "link" if self.link else "direct",
            **size,
            "value": taken(self.value),
            **told,
        }


def written(header, parts):
    """The message in pieces of JSON text, neighbours joined."""
    pieces = [text({**header, "payloads": []})[:-2]]
    for index, part in enumerate(parts):
        pieces += ([","] if index else []) + part.written()
    joined = []
    for piece in [*pieces, "]}"]:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        elif piece != "" and not (isinstance(piece, list) and piece[1] == 0):
            joined.append(piece)
    return joined


def length(header, parts):
    """The bytes of the message, each link counted as W5.1 counts it."""
    whole = "".join(piece if isinstance(piece, str) else piece[0] * piece[1] for piece in written(header, parts))
    for hole, wide in (("${timestamp}", 24), ("${uuid}", 36), ("${link}", LONGEST_URL)):
        whole = whole.replace(hole, "x" * wide)
    return len(whole.encode())


def header(subject="a.b", **arguments):
    """The header as it is written for these arguments."""
    ids = {name: "${uuid:%s}" % name for name in IDS if arguments.get(name) is MISSING}
    return changed({**HEADER, "send_to": subject, **arguments, **ids}, {})


def sending(parts, subject="a.b", arguments=None, **options):
    """`send` of a case; the ids are passed unless they are MISSING."""
    passed = changed({**IDS, **(arguments or {})}, {})
    if "metadata" in passed:
        passed["metadata"] = given(passed["metadata"])
    payloads = [part.given() if isinstance(part, Part) else [part[0].given(), part[1]] for part in parts]
    return {"subject": subject, "payloads": payloads, "arguments": passed, **options}


def rule(id):
    return id.split("-")[0].upper()


def sent(id, title, parts, subject="a.b", arguments=None, as_written=None, more=None, **options):
    """A case of a message that is made.

    `arguments` are passed, `as_written` says how those that change on the way stand in the header; `options` are further
    members of `send`, and `more` further members of the case.
    """
    head = header(subject, **{**(arguments or {}), **(as_written or {})})
    expect = {}
    if all(part.is_canonical for part in parts) and not has_floats(head["metadata"]):
        pieces = written(head, parts)
        expect["message"] = pieces[0] if len(pieces) == 1 else {"repeat": pieces}
    said = {name: value for name, value in head.items() if name != "payloads" and "${" not in str(value)}
    expect["received"] = {
        "envelope": {**said, "metadata": tag(said["metadata"])},
        "payloads": [part.received() for part in parts],
    }
    send = sending(parts, subject, arguments, **options)
    more = dict(more or {})
    if any(part.link for part in parts) and send.get("upload", {}).get("to") != "handler":
        more["needs"] = sorted({*more.get("needs", []), "link"})
    if any(isinstance(part.value, Table) for part in parts):
        more["needs"] = sorted({*more.get("needs", []), "arrowtable"})
    return {"id": id, "rule": more.pop("rule", rule(id)), "title": title, **more, "send": send, "expect": expect}


def refused(id, title, parts, code, phase, pointer=None, subject="a.b", arguments=None, more=None, error=None, **options):
    """A case of a message that is not made; `error` has further members of the expected error."""
    place = {} if pointer is None else {"pointer": pointer}
    expect = {"error": {"code": code, "phase": phase, **place, **(error or {})}}
    more = dict(more or {})
    send = sending(parts, subject, arguments, **options)
    return {"id": id, "rule": more.pop("rule", rule(id)), "title": title, **more, "send": send, "expect": expect}


def invalid(id, title, pointer, parts=(), code="INVALID_ENVELOPE", **more):
    """A case of an argument that breaks the schema or a rule."""
    return refused(id, title, parts, code, "validate", pointer, **more)


def unserializable(id, title, parts, pointer="/payloads/0/data", **more):
    return refused(id, title, parts, "SERIALIZATION_ERROR", "serialize", pointer, **more)


def number(digits):
    return I(digits)
