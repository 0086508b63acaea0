"""What is uploaded: bytes, or a file, in pieces."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import AsyncIterator, cast

from natsbridge.failure import TransferError, of_local_file
from natsbridge.transfer import Transfer

_PIECE = 256 * 1024


class Source:
    """Bytes, or a file of a size that is known, to be read any number of times."""

    def __init__(self, data: bytes | Path, size: int) -> None:
        self.data = data
        self.size = size
        self.moved = 0.0
        """When the last piece went, by the event loop's clock."""
        self.failure: TransferError | None = None
        """Why it could not be read, which aiohttp hides behind an error of its own."""
        self._sha256: str | None = None

    async def pieces(self, transfer: Transfer) -> AsyncIterator[bytes | memoryview]:
        """Give everything from the start, and tell of it as it goes.

        :raises TransferError: where a file cannot be read or is of another size by now.
        """
        hasher = hashlib.sha256()
        sent = 0
        self.touch()
        try:
            async for piece in self._read():
                hasher.update(piece)
                sent += len(piece)
                if sent > self.size:
                    break
                yield piece
                self.touch()
                transfer.report(sent)
            if sent != self.size:
                raise self._changed()
        except TransferError as error:
            self.failure = error
            raise
        self._sha256 = hasher.hexdigest()

    async def sha256(self) -> str:
        """Give the digest of what went last; it is made now where nothing went yet."""
        if self._sha256 is None:
            async for _ in self.pieces(Transfer("upload")):
                pass
        return cast("str", self._sha256)

    async def content(self) -> bytes:
        """Give all of it at once.

        :raises TransferError: where a file cannot be read or is of another size by now.
        """
        return b"".join([bytes(piece) async for piece in self.pieces(Transfer("upload"))])

    def touch(self) -> None:
        """Note that something moved."""
        self.moved = asyncio.get_running_loop().time()

    def _changed(self) -> TransferError:
        return TransferError(f"the file changed: it had {self.size} bytes")

    async def _read(self) -> AsyncIterator[bytes | memoryview]:
        if not isinstance(self.data, Path):
            whole = memoryview(self.data)
            for start in range(0, len(whole), _PIECE):
                yield whole[start : start + _PIECE]
            return
        loop = asyncio.get_running_loop()
        try:
            file = await loop.run_in_executor(None, self.data.open, "rb")
            try:
                while True:
                    piece = await loop.run_in_executor(None, file.read, _PIECE)
                    if not piece:
                        return
                    yield piece
            finally:
                file.close()
        except OSError as error:
            raise of_local_file(error) from None
