"""Every case of the conformance suite, on the pure core."""

import json
from typing import Any, Dict

import jsonschema
import pytest
from cases import ROOT, all_cases, input_bytes, same, tagged

from natsbridge import NATSBridgeError
from natsbridge._generated import PAYLOAD_TYPE_NAMES
from natsbridge.incoming import Decoder

CASES = list(all_cases())
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
    if "error" in expect:
        with pytest.raises(NATSBridgeError) as caught:
            decoder.decode(text).finish()
        check_error(caught.value, expect["error"])
        report = json.loads(caught.value.to_json("2026-03-13T07:02:50.443Z"))
        report_schema.validate(report)
        return
    incoming = decoder.decode(text)
    if "pending" in expect:
        found = [{"index": each.index, "url": each.url, "size": each.size} for each in incoming.downloads()]
        assert found == expect["pending"]
        return
    received = incoming.finish()
    expected = expect["ok"]
    for name, value in expected.get("envelope", {}).items():
        assert same(tagged(value), tagged(received[name])), name  # type: ignore[literal-required]
    if "payload_count" in expected:
        assert len(received["payloads"]) == expected["payload_count"]
        return
    assert len(received["payloads"]) == len(expected["payloads"])
    for payload, wanted in zip(received["payloads"], expected["payloads"]):
        dataname, data, payload_type = payload
        assert dataname == wanted["dataname"]
        assert payload_type == wanted["payload_type"]
        assert payload.transport == wanted["transport"]
        assert payload.size == wanted["size"]
        assert same(wanted["value"], tagged(data)), (wanted["value"], tagged(data))


def check_error(error: NATSBridgeError, expected: Dict[str, Any]) -> None:
    found = {"code": error.code, "phase": error.phase, "pointer": error.pointer, "dataname": error.dataname}
    for name in ("code", "phase", "pointer", "dataname"):
        if name in expected:
            assert found[name] == expected[name], (error, found)
    for name, value in expected.get("about", {}).items():
        assert getattr(error, name) == value


def test_there_are_as_many_as_ever() -> None:
    assert len(CASES) >= 400
    assert len({case["id"] for case in CASES}) == len(CASES)


@pytest.fixture(scope="session")
def report_schema() -> Any:
    from referencing import Registry, Resource

    names = ("definitions", "error")
    schemas = [json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8")) for name in names]
    registry = Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in schemas)
    return jsonschema.Draft202012Validator(schemas[1], registry=registry)
