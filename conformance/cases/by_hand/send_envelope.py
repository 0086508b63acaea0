"""Sending: the envelope's own members (W1), the user's own example, canonical writing (W4)."""

from model import ENVELOPE, I, MISSING, sha256
from sending import IDS, Part, invalid, sent
from w1_envelope import LONG, NAMES, READ, REFUSED
from w1_envelope import UUID

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452")
HI = Part("hi")
NEW = {name: MISSING for name in IDS}
OTHER = "AABBCCDD-EEFF-4ABC-8DEF-ABCDEFABCDEF"
UNICODE = {
    "astral": "\U0001f600\U00010000\U0010ffff",
    "combining": "e\u0301\u0323\u1e69",
    "nul": "a\0b",
    "bom": "\ufeffhi\ufeff",
    "right-to-left": "\u05e9\u05dc\u05d5\u05dd \u202e\u0645\u0631\u062d\u0628\u0627\u202c",
    "separators": "\u2028\u2029\u0085\u00a0",
    "controls": "".join(map(chr, range(32))) + '"\\/\x7f\x80',
    "noncharacters": "\ufffe\uffff\ufdd0",
}

CASES = [
    sent(
        "w1.1-send-walkthrough",
        "the walkthrough's own example: a text and an image, and nothing else said",
        [Part("Hello World", dataname="msg"), Part(PNG, "image", "img")],
        subject="/chat/user/v1/message",
        arguments=NEW,
    ),
    sent("w1.1-send-none", "no payloads", []),
    sent("w1.1-send-defaults", "what is not said has its default", [HI], arguments=NEW),
    sent(
        "w1.1-send-all",
        "every argument that becomes a member",
        [HI],
        subject="/chat/user/v1/message",
        arguments={
            "msg_purpose": "command",
            "sender_name": "sender-app",
            "receiver_name": "receiver-app",
            "receiver_id": "2d1e5bac-3e4f-4061-9b7c-8d9eaf102b3c",
            "reply_to": "reply.subject",
            "reply_to_msg_id": "3e2f6cbd-4f50-4172-ac8d-9eafb0213c4d",
            "broker_url": "nats://a:4222,tls://b.example",
            "metadata": {"b": 1, "a": [None, True, "x", {}]},
        },
    ),
    sent(
        "w1.1-send-empty",
        "every argument that may be empty",
        [Part("", dataname="")],
        arguments={
            name: ""
            for name in ("sender_name", "receiver_name", "receiver_id", "reply_to", "reply_to_msg_id", "broker_url")
        },
    ),
]

# Ids.
for name in ("correlation_id", "msg_id", "sender_id", "receiver_id", "reply_to_msg_id"):
    CASES.append(
        sent(
            "w1.3-send-upper-" + name,
            "a UUID in upper case is written in lower case",
            [HI],
            arguments={name: OTHER},
            as_written={name: OTHER.lower()},
        )
    )
CASES += [
    invalid("w1.3-send-braces", "braces", "/correlation_id", arguments={"correlation_id": "{%s}" % UUID}),
    invalid("w1.3-send-bare", "32 digits without hyphens", "/msg_id", arguments={"msg_id": UUID.replace("-", "")}),
    invalid("w1.3-send-newline", "a line feed after it", "/sender_id", arguments={"sender_id": UUID + "\n"}),
    invalid("w1.3-send-empty", "a message has an id", "/msg_id", arguments={"msg_id": ""}),
    invalid("w1.3-send-receiver", "no UUID", "/receiver_id", arguments={"receiver_id": "everyone"}),
    invalid("w1.3-send-reply", "no UUID", "/reply_to_msg_id", arguments={"reply_to_msg_id": " "}),
]

# Subjects.
for slug in ("path", "unicode", "stars-in-token"):
    value = {"path": "/chat/user/v1/message", "unicode": "\u00e4.\u20ac.\U0001f600", "stars-in-token": "a*b.*c.d*.**"}[slug]
    CASES.append(sent("w1.5-send-" + slug, "a subject", [], subject=value, arguments={"reply_to": value}))
