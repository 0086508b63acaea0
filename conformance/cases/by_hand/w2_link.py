"""Links: what a URL may be, and where it may lead (W2.4, W6.5 as far as validation goes)."""

from model import SERVER, envelope, invalid, link, linked, pending, sha256

CASES = []

# What is read, from origins that are allowed.
LONG = SERVER + "/" + "x" * (2048 - len(SERVER) - 1)
READ = {
    "path": (SERVER + "/file/a/b/c.bin", SERVER),
    "query": (SERVER + "/f?a=b&c=/?:@", SERVER),
    "percent": (SERVER + "/a%20b%C3%A4", SERVER),
    "marks": (SERVER + "/-._~!$&'()*+,;=:@", SERVER),
    "no-path": (SERVER, SERVER),
    "2048": (LONG, SERVER),
    "https": ("https://files.example/f", "https://files.example"),
    "scheme-upper": ("HTTP://files.example:8080/f", SERVER),
    "host-upper": ("http://FILES.Example:8080/F", SERVER),
    "allowed-upper": (SERVER + "/f", "HTTP://Files.Example:8080"),
    "port-80": ("http://files.example:80/f", "http://files.example"),
    "port-80-left-out": ("http://files.example/f", "http://files.example:80"),
    "port-443": ("https://files.example:443/f", "https://files.example"),
    "port-443-left-out": ("https://files.example/f", "https://files.example:443"),
    "address": ("http://127.0.0.1:8080/f", "http://127.0.0.1:8080"),
    "address-6": ("http://[2001:db8::1]:8080/f", "http://[2001:db8::1]:8080"),
    "one-label": ("http://plik:8080/f", "http://plik:8080"),
}
for slug, (url, allowed) in READ.items():
    CASES.append(linked("w2.4-is-" + slug, "a link", envelope(link(url)), pending((0, url, 2)), allowed=[allowed]))
CASES += [
    linked(
        "w2.4-is-second",
        "two links to two origins",
        envelope(link(), link("https://b.example/f", 7)),
        pending((0, SERVER + "/f", 2), (1, "https://b.example/f", 7)),
        allowed=[SERVER, "https://b.example"],
    ),
    linked(
        "w2.4-is-checked",
        "a link with a digest",
        envelope(link(metadata={"payload_bytes": 2, "sha256": sha256(b"hi")})),
        pending((0, SERVER + "/f", 2)),
    ),
]

