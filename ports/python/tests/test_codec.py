"""Whole messages: round trips, canonical bytes, the fast ways against the plain ones, errors."""

import base64
import hashlib
import json
from typing import Any, Dict, List

import pytest
from cases import ROOT, all_cases, input_bytes
from hypothesis import given
from hypothesis import strategies as st
from texts import texts, values

from natsbridge import NATSBridgeError, scan
from natsbridge._generated import ENVELOPE_MEMBERS, PAYLOAD_MEMBERS
from natsbridge.clock import new_id
from natsbridge.draft import Draft
from natsbridge.incoming import Decoder
from natsbridge.json_reader import NotStrictError, read
from natsbridge.message import decode, encode, encode_bytes
from natsbridge.part import External, Part, Serialized
from natsbridge.usual import usual_envelope

TIME = "2026-03-13T07:02:50.443Z"
ID = "00112233-4455-6677-8899-aabbccddeeff"

rows = st.lists(st.dictionaries(texts, values, max_size=4), max_size=4)
parts = st.one_of(
    st.tuples(texts, texts, st.just("text")),
    st.tuples(texts, st.dictionaries(texts, values, max_size=4) | st.lists(values, max_size=4), st.just("dictionary")),
    st.tuples(texts, rows, st.just("jsontable")),
    st.tuples(texts, st.binary(max_size=3000), st.sampled_from(["image", "audio", "video", "binary"])),
)
metadata = st.dictionaries(texts.filter(lambda name: name not in ("payload_bytes", "sha256")), values, max_size=3)


def draft(data: Any, **arguments: Any) -> Draft:
    return Draft("a.b", data, correlation_id=ID, msg_id=ID, sender_id=ID, **arguments)


def refused(data: Any, **arguments: Any) -> NATSBridgeError:
    with pytest.raises(NATSBridgeError) as caught:
        encode("a.b", data, timestamp=TIME, **arguments)
    return caught.value


@given(st.lists(parts, max_size=4), st.sampled_from(["link", "all", "none"]), st.booleans(), metadata, texts)
def test_what_is_sent_arrives(
    data: List[Any], checksum: Any, inline_json: bool, members: Dict[str, Any], name: str
) -> None:
    with_metadata = [(*part, members) for part in data]
    envelope, text = encode(
        "a.b",
        with_metadata,
        timestamp=TIME,
        checksum=checksum,
        inline_json=inline_json,
        metadata=members,
        sender_name=name,
    )
    received = decode(text)
    assert [tuple(payload) for payload in received["payloads"]] == data
    assert received["sender_name"] == name
    assert received["metadata"] == members
    for payload, (_, _, _) in zip(received["payloads"], data):
        own = {name: value for name, value in payload.metadata.items() if name not in ("payload_bytes", "sha256")}
        assert own == members
    # The envelope that was handed out is what the text says, and the text is canonical.
    assert json.loads(text) == envelope
    assert list(envelope) == list(ENVELOPE_MEMBERS)
    assert all(list(payload) == list(PAYLOAD_MEMBERS) for payload in envelope["payloads"])
    assert json.dumps(envelope, ensure_ascii=False, separators=(",", ":")) == text


@given(
    st.lists(parts, max_size=4), texts, st.sampled_from(["chat", "ACK", "no"]), st.sampled_from(["a", "a..b", "é.b"])
)
def test_the_fast_way_to_write_gives_the_same_bytes(data: List[Any], name: str, purpose: Any, subject: str) -> None:
    arguments: Dict[str, Any] = {"timestamp": TIME, "msg_purpose": purpose, "sender_name": name, "new_id": lambda: ID}
    plain = []
    for way in (
        lambda: encode(subject, data, **arguments)[1].encode(),
        lambda: encode_bytes(subject, data, **arguments),
    ):
        try:
            plain.append(way())
        except NATSBridgeError as error:
            plain.append(error.to_json(TIME).encode())
    assert plain[0] == plain[1]


