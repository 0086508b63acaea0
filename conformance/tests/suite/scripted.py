"""An adapter that does wrong on request: `scripted.py MODE`. In mode `good` it is right about the few cases that the tests use."""

import base64
import json
import os
import socket
import sys
import time

MODE = sys.argv[1]
OBJECT = {"type": "object", "value": []}
HELLO = {
    "protocol": 1,
    "implementation": "scripted",
    "version": "0.0.0",
    "runtime": "a script",
    "platform": "micropython",
    "payload_types": ["text", "dictionary", "jsontable", "image", "audio", "video", "binary"],
    "transports": ["direct"],
    "capabilities": ["ordered-objects"],
}


def report(code="INVALID_ENVELOPE", phase="validate", pointer="/payloads/0/id"):
    about = {"correlation_id": "", "msg_id": "", "send_to": "", "timestamp": "2026-11-22T05:00:00.000Z"}
    return {**about, "error": {"code": code, "message": "no", "details": {"phase": phase, "pointer": pointer}}}


def decode(request):
    text = request["text"].encode() if "text" in request else base64.b64decode(request["base64"])
    if MODE.startswith(("refuses", "reads")):
        other = MODE not in ("refuses", "reads") and b'"chat"' in text
        if other and len(sys.argv) > 2:
            with open(sys.argv[2], "w") as file:
                file.write(str(os.getpid()))
            time.sleep(0.1)
        if MODE.startswith("refuses"):
            return {"error": {"report": report(code="SIZE_MISMATCH") if other else report()}}
        return {"decoded": {"envelope": {"send_to": "b" if other else "a", "metadata": OBJECT}, "payloads": []}}
    message = json.loads(text)
    payloads = message.pop("payloads")
    if MODE == "text-only" and "base64" in request:
        return {"error": {"report": report()}}
    if payloads:
        return {"error": {"report": report(code="URL_NOT_ALLOWED") if MODE == "wrong-code" else report()}}
    message["metadata"] = OBJECT
    return {"decoded": {"envelope": message, "payloads": []}}


def wrong(request):
    """The answer of a mode that is wrong about a message; None where it is right."""
    if MODE == "crash":
        print("the last words", file=sys.stderr)
        os._exit(3)
    if MODE == "hang":
        time.sleep(600)
    if MODE == "garbage":
        return "this is no JSON"
    if MODE == "binary":
        sys.stdout.buffer.write(b"\xff\xfe\n")
        sys.stdout.flush()
        return ""
    if MODE == "no-reply-of-the-protocol":
        return {"id": request["id"], "decoded": {"envelope": {}, "payloads": "none"}}
    if MODE == "bad-report":
        broken = report()
        del broken["timestamp"]
        return {"id": request["id"], "error": {"report": broken}}
    if MODE == "wrong-id":
        return {"id": request["id"] + 1, **decode(request)}
    if MODE == "unsupported":
        return {"id": request["id"], "unsupported": "ordered-objects"}
    if MODE == "undeclared":
        return {"id": request["id"], "unsupported": "link"}
    if MODE == "wrong-value":
        payload = {"dataname": "p", "payload_type": "text", "transport": "direct", "size": 1, "metadata": OBJECT}
        payload["value"] = {"type": "string", "value": "x"}
        return {"id": request["id"], "decoded": {"envelope": {}, "payloads": [payload]}}
    return None


def answer(request):
    if request["op"] == "hello":
        if MODE == "no-hello":
            sys.exit("a module is missing")
        if MODE == "incoherent":
            return {"id": request["id"], "hello": {**HELLO, "transports": ["direct", "link"]}}
        if MODE == "forgetful":
            return {"id": request["id"], "hello": {**HELLO, "payload_types": ["text"]}}
        if MODE == "connected":
            able = {"capabilities": ["link", "nats", "ordered-objects"], "transports": ["direct", "link"]}
            return {"id": request["id"], "hello": {**HELLO, **able}}
        if MODE == "weak":
            return {"id": request["id"], "hello": {**HELLO, "capabilities": ["ordered-objects", "one-number-type"]}}
        if MODE in ("desktop", "nowhere"):
            return {"id": request["id"], "hello": {**HELLO, "platform": MODE}}
        return {"id": request["id"], "hello": HELLO}
    if request["op"] == "stop":
        return {"id": request["id"], "stopped": True}
    return wrong(request) or {"id": request["id"], **decode(request)}


def talk(lines, write):
    for line in lines:
        request = json.loads(line)
        reply = answer(request)
        write(reply if isinstance(reply, str) else json.dumps(reply))
        if request["op"] == "stop":
            sys.exit(4 if MODE == "bad-exit" else 0)


if MODE == "pid":
    with open(sys.argv[2], "w") as file:
        file.write(str(os.getpid()))
    MODE = "hang"
if MODE == "tcp":
    stream = socket.create_connection(("127.0.0.1", int(sys.argv[2]))).makefile("rw")
    talk(stream, lambda line: print(line, file=stream, flush=True))
talk(sys.stdin, lambda line: print(line, flush=True))
