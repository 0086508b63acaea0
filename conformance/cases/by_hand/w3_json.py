"""Strict JSON wherever it stands (W3.2): in an envelope, in a dictionary's text, in a jsontable's text."""

from model import HI, Raw, case, came, envelope, ok, payload, text, undecodable, unparsed

CASES = []
WHOLE = text(envelope(payload()))
BYTES = WHOLE.encode()


def values(slug, title, source, expect=None, pointer=None):
    """The same value, given as text or bytes, in each of the three places; refused unless `expect` is what it is."""
    source = source if isinstance(source, bytes) else source.encode()
    start, end = text(envelope())[:-2].replace('"metadata":{}', '"metadata":{"v":%s}').split("%s")
    whole = start.encode() + source + end.encode() + b"]}"
    whole = whole.decode() if is_utf8(whole) else whole
    dictionary, rows = b'{"v":' + source + b"}", b'[{"v":' + source + b"}]"
    came_out = (
        [came({"v": expect[0]}, "dictionary", len(dictionary)), came([{"v": expect[0]}], "jsontable", len(rows))]
        if expect
        else [None] * 2
    )
    CASES.extend(
        [
            case("w3.2-%s-envelope" % slug, title, whole, ok() if expect else unparsed(pointer)),
            case(
                "w3.2-%s-dictionary" % slug,
                title,
                envelope(payload("dictionary", dictionary)),
                ok(came_out[0]) if expect else undecodable(),
            ),
            case(
                "w3.2-%s-jsontable" % slug,
                title,
                envelope(payload("jsontable", rows)),
                ok(came_out[1]) if expect else undecodable(),
            ),
        ]
    )


def is_utf8(data):
    try:
        return bool(data.decode())
    except UnicodeDecodeError:
        return False


# Values that pass.
for slug, title, source, value in [
    ("escapes", "all escapes", r'"\"\\\/\b\f\n\r\t\u0041\u00e9"', '"\\/\b\f\n\r\tA\u00e9'),
    ("escape-case", "hexadecimal digits in either case", r'"\u00E9\u00e9\uABcd"', "\u00e9\u00e9\uabcd"),
    ("escape-nul", "U+0000 as an escape", r'"a\u0000b"', "a\0b"),
    ("pair", "a pair of escaped surrogates", r'"\ud83d\ude00\uDBFF\uDFFF"', "\U0001f600\U0010ffff"),
    ("delete", "U+007F as it is", '"\x7f"', "\x7f"),
    ("separators", "line separators as they are", '"\u2028\u2029\u0085"', "\u2028\u2029\u0085"),
    (
        "ends",
        "the last characters of each length in UTF-8",
        '"\x7f\u07ff\uffff\U0010ffff"',
        "\x7f\u07ff\uffff\U0010ffff",
    ),
    (
        "around-surrogates",
        "the characters beside the surrogates",
        '"\ud7ff\ue000\\ud7ff\\ue000"',
        "\ud7ff\ue000\ud7ff\ue000",
    ),
    ("mark-within", "a byte order mark within a string", '"\ufeff"', "\ufeff"),
    ("spaces", "the four kinds of white space", "[ \t\r\n1\t,\n2 ]", [1, 2]),
    ("literals", "the three literals", "[true,false,null]", [True, False, None]),
    ("like-literals", "strings that look like other things", '["NaN","1","null","//"]', ["NaN", "1", "null", "//"]),
    ("names-case", "names that differ by case", '{"a":1,"A":2}', {"a": 1, "A": 2}),
    ("names-form", "names that differ by normalization", '{"\u00e9":1,"e\u0301":2}', {"\u00e9": 1, "e\u0301": 2}),
    (
        "names-depth",
        "the same name in objects within each other",
        '{"a":{"a":{"a":1}},"b":{"a":2}}',
        {"a": {"a": {"a": 1}}, "b": {"a": 2}},
    ),
    (
        "names-nul",
        "names that differ behind U+0000",
        r'{"a\u0000b":1,"a\u0000c":2,"a":3}',
        {"a\0b": 1, "a\0c": 2, "a": 3},
    ),
]:
    values(slug, title, source, [value])

