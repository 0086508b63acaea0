"""The Python implementation under the conformance suite: one JSON object per line in, one out (conformance/README.md)."""

import asyncio
import json
import platform
import sys
from base64 import b64decode
from pathlib import Path

import nats
from values import given, tagged

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
import natsbridge

TYPES = ["text", "dictionary", "arrowtable", "jsontable", "image", "audio", "video", "binary"]
CAN = "answers arrowtable big-integers environment files link lone-surrogates nats non-finite-floats ordered-objects"
HELLO = {"protocol": 1, "implementation": "python", "version": natsbridge.__version__, "platform": "desktop"}
HELLO["runtime"] = f"{platform.python_implementation()} {platform.python_version()}"
HELLO.update(payload_types=TYPES, transports=["direct", "link"], capabilities=CAN.split())
ENCODE = ("size_threshold", "max_message_bytes", "max_payloads", "checksum", "inline_json", "fallback")
DECODE = ("allowed_origins", "max_message_bytes", "max_payloads", "fileserver_url")


def passed(source, names):
    return {name: source[name] for name in names if source.get(name) is not None}


def arguments(request, *names):
    named, patience = request.get("arguments", {}), request.get("transfer", {})
    metadata = {"metadata": given(named["metadata"])} if named.get("metadata") else {}
    return {**passed(named, named), **passed(patience, patience), **passed(request, names), **metadata}


async def encode(request):
    parts, upload = [], request.get("upload") or {"to": None}
    for it in request.get("payloads", ()):
        metadata = (given(it["metadata"]),) if it.get("metadata") else ()
        parts.append((it["dataname"], given(it["value"]), it["payload_type"], *metadata))
    named = {**arguments(request, *ENCODE), **passed(upload, ["fileserver_url"])}
    if request["op"] == "answer":
        kind, request["arguments"] = request["kind"], {}
        given_to = {"nack": [request.get("error")], "reply": [parts]}.get(kind, [])
        answer = getattr(natsbridge, kind)(
            await decode(request, []), *given_to, send_to=request.get("reply_subject"), **named
        )
        return answer[1]
    if upload["to"] == "kept":
        named["fileserver_upload_handler"] = natsbridge.Plik(ttl=upload["ttl_s"])
    if upload["to"] == "handler":
        named["fileserver_upload_handler"] = lambda *_: passed(upload, ["status", "url"])
    envelope, text = await natsbridge.smartsend(request.get("subject", ""), parts, **named)
    if request["op"] == "send":
        client = await nats.connect(request["nats_url"])
        await client.publish(envelope["send_to"], text.encode())
        await client.drain()
    return text


async def decode(request, asked, message=None):
    named, known, folder = arguments(request, *DECODE), request.get("handler"), request.get("into_folder")
    if known is not None:
        named["fileserver_download_handler"] = lambda url, *_: asked.append(url) or b64decode(known[url])
    if folder is not None:
        named["into_files"] = lambda at, it: Path(folder, str(at)) if it["payload_type"] in TYPES[4:] else None
    if message is None:
        message = request["text"] if "text" in request else b64decode(request["base64"])
    return await natsbridge.smartreceive(message, **named)


async def receive(request):
    client = await nats.connect(request["nats_url"])
    subscription = await client.subscribe(request["subject"])
    await client.flush()
    say(request["id"], {"subscribed": True})
    kind, received, message = request.get("answer"), None, None
    error = natsbridge.NATSBridgeError("DESERIALIZATION_ERROR", "decode", "as the case asks")
    try:
        message = await subscription.next_msg(timeout=request["timeout"] / 1000)
        received = await decode(request, [], message)
    except nats.errors.TimeoutError:
        error = natsbridge.NATSBridgeError("NATS_CONNECTION_FAILED", "deliver", "no message came in time")
    except natsbridge.NATSBridgeError as refusal:
        error = refusal
    if message and (kind == "nack" or (kind and received)):
        given_to = [error] if kind == "nack" else []
        envelope, text = getattr(natsbridge, kind)(received, *given_to, send_to=message.reply or None)
        await client.publish(envelope["send_to"], text.encode())
    await client.drain()
    if received is None:
        raise error
    return received


def say(number, reply):
    sys.stdout.write(json.dumps({"id": number, **reply}) + "\n")
    sys.stdout.flush()


def decoded(received, asked):
    payloads = [passed(vars(it), ["transport", "size"]) for it in received["payloads"]]
    for payload, it in zip(payloads, received.pop("payloads")):
        payload.update(dataname=it[0], value=tagged(it[1]), payload_type=it[2], metadata=tagged(it.metadata))
    return {"envelope": {**received, "metadata": tagged(received["metadata"])}, "payloads": payloads, "asked": asked}


async def main():
    for line in sys.stdin.buffer:
        request, asked = json.loads(line), []
        operation = request["op"]
        try:
            if operation in ("decode", "receive"):
                call = decode(request, asked) if operation == "decode" else receive(request)
                reply = {"decoded": decoded(await call, asked)}
            elif operation in ("encode", "send", "answer") and request.get("deliver") is None:
                reply = {"encoded": {"message": await encode(request)}}
            else:
                reply = {"hello": {"hello": HELLO}, "stop": {"stopped": True}}.get(
                    operation, {"unsupported": "deliver"}
                )
        except natsbridge.NATSBridgeError as error:
            reply = {"error": {"report": error.report(), "asked": asked}}
        say(request["id"], reply)
        if operation == "stop":
            return


asyncio.run(main())
