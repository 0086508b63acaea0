"""Base64 as the wire has it: canonical RFC 4648 (W2.1)."""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64
from typing import Optional


def encode(content: bytes) -> bytes:
    """Give the base64 of these bytes, as ASCII."""
    return b2a_base64(content, newline=False)


def encoded_length(size: int) -> int:
    """Give the number of characters that so many bytes become."""
    return (size + 2) // 3 * 4


def decode(text: bytes) -> Optional[bytes]:
    """Give the bytes of canonical base64; None for any other text."""
    padding = 2 if text.endswith(b"==") else 1 if text.endswith(b"=") else 0
    return decode_exactly(text, len(text) // 4 * 3 - padding)


def decode_exactly(text: bytes, size: int) -> Optional[bytes]:
    """Give the ``size`` bytes of canonical base64; None for any other text, or of another size.

    `binascii` passes over characters that are none of the alphabet, so that it gives fewer bytes than the length implies
    where there is one. What it does with padding within a text differs by version; here that is told beforehand.
    """
    length = len(text)
    if length != (size + 2) // 3 * 4:
        return None
    padding = length // 4 * 3 - size
    if not text.endswith(_PADDINGS[padding]) or text.find(b"=", 0, length - padding) >= 0:
        return None
    try:
        content = a2b_base64(text)
    except Error:
        return None
    if len(content) != size:
        return None
    # Bits beyond the last byte are zero where the last group is what it becomes again.
    if padding and b2a_base64(content[-(3 - padding) :], newline=False) != text[-4:]:
        return None
    return content


_PADDINGS = (b"", b"=", b"==")
