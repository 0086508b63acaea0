"""Receiving: what is fetched, by whom, and what it is held against (W6.3, W6.5 to W6.7)."""

import asyncio
import hashlib
import json
import threading
import time

import pytest
from servers import Peer, response

from natsbridge import NATSBridgeError, ReceivedPayload, smartreceive, smartsend

IDS = [f"{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}" for digit in "1234"]


def message(*payloads, **members):
    """A message with these payloads; links are (url, size) or (url, size, sha256)."""
    whole = []
    for url, size, *digest in payloads:
        metadata = {"payload_bytes": size, **({"sha256": digest[0]} if digest else {})}
        whole.append(
            {
                "id": IDS[3],
                "dataname": "p",
                "payload_type": "binary",
                "transport": "link",
                "encoding": "none",
                "size": size,
                "data": url,
                "metadata": metadata,
            }
        )
    envelope = {
        "correlation_id": IDS[0],
        "msg_id": IDS[1],
        "timestamp": "2026-03-13T07:02:50.443Z",
        "send_to": "a.b",
        "msg_purpose": "chat",
        "sender_name": "s",
        "sender_id": IDS[2],
        "receiver_name": "",
        "receiver_id": "",
        "reply_to": "",
        "reply_to_msg_id": "",
        "broker_url": "",
        "metadata": {},
        **members,
        "payloads": whole,
    }
    return json.dumps(envelope)


def failure(run, call):
    with pytest.raises(NATSBridgeError) as error:
        run(call)
    return error.value


class NatsMessage:
    def __init__(self, data):
        self.data = data


def test_whatever_nats_delivers(run):
    _, text = run(smartsend("a.b", [("msg", "Hello", "text")]))
    for form in (text, text.encode(), bytearray(text.encode()), memoryview(text.encode()), NatsMessage(text.encode())):
        received = run(smartreceive(form))
        (payload,) = received["payloads"]
        assert isinstance(payload, ReceivedPayload)
        assert (payload.dataname, payload.data, payload.payload_type, payload.transport, payload.size) == (
            "msg",
            "Hello",
            "text",
            "direct",
            5,
        )
    error = failure(run, smartreceive(None))
    assert (error.code, error.phase) == ("INVALID_ENVELOPE", "parse")


def test_links_elsewhere_are_refused_before_any_handler(run):
    asked = []
    text = message(("http://evil.example:8080/x?token=secret", 5))
    for arguments in (
        {},
        {"fileserver_download_handler": asked.append},
        {"allowed_origins": ["https://evil.example:8080"]},
    ):
        error = failure(run, smartreceive(text, **arguments))
        assert (error.code, error.phase, error.pointer) == ("URL_NOT_ALLOWED", "validate", "/payloads/0/data")
        assert "http://evil.example:8080" in error.message
        assert "allowed_origins" in error.to_json()
        assert "secret" not in error.to_json()
    assert asked == []


def test_a_handler_of_ones_own(run):
    calls = []

    async def fetch(*arguments):
        calls.append(arguments)
        return b"hello"

    fetch.origins = ["https://files.example"]
    text = message(("https://files.example/x?y", 5, hashlib.sha256(b"hello").hexdigest()))
    received = run(smartreceive(text, fetch, 7, 10, 20))
    assert received["payloads"][0].data == b"hello"
    assert calls == [("https://files.example/x?y", 7, 10, 20, IDS[0])]
    received = run(smartreceive(text, lambda *_: bytearray(b"hello"), allowed_origins=["https://files.example"]))
    assert received["payloads"][0].data == b"hello"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (b"hell", "SIZE_MISMATCH"),
        (b"hello!", "SIZE_MISMATCH"),
        (b"hallo", "CHECKSUM_MISMATCH"),
        ("hello", "DOWNLOAD_FAILED"),
    ],
)
def test_what_a_handler_gives_is_checked(run, given, code):
    text = message(("http://localhost:8080/x", 5, hashlib.sha256(b"hello").hexdigest().upper()))
    error = failure(run, smartreceive(text, lambda *_: given))
    assert (error.code, error.phase, error.pointer, error.dataname) == (code, "fetch", "/payloads/0/data", "p")
    assert (error.correlation_id, error.msg_id, error.send_to) == (IDS[0], IDS[1], "a.b")


