"""Answers (W8.2, W8.3, W8.6): what is made of a message and nothing else, by pure functions."""

from model import ENVELOPE, I, envelope, payload
from model import text as message_text
from sending import HEADER, Part, given, written

SOURCE = {"sender_name": "sender-app", "reply_to": "answers.here", "broker_url": "nats://localhost:4222"}
"""The broker is the default, so that an answer has the same whether it takes over the message's or not."""
ME = {"sender_name": "worker", "sender_id": "55555555-5555-4555-8555-555555555555", "msg_id": "66666666-6666-4666-8666-666666666666"}
ERROR = {
    "correlation_id": ENVELOPE["correlation_id"],
    "msg_id": ENVELOPE["msg_id"],
    "timestamp": "2026-03-13T07:02:51.002Z",
    "send_to": "a.b",
    "error": {
        "code": "SIZE_MISMATCH",
        "message": "payload 0 has 11 bytes, and its size says 12",
        "details": {
            "phase": "decode",
            "pointer": "/payloads/0/data",
            "dataname": "msg",
            "expected": "12 bytes",
            "found": "11 bytes",
        },
    },
}
PURPOSE = {"ack": "ACK", "nack": "NACK", "reply": "chat", "update_status": "updateStatus"}
CASES = []


def told(kind, source, more):
    text = message_text(source)
    arguments = {**ME, **more.pop("arguments", {})}
    if "metadata" in arguments:
        arguments["metadata"] = given(arguments["metadata"])
    return {"kind": kind, "text": text, "arguments": {k: v for k, v in arguments.items() if v is not None}, **more}


def answered(id, title, kind, parts=(), source=None, send_to="answers.here", as_written=None, **more):
    source = source or envelope(payload(), **SOURCE)
    passed = {**ME, **more.get("arguments", {})}
    head = {
        **HEADER,
        "correlation_id": source["correlation_id"].lower(),
        "send_to": send_to,
        "msg_purpose": PURPOSE[kind],
        "receiver_name": source["sender_name"],
        "receiver_id": source["sender_id"].lower(),
        "reply_to_msg_id": source["msg_id"].lower(),
        **{name: "${uuid:%s}" % name if value is None else value for name, value in passed.items()},
        **(as_written or {}),
    }
    parts = list(parts)
    if kind == "nack":
        parts = [Part(more["error"], "dictionary", "error")]
    if kind == "reply":
        more["payloads"] = [part.given() for part in parts]
    (message,) = written(head, parts)
    rule = id.split("-")[0].upper()
    CASES.append({"id": id, "rule": rule, "title": title, "answer": told(kind, source, more), "expect": {"message": message}})


def refused(id, title, kind, pointer, source, code="INVALID_ENVELOPE", phase="validate", **more):
    rule = id.split("-")[0].upper()
    expect = {"error": {"code": code, "phase": phase, "pointer": pointer}}
    CASES.append({"id": id, "rule": rule, "title": title, "answer": told(kind, source, more), "expect": expect})


NO_REPLY = envelope(payload(), **{**SOURCE, "reply_to": ""})
UPPER = envelope(
    **{**SOURCE, "correlation_id": "AABBCCDD-EEFF-4ABC-8DEF-ABCDEFABCDEF", "msg_id": "BBBBCCDD-EEFF-4ABC-8DEF-ABCDEFABCDEF", "sender_id": "CCBBCCDD-EEFF-4ABC-8DEF-ABCDEFABCDEF"}
)
ODD = envelope(**{**SOURCE, "sender_name": "\U0001f600 \"\\\n\0", "reply_to": "\u00e4.\u20ac"})
for kind, more in (("ack", {}), ("nack", {"error": ERROR}), ("reply", {}), ("update_status", {})):
    rule = {"update_status": "w8.3", "reply": "w8.6"}.get(kind, "w8.2")
    name = rule + "-" + kind
    answered(name + "-reply-to", "to `reply_to`", kind, **dict(more))
    answered(name + "-reply-subject", "to the NATS reply subject, which counts before `reply_to`", kind, send_to="_INBOX.a.b", reply_subject="_INBOX.a.b", **dict(more))
    answered(name + "-reply-subject-only", "to the NATS reply subject of a message without `reply_to`", kind, source=NO_REPLY, send_to="_INBOX.a.b", reply_subject="_INBOX.a.b", **dict(more))
    answered(name + "-upper", "ids in lower case", kind, source=UPPER, **dict(more))
    answered(name + "-odd", "the sender's name and subject as they are", kind, source=ODD, send_to="\u00e4.\u20ac", **dict(more))
    answered(name + "-new-ids", "an answer is a message of its own, with ids of its own", kind, arguments={"sender_id": None, "msg_id": None, "sender_name": "NATSBridge"}, **dict(more))
    answered(
        name + "-arguments",
        "arguments of the answerer's own",
        kind,
        arguments={"metadata": {"b": 1, "a": []}, "reply_to": "more", "broker_url": "nats://b:4222"},
        **dict(more)
    )
    refused(name + "-nowhere", "neither a NATS reply subject nor `reply_to`", kind, "/send_to", NO_REPLY, **dict(more))

