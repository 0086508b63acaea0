"""Payloads out of files and into files (W6.9)."""

import hashlib
import json
import os
import stat
import subprocess
import sys

import pytest
from servers import Peer, response
from test_smartreceive import message

from natsbridge import NATSBridgeError, Part, local_file, smartreceive, smartsend


def failure(run, call):
    with pytest.raises(NATSBridgeError) as error:
        run(call)
    return error.value


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.fixture
def given(tmp_path):
    """One file of each kind: small and large, and the payloads that they make."""
    folder = tmp_path / "given"
    folder.mkdir()
    return [
        ("note", written(folder, "a", "gr\u00fc\u00dfe".encode()), "text"),
        ("book", written(folder, "b", "\U0001f980".encode() * 200_000), "text"),
        ("settings", written(folder, "c", b' {"a": 1.0 }'), "dictionary"),
        ("rows", written(folder, "d", b"[" + b'{"a":1},' * 80_000 + b"{}]"), "jsontable"),
        ("film", written(folder, "e", bytes(range(256)) * 4000), "video"),
        ("nothing", written(folder, "f", b""), "binary"),
    ]


def test_there_and_back(run, plik, given, tmp_path):
    envelope, text = run(smartsend("a.b", given, None, plik))
    assert [payload["transport"] for payload in envelope["payloads"]] == [
        "direct",
        "link",
        "direct",
        "link",
        "link",
        "direct",
    ]
    for payload, (_, path, _) in zip(envelope["payloads"], given):
        assert payload["size"] == path.stat().st_size
        digest = payload["metadata"].get("sha256")
        assert digest is None or digest == hashlib.sha256(path.read_bytes()).hexdigest()
    folder = tmp_path / "received"
    folder.mkdir()
    received = run(smartreceive(text, fileserver_url=plik, into_dir=folder))
    names = ["payload-0.txt", "payload-1.txt", "payload-2.json", "payload-3.json", "payload-4.bin", "payload-5.bin"]
    assert sorted(os.listdir(folder)) == names
    for payload, name, (_, path, payload_type) in zip(received["payloads"], names, given):
        assert (payload.data, payload.payload_type) == (folder / name, payload_type)
        assert payload.data.read_bytes() == path.read_bytes()
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((folder / names[1]).stat().st_mode) == 0o666 & ~mask


def test_some_into_files_and_the_rest_into_memory(run, tmp_path):
    _, text = run(smartsend("a.b", [("a", "x", "text"), ("b", "y", "text")]))
    asked = []

    def choose(index, payload):
        asked.append((index, payload["dataname"]))
        return str(tmp_path / "b") if index == 1 else None

    received = run(smartreceive(text, into_files=choose))
    assert [payload.data for payload in received["payloads"]] == ["x", tmp_path / "b"]
    assert asked == [(0, "a"), (1, "b")]
    assert (tmp_path / "b").read_text() == "y"


def test_nothing_is_overwritten(run, tmp_path):
    _, text = run(smartsend("a.b", [("a", "x", "text"), ("b", "y", "text")]))
    written(tmp_path, "payload-1.txt", b"old")
    error = failure(run, smartreceive(text, into_dir=tmp_path))
    assert (error.code, error.phase, error.pointer, error.dataname) == ("DOWNLOAD_FAILED", "fetch", "/payloads/1", "b")
    assert "it exists already, and nothing is overwritten" in error.message
    error = failure(run, smartreceive(text, into_files=lambda *_: tmp_path / "same"))
    assert "another payload is to be kept there" in error.message
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    assert "exists already" in failure(run, smartreceive(text, into_files=lambda *_: tmp_path / "dangling")).message
    assert (tmp_path / "payload-1.txt").read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["dangling", "payload-1.txt"]