for slug, value in {
    "empty": "",
    "star": "a.*",
    "greater": "a.>",
    "space": "a b",
    "newline": "a\n",
    "protocol": "a\r\nPUB b 0",
    "last-empty": "a.",
    "1025": "a" * 1025,
    "1025-two": "\u00e4" * 512 + "a",
}.items():
    CASES.append(invalid("w1.5-send-refused-" + slug, "no subject to send to", "/send_to", subject=value))
for slug, value in {"star": "*", "delete": "a\x7f", "middle-empty": "a..b"}.items():
    CASES.append(invalid("w1.5-send-reply-" + slug, "no subject to answer to", "/reply_to", arguments={"reply_to": value}))
CASES.append(sent("w1.5-send-1024", "1,024 bytes of four each", [], subject="\U0001f600" * 256))

# Purposes.
for value in ("ACK", "NACK", "updateStatus", "shutdown", "event"):
    CASES.append(sent("w1.6-send-" + value, "a purpose", [], arguments={"msg_purpose": value}))
for slug, value in {"upper": "CHAT", "snake": "update_status", "empty": ""}.items():
    CASES.append(invalid("w1.6-send-refused-" + slug, "no purpose", "/msg_purpose", arguments={"msg_purpose": value}))

# Names.
for slug, value in UNICODE.items():
    CASES.append(
        sent(
            "w1.7-send-" + slug,
            "a name is any string: in the envelope and of a payload",
            [Part(value, dataname=value)],
            arguments={"sender_name": value, "receiver_name": value},
        )
    )
CASES += [
    sent(
        "w1.7-send-1024",
        "1,024 bytes",
        [Part("hi", dataname=NAMES["1024-four"])],
        arguments={"sender_name": NAMES["1024-two"], "receiver_name": NAMES["1024"]},
    ),
    sent(
        "w1.7-send-equal",
        "payloads of equal names are told apart by position",
        [Part("1"), Part(b"2", "binary"), Part("3", dataname="q"), Part("4")],
    ),
    invalid("w1.7-send-sender", "1,025 bytes", "/sender_name", arguments={"sender_name": LONG["1025"]}),
    invalid("w1.7-send-receiver", "1,025 bytes", "/receiver_name", arguments={"receiver_name": LONG["1025-two"]}),
    invalid(
        "w1.7-send-dataname",
        "1,027 bytes",
        "/payloads/1/dataname",
        [HI, Part("hi", dataname=LONG["1027-three"])],
    ),
]

# Servers.
for slug, value in {k: v for k, v in READ.items() if k in ("tls", "wss", "address-6", "list")}.items():
    CASES.append(sent("w1.8-send-" + slug, "a broker URL", [], arguments={"broker_url": value}))
for slug, value, plain in (
    ("user", "nats://user@localhost:4222", "nats://localhost:4222"),
    ("password", "nats://user:s3cret@localhost:4222", "nats://localhost:4222"),
    ("password-list", "nats://a:4222,tls://user:s3cret@b:4443/x", "nats://a:4222,tls://b:4443/x"),
    ("password-at", "nats://user:s3%40cret@[::1]:4222", "nats://[::1]:4222"),
    ("password-upper", "NATS://User:S3cret@localhost", "NATS://localhost"),
):
    CASES.append(
        sent(
            "w1.8-send-" + slug,
            "user-info is removed before it is written",
            [],
            arguments={"broker_url": value},
            as_written={"broker_url": plain},
        )
    )
for slug in ("http", "no-host", "trailing-comma", "space", "no-scheme"):
    CASES.append(
        invalid(
            "w1.8-send-refused-" + slug,
            "refused: " + REFUSED[slug][1],
            "/broker_url",
            arguments={"broker_url": REFUSED[slug][0]},
        )
    )