@given(st.lists(parts, max_size=3), st.integers(0, 10_000), st.binary(max_size=4))
def test_the_fast_ways_to_read_give_the_same_values(data: List[Any], at: int, junk: bytes) -> None:
    """Also of messages with some bytes changed anywhere."""
    large = [*data, ("large", b"\x00\xff" * 900, "binary")]
    text = encode_bytes("a.b", large, timestamp=TIME)
    at %= len(text)
    for changed in (
        text,
        text[:at] + junk + text[at + len(junk) :],
        text[:at] + junk + text[at:],
        text[:at] + text[at + 1 :],
    ):
        check_reading(changed)


def test_the_fast_ways_to_read_judge_the_cases_like_the_plain_way() -> None:
    for case in all_cases():
        check_reading(input_bytes(case))


def check_reading(text: bytes) -> None:
    """Hold the scan and the usual way against the plain reader."""
    try:
        plain = read(text)
    except NotStrictError:
        with pytest.raises(NotStrictError):
            scan.read_envelope(text)
        assert usual_envelope(text, 10_000) is None
        return
    assert undecoded(scan.read_envelope(text)) == plain
    usual = usual_envelope(text, 10_000)
    if usual is not None:
        assert undecoded(usual) == plain
        assert json.dumps(undecoded(usual)) == json.dumps(plain), "in the same order and of the same types"
        from natsbridge.rules import Policy, incoming

        assert incoming(plain, Policy(10_000, set())) is None


def undecoded(envelope: Any) -> Any:
    """Give the tree with its data as base64 again."""
    if isinstance(envelope, dict) and isinstance(envelope.get("payloads"), list):
        for payload in envelope["payloads"]:
            if isinstance(payload, dict) and isinstance(payload.get("data"), bytes):
                payload["data"] = base64.b64encode(payload["data"]).decode()
    return envelope


def test_the_usual_message_is_known_as_such() -> None:
    text = encode_bytes("a.b", [("x", b"abc", "binary"), ("t", "", "text")], timestamp=TIME)
    assert usual_envelope(text, 2) is not None
    assert usual_envelope(text, 1) is None
    large = encode_bytes("a.b", [("é", b"abc" * 1000, "binary")], timestamp=TIME)
    assert usual_envelope(large, 2) is None
    assert isinstance(scan.read_envelope(large)["payloads"][0]["data"], bytes)
    for marked in (large.replace(b'"\xc3\xa9"', b'"NaN"'), large.replace(b'"\xc3\xa9"', b"NaN")):
        assert marked != large
        check_reading(marked)


def test_the_documents_own_example() -> None:
    example = json.loads((ROOT / "schema/v1/examples/envelope.json").read_text("utf-8"))
    decoder = Decoder(allowed_origins=["http://localhost:8080"])
    incoming = decoder.decode(json.dumps(example))
    assert incoming.envelope["send_to"] == example["send_to"]


def test_uploads_links_and_falling_back() -> None:
    data = [("small", "x", "text"), ("large", b"1" * 900, "binary"), ("elsewhere", External(2000), "video")]
    outgoing = draft(data, size_threshold=900).encode(TIME, new_id)
    assert [(each.index, each.dataname, each.payload_type, each.size) for each in outgoing.uploads()] == [
        (1, "large", "binary", 900),
        (2, "elsewhere", "video", 2000),
    ]
    assert [each.content for each in outgoing.uploads()] == [b"1" * 900, None]
    with pytest.raises(NATSBridgeError, match="neither linked nor sent direct"):
        outgoing.finish()
    for url in ("ftp://a/b", "http://u:secret@a/b?token=secret", "", 5):
        with pytest.raises(NATSBridgeError) as caught:
            outgoing.link(1, url)  # type: ignore[arg-type]
        assert (caught.value.code, caught.value.phase, caught.value.pointer) == (
            "UPLOAD_FAILED",
            "upload",
            "/payloads/1/data",
        )
        assert "secret" not in str(vars(caught.value))
    outgoing.link(1, "http://files/1")
    with pytest.raises(NATSBridgeError, match="needs its sha256"):
        outgoing.link(2, "http://files/2")
    outgoing.link(2, "http://files/2", "AB" * 32)
    with pytest.raises(NATSBridgeError, match="no pending upload"):
        outgoing.link(2, "http://files/2")
    _, text = outgoing.finish()
    incoming = Decoder(allowed_origins=["http://files"]).decode(text)
    digests = [hashlib.sha256(b"1" * 900).hexdigest(), "ab" * 32]
    assert [each.sha256 for each in incoming.downloads()] == digests
    assert [each.url for each in incoming.downloads()] == ["http://files/1", "http://files/2"]
    with pytest.raises(NATSBridgeError) as caught:
        incoming.finish({1: b"1" * 900})
    assert (caught.value.code, caught.value.phase) == ("DOWNLOAD_FAILED", "fetch")
    with pytest.raises(NATSBridgeError) as caught:
        incoming.finish({1: b"1" * 899, 2: b""})
    assert (caught.value.code, caught.value.phase) == ("SIZE_MISMATCH", "fetch")
    with pytest.raises(NATSBridgeError) as caught:
        incoming.finish({1: b"1" * 900, 2: b"1" * 2000})
    assert (caught.value.code, caught.value.pointer) == ("CHECKSUM_MISMATCH", "/payloads/2/data")


