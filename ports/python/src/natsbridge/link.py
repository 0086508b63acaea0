"""Links and where they may lead (W2.4 and W6.5), and how URLs are shown without secrets (W6.10)."""

from __future__ import annotations

import ipaddress
import re
from typing import Final, NamedTuple

from natsbridge._generated import MAX_LENGTH_LINK, match_link


class InvalidLinkError(ValueError):
    """The text is not a link that the wire allows; its message is the reason."""


class Origin(NamedTuple):
    """Scheme, host and port of a URL: what a receiver allows or refuses."""

    scheme: str
    """``http`` or ``https``."""
    host: str
    """In lower case; an IPv6 address in brackets and in its shortest form."""
    port: int
    """Also where the URL leaves it to the scheme."""

    def __str__(self) -> str:
        usual = self.port == _USUAL_PORTS[self.scheme]
        return f"{self.scheme}://{self.host}" if usual else f"{self.scheme}://{self.host}:{self.port}"


def origin(url: str) -> Origin:
    """Give the origin of an absolute http or https URL that may stand in a payload's ``data``.

    :raises InvalidLinkError: where it may not: ASCII, at most 2,048 bytes, without user-info, fragment, backslash or white
        space, its host written literally.
    """
    if len(url) > MAX_LENGTH_LINK:
        raise InvalidLinkError("it is longer than 2,048 bytes")
    if not match_link(url):
        raise InvalidLinkError(
            "it is not an absolute http or https URL in ASCII without user-info, fragment or white space"
        )
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    authority = _AUTHORITY_END.split(rest, 1)[0]
    host, colon, digits = authority.rpartition(":")
    if not colon or "]" in digits:
        return Origin(scheme, _literal_host(authority), _USUAL_PORTS[scheme])
    return Origin(scheme, _literal_host(host), _port_number(digits))


def redact(url: str) -> str:
    """Give a URL without whatever may be a secret in it, so that it can be shown."""
    match = _SECRET_END.search(url)
    shown, cut = (url[: match.end()], "…") if match else (url, "")
    # The last @ counts, since a password may hold anything.
    before, at, after = shown.rpartition("@")
    if at:
        scheme, separator, _ = before.partition("://")
        shown = f"{scheme}://…@{after}" if separator else f"…@{after}"
    return shown + cut


def without_user_info(url: str) -> str:
    """Give a URL without its user-info, otherwise as it was."""
    if "@" not in url:
        return url
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    match = _AUTHORITY_OR_FRAGMENT_END.search(rest)
    end = match.start() if match else len(rest)
    authority = rest[:end].rpartition("@")[2]
    return f"{scheme}://{authority}{rest[end:]}"


_USUAL_PORTS: Final = {"http": 80, "https": 443}
_AUTHORITY_END: Final = re.compile(r"[/?]")
_AUTHORITY_OR_FRAGMENT_END: Final = re.compile(r"[/?#]")
_SECRET_END: Final = re.compile(r"[?#]")
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_NUMERIC: Final = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_IPV4: Final = re.compile(r"(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}")
_IPV6: Final = re.compile(r"[0-9A-Fa-f:.]+")


def _port_number(digits: str) -> int:
    port = int(digits) if _PORT.fullmatch(digits) else 0
    if not 1 <= port <= 65_535:
        raise InvalidLinkError("its port is not a plain number from 1 to 65535")
    return port


def _literal_host(host: str) -> str:
    """Give the host in its one form: lower case, and an address only as its family writes it in full."""
    if host.startswith("[") and host.endswith("]"):
        inner = host[1:-1]
        # `ipaddress` takes zones, and on old versions of Python leading zeros.
        _, _, last = inner.rpartition(":")
        try:
            if not _IPV6.fullmatch(inner) or ("." in inner and not _IPV4.fullmatch(last)):
                raise ValueError  # noqa: TRY301
            return f"[{ipaddress.IPv6Address(inner)}]"
        except ValueError:
            raise InvalidLinkError("its host is not an IPv6 address") from None
    if not _NAME.fullmatch(host):
        raise InvalidLinkError("its host is neither a name nor an address")
    last = host.rpartition(".")[2]
    if _NUMERIC.fullmatch(last):
        numbers = host.split(".") if _IPV4.fullmatch(host) else []
        if not numbers or any(int(number) > 255 for number in numbers):
            raise InvalidLinkError("its host is an IPv4 address in octal, hexadecimal or short form")
    return host.lower()
