"""Sending: limits and the choice of transport (W5.1), where values come from (W5.3), fallback and handlers (W6.4, W6.7)."""

from sending import IDS, KEPT, NOWHERE, QUICK, Many, Part, header, invalid, length, refused, sent
from model import MISSING

CASES = []
LINKS = {"upload": KEPT}


def large(times, unit=b"\0\x10\x83", **more):
    return Part(Many(unit, times), "binary", **more)


# The threshold: 500,000 bytes.
CASES += [
    sent("w5.1-send-499999", "a byte below the threshold: direct", [large(499_999, b"\x5a")]),
    sent("w5.1-send-500000", "the threshold itself: a link", [large(500_000, b"\x5a", link=True)], **LINKS),
    sent("w5.1-send-500001", "a byte above the threshold: a link", [large(500_001, b"\x5a", link=True)], **LINKS),
    sent(
        "w5.1-send-threshold-text",
        "bytes count, not characters",
        [Part(Many("\u00e4", 50), link=True), Part(Many("a", 99))],
        size_threshold=100,
        **LINKS
    ),
    sent(
        "w5.1-send-threshold-dictionary",
        "the bytes as they are serialized count",
        [Part(["x" * 96], "dictionary", link=True), Part(["x" * 95], "dictionary")],
        size_threshold=100,
        **LINKS
    ),
    sent(
        "w5.1-send-threshold-1",
        "everything but nothing is a link",
        [Part(""), Part("a", link=True), Part({}, "dictionary", link=True), Part(b"", "binary")],
        size_threshold=1,
        **LINKS
    ),
]

# The move to link. The sum counts 512 bytes for each URL.
SIZES = [3000, 9000, 6000, 9000]


