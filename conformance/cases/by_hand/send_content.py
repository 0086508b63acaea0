"""Sending: values of every type (W3), encodings (W2), digests, and what no type can carry (W3, W7.1)."""

from arrow_bytes import MADE, made, table_of
from model import F, I, Tagged
from sending import KEPT, Many, Part, Table, Units, refused, sent, unserializable
from w3_content import ODD_VALUE, PNG, TEXTS
from w3_number import INTEGERS

CASES = []

# Texts.
for slug, value in TEXTS.items():
    CASES.append(sent("w3.1-send-" + slug, "a text survives as it is", [Part(value)]))

# Numbers.
CASES += [
    sent("w3.3-send-integers", "integers survive exactly", [Part([I(n) for n in INTEGERS], "dictionary")]),
    sent(
        "w3.3-send-integers-row",
        "integers in rows and in metadata",
        [Part([{"n": I(n)} for n in INTEGERS], "jsontable", metadata={"n": I("-9223372036854775808")})],
        arguments={"metadata": {"u": I("18446744073709551615"), "n": I("9007199254740993")}},
    ),
]
DOUBLES = {
    "zero": "0.0",
    "minus-zero": "-0.0",
    "one": "1.0",
    "tenth": "0.1",
    "sum": "0.30000000000000004",
    "largest": "1.7976931348623157e+308",
    "smallest-normal": "2.2250738585072014e-308",
    "subnormal": "2.225073858507201e-308",
    "smallest": "5e-324",
    "minus-smallest": "-5e-324",
    "e22": "1e+22",
    "e23": "1e+23",
    "2-to-53": "9007199254740992.0",
    "beyond-2-to-53": "9007199254740994.0",
    "2-to-64": "18446744073709551616.0",
    "long": "123456789.12345679",
    "exponent": "1e+300",
    "small": "1e-07",
}
for slug, value in DOUBLES.items():
    CASES.append(sent("w3.3-send-float-" + slug, "a double comes back as the same double", [Part([F(value)], "dictionary")]))
CASES += [
    sent(
        "w3.3-send-float-metadata",
        "doubles in metadata",
        [Part("hi", metadata={"f": F("-0.0")})],
        arguments={"metadata": {"f": F("0.1"), "n": 1}},
    ),
    sent("w3.3-send-float-row", "doubles in rows", [Part([{"f": F("1.5")}, {"f": 1}, {"f": None}], "jsontable")]),
]

# Dictionaries and rows.
NESTED = {"a": [1, "x", None, True, False, {}], "b": {"c": [[], [[]]]}, "": "", "\U0001f600": "\u2028"}
for slug, value in {
    "object": NESTED,
    "array": [1, [2, [3]], {"a": {}}, None, "x"],
    "empty-object": {},
    "empty-array": [],
    "rows": [{"a": 1}, {"a": 2}],
    "odd-names": ODD_VALUE,
    "long-name": {"n" * 5000: 0},
    "escapes": {"\"\\/\b\f\n\r\t\x1f\x7f": "\0"},
}.items():
    CASES.append(sent("w3.5-send-dictionary-" + slug, "a dictionary", [Part(value, "dictionary")]))
for slug, value in {
    "none": [],
    "empty-row": [{}],
    "missing": [{"a": 1}, {"b": 2}, {}, {"a": None}],
    "kinds": [{"a": 1}, {"a": "1"}, {"a": [1]}, {"a": {"b": 1}}],
    "row-order": [{"a": 1, "b": 2}, {"b": 3, "a": 4}],
    "odd-names": [ODD_VALUE, {}],
}.items():
    CASES.append(sent("w3.5-send-jsontable-" + slug, "rows are written as they are", [Part(value, "jsontable")]))


def nested(levels, innermost):
    for _ in range(levels - 1):
        innermost = [innermost]
    return innermost


CASES += [
    sent("w3.2-send-depth-64", "64 levels", [Part(nested(64, {}), "dictionary")]),
    unserializable("w3.2-send-depth-65", "65 levels", [Part(nested(65, []), "dictionary")]),
    unserializable("w3.2-send-depth-rows-65", "65 levels", [Part([{"a": nested(63, [])}], "jsontable")]),
]

