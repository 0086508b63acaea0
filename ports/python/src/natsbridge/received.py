"""A message as the receiver has it."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from natsbridge._generated import EnvelopeHeader, PayloadType, Transport


class ReceivedPayload(Tuple[str, Any, PayloadType]):
    """A payload: unpacks as ``(dataname, data, payload_type)``."""

    id: str
    """Its UUID, in lower case."""
    transport: Transport
    """How it came: ``direct`` or ``link``."""
    size: int
    """Bytes of the serialized payload."""
    metadata: Dict[str, Any]
    """``payload_bytes`` and ``sha256`` where the sender told them, and the sender's own members."""

    def __new__(cls, payload: Dict[str, Any], data: Any) -> ReceivedPayload:
        """Make one of a payload of an envelope that is valid."""
        self = super().__new__(cls, (payload["dataname"], data, payload["payload_type"]))
        self.id = payload["id"]
        self.transport = payload["transport"]
        self.size = int(payload["size"])
        self.metadata = payload["metadata"]
        return self

    def __getnewargs__(self) -> Tuple[Dict[str, Any], Any]:
        """Give what makes it again, for copies and pickles."""
        return {**vars(self), "dataname": self[0], "payload_type": self[2]}, self[1]

    @property
    def dataname(self) -> str:
        """What the sender calls it."""
        return self[0]

    @property
    def data(self) -> Any:
        """The value: see :func:`natsbridge.smartreceive` for what each type becomes."""
        return self[1]

    @property
    def payload_type(self) -> PayloadType:
        """One of the names of W1.11."""
        return self[2]

    def with_data(self, data: Any) -> ReceivedPayload:
        """Give the same payload with another value, such as the path of the file that it went to."""
        return ReceivedPayload(self.__getnewargs__()[0], data)


class Received(EnvelopeHeader):
    """The envelope: all members of the header as the message has them, ids in lower case."""

    payloads: List[ReceivedPayload]
    """The payloads, in the sender's order."""
