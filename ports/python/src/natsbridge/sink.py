"""Where the bytes of a download go, and the checks that they pass on the way (W6.6)."""

from __future__ import annotations

import hashlib
from pathlib import Path

from natsbridge import local_file
from natsbridge.failure import TransferError, of_local_file
from natsbridge.transfer import Transfer


class Sink:
    """Takes the bytes of one payload, counts and hashes them, and keeps them in memory or in a file.

    :param size: the number of bytes that the message announces; None where the caller does not know it.
    :param sha256: their digest, where the sender told it.
    :param folder: where a temporary file is made; None for memory. What is in it goes when the sink is left with ``with``,
        unless :meth:`finish` handed it on.
    """

    def __init__(
        self, transfer: Transfer, size: int | None = None, sha256: str | None = None, folder: Path | None = None
    ) -> None:
        self.written = 0
        self.file: Path | None = None
        self._transfer = transfer
        self._size = size
        self._sha256 = sha256
        self._hasher = hashlib.sha256()
        self._pieces: list[bytes] = []
        try:
            if folder is not None:
                self.file, self._handle = local_file.temporary(folder)
        except OSError as error:
            raise TransferError(f"no file can be made in {folder}: {of_local_file(error)}") from None

    def start(self, content_length: int | None) -> None:
        """Start anew: what an earlier attempt wrote is dropped.

        :param content_length: what the server announces, if it does.
        :raises TransferError: SIZE_MISMATCH where that is another number than the message's.
        """
        self.written = 0
        self._hasher = hashlib.sha256()
        self._pieces.clear()
        if self.file is not None:
            self._keep_in_file(None)
        if self._size is not None and content_length is not None and content_length != self._size:
            message = f"the server announces {content_length} bytes, the message {self._size}"
            raise TransferError(message, code="SIZE_MISMATCH")

    def write(self, piece: bytes) -> None:
        """Take the next bytes.

        :raises TransferError: SIZE_MISMATCH where there are more than the message announces.
        """
        self.written += len(piece)
        if self._size is not None and self.written > self._size:
            message = f"the server sends more than the {self._size} bytes of the message"
            raise TransferError(message, code="SIZE_MISMATCH")
        if self._sha256 is not None:
            self._hasher.update(piece)
        if self.file is None:
            self._pieces.append(piece)
        else:
            self._keep_in_file(piece)
        self._transfer.report(self.written)

    def is_complete(self) -> bool:
        """Say whether all announced bytes are here."""
        return self._size is None or self.written == self._size

    def finish(self) -> bytes | Path:
        """Give the bytes, or the temporary file, found right.

        :raises TransferError: SIZE_MISMATCH, CHECKSUM_MISMATCH.
        """
        if not self.is_complete():
            raise TransferError(f"{self.written} of {self._size} bytes came", code="SIZE_MISMATCH")
        if self._sha256 is not None and self._hasher.hexdigest() != self._sha256:
            found = self._hasher.hexdigest()
            message = f"the SHA-256 of the bytes is {found}, the message says {self._sha256}"
            raise TransferError(message, code="CHECKSUM_MISMATCH")
        if self.file is None:
            return b"".join(self._pieces)
        try:
            self._handle.close()
        except OSError as error:
            raise of_local_file(error) from None
        file, self.file = self.file, None
        return file

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, *_: object) -> None:
        if self.file is not None:
            self._handle.close()
            local_file.remove(self.file)

    def _keep_in_file(self, piece: bytes | None) -> None:
        try:
            if piece is None:
                self._handle.seek(0)
                self._handle.truncate()
            else:
                self._handle.write(piece)
        except OSError as error:
            raise of_local_file(error) from None
