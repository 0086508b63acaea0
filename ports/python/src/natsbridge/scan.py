"""From the text of an envelope to its tree, with large payload data decoded in passing.

``size`` stands before ``data``, so that the end of the base64 can be guessed, and a decoder that takes nothing but canonical
base64 says whether the guess was right: its alphabet has neither a quote nor a backslash. What is decoded is cut out of the
text, and what is left is read as strict JSON. Wherever anything is unexpected, the whole text is read plainly; so both ways
give the same values and errors, but for ``data`` that is bytes already.
"""

from __future__ import annotations

import re
from typing import Any, Final, List

from natsbridge import json_reader
from natsbridge.canonical_base64 import decode_exactly

LEAST: Final = 1024
"""Data of fewer bytes is left where it is: cutting it out would take longer than to scan it."""


def read_envelope(content: bytes) -> Any:
    """Give the tree of a text that should be an envelope; ``data`` of a payload may be bytes.

    :raises natsbridge.json_reader.NotStrictError: where it is not strict JSON.
    """
    if len(content) > LEAST:
        tree = _read_cut(content)
        if tree is not None:
            return tree
    return json_reader.read(content)


_MOST_MISSES: Final = 16
"""After so many numbers that no data follows, the text is none that is worth it."""
# The quotes in it are none of a string's content: such would have a backslash before them, which is here only possible for the
# first, and then still a member named `data` begins behind.
_DATA: Final = re.compile(
    rb'"size"[ \t\n\r]*:[ \t\n\r]*([1-9][0-9]{2,15})[ \t\n\r]*,[ \t\n\r]*"data"[ \t\n\r]*:[ \t\n\r]*"'
)


def _read_cut(content: bytes) -> Any:
    """Give the tree; None where the text must be read plainly."""
    pieces: List[bytes] = []
    contents: List[bytes] = []
    behind = at = misses = 0
    while misses < _MOST_MISSES:
        at = content.find(b'"size"', at)
        if at < 0:
            break
        match = _DATA.match(content, at)
        if match is not None:
            size = int(match.group(1))
            start = match.end()
            end = start + (size + 2) // 3 * 4
            if size >= LEAST and content[end : end + 1] == b'"':
                decoded = decode_exactly(content[start:end], size)
                if decoded is not None:
                    pieces += (content[behind : start - 1], b"NaN")
                    contents.append(decoded)
                    behind = at = end + 1
                    continue
        misses += 1
        at += 1
    if not contents:
        return None
    pieces.append(content[behind:])
    rest = b"".join(pieces)
    # Where it also stands in a string, which marks are ours cannot be counted.
    if rest.count(b"NaN") != len(contents):
        return None
    try:
        tree = json_reader.read_marked(rest)
    except json_reader.NotStrictError:
        return None
    return tree if _put_back(tree, contents) else None


def _put_back(tree: Any, contents: List[bytes]) -> bool:
    """Put each content in the place of its mark; tell whether every mark was a payload's data of that size."""
    payloads = tree.get("payloads") if type(tree) is dict else None
    if type(payloads) is not list:
        return False
    waiting = iter(contents)
    left = len(contents)
    for payload in payloads:
        if type(payload) is dict and payload.get("data") is json_reader.MARK:
            content = next(waiting)
            if payload.get("size") != len(content):
                return False
            payload["data"] = content
            left -= 1
    return left == 0
