import asyncio
import os
import subprocess
import sys
import threading
import time

import pytest

from natsbridge import NATSBridgeError, sync


def both_ways(url):
    payloads = [("msg", "Hello", "text"), ("img", bytes(600_000), "image")]
    envelope, text = sync.smartsend("a.b", payloads, fileserver_url=url)
    assert envelope["payloads"][1]["transport"] == "link"
    received = sync.smartreceive(text, fileserver_url=url)
    return [payload.data for payload in received["payloads"]]


def test_without_an_event_loop(plik):
    assert both_ways(plik) == ["Hello", bytes(600_000)]
    uploaded = sync.plik_oneshot_upload(plik, "a", b"hello")
    assert sync.fetch_with_backoff(uploaded["url"], size=5) == b"hello"


def test_within_an_event_loop(plik):
    async def main():
        return both_ways(plik)

    before = threading.active_count()
    assert asyncio.run(main()) == ["Hello", bytes(600_000)]
    assert threading.active_count() == before


def test_errors_come_through():
    async def main():
        sync.smartsend("a b", [])

    for call in (lambda: sync.smartsend("a b", []), lambda: asyncio.run(main())):
        with pytest.raises(NATSBridgeError, match="INVALID_ENVELOPE") as error:
            call()
        assert error.value.pointer == "/send_to"


def test_they_are_called_and_documented_as_their_twins():
    assert sync.smartsend.__name__ == "smartsend"
    assert "named, typed payloads" in sync.smartsend.__doc__


def test_it_is_there_with_the_package():
    code = "import natsbridge; print(natsbridge.sync.smartsend('a.b', [])[0]['send_to'])"
    assert (
        subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True).stdout
        == b"a.b" + os.linesep.encode()
    )


def test_a_deadline_holds_although_a_handler_goes_on():
    stop, removed = threading.Event(), []

    def upload(url, dataname, data):
        stop.wait(20)
        return {"status": 200, "url": "http://files.example/x"}

    upload.remove = removed.append
    began = time.monotonic()
    with pytest.raises(NATSBridgeError, match="deadline"):
        sync.smartsend("a.b", [("p", b"x" * 600_000, "binary")], None, None, upload, deadline=100, fallback=False)
    assert time.monotonic() - began < 5
    assert removed == []
    stop.set()
    # What it uploaded all the same is taken back.
    for _ in range(200):
        if removed:
            break
        time.sleep(0.02)
    assert removed == [{"status": 200, "url": "http://files.example/x"}]
