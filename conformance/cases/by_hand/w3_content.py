"""Texts, dictionaries, rows and bytes (W3.1, W3.4, W3.5, W3.8)."""

from model import case, came, envelope, inline, ok, payload, sha256, undecodable

CASES = []
TEXTS = {
    "empty": "",
    "space": " ",
    "letter": "a",
    "mark": "\ufeffhi",
    "mark-only": "\ufeff",
    "two-marks": "\ufeff\ufeff",
    "nul": "a\0b",
    "nul-last": "a\0",
    "crlf": "a\r\nb\rc\nd\r\n",
    "newline-last": "a\n",
    "controls": "".join(map(chr, range(32))) + "\x7f",
    "emoji": "\U0001f600\U0001f469\u200d\U0001f4bb\U0001f1fa\U0001f1f8",
    "combining": "e\u0301\u00e9",
    "right-to-left": "\u05e9\u05dc\u05d5\u05dd \u202e\u0645\u0631\u062d\u0628\u0627",
    "separators": "\u2028\u2029\u0085\u00a0",
    "noncharacters": "\ufffe\uffff\U0010ffff",
    "replacement": "\ufffd",
    "json": '{"a":"\\u0041"}',
    "base64": "aGk=",
    "astral": "\U00010000\U0010ffff",
    "beside-surrogates": "\ud7ff\ue000",
}
for slug, value in TEXTS.items():
    content = value.encode()
    CASES.append(
        case(
            "w3.1-" + slug,
            "a text survives as it is",
            envelope(payload(content=content, metadata={"sha256": sha256(content)})),
            ok(came(value, size=len(content))),
        )
    )
for slug, title, content in [
    ("byte", "a byte that is never in UTF-8", b"\xff"),
    ("continuation", "a continuation byte alone", b"a\x80"),
    ("cut", "a sequence that is cut short", b"\xe2\x82"),
    ("overlong", "U+0000 in two bytes", b"\xc0\x80"),
    ("overlong-3", "U+002F in three bytes", b"\xe0\x80\xaf"),
    ("surrogate", "a surrogate", b"\xed\xa0\x80"),
    ("pair", "a pair of surrogates (CESU-8)", b"\xed\xa0\xbd\xed\xb8\x80"),
    ("beyond", "U+110000", b"\xf4\x90\x80\x80"),
    ("five", "five bytes", b"\xf8\x88\x80\x80\x80"),
    ("utf16", "UTF-16 with a byte order mark", "hi".encode("utf-16")),
    ("latin", "Latin-1", "gr\u00fc\u00dfe".encode("latin-1")),
]:
    CASES.append(
        case("w3.1-not-" + slug, "a text is UTF-8; this is " + title, envelope(payload(content=content)), undecodable())
    )

# Names and order.
ODD = '{"__proto__":{"a":1},"constructor":2,"":3,"toString":4,"hasOwnProperty":null,"length":5,"a.b":6,"$ref":"#","\\u0000":7}'
ODD_VALUE = {
    "__proto__": {"a": 1},
    "constructor": 2,
    "": 3,
    "toString": 4,
    "hasOwnProperty": None,
    "length": 5,
    "a.b": 6,
    "$ref": "#",
    "\0": 7,
}
ORDER = '{"b":1,"a":2,"10":3,"9":4,"B":5,"01":6}'
ORDER_VALUE = {"b": 1, "a": 2, "10": 3, "9": 4, "B": 5, "01": 6}
for kind, wrap, value in (("dictionary", "%s", lambda v: v), ("jsontable", "[%s]", lambda v: [v])):
    odd, order = (wrap % ODD).encode(), (wrap % ORDER).encode()
    CASES += [
        case(
            "w3.4-names-" + kind,
            "names that mean something elsewhere are ordinary",
            envelope(payload(kind, odd)),
            ok(came(value(ODD_VALUE), kind, len(odd))),
        ),
        case(
            "w3.4-order-" + kind,
            "the order of members, where an implementation keeps it",
            envelope(payload(kind, order)),
            ok(came(value(ORDER_VALUE), kind, len(order))),
        ),
        case(
            "w3.4-order-inline-" + kind,
            "the order of members, where an implementation keeps it",
            envelope(inline(kind, value(ORDER_VALUE))),
            ok(came(value(ORDER_VALUE), kind, 0)),
        ),
        case(
            "w3.4-proto-twice-" + kind,
            "an ordinary name is not taken twice",
            envelope(payload(kind, (wrap % '{"__proto__":1,"__proto__":1}').encode())),
            undecodable(),
        ),
    ]

