"""Which payloads ride in the envelope and which go by link (FR-003, FR-004, W5.1)."""

from __future__ import annotations

from typing import Callable, List, NamedTuple, Sequence, Set

from natsbridge._generated import CHOICE
from natsbridge.canonical_base64 import encoded_length


class Candidate(NamedTuple):
    """One payload, as far as the choice needs to know it."""

    size: int
    """Bytes of the serialized payload."""
    direct: int
    """Bytes of the whole payload object in the JSON text where it is direct."""
    external: bool
    """Whether its bytes are elsewhere, so that only a link can carry them."""


class DoesNotFitError(Exception):
    """The shortest message that could be made is still too long; :attr:`needed` is its length."""

    def __init__(self, needed: int) -> None:
        super().__init__(needed)
        self.needed = needed


def choose(
    header: int,
    candidates: Sequence[Candidate],
    linked: Callable[[int], int],
    size_threshold: int,
    max_message_bytes: int,
) -> Set[int]:
    """Give the indices of the payloads that go by link.

    :param header: the length of the envelope with no payload in it.
    :param linked: gives the length of the payload with an index where it is linked, without the URL.
    :raises DoesNotFitError: where the message cannot be made to fit.
    """
    links: Set[int] = set()
    total = header + max(len(candidates) - 1, 0)
    for index, (size, direct, external) in enumerate(candidates):
        if external or (size >= size_threshold and size > 0):
            links.add(index)
            total += linked(index) + CHOICE.link_bytes
        else:
            total += direct
    if total > max_message_bytes:
        movable: List[int] = [
            index
            for index, candidate in enumerate(candidates)
            if index not in links and encoded_length(candidate.size) >= CHOICE.min_moved_base64_bytes
        ]
        # Of equals the first: the sort is stable.
        movable.sort(key=lambda index: -candidates[index].size)
        for index in movable:
            total += linked(index) + CHOICE.link_bytes - candidates[index].direct
            links.add(index)
            if total <= max_message_bytes:
                break
        else:
            raise DoesNotFitError(total)
    return links
