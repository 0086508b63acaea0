"""The members of a payload (W1.1, W1.3, W1.11 to W1.13)."""

from model import (
    HI,
    MISSING,
    Raw,
    SERVER,
    b64,
    case,
    came,
    envelope,
    inline,
    invalid,
    link,
    linked,
    ok,
    payload,
    pending,
    sha256,
)
from model import undecodable, unparsed

CASES = []
for name in payload():
    at = "/payloads/0/" + name
    CASES += [
        case(
            "w1.1-payload-%s-missing" % name,
            "a required member is missing",
            envelope(payload(**{name: MISSING})),
            invalid(at),
        ),
        case(
            "w1.1-payload-%s-null" % name, "a required member is null", envelope(payload(**{name: None})), invalid(at)
        ),
        case(
            "w1.1-payload-%s-type" % name,
            "a required member is of another type",
            envelope(payload(**{name: {"size": "2", "metadata": "x"}.get(name, 5)})),
            invalid(at),
        ),
    ]
CASES += [
    case(
        "w1.1-payload-empty",
        "the first member in schema order is missed first",
        envelope({}),
        invalid("/payloads/0/id"),
    ),
    case(
        "w1.1-payload-second",
        "the pointer tells which payload",
        envelope(payload(), payload(metadata=MISSING)),
        invalid("/payloads/1/metadata"),
    ),
]

# Ids.
UUID = "AABBCCDD-EEFF-4ABC-8DEF-ABCDEFABCDEF"
CASES += [
    case("w1.3-id-upper", "upper case is read", envelope(payload(id=UUID)), ok(HI)),
    case("w1.3-id-braces", "braces", envelope(payload(id="{%s}" % UUID)), invalid("/payloads/0/id")),
    case(
        "w1.3-id-bare",
        "32 digits without hyphens",
        envelope(payload(id=UUID.replace("-", ""))),
        invalid("/payloads/0/id"),
    ),
    case("w1.3-id-empty", "empty", envelope(payload(id="")), invalid("/payloads/0/id")),
]

# Types, transports, encodings: a string outside of the list has a code of its own, another JSON type has not.
for value in ("image", "audio", "video", "binary"):
    CASES.append(case("w1.11-is-" + value, "a payload type", envelope(payload(value)), ok(came(b"hi", value))))
for slug, value in {"upper": "Text", "json": "json", "blank": "text ", "empty": "", "newline": "text\n"}.items():
    CASES.append(
        case(
            "w1.11-type-" + slug,
            "a string that is no payload type",
            envelope(payload(value)),
            invalid("/payloads/0/payload_type", "INVALID_PAYLOAD_TYPE"),
        )
    )
for slug, value in {"upper": "Direct", "nats": "nats", "empty": "", "blank": " link", "none": "none"}.items():
    CASES.append(
        case(
            "w1.11-transport-" + slug,
            "a string that is no transport",
            envelope(payload(transport=value)),
            invalid("/payloads/0/transport", "INVALID_TRANSPORT"),
        )
    )
for slug, value in {"upper": "Base64", "snake": "arrow_ipc", "url": "base64url", "empty": "", "hex": "hex"}.items():
    CASES.append(
        case(
            "w1.11-encoding-" + slug,
            "a string that is no encoding",
            envelope(payload(encoding=value)),
            invalid("/payloads/0/encoding"),
        )
    )
for slug, value in {"array": ["text"], "object": {"text": 1}, "bool": True}.items():
    CASES += [
        case(
            "w1.11-type-" + slug,
            "no string",
            envelope(payload(payload_type=value)),
            invalid("/payloads/0/payload_type"),
        ),
        case(
            "w1.11-transport-" + slug, "no string", envelope(payload(transport=value)), invalid("/payloads/0/transport")
        ),
        case("w1.11-encoding-" + slug, "no string", envelope(payload(encoding=value)), invalid("/payloads/0/encoding")),
    ]
CASES.append(
    case(
        "w1.11-unsupported",
        "a payload type that exists, but that the receiver lacks",
        envelope(payload("arrowtable")),
        invalid("/payloads/0/payload_type", "INVALID_PAYLOAD_TYPE"),
        options={"payload_types": ["text", "dictionary", "jsontable", "image", "audio", "video", "binary"]},
    )
)

# Sizes. All of these spell 5.
FIVE = payload(content=b"Hello")
for slug, value in {
    "point": "5.0",
    "exponent": "5e0",
    "minus-exponent": "50e-1",
    "plus-exponent": "0.5E+1",
    "zeros": "5.000000000000000000000000",
}.items():
    CASES.append(
        case(
            "w1.12-" + slug,
            "a size may be any number that is an integer",
            envelope({**FIVE, "size": Raw(value)}),
            ok(came("Hello", size=5)),
        )
    )
for slug, value in {
    "0": "0",
    "minus-0": "-0",
    "point-0": "-0.0",
    "underflow": "1e-400",
    "zero-exponent": "0e400",
}.items():
    CASES.append(
        case(
            "w1.12-zero-" + slug,
            "a size of zero",
            envelope(payload(content=b"", size=Raw(value))),
            ok(came("", size=0)),
        )
    )
for slug, value in {
    "minus-1": "-1",
    "minus-half": "-0.5",
    "half": "5.5",
    "tiny": "1e-300",
    "2-to-53": "9007199254740992",
    "2-to-53-point": "9007199254740992.0",
    "2-to-53-nearly": "9007199254740991.5",
    "2-to-64": "18446744073709551615",
    "huge": "1e300",
    "string": '"5"',
    "bool": "true",
    "array": "[5]",
}.items():
    CASES.append(
        case(
            "w1.12-" + slug,
            "not an integer from 0 to 2^53-1",
            envelope({**FIVE, "size": Raw(value)}),
            invalid("/payloads/0/size"),
        )
    )
