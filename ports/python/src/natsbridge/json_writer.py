"""Canonical JSON (W4) of what JSON can hold, and of nothing else."""

from __future__ import annotations

import json
from typing import Any, Final, List, Tuple

from natsbridge._generated import JSON_MAX_DEPTH
from natsbridge.errors import ContentError

quote: Final = json.encoder.encode_basestring
"""Gives a string as canonical JSON text."""


def write(value: Any, most_depth: int = JSON_MAX_DEPTH) -> bytes:
    """Give the canonical JSON text of a value in UTF-8.

    :param value: of dict (its keys str), list, tuple, str, int from -2^63 to 2^64-1, finite float, bool and None.
    :param most_depth: how many arrays and objects may be within each other.
    :raises ContentError: for any other value, naming the place.
    """
    if not _is_json(value, most_depth):
        raise _fault(value, most_depth)
    try:
        return _ENCODER.encode(value).encode()
    except UnicodeEncodeError:
        raise _fault(value, most_depth) from None


_LEAST_INTEGER: Final = -(2**63)
_GREATEST_INTEGER: Final = 2**64 - 1
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"))


def _is_json(value: Any, levels: int) -> bool:
    """Tell whether a value can be written, but for lone surrogates; ``levels`` more may be within each other."""
    if isinstance(value, str) or value is None or value is True or value is False:
        return True
    if isinstance(value, int):
        return _LEAST_INTEGER <= value <= _GREATEST_INTEGER
    if isinstance(value, float):
        return value - value == 0
    if levels == 0:
        return False
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str):
                return False
        items = value.values()
    elif isinstance(value, (list, tuple)):
        items = value  # type: ignore[assignment]
    else:
        return False
    for item in items:
        # The most frequent values first, without a call.
        if type(item) is not str and not _is_json(item, levels - 1):
            return False
    return True


def _fault(value: Any, most_depth: int) -> ContentError:
    """Say why a value cannot be written: the first fault, in the order of writing."""
    stack: List[Tuple[Any, int, str]] = [(value, 0, "")]
    while stack:
        node, depth, pointer = stack.pop()
        place = f" in {pointer}" if pointer else ""
        if isinstance(node, str):
            if not _is_text(node):
                return ContentError("a string without lone surrogates", "a lone surrogate", place)
        elif isinstance(node, (dict, list, tuple)):
            if depth == most_depth:
                expected = f"at most {most_depth} arrays and objects within each other"
                return ContentError(expected, "one more level of nesting")
            members = node.items() if isinstance(node, dict) else enumerate(node)
            inner = []
            for name, item in members:
                if isinstance(node, dict) and (not isinstance(name, str) or not _is_text(name)):
                    shown = "a lone surrogate" if isinstance(name, str) else _kind(name)
                    return ContentError("names of members that are strings", shown, place)
                token = str(name).replace("~", "~0").replace("/", "~1")
                inner.append((item, depth + 1, f"{pointer}/{token}"))
            stack.extend(reversed(inner))
        elif isinstance(node, int) and not isinstance(node, bool):
            if not _LEAST_INTEGER <= node <= _GREATEST_INTEGER:
                return ContentError("an integer from -2^63 to 2^64-1", f"one of {node.bit_length()} bits", place)
        elif isinstance(node, float):
            if node - node != 0:
                return ContentError("a finite number", repr(node), place)
        elif node is not None and not isinstance(node, bool):
            return ContentError("a value that JSON has", _kind(node), place)
    return ContentError("a value that can be written as JSON", _kind(value))


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _kind(value: Any) -> str:
    return f"a {type(value).__module__}.{type(value).__qualname__}".replace("a builtins.", "a value of type ")
