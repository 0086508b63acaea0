"""Answers beside those of the cases: where they go, and what a refusal says (W8.2)."""

import json
from typing import Any, Dict

import pytest

from natsbridge import NATSBridgeError, ack, nack, reply
from natsbridge.message import decode, encode

TIME = "2026-03-13T07:02:50.443Z"


def message(**arguments: Any) -> Any:
    return decode(encode("a.b", [("x", "y", "text")], timestamp=TIME, **arguments)[1])


def error_of(text: str) -> Dict[str, Any]:
    ((name, data, kind),) = decode(text)["payloads"]
    assert (name, kind) == ("error", "dictionary")
    return dict(data)


def test_the_nats_reply_subject_counts_before_reply_to() -> None:
    received = message(reply_to="there")
    assert ack(received)[0]["send_to"] == "there"
    assert ack(received, send_to="_INBOX.x")[0]["send_to"] == "_INBOX.x"


def test_with_nowhere_to_go_it_is_an_error() -> None:
    with pytest.raises(NATSBridgeError) as caught:
        ack(message())
    assert caught.value.pointer == "/send_to"


@pytest.mark.parametrize(
    ("code", "retryable", "argument", "told"),
    [
        ("DOWNLOAD_FAILED", False, None, None),
        ("DOWNLOAD_FAILED", True, None, None),
        ("DOWNLOAD_FAILED", True, False, False),
        ("SIZE_MISMATCH", False, None, None),
        ("SIZE_MISMATCH", True, None, True),
        ("SIZE_MISMATCH", False, True, True),
    ],
)
def test_a_refusal_says_whether_to_try_again(code: Any, retryable: bool, argument: Any, told: Any) -> None:
    error = NATSBridgeError(code, "fetch", "why", pointer="/payloads/0/data", retryable=retryable)
    _, text = nack(message(reply_to="there"), error, retryable=argument, timestamp=TIME)
    report = error_of(text)
    assert report["error"]["details"].pop("retryable", None) is told
    assert report == error.report(TIME)


def test_a_message_that_could_not_be_read_is_refused_too() -> None:
    with pytest.raises(NATSBridgeError) as caught:
        decode('{"msg_id":"no id"')
    envelope, text = nack(None, caught.value, send_to="_INBOX.x")
    assert (envelope["reply_to_msg_id"], envelope["msg_purpose"]) == ("", "NACK")
    assert error_of(text)["error"]["details"]["phase"] == "parse"
    received = message()
    with pytest.raises(NATSBridgeError) as caught:
        decode(encode("a", [], timestamp=TIME, msg_id=received["msg_id"])[1].replace('"chat"', '"chit"'))
    assert nack(None, caught.value, send_to="x")[0]["reply_to_msg_id"] == received["msg_id"]


def test_a_reply_carries_payloads() -> None:
    received = message(reply_to="there", sender_name="me")
    envelope, text = reply(received, [("x", [1], "dictionary")], msg_purpose="event")
    assert (envelope["msg_purpose"], envelope["receiver_name"]) == ("event", "me")
    assert decode(text)["payloads"][0].data == [1]


def test_a_refusal_holds_at_most_so_much_of_a_strangers_text() -> None:
    long = "\u00e4" * 2_000_000
    error = NATSBridgeError(
        "INVALID_ENVELOPE", "validate", long, pointer=long, dataname=long, expected=long, found=long
    )
    error.within(long, long, long)
    _, text = nack(None, error, send_to="there", timestamp=TIME)
    report = error_of(text)
    body = report["error"]
    texts = [*body["details"].values(), body["message"], report["send_to"], report["msg_id"], report["correlation_id"]]
    assert len(texts) == 9
    assert {len(each.encode()) for each in texts} == {len("validate"), 1023}
    assert body["message"] == "\u00e4" * 510 + "\u2026"
    assert error_of(nack(None, error.report(TIME), send_to="there")[1]) == report


def test_a_refusal_for_the_receivers_own_trouble_is_retryable_and_tells_no_path() -> None:
    message_of_mine = "payload 0 cannot be kept as /srv/mine/x: it exists already"
    error = NATSBridgeError(
        "INVALID_ENVELOPE", "fetch", message_of_mine, expected="/srv/mine", found="/srv/mine"
    ).local()
    report = error_of(nack(message(reply_to="there"), error)[1])
    assert report["error"]["details"] == {"phase": "fetch", "retryable": True}
    assert "/srv" not in json.dumps(report)
    assert "/srv" in error.message