def test_falling_back_as_far_as_it_fits() -> None:
    data = [("a", b"1" * 1000, "binary"), ("b", b"2" * 1000, "binary"), ("c", External(1000), "binary")]
    outgoing = draft(data, size_threshold=900, max_message_bytes=3000).encode(TIME, new_id)
    outgoing.fall_back(0)
    with pytest.raises(NATSBridgeError) as caught:
        outgoing.fall_back(1)
    assert (caught.value.code, caught.value.pointer) == ("PAYLOAD_TOO_LARGE", "/payloads/1")
    assert [each.index for each in outgoing.uploads()] == [1, 2]
    outgoing.link(1, "http://files/1")
    with pytest.raises(NATSBridgeError, match="not at hand"):
        outgoing.fall_back(2)
    outgoing.fits_direct(2000)
    with pytest.raises(NATSBridgeError, match="may have 3000"):
        outgoing.fits_direct(3000)
    outgoing.link(2, "http://files/2", "0" * 64)
    envelope, text = outgoing.finish()
    assert [payload["transport"] for payload in envelope["payloads"]] == ["direct", "link", "link"]
    assert len(text) <= 3000


def test_the_largest_go_by_link_until_it_fits() -> None:
    data = [(str(size), b"x" * size, "binary") for size in (300, 4000, 5000, 5000, 700)]

    def linked(limit: int) -> List[int]:
        return [each.index for each in draft(data, max_message_bytes=limit).encode(TIME, new_id).uploads()]

    whole = len(draft(data).encode(TIME, new_id).text())
    assert linked(whole) == []
    assert linked(whole - 1) == [2]
    assert linked(whole - 7000) == [2, 3]
    with pytest.raises(NATSBridgeError) as caught:
        linked(4000)
    assert (caught.value.code, caught.value.phase) == ("PAYLOAD_TOO_LARGE", "limit")
    assert caught.value.correlation_id == ID


@pytest.mark.parametrize(("size", "transport"), [(499, "direct"), (500, "link"), (501, "link"), (0, "direct")])
def test_the_threshold_itself_is_linked(size: int, transport: str) -> None:
    uploads = draft([("x", b"x" * size, "binary")], size_threshold=500).encode(TIME, new_id).uploads()
    assert len(uploads) == (transport == "link")
    assert draft([("x", b"", "binary")], size_threshold=0).encode(TIME, new_id).uploads() == []