def parts(links, sizes=SIZES, **more):
    return [large(size // 3, dataname="p%d" % n, link=n in links, **more) for n, size in enumerate(sizes)]


def needed(links, sizes=SIZES, **more):
    return length(header(), parts(links, sizes, **more))


def moves(slug, title, links, limit, sizes=SIZES, **options):
    CASES.append(
        sent("w5.1-send-" + slug, title, parts(links, sizes), max_message_bytes=limit, **({**LINKS, **options} if links else options))
    )


moves("fits", "what just fits stays direct", [], needed([]))
moves("largest", "one byte too many: the largest moves, of two the first", [1], needed([]) - 1)
moves("largest-fits", "the first of the largest moves, and that just fits", [1], needed([1]))
moves("second", "then the second of the largest", [1, 3], needed([1]) - 1)
moves("third", "then the next in size", [1, 2, 3], needed([1, 3]) - 1)
moves("all", "in the end all of them", [0, 1, 2, 3], needed([1, 2, 3]) - 1)
moves("all-fit", "all of them, and that just fits", [0, 1, 2, 3], needed([0, 1, 2, 3]))
moves("equal", "of many equals the first ones", [0, 1], needed([0], [3000] * 5) - 1, [3000] * 5)
moves("later", "the largest wherever it stands", [4], needed([], [900, 903, 906, 909, 3000]) - 1, [900, 903, 906, 909, 3000])
moves("barely-larger", "a byte decides which is the largest", [1], needed([], [3000, 3003, 3000]) - 1, [3000, 3003, 3000])
CASES += [
    refused(
        "w5.1-send-too-large",
        "one byte less than all links need: nothing is uploaded",
        parts([]),
        "PAYLOAD_TOO_LARGE",
        "limit",
        max_message_bytes=needed([0, 1, 2, 3]) - 1,
        upload=NOWHERE,
        transfer=QUICK,
        fallback=False,
    ),
    refused(
        "w5.1-send-header-too-large",
        "a header that alone is too large",
        [],
        "PAYLOAD_TOO_LARGE",
        "limit",
        arguments={"metadata": {"a": "x" * 1000}},
        max_message_bytes=900,
    ),
    refused(
        "w5.1-send-default-limit",
        "a header that is larger than 1,048,576 bytes",
        [],
        "PAYLOAD_TOO_LARGE",
        "limit",
        arguments={"metadata": {"a": Many("x", 1_048_576)}},
    ),
    refused("w5.1-send-no-header", "no room for anything", [], "PAYLOAD_TOO_LARGE", "limit", max_message_bytes=0),
]

# One whose base64 is under 1,024 bytes never moves: 765 bytes are 1,020, 766 are 1,024.
SMALL = [765] * 4
small = [large(765, b"\x5a", dataname="p%d" % n) for n in range(4)]
CASES += [
    refused(
        "w5.1-send-small-stay",
        "payloads of 1,020 bytes of base64 never move",
        small,
        "PAYLOAD_TOO_LARGE",
        "limit",
        max_message_bytes=length(header(), small) - 1,
        upload=NOWHERE,
        transfer=QUICK,
        fallback=False,
    ),
    sent("w5.1-send-small-fit", "payloads of 1,020 bytes of base64 that just fit", small, max_message_bytes=length(header(), small)),
    sent(
        "w5.1-send-766",
        "a payload of 1,024 bytes of base64 moves, a smaller one before it does not",
        [large(765, b"\x5a", dataname="a"), large(766, b"\x5a", dataname="b", link=True)],
        max_message_bytes=length(header(), [large(765, b"\x5a", dataname="a"), large(766, b"\x5a", dataname="b")]) - 1,
        **LINKS
    ),
]

# What counts: names and metadata as they are written, digests, the commas.
UNICODE = "\u00e4\U0001f600\n\0"
named = [large(1000, dataname=UNICODE), large(400, dataname="q", metadata={UNICODE: [UNICODE, 1]})]
linked = [large(1000, dataname=UNICODE, link=True), named[1]]
said = {"sender_name": UNICODE, "receiver_name": "\U0001f600" * 20, "metadata": {UNICODE: {"a": UNICODE}}}
CASES += [
    sent("w5.1-send-counted", "names and metadata count as they are written", named, arguments=said, max_message_bytes=length(header(**said), named)),
    sent(
        "w5.1-send-counted-less",
        "a byte less, and a payload moves",
        linked,
        arguments=said,
        max_message_bytes=length(header(**said), named) - 1,
        **LINKS
    ),
]
digests = [large(1000, digest=True), large(400, digest=True)]
half = [large(1000, link=True), large(400, digest=True)]
CASES += [
    sent("w5.1-send-digests", "digests count", digests, max_message_bytes=length(header(), digests), checksum="all"),
    sent(
        "w5.1-send-digests-less",
        "a byte less, and a payload moves",
        half,
        max_message_bytes=length(header(), digests) - 1,
        checksum="all",
        **LINKS
    ),
    sent(
        "w5.1-send-no-digest",
        "a link without a digest is counted without one",
        [large(1000, link=True, digest=False), large(1000, dataname="q", link=True, digest=False)],
        max_message_bytes=length(header(), [large(1000, link=True, digest=False), large(1000, dataname="q", link=True, digest=False)]),
        checksum="none",
        **LINKS
    ),
]
inline = [Part(["x" * 1500], "dictionary", inline=True), Part(["y" * 1500], "dictionary", inline=True)]
CASES += [
    sent("w5.1-send-inline", "inline JSON counts as it is written", inline, inline_json=True, max_message_bytes=length(header(), inline)),
    sent(
        "w5.1-send-inline-less",
        "a byte less, and the first of equals moves",
        [Part(["x" * 1500], "dictionary", link=True), inline[1]],
        inline_json=True,
        max_message_bytes=length(header(), inline) - 1,
        **LINKS
    ),
    sent(
        "w5.1-send-threshold-and-move",
        "one by the threshold, one by the limit",
        [large(1000), large(2000, dataname="q", link=True), large(1500, dataname="r", link=True)],
        size_threshold=6000,
        max_message_bytes=length(header(), [large(1000), large(2000, dataname="q", link=True), large(1500, dataname="r")]) - 1,
        **LINKS
    ),
    sent(
        "w5.1-send-default-move",
        "three payloads below the threshold that do not fit together into 1,048,576 bytes",
        [large(100_000, link=True), large(100_000, dataname="q"), large(100_000, dataname="r")],
        **LINKS
    ),
]

# Where values come from. A case of these has a process of its own.
NEEDS = ["environment"]


def environment(needs=(), **variables):
    return {"needs": sorted([*NEEDS, *needs]), "environment": variables}


HI = [Part("hi")]
CASES += [
    sent("w5.3-send-nats-url", "NATS_URL is the default of broker_url", HI, as_written={"broker_url": "tls://nats.example:4443"}, more=environment(NATS_URL="tls://nats.example:4443")),
    sent(
        "w5.3-send-nats-url-list",
        "a list, and user-info is removed from it",
        HI,
        as_written={"broker_url": "nats://a:4222,nats://b:4222"},
        more=environment(NATS_URL="nats://user:s3cret@a:4222,nats://b:4222"),
    ),
    sent(
        "w5.3-send-nats-url-argument",
        "an argument beats the environment",
        HI,
        arguments={"broker_url": "nats://argument:4222"},
        more=environment(NATS_URL="nats://environment:4222"),
    ),
    sent("w5.3-send-empty", "an empty variable is not set", HI, more=environment(NATS_URL="", SIZE_THRESHOLD="", FILESERVER_URL="")),
    invalid(
        "w5.3-send-nats-url-unreadable",
        "an unreadable value is an error that names the variable",
        None,
        HI,
        more=environment(NATS_URL="http://user:s3cret@localhost:4222"),
        error={"names": ["NATS_URL"], "hides": ["s3cret"]},
    ),
    sent(
        "w5.3-send-threshold",
        "SIZE_THRESHOLD is the default of size_threshold",
        [Part("hell"), Part("hello", link=True)],
        more=environment(SIZE_THRESHOLD="5"),
        **LINKS
    ),
    sent(
        "w5.3-send-threshold-argument",
        "an argument beats the environment",
        [Part("hello"), Part("hello world", link=True)],
        size_threshold=11,
        more=environment(SIZE_THRESHOLD="5"),
        **LINKS
    ),
    sent(
        "w5.3-send-fileserver",
        "FILESERVER_URL is where large payloads go",
        [Part("hello", link=True)],
        size_threshold=5,
        more=environment(FILESERVER_URL="${fileserver}"),
    ),
    sent(
        "w5.3-send-fileserver-argument",
        "an argument beats the environment",
        [Part("hello", link=True)],
        size_threshold=5,
        more=environment(FILESERVER_URL="${nowhere}"),
        **LINKS
    ),
    refused(
        "w5.3-send-fileserver-unreadable",
        "an unreadable value is an error that names the variable",
        [Part("hello")],
        "INVALID_ENVELOPE",
        "validate",
        size_threshold=5,
        more=environment(FILESERVER_URL="ftp://localhost"),
        error={"names": ["FILESERVER_URL"]},
    ),
]
for slug, value in {"text": "many", "unit": "500 kB", "minus": "-1", "point": "0.5", "hex": "0x10"}.items():
    CASES.append(
        refused(
            "w5.3-send-threshold-" + slug,
            "an unreadable value is an error that names the variable",
            HI,
            "INVALID_ENVELOPE",
            "validate",
            more=environment(SIZE_THRESHOLD=value),
            error={"names": ["SIZE_THRESHOLD"]},
        )
    )

# Fallback: nobody listens at the file server.
DOWN = {"upload": NOWHERE, "transfer": QUICK}
AWAY = {"needs": ["link"]}
CASES += [
    sent("w6.4-send-nowhere", "a payload that cannot be uploaded goes direct", [Part("hello"), Part("hell")], size_threshold=5, more=dict(AWAY), **DOWN),
    sent(
        "w6.4-send-nowhere-all",
        "as many as there are, digests as for direct payloads",
        [Part("hello"), Part({"a": 1}, "dictionary"), Part(b"\0" * 100, "image")],
        size_threshold=1,
        more=dict(AWAY),
        **DOWN
    ),
    sent(
        "w6.4-send-nowhere-inline",
        "it goes direct as it would have gone",
        [Part({"a": 1}, "dictionary", inline=True)],
        size_threshold=1,
        inline_json=True,
        more=dict(AWAY),
        **DOWN
    ),
    sent(
        "w6.4-send-nowhere-all-digests",
        "with its digest where every payload has one",
        [Part("hello", digest=True)],
        size_threshold=5,
        checksum="all",
        more=dict(AWAY),
        **DOWN
    ),
    refused(
        "w6.4-send-off",
        "without fallback",
        [Part("hell"), Part("hello", dataname="x"), Part("hello")],
        "UPLOAD_FAILED",
        "upload",
        "/payloads/1",
        size_threshold=5,
        fallback=False,
        more=dict(AWAY),
        error={"dataname": "x"},
        **DOWN
    ),
    refused(
        "w6.4-send-does-not-fit",
        "one that does not fit into the message",
        [Part("a"), large(1000, dataname="x")],
        "UPLOAD_FAILED",
        "upload",
        "/payloads/1",
        max_message_bytes=2000,
        more=dict(AWAY),
        error={"dataname": "x"},
        **DOWN
    ),
    refused(
        "w6.4-send-second-does-not-fit",
        "as many as fit, in list order; the second does not",
        [large(400), large(400, dataname="x")],
        "UPLOAD_FAILED",
        "upload",
        "/payloads/1",
        size_threshold=1,
        max_message_bytes=length(header(), [large(400)]) + 700,
        more=dict(AWAY),
        error={"dataname": "x"},
        **DOWN
    ),
]

# Handlers of one's own.
URL = "https://files.example/a?b=c&d=%20"


def handler(status=200, url=URL):
    return {"to": "handler", "status": status, "url": url}


def handled(id, title, parts, **more):
    """The handler uploads nothing, so that nothing can be received."""
    made = sent(id, title, parts, more=dict(AWAY), **more)
    del made["expect"]["received"]
    return made


CASES += [
    handled("w6.7-send-url", "the URL stands in the message as the handler gave it", [Part("hello", link=True, url=URL)], size_threshold=5, upload=handler()),
    handled(
        "w6.7-send-twice",
        "each large payload is handed to it",
        [Part("hello", link=True, url=URL), Part("hell"), Part("hello", "text", "q", link=True, url=URL)],
        size_threshold=5,
        upload=handler(),
    ),
    sent(
        "w6.7-send-500-falls-back",
        "another status than 200 is a failed upload, and the payload goes direct",
        [Part("hello")],
        size_threshold=5,
        upload=handler(500),
        more=dict(AWAY),
    ),
]
for slug, status, url, words in (
    ("500", 500, URL, "another status than 200"),
    ("201", 201, URL, "another status than 200, a good one as well"),
    ("relative", 200, "/file/a", "a URL that no receiver would read"),
    ("user-info", 200, "http://user:s3cret@files.example/a", "a URL with user-info"),
    ("ftp", 200, "ftp://files.example/a", "a URL of another scheme"),
    ("empty", 200, "", "no URL"),
    ("long", 200, "http://files.example/" + "x" * 2028, "a URL of 2,049 bytes"),
):
    CASES.append(
        refused(
            "w6.7-send-" + slug,
            words,
            [Part("hello", dataname="x")],
            "UPLOAD_FAILED",
            "upload",
            "/payloads/0",
            size_threshold=5,
            fallback=False,
            upload=handler(status, url),
            more=dict(AWAY),
            error={"dataname": "x", "hides": ["s3cret"]},
        )
    )
LONGEST = "http://files.example/" + "x" * 2027
CASES += [
    handled("w6.7-send-longest", "a URL of 2,048 bytes", [Part("hello", link=True, url=LONGEST)], size_threshold=5, upload=handler(url=LONGEST)),
    refused(
        "w5.1-send-longer-than-counted",
        "a URL longer than it was counted: the real length is checked again",
        [large(1000)],
        "PAYLOAD_TOO_LARGE",
        "limit",
        max_message_bytes=length(header(), [large(1000, link=True)]),
        upload=handler(url=LONGEST),
        more=dict(AWAY),
    ),
]
NEW = {name: MISSING for name in IDS}
CASES.append(
    sent("w5.3-send-nothing-passed", "the environment counts where nothing else is said", HI, arguments=NEW, as_written={"broker_url": "nats://n:1"}, more=environment(NATS_URL="nats://n:1"))
)
