"""Canonical writing (W4): what is read from `input` and written again is `canonical`, byte by byte.

Where every payload says `payload_bytes`, as writers do, `canonical` is also what its values and arguments encode to.
"""

from model import ENVELOPE, HI, Raw, SERVER, came, case, envelope, inline, link, ok, payload, pending, sha256, text

WALKTHROUGH = {
    "correlation_id": "5e0ad9a6-6d63-4c0f-8f3c-0b8ad1ef2d5b",
    "msg_id": "9a1e2c34-7b1f-4d8e-9c55-2f7d7e1f0a11",
    "timestamp": "2026-03-13T07:02:50.443Z",
    "send_to": "/chat/user/v1/message",
    "msg_purpose": "chat",
    "sender_name": "sender-app",
    "sender_id": "1c0f4a9b-2d3e-4f50-8a6b-7c8d9e0f1a2b",
    "receiver_name": "receiver-app",
    "receiver_id": "2d1e5bac-3e4f-4061-9b7c-8d9eaf102b3c",
    "reply_to": "reply.subject",
    "reply_to_msg_id": "3e2f6cbd-4f50-4172-ac8d-9eafb0213c4d",
    "broker_url": "nats://localhost:4222",
    "metadata": {},
    "payloads": [
        {
            "id": "4f307dce-5061-4283-bd9e-afb0c1324d5e",
            "dataname": "msg",
            "payload_type": "text",
            "transport": "direct",
            "encoding": "base64",
            "size": 11,
            "data": "SGVsbG8gV29ybGQ=",
            "metadata": {"payload_bytes": 11},
        }
    ],
}
HELLO = {**came("Hello World", size=11), "dataname": "msg"}
IDS = {name: ENVELOPE[name].upper() for name in ("correlation_id", "msg_id", "sender_id")}
LETTERS = {
    "correlation_id": "ABCDEFAB-CDEF-4ABC-8DEF-ABCDEFABCDEF",
    "reply_to_msg_id": "ABCDEFAB-CDEF-4ABC-8DEF-ABCDEFABCDEF",
}
SPECIAL = "\"\\/\b\t\n\f\r\0\x01\x0b\x1f\x7f\u0080\u2028\u2029\ufeff<>&'\u00e4\u20ac\U0001f600"
SPELLED = "".join("\\u%04X" % unit for unit in memoryview(SPECIAL.encode("utf-16-le")).cast("H"))


def written(id, title, source, canonical, expect):
    """`expect` with the canonical text of the envelope `canonical`."""
    return case("w4-" + id, title, source, {**expect, "canonical": text(canonical)})


def sent(payload_type="text", content=b"hi", **changes):
    """A payload as writers write it."""
    return payload(payload_type, content, **{"metadata": {"payload_bytes": len(content)}, **changes})