# Dictionaries and rows.
for slug, source, value in [
    ("object", "{}", {}),
    ("array", "[]", []),
    ("values", '{"a":[1,"x",null,true,{}],"b":{"c":[]}}', {"a": [1, "x", None, True, {}], "b": {"c": []}}),
    ("mixed-array", '[1,[2,[3]],{"a":{}}]', [1, [2, [3]], {"a": {}}]),
    ("emoji", '{"\U0001f600":"\\ud83d\\ude00"}', {"\U0001f600": "\U0001f600"}),
    ("long-name", '{"%s":0}' % ("n" * 5000), {"n" * 5000: 0}),
]:
    CASES.append(
        case(
            "w3.5-dictionary-" + slug,
            "a dictionary",
            envelope(payload("dictionary", source.encode())),
            ok(came(value, "dictionary", len(source.encode()))),
        )
    )
for slug, source, value in [
    ("none", "[]", []),
    ("empty-row", "[{}]", [{}]),
    ("rows", '[{"a":1,"b":"x"},{"a":2,"b":"y"}]', [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
    ("missing", '[{"a":1},{"b":2},{},{"a":null}]', [{"a": 1}, {"b": 2}, {}, {"a": None}]),
    ("kinds", '[{"a":1},{"a":"1"},{"a":[1]},{"a":{"b":1}}]', [{"a": 1}, {"a": "1"}, {"a": [1]}, {"a": {"b": 1}}]),
    ("row-order", '[{"a":1,"b":2},{"b":3,"a":4}]', [{"a": 1, "b": 2}, {"b": 3, "a": 4}]),
]:
    CASES.append(
        case(
            "w3.5-jsontable-" + slug,
            "rows come back as written",
            envelope(payload("jsontable", source.encode())),
            ok(came(value, "jsontable", len(source))),
        )
    )
for slug, source in {"number": "5", "string": '"{}"', "null": "null", "bool": "true", "double": "1.5"}.items():
    CASES.append(
        case(
            "w3.5-dictionary-not-" + slug,
            "neither object nor array",
            envelope(payload("dictionary", source.encode())),
            undecodable(),
        )
    )
for slug, source in {
    "object": "{}",
    "number": "[1]",
    "array": "[[]]",
    "null": "[null]",
    "string": '["{}"]',
    "last": "[{},{},1]",
    "bool": "true",
    "columns": '{"a":[1,2]}',
    "lines": '{"a":1}\n{"a":2}\n',
}.items():
    CASES.append(
        case(
            "w3.5-jsontable-not-" + slug,
            "not an array of objects",
            envelope(payload("jsontable", source.encode())),
            undecodable(),
        )
    )

# Bytes.
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452")
for kind, content in (
    ("image", PNG),
    ("image", b"not an image"),
    ("audio", b"RIFF\0\0\0\0WAVE"),
    ("video", b"\0\0\0\x18ftypmp42"),
    ("binary", b"\xff\xfe\0\r\n"),
    ("binary", b"\xef\xbb\xbftext"),
):
    CASES.append(
        case(
            "w3.8-%s-%d" % (kind, len(content)),
            "bytes, whatever they are",
            envelope(payload(kind, content)),
            ok(came(content, kind, len(content))),
        )
    )
BIG = bytes(n * n % 251 for n in range(4097))
value = {name: item for name, item in came(BIG, "binary", 4097)["value"].items() if name != "base64"}
CASES.append(
    case(
        "w3.8-binary-4097",
        "more than 4,096 bytes",
        envelope(payload("binary", BIG)),
        ok({**came(b"", "binary", 4097), "value": value}),
    )
)
