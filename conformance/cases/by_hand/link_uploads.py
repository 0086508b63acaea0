"""Uploads: what Plik is asked for, attempts, fallback, removal, handlers, files (W5.1, W5.3, W6.1 to W6.9)."""

import model
from scenario import bounds, calls, content, direct, failed, linked, made, nothing, sent, stuck

NO_FALLBACK = {"fallback": False}


def failing(id, title, plik, log, payloads=(1000,), index=0, words=(), **more):
    """One payload that cannot be uploaded, and may not go direct."""
    options = {**NO_FALLBACK, **more.pop("options", {})}
    return sent(id, title, payloads, stuck(index, names=words, hides=["hunter2"]), log, plik, options=options, **more)


# What Plik is asked for.
CASES = [
    sent(
        "w6.1-upload",
        "an upload is created, and its one file is added with its token",
        [100000],
        made(linked(100000, "U1")),
        [
            calls("create", 1, each={"wanted": {"one_shot": True, "ttl": 0}, "headers": {"content-type": "application/json*"}}),
            calls(
                "add",
                1,
                each={
                    "upload": "U1",
                    "upload_token": "right",
                    "file": {"field": "file", "size": 100000, "sha256": model.sha256(content(100000))},
                    "headers": {"content-type": "multipart/form-data; boundary=*"},
                },
            ),
            calls("remove", 0),
        ],
    ),
    sent(
        "w6.1-upload-kept",
        "an upload that is kept for a time can be fetched again",
        [1000],
        made(linked(1000, "U1")),
        [calls("create", 1, each={"wanted": {"one_shot": False, "ttl": 90}})],
        options={"upload": {"to": "kept", "fileserver_url": "${server}/plik", "ttl_s": 90}},
    ),
    sent(
        "w6.1-upload-slash",
        "a slash at the end of fileserver_url is one slash",
        [1000],
        made(linked(1000, "U1")),
        [calls("create", 1, each={"path": "/plik/upload"}), calls("add", 1, each={"path": "/plik/file/U1"})],
        plik="/",
    ),
    sent(
        "w6.1-upload-json",
        "a file server that says application/json is understood as well as one that says text/plain",
        [1000],
        made(linked(1000, "U1")),
        [calls("add", 1)],
        plik="/ok;json/ok;json",
    ),
    sent(
        "w6.1-upload-elsewhere",
        "files are fetched from the server's download domain",
        [1000],
        made(linked(1000, "U1", "${other}/plik/ok;elsewhere")),
        [calls("add", 1, each={"server": "main"})],
        plik="/ok;elsewhere",
    ),
    sent(
        "w6.1-upload-name",
        "a dataname that is no file's name and no URL's part",
        [{"dataname": '../a b\r\n"\u00e9\u0000;%2F', "value": {"type": "bytes", "content": 1000}, "payload_type": "binary"}],
        made(linked(1000, "U1", dataname='../a b\r\n"\u00e9\u0000;%2F')),
        [calls("add", 1, each={"file": {"size": 1000, "sha256": model.sha256(content(1000))}})],
    ),
]

