import pytest

from natsbridge import NATSBridgeError, environment, smartreceive, smartsend


def test_arguments_beat_the_environment_and_that_beats_the_default(monkeypatch, run):
    send = smartsend("a.b", [("p", b"12345", "binary")])
    envelope, _ = run(send)
    assert envelope["broker_url"] == "nats://localhost:4222"
    monkeypatch.setenv("NATS_URL", "nats://user:secret@a:1,tls://b")
    envelope, text = run(smartsend("a.b", [("p", b"12345", "binary")]))
    assert envelope["broker_url"] == "nats://a:1,tls://b"
    assert "secret" not in text
    envelope, _ = run(smartsend("a.b", [], broker_url="nats://c"))
    assert envelope["broker_url"] == "nats://c"


def test_the_threshold_comes_from_the_environment(monkeypatch, run, plik):
    monkeypatch.setenv("SIZE_THRESHOLD", "5")
    monkeypatch.setenv("FILESERVER_URL", plik)
    envelope, text = run(smartsend("a.b", [("p", b"12345", "binary"), ("q", b"1234", "binary")]))
    assert [payload["transport"] for payload in envelope["payloads"]] == ["link", "direct"]
    assert envelope["payloads"][0]["data"].startswith(plik + "/file/")
    # The receiver allows the origin that the environment names.
    assert run(smartreceive(text))["payloads"][0].data == b"12345"
    envelope, _ = run(smartsend("a.b", [("p", b"12345", "binary")], size_threshold=6))
    assert envelope["payloads"][0]["transport"] == "direct"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NATS_URL", "http://a"),
        ("NATS_URL", "nats://a,,nats://b"),
        ("FILESERVER_URL", "ftp://secret"),
        ("FILESERVER_URL", "http://user:secret@a"),
        ("SIZE_THRESHOLD", "-1"),
        ("SIZE_THRESHOLD", "5e5"),
        ("SIZE_THRESHOLD", "\u0665"),
        ("SIZE_THRESHOLD", "\udcff"),
    ],
)
def test_an_unreadable_value_is_an_error_that_names_the_variable(monkeypatch, run, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(NATSBridgeError) as error:
        run(smartsend("a.b", [("p", bytes(600_000), "binary")], msg_id="11111111-1111-4111-8111-111111111111"))
    assert (error.value.code, error.value.phase) == ("INVALID_ENVELOPE", "validate")
    assert error.value.message.startswith(f"{name} cannot be read: expected ")
    assert "secret" not in error.value.to_json()
    assert error.value.msg_id == "11111111-1111-4111-8111-111111111111"


def test_an_empty_variable_counts_as_none(monkeypatch):
    for name in ("NATS_URL", "FILESERVER_URL", "SIZE_THRESHOLD"):
        monkeypatch.setenv(name, "")
    assert environment.broker_or_none() is None
    assert environment.size_threshold_or_none() is None
    assert environment.fileserver_or_default(None) == "http://localhost:8080"


def test_an_argument_is_named_as_such():
    with pytest.raises(NATSBridgeError, match="^INVALID_ENVELOPE: fileserver_url cannot be read"):
        environment.fileserver_or_default("nowhere")
    with pytest.raises(NATSBridgeError, match="found a int"):
        environment.fileserver_or_default(5)