CASES.append(
    invalid(
        "w6.10-send-broker",
        "an error does not tell the password",
        "/broker_url",
        arguments={"broker_url": "http://user:s3cret@localhost:4222"},
        error={"hides": ["s3cret", "user:"]},
    )
)

# Metadata.
ANY = {
    "": None,
    "a b": [1, {"c": True}],
    "sha256": "not a digest",
    "payload_bytes": -1,
    "__proto__": {"constructor": 5},
    "n": 18446744073709551615,
    "\U0001f600": "\u2028\0",
}


def deep(levels):
    """An object of so many levels, each in the one before."""
    value = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


RESERVED = "/payloads/1/metadata/"
OWN = {name: item for name, item in ANY.items() if name not in ("sha256", "payload_bytes")}
CASES += [
    sent("w1.9-send-any", "any JSON value, and names that a payload reserves", [], arguments={"metadata": ANY}),
    sent("w1.9-send-empty", "an empty object", [Part("hi", metadata={})], arguments={"metadata": {}}),
    sent(
        "w1.9-send-both",
        "both metadata",
        [Part("hi", metadata={"z": [1], "a": {"c": "\u00e4"}}), Part(b"\0", "image", metadata={"\0": None})],
        arguments={"metadata": {"b": None, "a": [True]}},
    ),
    sent("w1.9-send-deep", "63 levels", [], arguments={"metadata": deep(63)}),
    invalid("w1.9-send-too-deep", "64 levels", "/metadata", arguments={"metadata": deep(64)}),
    sent("w1.9-send-payload-deep", "61 levels", [Part("hi", metadata=deep(61))]),
    invalid("w1.9-send-payload-too-deep", "62 levels", "/payloads/0/metadata", [Part("hi", metadata=deep(62))]),
    sent("w1.13-send-own", "the caller's members stand behind payload_bytes", [Part("hi", metadata=OWN)]),
    invalid("w1.13-send-bytes", "a reserved name", RESERVED + "payload_bytes", [HI, Part("hi", metadata={"payload_bytes": 2})]),
    invalid(
        "w1.13-send-sha256",
        "a reserved name, even with the right digest",
        RESERVED + "sha256",
        [HI, Part("hi", metadata={"a": 1, "sha256": sha256(b"hi")})],
    ),
    invalid(
        "w1.13-send-both",
        "payload_bytes stands before sha256, whatever the order of the caller",
        RESERVED + "payload_bytes",
        [HI, Part("hi", metadata={"sha256": "", "payload_bytes": 0})],
    ),
]

# The list of payloads.
CASES += [
    invalid("w1.10-send-over", "one more than the sender may", "/payloads", [HI] * 3, max_payloads=2),
    sent("w1.10-send-at", "as many as the sender may", [Part("1"), Part("2")], max_payloads=2),
    invalid("w1.10-send-10001", "10,001 payloads", "/payloads", [(Part(""), 10001)], max_message_bytes=1 << 23),
]
MANY = sent("w1.10-send-10000", "10,000 payloads", [Part("")], max_message_bytes=1 << 23)
one = "".join(Part("").written())
start = MANY["expect"]["message"].split('"payloads":[')[0] + '"payloads":['
MANY["send"]["payloads"] = [[Part("").given(), 10000]]
MANY["expect"] = {
    "message": {"repeat": [start + one, ["," + one, 9999], "]}"]},
    "received": {"envelope": {"send_to": "a.b"}, "payload_count": 10000},
}
CASES.append(MANY)

# Types.
CASES += [
    invalid("w1.11-send-upper", "no payload type", "/payloads/0/payload_type", [Part("hi", "Text")], "INVALID_PAYLOAD_TYPE"),
    invalid("w1.11-send-json", "no payload type", "/payloads/0/payload_type", [Part({}, "json")], "INVALID_PAYLOAD_TYPE"),
    invalid("w1.11-send-empty", "no payload type", "/payloads/1/payload_type", [HI, Part("hi", "")], "INVALID_PAYLOAD_TYPE"),
]

