#!/usr/bin/env python3
"""Writes the case files beside this script from the cases that are written out by hand in `by_hand/`.

python3 make.py            writes what differs
python3 make.py --check    exit code 1 where a file differs from what would be written
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE / "by_hand"))

import w1_envelope
import w1_payload
import w2_encoding
import w2_link
import w3_arrowtable
import w3_content
import w3_json
import w3_number
import w4_canonical
import w7_phases

TOPICS = [
    w1_envelope,
    w1_payload,
    w2_encoding,
    w2_link,
    w3_json,
    w3_number,
    w3_content,
    w3_arrowtable,
    w4_canonical,
    w7_phases,
]


def written(cases):
    """One member of a case per line; ASCII, so that no character hides."""
    lines = [
        "{" + ",\n ".join(json.dumps(name) + ": " + json.dumps(value) for name, value in c.items()) + "}" for c in cases
    ]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def main():
    ids = [c["id"] for topic in TOPICS for c in topic.CASES]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    if twice:
        sys.exit("these ids are not unique: " + ", ".join(twice))
    files = {topic.__name__.replace("_", "-") + ".json": written(topic.CASES) for topic in TOPICS}
    stray = {p.name for p in HERE.glob("*.json")} - set(files) - {"case.schema.json"}
    old = {name: (HERE / name).read_bytes() if (HERE / name).exists() else b"" for name in files}
    drifted = [name for name, content in files.items() if old[name] != content.encode()]
    if "--check" in sys.argv[1:]:
        for name in drifted + sorted(stray):
            print("conformance/cases/%s is not what by_hand/ says; `python3 conformance/cases/make.py` mends it" % name)
        sys.exit(1 if drifted or stray else 0)
    for name in stray:
        (HERE / name).unlink()
    for name in drifted:
        (HERE / name).write_bytes(files[name].encode())
    print("%d cases; written: %s" % (len(ids), ", ".join(drifted) or "nothing"))


main()
