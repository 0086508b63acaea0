"""Numbers (W3.2, W3.3): which are read, as what, and which are not."""

from model import F, I, Raw, case, came, envelope, inline, ok, payload, undecodable, unparsed

CASES = []
INTEGERS = [
    "0",
    "1",
    "-1",
    "10",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "-9223372036854775808",
]
DOUBLES = {
    "1.0": "1.0",
    "-1.0": "-1.0",
    "0.0": "0.0",
    "-0.0": "-0.0",
    "-0e0": "-0.0",
    "0e5": "0.0",
    "0E-0": "0.0",
    "1e0": "1.0",
    "1E2": "100.0",
    "1e+2": "100.0",
    "1e-2": "0.01",
    "1e02": "100.0",
    "0.1": "0.1",
    "0.30000000000000004": "0.30000000000000004",
    "0.3": "0.3",
    "9007199254740993.0": "9007199254740992.0",
    "1e22": "1e+22",
    "1e23": "1e+23",
    "9007199254740992e0": "9007199254740992.0",
    "18446744073709551616.0": "18446744073709551616.0",
    "1e300": "1e+300",
    "123456789.123456789": "123456789.12345679",
    "1.7976931348623157e308": "1.7976931348623157e+308",
    "-1.7976931348623157e308": "-1.7976931348623157e+308",
    "1.7976931348623158e308": "1.7976931348623157e+308",
    "2.2250738585072014e-308": "2.2250738585072014e-308",
    "2.2250738585072011e-308": "2.225073858507201e-308",
    "5e-324": "5e-324",
    "4.9406564584124654e-324": "5e-324",
    "3e-324": "5e-324",
    "2e-324": "0.0",
    "1e-400": "0.0",
    "-1e-400": "-0.0",
    "1e-999999999999": "0.0",
    "0e999999999999": "0.0",
    "1" + "0" * 309 + "e-309": "1.0",
    "8.41e21": "8.41e+21",
    "7.2057594037927933e16": "7.205759403792794e+16",
    "6929495644600919.5": "6929495644600920.0",
    "1.00000000000000011102230246251565": "1.0",
    "1.00000000000000011102230246251566": "1.0000000000000002",
}
REFUSED = {
    "2-to-64": "18446744073709551616",
    "below-2-to-63": "-9223372036854775809",
    "minus-2-to-64": "-18446744073709551615",
    "100-digits": "1" * 100,
    "1000-digits": "9" * 1000,
    "minus-100-digits": "-" + "1" * 100,
    "1e309": "1e309",
    "1e400": "1e400",
    "minus-1e400": "-1e400",
    "rounds-up": "1.7976931348623159e308",
    "1e999999999999": "1e999999999999",
    "digits": "1" + "0" * 309 + ".0",
    "e400-zeros": "0.1e310",
}
for number in INTEGERS:
    source = ("[%s]" % number).encode()
    CASES += [
        case(
            "w3.3-int-" + number,
            "an integer survives exactly",
            envelope(payload("dictionary", source)),
            ok(came([I(number)], "dictionary", len(source))),
        ),
        case(
            "w3.3-inline-int-" + number,
            "an integer survives exactly",
            envelope(inline("dictionary", [int(number)])),
            ok(came([I(number)], "dictionary", 0)),
        ),
    ]
CASES += [
    case(
        "w3.3-int-minus-0",
        "-0 without a point is the integer 0",
        envelope(payload("dictionary", b"[-0]")),
        ok(came([I("0")], "dictionary", 4)),
    ),
    case(
        "w3.3-int-row",
        "integers in rows",
        envelope(payload("jsontable", b'[{"n":9007199254740993,"m":-0}]')),
        ok(came([{"n": 9007199254740993, "m": 0}], "jsontable", 31)),
    ),
    case(
        "w3.3-int-metadata",
        "integers in metadata",
        envelope(metadata={"n": 9007199254740993, "u": 18446744073709551615}),
        ok(envelope={"metadata": {"n": 9007199254740993, "u": 18446744073709551615}}),
    ),
]
for number, value in DOUBLES.items():
    source = ("[%s]" % number).encode()
    slug = number if len(number) < 40 else "310-digits"
    CASES.append(
        case(
            "w3.3-float-" + slug,
            "a double",
            envelope(payload("dictionary", source)),
            ok(came([F(value)], "dictionary", len(source))),
        )
    )
CASES.append(
    case(
        "w3.3-inline-floats",
        "doubles in the envelope itself",
        envelope(inline("dictionary", Raw("[%s]" % ",".join(DOUBLES)))),
        ok(came(list(map(F, DOUBLES.values())), "dictionary", 0)),
    )
)
for slug, number in REFUSED.items():
    title = "an integer outside -2^63 to 2^64-1" if number.lstrip("-").isdigit() else "a number beyond a double's range"
    CASES += [
        case("w3.3-%s-envelope" % slug, title, envelope(metadata={"v": Raw(number)}), unparsed("/metadata/v")),
        case(
            "w3.3-%s-dictionary" % slug,
            title,
            envelope(payload("dictionary", ("[%s]" % number).encode())),
            undecodable(),
        ),
        case(
            "w3.3-%s-jsontable" % slug,
            title,
            envelope(payload("jsontable", ('[{"a":%s}]' % number).encode())),
            undecodable(),
        ),
    ]
