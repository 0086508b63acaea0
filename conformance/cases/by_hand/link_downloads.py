"""Downloads: where links may lead, what an answer may be, handlers, files (W6.5 to W6.10)."""

import model
from model import sha256
from scenario import bounds, came, content, failed, gets, link, nothing, received, refused

# Where links may lead.
CASES = [
    received(
        "w6.5-other-port",
        "another port is another origin, which the error names, and the argument with it",
        [link(server="${other}")],
        refused(names=["${other-origin}", "allowed_origins"]),
        [nothing()],
    ),
    received(
        "w6.5-third",
        "nothing is fetched where one link is not allowed",
        [link(), link(size=2), link(size=3, server="${other}")],
        refused(2),
        [nothing()],
        settle=100,
    ),
    received(
        "w6.5-two",
        "two origins that are both allowed",
        [link(), link(size=2, server="${other}")],
        came(1000, 2),
        [gets(2), {"of": {"server": "other"}, "count": 1}],
        options={"allowed_origins": ["${other-origin}", "${origin}"]},
    ),
    received(
        "w6.5-fileserver",
        "the file server's origin is allowed unless something else is said",
        {},
        came(1000),
        [gets(1)],
        options={"allowed_origins": None, "fileserver_url": "${server}/plik"},
    ),
    received(
        "w6.5-fileserver-replaced",
        "allowed_origins stands in place of the file server's",
        {},
        refused(),
        [nothing()],
        options={"allowed_origins": ["${other-origin}"], "fileserver_url": "${origin}"},
    ),
    received(
        "w6.5-none",
        "an empty list allows nothing",
        {},
        refused(),
        [nothing()],
        options={"allowed_origins": [], "fileserver_url": "${origin}"},
    ),
    received(
        "w6.5-default",
        "without a word, the file server is that of the default, and nothing else",
        {},
        refused(),
        [nothing()],
        options={"allowed_origins": None},
    ),
    received(
        "w5.3-fetch-environment",
        "FILESERVER_URL names the file server of a receiver",
        {},
        came(1000),
        [gets(1)],
        environment={"FILESERVER_URL": "${origin}"},
        options={"allowed_origins": None},
    ),
    received(
        "w5.3-fetch-argument",
        "an argument beats FILESERVER_URL",
        {},
        refused(),
        [nothing()],
        environment={"FILESERVER_URL": "${origin}"},
        options={"allowed_origins": None, "fileserver_url": "${other-origin}"},
    ),
    received(
        "w6.5-handler",
        "a handler of the receiver's own is not asked where the policy says no",
        [model.link("${other}/f", 2)],
        refused(asked=[]),
        [nothing()],
        options={"handler": {"${other}/f": model.b64(b"hi")}},
    ),
]

