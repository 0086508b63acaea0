"""Sending over a real NATS server, from each language to each: the user's acceptance conditions by name."""

from arrow_bytes import made, table_of
from model import F, I, Tagged
from sending import KEPT, Many, Part, Table, sent

CASES = []
ONESHOT = {"to": "oneshot", "fileserver_url": "${fileserver}"}
PATTERN = bytes(n * n % 251 for n in range(768))
"""768 bytes in which no short piece repeats."""


def live(id, rule, title, parts, acceptance=(), **options):
    more = {"rule": rule, "live": True, **({"acceptance": list(acceptance)} if acceptance else {})}
    CASES.append(sent("live-" + id, title, parts, subject="conformance.live." + id, more=more, **options))


def table(name):
    return Table(made(name), Tagged(table_of(name)))


MIXED_DICTIONARY = {"name": "J\u00fcrgen", "n": I("9007199254740993"), "f": F("0.1"), "list": [1, None, True], "nested": {"": {}}}
ROWS = [{"a": 1, "b": "x"}, {"a": None}, {}, {"c": [1, {"d": "\U0001f600"}]}]
EIGHT = [
    Part("Hello \U0001f600", dataname="msg"),
    Part(MIXED_DICTIONARY, "dictionary", "settings"),
    Part(table("form/batches"), "arrowtable", "table"),
    Part(ROWS, "jsontable", "rows"),
    Part(b"\x89PNG\r\n\x1a\n", "image", "img"),
    Part(b"RIFF\0\0\0\0WAVE", "audio", "sound"),
    Part(b"\0\0\0\x18ftypmp42", "video", "film"),
    Part(bytes(range(256)), "binary", "bytes"),
]

live("text", "W3.1", "a text", [Part("Hello World", dataname="msg")], ["AC-003"])
live(
    "text-unicode",
    "W3.1",
    "texts of all kinds",
    [
        Part(value)
        for value in (
            "\U0001f600\U00010000",
            "e\u0301",
            "a\0b",
            "\ufeffmark",
            "\u05e9\u05dc\u05d5\u05dd \u202e\u0645\u0631\u062d\u0628\u0627",
            "\u2028\u2029",
            "\r\n\t",
            "",
        )
    ],
    ["AC-003"],
)
live("text-large", "W3.1", "a text of 300,000 bytes", [Part(Many("\u00e4\n", 100_000), dataname="msg")], ["AC-003"])
live("table", "W3.6", "a table of several batches, with nulls", [Part(table("form/batches"), "arrowtable", "t")], ["AC-004"])
live(
    "table-types",
    "W3.7",
    "tables of every kind of type",
    [
        Part(table("profile/" + name), "arrowtable", name)
        for name in ("bool", "int64", "uint64", "double", "string", "binary", "date32", "timestamp-us-utc", "dictionary-int8")
    ],
    ["AC-004"],
)
live("table-empty", "W3.6", "a table without rows", [Part(table("form/no-rows"), "arrowtable", "t")], ["AC-004"])
live("table-link", "W3.6", "a table by link", [Part(table("form/rows-1000"), "arrowtable", "t", link=True)], ["AC-004", "AC-006"], size_threshold=1000, upload=KEPT)
live("file-large", "W5.1", "5 MB by link", [Part(Many(PATTERN, 6_600), "binary", "film", link=True)], ["AC-006"], upload=KEPT)
live("file-large-oneshot", "W6.7", "2 MB by a link that can be read once", [Part(Many(PATTERN, 2_700), "video", "film", link=True)], ["AC-006"], upload=ONESHOT)
live(
    "files-several",
    "W6.3",
    "six linked payloads and one that is not",
    [Part(Many(PATTERN[: 3 * n + 3], 300), "image", "img%d" % n, link=True) for n in range(6)] + [Part("caption")],
    ["AC-006"],
    size_threshold=900,
    upload=KEPT,
)
live("mixed", "W1.11", "all eight payload types in one message", EIGHT, ["AC-007"])
live(
    "mixed-links",
    "W1.11",
    "all eight payload types in one message, some by link",
    EIGHT + [Part(Many(PATTERN, 700), "image", "photo", link=True), Part(Many("\u00e4", 300_000), dataname="story", link=True)],
    ["AC-007", "AC-006"],
    upload=KEPT,
)
live("none", "W1.10", "no payloads", [], arguments={"msg_purpose": "event", "metadata": {"a": [1]}})
live("numbers", "W3.3", "integers and doubles", [Part([I("18446744073709551615"), I("-9223372036854775808"), F("5e-324"), F("-0.0"), F("1.7976931348623157e+308")], "dictionary")])
live("inline", "W2.3", "dictionaries and rows as JSON", [Part({"b": {"a": "\u2028"}}, "dictionary", inline=True), Part(ROWS, "jsontable", inline=True)], inline_json=True)
live("names", "W1.7", "equal and odd names", [Part("1", dataname="\U0001f600"), Part("2", dataname="\U0001f600"), Part("3", dataname="\0")], arguments={"sender_name": "J\u00fcrgen", "receiver_name": "\u202e"})
live("megabyte", "W5.1", "a message of almost 1,048,576 bytes", [Part(Many(PATTERN, 500), "binary"), Part(Many(PATTERN, 500), "binary", "q")])
