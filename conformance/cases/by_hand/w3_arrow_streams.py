"""Arrow streams by pyarrow (W3.6, W3.7): every type of the portable profile, every form of a stream, and what lies outside."""

from arrow_bytes import MADE, made, table_of
from model import case, envelope, ok, payload, sha256, undecodable

TABLES = {"needs": ["arrowtable"]}
EITHER = {
    "form/legacy-frame": "messages without the continuation marker, as they were written before version 0.15",
    "form/version-4": "metadata of version 4, whose types of the profile are laid out as in version 5",
    "form/dictionary-null-value": "a null among the values of a dictionary",
    "outside/dictionary-of-large-string": "a dictionary of large strings",
}
"""What the rules leave to the implementation, besides all types outside of the profile."""


def received(name, stream):
    value = table_of(name)
    if value is None:
        return ok(count=1)
    return ok({"dataname": "p", "payload_type": "arrowtable", "transport": "direct", "size": len(stream), "value": value})


def named(slug):
    """The word for a type outside of the profile that stands in the names which languages have for it."""
    if slug == "second-column":
        return "time"
    if slug.startswith("dictionary-"):
        return "dictionary<"
    word = slug.replace("-", "_")
    for general in ("decimal", "time", "union"):
        if general in word:
            return general
    return word


def read(name):
    group, slug = name.split("/")
    stream = made(name)
    message = envelope(payload("arrowtable", stream, metadata={"sha256": sha256(stream)}))
    rule, words = {
        "profile": ("w3.7", "a type of the portable profile"),
        "form": ("w3.6", "a form of a stream"),
        "outside": ("w3.7", "a type outside of the profile is taken exactly or refused"),
    }[group]
    expect = received(name, stream)
    if group == "outside" or name in EITHER:
        refused = undecodable(names=[named(slug)]) if group == "outside" else undecodable()
        expect = {"any": [expect, refused]}
    prefix = "outside-" if group == "outside" else "by-pyarrow-"
    return case("%s-%s%s" % (rule, prefix, slug), EITHER.get(name, "%s: %s" % (words, slug)), message, expect, **TABLES)


CASES = [read(name) for name in MADE if not name.startswith("hostile/")]
