"""Error reports (W7.2) that are valid, and with one constraint of `error.schema.json` broken."""

from model import MISSING
from mutate import SCHEMAS, breaks

FULL = {
    "correlation_id": "11111111-1111-4111-8111-111111111111",
    "msg_id": "22222222-2222-4222-8222-222222222222",
    "timestamp": "2026-03-13T07:02:51.002Z",
    "send_to": "a.b",
    "error": {
        "code": "SIZE_MISMATCH",
        "message": "payload 0 has 11 bytes, and its size says 12",
        "details": {"phase": "decode", "pointer": "/payloads/0/data", "dataname": "p", "expected": "12 bytes", "found": "11 bytes"},
    },
}
EMPTY = {
    "correlation_id": "",
    "msg_id": "",
    "timestamp": "2026-03-13T07:02:51Z",
    "send_to": "",
    "error": {"code": "INVALID_ENVELOPE", "message": "", "details": {}},
}
NAME = "error.schema.json"


def instance(id, rule, title, schema, base, broken=None, valid=False):
    """A case of one instance, changed at one place."""
    change = {} if broken is None else {"at": broken.pointer}
    if broken is not None and broken.value is not MISSING:
        change["put"] = broken.value
    return {"id": id, "rule": rule, "title": title, "schema": schema, "base": base, **change, "valid": valid}


def negatives(prefix, schema, base, value, near=4):
    """A definition is broken in every way where it stands first, and elsewhere by null alone, which tells the reference."""
    seen = set()
    for broken in breaks(schema, SCHEMAS[schema], value, near=near):
        way = (id(broken.schema), broken.slug)
        if way in seen and broken.value is not None:
            continue
        seen.add(way)
        member = "-".join(map(str, broken.path)) or "whole"
        name = "%s-%s-%s-%s" % (broken.rule.lower(), prefix, member.replace("$", ""), broken.slug)
        yield instance(name, broken.rule, "generated: `%s` of %s" % (broken.keyword, broken.pointer or "the whole"), schema, base, broken)


def good(slug, title, base):
    return instance("w7.2-report-is-" + slug, "W7.2", title, NAME, base, valid=True)


CODES = SCHEMAS[NAME]["$defs"]["code"]["enum"]
PHASES = SCHEMAS[NAME]["$defs"]["phase"]["enum"]
CASES = [good("full", "everything", FULL), good("empty", "nothing is known", EMPTY)]
CASES += [good("code-" + code, "a code", {**EMPTY, "error": {"code": code, "message": "", "details": {}}}) for code in CODES]
CASES += [good("phase-" + phase, "a phase", {**EMPTY, "error": {**EMPTY["error"], "details": {"phase": phase}}}) for phase in PHASES]
CASES += [
    good("unknown", "members that nobody knows", {**EMPTY, "zone": 5, "error": {**EMPTY["error"], "retryable": True, "details": {"retryable": True, "a": []}}}),
    good("text", "what could be read of the message need not be valid", {**FULL, "correlation_id": "x", "msg_id": "\0", "send_to": "*"}),
    good("pointer-empty", "the whole message", {**EMPTY, "error": {**EMPTY["error"], "details": {"pointer": ""}}}),
    good("pointer-escaped", "a pointer with escapes", {**EMPTY, "error": {**EMPTY["error"], "details": {"pointer": "/a~1b/~0//\u00e4"}}}),
]
CASES += negatives("report", NAME, FULL, FULL)
