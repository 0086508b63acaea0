"""Generated from `schema/v1`: messages with one constraint of the schema broken, as `mutate` breaks it.

What is expected follows from the schema (the code of an enum) and W7.1 (the place): there is one fault in each message.
"""

from model import ENVELOPE, SERVER, case, envelope, inline, invalid, link, payload, sha256, text
from mutate import SCHEMAS, breaks, conditions
from w3_arrowtable import SMALL

FULL = {
    **ENVELOPE,
    "send_to": "orders.eu.42",
    "sender_name": "sender-app",
    "receiver_name": "receiver-app",
    "receiver_id": "2d1e5bac-3e4f-4061-9b7c-8d9eaf102b3c",
    "reply_to": "answers.eu",
    "reply_to_msg_id": "3e2f6cbd-4f50-4172-ac8d-9eafb0213c4d",
    "broker_url": "nats://localhost:4222",
    "metadata": {"zone": "eu"},
}
TEXT = payload(metadata={"payload_bytes": 2, "sha256": sha256(b"hi"), "note": 1})
PAYLOADS = {
    "text": TEXT,
    "inline": inline("dictionary", {"a": 1}, size=7, metadata={"payload_bytes": 7}),
    "link": link(SERVER + "/file/a1/b2/photo.png", metadata={"payload_bytes": 2, "sha256": sha256(b"hi")}),
    "table": payload("arrowtable", SMALL, encoding="arrow-ipc", metadata={"payload_bytes": len(SMALL)}),
    "rows": inline("jsontable", [{"a": 1}], size=9),
}
RULES = {"W2": "W2.5"}
"""Of members whose rule is a whole chapter."""

PAYLOAD = SCHEMAS["payload.schema.json"]
CASES, SEEN = [], set()


def add(name, broken, message, place, needs=()):
    rule = RULES.get(broken.rule, broken.rule)
    member = "-".join(str(step) for step in broken.path if not isinstance(step, int) and step != "payloads")
    id = "%s-negative-%s-%s-%s" % (rule.lower(), name, member or "message", broken.slug)
    code = "INVALID_ENVELOPE" if broken.code is None or not isinstance(broken.value, str) else broken.code
    more = {"needs": list(needs)} if needs else {}
    whole = text(message)
    if whole in SEEN:
        return
    SEEN.add(whole)
    expect = invalid(place + broken.pointer, code)
    title = "generated: `%s` of %s" % (broken.keyword, member or "the message")
    source = message if isinstance(message, dict) else whole
    CASES.append(case(id, title, source, expect, options={"allowed_origins": [SERVER]}, **more))


# The envelope's own members.
ENVELOPE_SCHEMA = SCHEMAS["envelope.schema.json"]
for broken in breaks("envelope.schema.json", ENVELOPE_SCHEMA, {name: item for name, item in FULL.items() if name != "payloads"}):
    add("envelope", broken, broken.of({**FULL, "payloads": [TEXT]}), "")
for kind, other in (("null", None), ("boolean", False), ("integer", 1), ("string", ""), ("object", {"0": TEXT})):
    message = {**FULL, "payloads": other}
    CASES.append(
        case("w1.10-negative-payloads-type-" + kind, "generated: `type` of payloads", message, invalid("/payloads"), options={"allowed_origins": [SERVER]})
    )

# A payload's members: those of a text by all keywords, those of the others by what is theirs alone.
for name, value in PAYLOADS.items():
    at = {"text": 1, "inline": 0, "link": 2, "table": 0, "rows": 3}[name]
    needs = ["arrowtable"] if name == "table" else []
    found = list(conditions("payload.schema.json", PAYLOAD, value))
    if name == "text":
        found += list(breaks("payload.schema.json", PAYLOAD, value))
    elif name == "link":
        own = ("id", "size", "metadata", "dataname", "payload_type")
        found += [b for b in breaks("payload.schema.json", PAYLOAD, value, near=3) if b.path and b.path[0] in own and b.keyword != "enum"]
        found += [b for b in breaks("payload.schema.json", PAYLOAD, value) if b.keyword == "required"]
    for broken in found:
        others = [payload(dataname="first"), link(), PAYLOADS["inline"]]
        message = envelope(**{**FULL, "payloads": others[:at] + [broken.of(value)]})
        if broken.slug.endswith("present") and broken.path == ["metadata", "sha256"]:
            broken.slug = "if-present"
        add(name, broken, message, "/payloads/%d" % at, needs)