# What is not: the origin would be allowed, as far as there is one.
REFUSED = {
    "2049": (LONG + "x", "2,049 bytes"),
    "relative": ("/f", "a path"),
    "no-scheme": ("//files.example:8080/f", "no scheme"),
    "host-only": ("files.example:8080/f", "a host and a path"),
    "ftp": ("ftp://files.example:8080/f", "another scheme"),
    "file": ("file:///etc/passwd", "a local file"),
    "data": ("data:,hi", "a data URL"),
    "javascript": ("javascript:alert(1)", "a script"),
    "httpx": ("httpx://files.example:8080/f", "nearly a scheme"),
    "no-slashes": ("http:files.example:8080/f", "no slashes"),
    "one-slash": ("http:/files.example:8080/f", "one slash"),
    "three-slashes": ("http:///files.example:8080/f", "three slashes"),
    "no-host": ("http://:8080/f", "no host"),
    "user": ("http://user@files.example:8080/f", "a user"),
    "password": ("http://user:secret@files.example:8080/f", "a user and a password"),
    "empty-user": ("http://@files.example:8080/f", "an empty user"),
    "other-host-as-user": ("http://files.example:8080@evil.example/f", "the allowed origin as user"),
    "fragment": (SERVER + "/f#part", "a fragment"),
    "empty-fragment": (SERVER + "/f#", "an empty fragment"),
    "backslash": (SERVER + "\\f", "a backslash for a slash"),
    "backslash-path": (SERVER + "/a\\b", "a backslash in the path"),
    "backslash-host": ("http:\\\\files.example:8080\\f", "backslashes for slashes"),
    "backslash-user": ("http://files.example:8080\\@evil.example/f", "a backslash before an at sign"),
    "space": (SERVER + "/a b", "a space"),
    "space-before": (" " + SERVER + "/f", "a space before it"),
    "space-after": (SERVER + "/f ", "a space after it"),
    "tab": (SERVER + "/a\tb", "a tab, which browsers drop"),
    "newline": (SERVER + "/f\n", "a line feed after it"),
    "newline-scheme": ("ht\ntp://files.example:8080/f", "a line feed in the scheme, which browsers drop"),
    "nul": (SERVER + "/f\0", "U+0000"),
    "delete": (SERVER + "/f\x7f", "U+007F"),
    "unicode-path": (SERVER + "/\u00e4", "a path beyond ASCII"),
    "unicode-host": ("http://\u00e4.example/f", "a host beyond ASCII"),
    "unicode-dots": ("http://files\u3002example:8080/f", "an ideographic full stop"),
    "angle": (SERVER + "/<f>", "angle brackets"),
    "quote": (SERVER + '/"f"', "quotes"),
    "percent": (SERVER + "/%zz", "a percent sign without digits"),
    "percent-host": ("http://files%2eexample:8080/f", "a percent-encoded host"),
    "port": ("http://files.example:65536/f", "a port beyond 65535"),
    "port-letters": ("http://files.example:http/f", "a port that is no number"),
    "octal": ("http://0177.0.0.1/f", "an octal address"),
    "octal-last": ("http://127.0.0.01/f", "an octal address, of value 127.0.0.1"),
    "hex": ("http://0x7f.0.0.1/f", "a hexadecimal address"),
    "hex-whole": ("http://0x7f000001/f", "an address as one hexadecimal number"),
    "hex-last": ("http://127.0.0.0x1/f", "an address with a hexadecimal last part"),
    "short": ("http://127.1/f", "an address of two parts"),
    "short-three": ("http://127.0.1/f", "an address of three parts"),
    "decimal": ("http://2130706433/f", "an address as one number"),
    "five-parts": ("http://1.2.3.4.5/f", "an address of five parts"),
    "part-256": ("http://256.0.0.1/f", "an address beyond 255"),
    "bracket": ("http://[::1/f", "an open bracket"),
    "bracket-name": ("http://[files.example]:8080/f", "a name in brackets"),
    "zone": ("http://[fe80::1%25eth0]/f", "an address with a zone"),
    "empty": ("", "empty"),
}
for slug, (url, title) in REFUSED.items():
    CASES.append(
        linked(
            "w2.4-" + slug,
            "refused: " + title,
            envelope(link(url)),
            invalid("/payloads/0/data"),
            allowed=[SERVER, "http://127.0.0.1"],
        )
    )
for slug, data in {"null": None, "number": 5, "object": {"url": SERVER}, "array": [SERVER + "/f"]}.items():
    CASES.append(linked("w2.4-" + slug, "a link is a string", envelope(link(data)), invalid("/payloads/0/data")))

# Well-formed, but to where the receiver did not say.
OTHER = {
    "nowhere": (SERVER + "/f", [], "nothing is allowed by default"),
    "port": ("http://files.example:8081/f", [SERVER], "another port"),
    "port-left-out": ("http://files.example/f", [SERVER], "the scheme's port"),
    "scheme": ("https://files.example:8080/f", [SERVER], "another scheme"),
    "host": ("http://evil.example:8080/f", [SERVER], "another host"),
    "suffix": ("http://files.example.evil.example:8080/f", [SERVER], "a host that begins like an allowed one"),
    "prefix": ("http://evilfiles.example:8080/f", [SERVER], "a host that ends like an allowed one"),
    "sub": ("http://a.files.example:8080/f", [SERVER], "a host below an allowed one"),
    "localhost": ("http://localhost:8080/f", ["http://127.0.0.1:8080"], "a name for an allowed address"),
    "metadata": ("http://169.254.169.254/latest", [SERVER], "an address of the link"),
    "query": ("http://evil.example/?" + SERVER, [SERVER], "an allowed origin in the query"),
    "digits-prefix": ("http://127.0.0.11/f", ["http://127.0.0.1"], "an address that begins like an allowed one"),
}
for slug, (url, allowed, title) in OTHER.items():
    CASES.append(
        linked(
            "w2.4-origin-" + slug,
            "refused: " + title,
            envelope(link(url)),
            invalid("/payloads/0/data", "URL_NOT_ALLOWED"),
            allowed=allowed,
        )
    )
CASES.append(
    linked(
        "w2.4-origin-second",
        "the second link is judged like the first",
        envelope(link(), link("http://evil.example/f")),
        invalid("/payloads/1/data", "URL_NOT_ALLOWED"),
    )
)
