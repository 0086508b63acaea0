"""A message before it is written: what the sender says, and the pure way from there to the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping

if TYPE_CHECKING:
    from natsbridge._generated import Checksum, MsgPurpose
    from natsbridge.outgoing import Outgoing
    from natsbridge.part import PartLike


class Draft:
    """A message with everything that its sender can say about it; what is not said has its default.

    :meth:`encode` turns it into JSON without a clock, a network or an event loop. ``smartsend`` does the same with all of them.
    The environment is not read here: None for ``broker_url`` and ``size_threshold`` is the default of the schema.
    """

    def __init__(
        self,
        subject: str,
        data: Iterable[PartLike],
        *,
        broker_url: str | None = None,
        size_threshold: int | None = None,
        correlation_id: str | None = None,
        msg_purpose: MsgPurpose = "chat",
        sender_name: str | None = None,
        receiver_name: str = "",
        receiver_id: str = "",
        reply_to: str = "",
        reply_to_msg_id: str = "",
        msg_id: str | None = None,
        sender_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        checksum: Checksum = "link",
        inline_json: bool = False,
        max_message_bytes: int | None = None,
        max_payloads: int | None = None,
    ) -> None:
        raise NotImplementedError

    def check(self) -> None:
        """Do the first phase of :meth:`encode` alone: what `smartsend` wants to know before it opens files.

        :raises NATSBridgeError: as :meth:`encode` in phase ``validate``.
        """
        raise NotImplementedError

    def encode(self, timestamp: str, new_id: Callable[[], str]) -> Outgoing:
        """Serialize the payloads and choose their transport.

        :param timestamp: the time of the message, as :func:`natsbridge.clock.now` gives it.
        :param new_id: gives UUIDs where the message needs one that was not passed in.
        :raises NATSBridgeError: in this order: INVALID_ENVELOPE or INVALID_PAYLOAD_TYPE for an argument that breaks the
            schema; SERIALIZATION_ERROR for data that its type cannot carry; PAYLOAD_TOO_LARGE where the message cannot be
            made to fit.
        """
        raise NotImplementedError
