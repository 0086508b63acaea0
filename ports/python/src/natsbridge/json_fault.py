"""Where a text stops being strict JSON, and why (W3.2): what an error says.

This reads every token in turn, which takes a hundred times as long as :mod:`natsbridge.json_reader`; it is for texts that were
found wrong there.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final, List, NamedTuple, Optional, Set, Union

from natsbridge._generated import JSON_MAX_DEPTH

LONGEST: Final = 4 * 2**20
"""In longer texts the place is not looked for, so that a hostile one costs no more than a moment."""


class Fault(NamedTuple):
    """The first thing in a text that strict JSON does not have."""

    expected: str
    found: str
    pointer: str
    """The value that could not be read, as a JSON pointer (RFC 6901); of equal names the second."""
    offset: Optional[int]
    """Bytes before the place, where that was looked for."""

    @property
    def place(self) -> str:
        """Where it is, in words that go on after a space."""
        at = "" if self.offset is None else f" at byte {self.offset}"
        return f"{at} in {self.pointer}" if self.pointer else at


def first_fault(content: bytes) -> Fault:
    """Say what is wrong with a text that is no strict JSON."""
    if len(content) > LONGEST:
        return Fault("strict JSON (RFC 8259)", f"a text of {len(content)} bytes that is not", "", None)
    walk = _Walk(content)
    with suppress(_FaultError):
        walk.document()
    return walk.fault


class _FaultError(Exception):
    """Ends the walk."""


class _Frame:
    """An array or object that is open: the name or position of the value within that is read."""

    __slots__ = ("names", "token")

    def __init__(self, names: Optional[Set[str]]) -> None:
        self.names = names
        self.token: Union[str, int, None] = None


class _Walk:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0
        self.open: List[_Frame] = []
        self.fault = Fault("strict JSON (RFC 8259)", "something else", "", None)

    def document(self) -> None:
        if self.content.startswith(b"\xef\xbb\xbf"):
            self.fail("JSON without a byte order mark", "a byte order mark")
        self.space()
        self.value()
        while self.open:
            self.step()
        self.space()
        if self.peek():
            self.fail("the end of the JSON text")

    def value(self) -> None:
        """Read a value, of an array or object its opening alone."""
        first = self.peek()
        if first in (b"{", b"["):
            if len(self.open) == JSON_MAX_DEPTH:
                self.fail(f"at most {JSON_MAX_DEPTH} arrays and objects within each other", "one more level of nesting")
            self.at += 1
            self.open.append(_Frame(set() if first == b"{" else None))
        elif first == b'"':
            self.string()
        elif first == b"-" or first.isdigit():
            self.number()
        else:
            word = _LITERAL.match(self.content, self.at)
            if word is None:
                self.fail("a JSON value")
            else:
                self.at = word.end()

    def step(self) -> None:
        """Go on within the innermost array or object."""
        frame = self.open[-1]
        close = b"]" if frame.names is None else b"}"
        self.space()
        if self.take(close):
            self.open.pop()
            return
        if frame.token is not None:
            last, frame.token = frame.token, None
            if not self.take(b","):
                self.fail("a comma or a closing " + ("bracket" if frame.names is None else "brace"))
            frame.token = last
            self.space()
        if frame.names is None:
            frame.token = 0 if frame.token is None else int(frame.token) + 1
        else:
            frame.token = None
            self.name(frame, frame.names)
        self.value()

    def name(self, frame: _Frame, names: Set[str]) -> None:
        if self.peek() != b'"':
            self.fail("a member's name in quotes")
        start = self.at
        name = self.string()
        frame.token = name
        if name in names:
            self.at = start
            self.fail("names that occur once in an object", "a second member of this name")
        names.add(name)
        self.space()
        if not self.take(b":"):
            self.fail("a colon after the member's name")
        self.space()

    def string(self) -> str:
        self.at += 1
        pieces: List[str] = []
        while True:
            pieces.append(self.plain())
            if self.take(b'"'):
                return "".join(pieces)
            pieces.append(self.escape())

    def plain(self) -> str:
        """Read the characters up to the next quote or backslash."""
        start = self.at
        match = _PLAIN.match(self.content, start)
        self.at = match.end() if match else start
        try:
            text = self.content[start : self.at].decode()
        except UnicodeDecodeError as error:
            self.at = start + error.start
            self.fail("UTF-8", f"the byte 0x{self.content[self.at]:02X}")
        end = self.peek()
        if not end:
            self.fail("a closing quote")
        if end < b" ":
            self.fail("control characters in strings as escapes", f"the bare control character U+{ord(end):04X}")
        return text

    def escape(self) -> str:
        match = _ESCAPE.match(self.content, self.at)
        if match is None:
            self.at += 1
            self.fail('an escape: one of " \\ / b f n r t u, with four hexadecimal digits behind u')
            return ""
        first, second = match.group(1, 2)
        if first is None:
            self.at = match.end()
            return _ESCAPED[match.group(0)[1]]
        code = int(first, 16)
        end = match.end(1)
        if second is not None and 0xD800 <= code < 0xDC00 and 0xDC00 <= int(second, 16) < 0xE000:
            code = 0x10000 + ((code - 0xD800) << 10) + (int(second, 16) - 0xDC00)
            end = match.end()
        if 0xD800 <= code < 0xE000:
            self.fail("surrogates in pairs", f"the lone surrogate U+{code:04X}")
        self.at = end
        return chr(code)

    def number(self) -> None:
        match = _NUMBER.match(self.content, self.at)
        if match is None:
            self.at += 1
            self.fail("a digit")
            return
        literal = match.group().decode()
        if match.group(1) is None and match.group(2) is None:
            # Longer ones are too great, and `int` has a bound of its own.
            fits = len(literal) <= 20 and -(2**63) <= int(literal) <= 2**64 - 1
            expected = "an integer from -2^63 to 2^64-1"
        else:
            fits = float(literal) - float(literal) == 0
            expected = "a number within the range of a double"
        if not fits:
            shown = literal if len(literal) <= 40 else f"{literal[:32]}… ({len(literal)} characters)"
            self.fail(expected, shown)
        self.at = match.end()
        if _NUMERIC.match(self.content, self.at):
            self.fail("a number as JSON writes it")

    def space(self) -> None:
        match = _SPACE.match(self.content, self.at)
        if match:
            self.at = match.end()

    def peek(self) -> bytes:
        return self.content[self.at : self.at + 1]

    def take(self, byte: bytes) -> bool:
        taken = self.peek() == byte
        self.at += taken
        return taken

    def fail(self, expected: str, found: Optional[str] = None) -> None:
        if found is None:
            byte = self.peek()
            if not byte:
                found = "the end of the text"
            elif b" " <= byte <= b"~":
                found = f"`{byte.decode()}`"
            else:
                found = f"the byte 0x{byte[0]:02X}"
        tokens = [str(frame.token) for frame in self.open if frame.token is not None]
        pointer = "".join(["/" + token.replace("~", "~0").replace("/", "~1") for token in tokens])
        self.fault = Fault(expected, found, pointer, self.at)
        raise _FaultError


_SPACE: Final = re.compile(rb"[ \t\n\r]+")
_LITERAL: Final = re.compile(rb"true|false|null")
_PLAIN: Final = re.compile(rb'[^"\\\x00-\x1f]*')
_ESCAPE: Final = re.compile(rb'\\(?:["\\/bfnrt]|u([0-9A-Fa-f]{4})(?:\\u([0-9A-Fa-f]{4}))?)')
_ESCAPED: Final = {
    ord(letter): text for letter, text in zip('"\\/bfnrt', ['"', "\\", "/", "\b", "\f", "\n", "\r", "\t"])
}
_NUMBER: Final = re.compile(rb"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_NUMERIC: Final = re.compile(rb"[0-9.eE+-]")
