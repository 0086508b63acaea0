"""What the generated check stands on: a walk over the JSON tree that finds every violation of the schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Callable, Final, List, NamedTuple, Optional, Tuple, Union

if TYPE_CHECKING:
    from natsbridge._generated import ErrorCode

MISSING: Final[Any] = type("Missing", (), {"__repr__": lambda _: "MISSING"})()
"""Stands for a member that is not there."""

TEXTS: Final = (str, bytes)
"""What a string of the text is in the tree: a str, or its bytes where it was base64 and is decoded already."""

MOST: Final = 1000
"""How many violations of one text are kept."""


class Violation(NamedTuple):
    """One place where a message is not what the schema or a rule says."""

    pointer: str
    """The place, as a JSON pointer (RFC 6901); that of a missing member is where it should be."""
    keyword: str
    """The keyword of the schema; ``false`` for a member that must not be there, ``rule`` for a rule that no schema states."""
    code: ErrorCode
    expected: str
    found: str
    rule: str
    """The rule of the wire specification, such as ``W1.3``."""

    def __str__(self) -> str:
        place = self.pointer or "the message"
        return f"{place}: expected {self.expected}, found {self.found} ({self.rule})"


class TextRule(NamedTuple):
    """The rules of one kind of string; all that are there must hold."""

    expected: str
    """What it should be, in words."""
    pattern: Optional[Callable[[str], object]] = None
    """Gives something true for what matches as a whole."""
    min_length: int = 0
    max_length: Optional[int] = None
    max_bytes: Optional[int] = None
    real_date: bool = False
    """Whether it begins with a date, ``YYYY-MM-DD``, that must be one of the calendar."""
    secret: bool = False
    """Whether it may hold credentials, so that no error may quote it (W6.10)."""


class IntegerRule(NamedTuple):
    """The bounds of one kind of integer, inclusive."""

    minimum: Optional[int]
    maximum: Optional[int]


class Checker:
    """Where a check stands, and what it found so far.

    :ivar path: the names and positions that lead to the value being checked.
    :ivar violations: what was found, in schema order, at most :data:`MOST`.
    """

    __slots__ = ("path", "violations")

    def __init__(self) -> None:
        self.path: List[Union[str, int]] = []
        self.violations: List[Violation] = []

    def object(self, node: Any, rule: str) -> None:
        """Report a value that is no object where the check stands."""
        self._report(None, "type", "an object", found(node), rule)

    def missing(self, member: str, rule: str, expected: str = "this member") -> None:
        """Report that a required member is not there."""
        self._report(member, "required", expected, "nothing", rule)

    def forbidden(self, member: str, node: Any, rule: str, where: str = "") -> None:
        """Report a member that must not be there."""
        self._report(member, "false", "no such member" + where, found(node), rule)

    def map(self, member: str, node: Any, rule: str) -> None:
        """Report a member that is no object."""
        self._wrong_type(member, node, "an object", rule)

    def list(self, member: str, node: Any, rule: str) -> None:
        """Report a member that is no list."""
        self._wrong_type(member, node, "a list", rule)

    def any_text(self, member: str, node: Any, rule: str, where: str = "") -> None:
        """Report a member that is no string."""
        self._wrong_type(member, node, "a string" + where, rule)

    def one_of(
        self,
        member: str,
        node: Any,
        names: Tuple[str, ...],
        rule: str,
        code: ErrorCode = "INVALID_ENVELOPE",
        where: str = "",
    ) -> None:
        """Report a member that is none of these; ``code`` is that of a string."""
        if isinstance(node, TEXTS):
            expected = f"one of {', '.join(names)}{where}"
            self._report(member, "enum", expected, found(node), rule, code)
        else:
            self._wrong_type(member, node, "a string", rule)

    def integer(self, member: str, node: Any, rules: IntegerRule, rule: str) -> None:
        """Report a member that is not a number without a fraction, however it is written, within the bounds."""
        minimum, maximum = rules
        if node is MISSING:
            return self.missing(member, rule)
        keyword = None
        if isinstance(node, float) and float.is_integer(node):
            node = int(node)
        if type(node) is not int:
            keyword = "type"
        elif minimum is not None and node < minimum:
            keyword = "minimum"
        elif maximum is not None and node > maximum:
            keyword = "maximum"
        if keyword is not None:
            self._report(member, keyword, f"an integer from {minimum} to {maximum}", found(node), rule)
        return None

    def text(self, member: str, node: Any, rules: TextRule, rule: str, where: str = "") -> None:
        """Report every keyword that a member breaks, if it does."""
        if not isinstance(node, str):
            if node is MISSING:
                self.missing(member, rule)
            else:
                keyword = "pattern" if isinstance(node, bytes) else "type"
                self._report(member, keyword, rules.expected + where, found(node), rule)
            return
        size = len(node.encode("utf-8", "surrogatepass"))
        shown = f"a string of {size} bytes" if rules.secret else found(node)
        if len(node) < rules.min_length:
            self._report(member, "minLength", f"at least {rules.min_length} character(s){where}", shown, rule)
        if rules.max_length is not None and len(node) > rules.max_length:
            self._report(member, "maxLength", f"at most {rules.max_length} characters{where}", shown, rule)
        elif rules.max_bytes is not None and size > rules.max_bytes:
            self._report(member, "x-max-bytes", f"at most {rules.max_bytes} bytes{where}", shown, rule)
        elif rules.pattern is not None and not rules.pattern(node):
            self._report(member, "pattern", rules.expected + where, shown, rule)
        elif rules.real_date and not is_real_date(node):
            self._report(member, "format", "a date of the calendar" + where, shown, rule)

    def _wrong_type(self, member: str, node: Any, expected: str, rule: str) -> None:
        if node is MISSING:
            self.missing(member, rule)
        else:
            self._report(member, "type", expected, found(node), rule)

    def _report(
        self,
        member: Optional[str],
        keyword: str,
        expected: str,
        shown: str,
        rule: str,
        code: ErrorCode = "INVALID_ENVELOPE",
    ) -> None:
        if len(self.violations) < MOST:
            steps = self.path if member is None else [*self.path, member]
            # The schema's names are in snake case: nothing in them is escaped in a JSON pointer.
            pointer = "".join([f"/{step}" for step in steps])
            self.violations.append(Violation(pointer, keyword, code, expected, shown, rule))


def is_real_date(text: str) -> bool:
    """Tell whether a text that begins with ``YYYY-MM-DD``, all ASCII digits, names a date of the Gregorian calendar.

    The year 0 is one, unlike in ``datetime``.
    """
    month, day = text[5:7], text[8:10]
    if "01" <= month <= "12" and "01" <= day <= "28":
        return True
    if month in ("04", "06", "09", "11"):
        return day in ("29", "30")
    if month == "02":
        year = int(text[:4])
        return day == "29" and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return "01" <= month <= "12" and day in ("29", "30", "31")


def found(node: object) -> str:
    """Give a value as an error shows it: JSON, long strings cut, long values described."""
    longest = 72
    if isinstance(node, str):
        shown = json.dumps(node[:longest], ensure_ascii=False)
        shown = shown.encode("utf-8", "backslashreplace").decode()
        return shown if len(node) <= longest else shown + "..."
    if isinstance(node, bytes):
        return f"base64 of {len(node)} bytes"
    if isinstance(node, list):
        return f"a list of {len(node)}"
    if isinstance(node, dict):
        return f"an object of {len(node)} members"
    if node is None:
        return "null"
    if isinstance(node, bool):
        return "true" if node else "false"
    return repr(node) if isinstance(node, (int, float)) else f"a {type(node).__name__}"
