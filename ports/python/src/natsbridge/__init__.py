"""Named, typed payloads between languages over NATS: small ones in the message, large ones by link."""

from natsbridge.errors import NATSBridgeError

__all__ = ["NATSBridgeError"]