# Which fault counts.
WRONG = {
    "correlation_id": "x",
    "msg_id": "x",
    "msg_purpose": "x",
    "sender_name": LONG["1025"],
    "sender_id": "x",
    "receiver_name": LONG["1025"],
    "receiver_id": "x",
    "reply_to": "*",
    "reply_to_msg_id": "x",
    "broker_url": "x",
}
for place, name in enumerate(list(WRONG)):
    later = {other: WRONG[other] for other in list(WRONG)[place:]}
    CASES.append(
        invalid(
            "w7.1-send-first-" + name,
            "the first fault in schema order",
            "/" + name,
            [Part("hi", "nope")],
            arguments=dict(reversed(list(later.items()))),
            **({"subject": ">"} if place < 2 else {}),
        )
    )
CASES += [
    invalid("w7.1-send-subject", "the subject stands before the purpose", "/send_to", subject=">", arguments={"msg_purpose": "x"}),
    invalid(
        "w7.1-send-dataname",
        "a payload's name stands before its type",
        "/payloads/0/dataname",
        [Part("hi", "nope", LONG["1025"])],
    ),
    invalid(
        "w7.1-send-payloads",
        "payloads count in list order",
        "/payloads/0/metadata/sha256",
        [Part("hi", metadata={"sha256": 1}), Part("hi", "nope")],
    ),
    invalid(
        "w7.1-send-too-many",
        "too many payloads come before the first one's fault",
        "/payloads",
        [Part("hi", "nope"), HI],
        max_payloads=1,
    ),
    invalid(
        "w7.1-send-validate",
        "a broken argument comes before a value that cannot be serialized",
        "/payloads/1/payload_type",
        [Part(5), Part("hi", "nope")],
        "INVALID_PAYLOAD_TYPE",
    ),
    invalid(
        "w7.1-send-validate-limit",
        "a broken argument comes before a limit",
        "/reply_to",
        [Part("x" * 2000)],
        arguments={"reply_to": "*"},
        max_message_bytes=100,
    ),
    invalid(
        "w7.2-send-dataname",
        "an error names the payload",
        "/payloads/1/payload_type",
        [HI, Part("hi", "nope", "second")],
        "INVALID_PAYLOAD_TYPE",
        error={"dataname": "second"},
    ),
]

# Canonical writing.
ORDER = {"b": 1, "a": {"z": [], "y": {}}, "": "", "A": I("-9223372036854775808")}
CASES += [
    sent(
        "w4-send-order",
        "the caller's order of members is kept",
        [Part(ORDER, "dictionary", metadata=ORDER), Part([ORDER, {}], "jsontable")],
        arguments={"metadata": ORDER},
        more={"needs": ["ordered-objects"]},
    ),
    sent(
        "w4-send-digits",
        "names that look like numbers keep their place as well",
        [Part({"b": 1, "10": 2, "9": 3, "01": 4}, "dictionary")],
        arguments={"metadata": {"2": 1, "1": 2}},
        more={"needs": ["ordered-objects"]},
    ),
    sent(
        "w4-send-escapes",
        "only what JSON demands is escaped, in its shortest form",
        [Part({UNICODE["controls"]: UNICODE["controls"]}, "dictionary", "<>&'\u2028")],
        arguments={"metadata": {"</script>": "\u00e4\u20ac\U0001f600\ufeff"}},
    ),
    sent(
        "w4-send-mixed",
        "every type but tables, as the same case of the readers has it",
        [
            Part("hi", metadata={"z": [1], "a": {"c": "\u00e4"}}),
            Part([], "dictionary"),
            Part([{}], "jsontable"),
            Part(b"\0", "image"),
            Part(b"\1\2", "audio"),
            Part(b"", "video"),
            Part(bytes(range(64)), "binary"),
        ],
        arguments={"sender_name": ENVELOPE["sender_name"], "metadata": {"b": None, "a": [True]}},
    ),
]
