"""The envelope's own members (W1.1 to W1.10)."""

from model import ENVELOPE, HI, MISSING, Raw, case, envelope, invalid, ok, payload, text, unparsed

CASES = [
    case("w1.1-smallest", "the smallest envelope", envelope(), ok()),
    case("w1.1-any-order", "members may come in any order", dict(reversed(list(envelope(payload()).items()))), ok(HI)),
    case(
        "w1.1-white-space",
        "white space stands around everything",
        "\r\n\t "
        + text(envelope(payload())).replace(":", " : ").replace(",", " ,\n").replace("07 : 02 : 50", "07:02:50")
        + " \n",
        ok(HI),
    ),
]
for top in ("[]", "null", "true", "5", '"{}"', "[{}]"):
    CASES.append(
        case(
            "w1.1-top-" + {"[]": "array", '"{}"': "string", "[{}]": "list"}.get(top, top),
            "the text is JSON, but no object",
            top,
            invalid(""),
        )
    )
CASES.append(
    case("w1.1-top-empty", "the first member in schema order is missed first", "{}", invalid("/correlation_id"))
)

for name in ENVELOPE:
    other = {"metadata": "x", "payloads": "x"}.get(name, 5)
    at = "/" + name
    CASES += [
        case("w1.1-%s-missing" % name, "a required member is missing", envelope(**{name: MISSING}), invalid(at)),
        case("w1.1-%s-null" % name, "a required member is null", envelope(**{name: None}), invalid(at)),
        case("w1.1-%s-type" % name, "a required member is of another type", envelope(**{name: other}), invalid(at)),
    ]
CASES += [
    case(
        "w1.1-name-case",
        "names are told apart by case",
        envelope(sender_name=MISSING, Sender_Name="s"),
        invalid("/sender_name"),
    ),
    case("w1.1-send_to-array", "an array of one string is no string", envelope(send_to=["a.b"]), invalid("/send_to")),
]

# Unknown members.
CASES += [
    case(
        "w1.2-envelope",
        "an unknown member of the envelope is ignored",
        envelope(payload(), zone=None, **{"": [1]}),
        ok(HI),
    ),
    case(
        "w1.2-payload", "unknown members of a payload are ignored", envelope(payload(Size="x", url={"a": {}})), ok(HI)
    ),
    case(
        "w1.2-payload-metadata",
        "unknown members of a payload's metadata are the caller's",
        envelope(payload(metadata={"sha512": 5, "size": "x"})),
        ok(HI),
    ),
    case(
        "w1.2-like-object",
        "`__proto__` is an unknown member like any other",
        envelope(payload(), **{"__proto__": {"payloads": 5}}),
        ok(HI),
    ),
    case(
        "w1.2-stands-in",
        "an unknown member does not stand in for a missing one",
        envelope(payload(size=MISSING, Size=2)),
        invalid("/payloads/0/size"),
    ),
    case(
        "w1.2-still-json",
        "an unknown member is strict JSON all the same",
        envelope(later=Raw('{"a":1,"a":1}')),
        unparsed("/later/a"),
    ),
]