@pytest.mark.parametrize(
    ("data", "code", "phase", "pointer"),
    [
        ("text", "INVALID_ENVELOPE", "validate", None),
        (5, "INVALID_ENVELOPE", "validate", None),
        ([("a", "b")], "INVALID_ENVELOPE", "validate", "/payloads/0"),
        ([None], "INVALID_ENVELOPE", "validate", "/payloads/0"),
        ([("a", "b", "txt")], "INVALID_PAYLOAD_TYPE", "validate", "/payloads/0/payload_type"),
        ([("a", "b", ["text"])], "INVALID_ENVELOPE", "validate", "/payloads/0/payload_type"),
        ([("a", "b", "text"), ("é" * 513, "b", "text")], "INVALID_ENVELOPE", "validate", "/payloads/1/dataname"),
        ([(5, "b", "text")], "INVALID_ENVELOPE", "validate", "/payloads/0/dataname"),
        ([("\ud800", "b", "text")], "INVALID_ENVELOPE", "validate", "/payloads/0/dataname"),
        ([("a", "b", "text", {"sha256": 1})], "INVALID_ENVELOPE", "validate", "/payloads/0/metadata/sha256"),
        ([("a", "b", "text", {"x": {1}})], "INVALID_ENVELOPE", "validate", "/payloads/0/metadata"),
        ([("a", "b", "text", [])], "INVALID_ENVELOPE", "validate", "/payloads/0/metadata"),
        ([Part("a", "b", "text", id="x")], "INVALID_ENVELOPE", "validate", "/payloads/0/id"),
        ([("a", External(-1), "video")], "INVALID_ENVELOPE", "validate", "/payloads/0/size"),
        ([("a", b"b", "text")], "SERIALIZATION_ERROR", "serialize", "/payloads/0/data"),
        ([("a", "\udc00", "text")], "SERIALIZATION_ERROR", "serialize", "/payloads/0/data"),
        ([("a", "b", "binary")], "SERIALIZATION_ERROR", "serialize", "/payloads/0/data"),
        ([("a", 5, "dictionary")], "SERIALIZATION_ERROR", "serialize", "/payloads/0/data"),
        ([("a", {"b": float("nan")}, "dictionary")], "SERIALIZATION_ERROR", "serialize", "/payloads/0/data"),
        ([("a", {"b": 1}, "jsontable")], "SERIALIZATION_ERROR", "serialize", "/payloads/0/data"),
        ([("a", [1], "jsontable")], "SERIALIZATION_ERROR", "serialize", "/payloads/0/data"),
        ([("a", object(), "arrowtable")], "SERIALIZATION_ERROR", "serialize", "/payloads/0/data"),
        ([("a", Serialized(b'{"a":1,"a":2}'), "dictionary")], "SERIALIZATION_ERROR", "serialize", "/payloads/0/data"),
        ([("a", Serialized(b"\xff"), "text")], "SERIALIZATION_ERROR", "serialize", "/payloads/0/data"),
    ],
)
def test_data_that_cannot_be_sent(data: Any, code: str, phase: str, pointer: Any) -> None:
    pytest.importorskip("pyarrow")
    error = refused(data, correlation_id=ID)
    assert (error.code, error.phase, error.pointer) == (code, phase, pointer)
    assert error.correlation_id == ID
    assert error.send_to == "a.b"


@pytest.mark.parametrize(
    ("arguments", "pointer"),
    [
        ({"msg_purpose": "x"}, "/msg_purpose"),
        ({"msg_id": "x"}, "/msg_id"),
        ({"msg_id": ID + " "}, "/msg_id"),
        ({"correlation_id": 5}, "/correlation_id"),
        ({"sender_id": ID.replace("-", "")}, "/sender_id"),
        ({"receiver_id": "x"}, "/receiver_id"),
        ({"reply_to": "a.*"}, "/reply_to"),
        ({"reply_to": ["a"]}, "/reply_to"),
        ({"sender_name": "x" * 1025}, "/sender_name"),
        ({"sender_name": "\ud800"}, "/sender_name"),
        ({"broker_url": "http://a"}, "/broker_url"),
        ({"broker_url": "nats://u:p/@a"}, "/broker_url"),
        ({"metadata": {"a": 2**64}}, "/metadata"),
        ({"metadata": [1]}, "/metadata"),
        ({"max_payloads": 0}, "/payloads"),
        ({"max_payloads": -1}, None),
        ({"checksum": "sha1"}, None),
        ({"size_threshold": "5"}, None),
        ({"max_message_bytes": True}, None),
        ({"timestamp": "2026-02-29T00:00:00.000Z"}, "/timestamp"),
        ({"timestamp": "2026-03-13T07:02:50.443+00:00"}, "/timestamp"),
    ],
)
def test_arguments_that_break_the_schema(arguments: Dict[str, Any], pointer: Any) -> None:
    for way in (encode, encode_bytes):
        with pytest.raises(NATSBridgeError) as caught:
            way("a.b", [("x", "y", "text")], **{"timestamp": TIME, **arguments})
        assert (caught.value.code, caught.value.phase, caught.value.pointer) == (
            "INVALID_ENVELOPE",
            "validate",
            pointer,
        )


