"""Encoding and decoding beside ``json`` and ``base64`` used plainly, measured in turns within one run.

``python benchmarks/codec.py`` prints the median time of each and the ratio; on a shared machine only the ratio means much.
"""

import base64
import json
import statistics
import time
from functools import partial
from typing import Any, Callable, Dict, List, Tuple

from natsbridge.incoming import Decoder
from natsbridge.json_reader import read
from natsbridge.message import encode_bytes

ID = "42424242-4242-4242-4242-424242424242"
TIMESTAMP = "2026-03-13T07:02:50.443Z"
DECODER = Decoder()
ROUNDS = 201
ROUND_SECONDS = 0.004


def new_id() -> str:
    return ID


def encode(content: bytes) -> bytes:
    return encode_bytes("bench.codec", [("file", content, "binary")], timestamp=TIMESTAMP, new_id=new_id)


def encode_plainly(content: bytes) -> bytes:
    envelope = {
        "correlation_id": ID,
        "msg_id": ID,
        "timestamp": TIMESTAMP,
        "send_to": "bench.codec",
        "msg_purpose": "chat",
        "sender_name": "NATSBridge",
        "sender_id": ID,
        "receiver_name": "",
        "receiver_id": "",
        "reply_to": "",
        "reply_to_msg_id": "",
        "broker_url": "nats://localhost:4222",
        "metadata": {},
        "payloads": [
            {
                "id": ID,
                "dataname": "file",
                "payload_type": "binary",
                "transport": "direct",
                "encoding": "base64",
                "size": len(content),
                "data": base64.b64encode(content).decode("ascii"),
                "metadata": {"payload_bytes": len(content)},
            }
        ],
    }
    return json.dumps(envelope, separators=(",", ":")).encode()


def decode(text: bytes) -> bytes:
    ((_, content, _),) = DECODER.decode(text).finish()["payloads"]
    assert isinstance(content, bytes)
    return content


def decode_plainly(text: bytes) -> bytes:
    return base64.b64decode(json.loads(text)["payloads"][0]["data"])


def dictionary(size: int) -> bytes:
    """Give about so many bytes of a dictionary as measuring stations write them."""
    rows: List[Dict[str, Any]] = []
    text = b""
    while len(text) < size:
        for number in range(len(rows), len(rows) + 500):
            row = {
                "station": f"gauge {number}",
                "at": f"2026-03-13T07:{number % 60:02d}:50.443Z",
                "level": number * 0.137,
                "count": number * 7919,
                "tags": ["river", "north", None],
                "ok": number % 7 != 0,
            }
            rows += [row]
        text = json.dumps({"rows": rows}, separators=(",", ":")).encode()
    return text


def compare(what: str, ours: Callable[[], object], plain: Callable[[], object]) -> None:
    """Print the medians of both, taken in turns, and the median of how many times faster ours was than its neighbour."""
    times: Tuple[List[float], List[float]] = ([], [])
    repeats = [max(1, int(ROUND_SECONDS / _once(call))) for call in (ours, plain)]
    for number in range(ROUNDS):
        # Each goes first as often as the other.
        for at in ((0, 1), (1, 0))[number % 2]:
            call = (ours, plain)[at]
            start = time.perf_counter()
            for _ in range(repeats[at]):
                call()
            times[at].append((time.perf_counter() - start) / repeats[at])
    mine, other = map(statistics.median, times)
    ratio = statistics.median([theirs / own for own, theirs in zip(*times)])
    print(f"{what:<28}  {mine * 1e6:>10.1f} us  {other * 1e6:>10.1f} us  {ratio:>6.2f}x  {1 / ratio:>6.2f}")


def _once(call: Callable[[], object]) -> float:
    """Give about how long a call takes: the least of a few, since any may be interrupted."""
    least = float("inf")
    for _ in range(9):
        start = time.perf_counter()
        call()
        least = min(least, time.perf_counter() - start)
    return least


def main() -> None:
    print(f"{'':<28}  {'natsbridge':>13}  {'plain':>13}  {'faster':>7}  {'time':>6}")
    for size in (10_000, 500_000):
        content = bytes(index * 7919 % 251 for index in range(size))
        text = encode(content)
        assert text == encode_plainly(content)
        assert decode(text) == decode_plainly(text) == content
        compare(f"encode {size:,} bytes", partial(encode, content), partial(encode_plainly, content))
        compare(f"decode {size:,} bytes", partial(decode, text), partial(decode_plainly, text))
    text = dictionary(1_000_000)
    assert read(text) == json.loads(text)
    compare(f"read a dictionary, {len(text):,}", lambda: read(text), lambda: json.loads(text))


if __name__ == "__main__":
    main()