# Bytes.
ALL = bytes(range(256))
for kind in ("image", "audio", "video", "binary"):
    CASES.append(sent("w3.8-send-" + kind, "bytes, whatever they are", [Part(ALL, kind)]))
CASES += [
    sent("w3.8-send-png", "bytes that are an image", [Part(PNG, "image")]),
    sent("w3.8-send-text-like", "bytes that look like a text with a mark", [Part(b"\xef\xbb\xbftext", "binary")]),
    sent("w3.8-send-4097", "more than 4,096 bytes", [Part(bytes(n * n % 251 for n in range(4097)), "binary")]),
]
for size in range(1, 8):
    CASES.append(sent("w2.1-send-%d-bytes" % size, "base64 of %d bytes" % size, [Part(b"\xff" * size, "binary")]))
CASES += [
    sent("w2.1-send-alphabet", "all 64 letters", [Part(ALL[::-1], "binary")]),
    sent("w2.1-send-100000", "100,000 bytes", [Part(Many(b"\0\x10\x83\xff", 25000), "binary")]),
]

# Nothing.
for kind in ("text", "image", "audio", "video", "binary"):
    CASES.append(
        sent("w2.6-send-" + kind, "0 bytes are direct, whatever the threshold", [Part("" if kind == "text" else b"", kind)], size_threshold=1)
    )

# Digests.
CASES += [
    sent(
        "w2.4-send-checksum-all",
        "a digest of every payload, behind payload_bytes",
        [Part("hi", digest=True, metadata={"a": 1}), Part({}, "dictionary", digest=True), Part(b"", "binary", digest=True)],
        checksum="all",
    ),
    sent("w2.4-send-checksum-link", "no digest of direct payloads by default", [Part("hi"), Part(ALL, "binary")], checksum="link"),
    sent("w2.4-send-checksum-none", "no digest", [Part("hi")], checksum="none"),
    sent("w2.4-send-link", "a link with its digest", [Part("Hello", link=True)], size_threshold=5, upload=KEPT),
    sent(
        "w2.4-send-link-all",
        "a digest of linked and direct payloads",
        [Part("Hell", digest=True), Part("Hello", link=True)],
        size_threshold=5,
        checksum="all",
        upload=KEPT,
    ),
    sent(
        "w2.4-send-link-none",
        "a link without its digest",
        [Part("Hello", link=True, digest=False, metadata={"a": "b"})],
        size_threshold=5,
        checksum="none",
        upload=KEPT,
    ),
    sent(
        "w2.4-send-link-types",
        "links of every type but tables",
        [
            Part("text \u00e4", link=True),
            Part(NESTED, "dictionary", link=True),
            Part([{"a": 1}, {}], "jsontable", link=True),
            Part(ALL, "image", link=True),
            Part(ALL, "audio", link=True),
            Part(ALL, "video", link=True),
            Part(ALL, "binary", link=True),
        ],
        size_threshold=1,
        upload=KEPT,
    ),
    sent(
        "w2.4-send-link-names",
        "names of linked payloads never become part of a path",
        [
            Part("hi", dataname=name, link=True)
            for name in ("../../etc/passwd", "a/b", "a\\b", "", "\u00e4 \U0001f600%2e?#", "\0\n", "con", "p", "p")
        ],
        size_threshold=1,
        upload=KEPT,
    ),
]