def test_a_handler_that_raises(run):
    def fetch(*_):
        raise OSError("http://a/?token=secret")

    error = failure(run, smartreceive(message(("http://localhost:8080/x", 5)), fetch))
    assert (error.code, error.phase, error.retryable) == ("DOWNLOAD_FAILED", "fetch", False)
    assert "the download handler raised OSError" in error.message
    assert "secret" not in error.to_json()
    assert isinstance(error.__cause__, OSError)

    def refuse(*_):
        raise NATSBridgeError("DOWNLOAD_FAILED", "fetch", "no", retryable=True)

    assert failure(run, smartreceive(message(("http://localhost:8080/x", 5)), refuse)).retryable


def test_origins_of_a_handler_are_origins(run):
    def fetch(*_):
        raise AssertionError

    fetch.origins = ["files.example"]
    error = failure(run, smartreceive(message(), fetch))
    assert (error.code, error.phase) == ("INVALID_ENVELOPE", "validate")


def test_sizes_and_digests_over_http(run):
    with Peer(response(b"hello")) as peer:
        error = failure(run, smartreceive(message((f"{peer.url}/x?secret", 6)), fileserver_url=peer.url))
        assert (error.code, error.phase) == ("SIZE_MISMATCH", "fetch")
        assert "secret" not in error.to_json()
        digest = hashlib.sha256(b"hallo").hexdigest()
        error = failure(run, smartreceive(message((f"{peer.url}/x", 5, digest)), fileserver_url=peer.url))
        assert (error.code, error.phase) == ("CHECKSUM_MISMATCH", "fetch")
        assert digest in error.message
    # Neither is tried again.
    assert len(peer.asked) == 2


def test_at_most_four_at_a_time_and_the_first_failure_in_list_order(run):
    lock, at_once = threading.Lock(), [0, 0]

    def slow(connection):
        with lock:
            at_once[0] += 1
            at_once[1] = max(at_once)
        time.sleep(0.2)
        # Before the answer goes: the next request may come before this thread runs again.
        with lock:
            at_once[0] -= 1
        connection.sendall(response(b"", "404 x"))

    with Peer(slow, response(b"", "410 x"), slow) as peer:
        links = [(f"{peer.url}/{index}", 5) for index in range(9)]
        began = time.monotonic()
        error = failure(run, smartreceive(message(*links), fileserver_url=peer.url))
        assert time.monotonic() - began < 2
    assert 1 < at_once[1] <= 4
    assert error.pointer == "/payloads/0/data"


def test_the_deadline_is_for_all_downloads_together(run):
    def hold(connection):
        connection.settimeout(10)
        connection.recv(1)

    counts = []
    with Peer(hold) as peer:
        text = message((f"{peer.url}/x", 5), (f"{peer.url}/y", 5))
        call = smartreceive(text, fileserver_url=peer.url, deadline=300, observer=lambda *count: counts.append(count))
        began = time.monotonic()
        error = failure(run, call)
        assert 0.3 <= time.monotonic() - began < 3
    assert "the deadline of the whole call passed" in error.message
    assert counts[0] == ("download_retry_exceeded_total", 1, {})


def test_cancelled_it_leaves_no_task_behind(run):
    async def cancelled(url):
        task = asyncio.ensure_future(smartreceive(message((f"{url}/x", 5)), fileserver_url=url))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with Peer(lambda connection: connection.recv(1)) as peer:
        run(cancelled(peer.url))


def test_limits(run):
    assert failure(run, smartreceive(message(), max_message_bytes=10)).code == "PAYLOAD_TOO_LARGE"
    links = [("http://localhost:8080/x", 0)] * 2
    assert failure(run, smartreceive(message(*links), max_payloads=1)).pointer == "/payloads"
