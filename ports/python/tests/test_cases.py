"""Every case of the conformance suite, on the pure core."""

import json
import re
from typing import Any, Dict

import jsonschema
import pytest
from cases import ROOT, all_cases, cases_of, given, input_bytes, repeated, same, tagged

from natsbridge import NATSBridgeError, ack, nack, reply, update_status
from natsbridge._generated import PAYLOAD_TYPE_NAMES
from natsbridge.clock import new_id, now
from natsbridge.draft import Draft
from natsbridge.incoming import Decoder

CASES = all_cases()
SCHEMAS = ROOT / "schema" / "v1"


def decoder_of(case: Dict[str, Any]) -> Decoder:
    options = dict(case.get("options", {}))
    types = options.pop("payload_types", None)
    if types is not None and set(types) != set(PAYLOAD_TYPE_NAMES):
        pytest.skip("for receivers of other payload types")
    if "arrowtable" in case.get("needs", []):
        pytest.importorskip("pyarrow")
    return Decoder(**options)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_case(case: Dict[str, Any], report_schema: Any) -> None:
    decoder, expect = decoder_of(case), case["expect"]
    text = input_bytes(case)
    refused: Any
    verdicts = expect.get("any", [expect])
    try:
        incoming = decoder.decode(text)
        if "pending" in expect:
            found = [{"index": each.index, "url": each.url, "size": each.size} for each in incoming.downloads()]
            assert found == expect["pending"]
            return
        received = incoming.finish()
    except NATSBridgeError as error:
        refused = error
    else:
        refused = None
    if refused is not None:
        report_schema.validate(json.loads(refused.to_json("2026-03-13T07:02:50.443Z")))
        errors = [verdict["error"] for verdict in verdicts if "error" in verdict]
        assert errors, refused
        check_error(refused, errors[0])
        return
    values = [verdict["ok"] for verdict in verdicts if "ok" in verdict]
    assert values, received
    check_received(received, values[0])


SENDINGS = [
    case
    for case in cases_of("encode")
    if not {"environment", "files", "nats", "link"} & {*case, *case.get("needs", [])} and "upload" not in case["send"]
]


@pytest.mark.parametrize("case", SENDINGS, ids=[case["id"] for case in SENDINGS])
def test_sending(case: Dict[str, Any], report_schema: Any) -> None:
    send, expect = dict(case["send"]), case["expect"]
    arguments = send.pop("arguments", {})
    refused: Any
    for name in ("fallback", "transfer"):
        send.pop(name, None)
    if "metadata" in arguments:
        arguments = {**arguments, "metadata": given(arguments["metadata"])}
    parts = []
    for part in send.pop("payloads"):
        one, times = part if isinstance(part, list) else (part, 1)
        parts += [part_of(one)] * times
    try:
        outgoing = Draft(send.pop("subject"), parts, **arguments, **send).encode(now(), new_id)
        for upload in outgoing.uploads():
            outgoing.link(upload.index, "http://files.invalid/x", None)
        text = outgoing.finish()[1].decode()
    except NATSBridgeError as error:
        refused = error
    else:
        refused = None
    if refused is not None:
        report_schema.validate(json.loads(refused.to_json()))
        assert "error" in expect, refused
        check_error(refused, expect["error"])
        for word in expect["error"].get("hides", []):
            assert word not in refused.to_json()
        return
    if "message" in expect:
        message = expect["message"]
        assert matches(message if isinstance(message, str) else repeated(message["repeat"]), text)
    assert "error" not in expect


ANSWERS = cases_of("answer")


@pytest.mark.parametrize("case", ANSWERS, ids=[case["id"] for case in ANSWERS])
def test_answer(case: Dict[str, Any]) -> None:
    answer, expect = case["answer"], case["expect"]
    envelope = Decoder(allowed_origins=["http://localhost:8080"]).decode(answer["text"]).envelope
    arguments = dict(answer.get("arguments", {}), send_to=answer.get("reply_subject"))
    if "metadata" in arguments:
        arguments["metadata"] = given(arguments["metadata"])
    parts = [part_of(part) for part in answer.get("payloads", [])]
    try:
        if answer["kind"] == "nack":
            _, text = nack(envelope, answer["error"], **arguments)
        elif answer["kind"] == "reply":
            _, text = reply(envelope, parts, **arguments)
        else:
            _, text = {"ack": ack, "update_status": update_status}[answer["kind"]](envelope, **arguments)
    except NATSBridgeError as error:
        check_error(error, expect["error"])
        return
    assert "error" not in expect
    if "message" in expect:
        assert matches(expect["message"], text)
    if "received" in expect:
        check_received(Decoder().decode(text).finish(), expect["received"])


def part_of(part: Dict[str, Any]) -> Any:
    metadata = [given(part["metadata"])] if "metadata" in part else []
    return (part["dataname"], given(part["value"]), part["payload_type"], *metadata)


def matches(message: str, text: str) -> bool:
    """Compare a text with one that has holes."""
    forms = {
        "timestamp": r"[0-9T:-]{19}\.[0-9]{3}Z",
        "uuid": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "link": r"http://files\.invalid/x",
    }
    pattern = ""
    named = set()
    for index, piece in enumerate(re.split(r"\$\{([^}]*)\}", message)):
        kind, _, name = piece.partition(":") if index % 2 else ("", "", "")
        if not kind:
            pattern += re.escape(piece)
        elif name in named:
            pattern += f"(?P={name})"
        else:
            pattern += f"(?P<{name}>{forms[kind]})" if name else forms[kind]
            named.add(name or None)
    return re.fullmatch(pattern, text) is not None


def check_received(received: Any, expected: Dict[str, Any]) -> None:
    for name, value in expected.get("envelope", {}).items():
        wanted = value if isinstance(value, dict) and value.keys() == {"type", "value"} else tagged(value)
        assert same(wanted, tagged(received[name])), name
    if "payload_count" in expected:
        assert len(received["payloads"]) == expected["payload_count"]
    if "payloads" not in expected:
        return
    assert len(received["payloads"]) == len(expected["payloads"])
    for payload, wanted in zip(received["payloads"], expected["payloads"]):
        dataname, data, payload_type = payload
        assert dataname == wanted["dataname"]
        assert payload_type == wanted["payload_type"]
        assert payload.transport == wanted["transport"]
        assert payload.size == wanted.get("size", payload.size)
        assert same(wanted["value"], tagged(data)), (wanted["value"], tagged(data))


def check_error(error: NATSBridgeError, expected: Dict[str, Any]) -> None:
    found = {"code": error.code, "phase": error.phase, "pointer": error.pointer, "dataname": error.dataname}
    for name in ("code", "phase", "pointer", "dataname"):
        if name in expected:
            assert found[name] == expected[name], (error, found)
    for name, value in expected.get("about", {}).items():
        assert getattr(error, name) == value


def test_there_are_as_many_as_ever() -> None:
    assert len(CASES) >= 1500
    assert len({case["id"] for case in CASES}) == len(CASES)


@pytest.fixture(scope="session")
def report_schema() -> Any:
    from referencing import Registry, Resource

    names = ("definitions", "error")
    schemas = [json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8")) for name in names]
    registry = Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in schemas)
    return jsonschema.Draft202012Validator(schemas[1], registry=registry)
