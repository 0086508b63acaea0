"""What is logged and counted (NFR-401, NFR-402, docs/observability.md)."""

import logging

import pytest
from servers import Peer, response
from test_smartreceive import message

from natsbridge import NATSBridgeError, Plik, smartreceive, smartsend
from natsbridge.warning import is_loopback

FIELDS = ("correlation_id", "msg_id", "timestamp", "sender_name", "receiver_name", "payload_type", "transport")


@pytest.fixture
def told(caplog):
    """What was logged so far: level, sentence, fields."""
    caplog.set_level(logging.DEBUG, "natsbridge")

    def records():
        return [
            (record.levelname, record.getMessage(), [getattr(record, name) for name in FIELDS])
            for record in caplog.records
            if record.name == "natsbridge"
        ]

    return records


def test_a_message_on_its_way(run, plik, told):
    payloads = [("msg", "Hello", "text"), ("i\nmg", b"x" * 600_000, "image")]
    counts = []
    arguments = {"fileserver_url": plik, "observer": lambda *count: counts.append(count)}
    envelope, text = run(smartsend("a.b", payloads, sender_name="s", receiver_name="r", **arguments))
    header = [envelope[name] for name in FIELDS[:5]]
    records = told()
    assert records[0] == ("INFO", "Starting smartsend for subject: a.b", [*header, "", ""])
    assert records[1] == ("DEBUG", r"Uploading payload 'i\nmg' size: 600000 bytes", [*header, "image", "link"])
    assert records[2][1].startswith(r"Uploaded payload 'i\nmg' size: 600000 bytes in ")
    assert records[3:5] == [
        ("DEBUG", "Serialized payload 'msg' (type: text) size: 5 bytes", [*header, "text", "direct"]),
        ("DEBUG", "Using direct transport for 5 bytes", [*header, "text", "direct"]),
    ]
    made = f"Made message of {len(text)} bytes with 2 payloads for subject: a.b"
    assert records[-1] == ("INFO", made, [*header, "text,image", "direct,link"])
    run(smartreceive(text, **arguments))
    records = told()[len(records) :]
    assert records[0] == ("INFO", "Starting smartreceive for subject: a.b", [*header, "text,image", "direct,link"])
    assert records[1][1] == rf"Downloading payload 'i\nmg' size: 600000 bytes from {plik}"
    assert records[-2][1] == r"Deserialized payload 'i\nmg' (type: image, by link) size: 600000 bytes"
    assert records[-1][1] == "Received message with 2 payloads on subject: a.b"
    assert [(name, labels) for name, _, labels in counts] == [
        ("file_upload_duration_seconds", {}),
        ("messages_sent_total", {}),
        ("file_download_duration_seconds", {}),
        ("messages_received_total", {}),
    ]
    assert all(0 < value < 10 for _, value, _ in counts)


def test_attempts(run, told):
    counts = []
    with Peer(response(status="503 x")) as peer, pytest.raises(NATSBridgeError):
        text = message((f"{peer.url}/secret-path?token=secret", 5))
        call = smartreceive(
            text, fileserver_url=peer.url, max_retries=2, base_delay=1, observer=lambda *it: counts.append(it)
        )
        run(call)
    assert counts == [("retry_attempts_total", 1, {"direction": "download"}), ("download_retry_exceeded_total", 1, {})]
    warnings = [sentence for level, sentence, _ in told() if level == "WARNING"]
    answered = "the file server answered 503 Service Unavailable"
    assert warnings == [
        f"Download of payload 'p' failed in attempt 1 of 2, next in 1 ms: {answered}",
        f"Download of payload 'p' failed for good after 2 of 2 attempts: {answered}",
    ]
    assert "secret" not in str(told())


def test_a_payload_that_goes_direct_after_all(run, told):
    counts = []
    call = smartsend(
        "a.b",
        [("p", b"x" * 600_000, "binary")],
        None,
        "http://127.0.0.1:9",
        max_retries=2,
        base_delay=1,
        observer=lambda *count: counts.append(count),
    )
    run(call)
    assert counts == [("retry_attempts_total", 1, {"direction": "upload"}), ("messages_sent_total", 1, {})]
    assert "Payload 'p' could not be uploaded and goes direct: no connection: " in str(told())


def test_a_broadcast_by_one_shot_link(run, plik, told):
    warning = "can be fetched only once, and the message names no receiver"
    run(smartsend("a.b", [("p", b"x", "binary")], None, plik, size_threshold=1))
    assert warning in str(told())
    before = len(told())
    run(smartsend("a.b", [("p", b"x", "binary")], None, plik, size_threshold=1, receiver_name="r"))
    run(smartsend("a.b", [("p", b"x", "binary")], None, plik, Plik(ttl=60), size_threshold=1))
    assert warning not in str(told()[before:])


def test_a_link_that_leads_to_this_machine(run, plik, told):
    warning = f"leads to {plik}, which only this machine reaches, and the broker is elsewhere"
    run(smartsend("a.b", [("p", b"x", "binary")], "nats://broker.example", plik, size_threshold=1))
    assert warning in str(told())
    before = len(told())
    run(smartsend("a.b", [("p", b"x", "binary")], "nats://broker.example,nats://[::1]", plik, size_threshold=1))
    assert warning not in str(told()[before:])


def test_loopback_is_told_from_elsewhere():
    here = [
        "http://localhost:8080/x",
        "nats://u:p@LOCALHOST:1",
        "tls://a.localhost.",
        "http://127.9.9.9/",
        "http://[::1]:80/x",
    ]
    here.append("nats://[::ffff:127.0.0.1]")
    there = [
        "http://a/localhost",
        "nats://localhost.example",
        "nats://localhost@a:1",
        "http://128.0.0.1",
        "http://[::2]/",
        "",
    ]
    assert [url for url in here + there if is_loopback(url)] == here


def test_progress(run, plik, tmp_path):
    seen = []
    (tmp_path / "film").write_bytes(bytes(700_000))
    payloads = [("small", "x", "text"), ("film", tmp_path / "film", "video")]
    _, text = run(smartsend("a.b", payloads, None, plik, on_progress=seen.append))
    assert [(each.direction, each.index, each.dataname, each.size) for each in seen] == [
        ("upload", 1, "film", 700_000)
    ] * 3
    assert [each.transferred for each in seen] == [262_144, 524_288, 700_000]
    seen.clear()
    run(smartreceive(text, fileserver_url=plik, on_progress=seen.append))
    assert (seen[-1].direction, seen[-1].transferred) == ("download", 700_000)


def test_what_the_caller_raises_is_the_callers(run, plik):
    def observer(*_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(smartsend("a.b", [], observer=observer))


def test_no_field_begins_a_line_of_its_own(run, caplog):
    caplog.set_level("DEBUG", "natsbridge")
    _, text = run(smartsend("a.b", [("x", "y", "text")], sender_name="me\nERROR", receiver_name="\x1b[2J"))
    run(smartreceive(text))
    assert {record.sender_name for record in caplog.records} == {"me\\nERROR"}
    assert {record.receiver_name for record in caplog.records} == {"\\x1b[2J"}