# Values that do not.
for slug, title, source in [
    ("nan", "NaN", "NaN"),
    ("minus-nan", "-NaN", "-NaN"),
    ("infinity", "Infinity", "Infinity"),
    ("minus-infinity", "-Infinity", "-Infinity"),
    ("inf", "inf", "inf"),
    ("undefined", "undefined", "undefined"),
    ("true-upper", "a literal in another case", "True"),
    ("nul-literal", "a literal that is too short", "nul"),
    ("nulll", "a literal that is too long", "nulll"),
    ("nothing", "no value", ""),
    ("plus", "a plus sign", "+1"),
    ("point-first", "no digit before the point", ".5"),
    ("point-last", "no digit after the point", "1."),
    ("point-exponent", "no digit between point and exponent", "1.e5"),
    ("zero-first", "a leading zero", "01"),
    ("minus-zero-first", "a leading zero after a minus", "-01"),
    ("zeros", "two zeros", "00"),
    ("zero-first-point", "a leading zero before a point", "01.5"),
    ("minus", "a minus sign alone", "-"),
    ("minus-minus", "two minus signs", "--1"),
    ("minus-space", "a space after the minus", "- 1"),
    ("exponent-empty", "no exponent", "1e"),
    ("exponent-sign", "no digits in the exponent", "1e+"),
    ("exponent-point", "a point in the exponent", "1e1.5"),
    ("hex", "a hexadecimal number", "0x10"),
    ("octal", "an octal number", "0o17"),
    ("binary", "a binary number", "0b1"),
    ("underscore", "an underscore", "1_000"),
    ("suffix", "a suffix", "1n"),
    ("comma-decimal", "a decimal comma", "1,5"),
    ("digits", "full-width digits", "\uff11"),
    ("array-comma", "a trailing comma in an array", "[1,]"),
    ("array-comma-only", "a comma alone in an array", "[,]"),
    ("array-comma-two", "two commas", "[1,,2]"),
    ("array-no-comma", "no comma", "[1 2]"),
    ("array-close", "a wrong closing bracket", "[1}"),
    ("array-open", "an array that is not closed", "[1"),
    ("object-comma", "a trailing comma in an object", '{"a":1,}'),
    ("object-comma-only", "a comma alone in an object", "{,}"),
    ("object-no-colon", "no colon", '{"a" 1}'),
    ("object-two-colons", "two colons", '{"a"::1}'),
    ("object-equals", "an equals sign", '{"a"=1}'),
    ("object-no-value", "no value", '{"a":}'),
    ("object-name-only", "a name alone", '{"a"}'),
    ("object-close", "a wrong closing brace", '{"a":1]'),
    ("name-bare", "a name without quotes", "{a:1}"),
    ("name-single", "a name in single quotes", "{'a':1}"),
    ("name-number", "a number as name", "{1:1}"),
    ("name-null", "null as name", "{null:1}"),
    ("single-quotes", "single quotes", "'a'"),
    ("backticks", "backticks", "`a`"),
    ("quotes-typed", "typographic quotes", "\u201ca\u201d"),
    ("string-open", "a string that is not closed", '"a'),
    ("comment-line", "a comment to the end of the line", "1 // one\n"),
    ("comment-block", "a comment", "/* one */ 1"),
    ("comment-hash", "a comment with a hash", "1 # one\n"),
    ("no-break-space", "a no-break space", "\u00a01"),
    ("form-feed", "a form feed", "\f1"),
    ("vertical-tab", "a vertical tab", "\v1"),
    ("mark-inside", "a byte order mark before a value", "\ufeff1"),
    ("nul-byte", "U+0000 outside of a string", "1\0"),
    ("raw-newline", "a line feed in a string", '"a\nb"'),
    ("raw-return", "a carriage return in a string", '"a\rb"'),
    ("raw-tab", "a tab in a string", '"a\tb"'),
    ("raw-nul", "U+0000 in a string", '"a\0b"'),
    ("raw-1f", "U+001F in a string", '"a\x1fb"'),
    ("raw-name", "a tab in a name", '{"a\tb":1}'),
    ("escape-x", r"the escape \x", r'"\x41"'),
    ("escape-single", r"the escape \'", r'''"\'"'''),
    ("escape-0", r"the escape \0", r'"\0"'),
    ("escape-v", r"the escape \v", r'"\v"'),
    ("escape-a", r"the escape \a", r'"\a"'),
    ("escape-u-upper", r"the escape \U", r'"\U00000041"'),
    ("escape-brace", r"the escape \u{}", r'"\u{41}"'),
    ("escape-short", "three digits", r'"\u041"'),
    ("escape-letter", "a letter that is no digit", r'"\u004g"'),
    ("escape-sign", "a sign among the digits", r'"\u+041"'),
    ("escape-space", "spaces for digits", r'"\u  41"'),
    ("escape-newline", "an escaped line feed", '"\\\n"'),
    ("high", "a lone high surrogate", r'"\ud800"'),
    ("high-text", "a high surrogate and a letter", r'"\ud800x"'),
    ("high-escape", "a high surrogate and an escaped letter", r'"\ud83d\u0041"'),
    ("high-other", "a high surrogate and another escape", r'"\ud83d\n"'),
    ("high-high", "two high surrogates", r'"\ud83d\ud83d"'),
    ("high-pair", "a high surrogate before a pair", r'"\ud83d\ud83d\ude00"'),
    ("low", "a lone low surrogate", r'"\udc00"'),
    ("low-last", "the last low surrogate", r'"\udfff"'),
    ("reversed", "a pair the wrong way round", r'"\ude00\ud83d"'),
    ("pair-low", "a low surrogate after a pair", r'"\ud83d\ude00\ude00"'),
    ("high-name", "a lone surrogate in a name", r'{"\ud800":1}'),
    ("high-upper", "a lone surrogate in upper case", r'"\uD800"'),
    ("utf8-byte", "a byte that is never in UTF-8", b'"\xff"'),
    ("utf8-continuation", "a continuation byte alone", b'"\x80"'),
    ("utf8-cut", "a sequence that is cut short", b'"\xe2\x82"'),
    ("utf8-latin", "Latin-1", b'"\xe4b"'),
    ("utf8-overlong", "U+002F in two bytes", b'"\xc0\xaf"'),
    ("utf8-overlong-nul", "U+0000 in two bytes", b'"\xc0\x80"'),
    ("utf8-overlong-3", "U+007F in three bytes", b'"\xe0\x81\xbf"'),
    ("utf8-overlong-4", "U+FFFF in four bytes", b'"\xf0\x8f\xbf\xbf"'),
    ("utf8-high", "a surrogate in UTF-8", b'"\xed\xa0\x80"'),
    ("utf8-pair", "a pair of surrogates in UTF-8 (CESU-8)", b'"\xed\xa0\xbd\xed\xb8\x80"'),
    ("utf8-beyond", "U+110000", b'"\xf4\x90\x80\x80"'),
    ("utf8-5", "five bytes", b'"\xf8\x88\x80\x80\x80"'),
    ("utf8-name", "not UTF-8 in a name", b'{"\xff":1}'),
]:
    values(slug, title, source)
