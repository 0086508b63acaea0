"""Named, typed payloads between languages over NATS: small ones in the message, large ones by link."""

from natsbridge import sync
from natsbridge.answer import ack, nack, reply, update_status
from natsbridge.errors import NATSBridgeError
from natsbridge.fetch import fetch_with_backoff
from natsbridge.message import decode, encode, encode_bytes
from natsbridge.natsbridge import smartreceive, smartsend
from natsbridge.part import Part
from natsbridge.plik import Plik, plik_oneshot_upload
from natsbridge.received import ReceivedPayload
from natsbridge.transfer import Progress
from natsbridge.version import __version__

__all__ = [
    "NATSBridgeError",
    "Part",
    "Plik",
    "Progress",
    "ReceivedPayload",
    "__version__",
    "ack",
    "decode",
    "encode",
    "encode_bytes",
    "fetch_with_backoff",
    "nack",
    "plik_oneshot_upload",
    "reply",
    "smartreceive",
    "smartsend",
    "sync",
    "update_status",
]
