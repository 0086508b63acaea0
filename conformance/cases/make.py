#!/usr/bin/env python3
"""Writes the case files beside this script from the cases that are written out by hand in `by_hand/`.

python3 make.py            writes what differs
python3 make.py --check    exit code 1 where a file differs from what would be written
"""

import collections
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE / "by_hand"))

import answer_answers
import negative_messages
import schema_platforms
import schema_reports
import link_attempts
import link_downloads
import link_uploads
import send_content
import send_envelope
import send_limits
import send_live
import w1_envelope
import w1_payload
import w2_encoding
import w2_link
import w3_arrow_hostile
import w3_arrow_streams
import w3_arrowtable
import w3_content
import w3_json
import w3_number
import w4_canonical
import w7_phases

TOPICS = {
    "": [
        w1_envelope,
        w1_payload,
        w2_encoding,
        w2_link,
        w3_json,
        w3_number,
        w3_content,
        w3_arrowtable,
        w3_arrow_streams,
        w3_arrow_hostile,
        w4_canonical,
        w7_phases,
        negative_messages,
    ],
    "encode": [send_envelope, send_content, send_limits, send_live],
    "answer": [answer_answers],
    "schema": [schema_reports, schema_platforms],
    "link": [link_attempts, link_downloads, link_uploads],
}
"""By folder."""

NOT_MADE = ["found.json", "rules.json"]
"""What is written by hand as it is."""


def written(cases):
    """One member of a case per line; ASCII, so that no character hides."""
    lines = [
        "{" + ",\n ".join(json.dumps(name) + ": " + json.dumps(value) for name, value in c.items()) + "}" for c in cases
    ]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def main():
    files = {}
    for folder, topics in TOPICS.items():
        for topic in topics:
            name = topic.__name__.replace("_", "-")
            name = name.split("-", 1)[1] if folder else name
            files[HERE / folder / (name + ".json")] = topic.CASES
    ids = [c["id"] for cases in files.values() for c in cases]
    twice = sorted(i for i, times in collections.Counter(ids).items() if times > 1)
    if twice:
        sys.exit("these ids are not unique: " + ", ".join(twice))
    kept = {HERE / name for name in NOT_MADE}
    stray = {path for folder in TOPICS for path in (HERE / folder).glob("*.json")} - set(files)
    stray = {path for path in stray - kept if not path.name.endswith(".schema.json")}
    texts = {path: written(cases).encode() for path, cases in files.items()}
    drifted = [path for path, text in texts.items() if not path.exists() or path.read_bytes() != text]
    if "--check" in sys.argv[1:]:
        for path in drifted + sorted(stray):
            name = path.relative_to(HERE)
            print("conformance/cases/%s is not what by_hand/ says; `python3 conformance/cases/make.py` mends it" % name)
        sys.exit(1 if drifted or stray else 0)
    for path in stray:
        path.unlink()
    for path in drifted:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(texts[path])
    print("%d cases; written: %s" % (len(ids), ", ".join(path.name for path in drifted) or "nothing"))


main()
