"""Patterns over texts of any length, in little memory."""

from __future__ import annotations

from bisect import bisect_right
from typing import Callable, Final, Sequence, Tuple

SHORT: Final = 16_384
"""Up to so many characters a text is for `re`, which takes a tenth of the time, and some 70 bytes of memory for each."""


class Matcher:
    """Tells whether a whole text matches a pattern, which it is given twice.

    :param matches: tells it fast.
    :param ranges: the first code point of each range and its class, ascending; each ends where the next one starts.
    :param steps: for each state, the next state by class, as two hexadecimal digits. State 0 is dead, state 1 is the start.
    :param accepts: for each state, ``1`` where a text may end there.
    """

    __slots__ = ("_accepts", "_classes", "_firsts", "_matches", "_steps")

    def __init__(
        self, matches: Callable[[str], object], ranges: Sequence[Tuple[int, int]], steps: Sequence[str], accepts: str
    ) -> None:
        self._matches = matches
        self._firsts = [first for first, _ in ranges]
        self._classes = [number for _, number in ranges]
        self._steps = [bytes.fromhex(row) for row in steps]
        self._accepts = accepts

    def __call__(self, text: str) -> bool:
        """Tell whether the whole text matches."""
        return self._matches(text) is not None if len(text) <= SHORT else self.walk(text)

    def walk(self, text: str) -> bool:
        """Tell it by the automaton alone."""
        firsts, classes, steps = self._firsts, self._classes, self._steps
        known = {chr(scalar): classes[bisect_right(firsts, scalar) - 1] for scalar in range(128)}
        state = 1
        for letter in text:
            number = known.get(letter)
            if number is None:
                number = classes[bisect_right(firsts, ord(letter)) - 1]
            state = steps[state][number]
            if state == 0:
                return False
        return self._accepts[state] == "1"
