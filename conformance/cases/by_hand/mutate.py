"""Breaks a valid instance in one keyword of a schema at a time: what `schema/v1` demands, and nothing else, decides how.

Shares no code with any implementation and needs nothing but Python 3.8.
"""

import copy
import json
import pathlib
import re

from model import MISSING

FOLDER = pathlib.Path(__file__).resolve().parents[3] / "schema" / "v1"
SCHEMAS = {path.name: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.schema.json"))}
OTHER_TYPES = {
    "null": None,
    "boolean": True,
    "integer": 5,
    "number": 0.5,
    "string": "x",
    "array": [],
    "object": {},
}
STRANGE = ["", " ", "\n", "\u00e9", "%", "Z", "_", "\u0660"]
"""What takes the place of a character of a patterned string."""


class Break:
    """One way to break an instance: the place, what to put there, and which keyword then fails."""

    def __init__(self, path, value, keyword, slug, file, schema, rule):
        self.path, self.value, self.keyword, self.slug = path, value, keyword, slug.replace("$", "")
        self.schema = schema
        self.file, self.code, self.rule = file, schema.get("x-code") if keyword == "enum" else None, rule

    @property
    def pointer(self):
        return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in self.path)

    def of(self, instance):
        """The instance, broken."""
        broken = copy.deepcopy(instance)
        if not self.path:
            return self.value
        place = broken
        for step in self.path[:-1]:
            place = place[step]
        if self.value is MISSING:
            del place[self.path[-1]]
        else:
            place[self.path[-1]] = self.value
        return broken


def resolved(file, schema):
    """A schema behind its reference, and the file that it stands in."""
    while "$ref" in schema:
        path, _, fragment = schema["$ref"].partition("#")
        file = path or file
        schema = SCHEMAS[file]
        for step in fragment.split("/")[1:]:
            schema = schema[step]
    return file, schema


def matches(schema, text):
    return re.fullmatch(schema["pattern"][1:-1], text) is not None


def fits(schema, text):
    """Whether a string is within its length."""
    return schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))


def near_misses(schema, text, count):
    """Strings like a good one that the pattern, and nothing but the pattern, refuses; spread over the text."""
    found = []
    for at in range(len(text)):
        for strange in STRANGE[at % len(STRANGE) :] + STRANGE[: at % len(STRANGE)]:
            found.append((at, text[:at] + strange + text[at + 1 :]))
        found.append((at, text[:at] + text[at] + text[at:]))
    found += [(len(text), text + end) for end in ("\n", " ", "\0", "x" * 40)] + [(0, "\ufeff" + text), (0, " " + text)]
    refused, seen = [], set()
    for at, other in found:
        if not matches(schema, other) and fits(schema, other) and other not in seen:
            seen.add(other)
            refused.append((at, other))
    ends = [pair for pair in refused if pair[0] == len(text)][:2]
    step = max(1, len(refused) // max(1, count - len(ends)))
    return (refused[::step][: count - len(ends)] + ends)[:count]


def named(value):
    return {"": "empty", " ": "blank", "\n": "newline"}.get(value, value)


def types(schema):
    kind = schema.get("type", "string" if "enum" in schema else None)
    kinds = kind if isinstance(kind, list) else [kind]
    return kinds + (["integer"] if "number" in kinds else [])


def breaks(file, schema, value, path=(), rule="W1.1", near=6):
    """Everything that breaks `value` at `path` or below, in the order of the schema."""
    rule = schema.get("x-rule", rule)
    file, schema = resolved(file, schema)
    rule = schema.get("x-rule", rule) if "." not in rule else rule
    path = list(path)

    def broken(keyword, slug, other, at=None):
        return Break(path if at is None else path + [at], other, keyword, slug, file, schema, rule)

    if "type" in schema or "enum" in schema:
        for kind, other in OTHER_TYPES.items():
            if kind not in types(schema):
                yield broken("type" if "type" in schema else "enum", "type-" + kind, other)
    for index, good in enumerate(schema.get("enum", [])):
        for slug, other in (("case", good.swapcase()), ("cut", good[:-1]), ("more", good + good[-1])):
            if other not in schema["enum"] and not (slug == "case" and other == good):
                yield broken("enum", "enum-%s-%s" % (good, slug), other)
    if "pattern" in schema and value:
        for index, (_, other) in enumerate(near_misses(schema, value, near)):
            yield broken("pattern", "pattern-%d" % index, other)
    if schema.get("format") == "date-time":
        yield broken("format", "format", "2026-02-30" + value[10:])
    if "minLength" in schema:
        yield broken("minLength", "min-length", "")
    if "maxLength" in schema:
        yield broken("maxLength", "max-length", value + "a" * (schema["maxLength"] + 1 - len(value)))
    if "minimum" in schema:
        yield broken("minimum", "minimum", schema["minimum"] - 1)
    if "maximum" in schema:
        yield broken("maximum", "maximum", schema["maximum"] + 1)
    for name in schema.get("required", []):
        yield broken("required", "missing-" + name, MISSING, name)
    if schema.get("additionalProperties") is False:
        yield broken("additionalProperties", "additional", 5, "unknown")
    for name, member in schema.get("properties", {}).items():
        if isinstance(value, dict) and name in value and member is not True:
            yield from breaks(file, member, value[name], path + [name], rule, near)
    if "items" in schema and isinstance(value, list):
        for index, item in enumerate(value):
            yield from breaks(file, schema["items"], item, path + [index], rule, near)


def conditions(file, schema, value, path=()):
    """What breaks the demands of those conditions whose `if` holds for `value`."""
    for index, condition in enumerate(schema.get("allOf", [])):
        if not all(value.get(name) in member["enum"] for name, member in condition["if"]["properties"].items()):
            continue
        rule = condition["x-rule"]
        for where, demand, current in demands(condition["then"]["properties"], value, list(path)):
            target_file, target = (file, {}) if demand is False else resolved(file, demand)
            if demand is False:
                yield Break(where, "0" * 64, "false", "if-%d-present" % index, file, {}, rule)
            if "enum" in target:
                known = resolved(file, schema["properties"][where[-1]])[1]["enum"]
                for other in known:
                    if other not in target["enum"]:
                        yield Break(where, other, "then", "if-%d-%s" % (index, other), file, {}, rule)
            if "type" in target and "pattern" not in target:
                for kind, other in OTHER_TYPES.items():
                    if kind not in types(target):
                        yield Break(where, other, "then", "if-%d-type-%s" % (index, kind), file, {}, rule)
            if "pattern" in target:
                for broken in breaks(target_file, target, current, where, rule):
                    broken.slug = "if-%d-%s" % (index, broken.slug)
                    yield broken


def demands(properties, value, path):
    for name, demand in properties.items():
        if isinstance(demand, dict) and "properties" in demand:
            yield from demands(demand["properties"], value.get(name, {}), path + [name])
        else:
            yield path + [name], demand, value.get(name)
