"""Which of several faults counts (W7.1), the reader's bound, and what an error says about its message (W7.2)."""

from model import (
    ENVELOPE,
    HI,
    MISSING,
    Raw,
    SERVER,
    case,
    envelope,
    inline,
    invalid,
    error,
    link,
    linked,
    ok,
    payload,
    sha256,
    text,
    undecodable,
    unparsed,
)

CASES = []
P0, P1 = "/payloads/0/", "/payloads/1/"
EVIL = link("http://evil.example/f")
TOO_LARGE = error("PAYLOAD_TOO_LARGE", "parse")
WHOLE = text(envelope(payload()))

# The bound comes before anything else.
CASES += [
    case(
        "w7.1-bound",
        "a message of just the bytes that the receiver takes",
        WHOLE,
        ok(HI),
        options={"max_message_bytes": len(WHOLE)},
    ),
    case("w7.1-bound-over", "a byte more", WHOLE, TOO_LARGE, options={"max_message_bytes": len(WHOLE) - 1}),
    case("w7.1-bound-space", "white space counts", WHOLE + " ", TOO_LARGE, options={"max_message_bytes": len(WHOLE)}),
    case(
        "w7.1-bound-bytes",
        "bytes count, not characters",
        envelope(sender_name="\u00e4" * 500),
        TOO_LARGE,
        options={"max_message_bytes": len(text(envelope())) + 998},
    ),
    case(
        "w7.1-bound-first",
        "the bound comes before the text is read",
        "{not JSON",
        TOO_LARGE,
        options={"max_message_bytes": 8},
    ),
    case("w7.1-bound-64-mib", "64 MiB are within the bound, so that the text counts", [["x", 64 << 20]], unparsed()),
    case("w7.1-bound-64-mib-over", "64 MiB and a byte", [["x", (64 << 20) + 1]], TOO_LARGE),
]

# Parse before validate before decode.
CASES += [
    case(
        "w7.1-parse-validate",
        "a text that is no JSON at its end, of an envelope that is invalid at its start",
        text(envelope(correlation_id=5)) + "}",
        unparsed(),
    ),
    case(
        "w7.1-parse-type",
        "equal names after a payload type that does not exist",
        text(envelope(payload("nope"))).replace('"metadata":{}}]', '"metadata":{},"x":1,"x":2}]'),
        unparsed(P0 + "x"),
    ),
    linked(
        "w7.1-parse-origin",
        "a number out of range after a link to elsewhere",
        envelope(EVIL, inline("dictionary", Raw("[1e400]"))),
        unparsed(),
    ),
    case(
        "w7.1-validate-decode",
        "broken content in the first payload, a broken member in the second",
        envelope(payload(data="%"), payload(id="x")),
        invalid(P1 + "id"),
    ),
    case(
        "w7.1-validate-decode-same",
        "broken base64 and a broken digest in one payload",
        envelope(payload(data="%", metadata={"sha256": "x"})),
        invalid(P0 + "metadata/sha256"),
    ),
    case(
        "w7.1-validate-decode-size",
        "another length, and payload_bytes other than size",
        envelope(payload(size=3, metadata={"payload_bytes": 2})),
        invalid(P0 + "metadata/payload_bytes", "SIZE_MISMATCH"),
    ),
    linked(
        "w7.1-origin-decode",
        "broken content before a link to elsewhere",
        envelope(payload(data="%"), EVIL),
        invalid(P1 + "data", "URL_NOT_ALLOWED"),
    ),
    linked(
        "w7.1-origin-second",
        "an allowed link before one to elsewhere: nothing is fetched",
        envelope(link(), EVIL),
        invalid(P1 + "data", "URL_NOT_ALLOWED"),
    ),
]

# Within validate: envelope members in schema order, then payloads in list order, then their members in schema order.
members = [
    ("correlation_id", "x"),
    ("msg_id", 5),
    ("timestamp", "x"),
    ("send_to", ""),
    ("msg_purpose", "x"),
    ("sender_name", 5),
    ("sender_id", ""),
    ("receiver_name", None),
    ("receiver_id", "x"),
    ("reply_to", "*"),
    ("reply_to_msg_id", "x"),
    ("broker_url", "x"),
    ("metadata", []),
    ("payloads", [{}]),
]
for place, (name, value) in enumerate(members):
    later = dict(members[place:])
    backwards = dict(reversed(list({**ENVELOPE, **later}.items())))
    at = "/payloads/0/id" if name == "payloads" else "/" + name
    CASES.append(
        case(
            "w7.1-first-" + name,
            "the first fault in schema order, whatever the order of the text",
            backwards,
            invalid(at),
        )
    )