for slug, title, source, pointer in [
    ("duplicate", "equal names", '{"a":1,"a":1}', "/metadata/v/a"),
    ("duplicate-escaped", "equal names, one with an escape", r'{"a":1,"\u0061":2}', "/metadata/v/a"),
    ("duplicate-slash", "equal names, one with an escaped slash", r'{"a/b":1,"a\/b":2}', "/metadata/v/a~1b"),
    ("duplicate-tilde", "equal names that a pointer escapes", '{"~":1,"~":2}', "/metadata/v/~0"),
    (
        "duplicate-pair",
        "equal names, one with escaped surrogates",
        '{"\U0001f600":1,"\\ud83d\\ude00":2}',
        "/metadata/v/\U0001f600",
    ),
    ("duplicate-empty", "equal names that are empty", '{"":1,"":2}', "/metadata/v/"),
    ("duplicate-nul", "equal names of U+0000", r'{"\u0000":1,"\u0000":2}', "/metadata/v/\0"),
    (
        "duplicate-proto",
        "equal names that mean something to JavaScript",
        '{"__proto__":1,"__proto__":2}',
        "/metadata/v/__proto__",
    ),
    ("duplicate-nested", "equal names further down", '[{"b":[{"a":1,"c":2,"a":3}]}]', "/metadata/v/0/b/0/a"),
    (
        "duplicate-many",
        "equal names far from each other",
        '{%s,"m7":0}' % ",".join('"m%d":%d' % (n, n) for n in range(100)),
        "/metadata/v/m7",
    ),
    ("duplicate-null", "equal names with null", '{"a":null,"a":null}', "/metadata/v/a"),
]:
    values(slug, title, source, pointer=pointer)