NOW = envelope(payload())
CASES = [
    written("walkthrough", "the walkthrough's own example", text(WALKTHROUGH), WALKTHROUGH, ok(HELLO)),
    written("smallest", "the smallest envelope", text(envelope()), envelope(), ok()),
    written("white-space", "no white space", text(NOW).replace('":', '" :\n\t').replace(',"', ' ,\r\n"'), NOW, ok(HI)),
    written("order", "members in schema order", envelope(dict(reversed(list(payload().items()))), **{}), NOW, ok(HI)),
    written("order-envelope", "members in schema order", dict(reversed(list(NOW.items()))), NOW, ok(HI)),
    written(
        "upper",
        "ids in lower case",
        envelope(**LETTERS),
        envelope(**{name: value.lower() for name, value in LETTERS.items()}),
        ok(),
    ),
    written("size-point", "sizes as plain digits", envelope(payload(size=Raw("2.0"))), NOW, ok(HI)),
    written("size-exponent", "sizes as plain digits", envelope(payload(size=Raw("20e-1"))), NOW, ok(HI)),
    written(
        "time",
        "a time that was received stays as it is",
        envelope(timestamp="2026-03-13T07:02:50.1Z"),
        envelope(timestamp="2026-03-13T07:02:50.1Z"),
        ok(),
    ),
    written(
        "escapes",
        "only what JSON demands is escaped, in its shortest form",
        envelope(sender_name=Raw('"%s"' % SPELLED), metadata={SPECIAL: SPECIAL}),
        envelope(sender_name=SPECIAL, metadata={SPECIAL: SPECIAL}),
        ok(envelope={"sender_name": SPECIAL}),
    ),
    written(
        "escaped-names",
        "names are read before they are known",
        text(NOW).replace('"size"', '"\\u0073ize"').replace('"payloads"', '"p\\u0061yloads"'),
        NOW,
        ok(HI),
    ),
    written(
        "escaped-data",
        "base64 loses its escapes",
        envelope(payload("binary", b"\xff\xff\xff", data=Raw('"\\/\\/\\u002F/"'))),
        envelope(payload("binary", b"\xff\xff\xff")),
        ok(came(b"\xff\xff\xff", "binary", 3)),
    ),
    written(
        "integers",
        "integers as they are",
        envelope(metadata=Raw('{"n":-0,"m":18446744073709551615,"k":-9223372036854775808}')),
        envelope(metadata={"n": 0, "m": 18446744073709551615, "k": -9223372036854775808}),
        ok(),
    ),
    written(
        "unknown",
        "unknown members after the known ones, in order of arrival",
        {"z": 1, **envelope({"y": None, **payload(), "x": [{}]}), "a": {"c": 1, "b": 2}},
        envelope({**payload(), "y": None, "x": [{}]}, z=1, a={"c": 1, "b": 2}),
        ok(HI),
    ),
    written(
        "metadata",
        "metadata in its own order",
        envelope(
            payload(metadata={"payload_bytes": 2, "sha256": sha256(b"hi"), "z": 1, "a": 2}),
            metadata={"b": 1, "a": {"9": 1, "10": 2}},
        ),
        envelope(
            payload(metadata={"payload_bytes": 2, "sha256": sha256(b"hi"), "z": 1, "a": 2}),
            metadata={"b": 1, "a": {"9": 1, "10": 2}},
        ),
        ok(HI),
    ),
    written(
        "inline",
        "inline JSON without white space",
        envelope(inline("dictionary", Raw('{ "b" : [ 1 , "\\u00e4" ] ,\n"a" : { } }'), size=20)),
        envelope(inline("dictionary", {"b": [1, "\u00e4"], "a": {}}, size=20)),
        ok(came({"b": [1, "\u00e4"], "a": {}}, "dictionary", 20)),
    ),
    written(
        "acknowledged",
        "an ACK",
        envelope(msg_purpose="ACK", receiver_name="r", receiver_id=IDS["sender_id"], reply_to_msg_id=IDS["msg_id"]),
        envelope(
            msg_purpose="ACK",
            receiver_name="r",
            receiver_id=IDS["sender_id"].lower(),
            reply_to_msg_id=IDS["msg_id"].lower(),
        ),
        ok(),
    ),
    written(
        "refused",
        "a NACK with its error",
        envelope(sent("dictionary", b'{"error":{"code":"SIZE_MISMATCH"}}', dataname="error"), msg_purpose="NACK"),
        envelope(sent("dictionary", b'{"error":{"code":"SIZE_MISMATCH"}}', dataname="error"), msg_purpose="NACK"),
        ok({**came({"error": {"code": "SIZE_MISMATCH"}}, "dictionary", 34), "dataname": "error"}),
    ),
]
HEADER = {
    **WALKTHROUGH,
    "sender_name": '\u00e4 "\n\x1f',
    "receiver_name": "\U0001f600",
    "send_to": "\u00e4.b",
    "broker_url": "nats://a:4222,tls://b",
    "msg_purpose": "event",
    "metadata": {"": "\\"},
    "payloads": [],
}
INLINE = envelope(
    inline("dictionary", {"b": [1, "\u00e4"], "a": {}}, size=21, metadata={"payload_bytes": 21}),
    inline("jsontable", [{"a": None}, {}], size=15, metadata={"payload_bytes": 15}),
)
MIXED = envelope(
    sent(metadata={"payload_bytes": 2, "z": [1], "a": {"c": "\u00e4"}}),
    sent("dictionary", b"[]"),
    sent("jsontable", b"[{}]"),
    sent("image", b"\0"),
    sent("audio", b"\1\2"),
    sent("video", b""),
    sent("binary", bytes(range(64))),
    metadata={"b": None, "a": [True]},
)
CASES.append(
    written(
        "mixed",
        "every type but tables",
        text(MIXED),
        MIXED,
        ok(
            HI,
            came([], "dictionary"),
            came([{}], "jsontable", 4),
            came(b"\0", "image", 1),
            came(b"\1\2", "audio", 2),
            came(b"", "video", 0),
            came(bytes(range(64)), "binary", 64),
        ),
    )
)
CASES += [
    written(
        "digests",
        "a digest behind payload_bytes, before the caller's own",
        text(envelope(sent(metadata={"payload_bytes": 2, "sha256": sha256(b"hi"), "a": 1}))),
        envelope(sent(metadata={"payload_bytes": 2, "sha256": sha256(b"hi"), "a": 1})),
        ok(HI),
    ),
    written("header", "every header member", text(HEADER), HEADER, ok()),
    written(
        "inline-sent",
        "inline JSON as it is sent",
        text(INLINE),
        INLINE,
        ok(came({"b": [1, "\u00e4"], "a": {}}, "dictionary", 21), came([{"a": None}, {}], "jsontable", 15)),
    ),
]
THERE = envelope(link(SERVER + "/a?b=c&d=%20", metadata={"payload_bytes": 2, "sha256": sha256(b"hi")}))
CASES.append(
    {
        **written("link", "a link as it is", text(THERE), THERE, pending((0, SERVER + "/a?b=c&d=%20", 2))),
        "options": {"allowed_origins": [SERVER]},
    }
)
