"""Files on this machine that payloads come from and go to (W6.9)."""

from __future__ import annotations

import codecs
import contextlib
import os
import secrets
from pathlib import Path
from typing import BinaryIO

_PIECE = 256 * 1024


def temporary(folder: Path) -> tuple[Path, BinaryIO]:
    """Make a new file of no lasting name in a folder, with the permissions that any new file has: a web server may read it.

    :raises OSError: where none can be made.
    """
    path = folder / f".natsbridge-{secrets.token_hex(8)}"
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    return path, os.fdopen(os.open(path, flags, 0o666), "wb")


def remove(path: Path) -> None:
    """Remove a file, if it is still there."""
    with contextlib.suppress(OSError):
        path.unlink()


def name_it(path: Path, target: Path) -> None:
    """Give a finished file its name, without overwriting another.

    :raises OSError: where there is a file of that name, or the folder takes none.
    """
    try:
        os.link(path, target)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links: the name is taken first, then filled.
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        path.replace(target)
    else:
        path.unlink()


def invalid_utf8_at(path: Path) -> int | None:
    """Read the file through in bounded memory, and give the byte at which it is no UTF-8; None if it is.

    :raises OSError: where it cannot be read.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    before = 0
    with path.open("rb") as file:
        while True:
            piece = file.read(_PIECE)
            # Bytes of a character that the piece before broke off.
            kept = len(decoder.getstate()[0])
            try:
                decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                return before - kept + error.start
            if not piece:
                return None
            before += len(piece)