faults = [
    ("id", "x", None),
    ("dataname", 5, None),
    ("payload_type", "nope", "INVALID_PAYLOAD_TYPE"),
    ("transport", "nope", "INVALID_TRANSPORT"),
    ("encoding", "nope", None),
    ("size", -1, None),
    ("data", 5, None),
    ("metadata", [], None),
]
for place, (name, value, code) in enumerate(faults):
    later = {other: fault for other, fault, _ in faults[place:]}
    CASES.append(
        case(
            "w7.1-first-payload-" + name,
            "the first fault in schema order, whatever the order of the text",
            envelope(dict(reversed(list({**payload(), **later}.items())))),
            invalid(P0 + name, code or "INVALID_ENVELOPE"),
        )
    )
CASES += [
    case(
        "w7.1-missing-null",
        "a missing member counts where it would stand",
        envelope(msg_id=MISSING, timestamp=None),
        invalid("/msg_id"),
    ),
    case(
        "w7.1-envelope-payload",
        "the envelope's fault comes before a payload's",
        envelope(payload("nope"), metadata=None),
        invalid("/metadata"),
    ),
    case(
        "w7.1-payloads",
        "the first payload's fault, though the second's is in an earlier member",
        envelope(payload(metadata=[]), payload(id="x")),
        invalid(P0 + "metadata"),
    ),
    case(
        "w7.1-payloads-codes",
        "the first payload's code",
        envelope(payload(transport="nope"), payload("nope")),
        invalid(P0 + "transport", "INVALID_TRANSPORT"),
    ),
    case(
        "w7.1-payloads-codes-2",
        "the first payload's code",
        envelope(payload("nope"), payload(transport="nope")),
        invalid(P0 + "payload_type", "INVALID_PAYLOAD_TYPE"),
    ),
    case(
        "w7.1-tenth",
        "payloads are ordered as numbers",
        envelope(*[payload()] * 2, payload(id="x"), *[payload()] * 7, payload(id="x")),
        invalid("/payloads/2/id"),
    ),
    linked(
        "w7.1-origin-invalid",
        "a link to elsewhere before a broken payload",
        envelope(EVIL, payload(size=-1)),
        invalid(P0 + "data", "URL_NOT_ALLOWED"),
    ),
    linked(
        "w7.1-invalid-origin",
        "a broken payload before a link to elsewhere",
        envelope(payload(size=-1), EVIL),
        invalid(P0 + "size"),
    ),
    linked(
        "w7.1-origin-metadata",
        "a link to elsewhere before its own digest",
        envelope({**EVIL, "metadata": {"sha256": "x"}}),
        invalid(P0 + "data", "URL_NOT_ALLOWED"),
    ),
    linked(
        "w7.1-size-origin", "its size before a link to elsewhere", envelope({**EVIL, "size": -1}), invalid(P0 + "size")
    ),
    linked(
        "w7.1-encoding-data",
        "the encoding before the data",
        envelope(link("ftp://a", encoding="base64")),
        invalid(P0 + "encoding"),
    ),
    case(
        "w7.1-bytes-second",
        "payload_bytes of the first before a fault of the second",
        envelope(payload(metadata={"payload_bytes": 1}), payload(id="x")),
        invalid(P0 + "metadata/payload_bytes", "SIZE_MISMATCH"),
    ),
    case(
        "w7.1-type-not-string",
        "no string is no payload type, but not an unknown one either",
        envelope(payload(5)),
        invalid(P0 + "payload_type"),
    ),
    case(
        "w7.1-metadata",
        "metadata has an order as well, whatever the order of the text",
        envelope(payload(metadata={"sha256": "x", "payload_bytes": "x"})),
        invalid(P0 + "metadata/payload_bytes"),
    ),
    case(
        "w7.1-metadata-codes",
        "payload_bytes other than size before a broken digest",
        envelope(payload(metadata={"sha256": "x", "payload_bytes": 3})),
        invalid(P0 + "metadata/payload_bytes", "SIZE_MISMATCH"),
    ),
    case(
        "w7.1-metadata-inline",
        "a broken payload_bytes before a digest that must not be there",
        envelope(inline("dictionary", {}, metadata={"sha256": "x", "payload_bytes": -1})),
        invalid(P0 + "metadata/payload_bytes"),
    ),
    case(
        "w7.1-condition",
        "a type that does not fit the encoding counts where the type stands",
        envelope(payload(encoding="arrow-ipc", size=-1)),
        invalid(P0 + "payload_type"),
    ),
    case(
        "w7.1-condition-before",
        "a fault before a type that does not fit the encoding",
        envelope(payload(encoding="arrow-ipc", dataname=5)),
        invalid(P0 + "dataname"),
    ),
    case(
        "w7.1-type-transport",
        "payload_type comes before transport",
        envelope(payload(5, transport="nope")),
        invalid(P0 + "payload_type"),
    ),
    case(
        "w7.1-condition-transport",
        "without a transport no condition holds: a text as arrow-ipc",
        envelope(payload(encoding="arrow-ipc", transport=MISSING)),
        invalid(P0 + "transport"),
    ),
    case(
        "w7.1-condition-transport-json",
        "without a transport no condition holds: a text as JSON",
        envelope(payload(encoding="json", transport=MISSING)),
        invalid(P0 + "transport"),
    ),
    case(
        "w7.1-condition-encoding",
        "without an encoding no condition holds: data that is no string",
        envelope(payload(encoding=MISSING, data=5)),
        invalid(P0 + "encoding"),
    ),
    case(
        "w7.1-too-many",
        "too many payloads come before the first one's fault",
        envelope(payload(id="x"), payload()),
        invalid("/payloads"),
        options={"max_payloads": 1},
    ),
    case(
        "w7.1-too-many-metadata",
        "the envelope's metadata comes before too many payloads",
        envelope(payload(), payload(), metadata=5),
        invalid("/metadata"),
        options={"max_payloads": 1},
    ),
]

