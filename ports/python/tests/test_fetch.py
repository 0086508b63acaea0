"""Downloads against a scripted peer: faults that no real server makes on purpose (W6)."""

import asyncio
import socket
import time
from email.utils import formatdate

import pytest
from servers import Peer, free_port, response

from natsbridge import NATSBridgeError, fetch_with_backoff, smartreceive, smartsend

GOOD = response(b"hello")


def failure(run, peer, **arguments):
    with pytest.raises(NATSBridgeError) as error:
        run(fetch_with_backoff(f"{peer.url}/a?token=secret", **arguments))
    assert "secret" not in error.value.to_json() + repr(error.value) + str(error.value)
    assert error.value.phase == "fetch"
    return error.value


def gaps(peer):
    return [later - earlier for earlier, later in zip(peer.times, peer.times[1:])]


def reset(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    # Zero seconds of lingering: the connection is reset, not ended.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


@pytest.mark.parametrize(
    "fault",
    [
        *[response(status=f"{status} x") for status in (408, 425, 429, 500, 503, 599)],
        response(b"he", Content_Length=5),
        b"",
        b"no HTTP\r\n\r\n",
        reset,
    ],
)
def test_faults_that_may_pass_are_tried_again(run, fault):
    with Peer(fault, fault, GOOD) as peer:
        assert run(fetch_with_backoff(peer.url, size=5, base_delay=50)) == b"hello"
    assert len(peer.asked) == 3
    assert gaps(peer)[0] >= 0.05
    assert gaps(peer)[1] >= 0.1


@pytest.mark.parametrize("status", [201, 204, 206, 301, 302, 304, 400, 401, 403, 404, 410, 418, 600])
def test_faults_that_stay_are_not(run, status):
    body = b"" if status in (204, 304) else b"other"
    with Peer(response(body, f"{status} x", Location="/b")) as peer:
        error = failure(run, peer)
    assert (error.code, error.retryable) == ("DOWNLOAD_FAILED", False)
    assert f"answered {status}" in error.message
    assert len(peer.asked) == 1


def test_five_attempts_and_then_no_more(run):
    with Peer(response(status="503 x")) as peer:
        error = failure(run, peer, base_delay=20)
    assert len(peer.asked) == 5
    assert [gap >= least for gap, least in zip(gaps(peer), (0.02, 0.04, 0.08, 0.16))] == [True] * 4
    assert error.message.endswith("the file server answered 503 Service Unavailable (after 5 attempts)")
    assert error.retryable


@pytest.mark.parametrize("value", ["1", formatdate(time.time() + 2, usegmt=True)])
def test_the_server_may_ask_for_a_longer_wait(run, value):
    value = value if value == "1" else formatdate(time.time() + 2, usegmt=True)
    with Peer(response(status="429 x", Retry_After=value), GOOD) as peer:
        run(fetch_with_backoff(peer.url, base_delay=1))
    assert 0.9 <= gaps(peer)[0] < 4


def test_but_not_for_more_than_the_longest(run):
    with Peer(response(status="503 x", Retry_After="3600"), response(status="503 x", Retry_After="junk"), GOOD) as peer:
        run(fetch_with_backoff(peer.url, base_delay=1, max_delay=100))
    assert 0.1 <= gaps(peer)[0] < 2
    assert gaps(peer)[1] < 1


def test_sizes(run):
    with Peer(response(b"x" * 10)) as peer:
        error = failure(run, peer, size=5)
        assert (error.code, "announces 10 bytes" in error.message) == ("SIZE_MISMATCH", True)
    with Peer(response(b"x" * 10, Content_Length=None)) as peer:
        error = failure(run, peer, size=5)
        assert (error.code, "more than the 5 bytes" in error.message) == ("SIZE_MISMATCH", True)
    with Peer(response(b"x" * 4, Content_Length=None)) as peer:
        error = failure(run, peer, size=5, max_retries=2, base_delay=1)
        assert (error.code, len(peer.asked)) == ("DOWNLOAD_FAILED", 2)
        assert "the body ended after 4 bytes" in error.message


def test_more_bytes_than_announced_stop_the_transfer(run):
    taken = []

    def pour(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            for _ in range(4096):
                taken.append(connection.send(b"x" * 65536))
        except OSError:
            pass

    with Peer(pour) as peer:
        failure(run, peer, size=5)
    assert sum(taken) < 64 * 2**20


def test_no_content_coding(run):
    with Peer(response(b"hello", Content_Encoding="gzip")) as peer:
        error = failure(run, peer)
    assert "content coding 'gzip'" in error.message
    assert b"\r\nAccept-Encoding: identity\r\n" in peer.asked[0]
    assert b"\r\nUser-Agent: plik_client/natsbridge-" in peer.asked[0]


def test_the_url_goes_out_as_it_stands(run):
    with Peer(GOOD) as peer:
        run(fetch_with_backoff(f"{peer.url}/%7Ea/%2e%2E;x='!()*?q=%20[1]&r=a+b".replace("[1]", "1")))
    assert peer.asked[0].startswith(b"GET /%7Ea/%2e%2E;x='!()*?q=%201&r=a+b HTTP/1.1\r\n")


def test_proxies_and_passwords_of_the_environment_are_ignored(run, monkeypatch, tmp_path):
    with Peer(response(b"proxy")) as proxy, Peer(GOOD) as peer:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login u password p\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        assert run(fetch_with_backoff(peer.url)) == b"hello"
    assert proxy.asked == []
    assert b"Authorization" not in peer.asked[0]


def test_time_outs_are_failed_attempts(run):
    hold = lambda connection: connection.recv(1)  # noqa: E731
    with Peer(hold) as peer:
        began = time.monotonic()
        error = failure(run, peer, max_retries=2, base_delay=1, read_timeout=200)
        assert 0.4 <= time.monotonic() - began < 3
    assert (len(peer.asked), error.retryable) == (2, True)
    assert "silent for 200 ms" in error.message

    def stall(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
        connection.recv(1)

    with Peer(stall) as peer:
        assert "silent for 200 ms" in failure(run, peer, max_retries=1, read_timeout=200).message


def test_slow_headers_are_waited_for(run):
    def drip(connection):
        for line in GOOD.splitlines(keepends=True):
            connection.send(line)
            time.sleep(0.4)

    with Peer(drip) as peer:
        assert run(fetch_with_backoff(peer.url, size=5, max_retries=1, read_timeout=600)) == b"hello"


def test_headers_that_never_end_are_not_held(run):
    def drip(connection):
        connection.send(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(2000):
            connection.send(b"y" * 1000)
            time.sleep(0.001)

    with Peer(drip) as peer:
        began = time.monotonic()
        failure(run, peer, max_retries=1, read_timeout=10_000)
        assert time.monotonic() - began < 5


def test_a_connection_may_take_longer_than_a_silence(run, monkeypatch, plik):
    real = asyncio.BaseEventLoop.getaddrinfo

    async def slow(self, *arguments, **named):
        await asyncio.sleep(0.9)
        return await real(self, *arguments, **named)

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", slow)
    url = plik.replace("127.0.0.1", "localhost")
    sending = smartsend("a.b", [("p", BIG, "binary")], fileserver_url=url, max_retries=1, read_timeout=700)
    envelope, text = run(sending)
    assert envelope["payloads"][0]["transport"] == "link"
    receiving = smartreceive(text, fileserver_url=url, max_retries=1, read_timeout=700)
    assert run(receiving)["payloads"][0].data == BIG


BIG = bytes(600_000)


def test_a_slow_body_is_waited_for(run):
    def slow(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        for letter in b"hello":
            time.sleep(0.15)
            connection.send(bytes([letter]))

    with Peer(slow) as peer:
        assert run(fetch_with_backoff(peer.url, size=5, read_timeout=400)) == b"hello"


def test_no_connection(run):
    with pytest.raises(NATSBridgeError, match="no connection: Connection refused") as error:
        run(fetch_with_backoff(f"http://127.0.0.1:{free_port()}/", max_retries=2, base_delay=1))
    assert error.value.retryable
    with pytest.raises(NATSBridgeError, match="its host name leads nowhere"):
        run(fetch_with_backoff("http://nowhere.invalid/", max_retries=1))


def test_a_connection_that_hangs_is_given_up(run):
    # A full backlog: the kernel answers no further connection.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        others = [socket.socket() for _ in range(4)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        began = time.monotonic()
        with pytest.raises(NATSBridgeError, match="no connection stood in time") as error:
            run(fetch_with_backoff(url, max_retries=1, connect_timeout=300))
        for other in others:
            other.close()
    assert 0.3 <= time.monotonic() - began < 3
    assert error.value.retryable


@pytest.mark.parametrize(
    "url", ["", "a", "ftp://a", "http://u:secret@a", "http://a/#f", "http://0x7f.1/", "http://a b"]
)
def test_what_is_no_link_is_not_fetched(run, url):
    with pytest.raises(NATSBridgeError) as error:
        run(fetch_with_backoff(url))
    assert (error.value.code, error.value.phase) == ("INVALID_ENVELOPE", "validate")
    assert "secret" not in error.value.to_json()


def test_cancelled_it_ends_at_once(run):
    async def cancelled(url):
        task = asyncio.ensure_future(fetch_with_backoff(url))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with Peer(lambda connection: connection.recv(1)) as peer:
        began = time.monotonic()
        run(cancelled(peer.url))
    assert time.monotonic() - began < 3