# Equal names at every level of the envelope.
CASES += [
    case(
        "w3.2-duplicate-first",
        "equal members of the envelope, one after the other",
        WHOLE.replace('"msg_purpose":"chat"', '"msg_purpose":"chat","msg_purpose":"chat"'),
        unparsed("/msg_purpose"),
    ),
    case(
        "w3.2-duplicate-far",
        "equal members of the envelope, the last one in front",
        '{"payloads":[],' + WHOLE[1:],
        unparsed("/payloads"),
    ),
    case("w3.2-duplicate-unknown", "equal members that nobody knows", '{"x":1,"x":1,' + WHOLE[1:], unparsed("/x")),
    case(
        "w3.2-duplicate-payload",
        "equal members of a payload",
        WHOLE.replace('"size":2', '"size":2,"size":2'),
        unparsed("/payloads/0/size"),
    ),
    case(
        "w3.2-duplicate-data",
        "equal data",
        WHOLE.replace('"data":"aGk="', '"data":"aGk=","data":"aGk="'),
        unparsed("/payloads/0/data"),
    ),
    case(
        "w3.2-duplicate-data-escaped",
        "equal data, one with an escape",
        WHOLE.replace('"data":"aGk="', '"data":"aGk=","d\\u0061ta":"aGk="'),
        unparsed("/payloads/0/data"),
    ),
    case(
        "w3.2-duplicate-payload-metadata",
        "equal members of a payload's metadata",
        envelope(payload(metadata=Raw('{"payload_bytes":2,"payload_bytes":2}'))),
        unparsed("/payloads/0/metadata/payload_bytes"),
    ),
    case(
        "w3.2-duplicate-second-payload",
        "equal members of the second payload",
        text(envelope(payload(), payload(x=1))).replace('"x":1', '"x":1,"x":1'),
        unparsed("/payloads/1/x"),
    ),
]

# Depth: arrays and objects open at once, from the start of each text.
for slug, before, opening, closing in [("arrays", 2, "[", "]"), ("objects", 2, '{"a":', "}")]:
    for depth, expect in ((64, ok()), (65, unparsed())):
        inner = depth - before
        core = "1" if opening != "[" else ""
        CASES.append(
            case(
                "w3.2-depth-%s-%d" % (slug, depth),
                "%d deep, counted from the envelope" % depth,
                envelope(metadata={"v": Raw(opening * inner + core + closing * inner)}),
                expect,
            )
        )