# Inline JSON.
INLINE = {"b": [1, "\u00e4"], "a": {}}
CASES += [
    sent("w2.3-send-dictionary", "a dictionary as JSON", [Part(INLINE, "dictionary", inline=True)], inline_json=True),
    sent("w2.3-send-array", "a dictionary that is an array", [Part([1, None, "x"], "dictionary", inline=True)], inline_json=True),
    sent("w2.3-send-jsontable", "rows as JSON", [Part([{"a": None}, {}], "jsontable", inline=True)], inline_json=True),
    sent("w2.3-send-empty", "nothing in it", [Part({}, "dictionary", inline=True), Part([], "jsontable", inline=True)], inline_json=True),
    sent(
        "w2.3-send-others",
        "all other types are base64 all the same",
        [Part("{}"), Part(b"{}", "binary"), Part(INLINE, "dictionary", inline=True), Part(b"{}", "image")],
        inline_json=True,
    ),
    sent("w2.3-send-off", "base64 unless it is asked for", [Part(INLINE, "dictionary")], inline_json=False),
    sent(
        "w2.3-send-digest",
        "no digest of inline JSON, even where every payload has one",
        [Part(INLINE, "dictionary", inline=True, metadata={"a": 1}), Part("hi", digest=True)],
        inline_json=True,
        checksum="all",
    ),
    sent("w2.3-send-depth", "61 levels", [Part(nested(61, {}), "dictionary", inline=True)], inline_json=True),
    sent("w2.3-send-too-deep", "62 levels are sent as base64", [Part(nested(62, {}), "dictionary")], inline_json=True),
    sent("w2.3-send-integers", "integers", [Part([I(n) for n in INTEGERS], "dictionary", inline=True)], inline_json=True),
    sent("w2.3-send-floats", "doubles", [Part([F("0.1"), F("-0.0"), F("1e+300"), 1], "dictionary", inline=True)], inline_json=True),
    sent("w2.3-send-odd-names", "names that mean something elsewhere", [Part(ODD_VALUE, "dictionary", inline=True)], inline_json=True),
    sent(
        "w2.3-send-link",
        "from the threshold on, a link",
        [Part(["x" * 96], "dictionary", link=True), Part(["x" * 95], "dictionary", inline=True)],
        inline_json=True,
        size_threshold=100,
        upload=KEPT,
    ),
]

# Tables. What becomes of a large or view form that is sent is the sender's own matter.
def table(name):
    return Table(made(name), Tagged(table_of(name)))


for name in MADE:
    group, slug = name.split("/")
    if group == "profile" and not slug.startswith("large-") and not slug.endswith("-view"):
        CASES.append(sent("w3.7-send-" + slug, "a table of this type", [Part(table(name), "arrowtable")]))
for slug in ("batches", "batches-empty", "no-rows", "names", "sliced", "delta", "replaced", "dictionaries", "columns-100"):
    CASES.append(sent("w3.6-send-" + slug, "a table of this form", [Part(table("form/" + slug), "arrowtable")]))
CASES += [
    sent("w3.6-send-link", "a table by link", [Part(table("form/batches"), "arrowtable", link=True)], size_threshold=1, upload=KEPT),
    sent("w3.6-send-two", "two tables", [Part(table("profile/int64"), "arrowtable"), Part(table("form/no-rows"), "arrowtable", "q")]),
]
for slug in ("list", "struct", "decimal128", "halffloat", "duration"):
    CASES.append(
        unserializable(
            "w3.7-send-outside-" + slug,
            "a type outside of the profile is not written",
            [Part("before"), Part(Table(made("outside/" + slug), None), "arrowtable", "t")],
            "/payloads/1/data",
            more={"needs": ["arrowtable"]},
            error={"dataname": "t"},
        )
    )
CASES.append(
    unserializable(
        "w3.6-send-equal-names",
        "equal column names",
        [Part(Table(made("hostile/equal-names"), None), "arrowtable")],
        more={"needs": ["arrowtable"]},
    )
)