def test_all_or_nothing(run, tmp_path, monkeypatch):
    """The second name cannot be given: the first goes again."""
    _, text = run(smartsend("a.b", [("a", "x", "text"), ("b", "y", "text")]))
    real, given_names = local_file.name_it, []

    def name_it(path, target):
        if given_names:
            raise FileExistsError(17, "secret")
        given_names.append(target)
        real(path, target)

    monkeypatch.setattr(local_file, "name_it", name_it)
    assert "File exists" in failure(run, smartreceive(text, into_dir=tmp_path)).message
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("arguments", [(), (hashlib.sha256(b"hallo").hexdigest(),)])
def test_a_file_appears_once_it_is_verified(run, tmp_path, arguments):
    seen = []
    with Peer(response(b"hello")) as peer:
        text = message((f"{peer.url}/x", 5, *arguments))
        call = smartreceive(
            text, fileserver_url=peer.url, into_dir=tmp_path, on_progress=lambda _: seen.append(os.listdir(tmp_path))
        )
        if arguments:
            assert failure(run, call).code == "CHECKSUM_MISMATCH"
        else:
            run(call)
    assert len(seen[0]) == 1
    assert seen[0][0].startswith(".natsbridge-")
    assert os.listdir(tmp_path) == ([] if arguments else ["payload-0.bin"])


def test_attempts_start_the_file_anew(run, tmp_path):
    with Peer(response(b"hel", Content_Length=5), response(b"hello")) as peer:
        run(smartreceive(message((f"{peer.url}/x", 5)), fileserver_url=peer.url, into_dir=tmp_path))
    assert (tmp_path / "payload-0.bin").read_bytes() == b"hello"


def test_content_is_checked_in_list_order(run, tmp_path):
    with Peer(response(b"a\xffb")) as peer:
        envelope = json.loads(message(*[(f"{peer.url}/x", 3)] * 3))
        for payload, payload_type in zip(envelope["payloads"], ("binary", "text", "dictionary")):
            payload["payload_type"] = payload_type
        error = failure(run, smartreceive(json.dumps(envelope), fileserver_url=peer.url, into_dir=tmp_path))
        assert (error.code, error.phase, error.pointer) == ("DESERIALIZATION_ERROR", "decode", "/payloads/1/data")
        assert error.found == "other bytes at byte 1"
        assert error.msg_id == envelope["msg_id"]
        envelope["payloads"].reverse()
        error = failure(run, smartreceive(json.dumps(envelope), fileserver_url=peer.url, into_dir=tmp_path))
        assert (error.code, error.pointer) == ("DESERIALIZATION_ERROR", "/payloads/0/data")
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_not_there(run, tmp_path, plik):
    _, text = run(smartsend("a.b", [("a", "x", "text")]))
    assert "No such file or directory" in failure(run, smartreceive(text, into_dir=tmp_path / "no")).message
    _, text = run(smartsend("a.b", [("a", "x", "text")], None, plik, size_threshold=1))
    error = failure(run, smartreceive(text, fileserver_url=plik, into_dir=tmp_path / "no"))
    assert (error.code, error.pointer) == ("DOWNLOAD_FAILED", "/payloads/0/data")
    assert f"no file can be made in {tmp_path / 'no'}: No such file or directory" in error.message
    error = failure(run, smartreceive(text, into_dir=tmp_path, into_files=lambda *_: None))
    assert (error.code, error.phase) == ("INVALID_ENVELOPE", "validate")


