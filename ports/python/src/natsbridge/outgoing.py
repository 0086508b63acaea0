"""A message whose transports are chosen: what is still to be uploaded, and the JSON text in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, NamedTuple, Optional, Tuple

if TYPE_CHECKING:
    from natsbridge._generated import Envelope, PayloadType


class PendingUpload(NamedTuple):
    """A payload that goes by link and was not uploaded yet."""

    index: int
    """Its position among the payloads, from 0."""
    dataname: str
    payload_type: PayloadType
    size: int
    """Its number of bytes."""
    content: Optional[bytes]
    """The bytes; None for a part that was :class:`natsbridge.part.External`."""


class Outgoing:
    """A message that is ready but for its uploads.

    Upload each of :meth:`uploads`, tell the URL with :meth:`link`, or send it direct after all with :meth:`fall_back`; then
    :meth:`finish`.
    """

    correlation_id: str
    msg_id: str
    send_to: str

    def uploads(self) -> List[PendingUpload]:
        """Give what is still to be uploaded, in list order."""
        raise NotImplementedError

    def link(self, index: int, url: str, sha256: Optional[str] = None) -> None:
        """Tell where payload ``index`` was uploaded to.

        :param sha256: its digest as 64 hexadecimal digits; by default made from the bytes, where they are here.
        :raises NATSBridgeError: UPLOAD_FAILED where the URL is not one that a receiver would read; INVALID_ENVELOPE where no
            such upload is pending, or its digest is wanted and neither it nor the bytes are here.
        """
        raise NotImplementedError

    def fits_direct(self, size: int) -> None:
        """Ask whether so many bytes could ride in the message at all, before they are read.

        :raises NATSBridgeError: PAYLOAD_TOO_LARGE where not.
        """
        raise NotImplementedError

    def fall_back(self, index: int, content: Optional[bytes] = None) -> None:
        """Send payload ``index`` direct, since it could not be uploaded (NFR-202, W6.4).

        :param content: the bytes of one that was :class:`natsbridge.part.External`.
        :raises NATSBridgeError: PAYLOAD_TOO_LARGE where the message would exceed ``max_message_bytes``; the upload is still
            pending then.
        """
        raise NotImplementedError

    def finish(self) -> Tuple[Envelope, bytes]:
        """Give the envelope and its JSON text in UTF-8, which the caller publishes to ``send_to``.

        :raises NATSBridgeError: PAYLOAD_TOO_LARGE where the text is longer than ``max_message_bytes``; INVALID_ENVELOPE where
            an upload is pending.
        """
        raise NotImplementedError