# Attempts.
CASES += [
    failing(
        "w6.1-upload-defaults",
        "five attempts, each of them both requests, with 100, 200, 400 and 800 ms between them; what they left is removed",
        "/ok/503",
        [
            calls("create", 5, gaps=[100, 200, 400, 800], slack=2500, typical=450),
            calls("add", 5, each={"upload_token": "right"}),
            calls("remove", bounds(4, 5), each={"upload_token": "right"}),
        ],
        transfer=None,
        took=bounds(least=1499, most=7000),
    ),
    sent(
        "w6.1-upload-create-again",
        "a creation that failed is tried again, and no file is added meanwhile",
        [1000],
        made(linked(1000)),
        [calls("create", 3), calls("add", 1, each={"upload_token": "right"})],
        plik="/503,reset,ok",
    ),
    sent(
        "w6.1-upload-add-again",
        "a file that failed: the upload is created anew, and the old one removed with its token",
        [1000],
        made(linked(1000, "U2")),
        [
            calls("create", 2),
            calls("add", 2, sequence=[{"upload": "U1", "status": 503}, {"upload": "U2", "status": 200}]),
            calls("remove", 1, each={"upload": "U1", "upload_token": "right"}),
        ],
        plik="/ok/503,ok",
    ),
    sent(
        "w6.1-upload-statuses",
        "every status that is worth another attempt gets one",
        [1000],
        made(linked(1000)),
        [calls("create", 10), calls("add", 1)],
        plik="/408,425,429,500,501,502,503,504,599,ok",
        transfer={"max_retries": 10, "base_delay": 1, "max_delay": 2},
    ),
    sent(
        "w6.1-upload-retry-after",
        "an hour is asked for; max_delay is the most",
        [1000],
        made(linked(1000)),
        [calls("create", 6, gaps=5 * [300])],
        plik="/" + 5 * "429;retry-after=3600," + "ok",
        transfer={"max_retries": 6, "base_delay": 10, "max_delay": 300},
    ),
    sent(
        "w6.1-upload-retry-after-seconds",
        "the server asks for three seconds",
        [1000],
        made(linked(1000)),
        [calls("create", 2, gaps=[3000], typical=1500)],
        plik="/503;retry-after=3,ok",
        transfer={"base_delay": 10},
    ),
    sent(
        "w6.1-upload-base-delay",
        "base_delay is the first of the delays, each of the others twice the one before, up to max_delay",
        [1000],
        made(linked(1000)),
        [calls("create", 7, gaps=[20, 40, 50, 50, 50, 50])],
        plik="/503,503,503,503,503,503,ok",
        transfer={"max_retries": 7, "base_delay": 20, "max_delay": 50},
    ),
    sent(
        "w6.1-upload-reset",
        "a connection that breaks within the file is worth another attempt, with the whole file",
        [300000],
        made(linked(300000, "U2")),
        [
            calls("add", 2, sequence=[{"end": "cut"}, {"file": {"sha256": model.sha256(content(300000))}}]),
            calls("remove", 1, each={"upload": "U1"}),
        ],
        plik="/ok/reset@100000,ok",
    ),
    sent(
        "w6.1-upload-cut",
        "an answer that is cut short is worth another attempt",
        [1000],
        made(linked(1000)),
        [calls("create", 2), calls("add", 1)],
        plik="/short@20,ok",
    ),
    failing(
        "w6.1-upload-three",
        "max_retries is the number of attempts",
        "/503,503,503,ok",
        [calls("create", 3), calls("add", 0)],
        transfer={"max_retries": 3, "base_delay": 10},
    ),
    failing(
        "w6.1-upload-redirect",
        "no redirect is followed, and nothing is sent to where it leads",
        "/307;to=other",
        [{"count": 1, "each": {"call": "create", "server": "main"}}],
        settle=100,
    ),
    failing(
        "w6.1-upload-html",
        "a page is no answer of Plik, and not tried again",
        "/html",
        [calls("create", 1), calls("add", 0)],
    ),
    failing(
        "w6.1-upload-no-id",
        "an answer without an id is none of Plik, and not tried again",
        "/no-id",
        [calls("create", 1), calls("add", 0)],
    ),
    failing(
        "w6.1-upload-early",
        "a refusal before the end of the file is heard, and final",
        "/ok/400@1000",
        [calls("add", 1, each={"status": 400}), calls("remove", 1)],
        payloads=(2000000,),
        settle=100,
    ),
]
for status in ("201", "400", "401", "403", "404", "413"):
    CASES.append(
        failing(
            "w6.1-upload-once-" + status,
            "one attempt: the creation is answered by " + status,
            "/%s,ok" % status,
            [calls("create", 1), calls("add", 0)],
            words=[status],
            settle=50,
        )
    )
for status in ("400", "403", "413"):
    CASES.append(
        failing(
            "w6.1-upload-once-file-" + status,
            "one attempt: the file is answered by %s, and the upload removed" % status,
            "/ok/%s,ok" % status,
            [calls("create", 1), calls("add", 1), calls("remove", 1, each={"upload": "U1", "upload_token": "right"})],
            words=[status],
            settle=50,
        )
    )

# Time-outs.
PATIENCE = {"base_delay": 10, "read_timeout": 1000}
CASES += [
    sent(
        "w6.2-upload-silence",
        "a server that says nothing of a creation costs an attempt",
        [1000],
        made(linked(1000)),
        [calls("create", 2)],
        plik="/hang,ok",
        transfer=PATIENCE,
        took=bounds(least=1009, most=8000),
    ),
    sent(
        "w6.2-upload-silence-file",
        "a server that takes a file and says nothing costs an attempt",
        [1000],
        made(linked(1000, "U2")),
        [calls("create", 2), calls("remove", 1)],
        plik="/ok/hang,ok",
        transfer=PATIENCE,
        took=bounds(least=1009, most=8000),
    ),
    sent(
        "w6.2-upload-stuck",
        "a server that takes no more bytes costs an attempt",
        [{"type": "file", "path": "${in}/large"}],
        made(linked(8 << 20, "U2")),
        [calls("add", 2)],
        plik="/ok/hang@1000,ok",
        needs=("link", "files"),
        files={"large": 8 << 20},
        transfer={"base_delay": 10, "read_timeout": 1500},
    ),
    sent(
        "w6.2-upload-slow",
        "a slow upload is no silence",
        [{"type": "file", "path": "${in}/large"}],
        made(linked(16 << 20, "U1")),
        [calls("add", 1)],
        plik="/ok/slow-read=15",
        needs=("link", "files"),
        files={"large": 16 << 20},
        transfer={"base_delay": 10, "read_timeout": 3000},
        took=bounds(least=3600),
    ),
    failing(
        "w6.2-upload-connect",
        "connections that do not come about: each costs connect_timeout, and an attempt",
        None,
        [nothing()],
        options={"upload": {"to": "oneshot", "fileserver_url": "${full}"}},
        transfer={"max_retries": 2, "base_delay": 10, "connect_timeout": 200},
        took=bounds(least=409, most=5000),
    ),
    failing(
        "w6.2-upload-deadline",
        "the deadline ends a silence, and is not retried",
        "/hang",
        [calls("create", bounds(most=1))],
        transfer={"base_delay": 10, "deadline": 600},
        took=bounds(least=599, most=4000),
        settle=300,
    ),
]

