"""Sending: what is linked, what goes direct after all, and what is left behind where it fails (W6.3, W6.4, W6.7)."""

import asyncio
import json
import threading
import time

import pytest
from servers import Peer, free_port, response

from natsbridge import NATSBridgeError, Part, Plik, fetch_with_backoff, smartreceive, smartsend

BIG = b"\x89PNG" * 150_000


def failure(run, call):
    with pytest.raises(NATSBridgeError) as error:
        run(call)
    return error.value


def nowhere():
    return f"http://127.0.0.1:{free_port()}"


def test_both_ways(run, plik):
    payloads = [
        ("msg", "Hello", "text"),
        ["settings", {"a": [1, 2.5, None]}, "dictionary", {"origin": "test"}],
        Part("img", BIG, "image"),
        ("rows", [{"a": 1}, {}], "jsontable"),
    ]
    envelope, text = run(smartsend("/chat/user/v1/message", payloads, None, plik, sender_name="s", receiver_name="r"))
    assert json.loads(text) == envelope
    assert [payload["transport"] for payload in envelope["payloads"]] == ["direct", "direct", "link", "direct"]
    assert set(envelope["payloads"][2]["metadata"]) == {"payload_bytes", "sha256"}
    received = run(smartreceive(text.encode(), fileserver_url=plik))
    assert [tuple(payload) for payload in received["payloads"]] == [
        ("msg", "Hello", "text"),
        ("settings", {"a": [1, 2.5, None]}, "dictionary"),
        ("img", BIG, "image"),
        ("rows", [{"a": 1}, {}], "jsontable"),
    ]
    assert received["payloads"][1].metadata == {"payload_bytes": 18, "origin": "test"}
    assert received["sender_name"] == "s"


def test_a_payload_that_cannot_be_uploaded_goes_direct(run):
    envelope, text = run(smartsend("a.b", [("p", b"x" * 600_000, "binary")], None, nowhere(), max_retries=1))
    assert envelope["payloads"][0]["transport"] == "direct"
    assert run(smartreceive(text))["payloads"][0].data == b"x" * 600_000


def test_but_not_where_that_is_switched_off(run):
    error = failure(
        run, smartsend("a.b", [("a", "x", "text"), ("p", BIG, "image")], None, nowhere(), max_retries=1, fallback=False)
    )
    assert (error.code, error.phase, error.pointer, error.dataname) == ("UPLOAD_FAILED", "upload", "/payloads/1", "p")
    assert "Connection refused; nor can it go direct: fallback is off" in error.message
    assert error.retryable
    assert len(error.msg_id) == 36


def test_what_fits_goes_direct_in_list_order_and_the_rest_fails(run):
    removed = []

    def upload(url, dataname, data):
        if dataname == "kept":
            return {"status": 200, "url": "http://files.example/x"}
        raise OSError("disk")

    upload.remove = removed.append
    payloads = [("kept", b"k" * 600_000, "binary"), ("a", b"a" * 500_000, "binary"), ("b", b"b" * 500_000, "binary")]
    error = failure(run, smartsend("a.b", payloads, fileserver_upload_handler=upload))
    assert (error.code, error.pointer) == ("UPLOAD_FAILED", "/payloads/2")
    assert "the upload handler raised OSError; nor can it go direct: the message" in error.message
    assert isinstance(error.__cause__, OSError)
    assert removed == [{"status": 200, "url": "http://files.example/x"}]


def test_the_first_failure_in_list_order_is_reported(run):
    async def upload(url, dataname, data):
        await asyncio.sleep({"slow": 0.3, "quick": 0}[dataname])
        raise ValueError(dataname)

    payloads = [("slow", b"x" * 10, "binary"), ("quick", b"x" * 10, "binary")]
    error = failure(run, smartsend("a.b", payloads, fileserver_upload_handler=upload, size_threshold=1, fallback=False))
    assert (error.pointer, str(error.__cause__)) == ("/payloads/0", "slow")


def test_at_most_four_at_a_time(run):
    now, most = [0], [0]

    async def upload(url, dataname, data):
        now[0] += 1
        most[0] = max(most[0], now[0])
        await asyncio.sleep(0.05)
        now[0] -= 1
        return {"status": 200, "url": f"http://files.example/{dataname}"}

    payloads = [(str(index), b"x", "binary") for index in range(10)]
    envelope, _ = run(smartsend("a.b", payloads, fileserver_upload_handler=upload, size_threshold=1))
    assert most == [4]
    assert [payload["data"][-1] for payload in envelope["payloads"]] == list("0123456789")


def test_handlers_that_block_run_beside_the_event_loop(run):
    threads = set()

    def upload(url, dataname, data):
        assert (url, type(data)) == ("http://files.example", bytes)
        threads.add(threading.current_thread())
        time.sleep(0.2)
        return {"status": 200, "url": f"{url}/{dataname}"}

    began = time.monotonic()
    payloads = [(str(index), b"x", "binary") for index in range(4)]
    run(smartsend("a.b", payloads, None, "http://files.example", upload, size_threshold=1))
    assert time.monotonic() - began < 0.6
    assert threading.main_thread() not in threads


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": 500, "url": "http://a/"}, "returned status 500"),
        ({"url": "http://a/"}, "returned status None"),
        ({"status": 200}, "returned a NoneType as url"),
        ({"status": 200, "url": "ftp://a/?secret"}, "cannot be sent"),
        (None, "gave a NoneType, not a mapping"),
    ],
)
def test_answers_of_a_handler_that_are_none(run, answer, said):
    call = smartsend(
        "a.b", [("p", b"x", "binary")], fileserver_upload_handler=lambda *_: answer, size_threshold=1, fallback=False
    )
    error = failure(run, call)
    assert error.code == "UPLOAD_FAILED"
    assert said in error.message
    assert "secret" not in error.to_json()


