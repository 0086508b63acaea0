"""Direct payloads: base64, arrow-ipc, inline JSON, and which combinations there are (W2.1, W2.2, W2.3, W2.5, W2.6)."""

from model import (
    F,
    HI,
    I,
    Raw,
    SERVER,
    b64,
    came,
    case,
    envelope,
    inline,
    invalid,
    link,
    linked,
    ok,
    payload,
    pending,
    sha256,
    undecodable,
    unparsed,
)
from w3_arrowtable import SMALL, SMALL_TABLE, TABLES

CASES = []

# Every combination.
CONTENT = {"text": b"hi", "dictionary": b"{}", "arrowtable": SMALL, "jsontable": b"[]"}
VALUES = {"text": "hi", "dictionary": {}, "arrowtable": SMALL_TABLE, "jsontable": []}
for kind in ("text", "dictionary", "arrowtable", "jsontable", "image", "audio", "video", "binary"):
    content = CONTENT.get(kind, b"hi")
    value = came(VALUES.get(kind, content), kind, len(content))
    needs = TABLES if kind == "arrowtable" else {}
    for encoding in ("none", "json", "base64", "arrow-ipc"):
        wrong_type = invalid("/payloads/0/payload_type")
        here = payload(kind, content, encoding=encoding)
        expect = {
            "none": invalid("/payloads/0/encoding"),
            "json": wrong_type,
            "base64": ok(value),
            "arrow-ipc": wrong_type,
        }[encoding]
        if encoding == "arrow-ipc" and kind == "arrowtable":
            expect = ok(value)
        if encoding == "json" and kind in ("dictionary", "jsontable"):
            here, expect = inline(kind, VALUES[kind], size=2), ok(value)
        CASES.append(
            case(
                "w2.5-direct-%s-%s" % (encoding, kind),
                "direct, %s, %s" % (encoding, kind),
                envelope(here),
                expect,
                **needs,
            )
        )
        there = link(encoding=encoding, payload_type=kind)
        expect = pending((0, SERVER + "/f", 2)) if encoding == "none" else invalid("/payloads/0/encoding")
        CASES.append(
            {
                **linked(
                    "w2.5-link-%s-%s" % (encoding, kind), "link, %s, %s" % (encoding, kind), envelope(there), expect
                ),
                **needs,
            }
        )

# Base64. `Hello, wire` has 11 bytes: its base64 ends in one `=`.
ELEVEN = b"Hello, wire"
CASES += [
    case("w2.1-one-pad", "one padding character", envelope(payload(content=ELEVEN)), ok(came("Hello, wire", size=11))),
    case(
        "w2.1-two-pads",
        "two padding characters",
        envelope(payload(content=ELEVEN[:10])),
        ok(came("Hello, wir", size=10)),
    ),
    case("w2.1-full-groups", "no padding", envelope(payload(content=ELEVEN[:9])), ok(came("Hello, wi", size=9))),
    case(
        "w2.1-alphabet",
        "all 64 letters",
        envelope(payload("binary", bytes(range(256)))),
        ok(came(bytes(range(256)), "binary", 256)),
    ),
    case(
        "w2.1-plus-slash",
        "plus and slash",
        envelope(payload("binary", b"\xfb\xff\xbf\xfb\xef\xbe")),
        ok(came(b"\xfb\xff\xbf\xfb\xef\xbe", "binary", 6)),
    ),
    case(
        "w2.1-escaped",
        "base64 may be written with JSON escapes",
        envelope(payload(data=Raw('"\\u0061G\\u006b="'))),
        ok(HI),
    ),
    case(
        "w2.1-slash-escaped",
        "a slash as an escape",
        envelope(payload("binary", b"\xff\xff\xff", data=Raw('"\\/\\/\\/\\/"'))),
        ok(came(b"\xff\xff\xff", "binary", 3)),
    ),
    case("w2.1-data-first", "data may stand before size", envelope(dict(reversed(list(payload().items())))), ok(HI)),
]
NOT_CANONICAL = {
    "url-alphabet": ("-_-_", 3, "the alphabet for URLs"),
    "url-minus": ("a-k=", 2, "one letter of the alphabet for URLs"),
    "percent": ("aGk%3D", 2, "a percent-encoded padding"),
    "percent-groups": ("aG%3", 3, "a percent sign, of the right length"),
    "space-within": ("aG k=", 2, "a space within"),
    "space-before": (" aGk=", 2, "a space before"),
    "space-after": ("aGk= ", 2, "a space after"),
    "spaces": ("    ", 3, "spaces alone, of the right length"),
    "newline-within": ("aG\nk=", 2, "a line feed within"),
    "newline-after": ("aGk=\n", 2, "a line feed after"),
    "lines": ("SGVsbG8s\r\nIHdpcmU=", 11, "lines, as in e-mail"),
    "letter-16b": ("aGVsbG\u016b=", 5, "U+016B, whose low byte is `k`"),
    "full-width": ("\uff21\uff21\uff21\uff21", 3, "full-width letters"),
    "nul": ("aG\0=", 2, "U+0000"),
    "pads-4": ("aGkx====", 3, "four padding characters after a full group"),
    "pads-3": ("a===", 0, "three padding characters"),
    "pads-only": ("====", 0, "padding alone"),
    "pad-start": ("=aGk", 2, "padding at the start"),
    "pad-within": ("aG=k", 2, "padding within the last group"),
    "two-texts": ("aGk=aGk=", 4, "two texts after each other"),
    "pad-group-within": ("aG==aGk=", 3, "a padded group before the last"),
    "pad-more": ("aGk==", 2, "a padding character too many"),
    "no-pad": ("aGk", 2, "no padding where one belongs"),
    "no-pads": ("aA", 1, "no padding where two belong"),
    "one-letter": ("a", 0, "one letter"),
    "one-letter-more": ("aGkxa", 3, "one letter after a full group"),
    "bits-2": ("aGl=", 2, "trailing bits that are not zero, before one padding character"),
    "bits-2-high": ("aGm=", 2, "the higher of two trailing bits"),
    "bits-4": ("aB==", 1, "trailing bits that are not zero, before two padding characters"),
    "bits-4-high": ("aI==", 1, "the highest of four trailing bits"),
    "data-url": ("data:;base64,aGk=", 2, "a data URL"),
    "hex": ("6869!", 2, "an exclamation mark"),
    "before-size": ("aGk", 5, "not canonical and of another length: the former counts"),
    "middle": (b64(b"\0" * 99)[:64] + "\u00e9" + b64(b"\0" * 99)[65:], 99, "one foreign letter in the middle of many"),
    "middle-pad": (
        b64(b"\0" * 99)[:63] + "=" + b64(b"\0" * 99)[64:],
        99,
        "one padding character in the middle of many",
    ),
    "middle-newline": (b64(b"\0" * 99)[:64] + "\n" + b64(b"\0" * 99)[65:], 99, "one line feed in the middle of many"),
}
for slug, (data, size, title) in NOT_CANONICAL.items():
    CASES.append(
        case(
            "w2.1-" + slug, "not canonical: " + title, envelope(payload("binary", data=data, size=size)), undecodable()
        )
    )