# Side by side, and in list order.
MANY = list(range(1001, 1012))
CASES += [
    sent(
        "w6.3-upload-at-once",
        "at most four at a time, and in list order whichever is first",
        MANY,
        made(*map(linked, MANY)),
        [calls("add", 11, at_once=bounds(2, 4)), calls("create", 11, at_once=bounds(most=4))],
        plik="/ok/" + "+".join("%d:ok;wait=%d" % (size, 10 * (1040 - size)) for size in MANY),
    ),
    failing(
        "w6.3-upload-first-of-list",
        "the failure that is told is the first of the list, not the fastest",
        "/ok/1002:401;wait=400+1003:403",
        [calls("remove", 3, each={"upload_token": "right"})],
        payloads=(1001, 1002, 1003),
        index=1,
        words=["401"],
    ),
]

# Fallback.
LARGE = [1000, 800000, 1001]
CASES += [
    sent(
        "w6.4-refused",
        "without a file server all goes direct",
        [1000, 1001],
        made(direct(1000), direct(1001)),
        [nothing()],
        plik=None,
        options={"upload": {"to": "oneshot", "fileserver_url": "${nobody}"}},
        transfer={"max_retries": 2, "base_delay": 10},
    ),
    sent(
        "w6.4-after-attempts",
        "before anything goes direct, all attempts are made",
        [1000],
        made(direct(1000)),
        [calls("create", 5)],
        plik="/503",
    ),
    sent(
        "w6.4-some",
        "those that failed go direct, and the others stay links",
        [1001, 1002, 1003],
        made(linked(1001), direct(1002), linked(1003)),
        [calls("add", 3), calls("remove", 1, each={"upload_token": "right"})],
        plik="/ok/1002:403",
    ),
    sent(
        "w6.4-too-large",
        "one that failed does not fit: the others are removed",
        LARGE,
        stuck(1, hides=["hunter2"]),
        [calls("add", 3), calls("remove", 3, each={"upload_token": "right", "status": 200})],
        plik="/ok/800000:403",
    ),
    sent(
        "w6.4-together",
        "they have to fit together, in list order: two do, and the third is told",
        [300000, 300001, 1000, 300002],
        stuck(3),
        [calls("add", 4), calls("remove", 4)],
        plik="/ok/300000:403+300001:403+300002:403",
    ),
    sent(
        "w6.4-removal-fails",
        "that a removal fails changes nothing",
        LARGE,
        stuck(1),
        [calls("remove", bounds(least=3))],
        plik="/ok/800000:403/403",
    ),
    failing(
        "w6.4-forbidden",
        "where nothing may go direct, the message fails, and all that was uploaded is removed",
        "/ok/1002:403;wait=100",
        [calls("remove", 3, each={"upload_token": "right"})],
        payloads=(1001, 1002, 1003),
        index=1,
    ),
]