# UUIDs.
UUID = "00112233-4455-6677-8899-aabbccddeeff"
READ = {
    "upper": ("AABBCCDD-EEFF-4ABC-8DEF-ABCDEFABCDEF", "upper case, kept in lower case"),
    "mixed": ("aAbBcCdD-eEfF-4aBc-8dEf-AbCdEfaBcDeF", "mixed case, kept in lower case"),
    "nil": ("00000000-0000-0000-0000-000000000000", "the nil UUID"),
    "max": ("ffffffff-ffff-ffff-ffff-ffffffffffff", "all ones"),
    "version-1": ("c232ab00-9414-11ec-b3c8-9f6bdeced846", "version 1"),
    "version-7": ("017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "version 7"),
    "version-15": (UUID[:14] + "f" + UUID[15:19] + "0" + UUID[20:], "neither version nor variant matters"),
}
REFUSED = {
    "braces": ("{" + UUID + "}", "braces"),
    "urn": ("urn:uuid:" + UUID, "`urn:uuid:`"),
    "bare": (UUID.replace("-", ""), "32 digits without hyphens"),
    "short": (UUID[:-1], "a digit too few"),
    "long": (UUID + "f", "a digit too many"),
    "hyphens": ("0011223-34455-6677-8899-aabbccddeeff", "a hyphen in the wrong place"),
    "hyphen-more": ("0011-2233-4455-6677-8899-aabbccddeef", "a hyphen too many, of the right length"),
    "underscore": (UUID.replace("-", "_"), "underscores"),
    "letter": ("g" + UUID[1:], "a letter that is no digit"),
    "plus": ("+" + UUID[1:], "a sign, which some number readers take"),
    "space": (" " + UUID, "a space before it"),
    "newline": (UUID + "\n", "a line feed after it, which `$` of many a regex takes"),
    "digits": ("\uff10" + UUID[1:], "a full-width digit"),
    "empty": ("", "empty"),
}
for slug, (value, title) in READ.items():
    CASES.append(
        case(
            "w1.3-" + slug,
            "read: " + title,
            envelope(correlation_id=value),
            ok(envelope={"correlation_id": value.lower()}),
        )
    )
for slug, (value, title) in REFUSED.items():
    CASES.append(case("w1.3-" + slug, "refused: " + title, envelope(correlation_id=value), invalid("/correlation_id")))
for name in ("msg_id", "sender_id", "receiver_id", "reply_to_msg_id"):
    CASES += [
        case(
            "w1.3-%s-upper" % name,
            "upper case, kept in lower case",
            envelope(**{name: UUID.upper()}),
            ok(envelope={name: UUID}),
        ),
        case("w1.3-%s-braces" % name, "braces", envelope(**{name: "{%s}" % UUID}), invalid("/" + name)),
        case("w1.3-%s-newline" % name, "a line feed after it", envelope(**{name: UUID + "\n"}), invalid("/" + name)),
    ]
CASES += [
    case(
        "w1.3-msg_id-empty",
        "empty is for receiver_id and reply_to_msg_id only",
        envelope(msg_id=""),
        invalid("/msg_id"),
    ),
    case(
        "w1.3-sender_id-empty",
        "empty is for receiver_id and reply_to_msg_id only",
        envelope(sender_id=""),
        invalid("/sender_id"),
    ),
    case("w1.3-receiver_id-blank", "a space is not empty", envelope(receiver_id=" "), invalid("/receiver_id")),
    case(
        "w1.3-reply_to_msg_id-blank",
        "a line feed is not empty",
        envelope(reply_to_msg_id="\n"),
        invalid("/reply_to_msg_id"),
    ),
]

# Timestamps.
READ = {
    "seconds": ("2026-03-13T07:02:50Z", "no decimals"),
    "one-digit": ("2026-03-13T07:02:50.4Z", "one decimal"),
    "nine-digits": ("2026-03-13T07:02:50.123456789Z", "nine decimals, kept as text"),
    "trailing-zeros": ("2026-03-13T07:02:50.100000000Z", "trailing zeros, kept as text"),
    "leap-day": ("2024-02-29T00:00:00.000Z", "a leap day"),
    "leap-century": ("2000-02-29T00:00:00.000Z", "a leap day of a century"),
    "last-moment": ("9999-12-31T23:59:59.999999999Z", "the last moment"),
}
REFUSED = {
    "ten-digits": ("2026-03-13T07:02:50.1234567890Z", "ten decimals"),
    "no-digits": ("2026-03-13T07:02:50.Z", "a point without decimals"),
    "comma": ("2026-03-13T07:02:50,4Z", "a decimal comma"),
    "no-leap-day": ("2026-02-29T00:00:00Z", "29 February of a common year"),
    "no-leap-century": ("1900-02-29T00:00:00Z", "29 February of 1900"),
    "day-31": ("2026-04-31T00:00:00Z", "31 April"),
    "day-00": ("2026-04-00T00:00:00Z", "day 0"),
    "day-32": ("2026-01-32T00:00:00Z", "day 32"),
    "month-00": ("2026-00-01T00:00:00Z", "month 0"),
    "month-13": ("2026-13-01T00:00:00Z", "month 13"),
    "hour-24": ("2026-01-01T24:00:00Z", "24:00, which ISO 8601 once had"),
    "minute-60": ("2026-01-01T00:60:00Z", "minute 60"),
    "second-60": ("2016-12-31T23:59:60Z", "a leap second, even one that was"),
    "offset": ("2026-03-13T07:02:50+00:00", "an offset, even of zero"),
    "offset-minus": ("2026-03-13T07:02:50-00:00", "the unknown offset of RFC 3339"),
    "lower-t": ("2026-03-13t07:02:50Z", "lower-case t"),
    "lower-z": ("2026-03-13T07:02:50z", "lower-case z"),
    "blank": ("2026-03-13 07:02:50Z", "a space for T"),
    "no-zone": ("2026-03-13T07:02:50", "no Z"),
    "no-seconds": ("2026-03-13T07:02Z", "no seconds"),
    "date": ("2026-03-13", "a date alone"),
    "basic": ("20260313T070250Z", "the basic form"),
    "ordinal": ("2026-072T07:02:50Z", "a day of the year"),
    "year": ("+12026-03-13T07:02:50Z", "a year of five digits"),
    "short": ("2026-3-13T07:02:50Z", "a month of one digit"),
    "space": (" 2026-03-13T07:02:50Z", "a space before it"),
    "newline": ("2026-03-13T07:02:50Z\n", "a line feed after it"),
    "digits": ("\uff12026-03-13T07:02:50Z", "a full-width digit"),
    "empty": ("", "empty"),
}
for slug, (value, title) in READ.items():
    CASES.append(case("w1.4-" + slug, "read: " + title, envelope(timestamp=value), ok(envelope={"timestamp": value})))
for slug, (value, title) in REFUSED.items():
    CASES.append(case("w1.4-" + slug, "refused: " + title, envelope(timestamp=value), invalid("/timestamp")))

# Subjects.
READ = {
    "token": ("a", "one byte"),
    "tokens": ("a.b.c.d.e.f.g.h", "many tokens"),
    "path": ("/chat/user/v1/message", "a path is one token"),
    "system": ("$JS.API.INFO", "a dollar sign"),
    "stars-in-token": ("a*b.*c.d*.**", "stars that are part of a token"),
    "greater-in-token": ("a>b.>c.d>.>>", "greater-than signs that are part of a token"),
    "unicode": ("\u00e4.\u20ac.\U0001f600", "characters beyond ASCII"),
    "no-break-space": ("a\u00a0b\u2003c\u0085d", "white space beyond ASCII"),
    "punctuation": ("!\"#%&'(),-/:;<=?@[\\]^_`{|}~", "all else of ASCII"),
    "1024": ("a" * 1024, "1,024 bytes"),
    "1024-two": ("\u00e4" * 512, "1,024 bytes of two each"),
    "1024-four": ("\U0001f600" * 256, "1,024 bytes of four each"),
}
REFUSED = {
    "1025": ("a" * 1025, "1,025 bytes"),
    "1025-two": ("\u00e4" * 512 + "a", "1,025 bytes in 513 characters"),
    "1028-four": ("\U0001f600" * 257, "1,028 bytes in 257 characters"),
    "dot": (".", "two empty tokens"),
    "first-empty": (".a", "an empty first token"),
    "last-empty": ("a.", "an empty last token"),
    "middle-empty": ("a..b", "an empty token between"),
    "star": ("*", "a wildcard"),
    "greater": (">", "a full wildcard"),
    "star-last": ("a.*", "a wildcard as last token"),
    "star-first": ("*.a", "a wildcard as first token"),
    "star-middle": ("a.*.b", "a wildcard between"),
    "greater-last": ("a.>", "a full wildcard as last token"),
    "greater-first": (">.a", "a full wildcard as first token"),
    "space": ("a b", "a space"),
    "space-last": ("a ", "a space at the end"),
    "tab": ("a\tb", "a tab"),
    "newline": ("a\n", "a line feed at the end"),
    "protocol": ("a\r\nPUB b 0", "a line of NATS"),
    "nul": ("a\0", "U+0000"),
    "unit": ("a\x1fb", "U+001F"),
    "delete": ("a\x7fb", "U+007F"),
}
for slug, (value, title) in READ.items():
    CASES += [
        case("w1.5-" + slug, "read: " + title, envelope(send_to=value), ok(envelope={"send_to": value})),
        case("w1.5-reply-" + slug, "read: " + title, envelope(reply_to=value), ok(envelope={"reply_to": value})),
    ]
for slug, (value, title) in REFUSED.items():
    CASES += [
        case("w1.5-" + slug, "refused: " + title, envelope(send_to=value), invalid("/send_to")),
        case("w1.5-reply-" + slug, "refused: " + title, envelope(reply_to=value), invalid("/reply_to")),
    ]
CASES.append(case("w1.5-empty", "send_to is not empty", envelope(send_to=""), invalid("/send_to")))
CASES.append(case("w1.5-reply-empty", "reply_to may be empty", envelope(reply_to=""), ok(envelope={"reply_to": ""})))

# Purposes.
for value in ("ACK", "NACK", "updateStatus", "shutdown", "chat", "command", "event"):
    CASES.append(
        case("w1.6-is-" + value, "a purpose", envelope(msg_purpose=value), ok(envelope={"msg_purpose": value}))
    )
for slug, value in {
    "upper": "Chat",
    "lower": "ack",
    "snake": "update_status",
    "blank": "chat ",
    "empty": "",
    "other": "query",
}.items():
    CASES.append(case("w1.6-" + slug, "no purpose", envelope(msg_purpose=value), invalid("/msg_purpose")))

# Names.
NAMES = {
    "empty": "",
    "1024": "n" * 1024,
    "1024-two": "\u00e4" * 512,
    "1024-four": "\U0001f600" * 256,
    "any": "a b\0\n\u2028../\\\"'\x7f\ufeff\u202e",
}
LONG = {"1025": "n" * 1025, "1025-two": "\u00e4" * 512 + "n", "1027-three": "\u20ac" * 342 + "n"}
for slug, value in NAMES.items():
    CASES += [
        case(
            "w1.7-sender-" + slug,
            "a name is any string of at most 1,024 bytes",
            envelope(sender_name=value),
            ok(envelope={"sender_name": value}),
        ),
        case(
            "w1.7-receiver-" + slug,
            "a name is any string of at most 1,024 bytes",
            envelope(receiver_name=value),
            ok(envelope={"receiver_name": value}),
        ),
        case(
            "w1.7-dataname-" + slug,
            "a name is any string of at most 1,024 bytes",
            envelope(payload(dataname=value)),
            ok({**HI, "dataname": value}),
        ),
    ]
for slug, value in LONG.items():
    CASES += [
        case(
            "w1.7-sender-" + slug,
            "a name of more than 1,024 bytes",
            envelope(sender_name=value),
            invalid("/sender_name"),
        ),
        case(
            "w1.7-receiver-" + slug,
            "a name of more than 1,024 bytes",
            envelope(receiver_name=value),
            invalid("/receiver_name"),
        ),
        case(
            "w1.7-dataname-" + slug,
            "a name of more than 1,024 bytes",
            envelope(payload(dataname=value)),
            invalid("/payloads/0/dataname"),
        ),
    ]

# Broker URLs.
READ = {
    "nats": "nats://localhost:4222",
    "tls": "tls://nats.example:4443",
    "ws": "ws://nats.example",
    "wss": "wss://nats.example:443/path",
    "upper": "NATS://LOCALHOST:4222",
    "address": "nats://127.0.0.1:4222",
    "address-6": "nats://[::1]:4222",
    "list": "nats://a:4222,nats://b:4222,tls://c:4222",
}
REFUSED = {
    "user": ("nats://user@localhost:4222", "a user"),
    "password": ("nats://user:secret@localhost:4222", "a user and a password"),
    "empty-user": ("nats://@localhost:4222", "an empty user"),
    "second-user": ("nats://a:4222,nats://user:secret@b:4222", "a password in the second URL"),
    "http": ("http://localhost:4222", "another scheme"),
    "wsss": ("wsss://localhost", "nearly a scheme"),
    "nat": ("nat://localhost", "nearly a scheme"),
    "no-scheme": ("localhost:4222", "no scheme"),
    "no-slashes": ("nats:localhost:4222", "no slashes"),
    "one-slash": ("nats:/localhost", "one slash"),
    "no-host": ("nats://", "no host"),
    "trailing-comma": ("nats://a:4222,", "a trailing comma"),
    "leading-comma": (",nats://a:4222", "a leading comma"),
    "comma": (",", "a comma alone"),
    "two-commas": ("nats://a,,nats://b", "an empty URL in a list"),
    "space": ("nats://a:4222, nats://b:4222", "a space after a comma"),
    "second-scheme": ("nats://a:4222,http://b", "another scheme in the second URL"),
    "newline": ("nats://a:4222\n", "a line feed after it"),
}
for slug, value in READ.items():
    CASES.append(
        case("w1.8-is-" + slug, "a broker URL", envelope(broker_url=value), ok(envelope={"broker_url": value}))
    )
for slug, (value, title) in REFUSED.items():
    CASES.append(case("w1.8-" + slug, "refused: " + title, envelope(broker_url=value), invalid("/broker_url")))
CASES.append(case("w1.8-is-empty", "no broker URL", envelope(broker_url=""), ok(envelope={"broker_url": ""})))

# Metadata of the envelope.
ANY = {
    "": None,
    "a b": [1, {"c": True}],
    "sha256": "not a digest",
    "payload_bytes": -1,
    "__proto__": 5,
    "n": 18446744073709551615,
}
CASES += [
    case(
        "w1.9-any",
        "any JSON value, and names that a payload reserves",
        envelope(metadata=ANY),
        ok(envelope={"metadata": ANY}),
    ),
    case("w1.9-array", "an array is no object", envelope(metadata=[]), invalid("/metadata")),
    case(
        "w1.9-payload-array", "an array is no object", envelope(payload(metadata=[])), invalid("/payloads/0/metadata")
    ),
    case(
        "w1.9-number",
        "the values follow the rules of a dictionary",
        envelope(metadata={"a": {"n": Raw("1e400")}}),
        unparsed("/metadata/a/n"),
    ),
]

# The list of payloads.
SHORT = text(payload(content=b"", dataname=""))
HEAD, TAIL = text(envelope())[:-2], "]}"
CASES += [
    case("w1.10-none", "no payloads", envelope(), ok()),
    case(
        "w1.10-order",
        "their order survives, equal names included",
        envelope(payload(content=b"1"), payload(content=b"2", dataname="a"), payload(content=b"3")),
        ok(
            {**HI, "size": 1, "value": {"type": "string", "value": "1"}},
            {**HI, "size": 1, "dataname": "a", "value": {"type": "string", "value": "2"}},
            {**HI, "size": 1, "value": {"type": "string", "value": "3"}},
        ),
    ),
    case("w1.10-equal-ids", "equal ids are no error", envelope(payload(), payload()), ok(HI, HI)),
    case("w1.10-10000", "10,000 payloads", [HEAD, SHORT, ["," + SHORT, 9999], TAIL], ok(count=10000)),
    case("w1.10-10001", "10,001 payloads", [HEAD, SHORT, ["," + SHORT, 10000], TAIL], invalid("/payloads")),
    case(
        "w1.10-at-limit",
        "as many as the receiver takes",
        envelope(payload(), payload()),
        ok(HI, HI),
        options={"max_payloads": 2},
    ),
    case(
        "w1.10-over-limit",
        "one more than the receiver takes",
        envelope(payload(), payload(), payload()),
        invalid("/payloads"),
        options={"max_payloads": 2},
    ),
    case("w1.10-object", "an object is no list", envelope(payloads={}), invalid("/payloads")),
    case("w1.10-null-item", "null is no payload", envelope(payloads=[None]), invalid("/payloads/0")),
    case(
        "w1.10-array-item",
        "an array is no payload",
        envelope(payload(), payloads=[payload(), []]),
        invalid("/payloads/1"),
    ),
    case("w1.10-string-item", "a string is no payload", envelope(payloads=["x"]), invalid("/payloads/0")),
]