for depth, expect in ((64, ok(count=1)), (65, undecodable())):
    CASES += [
        case(
            "w3.2-depth-dictionary-%d" % depth,
            "a dictionary's own text, %d deep" % depth,
            envelope(payload("dictionary", b"[" * depth + b"]" * depth)),
            expect,
        ),
        case(
            "w3.2-depth-dictionary-objects-%d" % depth,
            "a dictionary's own text, %d deep" % depth,
            envelope(payload("dictionary", b'{"":' * depth + b"0" + b"}" * depth)),
            expect,
        ),
        case(
            "w3.2-depth-jsontable-%d" % depth,
            "a jsontable's own text, %d deep" % depth,
            envelope(payload("jsontable", b'[{"a":' + b"[" * (depth - 2) + b"]" * (depth - 2) + b"}]")),
            expect,
        ),
    ]
CASES += [
    case(
        "w3.2-depth-side-by-side",
        "many beside each other are not deep",
        envelope(payload("dictionary", b"[" + b"[[]]," * 1000 + b"[]]")),
        ok(count=1),
    ),
    case("w3.2-depth-string", "brackets in a string are not deep", envelope(metadata={"v": "[" * 1000}), ok()),
    case("w3.2-depth-100000-arrays", "100,000 arrays", [["[", 100000], ["]", 100000]], unparsed()),
    case("w3.2-depth-100000-open", "100,000 arrays that are not closed", [["[", 100000]], unparsed()),
    case("w3.2-depth-100000-objects", "100,000 objects", [['{"a":', 100000], "1", ["}", 100000]], unparsed()),
    case("w3.2-depth-100000-mixed", "100,000 of both", [['[{"a":', 50000], "1", ["}]", 50000]], unparsed()),
    case(
        "w3.2-depth-100000-metadata",
        "100,000 arrays within metadata",
        [text(envelope())[:-17] + '"x":', ["[", 100000], ["]", 100000], "}"],
        unparsed(),
    ),
    case(
        "w3.2-depth-100000-unknown",
        "100,000 objects in an unknown member",
        ['{"x":', ['{"a":', 100000], "1", ["}", 100000], "," + WHOLE[1:]],
        unparsed(),
    ),
    case(
        "w3.2-depth-100000-dictionary",
        "100,000 arrays in a dictionary's text",
        [
            text(envelope(payload("dictionary", data="@", size=200000))).split("@")[0],
            ["W1tb", 33333],
            "W10=",
            '","metadata":{}}]}',
        ],
        undecodable(code="SIZE_MISMATCH"),
    ),
    case(
        "w3.2-depth-99999-dictionary",
        "99,999 arrays in a dictionary's text, its size as said",
        [
            text(envelope(payload("dictionary", data="@", size=99999))).split("@")[0],
            ["W1tb", 33333],
            '","metadata":{}}]}',
        ],
        undecodable(),
    ),
]