def test_files_that_cannot_be_sent(run, tmp_path):
    good = ("good", "x", "text")
    error = failure(run, smartsend("a.b", [good, ("p", tmp_path / "missing", "text")]))
    assert (error.code, error.phase, error.pointer, error.dataname) == (
        "SERIALIZATION_ERROR",
        "serialize",
        "/payloads/1/data",
        "p",
    )
    assert error.message.endswith("missing cannot be read: No such file or directory")
    assert len(error.msg_id) == 36
    assert failure(run, smartsend("a.b", [("p", tmp_path, "binary")])).message.endswith("Is a directory")
    no_text = written(tmp_path, "no-text", b"a" * 299_999 + b"\xc3(" + b"a" * 300_000)
    error = failure(run, smartsend("a.b", [("p", no_text, "text")]))
    assert error.message.endswith("no-text is no text: it is not UTF-8 at byte 299999")
    no_json = written(tmp_path, "no-json", b'{"a":1,"a":2}')
    assert failure(run, smartsend("a.b", [("p", no_json, "dictionary")])).code == "SERIALIZATION_ERROR"
    # An earlier fault comes first, and one in the arguments before all of them.
    error = failure(run, smartsend("a.b", [("bad", 5, "text"), ("p", tmp_path / "missing", "text")]))
    assert error.pointer == "/payloads/0/data"
    error = failure(run, smartsend("a b", [("p", tmp_path / "missing", "text")]))
    assert error.pointer == "/send_to"
    error = failure(run, smartsend("a.b", [("p", tmp_path / "missing", "film")]))
    assert error.code == "INVALID_PAYLOAD_TYPE"


def test_a_file_falls_back_to_direct(run, tmp_path):
    path = written(tmp_path, "film", bytes(600_000))
    call = smartsend("a.b", [Part("p", path, "video", {"a": 1})], None, "http://127.0.0.1:9", max_retries=1)
    envelope, text = run(call)
    assert envelope["payloads"][0]["transport"] == "direct"
    assert run(smartreceive(text))["payloads"][0].data == bytes(600_000)
    path = written(tmp_path, "large", bytes(1_200_000))
    error = failure(run, smartsend("a.b", [("p", path, "video")], None, "http://127.0.0.1:9", max_retries=1))
    assert error.code == "UPLOAD_FAILED"


def test_a_handler_of_ones_own_gets_the_bytes(run, tmp_path):
    path = written(tmp_path, "film", bytes(600_000))

    def upload(url, dataname, data):
        assert data == bytes(600_000)
        return {"status": 200, "url": "http://files.example/x"}

    envelope, _ = run(smartsend("a.b", [("p", path, "video")], fileserver_upload_handler=upload))
    assert envelope["payloads"][0]["metadata"]["sha256"] == hashlib.sha256(bytes(600_000)).hexdigest()


def test_text_is_read_across_pieces(tmp_path):
    for shift in range(4):
        text = ("a" * shift + "\U0001f600" * 200_000).encode()
        assert local_file.invalid_utf8_at(written(tmp_path, "t", text)) is None
        assert local_file.invalid_utf8_at(written(tmp_path, "t", text[:-1])) == len(text) - 4
    for content, at in ((b"", None), (b"ab\xffc", 2), (b"a" * 300_000 + b"\xed\xa0\x80", 300_000)):
        assert local_file.invalid_utf8_at(written(tmp_path, "t", content)) == at


def test_a_file_system_without_links(tmp_path, monkeypatch):
    def link(*_):
        raise PermissionError(1, "no")

    monkeypatch.setattr(os, "link", link)
    local_file.name_it(written(tmp_path, "a", b"x"), tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"x"
    with pytest.raises(FileExistsError):
        local_file.name_it(written(tmp_path, "a", b"y"), tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"x"


def test_memory_is_bounded(plik, tmp_path):
    """200 MB there and back, in a process that may take 100 MB more than it has when it starts."""
    program = """
import asyncio, resource, sys
from pathlib import Path
from natsbridge import smartreceive, smartsend

async def main(url, folder):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    envelope, text = await smartsend("a.b", [("film", folder / "film", "video")], None, url)
    received = await smartreceive(text, fileserver_url=url, into_dir=folder)
    assert received["payloads"][0].data.stat().st_size == 200_000_000
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert more < 100_000, more

asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
"""
    with (tmp_path / "film").open("wb") as file:
        file.truncate(200_000_000)
    line = [sys.executable, "-c", program, plik, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(line, check=True, timeout=120, env=environment)
