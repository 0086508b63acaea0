"""What the environment says where an argument does not (requirements 12.2, W5.3).

Arguments beat the environment, and that beats the default. Only variables that are needed are read; an empty one counts as none.
"""

from __future__ import annotations

import os
import re

from natsbridge._generated import DEFAULTS, ENVIRONMENT, match_broker_url
from natsbridge.errors import NATSBridgeError
from natsbridge.link import InvalidLinkError, origin, without_user_info


class UnreadableVariableError(NATSBridgeError):
    """A variable of the environment has a value that nobody can use."""


def fileserver_or_default(argument: str | None) -> str:
    """Give the file server's URL.

    :raises NATSBridgeError: INVALID_ENVELOPE naming the argument or the variable whose value is no http or https URL.
    """
    url, name = argument, "fileserver_url"
    if url is None:
        url, name = _variable(ENVIRONMENT.fileserver_url), ENVIRONMENT.fileserver_url
        if url is None:
            return DEFAULTS.fileserver_url
    expected = "an absolute http or https URL such as http://localhost:8080"
    if not isinstance(url, str):
        raise _unreadable(name, expected, f"a {type(url).__name__}")
    try:
        origin(url)
    except InvalidLinkError as reason:
        raise _unreadable(name, expected, f"{len(url)} characters that are not: {reason}") from None
    return url


def broker_or_none() -> str | None:
    """Give the NATS servers' URLs out of the environment; None where it has none.

    :raises NATSBridgeError: INVALID_ENVELOPE naming the variable whose value is no list of URLs.
    """
    name = ENVIRONMENT.broker_url
    urls = _variable(name)
    if urls is None or match_broker_url(",".join(without_user_info(url) for url in urls.split(","))):
        return urls
    expected = "comma-separated nats, tls, ws or wss URLs such as nats://localhost:4222"
    raise _unreadable(name, expected, f"{len(urls)} characters that are not")


def size_threshold_or_none() -> int | None:
    """Give the threshold in bytes out of the environment; None where it has none.

    :raises NATSBridgeError: INVALID_ENVELOPE naming the variable whose value is no number of bytes.
    """
    name = ENVIRONMENT.size_threshold
    text = _variable(name)
    if text is None:
        return None
    if re.fullmatch("[0-9]{1,19}", text) is None:
        raise _unreadable(name, "a number of bytes such as 500000", repr(text[:100]))
    return int(text)


def _variable(name: str) -> str | None:
    value = os.environ.get(name)
    if not value:
        return None
    try:
        # Bytes that are no UTF-8 stand in it as lone surrogates.
        value.encode()
    except UnicodeEncodeError:
        raise _unreadable(name, "UTF-8", "other bytes") from None
    return value


def _unreadable(name: str, expected: str, found: str) -> NATSBridgeError:
    message = f"{name} cannot be read: expected {expected}, found {found}"
    kind = NATSBridgeError if name == "fileserver_url" else UnreadableVariableError
    return kind("INVALID_ENVELOPE", "validate", message, expected=expected, found=found)