# The text as a whole.
for slug, title, source in [
    ("empty", "nothing", b""),
    ("blank", "white space", b" \n"),
    ("mark", "a byte order mark before it", b"\xef\xbb\xbf" + BYTES),
    ("mark-only", "a byte order mark alone", b"\xef\xbb\xbf"),
    ("utf16", "UTF-16", WHOLE.encode("utf-16-le")),
    ("utf16-mark", "UTF-16 with a byte order mark", WHOLE.encode("utf-16")),
    ("utf32", "UTF-32", WHOLE.encode("utf-32-be")),
    ("cut-1", "the last byte is missing", BYTES[:-1]),
    ("cut-half", "half of it", BYTES[: len(BYTES) // 2]),
    ("cut-data", "it ends within data", BYTES[: BYTES.index(b"aGk=") + 2]),
    ("brace", "a brace alone", b"{"),
    ("after-letter", "a letter after it", BYTES + b"x"),
    ("after-comma", "a comma after it", BYTES + b","),
    ("after-brace", "a brace after it", BYTES + b"}"),
    ("after-nul", "U+0000 after it", BYTES + b"\0"),
    ("after-mark", "a byte order mark after it", BYTES + b"\xef\xbb\xbf"),
    ("after-byte", "a byte that is no UTF-8 after it", BYTES + b"\xff"),
    ("after-comment", "a comment after it", BYTES + b" // done"),
    ("two", "two texts", BYTES + BYTES),
    ("two-lines", "two texts on two lines", BYTES + b"\n" + BYTES + b"\n"),
    ("before-comment", "a comment before it", b"/* envelope */" + BYTES),
    ("before-nul", "U+0000 before it", b"\0" + BYTES),
    ("before-guard", "a guard against scripts before it", b")]}',\n" + BYTES),
    ("no-break-space", "a no-break space after it", BYTES + "\u00a0".encode()),
    ("form-feed", "a form feed after it", BYTES + b"\f"),
    ("separator", "a record separator before it", b"\x1e" + BYTES),
    ("single-quotes", "single quotes", WHOLE.replace('"', "'").encode()),
    ("yaml", "another language", b"correlation_id: x\n"),
    ("html", "an error page", b"<!doctype html>"),
    ("bytes", "no text", b"\xff\xfe\x00\x01"),
    ("data-utf8", "data that is not UTF-8", BYTES.replace(b"aGk=", b"aG\xff=")),
    ("data-raw", "data with a raw control character", BYTES.replace(b"aGk=", b"aGk\n")),
    ("data-surrogate", "data with a lone surrogate", BYTES.replace(b"aGk=", b"\\ud800=")),
]:
    CASES.append(
        case("w3.2-text-" + slug, title, source.decode() if is_utf8(source) and source else source, unparsed())
    )
CASES.append(case("w3.2-text-whole", "the very same without any of it", WHOLE, ok(HI)))
# A reader that stops at the last payload which it takes must look at what stands behind it all the same.
# These are written as every writer writes them, since it is these that readers have a fast way for.
WRITTEN = {"metadata": {"payload_bytes": 2}}
ONE, TWO = (text(envelope(*[payload(**WRITTEN)] * count)) for count in (1, 2))
for slug, title, source, verdict in [
    ("whole", "as many payloads as are allowed", ONE, ok(came("hi", **WRITTEN))),
    ("comma", "a comma behind the last payload that is allowed", ONE[:-2] + ",]}", unparsed()),
    ("comma-two", "a comma behind the second payload", TWO[:-2] + ",]}", unparsed()),
    ("open", "a comma and the end behind the last payload that is allowed", ONE[:-2] + ",", unparsed()),
    ("value", "no value behind the last payload that is allowed", ONE[:-2] + ",x]}", unparsed()),
]:
    most = 2 if slug == "comma-two" else 1
    CASES.append(case("w3.2-last-payload-" + slug, title, source, verdict, options={"max_payloads": most}))
for slug, title, content in [
    ("mark", "a byte order mark before it", b"\xef\xbb\xbf{}"),
    ("after", "bytes after it", b"{}x"),
    ("after-nul", "U+0000 after it", b"{}\0"),
    ("two", "two texts", b"{}{}"),
    ("lines", "two texts on two lines", b"{}\n{}\n"),
    ("utf16", "UTF-16", "{}".encode("utf-16-le")),
    ("blank", "white space", b"  "),
    ("cut", "it is cut short", b'{"a":1'),
    ("comment", "a comment after it", b"{} // x"),
    ("byte", "no text", b"\xff"),
]:
    CASES += [
        case("w3.2-dictionary-" + slug, title, envelope(payload("dictionary", content)), undecodable()),
        case(
            "w3.2-jsontable-" + slug,
            title,
            envelope(payload("jsontable", content.replace(b"{", b"[").replace(b"}", b"]"))),
            undecodable(),
        ),
    ]
CASES.append(
    case(
        "w3.2-dictionary-space",
        "white space around it",
        envelope(payload("dictionary", b" \r\n\t{} \n")),
        ok(came({}, "dictionary", 8)),
    )
)
