"""Uploads to Plik: to the server itself, and to a scripted peer for what no real one does on purpose (W6.1)."""

import asyncio
import json
import re

import pytest
from servers import Peer, file_server, response

from natsbridge import NATSBridgeError, Plik, fetch_with_backoff, plik_oneshot_upload, smartreceive, smartsend

ID = "11111111-1111-4111-8111-111111111111"


def created(**members):
    answer = {
        "id": "u p",
        "uploadToken": "secret-token",
        "files": None,
        "downloadDomain": "",
        "isAdmin": True,
        **members,
    }
    return response(json.dumps(answer).encode(), Content_Type="text/plain; charset=utf-8")


ADDED = response(b'{"id": "f/1", "fileName": "payload", "status": "uploaded"}', Content_Type="text/plain")
DELETED = response(b"ok")


def failure(run, call):
    with pytest.raises(NATSBridgeError) as error:
        run(call)
    assert "secret" not in error.value.to_json() + repr(error.value)
    return error.value


def test_one_shot(run, plik):
    uploaded = run(plik_oneshot_upload(plik, "../a b?#\u00e4", b"\0\1\2" * 100_000))
    assert uploaded["status"] == 200
    assert uploaded["url"] == f"{plik}/file/{uploaded['uploadid']}/{uploaded['fileid']}/payload"
    assert run(fetch_with_backoff(uploaded["url"], size=300_000)) == b"\0\1\2" * 100_000
    error = failure(run, fetch_with_backoff(uploaded["url"]))
    assert "404 Not Found: the file is gone; a one-shot file can be fetched once" in error.message


def test_a_file_by_its_path(run, plik, tmp_path):
    path = tmp_path / "film"
    path.write_bytes(b"ab" * 1_000_000)
    for given in (path, str(path)):
        uploaded = run(plik_oneshot_upload(plik, "film", given))
        assert run(fetch_with_backoff(uploaded["url"])) == path.read_bytes()
    error = failure(run, plik_oneshot_upload(plik, "film", tmp_path / "missing"))
    assert (error.code, error.dataname) == ("UPLOAD_FAILED", "film")
    assert error.message == "payload 'film' could not be uploaded: No such file or directory"


def test_kept_until_it_is_deleted(run, plik):
    handler = Plik(ttl=60)
    uploaded = run(handler(plik, "a", b"hello"))
    for _ in range(2):
        assert run(fetch_with_backoff(uploaded["url"])) == b"hello"
    assert "secret" not in repr(uploaded)
    assert set(uploaded) == {"status", "uploadid", "fileid", "url"}
    run(handler.delete(uploaded))
    assert "404" in failure(run, fetch_with_backoff(uploaded["url"])).message
    assert failure(run, handler.delete(uploaded)).code == "UPLOAD_FAILED"


def test_a_password_is_told_to_its_own_server_alone(run, plik):
    handler = Plik(ttl=60, login="user", password="secret")
    _, text = run(
        smartsend(
            "a.b", [("p", b"12345", "binary")], fileserver_url=plik, size_threshold=5, fileserver_upload_handler=handler
        )
    )
    received = run(smartreceive(text, handler, fileserver_url=plik))
    assert received["payloads"][0].data == b"12345"
    assert "401" in failure(run, smartreceive(text, fileserver_url=plik)).message
    with Peer(response(b"12345")) as peer:
        text = re.sub(r"http://[^/]+(?=/file)", peer.url, text)
        run(smartreceive(text, handler, fileserver_url=plik, allowed_origins=[peer.url]))
    assert b"Authorization" not in peer.asked[0]
    assert "secret" not in repr(handler)


def test_a_user_token(run):
    with file_server("--user-token", "secret") as url:
        assert failure(run, plik_oneshot_upload(url, "a", b"x")).code == "UPLOAD_FAILED"
        assert run(Plik(token="secret")(url, "a", b"x"))["status"] == 200


