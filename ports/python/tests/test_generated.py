"""The generated check, held against the `jsonschema` package on the schema itself."""

import copy
import json
import re
from typing import Any, Dict, List

import jsonschema
import pytest
from cases import ROOT, all_cases, input_bytes
from hypothesis import given
from hypothesis import strategies as st
from referencing import Registry, Resource
from texts import texts

from natsbridge import _generated as generated
from natsbridge.check import Checker, TextRule, is_real_date
from natsbridge.json_reader import NotStrictError, read

FILES = ("definitions", "envelope", "payload", "error")
SCHEMAS = {name: json.loads((ROOT / f"schema/v1/{name}.schema.json").read_text("utf-8")) for name in FILES}


def exact(schema: Any) -> Any:
    """Give the schema with patterns whose end is the end of the text, which ``$`` is not to `re`."""
    if isinstance(schema, dict):
        return {
            name: value[:-1] + r"\Z" if name == "pattern" and isinstance(value, str) else exact(value)
            for name, value in schema.items()
        }
    return [exact(item) for item in schema] if isinstance(schema, list) else schema


REGISTRY: Any = Registry().with_resources(
    (schema["$id"], Resource.from_contents(exact(schema))) for schema in SCHEMAS.values()
)
PATTERNS = {
    name: definition["pattern"]
    for name, definition in SCHEMAS["definitions"]["$defs"].items()
    if "pattern" in definition
}
GOOD = [
    "00112233-4455-6677-8899-AABBCCDDEEFF",
    "2026-03-13T07:02:50.443Z",
    "2024-02-29T23:59:59Z",
    "/chat/user/v1/message",
    "a.*b.>>",
    "nats://localhost:4222,wss://[::1]:80/x?y=%20",
    "https://h.example:80/file/a%20b?x=1",
    "aB" * 32,
    "",
]
ODD = [
    "\0",
    " ",
    "!",
    "*",
    ">",
    ".",
    "\x7f",
    "\x80",
    "é",
    "\U0010ffff",
    "/",
    "@",
    "#",
    "%",
    "\\",
    ",",
    "9",
    "g",
    "Z",
    ":",
    "\n",
    "٣",
]


def samples() -> List[str]:
    """Give good texts of every kind, each also with one character put in, replaced or taken out at each place."""
    result = []
    for text in GOOD:
        result.append(text)
        for at in range(len(text) + 1):
            result.append(text[:at] + text[at + 1 :])
            for odd in ODD:
                result += (text[:at] + odd + text[at:], text[:at] + odd + text[at + 1 :])
    return result


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns_mean_what_the_schema_says(name: str) -> None:
    whole = re.compile(r"\A(?:" + PATTERNS[name][1:-1] + r")\Z")
    matches = getattr(generated, f"match_{name}")
    walk = getattr(matches, "walk", matches)
    seen = [0, 0]
    for sample in samples():
        assert bool(walk(sample)) == bool(matches(sample)), sample
        assert bool(matches(sample)) == bool(whole.match(sample)), sample
        seen[bool(matches(sample))] += 1
    assert min(seen) > 0


@pytest.mark.parametrize("length", [20_000, 2_000_000])
def test_long_texts_are_matched_in_little_memory(length: int) -> None:
    import tracemalloc

    text = ",".join(["nats://a"] * (length // 9))
    tracemalloc.start()
    assert generated.match_broker_url(text)
    assert not generated.match_broker_url(text + "@")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * length


def is_valid(validator: Any, node: Any) -> bool:
    """Tell what JSON Schema says, with bounds in bytes that it does not have."""
    return bool(validator.is_valid(node))


def violations(node: Any, root: str) -> List[Any]:
    check = Checker()
    getattr(generated, f"check_{root}")(check, node)
    assert check.path == []
    return [violation for violation in check.violations if violation.keyword not in ("x-max-bytes", "format")]


def validator_of(root: str) -> Any:
    return jsonschema.Draft202012Validator(exact(SCHEMAS[root]), registry=REGISTRY)


ENVELOPE = json.loads((ROOT / "schema/v1/examples/envelope.json").read_text("utf-8"))
ERROR = json.loads((ROOT / "schema/v1/examples/error.json").read_text("utf-8"))
anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2**53),
    st.sampled_from([0.0, 5.0, 0.5, -1.0, 9007199254740993.0]),
    texts,
    st.sampled_from(
        [*GOOD, "direct", "link", "json", "none", "base64", "arrow-ipc", "dictionary", "arrowtable", "chat", "fetch"]
    ),
    st.just([]),
    st.just({}),
    st.just({"sha256": "x"}),
    st.just({"payload_bytes": 5.0}),
)