CASES += [
    case(
        "w1.12-1e400", "beyond a double's range", envelope({**FIVE, "size": Raw("1e400")}), unparsed("/payloads/0/size")
    ),
    case(
        "w1.12-2-to-64-1",
        "beyond 64 bits",
        envelope({**FIVE, "size": Raw("18446744073709551616")}),
        unparsed("/payloads/0/size"),
    ),
    linked(
        "w1.12-largest",
        "2^53-1 bytes",
        envelope(link(size=9007199254740991)),
        pending((0, SERVER + "/f", 9007199254740991)),
    ),
    linked(
        "w1.12-largest-point",
        "2^53-1 bytes as a double",
        envelope(link(size=Raw("9007199254740991.0"))),
        pending((0, SERVER + "/f", 9007199254740991)),
    ),
    case(
        "w1.12-largest-direct",
        "2^53-1 bytes that are not there, and no memory taken for them",
        envelope(payload(size=9007199254740991)),
        undecodable(code="SIZE_MISMATCH"),
    ),
]

# Metadata of a payload.
HELLO = sha256(b"Hello")
META = "/payloads/0/metadata/"


def five(**metadata):
    return envelope({**FIVE, "metadata": metadata})


GOOD = ok(came("Hello", size=5))
CASES += [
    case("w1.13-both", "both members", five(payload_bytes=5, sha256=HELLO), GOOD),
    case(
        "w1.13-handed-out",
        "a receiver hands out what the protocol wrote and what the sender said",
        five(payload_bytes=5, sha256=HELLO, n=1, of={"": [None, True]}),
        ok(came("Hello", size=5, metadata={"payload_bytes": 5, "sha256": HELLO, "n": 1, "of": {"": [None, True]}})),
    ),
    case(
        "w1.13-handed-out-upper",
        "as it came: a digest in upper case, too",
        five(sha256=HELLO.upper()),
        ok(came("Hello", size=5, metadata={"sha256": HELLO.upper()})),
    ),
    case("w1.13-handed-out-empty", "and nothing where there is nothing", five(), ok(came("Hello", size=5, metadata={}))),
    case("w1.13-upper", "a digest in upper case", five(sha256=HELLO.upper()), GOOD),
    case("w1.13-point", "payload_bytes is a number like size", five(payload_bytes=Raw("5.0")), GOOD),
    case(
        "w1.13-others",
        "the caller's own members come before and after",
        five(a=1, sha256=HELLO, b=[], payload_bytes=5, c=None),
        GOOD,
    ),
    case(
        "w1.13-bytes",
        "payload_bytes other than size",
        five(payload_bytes=4),
        invalid(META + "payload_bytes", "SIZE_MISMATCH"),
    ),
    case(
        "w1.13-bytes-more",
        "payload_bytes of the base64",
        five(payload_bytes=8),
        invalid(META + "payload_bytes", "SIZE_MISMATCH"),
    ),
    linked(
        "w1.13-bytes-link",
        "payload_bytes other than size, of a link",
        envelope(link(metadata={"payload_bytes": 3})),
        invalid(META + "payload_bytes", "SIZE_MISMATCH"),
    ),
    case(
        "w1.13-bytes-inline",
        "inline JSON: payload_bytes is not checked",
        envelope(inline("dictionary", {}, size=7, metadata={"payload_bytes": 9})),
        ok(came({}, "dictionary", 7)),
    ),
    case("w1.13-digest", "another digest", five(sha256=sha256(b"hello")), undecodable(code="CHECKSUM_MISMATCH")),
    case(
        "w1.13-digest-empty",
        "the digest of nothing",
        envelope(payload(content=b"", metadata={"sha256": sha256(b"")})),
        ok(came("", size=0)),
    ),
    case(
        "w1.13-digest-base64",
        "the digest of the base64",
        five(sha256=sha256(b64(b"Hello").encode())),
        undecodable(code="CHECKSUM_MISMATCH"),
    ),
    case(
        "w1.13-digest-image",
        "bytes are checked as well",
        envelope(payload("image", metadata={"sha256": HELLO})),
        undecodable(code="CHECKSUM_MISMATCH"),
    ),
]
for slug, value in {
    "63": HELLO[1:],
    "65": HELLO + "0",
    "letter": "g" + HELLO[1:],
    "empty": "",
    "newline": HELLO + "\n",
    "prefix": "0x" + HELLO[2:],
    "type": 5,
    "null": None,
    "base64": b64(bytes.fromhex(HELLO)),
    "spaces": " " + HELLO[2:] + " ",
}.items():
    CASES.append(
        case("w1.13-sha256-" + slug, "not 64 hexadecimal digits", five(sha256=value), invalid(META + "sha256"))
    )
for slug, value in {
    "string": "5",
    "null": None,
    "minus": -1,
    "half": Raw("5.5"),
    "2-to-53": 9007199254740992,
    "bool": True,
}.items():
    CASES.append(
        case(
            "w1.13-bytes-" + slug,
            "not an integer from 0 to 2^53-1",
            five(payload_bytes=value),
            invalid(META + "payload_bytes"),
        )
    )
CASES += [
    case(
        "w1.13-bytes-inline-type",
        "inline JSON: payload_bytes is a size all the same",
        envelope(inline("dictionary", {}, metadata={"payload_bytes": "2"})),
        invalid(META + "payload_bytes"),
    ),
    linked(
        "w1.13-sha256-link",
        "a link's digest is judged before it is fetched",
        envelope(link(metadata={"sha256": "0" * 63})),
        invalid(META + "sha256"),
    ),
]