def test_what_is_sent(run):
    with Peer(created(), ADDED) as peer:
        uploaded = run(plik_oneshot_upload(peer.url + "/", "secret name", b"hello"))
    first, second = peer.asked
    assert first.startswith(b"POST /upload HTTP/1.1\r\n")
    assert json.loads(first.partition(b"\r\n\r\n")[2]) == {"OneShot": True, "Removable": False}
    assert second.startswith(b"POST /file/u%20p HTTP/1.1\r\n")
    assert b"X-UploadToken: secret-token\r\n" in second
    assert b"Transfer-Encoding" not in second
    assert re.search(rb'name="file"; ?filename="payload"\r\n', second)
    assert b"\r\n\r\nhello\r\n--" in second
    assert b"secret name" not in second
    assert uploaded["url"] == f"{peer.url}/file/u%20p/f%2F1/payload"


def test_files_may_be_fetched_elsewhere(run):
    with Peer(created(downloadDomain="https://files.example/"), ADDED) as peer:
        assert run(plik_oneshot_upload(peer.url, "a", b"x"))["url"] == "https://files.example/file/u%20p/f%2F1/payload"


def test_a_further_attempt_creates_anew_and_removes_the_old_one(run):
    with Peer(created(), response(b"plain text", "503 x"), DELETED, created(id="second"), ADDED) as peer:
        uploaded = run(plik_oneshot_upload(peer.url, "a", b"x"))
    assert [asked.split(b" HTTP")[0] for asked in peer.asked] == [
        b"POST /upload",
        b"POST /file/u%20p",
        b"DELETE /upload/u%20p",
        b"POST /upload",
        b"POST /file/second",
    ]
    assert peer.times[3] - peer.times[1] >= 0.1
    assert uploaded["uploadid"] == "second"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (response(b"[]"), "expected a JSON object"),
        (response(b"<html>"), "expected a JSON object"),
        (response(b"\xff"), "expected a JSON object"),
        (response(b"[" * 100_000), "expected a JSON object"),
        (response(b"{}"), "its member 'id' is no string"),
        (created(uploadToken=5), "its member 'uploadToken' is no string"),
        (response(b" " * (2**20 + 1)), "longer than 1 MiB"),
        (response(b"x", "404 x"), "no Plik answers there"),
        (response(b"x", "400 x"), "may be too large"),
        (response(b"x", "401 x"), "a token or password is missing or wrong"),
        (response(b"", "301 x", Location="/#/?err=secret"), "redirects are not followed"),
    ],
)
def test_what_is_not_plik_fails_at_once(run, answer, said):
    with Peer(answer) as peer:
        error = failure(run, plik_oneshot_upload(peer.url, "a", b"x"))
    assert (error.code, error.phase, error.retryable) == ("UPLOAD_FAILED", "upload", False)
    assert said in error.message
    assert len(peer.asked) == 1


def test_a_server_that_takes_nothing_is_given_up(run):
    def stop_reading(connection):
        connection.settimeout(5)
        connection.recv(1)

    async def upload(url):
        send = smartsend(
            "a.b",
            [("p", bytes(32 * 2**20), "binary")],
            fileserver_url=url,
            max_retries=1,
            read_timeout=300,
            fallback=False,
        )
        return await asyncio.wait_for(send, 10)

    with Peer(created(), lambda connection: connection.recv(1), DELETED) as peer:
        error = failure(run, upload(peer.url))
    assert error.code == "UPLOAD_FAILED"
    assert "silent for 300 ms" in error.message
    assert peer.asked[-1].startswith(b"DELETE /upload/u%20p")


def test_a_file_that_changes_fails_for_good(run, tmp_path, plik):
    path = tmp_path / "growing"
    path.write_bytes(b"x" * 600_000)

    def shrink(progress):
        path.write_bytes(b"")

    send = smartsend("a.b", [("p", path, "binary")], fileserver_url=plik, fallback=False, on_progress=shrink)
    error = failure(run, send)
    assert error.code == "UPLOAD_FAILED"
    assert "the file changed: it had 600000 bytes" in error.message
    assert not error.retryable


def test_cancelled_it_removes_what_it_created(run):
    async def cancelled(url):
        task = asyncio.ensure_future(plik_oneshot_upload(url, "a", b"x"))
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with Peer(created(), lambda connection: connection.recv(1), DELETED) as peer:
        run(cancelled(peer.url))
    assert peer.asked[-1].startswith(b"DELETE /upload/u%20p")


def test_arguments_are_checked():
    for arguments in ({"ttl": 0}, {"login": "a"}, {"password": "a"}):
        with pytest.raises(ValueError, match="ttl|password"):
            Plik(**arguments)