# What is known before the first upload, and what only after the last. Eight links of about 1,500 bytes are counted as 512.
STEPS = "/" + ",".join(["ok"] * 450)
CASES += [
    sent(
        "w5.1-limit-before",
        "a message that cannot fit uploads nothing",
        [1000] * 20,
        stuck(None, "PAYLOAD_TOO_LARGE", "limit"),
        [nothing()],
        options={"max_message_bytes": 10000},
        settle=100,
    ),
    sent(
        "w5.1-limit-after",
        "links that are longer than was counted: the real length is checked at the end, and what was uploaded is removed",
        [1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008],
        stuck(None, "PAYLOAD_TOO_LARGE", "limit", hides=["hunter2"]),
        [calls("add", 8), calls("remove", 8, each={"upload_token": "right"})],
        plik=STEPS,
        options={"max_message_bytes": 9000},
    ),
    sent(
        "w5.3-upload-environment",
        "FILESERVER_URL names the file server of a sender, and a one-shot upload is the default",
        [1000],
        made(linked(1000, "U1")),
        [calls("create", 1, each={"wanted": {"one_shot": True}})],
        plik=None,
        environment={"FILESERVER_URL": "${server}/plik"},
    ),
    sent(
        "w5.3-upload-argument",
        "an argument beats FILESERVER_URL",
        [1000],
        made(linked(1000, "U1")),
        [calls("create", 1, each={"server": "main"}), nothing(server="other")],
        environment={"FILESERVER_URL": "${other}/plik"},
    ),
    sent(
        "w5.3-upload-threshold",
        "SIZE_THRESHOLD decides which payload is large",
        [2999, 3000],
        made(direct(2999), linked(3000, "U1")),
        [calls("add", 1)],
        environment={"SIZE_THRESHOLD": "3000"},
        options={"size_threshold": None},
    ),
    sent(
        "w6.6-upload-proxy",
        "proxies of the environment are ignored",
        [1000],
        made(linked(1000, "U1")),
        [calls("add", 1), nothing(server="other")],
        environment={name: "${other-origin}" for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")},
    ),
]

# Handlers of the sender's own.
MEMORY = "http://memory.invalid/0b9ad1a2"


def handled(id, title, status, url, expect, **more):
    options = {"upload": {"to": "handler", "status": status, "url": url}, **more}
    return sent(id, title, [1000], expect, [nothing()], plik=None, options=options)


CASES += [
    handled("w6.7-upload-handler", "a handler's URL is the link", 200, "https://files.example/a%20b?c=d", made({**linked(1000), "data": "https://files.example/a%20b?c=d"})),
    handled("w6.8-upload-memory", "what the memory store writes is a link like any other", 200, MEMORY, made({**linked(1000), "data": MEMORY})),
    handled("w6.8-upload-file", "a store writes http and https links only", 200, "file:///tmp/f", stuck(), **NO_FALLBACK),
    handled("w6.7-upload-relative", "a handler's URL is absolute", 200, "/f", stuck(), **NO_FALLBACK),
    handled("w6.7-upload-user", "a handler's URL tells no password", 200, "http://me:hunter2@a.example/f", stuck(hides=["hunter2"]), **NO_FALLBACK),
    handled("w6.7-upload-201", "200 is what a handler answers that has uploaded something", 201, "http://a.example/f", stuck(names=["201"]), **NO_FALLBACK),
    handled("w6.7-upload-500", "a handler does its own retrying: what it says is final", 500, "http://a.example/f", stuck(names=["500"]), **NO_FALLBACK),
    handled("w6.7-upload-direct", "what a handler could not upload goes direct", 500, "http://a.example/f", made(direct(1000))),
]

# From files.
FILES = ("link", "files")
CASES += [
    sent(
        "w6.9-upload-file",
        "a large payload is given as a file",
        [{"type": "file", "path": "${in}/large.bin"}],
        made(linked(3 << 20, "U1")),
        [calls("add", 1, each={"file": {"size": 3 << 20, "sha256": model.sha256(content(3 << 20))}})],
        needs=FILES,
        files={"large.bin": 3 << 20},
    ),
    sent(
        "w6.9-upload-file-again",
        "every attempt reads the file from its beginning",
        [{"type": "file", "path": "${in}/large.bin"}],
        made(linked(1 << 20, "U3")),
        [calls("add", 3, sequence=[{}, {}, {"file": {"sha256": model.sha256(content(1 << 20))}}]), calls("remove", 2)],
        plik="/ok/reset@500000,503,ok",
        needs=FILES,
        files={"large.bin": 1 << 20},
    ),
    sent(
        "w6.9-upload-file-small",
        "a small file goes direct",
        [{"type": "file", "path": "${in}/small.bin"}],
        made(direct(999)),
        [nothing()],
        needs=FILES,
        files={"small.bin": 999},
    ),
    sent(
        "w6.9-upload-file-fallback",
        "a file that could not be uploaded goes direct",
        [{"type": "file", "path": "${in}/large.bin"}],
        made(direct(5000)),
        [calls("add", 1), calls("remove", 1)],
        plik="/ok/403",
        needs=FILES,
        files={"large.bin": 5000},
    ),
    sent(
        "w6.9-upload-file-missing",
        "a file that is not there, beside one that could be uploaded",
        [1000, {"type": "file", "path": "${in}/missing"}],
        failed(1, "SERIALIZATION_ERROR", "serialize"),
        [nothing()],
        needs=FILES,
        settle=100,
    ),
]
