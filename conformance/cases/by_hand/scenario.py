"""What link cases are made of: requests whose links lead to the fault server, and statements about its log.

`${server}` is the fault server's origin with a token of the case's own, `${origin}` its origin alone; `${other}` and
`${other-origin}` are those of its second origin; at `${full}` no connection comes about, `${nobody}` refuses them. Files that a case
has beforehand are in `${in}`, and `${out}` is an empty folder.
"""

import model

QUICK = {"base_delay": 10, "max_delay": 20}
"""Patience for cases that are not about it."""

LINK = "/payloads/%d/data"


def content(size):
    """The bytes of the fault server's file of that size."""
    return bytes((i ^ i >> 8 ^ i >> 16) & 0xFF for i in range(size))


def url(steps="ok", size=1000, more="", server="${server}"):
    return "%s/get/%s/%d%s" % (server, steps, size, more)


def link(steps="ok", size=1000, more="", server="${server}", digest=None, **changes):
    """A linked payload of the fault server; its digest is right, told, or False for none."""
    metadata = {"payload_bytes": size}
    if digest is not False:
        metadata["sha256"] = model.sha256(content(size)) if digest is None else digest
    return model.link(url(steps, size, more, server), size, **{"metadata": metadata, **changes})


def received(id, title, links, expect, log=(), needs=("link",), transfer=QUICK, **more):
    """A case of receiving links: one, as the arguments of `link`, or a list of payloads."""
    links = [link(**links)] if isinstance(links, dict) else links
    options = {"allowed_origins": ["${origin}"]}
    options.update(more.pop("options", {}))
    request = {"text": model.text(model.envelope(*links)), **{k: v for k, v in options.items() if v is not None}}
    if transfer:
        request["transfer"] = transfer
    return case(id, title, "decode", request, expect, log, needs, **more)


def sent(id, title, payloads, expect, log=(), plik="", needs=("link",), transfer=QUICK, **more):
    """A case of sending, to Plik behind `plik`, its steps; payloads are sizes, or members of the protocol."""
    request = {"subject": "a.b", "payloads": [part(p) for p in payloads], "size_threshold": 1000}
    if plik is not None:
        request["upload"] = {"to": "oneshot", "fileserver_url": "${server}/plik" + plik}
    request.update(more.pop("options", {}))
    request = {name: value for name, value in request.items() if value is not None}
    if transfer:
        request["transfer"] = transfer
    return case(id, title, "encode", request, expect, log, needs, **more)


def part(payload):
    if isinstance(payload, int):
        payload = {"type": "bytes", "content": payload}
    return {"dataname": "p", "value": payload, "payload_type": "binary"} if "type" in payload else payload


def case(id, title, op, request, expect, log, needs, **more):
    if "environment" in more:
        needs = [*needs, "environment"]
    members = {"id": id, "rule": id.split("-")[0].upper(), "title": title, "needs": list(needs)}
    first = {name: more.pop(name) for name in ("environment", "files") if name in more}
    return {**members, **first, op: request, "expect": expect, "log": list(log), **more}


# Verdicts.


def came(*payloads, **more):
    return {"payloads": list(payloads), **more}


def failed(index=0, code="DOWNLOAD_FAILED", phase="fetch", names=(), hides=(), **more):
    """The error of a link that could not be fetched."""
    error = {"code": code, "phase": phase}
    if index is not None:
        error["pointer"] = LINK % index
    error.update({name: list(words) for name, words in (("names", names), ("hides", hides)) if words})
    return {"error": error, **more}


def refused(index=0, **more):
    """The error of a link that may not be fetched."""
    return failed(index, "URL_NOT_ALLOWED", "validate", **more)


def stuck(index=0, code="UPLOAD_FAILED", phase="upload", **more):
    """The error of a payload that could not be uploaded."""
    verdict = failed(index, code, phase, **more)
    if index is not None:
        verdict["error"]["pointer"] = "/payloads/%d" % index
    return verdict


def made(*payloads):
    """A message whose payloads are like these."""
    return {"message": {"payloads": list(payloads)}}


def linked(size, upload="U*", server="${server}/plik*", **more):
    """A payload that was uploaded."""
    metadata = {"payload_bytes": size, "sha256": model.sha256(content(size))}
    data = "%s/file/%s/F/*" % (server, upload)
    return {"transport": "link", "encoding": "none", "size": size, "data": data, "metadata": metadata, **more}


def direct(size):
    return {"transport": "direct", "encoding": "base64", "size": size, "data": {"content": size}}


# Statements about the log.


def gets(count, **more):
    """How many times files were asked for."""
    return {"of": {"call": "get"}, "count": count, **more}


def calls(call, count, **more):
    return {"of": {"call": call, **more.pop("of", {})}, "count": count, **more}


def nothing(**of):
    return {"of": of, "count": 0} if of else {"count": 0}


def bounds(least=None, most=None):
    return {name: value for name, value in (("least", least), ("most", most)) if value is not None}