for slug, data, size in (
    ("fewer", "aGk=", 3),
    ("more", "aGk=", 1),
    ("one-group", "aGkx", 4),
    ("empty", "", 2),
    ("full", "aGkx", 2),
):
    CASES.append(
        case(
            "w2.1-size-" + slug,
            "canonical, but of another length than size",
            envelope(payload("binary", data=data, size=size)),
            undecodable(code="SIZE_MISMATCH"),
        )
    )
for slug, data in {"number": 5, "bool": False, "array": ["aGk="], "object": {"base64": "aGk="}}.items():
    CASES.append(case("w2.1-" + slug, "base64 is a string", envelope(payload(data=data)), invalid("/payloads/0/data")))
    if slug != "bool":
        CASES.append(
            case(
                "w2.2-" + slug,
                "base64 is a string",
                envelope(payload("arrowtable", encoding="arrow-ipc", data=data)),
                invalid("/payloads/0/data"),
                **TABLES,
            )
        )

# Arrow-ipc is base64 of an arrowtable.
CASES += [
    case(
        "w2.2-table",
        "a table",
        envelope(payload("arrowtable", SMALL, encoding="arrow-ipc", metadata={"sha256": sha256(SMALL)})),
        ok(came(SMALL_TABLE, "arrowtable", len(SMALL))),
        **TABLES,
    ),
    case("w2.2-text", "a text", envelope(payload(encoding="arrow-ipc")), invalid("/payloads/0/payload_type")),
    case(
        "w2.2-not-canonical",
        "not canonical",
        envelope(payload("arrowtable", SMALL, encoding="arrow-ipc", data=b64(SMALL) + "\n")),
        undecodable(),
        **TABLES,
    ),
    case(
        "w2.2-size",
        "another length",
        envelope(payload("arrowtable", SMALL, encoding="arrow-ipc", size=len(SMALL) + 1)),
        undecodable(code="SIZE_MISMATCH"),
        **TABLES,
    ),
    case(
        "w2.2-content",
        "no stream",
        envelope(payload("arrowtable", b"no stream", encoding="arrow-ipc")),
        undecodable(),
        **TABLES,
    ),
]