# Values that their type cannot carry.
WRONG = {
    "text": {"int": 5, "null": None, "bool": True, "object": {}, "array": ["hi"], "bytes": b"hi"},
    "dictionary": {"string": "{}", "int": 5, "null": None, "bool": False, "bytes": b"{}"},
    "jsontable": {"object": {}, "ints": [1], "nulls": [{}, None], "arrays": [[]], "string": "[]", "null": None, "strings": ["a"]},
    "image": {"string": "hi", "object": {}, "null": None, "int": 5},
    "audio": {"string": "hi", "array": [{}], "null": None},
    "video": {"string": "hi", "int": 5, "bool": True},
    "binary": {"string": "hi", "object": {}, "null": None, "int": 0},
    "arrowtable": {"string": "hi", "int": 5, "null": None},
}
for kind, values in WRONG.items():
    more = {"needs": ["arrowtable"]} if kind == "arrowtable" else {}
    for slug, value in values.items():
        CASES.append(
            unserializable(
                "w7.1-send-%s-%s" % (kind, slug), "a value that %s cannot carry" % kind, [Part(value, kind)], more=dict(more)
            )
        )
LONE = {"high": [0xD800], "low": [0xDC00], "within": [0x61, 0xDBFF, 0x62], "reversed": [0xDE00, 0xD83D]}
for slug, units in LONE.items():
    CASES.append(
        unserializable(
            "w3.1-send-lone-" + slug, "a lone surrogate in a text", [Part(Units(units))], more={"needs": ["lone-surrogates"]}
        )
    )
CASES += [
    unserializable(
        "w3.2-send-lone-dictionary",
        "a lone surrogate in a dictionary",
        [Part([Units([0xD800])], "dictionary")],
        more={"needs": ["lone-surrogates"]},
    ),
    unserializable(
        "w3.2-send-lone-row",
        "a lone surrogate in a row",
        [Part([{"a": Units([0x61, 0xDC00])}], "jsontable")],
        more={"needs": ["lone-surrogates"]},
    ),
    refused(
        "w3.2-send-lone-metadata",
        "a lone surrogate in metadata",
        [],
        "INVALID_ENVELOPE",
        "validate",
        arguments={"metadata": {"a": Units([0xD800])}},
        more={"needs": ["lone-surrogates"]},
    ),
]
PAIRED = sent("w3.1-send-pair", "a pair of surrogates is a character", [Part("\U0001f600")], more={"needs": ["lone-surrogates"]})
PAIRED["send"]["payloads"][0]["value"] = {"type": "utf16", "value": [0xD83D, 0xDE00]}
CASES.append(PAIRED)
for slug, value in {"nan": "NaN", "infinity": "Infinity", "minus-infinity": "-Infinity"}.items():
    more = {"needs": ["non-finite-floats"]}
    CASES += [
        unserializable("w3.2-send-%s-dictionary" % slug, "JSON has no number for it", [Part({"a": [F(value)]}, "dictionary")], more=dict(more)),
        unserializable("w3.2-send-%s-row" % slug, "JSON has no number for it", [Part([{}, {"a": F(value)}], "jsontable")], more=dict(more)),
        refused(
            "w3.2-send-%s-metadata" % slug,
            "JSON has no number for it",
            [Part("hi", metadata={"a": F(value)})],
            "INVALID_ENVELOPE",
            "validate",
            # Where strings can hold anything, so can metadata.
            more={"needs": ["lone-surrogates", "non-finite-floats"]},
        ),
    ]
for slug, value in {"2-to-64": 2**64, "below-2-to-63": -(2**63) - 1, "2-to-100": 2**100}.items():
    more = {"needs": ["big-integers"]}
    CASES += [
        unserializable("w3.2-send-%s-dictionary" % slug, "an integer outside -2^63 to 2^64-1", [Part({"a": [I(value)]}, "dictionary")], more=dict(more)),
        unserializable("w3.2-send-%s-row" % slug, "an integer outside -2^63 to 2^64-1", [Part([{}, {"a": I(value)}], "jsontable")], more=dict(more)),
    ]

# Which fault counts.
CASES += [
    unserializable("w7.1-send-list-order", "the first payload in list order", [Part("hi"), Part(5, dataname="x"), Part({}, "jsontable")], "/payloads/1/data", error={"dataname": "x"}),
    unserializable(
        "w7.1-send-serialize-limit",
        "a value that cannot be serialized comes before a limit",
        [Part("x" * 2000), Part(5)],
        "/payloads/1/data",
        max_message_bytes=1000,
        size_threshold=1 << 20,
    ),
]