# However many faults there are, the first one counts.
ELSEWHERE = text(envelope(link("http://elsewhere.example/f")))[: -len("]}")]
CASES += [
    case(
        "w7.1-first-of-many",
        "a link outside the policy before 1,000 payloads that break the schema",
        [ELSEWHERE, ["," + text(payload(size=-1)), 1000], "]}"],
        invalid("/payloads/0/data", "URL_NOT_ALLOWED"),
        options={"allowed_origins": [SERVER]},
    ),
    case(
        "w7.1-first-of-many-links",
        "1,000 links outside the policy behind a payload that breaks the schema",
        [text(envelope(payload(size=-1)))[: -len("]}")], ["," + text(link("http://elsewhere.example/f")), 1000], "]}"],
        invalid("/payloads/0/size"),
        options={"allowed_origins": [SERVER]},
    ),
]

# Within decode: payloads in list order; in each, base64, length, digest, content.
WRONG = {"sha256": sha256(b"other")}
CASES += [
    case("w7.1-base64-size", "base64 before length", envelope(payload(data="aGk", size=5)), undecodable()),
    case(
        "w7.1-size-digest",
        "length before digest",
        envelope(payload(size=3, metadata=WRONG)),
        undecodable(code="SIZE_MISMATCH"),
    ),
    case(
        "w7.1-digest-content",
        "digest before content",
        envelope(payload(content=b"\xff", metadata=WRONG)),
        undecodable(code="CHECKSUM_MISMATCH"),
    ),
    case(
        "w7.1-size-content",
        "length before content",
        envelope(payload(content=b"\xff", size=2)),
        undecodable(code="SIZE_MISMATCH"),
    ),
    case(
        "w7.1-content",
        "content last",
        envelope(payload(content=b"\xff", metadata={"sha256": sha256(b"\xff")})),
        undecodable(),
    ),
    case(
        "w7.1-list-size-content",
        "the first payload's length, the second's content",
        envelope(payload(size=1), payload(content=b"\xff")),
        undecodable(code="SIZE_MISMATCH"),
    ),
    case(
        "w7.1-list-content-base64",
        "the first payload's content, the second's base64",
        envelope(payload("dictionary", b"5"), payload(data="%")),
        undecodable(),
    ),
    case(
        "w7.1-list-content-size",
        "the first payload's content, the second's length",
        envelope(payload(content=b"\xff"), payload(size=1)),
        undecodable(),
    ),
    case(
        "w7.1-list-second",
        "the second payload, after a good one",
        envelope(payload(), payload(metadata=WRONG)),
        undecodable(1, code="CHECKSUM_MISMATCH"),
    ),
]

# What the error JSON says about the message: strings that can be read, else nothing.
ABOUT = {name: ENVELOPE[name] for name in ("correlation_id", "msg_id", "send_to")}


def about(**changes):
    return {"about": {**ABOUT, **changes}}


CASES += [
    case(
        "w7.2-all",
        "an invalid member leaves the others readable",
        envelope(timestamp="x"),
        invalid("/timestamp", **about()),
    ),
    case(
        "w7.2-decode",
        "an error in phase decode",
        envelope(payload(content=b"\xff", dataname="d")),
        undecodable(**about(), dataname="d"),
    ),
    case(
        "w7.2-dataname",
        "the payload's name",
        envelope(payload(), payload(size=-1, dataname="d")),
        invalid(P1 + "size", **about(), dataname="d"),
    ),
    case(
        "w7.2-dataname-number",
        "a name that is no string",
        envelope(payload(dataname=5)),
        invalid(P0 + "dataname", **about()),
    ),
    case(
        "w7.2-string",
        "a string that is no UUID is readable all the same",
        envelope(correlation_id="x"),
        invalid("/correlation_id", **about(correlation_id="x")),
    ),
    case("w7.2-number", "a number is no string", envelope(msg_id=5), invalid("/msg_id", **about(msg_id=""))),
    case(
        "w7.2-missing", "what is missing is empty", envelope(send_to=MISSING), invalid("/send_to", **about(send_to=""))
    ),
    case(
        "w7.2-array", "no object has no members", "[]", invalid("", **about(correlation_id="", msg_id="", send_to=""))
    ),
    case(
        "w7.2-parse",
        "nothing is known of what is not JSON",
        text(envelope()) + "}",
        unparsed(**about(correlation_id="", msg_id="", send_to="")),
    ),
]
