"""The conformance adapter, by the protocol's own schema."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

HERE = Path(__file__).resolve().parent
ADAPTER = HERE.parent / "conformance" / "adapter.py"
SCHEMA = HERE.parents[2] / "conformance" / "protocol.schema.json"


@pytest.fixture(scope="module")
def schema():
    if not SCHEMA.exists():
        pytest.skip("the repository is not here")
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


@pytest.fixture
def ask(schema):
    """Gives the replies to requests, each held against the schema."""

    def asked(*requests):
        replies = jsonschema.Draft202012Validator({"$ref": "#/$defs/Reply", "$defs": schema["$defs"]})
        lines = [json.dumps({"id": number, **request}) for number, request in enumerate([*requests, {"op": "stop"}])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, str(ADAPTER)],
            input="\n".join(lines) + "\n",
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
            timeout=60,
            check=True,
        )
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        for answer in answers:
            replies.validate(answer)
        assert answers.pop() == {"id": len(requests), "stopped": True}
        return answers

    return asked


def given(kind, value):
    return {"type": kind, "value": value}


def test_it_is_small():
    assert len(ADAPTER.read_text(encoding="utf-8").splitlines()) <= 150


def test_there_and_back(ask):
    values = [
        ("text", given("string", "gr\u00fc\u00dfe")),
        ("dictionary", given("object", [["b", given("int", "18446744073709551615")], ["a", {"type": "null"}]])),
        ("dictionary", given("array", [given("float", "-0.0"), given("bool", True)])),
        ("binary", {"type": "bytes", "base64": "AAEC"}),
    ]
    payloads = [{"dataname": "p", "payload_type": kind, "value": value, "metadata": None} for kind, value in values]
    hello, encoded = ask({"op": "hello", "protocol": 1}, {"op": "encode", "subject": "a.b", "payloads": payloads})
    assert "arrowtable" in hello["hello"]["capabilities"]
    text = encoded["encoded"]["message"]
    (decoded,) = ask({"op": "decode", "text": text, "allowed_origins": []})
    received = [payload["value"] for payload in decoded["decoded"]["payloads"]]
    assert received[:3] == [value for _, value in values[:3]]
    assert (received[3]["size"], received[3]["base64"]) == (3, "AAEC")


def test_refusals(ask):
    broken, lone, missing = ask(
        {"op": "decode", "base64": "ew=="},
        {
            "op": "encode",
            "subject": "a.b",
            "payloads": [{"dataname": "p", "payload_type": "text", "value": given("utf16", [0xD83D])}],
        },
        {"op": "send", "nats_url": "nats://127.0.0.1:9", "deliver": {"ack_wait": 1, "deadline": 1}},
    )
    assert broken["error"]["report"]["error"]["code"] == "INVALID_ENVELOPE"
    assert lone["error"]["report"]["error"]["code"] == "SERIALIZATION_ERROR"
    assert missing == {"id": 2, "unsupported": "deliver"}


def test_over_nats(ask, nats_url, schema):
    """One adapter receives and answers, another sends."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": environment, "text": True}
    with subprocess.Popen([sys.executable, str(ADAPTER)], **pipes) as receiver:
        try:
            request = {
                "id": 0,
                "op": "receive",
                "nats_url": nats_url,
                "subject": "a.b",
                "timeout": 20_000,
                "answer": "ack",
            }
            receiver.stdin.write(json.dumps(request) + "\n")
            receiver.stdin.flush()
            assert json.loads(receiver.stdout.readline()) == {"id": 0, "subscribed": True}
            payload = {"dataname": "p", "payload_type": "text", "value": given("string", "Hello")}
            arguments = {"reply_to": "answers"}
            send = {"op": "send", "nats_url": nats_url, "subject": "a.b", "payloads": [payload], "arguments": arguments}
            (sent,) = ask(send)
            decoded = json.loads(receiver.stdout.readline())["decoded"]
            assert decoded["payloads"][0]["value"] == given("string", "Hello")
            assert decoded["envelope"]["msg_id"] == json.loads(sent["encoded"]["message"])["msg_id"]
            receiver.communicate('{"id":1,"op":"stop"}\n', timeout=20)
            assert receiver.returncode == 0
        finally:
            receiver.kill()


def test_nothing_came(ask, nats_url):
    subscribed, nothing = ask({"op": "receive", "nats_url": nats_url, "subject": "a.b", "timeout": 100})
    assert subscribed == {"id": 0, "subscribed": True}
    assert nothing["error"]["report"]["error"]["code"] == "NATS_CONNECTION_FAILED"