# NACKs: the error as it is.
SHORT = {**ERROR, "error": {"code": "DESERIALIZATION_ERROR", "message": "no", "details": {"phase": "decode"}}}
EMPTY = {"correlation_id": "", "msg_id": "", "timestamp": ERROR["timestamp"], "send_to": "", "error": {"code": "INVALID_ENVELOPE", "message": "", "details": {}}}
answered("w8.2-nack-short", "an error of few details", "nack", error=SHORT)
answered("w8.2-nack-empty", "an error that knows nothing of its message", "nack", error=EMPTY)
ODD_ERROR = {**SHORT, "send_to": "\u00e4", "error": {"code": "DOWNLOAD_FAILED", "message": "\u2028\0\"", "details": {"phase": "fetch", "pointer": "/payloads/10/data", "dataname": "\U0001f600"}}}
answered("w8.2-nack-unicode", "an error of odd characters", "nack", error=ODD_ERROR)

# Replies: payloads of any kind, in order.
answered("w8.6-reply-none", "no payloads", "reply")
answered(
    "w8.6-reply-payloads",
    "payloads of several types",
    "reply",
    [Part("hi"), Part({"n": I("9007199254740993")}, "dictionary", "d", metadata={"a": 1}), Part([{}], "jsontable"), Part(b"\0\xff", "image"), Part("")],
)
answered("w8.6-reply-command", "a purpose of its own", "reply", [Part("hi")], arguments={"msg_purpose": "event"}, as_written={"msg_purpose": "event"})
answered("w8.6-reply-to-empty", "to a message without payloads", "reply", [Part("hi")], source=envelope(**SOURCE))
refused("w8.6-reply-type", "a payload type that does not exist", "reply", "/payloads/0/payload_type", envelope(**SOURCE), "INVALID_PAYLOAD_TYPE", payloads=[Part("hi", "nope").given()])
refused("w8.6-reply-value", "a value that its type cannot carry", "reply", "/payloads/0/data", envelope(**SOURCE), "SERIALIZATION_ERROR", "serialize", payloads=[Part(5).given()])
refused("w8.6-reply-argument", "an argument that breaks the schema", "reply", "/msg_id", envelope(**SOURCE), payloads=[Part("hi").given()], arguments={"msg_id": "x"})
refused("w8.6-reply-subject", "a NATS reply subject that is none", "ack", "/send_to", envelope(**SOURCE), reply_subject="a b")

# Of what kind the message is does not matter.
for purpose in ("ACK", "command", "event", "shutdown"):
    answered("w8.2-ack-of-" + purpose, "to a message of any purpose", "ack", source=envelope(**{**SOURCE, "msg_purpose": purpose}))
UNKNOWN = {**envelope(payload(x=[1]), **SOURCE), "zone": {"a": 1}}
answered("w8.2-ack-unknown", "members that nobody knows are not taken over", "ack", source=UNKNOWN)
FULL = envelope(payload(), **{**SOURCE, "receiver_name": "me", "receiver_id": ME["sender_id"], "reply_to_msg_id": ME["msg_id"], "metadata": {"a": 1}})
answered("w8.2-ack-full", "nothing else is taken over", "ack", source=FULL)
