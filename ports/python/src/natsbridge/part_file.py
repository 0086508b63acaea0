"""Payloads that are given as files (W6.9)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Sequence

from natsbridge import local_file
from natsbridge.clock import new_id
from natsbridge.errors import NATSBridgeError
from natsbridge.failure import of_local_file
from natsbridge.part import External, PartLike, Serialized

if TYPE_CHECKING:
    from natsbridge.draft import Draft

_STREAMS = ("text", "image", "audio", "video", "binary")


def with_files_read(
    parts: list[PartLike], draft: Callable[[Sequence[PartLike]], Draft], timestamp: str, threshold: int | None
) -> tuple[list[PartLike], dict[int, Path]]:
    """Read the files among the parts, but for those that are large and need not be seen as a whole.

    :param draft: makes the message out of its parts, to see what else is wrong with it first.
    :returns: the parts, and the files that stay where they are, by index.
    :raises NATSBridgeError: SERIALIZATION_ERROR for a file that cannot be read or is no UTF-8 where it is a text.
    """
    files: dict[int, Path] = {}
    at = [index for index, part in enumerate(parts) if _is_file(part)]
    if not at:
        return parts, files
    # Arguments count before data, so that a file is not even looked at where they are wrong.
    stand_ins = [_with_data(part, External(0)) if _is_file(part) else part for part in parts]
    draft(stand_ins).check()
    read = list(parts)
    for index in at:
        path: Path = parts[index][1]
        payload_type = str(parts[index][2])
        try:
            data, is_streamed = _read(path, payload_type, threshold)
        except (OSError, _NoTextError) as error:
            # Faults count in list order: one of an earlier payload comes first.
            _raise_earlier(draft(read[:index]), timestamp)
            raise _unreadable(parts[index], index, path, error) from None
        read[index] = _with_data(parts[index], data)
        if is_streamed:
            files[index] = path
    return read, files


class _NoTextError(Exception):
    """A file that is to be a text is no UTF-8."""


def _is_file(part: Any) -> bool:
    return isinstance(part, (list, tuple)) and len(part) >= 3 and isinstance(part[1], Path)


def _with_data(part: Any, data: Any) -> PartLike:
    if hasattr(part, "_replace"):
        replaced: PartLike = part._replace(data=data)
        return replaced
    return (part[0], data, *part[2:])


def _read(path: Path, payload_type: str, threshold: int | None) -> tuple[Any, bool]:
    size = path.stat().st_size
    if threshold is None or payload_type not in _STREAMS or not path.is_file() or size < max(threshold, 1):
        return Serialized(path.read_bytes()), False
    if payload_type == "text":
        at = local_file.invalid_utf8_at(path)
        if at is not None:
            raise _NoTextError(f"is no text: it is not UTF-8 at byte {at}")
    return External(size), True


def _raise_earlier(draft: Draft, timestamp: str) -> None:
    try:
        draft.encode(timestamp, new_id)
    except NATSBridgeError as error:
        if error.phase == "serialize":
            raise


def _unreadable(part: Sequence[Any], index: int, path: Path, error: Exception) -> NATSBridgeError:
    reason = f"cannot be read: {of_local_file(error)}" if isinstance(error, OSError) else str(error)
    expected = "a readable file" if isinstance(error, OSError) else "UTF-8"
    message = f"payload {index} ({part[2]}): the file {path} {reason}"
    failed = NATSBridgeError("SERIALIZATION_ERROR", "serialize", message, expected=expected)
    failed.pointer, failed.dataname = f"/payloads/{index}/data", str(part[0])
    return failed
