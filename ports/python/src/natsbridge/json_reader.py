"""Strict JSON (W3.2 and W3.3): the standard library's scanner, held to what it lets pass.

The scanner of `json` written in C is lenient in six things: equal names, lone surrogates, ``NaN`` and its like, numbers
beyond a double, integers beyond 64 bits, and depth. Equal names and ``NaN`` are seen by its hooks. The others show in the
text itself by cheap tests that scan it at the speed of memory; where one of them strikes, a slower and exact one decides.

Whatever is wrong with a text, :mod:`natsbridge.json_fault` says what it is and where.
"""

from __future__ import annotations

import json
import re
from typing import Any, Callable, Dict, Final, List, Tuple

from natsbridge._generated import JSON_MAX_DEPTH


class NotStrictError(ValueError):
    """The text is not strict JSON, for a reason that only :func:`natsbridge.json_fault.first_fault` knows."""


_Scan = Callable[[str, int], Tuple[Any, int]]


def read(content: bytes) -> Any:
    """Give the value of a strict JSON text in UTF-8: dict, list, str, int, float, bool or None.

    :raises NotStrictError: where it is not strict JSON.
    """
    return _read(content, _SCAN, _SCAN_CAREFULLY)


def read_marked(content: bytes) -> Any:
    """Do as :func:`read` does, but give :data:`MARK` for each ``NaN``; what else is no JSON is still an error.

    The caller has put them there, in place of something, and sees to it that there are no others.
    """
    return _read(content, _SCAN_MARKING, _SCAN_CAREFULLY_MARKING)


MARK: Final[Any] = type("Mark", (), {"__repr__": lambda _: "MARK"})()
"""The value of a ``NaN``, where it is taken for one."""


def _read(content: bytes, scan: _Scan, careful: _Scan) -> Any:
    if content.startswith(_BYTE_ORDER_MARK):
        raise NotStrictError
    if not _is_shallow(content) or (b"\\" in content and not _surrogates_are_paired(content)):
        raise NotStrictError
    if len(content) < _SHORT or not _numbers_are_small(content):
        scan = careful
    try:
        text = content.decode().strip(" \t\n\r")
        value, end = scan(text, 0)
    except (StopIteration, ValueError):
        raise NotStrictError from None
    if end != len(text):
        raise NotStrictError
    return value


def depth(value: Any) -> int:
    """Give how many arrays and objects are within each other at the deepest place; 0 for any other value."""
    level, deepest = [value], 0
    while True:
        inner: List[Any] = []
        for node in level:
            if type(node) is dict:
                inner.append(node.values())
            elif type(node) is list:
                inner.append(node)
        if not inner:
            return deepest
        deepest += 1
        level = [item for items in inner for item in items]


_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_SHORT: Final = 2048
"""In texts of fewer bytes every number is looked at, which takes no longer there than the tests."""
_LEAST_INTEGER: Final = -(2**63)
_GREATEST_INTEGER: Final = 2**64 - 1
# Of these, only brackets and quotes are kept; of those, digits as 0 and what makes an exponent.
_ALL: Final = bytes(range(256))
_NOT_BRACKETS: Final = bytes(set(_ALL) - set(b'[]{}"'))
_BRACES_AS_BRACKETS: Final = bytes.maketrans(b"{}", b"[]")
_DIGITS_AND_EXPONENTS: Final = bytes(
    0x30 if byte in b"0123456789" else 0x65 if byte in b"eE" else 0x2B if byte == 0x2B else 0x20 for byte in range(256)
)
_PAIRED_OR_ESCAPED: Final = re.compile(rb"\\\\|\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}")
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


def _unique(members: List[Tuple[str, Any]]) -> Dict[str, Any]:
    result = dict(members)
    if len(result) != len(members):
        raise NotStrictError
    return result


def _integer(digits: str) -> int:
    # Far longer ones would take long to convert, or would be refused by `int` in words of its own.
    if len(digits) <= 20:
        value = int(digits)
        if _LEAST_INTEGER <= value <= _GREATEST_INTEGER:
            return value
    raise NotStrictError


def _finite(literal: str) -> float:
    value = float(literal)
    if value - value != 0:
        raise NotStrictError
    return value


def _no_constant(_: str) -> Any:
    raise NotStrictError


def _marked(literal: str) -> Any:
    if literal == "NaN":
        return MARK
    raise NotStrictError


def _numbers_are_small(content: bytes) -> bool:
    """Tell whether all integers are surely within 64 bits, and all doubles surely finite.

    19 digits in a row are needed for an integer beyond 64 bits, or for a whole part that a double with a two-digit exponent
    cannot take; other doubles need an exponent of three digits. Both may also stand within a string.
    """
    shape = content.translate(_DIGITS_AND_EXPONENTS)
    return not (b"0" * 19 in shape or b"e000" in shape or b"e+000" in shape)


def _surrogates_are_paired(content: bytes) -> bool:
    if b"\\ud" not in content and b"\\uD" not in content:
        return True
    return not _SURROGATE.search(_PAIRED_OR_ESCAPED.sub(b" ", content))


def _is_shallow(content: bytes) -> bool:
    """Tell whether no more arrays and objects than allowed are open at once, as far as brackets tell."""
    if content.count(b"[") + content.count(b"{") <= JSON_MAX_DEPTH:
        return True
    if b"\\" in content:
        content = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = content.translate(_BRACES_AS_BRACKETS, _NOT_BRACKETS).replace(b'""', b"")
    if b'"' in brackets:
        # Some string has brackets within. To take away two quotes next to each other has not changed what is in quotes.
        brackets = b"".join(brackets.split(b'"')[::2])
    # Each pass takes away the innermost ones.
    for _ in range(JSON_MAX_DEPTH):
        inner = brackets.replace(b"[]", b"")
        if len(inner) == len(brackets):
            break
        brackets = inner
    return b"[" not in brackets


def _scanner(constant: Callable[[str], Any], is_careful: bool) -> _Scan:
    decoder: Any = json.JSONDecoder(
        object_pairs_hook=_unique,
        parse_int=_integer if is_careful else None,
        parse_float=_finite if is_careful else None,
        parse_constant=constant,
    )
    scan: _Scan = decoder.scan_once
    return scan


_SCAN: Final = _scanner(_no_constant, is_careful=False)
_SCAN_CAREFULLY: Final = _scanner(_no_constant, is_careful=True)
_SCAN_MARKING: Final = _scanner(_marked, is_careful=False)
_SCAN_CAREFULLY_MARKING: Final = _scanner(_marked, is_careful=True)
