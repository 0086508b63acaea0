"""The rules of a message that no schema states, and the order in which its faults count (W7.1)."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Dict, Final, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from natsbridge._generated import (
    ENVELOPE_MEMBERS,
    JSON_MAX_DEPTH,
    PAYLOAD_MEMBERS,
    PAYLOAD_METADATA_MEMBERS,
    check_envelope,
    match_link,
)
from natsbridge.check import MISSING, MOST, Checker, Violation, found
from natsbridge.errors import ContentError, NATSBridgeError
from natsbridge.json_writer import write
from natsbridge.link import InvalidLinkError, Origin, origin, redact


class Policy(NamedTuple):
    """What a receiver holds a message against, beyond the schema."""

    max_payloads: int
    allowed_origins: Set[Origin]


def incoming(envelope: Any, policy: Policy) -> Optional[Violation]:
    """Give what is wrong first with an envelope that was received."""
    check = Checker()
    check_envelope(check, envelope)
    violations = check.violations
    payloads = envelope.get("payloads") if type(envelope) is dict else None
    if type(payloads) is list:
        violations.extend(_too_many(len(payloads), policy.max_payloads))
        for index, payload in enumerate(payloads):
            if type(payload) is dict:
                if payload.get("payload_type") == "arrowtable":
                    violations.extend(_unsupported(index))
                _check_size(violations, index, payload)
                if payload.get("transport") == "link":
                    violations.extend(_link(index, payload, policy))
                if len(violations) >= MOST:
                    break
    return _first(violations) if violations else None


def outgoing(envelope: Dict[str, Any], max_payloads: int) -> Optional[Violation]:
    """Give what is wrong first with the arguments of a message to be sent; ``envelope`` is what they would become.

    The metadata of a payload is as the caller passed it.
    """
    check = Checker()
    check_envelope(check, envelope)
    violations = check.violations
    for member, value in envelope.items():
        violations.extend(_not_text(f"/{member}", value))
    payloads = envelope["payloads"]
    violations.extend(_too_many(len(payloads), max_payloads))
    # The envelope alone is open around its metadata; around a payload's there are the list and the payload as well.
    violations.extend(_not_json("/metadata", envelope["metadata"], 1))
    violations.extend(_doubtful_broker(envelope["broker_url"]))
    for index, payload in enumerate(payloads):
        pointer = f"/payloads/{index}"
        violations.extend(_not_text(f"{pointer}/dataname", payload["dataname"]))
        if payload["payload_type"] == "arrowtable":
            violations.extend(_unsupported(index))
        metadata = payload["metadata"]
        violations.extend(_not_json(f"{pointer}/metadata", metadata, 3))
        if type(metadata) is dict:
            for name in PAYLOAD_METADATA_MEMBERS:
                if name in metadata:
                    expected = "metadata without the reserved names payload_bytes and sha256"
                    violations.append(_of_rule(f"{pointer}/metadata/{name}", expected, name, "W1.13"))
    return _first(violations) if violations else None


def error_of(violation: Violation, payloads: Any) -> NATSBridgeError:
    """Give the error that a violation is, with the ``dataname`` of the payload that it is about."""
    dataname = None
    tokens = violation.pointer.split("/")
    if len(tokens) > 2 and tokens[1] == "payloads":
        payload = payloads[int(tokens[2])]
        name = payload.get("dataname") if type(payload) is dict else None
        dataname = name if isinstance(name, str) else None
    return NATSBridgeError(
        violation.code,
        "validate",
        str(violation),
        pointer=violation.pointer,
        dataname=dataname,
        expected=violation.expected,
        found=violation.found,
    )


def _first(violations: List[Violation]) -> Violation:
    """Give the one that decides.

    It is the first by envelope member in schema order, then by payload, by its member, and by that of its metadata; of equals
    the first that was found.
    """
    return min(violations, key=lambda violation: _position(violation.pointer))


def _position(pointer: str) -> Tuple[int, int, int, int]:
    tokens: List[Optional[str]] = [*pointer.split("/")[1:5]]
    tokens += [None] * (4 - len(tokens))
    index = 0 if tokens[1] is None or not tokens[1].isdigit() else int(tokens[1]) + 1
    return (
        _rank(ENVELOPE_MEMBERS, tokens[0]),
        index,
        _rank(PAYLOAD_MEMBERS, tokens[2]),
        _rank(PAYLOAD_METADATA_MEMBERS, tokens[3]),
    )


def _rank(members: Sequence[str], token: Optional[str]) -> int:
    if token is None:
        return 0
    return 1 + (members.index(token) if token in members else len(members))


def _of_rule(pointer: str, expected: str, shown: str, rule: str, code: Any = "INVALID_ENVELOPE") -> Violation:
    return Violation(pointer, "rule", code, expected, shown, rule)


def _too_many(count: int, most: int) -> Iterator[Violation]:
    if count > most:
        yield _of_rule("/payloads", f"at most {most} payloads (max_payloads)", str(count), "W1.10")


def _unsupported(index: int) -> Iterator[Violation]:
    """Tell of a payload type that exists, but not where pyarrow is not installed."""
    if find_spec("pyarrow") is None:
        expected = "a payload type that is installed: arrowtable needs pyarrow (pip install 'natsbridge[arrow]')"
        pointer = f"/payloads/{index}/payload_type"
        yield _of_rule(pointer, expected, "arrowtable", "W5", "INVALID_PAYLOAD_TYPE")


def _check_size(violations: List[Violation], index: int, payload: Dict[str, Any]) -> None:
    metadata = payload.get("metadata")
    if type(metadata) is not dict or payload.get("encoding") == "json":
        return
    said, size = metadata.get("payload_bytes", MISSING), payload.get("size")
    if said is MISSING or said == size or not (_is_size(said) and _is_size(size)):
        return
    pointer = f"/payloads/{index}/metadata/payload_bytes"
    violations.append(_of_rule(pointer, f"{size}, as in size", str(said), "W1.13", "SIZE_MISMATCH"))


def _is_size(value: Any) -> bool:
    whole = type(value) is int or (type(value) is float and value % 1 == 0)
    return whole and 0 <= value <= _GREATEST_SIZE


_GREATEST_SIZE: Final = 2**53 - 1


def _link(index: int, payload: Dict[str, Any], policy: Policy) -> Iterator[Violation]:
    url = payload.get("data")
    pointer = f"/payloads/{index}/data"
    if type(url) is not str:
        return
    try:
        source = origin(url)
    except InvalidLinkError as reason:
        # The schema's own pattern has told it already.
        if match_link(url):
            yield _of_rule(pointer, "a link whose host is written literally", f"{redact(url)}: {reason}", "W2.4")
        return
    if source not in policy.allowed_origins:
        listed = ", ".join(sorted(map(str, policy.allowed_origins))) or "none"
        expected = f"a link to one of allowed_origins ({listed})"
        yield _of_rule(pointer, expected, str(source), "W6.5", "URL_NOT_ALLOWED")


def _not_text(pointer: str, value: Any) -> Iterator[Violation]:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            yield _of_rule(pointer, "a string without lone surrogates", found(value), "W3.2")


def _not_json(pointer: str, value: Any, around: int) -> Iterator[Violation]:
    """Tell of metadata that cannot be written within as many arrays and objects."""
    if type(value) is dict and value:
        try:
            write(value, JSON_MAX_DEPTH - around)
        except ContentError as error:
            yield _of_rule(pointer, error.expected, error.found + error.place, "W1.9")


def _doubtful_broker(urls: Any) -> Iterator[Violation]:
    """Tell of an ``@`` that is left once user-info was removed: a password with ``/``, ``?`` or ``#`` would go out as a path."""
    if isinstance(urls, str) and "@" in urls:
        expected = "URLs without @ behind the host; / ? # @ in a password are percent-encoded"
        yield _of_rule("/broker_url", expected, f"a string of {len(urls.encode('utf-8', 'replace'))} bytes", "W1.8")