def test_the_deadline_is_for_all_uploads_together(run):
    def hold(connection):
        connection.settimeout(10)
        connection.recv(1)

    with Peer(hold) as peer:
        began = time.monotonic()
        error = failure(run, smartsend("a.b", [("p", BIG, "image")], None, peer.url, deadline=300, fallback=False))
        assert 0.3 <= time.monotonic() - began < 3
    assert "the deadline of the whole call passed" in error.message
    assert error.retryable


def test_nothing_is_left_behind_where_the_message_fails(run):
    removed = []

    async def upload(url, dataname, data):
        # Longer than the 512 bytes that are counted for a link beforehand.
        return {"status": 200, "url": "http://files.example/" + "x" * 2000}

    async def remove(uploaded):
        removed.append(len(uploaded["url"]))

    upload.remove = remove
    call = smartsend("a.b", [("p", BIG, "image")], fileserver_upload_handler=upload, max_message_bytes=1500)
    error = failure(run, call)
    assert (error.code, error.phase) == ("PAYLOAD_TOO_LARGE", "limit")
    assert removed == [2021]


def test_a_removal_that_fails_hides_nothing(run):
    def upload(url, dataname, data):
        return {"status": 500, "url": ""}

    def remove(uploaded):
        raise OSError

    upload.remove = remove
    call = smartsend("a.b", [("p", BIG, "image")], fileserver_upload_handler=upload, fallback=False)
    assert "returned status 500" in failure(run, call).message


def test_cancelled_it_takes_back_what_it_uploaded(run, plik):
    uploaded = []

    class Noting(Plik):
        async def upload(self, client, server, source, transfer):
            if source.size > 10:
                await asyncio.sleep(60)
            uploaded.append(await super().upload(client, server, source, transfer))
            return uploaded[-1]

    async def cancelled():
        payloads = [("a", b"x" * 10, "binary"), ("b", b"x" * 11, "binary")]
        task = asyncio.ensure_future(smartsend("a.b", payloads, None, plik, Noting(ttl=60), size_threshold=1))
        while not uploaded:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(cancelled())
    assert "404" in failure(run, fetch_with_backoff(uploaded[0]["url"])).message


def test_arguments_count_before_data(run):
    error = failure(run, smartsend("a b", [("p", object(), "text")]))
    assert (error.code, error.pointer) == ("INVALID_ENVELOPE", "/send_to")
    error = failure(run, smartsend("a.b", [("p", object(), "text")], max_retries=0))
    assert error.message == "max_retries counts attempts and must be at least 1, found 0"
    error = failure(run, smartsend("a.b", [("p", object(), "text")], deadline=-1))
    assert "deadline" in error.message
    error = failure(run, smartsend("a.b", [("p", object(), "text")]))
    assert (error.code, error.pointer) == ("SERIALIZATION_ERROR", "/payloads/0/data")


def test_a_message_that_cannot_fit_uploads_nothing(run):
    with Peer(response(b"")) as peer:
        payloads = [(str(index), b"x" * 700, "binary") for index in range(2000)]
        assert failure(run, smartsend("a.b", payloads, None, peer.url)).code == "PAYLOAD_TOO_LARGE"
    assert peer.asked == []


@pytest.mark.parametrize("data", [None, 5, "text", b"bytes", {"a": 1}])
def test_what_is_no_list_of_payloads(run, data):
    error = failure(run, smartsend("a.b", data))
    assert (error.code, error.phase) == ("INVALID_ENVELOPE", "validate")
    assert len(error.msg_id) == 36


def test_a_handler_that_raises_stop_iteration(run):
    def upload(url, dataname, data):
        return next(iter(()))

    sending = smartsend("a.b", [("p", BIG, "image")], fileserver_upload_handler=upload)
    envelope, _ = run(asyncio.wait_for(sending, 10))
    assert envelope["payloads"][0]["transport"] == "direct"


@pytest.mark.parametrize(
    "given", [{"status": 200, "url": "ftp://x"}, {"status": 200}, {"status": 500, "url": "http://x/y"}]
)
def test_what_was_uploaded_to_nowhere_is_taken_back(run, given):
    removed = []

    def upload(url, dataname, data):
        return given

    upload.remove = removed.append
    envelope, _ = run(smartsend("a.b", [("p", BIG, "image")], fileserver_upload_handler=upload))
    assert envelope["payloads"][0]["transport"] == "direct"
    assert removed == [given]


def test_the_file_server_is_looked_up_where_it_is_needed_alone(run, monkeypatch):
    _, text = run(smartsend("a.b", [("p", BIG, "image")], fileserver_upload_handler=lambda *_: LINK))
    monkeypatch.setenv("FILESERVER_URL", "no URL")
    _, direct = run(smartsend("a.b", [("p", "x", "text")]))
    assert run(smartreceive(direct))["payloads"][0].data == "x"
    for call in (smartsend("a.b", [("p", BIG, "image")]), smartreceive(text)):
        error = failure(run, call)
        assert (error.code, len(error.msg_id)) == ("INVALID_ENVELOPE", 36)
        assert "FILESERVER_URL cannot be read" in error.message
    assert error.is_local
    fetched = smartreceive(text, lambda *_: BIG, allowed_origins=["http://files.example"])
    assert run(fetched)["payloads"][0].data == BIG


LINK = {"status": 200, "url": "http://files.example/x"}
