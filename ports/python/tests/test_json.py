"""Strict JSON: what the reader takes, what it refuses, and what the writer makes (W3.2, W3.3, W4)."""

import json
import math
from typing import Any, Optional

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from texts import nearly_json, values

from natsbridge import json_reader
from natsbridge.errors import ContentError
from natsbridge.json_fault import LONGEST, first_fault
from natsbridge.json_reader import NotStrictError, depth, read
from natsbridge.json_writer import write


def read_or_none(content: bytes) -> Optional[list]:
    try:
        return [read(content)]
    except NotStrictError:
        return None


def is_same(one: Any, other: Any) -> bool:
    """Compare with types and the signs of zeros."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(map(is_same, one.values(), other.values()))
    if isinstance(one, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    return bool(one == other)


@given(values)
def test_what_is_written_is_read(value: Any) -> None:
    text = write(value)
    assert is_same(read(text), value)
    assert is_same(json.loads(text), value)


@given(values, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_other_writers_are_read(value: Any, indent: Any, ensure_ascii: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ensure_ascii)
    assert is_same(read(text.encode()), value)


@given(nearly_json)
@example('{"a":1,"a":1}')
@example('"\\"[[[[' + "[" * 64 + '"')
@example('["' + "[" * 70 + '",' + '"]","","[[",' * 40 + "1]")
def test_the_reader_and_the_finder_of_faults_agree(text: str) -> None:
    content = text.encode()
    fault = first_fault(content)
    if read_or_none(content) is None:
        assert fault.offset is not None, f"nothing wrong was found in {content!r}"
        assert 0 <= fault.offset <= len(content)
    else:
        assert fault.offset is None, fault
        assert is_same(read(content), json.loads(text))


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_not_strict(content: bytes) -> None:
    assert (read_or_none(content) is None) == (first_fault(content).offset is not None)


@given(nearly_json.map(lambda text: "[" + '"padding",' * 300 + text + "]"))
def test_long_texts_are_judged_like_short_ones(text: str) -> None:
    content = text.encode()
    assert len(content) > 2048
    assert (read_or_none(content) is None) == (first_fault(content).offset is not None)


@pytest.mark.parametrize("levels", [2, 62, 64, 66, 1_000, 500_000])
@pytest.mark.parametrize(
    ("before", "after", "per_turn"),
    [("[", "]", 1), ('{"a":', "}", 1), ('[{"[]":', "}]", 2), ('["[",', "]", 1), ('["\\\\\\"]",', "]", 1)],
)
def test_depth(levels: int, before: str, after: str, per_turn: int) -> None:
    turns = levels // per_turn
    taken = read_or_none((before * turns + "1" + after * turns).encode())
    assert (taken is not None) == (levels <= 64)
    if taken is not None:
        assert depth(taken[0]) == levels


@pytest.mark.parametrize("text", ["[" * 800_000, '{"a":' * 800_000, "]" * 800_000, "[" * 65 + '"' + "]" * 65])
def test_texts_that_do_not_close(text: str) -> None:
    assert read_or_none(text.encode()) is None
    assert "64" in first_fault(text.encode()).expected or text.startswith("]")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-0", 0),
        ("-0.0", -0.0),
        ("1e-400", 0.0),
        ("18446744073709551615", 2**64 - 1),
        ("-9223372036854775808", -(2**63)),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("9007199254740993", 2**53 + 1),
        ("9007199254740993.0", 9007199254740992.0),
        ("5E-324", 5e-324),
        ("123456789012345678901.5", 123456789012345678901.5),
        ('"\\u0000\\ud83d\\ude00\\\\ud800"', "\x00\U0001f600\\ud800"),
        ('{"__proto__":1,"":2,"constructor":3}', {"__proto__": 1, "": 2, "constructor": 3}),
        (" \t\r\n[ ] \n", []),
    ],
)
@pytest.mark.parametrize("is_long", [False, True])
def test_exact_values(text: str, value: Any, is_long: bool) -> None:
    blank = " " * 3000 if is_long else ""
    assert is_same(read((text + blank).encode()), value)


@pytest.mark.parametrize(
    ("text", "pointer", "found"),
    [
        ('{"a":{"b~/":[1,{"c":1,"c":1}]}}', "/a/b~0~1/1/c", "a second member of this name"),
        ('{"a":1,"\\u0061":1}', "/a", "a second member of this name"),
        ("[1,1e400]", "/1", "1e400"),
        ("[18446744073709551616]", "/0", "18446744073709551616"),
        ('["\\ud800"]', "/0", "the lone surrogate U+D800"),
        ("[NaN]", "/0", "`N`"),
        ("[1] 2", "", "`2`"),
        ("", "", "the end of the text"),
        ("[1", "", "the end of the text"),
        ('{"a":"\n"}', "/a", "the bare control character U+000A"),
    ],
)
def test_faults_are_told_with_their_place(text: str, pointer: str, found: str) -> None:
    assert read_or_none(text.encode()) is None
    fault = first_fault(text.encode())
    assert (fault.pointer, fault.found) == (pointer, found)


@pytest.mark.parametrize(
    "literal",
    [
        "1e400",
        "-1E+400",
        "12345e0305",
        "0.1e310",
        "1" * 310 + ".5",
        "18446744073709551616",
        "-9223372036854775809",
        "1" * 5000,
    ],
)
@pytest.mark.parametrize("is_long", [False, True])
def test_numbers_beyond_the_range(literal: str, is_long: bool) -> None:
    content = ("[" + literal + "]" + " " * 3000 * is_long).encode()
    assert read_or_none(content) is None
    assert first_fault(content).pointer == "/0"


@pytest.mark.parametrize(
    "content", [b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\xaf"', b"\xef\xbb\xbf1", b'"\xf4\x90\x80\x80"']
)
def test_bytes_that_are_no_utf_8(content: bytes) -> None:
    assert read_or_none(content) is None
    assert first_fault(content).offset is not None


def test_in_a_very_long_text_the_place_is_not_looked_for() -> None:
    fault = first_fault(b"[" + b"1," * LONGEST)
    assert fault.offset is None
    assert str(2 * LONGEST + 1) in fault.found


class Strange:
    pass


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({1: 2}, ""),
        ({"a": {None: 2}}, " in /a"),
        ([1, {"a/~": float("nan")}], " in /1/a~1~0"),
        ([float("-inf")], " in /0"),
        ([2**64], " in /0"),
        ([-(2**63) - 1], " in /0"),
        ([10**10_000], " in /0"),
        (["\ud800"], " in /0"),
        ({"\ud800": 1}, ""),
        ([b"bytes"], " in /0"),
        ([{1, 2}], " in /0"),
        ([Strange()], " in /0"),
    ],
)
def test_what_json_does_not_have_is_refused(value: Any, place: str) -> None:
    with pytest.raises(ContentError) as caught:
        write(value)
    assert caught.value.place == place


def test_cycles_are_too_deep() -> None:
    cycle: list = []
    cycle.append(cycle)
    with pytest.raises(ContentError, match="64 arrays and objects"):
        write(cycle)


def test_writing_is_canonical() -> None:
    value = {"a": [1, 1.5, -0.0, True, None], "é\x7f\u2028": '\b\t\n\f\r"\\/\x00\x1f', "t": (1,)}
    expected = '{"a":[1,1.5,-0.0,true,null],"é\x7f\u2028":"\\b\\t\\n\\f\\r\\"\\\\/\\u0000\\u001f","t":[1]}'
    assert write(value).decode() == expected


def test_what_is_cut_out_is_marked_once() -> None:
    assert json_reader.read_marked(b'{"a":NaN}') == {"a": json_reader.MARK}
    for text in (b"[Infinity]", b"[-Infinity]", b"[nan]"):
        with pytest.raises(NotStrictError):
            json_reader.read_marked(text)