def test_a_check_alone_sees_arguments_only() -> None:
    draft([("x", 5, "text")]).check()
    with pytest.raises(NATSBridgeError) as caught:
        draft([("x", 5, "txt")], msg_purpose="x").check()
    assert caught.value.pointer == "/msg_purpose"


def test_user_info_is_removed_and_not_taken() -> None:
    envelope, text = encode("a", [], timestamp=TIME, broker_url="nats://u:secret@a:4222,tls://b")
    assert envelope["broker_url"] == "nats://a:4222,tls://b"
    with pytest.raises(NATSBridgeError) as caught:
        decode(text.replace("nats://a", "nats://u:secret@a"))
    assert caught.value.pointer == "/broker_url"
    assert "secret" not in str(vars(caught.value))


def test_ids_are_kept_in_lower_case() -> None:
    upper = ID.upper()
    arguments: Dict[str, Any] = {"msg_id": upper, "receiver_id": upper, "reply_to_msg_id": upper, "timestamp": TIME}
    envelope, text = encode("a", [Part("x", "y", "text", id=upper)], **arguments)
    assert text.encode() == encode_bytes(
        "a",
        [Part("x", "y", "text", id=upper)],
        correlation_id=envelope["correlation_id"],
        sender_id=envelope["sender_id"],
        **arguments,
    )
    assert upper not in text
    assert envelope["receiver_id"] == envelope["payloads"][0]["id"] == ID
    received = decode(text.replace(ID, upper))
    assert (received["msg_id"], received["payloads"][0].id) == (ID, ID)


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview, lambda text: text.decode()])
def test_a_message_may_be_given_in_any_form(form: Any) -> None:
    text = encode_bytes("a", [("x", "y", "text")], timestamp=TIME)
    assert decode(form(text))["payloads"][0].data == "y"


@given(st.one_of(st.binary(), texts, st.none(), st.integers(), st.text()))
def test_any_message_is_an_error_or_a_value(message: Any) -> None:
    with pytest.raises(NATSBridgeError) as caught:
        decode(message)
    assert caught.value.phase in ("parse", "validate")
    json.loads(caught.value.to_json())


def test_bounds_of_a_receiver() -> None:
    text = encode_bytes("a", [("x", "y", "text")] * 3, timestamp=TIME)
    with pytest.raises(NATSBridgeError) as caught:
        decode(text, max_message_bytes=len(text) - 1)
    assert (caught.value.code, caught.value.phase) == ("PAYLOAD_TOO_LARGE", "parse")
    with pytest.raises(NATSBridgeError) as caught:
        decode(text, max_payloads=2)
    assert caught.value.pointer == "/payloads"
    for bounds in ({"max_payloads": -1}, {"max_message_bytes": "1"}, {"allowed_origins": ["a"]}):
        with pytest.raises(NATSBridgeError, match="max_payloads|max_message_bytes|allowed_origins"):
            Decoder(**bounds)  # type: ignore[arg-type]


def test_content_of_a_direct_payload_as_bytes() -> None:
    data = [("x", "é", "text"), ("d", {"b": 1, "a": [1.5]}, "dictionary")]
    _, text = encode("a", data, timestamp=TIME, inline_json=True)
    incoming = Decoder().decode(text)
    assert [incoming.content(0), incoming.content(1)] == ["é".encode(), b'{"b":1,"a":[1.5]}']
    received = incoming.finish(values={0: "a file"})
    assert [payload.data for payload in received["payloads"]] == ["a file", {"b": 1, "a": [1.5]}]
    assert received["payloads"][0].with_data(1).metadata == received["payloads"][0].metadata