def places(node: Any) -> List[Any]:
    """Give every object and list within, with its names or positions."""
    found = []
    if isinstance(node, (dict, list)):
        names = list(node) if isinstance(node, dict) else list(range(len(node)))
        found += [(node, name) for name in names]
        for name in names:
            found += places(node[name])
    return found


@pytest.mark.parametrize(("root", "example"), [("envelope", ENVELOPE), ("error", ERROR)])
@given(st.data())
def test_the_check_agrees_with_a_validator(root: str, example: Any, data: Any) -> None:
    node = copy.deepcopy(example)
    for _ in range(data.draw(st.integers(1, 3))):
        holder, name = data.draw(st.sampled_from(places(node)))
        if data.draw(st.booleans()) and isinstance(holder, dict):
            holder.pop(name, None)
        elif not isinstance(holder, list) or name < len(holder):
            holder[name] = data.draw(anything)
    assert is_valid(validator_of(root), node) == (violations(node, root) == []), node


def test_the_check_agrees_with_a_validator_on_the_cases() -> None:
    validator, seen = validator_of("envelope"), [0, 0]
    for case in all_cases():
        try:
            node = read(input_bytes(case))
        except NotStrictError:
            continue
        payloads = node.get("payloads") if isinstance(node, dict) else None
        if not isinstance(payloads, list) or len(payloads) <= 100:
            valid = is_valid(validator, node)
            assert valid == (violations(node, "envelope") == []), case["id"]
            seen[valid] += 1
    assert min(seen) > 100


def test_everything_wrong_is_found_up_to_a_bound() -> None:
    check = Checker()
    generated.check_envelope(check, {"payloads": [{}] * 5000})
    assert len(check.violations) == 1000
    assert check.violations[0].pointer == "/correlation_id"


@pytest.mark.parametrize("year", [0, 1900, 2000, 2023, 2024, 9999])
def test_real_dates(year: int) -> None:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    real = {f"{year:04d}-{month:02d}-{day:02d}" for month, last in enumerate(days, 1) for day in range(1, last + 1)}
    for month in range(100):
        for day in range(100):
            text = f"{year:04d}-{month:02d}-{day:02d}"
            assert is_real_date(text + "T00:00:00Z") == (text in real)


def test_bounds_in_bytes_and_characters() -> None:
    rule = generated.SUBJECT_RULE

    def keyword(text: str, rules: TextRule = rule) -> List[str]:
        check = Checker()
        check.text("x", text, rules, "W1")
        return [violation.keyword for violation in check.violations]

    assert keyword("é" * 512) == []
    assert keyword("é" * 513) == ["x-max-bytes"]
    assert keyword("a" * 1024) == []
    assert keyword("a" * 1025) == ["maxLength"]
    assert keyword("") == ["minLength", "pattern"]


def test_secrets_are_not_quoted() -> None:
    check = Checker()
    check.text("broker_url", "nats://user:secret@a", generated.BROKER_URL_RULE, "W1.8")
    assert "secret" not in str(check.violations)


def test_names_are_those_of_the_schema() -> None:
    properties: Dict[str, Any] = SCHEMAS["envelope"]["properties"]
    assert list(properties) == list(generated.ENVELOPE_MEMBERS)
    assert list(SCHEMAS["error"]["$defs"]["code"]["enum"]) == list(generated.CODE_NAMES)
    assert generated.DESKTOP.max_payloads == 10_000
    assert set(generated.Envelope.__annotations__) >= {"payloads"}