# Answers.
SIZE = failed(code="SIZE_MISMATCH")
CASES += [
    received(
        "w6.6-identity",
        "what is asked for, and what is not: no content coding, no range",
        {},
        came(1000),
        [gets(1, each={"method": "GET", "headers": {"accept-encoding": "identity", "range": None}, "received": 0})],
    ),
    received(
        "w6.6-chunked",
        "a body of unknown length, in chunks",
        {"steps": "ok;chunked", "size": 100000},
        came(100000),
        [gets(1)],
    ),
    received(
        "w6.6-plain",
        "a body of unknown length, up to the connection's end",
        {"steps": "ok;plain", "size": 100000},
        came(100000),
        [gets(1)],
    ),
    received(
        "w6.6-interim",
        "an interim answer is none",
        {"steps": "ok;interim=103"},
        came(1000),
        [gets(1)],
    ),
    received(
        "w6.6-redirect-same",
        "no redirect is followed, not even to the same origin",
        {"steps": "302;to=same"},
        failed(),
        [gets(1)],
        settle=100,
    ),
    received(
        "w6.6-redirect-other",
        "no redirect is followed to another origin",
        {"steps": "307;to=other"},
        failed(),
        [gets(1), nothing(server="other")],
        settle=100,
    ),
    received(
        "w6.6-redirect-other-allowed",
        "not even to one that is allowed",
        {"steps": "301;to=other"},
        failed(),
        [gets(1), nothing(server="other")],
        options={"allowed_origins": ["${origin}", "${other-origin}"]},
        settle=100,
    ),
    received(
        "w6.6-redirect-loop",
        "a redirect to itself is asked for once",
        {"steps": "308;to=loop"},
        failed(),
        [gets(1)],
        settle=100,
    ),
    received(
        "w6.6-gzip",
        "a content coding that nobody asked for is refused, not undone",
        {"steps": "gzip"},
        failed(),
        [gets(1)],
    ),
    received(
        "w6.6-bomb",
        "a little gzip that is 256 MiB",
        {"steps": "bomb"},
        failed(),
        [gets(1)],
        took=bounds(most=3000),
    ),
    received(
        "w6.6-coding-identity",
        "a Content-Encoding is refused whatever it says",
        {"steps": "ok;encoding=identity"},
        failed(),
        [gets(1)],
    ),
    received(
        "w6.6-coding-unknown",
        "a Content-Encoding that nobody knows",
        {"steps": "ok;encoding=x-rot13"},
        failed(),
        [gets(1)],
    ),
]
for slug, length, title in (
    ("less", 999, "a byte less"),
    ("more", 1001, "a byte more"),
    ("none", 0, "no bytes"),
    ("huge", 1 << 40, "a terabyte"),
):
    CASES.append(
        received(
            "w6.6-length-" + slug,
            "a Content-Length of %s is refused before the body, which never comes" % title,
            {"steps": "length=%d" % length},
            SIZE,
            [gets(1, each={"sent": 0})],
            transfer={"base_delay": 10, "read_timeout": 4000},
            took=bounds(most=3000),
        )
    )