# Inline JSON.
MIXED = {"b": 1, "a": [None, True, "x", {}]}
CASES += [
    case("w2.3-dictionary", "a dictionary", envelope(inline("dictionary", MIXED)), ok(came(MIXED, "dictionary", 0))),
    case(
        "w2.3-array",
        "a dictionary that is an array",
        envelope(inline("dictionary", [1, "a", None])),
        ok(came([1, "a", None], "dictionary", 0)),
    ),
    case(
        "w2.3-jsontable",
        "rows",
        envelope(inline("jsontable", [{"a": 1}, {}, {"b": None}])),
        ok(came([{"a": 1}, {}, {"b": None}], "jsontable", 0)),
    ),
    case(
        "w2.3-numbers",
        "integers and doubles stay what they are",
        envelope(inline("dictionary", Raw("[1, 1.0, -0, -0.0, 18446744073709551615, 1e2]"))),
        ok(came([1, F("1.0"), I("0"), F("-0.0"), 18446744073709551615, F("100.0")], "dictionary", 0)),
    ),
    case(
        "w2.3-size",
        "size is not checked",
        envelope(inline("dictionary", {}, size=9007199254740991)),
        ok(came({}, "dictionary", 9007199254740991)),
    ),
    case(
        "w2.3-size-type",
        "size is a size all the same",
        envelope(inline("dictionary", {}, size="2")),
        invalid("/payloads/0/size"),
    ),
    case(
        "w2.3-size-missing",
        "size is required all the same",
        envelope({k: v for k, v in inline("dictionary", {}).items() if k != "size"}),
        invalid("/payloads/0/size"),
    ),
    case(
        "w2.3-sha256",
        "a digest, even the right one, has nothing to speak of",
        envelope(inline("dictionary", {}, metadata={"sha256": sha256(b"{}")})),
        invalid("/payloads/0/metadata/sha256"),
    ),
    case(
        "w2.3-sha256-null",
        "not even null",
        envelope(inline("jsontable", [], metadata={"sha256": None})),
        invalid("/payloads/0/metadata/sha256"),
    ),
    case("w2.3-text", "a text is never inline", envelope(inline("text", "hi")), invalid("/payloads/0/payload_type")),
    case(
        "w2.3-depth",
        "64 deep, counted from the start of the envelope",
        envelope(inline("dictionary", Raw("[" * 61 + "]" * 61))),
        ok(count=1),
    ),
    case(
        "w2.3-depth-over",
        "65 deep, counted from the start of the envelope",
        envelope(inline("dictionary", Raw("[" * 62 + "]" * 62))),
        unparsed(),
    ),
    case(
        "w2.3-duplicate",
        "duplicate names are errors of the envelope",
        envelope(inline("dictionary", Raw('{"a":1,"b":{"c":1,"c":2}}'))),
        unparsed("/payloads/0/data/b/c"),
    ),
    case(
        "w2.3-integer",
        "an integer beyond 64 bits is an error of the envelope",
        envelope(inline("dictionary", Raw("[18446744073709551616]"))),
        unparsed("/payloads/0/data/0"),
    ),
]
for slug, data in {"string": "{}", "base64": "e30=", "number": 5, "null": None, "bool": True}.items():
    CASES.append(
        case("w2.3-dictionary-" + slug, "neither object nor array", envelope(inline("dictionary", data)), undecodable())
    )
for slug, data in {
    "string": "[]",
    "object": {},
    "numbers": [1],
    "arrays": [[]],
    "null": None,
    "null-row": [{}, None],
    "base64": "W10=",
}.items():
    CASES.append(
        case("w2.3-jsontable-" + slug, "not an array of objects", envelope(inline("jsontable", data)), undecodable())
    )

# Nothing.
for kind in ("text", "image", "audio", "video", "binary"):
    CASES.append(
        case("w2.6-" + kind, "0 bytes", envelope(payload(kind, b"")), ok(came("" if kind == "text" else b"", kind, 0)))
    )
for kind in ("dictionary", "jsontable", "arrowtable"):
    needs = TABLES if kind == "arrowtable" else {}
    CASES.append(
        case(
            "w2.6-" + kind, "0 bytes are no content of this type", envelope(payload(kind, b"")), undecodable(), **needs
        )
    )
CASES += [
    case("w2.6-one", "size 0 and a byte", envelope(payload(data="AA==", size=0)), undecodable(code="SIZE_MISMATCH")),
    case("w2.6-none", "size 1 and no byte", envelope(payload(data="", size=1)), undecodable(code="SIZE_MISMATCH")),
    case("w2.6-pads", "size 0 and padding", envelope(payload(data="=", size=0)), undecodable()),
    case(
        "w2.6-null",
        "nothing is the empty string, not null",
        envelope(payload(data=None, size=0)),
        invalid("/payloads/0/data"),
    ),
    linked("w2.6-link", "a link of size 0", envelope(link(size=0)), pending((0, SERVER + "/f", 0))),
]
