"""What will probably not reach a receiver as its sender means it."""

from __future__ import annotations

import ipaddress
from typing import Any, Mapping

from natsbridge.link import origin, without_user_info
from natsbridge.observe import Watch, shown


def warn_of_links(watch: Watch, envelope: Mapping[str, Any], *, is_oneshot: bool) -> None:
    """Tell of links that only one of several receivers can fetch, or none but this machine: once for each message."""
    linked = [payload for payload in envelope["payloads"] if payload["transport"] == "link"]
    if linked and is_oneshot and not envelope["receiver_name"] and not envelope["receiver_id"]:
        told = watch.of_payload(linked[0]["payload_type"], "link")
        sentence = "Payload '%s' can be fetched only once, and the message names no receiver: one of several gets it"
        told.warning(sentence, shown(linked[0]["dataname"]))
    brokers = envelope["broker_url"]
    if not brokers or any(is_loopback(url) for url in brokers.split(",")):
        return
    local = next((payload for payload in linked if is_loopback(payload["data"])), None)
    if local is not None:
        told = watch.of_payload(local["payload_type"], "link")
        sentence = "The link of payload '%s' leads to %s, which only this machine reaches, and the broker is elsewhere"
        told.warning(sentence, shown(local["dataname"]), origin(local["data"]))


def is_loopback(url: str) -> bool:
    """Say whether the URL, of whatever scheme, leads to the machine that it is read on (RFC 6761 section 6.3)."""
    rest = without_user_info(url).partition("://")[2]
    for end in "/?#":
        rest = rest.partition(end)[0]
    host, colon, port = rest.rpartition(":")
    if not colon or "]" in port:
        host = rest
    name = host.rstrip(".").lower().strip("[]")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