CASES += [
    received(
        "w6.6-extra-chunked",
        "one byte too many, in chunks",
        {"steps": "extra=1;chunked"},
        SIZE,
        [gets(1)],
    ),
    received(
        "w6.6-extra-plain",
        "one byte too many before the connection's end",
        {"steps": "extra=1;plain"},
        SIZE,
        [gets(1)],
    ),
    received(
        "w6.6-extra-length",
        "one byte too many, and said so",
        {"steps": "extra=1"},
        SIZE,
        [gets(1)],
    ),
    received(
        "w6.6-pour-chunked",
        "chunks without an end: the transfer stops, and all but what the network holds is never sent",
        {"steps": "pour;chunked"},
        SIZE,
        [gets(1, each={"end": "client", "sent": bounds(most=32 << 20)})],
    ),
    received(
        "w6.6-pour-plain",
        "a body without an end: the transfer stops",
        {"steps": "pour;plain"},
        SIZE,
        [gets(1, each={"end": "client", "sent": bounds(most=32 << 20)})],
    ),
    received(
        "w6.6-digest",
        "one bit is another: the digest tells, and it is not tried again",
        {"steps": "flip@500,ok"},
        failed(code="CHECKSUM_MISMATCH"),
        [gets(1)],
        settle=100,
    ),
    received(
        "w6.6-digest-other",
        "the message's digest is that of something else",
        {"digest": sha256(b"something else")},
        failed(code="CHECKSUM_MISMATCH"),
        [gets(1)],
    ),
    received(
        "w6.6-digest-upper",
        "a digest in upper case",
        {"digest": sha256(content(1000)).upper()},
        came(1000),
        [gets(1)],
    ),
    received(
        "w6.6-digest-none",
        "without a digest, bytes are as they come",
        {"steps": "flip@0", "size": 3, "digest": False},
        came({"type": "bytes", "size": 3, "sha256": sha256(b"\1\1\2"), "base64": "AQEC"}),
        [gets(1)],
    ),
    received(
        "w6.6-size-first",
        "too many bytes of another digest: the size tells first",
        {"steps": "extra=1;chunked", "digest": sha256(b"something else")},
        SIZE,
        [gets(1)],
    ),
    received(
        "w6.6-proxy",
        "proxies of the environment are ignored",
        {},
        came(1000),
        [gets(1), nothing(server="other")],
        environment={name: "${other-origin}" for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")},
    ),
    received(
        "w2.6-fetch-empty",
        "a link of 0 bytes may be read",
        {"size": 0},
        came(0),
        [gets(bounds(most=1))],
    ),
    received(
        "w6.10-fetch-query",
        "an error does not tell the query of a signed link",
        {"steps": "403", "more": "/f?sig=hunter2"},
        failed(hides=["hunter2"]),
        [gets(1, each={"has_query": True})],
    ),
    received(
        "w6.10-fetch-query-refused",
        "nor does that of a link which is not allowed",
        [link(more="/f?sig=hunter2", server="${other}")],
        refused(hides=["hunter2"]),
        [nothing()],
    ),
]

# Handlers of the receiver's own. The bytes that they know are those of the link; what the message says differs.
HANDLED = "http://files.example/f"


def handled(id, title, known, expect, size=2, **changes):
    return received(
        "w6.7-fetch-" + id,
        title,
        [model.link(HANDLED, size, **changes)],
        {**expect, "asked": [HANDLED]},
        [nothing()],
        options={"allowed_origins": ["http://files.example"], "handler": known},
    )


HI = {HANDLED: model.b64(b"hi")}
CASES += [
    handled(
        "handler",
        "a handler's bytes are the payload's",
        HI,
        came({"type": "bytes", "size": 2, "sha256": sha256(b"hi"), "base64": "aGk="}),
        metadata={"sha256": sha256(b"hi")},
    ),
    handled("handler-more", "a handler gives more bytes than the message says", HI, SIZE, size=1),
    handled("handler-fewer", "a handler gives fewer bytes than the message says", HI, SIZE, size=3),
    handled(
        "handler-digest",
        "a handler's bytes pass the digest as well",
        HI,
        failed(code="CHECKSUM_MISMATCH"),
        metadata={"sha256": sha256(b"ho")},
    ),
    handled("handler-fails", "a handler that fails", {}, failed()),
]

# Into files.
FILES = ("link", "files")
CASES += [
    received(
        "w6.9-fetch-file",
        "two payloads into files, under names that are not theirs",
        [link(size=600000, dataname="../../evil"), link(size=2, dataname="/etc/passwd")],
        came(600000, 2),
        [gets(2)],
        needs=FILES,
        options={"into_folder": "${out}"},
        left=2,
    ),
    received(
        "w6.9-fetch-file-short",
        "a download that breaks leaves nothing",
        {"steps": "short@300000", "size": 600000},
        failed(),
        [gets(2)],
        needs=FILES,
        options={"into_folder": "${out}"},
        transfer={"max_retries": 2, "base_delay": 10},
        left=0,
    ),
    received(
        "w6.9-fetch-file-retried",
        "a second attempt begins an empty file",
        {"steps": "short@300000,ok", "size": 600000},
        came(600000),
        [gets(2)],
        needs=FILES,
        options={"into_folder": "${out}"},
        left=1,
    ),
    received(
        "w6.9-fetch-file-digest",
        "nothing appears before it is verified",
        {"steps": "flip@599999", "size": 600000},
        failed(code="CHECKSUM_MISMATCH"),
        [gets(1)],
        needs=FILES,
        options={"into_folder": "${out}"},
        left=0,
    ),
    received(
        "w6.9-fetch-file-size",
        "bytes beyond the size leave nothing",
        {"steps": "pour;chunked", "size": 600000},
        SIZE,
        [gets(1, each={"end": "client", "sent": bounds(most=32 << 20)})],
        needs=FILES,
        options={"into_folder": "${out}"},
        left=0,
    ),
    received(
        "w6.9-fetch-file-second",
        "all or nothing: the second fails, and the first is not there either",
        [link(size=600000), link("404;wait=300", 2)],
        failed(1),
        [gets(2)],
        needs=FILES,
        options={"into_folder": "${out}"},
        left=0,
    ),
]
