"""Arrow streams that contradict themselves (W3.6): lengths, offsets, counts, indices, texts and frames that lie.

Each is one that pyarrow wrote, with one number changed.
"""

import struct

from arrow_bytes import Stream, made
from model import case, envelope, ok, payload, undecodable

TABLES = {"needs": ["arrowtable"]}
END = b"\xff\xff\xff\xff\0\0\0\0"
WHOLE, CODED, VIEWS = (made("hostile/" + name) for name in ("whole", "coded", "views"))
BATCH = 1
"""The message of the only batch in WHOLE: columns n (int64), s (string), b (bool), three rows, one null in each."""

CASES = []


def bad(slug, title, stream, *names):
    """`names`: what the error has to say was found."""
    data = stream.bytes() if isinstance(stream, Stream) else stream
    expect = undecodable(names=list(names)) if names else undecodable()
    CASES.append(case("w3.6-hostile-" + slug, title, envelope(payload("arrowtable", data)), expect, **TABLES))


def batch(stream, index=BATCH):
    return stream.message(index).table("header", "batch")


def pair(stream):
    """The first pair of the schema's metadata."""
    return stream.message(0).table("header", "schema").element("metadata", 0, "pair")


def changed(source, place, layout, value):
    """The stream with the number at `place(stream)` changed."""
    stream = Stream(source)
    return stream.put(place(stream), layout, value)


def node(index, member):
    return lambda s: batch(s).vector("nodes") + 4 + 16 * index + 8 * member


def buffer(index, member):
    return lambda s: batch(s).vector("buffers") + 4 + 16 * index + 8 * member


def in_body(index, at=0, message=BATCH):
    """A place within buffer `index` of a batch."""

    def place(stream):
        offset = struct.unpack_from("<q", stream.data, batch(stream, message).vector("buffers") + 4 + 16 * index)[0]
        return stream.body(message) + offset + at

    return place


for slug, written, lying in (("name", b"origin", b"\xefrigin"), ("value", b"here", b"\xe8ere"), ("of-a-field", b"none", b"\xeeone")):
    title = "metadata that is no text: " + slug
    bad("metadata-" + slug, title, made("form/metadata").replace(written, lying, 1))
for slug, slot in (("name", 0), ("value", 1)):
    # The description of a table is shared by those that are alike: all pairs lack it.
    title = "metadata that has no %s" % slug
    bad("metadata-without-" + slug, title, changed(made("form/pandas-metadata"), lambda s: pair(s).slot(slot), "H", 0))
bad("metadata-of-a-batch", "metadata of a batch that is no text", made("form/metadata-of-a-batch").replace(b"here", b"\xe8ere", 1))
HUGE = (1 << 62) + 8
# Rows and nodes.
for slug, value in (("one-more", 4), ("one-fewer", 2), ("none", 0), ("huge", HUGE), ("negative", -1)):
    bad("rows-" + slug, "the batch says another number of rows than its columns", changed(WHOLE, lambda s: batch(s).place("length"), "q", value))
for slug, value in (("one-more", 4), ("huge", HUGE), ("negative", -3), ("fewer", 1)):
    bad("node-" + slug, "a column says another number of rows than the batch", changed(WHOLE, node(1, 0), "q", value))
for slug, value in (("more-than-rows", 4), ("negative", -1), ("huge", HUGE)):
    bad("nulls-" + slug, "a column says an impossible number of nulls", changed(WHOLE, node(0, 1), "q", value))
bad("nodes-fewer", "fewer nodes than columns", changed(WHOLE, lambda s: batch(s).vector("nodes"), "I", 2))
bad("nodes-huge", "more nodes than the metadata has bytes", changed(WHOLE, lambda s: batch(s).vector("nodes"), "I", 0xFFFFFFF))
bad("buffers-fewer", "fewer buffers than the columns need", changed(WHOLE, lambda s: batch(s).vector("buffers"), "I", 6))
bad("buffers-huge", "more buffers than the metadata has bytes", changed(WHOLE, lambda s: batch(s).vector("buffers"), "I", 0xFFFFFFF))

# Buffers: 0 and 1 are those of n; 2, 3 and 4 of s; 5 and 6 of b.
for slug, index, title in (("bitmap", 0, "a bitmap of nulls"), ("values", 1, "values"), ("offsets", 3, "offsets of strings"), ("bools", 6, "bools")):
    for fault, member, value in (("beyond", 0, 1 << 20), ("negative", 0, -8), ("length-beyond", 1, 1 << 20), ("length-negative", 1, -1), ("overflow", 0, (1 << 63) - 8)):
        bad("%s-%s" % (slug, fault), "%s: the buffer does not lie in the body" % title, changed(WHOLE, buffer(index, member), "q", value))
bad("values-short", "values: the buffer is too short for its rows", changed(WHOLE, buffer(1, 1), "q", 16))
bad("bitmap-short", "a bitmap of nulls that has no bytes, for a column that has nulls", changed(WHOLE, buffer(0, 1), "q", 0))
bad("offsets-short", "offsets of strings: the buffer is too short for its rows", changed(WHOLE, buffer(3, 1), "q", 12))
bad("bools-short", "bools: the buffer has no bytes", changed(WHOLE, buffer(6, 1), "q", 0))
bad("text-short", "strings: the buffer is shorter than the last offset", changed(WHOLE, buffer(4, 1), "q", 7))

# Offsets within the body: those of s are 0, 3, 3, 8.
for slug, at, value, title in (
    ("decreasing", 4, 9, "an offset greater than the next"),
    ("negative", 0, -1, "a negative offset"),
    ("beyond", 12, 1 << 20, "the last offset beyond the strings"),
    ("huge", 12, 0x7FFFFFFF, "the last offset at the end of its range"),
    ("last-negative", 12, -8, "a negative last offset"),
):
    bad("string-offset-" + slug, title, changed(WHOLE, in_body(3, at), "i", value))
bad("string-utf8", "a string that is no UTF-8", changed(WHOLE, in_body(4), "B", 0xFF))
bad("string-utf8-last", "a string that ends within a character", changed(WHOLE, in_body(4, 7), "B", 0xC3))

# Frames.
for slug, value, title in (
    ("beyond", 1 << 20, "a message longer than the stream"),
    ("negative", 0xFFFFFFF8, "a message of negative length"),
    ("short", 8, "a message shorter than its own tables"),
    ("zero", 0, "an end marker before the batch"),
):
    bad("frame-" + slug, title, changed(WHOLE, lambda s: s.messages[BATCH][0] + 4, "I", value))
bad("frame-no-marker", "a frame that begins with another number", changed(WHOLE, lambda s: s.messages[BATCH][0], "I", 0xFFFFFFFE))
for slug, value in (("beyond", 1 << 20), ("huge", HUGE), ("negative", -8), ("short", 8), ("zero", 0)):
    bad("body-" + slug, "a batch says another length of its body", changed(WHOLE, lambda s: s.message(BATCH).place("bodyLength"), "q", value))
bad("root", "a message whose root lies outside of it", changed(WHOLE, lambda s: s.messages[BATCH][0] + 8, "I", 1 << 20))
bad("root-schema", "a schema whose root lies outside of it", changed(WHOLE, lambda s: 8, "I", 0xFFFFFFF0))
bad("vtable", "a table whose description lies outside of the message", changed(WHOLE, lambda s: batch(s).at, "i", -(1 << 20)))
bad("header-missing", "a message without a header", changed(WHOLE, lambda s: s.message(BATCH).place("header_type"), "B", 0))
bad("header-tensor", "a message that is a tensor", changed(WHOLE, lambda s: s.message(BATCH).place("header_type"), "B", 4))
bad("header-unknown", "a message of an unknown kind", changed(WHOLE, lambda s: s.message(BATCH).place("header_type"), "B", 99))
first, second = (Stream(WHOLE).messages[n][0] for n in (0, BATCH))
bad("batch-first", "a batch before the schema", WHOLE[second:-8] + WHOLE[:second] + END)
bad("no-schema", "a batch and no schema", WHOLE[second:])
bad("two-schemas", "a second schema", WHOLE[:second] + WHOLE[:second] + WHOLE[second:])
bad("other-batch", "a batch of other columns", WHOLE[:-8] + CODED[Stream(CODED).messages[2][0] :])
for share in (1, 2, 3, 4, 5, 6, 7):
    at = len(WHOLE) * share // 8
    bad("cut-%d" % share, "the stream ends after %d of its %d bytes" % (at, len(WHOLE)), WHOLE[:at])
bad("cut-marker-half", "half an end marker", WHOLE[:-4])
bad("after-8", "8 zeros after the end marker", WHOLE + b"\0" * 8)
bad("after-batch", "a batch after the end marker", WHOLE + WHOLE[second:])

# The schema.
fields = lambda s: s.message(0).table("header", "schema")
bad("fields-huge", "more columns than the metadata has bytes", changed(WHOLE, lambda s: fields(s).vector("fields"), "I", 0xFFFFFFF))
bad("name-huge", "a name longer than the metadata", changed(WHOLE, lambda s: fields(s).element("fields", 0, "field").vector("name"), "I", 1 << 20))
bad("name-utf8", "a name that is no UTF-8", changed(WHOLE, lambda s: fields(s).element("fields", 0, "field").vector("name") + 4, "B", 0xFF))
bad("name-equal", "a name that becomes equal to another", changed(WHOLE, lambda s: fields(s).element("fields", 0, "field").vector("name") + 4, "B", ord("s")))
bad("type-unknown", "a type of an unknown number", changed(WHOLE, lambda s: fields(s).element("fields", 0, "field").place("type_type"), "B", 99))
bad("type-none", "no type", changed(WHOLE, lambda s: fields(s).element("fields", 0, "field").place("type_type"), "B", 0))
for bits in (0, 7, 128, -64):
    bad("int-%d" % bits, "an integer of %d bits" % bits, changed(WHOLE, lambda s: fields(s).element("fields", 0, "field").table("type", "first").place("first"), "i", bits))
MOMENTS = made("hostile/moments")
bad("time-unit", "a timestamp of an unknown unit", changed(MOMENTS, lambda s: fields(s).element("fields", 0, "field").table("type", "first").place("first"), "h", 9))
bad("float-precision", "a float of an unknown precision", changed(MOMENTS, lambda s: fields(s).element("fields", 1, "field").table("type", "first").place("first"), "h", 9))

# Dictionaries: message 1 is that of the values a and b, message 2 the batch with the indices 0, 1 and null.
coded = lambda s: s.message(1).table("header", "dictionary")
CODED_BATCH = 2
index_at = in_body(1, 0, CODED_BATCH)
bad("index-beyond", "an index beyond the dictionary", changed(CODED, index_at, "b", 2))
bad("index-negative", "a negative index", changed(CODED, index_at, "b", -1))
bad("index-last", "the greatest index", changed(CODED, in_body(1, 1, CODED_BATCH), "b", 127))
second, third = (Stream(CODED).messages[n][0] for n in (1, 2))
bad("dictionary-missing", "no dictionary", CODED[:second] + CODED[third:])
bad("dictionary-late", "the dictionary comes after the batch that needs it", CODED[:second] + CODED[third:-8] + CODED[second:third] + END)
TWO = made("form/dictionaries")
bad("dictionary-id", "a dictionary that no column has", changed(TWO, lambda s: s.message(2).table("header", "dictionary").place("id"), "q", 77))
bad("dictionary-rows", "a dictionary that says another number of values", changed(CODED, lambda s: coded(s).table("data", "batch").place("length"), "q", 3))
values_offset = lambda s: s.body(1) + struct.unpack_from("<q", s.data, coded(s).table("data", "batch").vector("buffers") + 4 + 16)[0]
bad("dictionary-offset", "a dictionary whose strings lie beyond their buffer", changed(CODED, lambda s: values_offset(s) + 8, "i", 1 << 20))
text_offset = lambda s: s.body(1) + struct.unpack_from("<q", s.data, coded(s).table("data", "batch").vector("buffers") + 4 + 32)[0]
bad("dictionary-utf8", "a dictionary with a string that is no UTF-8", changed(CODED, text_offset, "B", 0xFF))
bad("dictionary-body", "a dictionary whose body is longer than the stream", changed(CODED, lambda s: s.message(1).place("bodyLength"), "q", 1 << 20))

# Views: buffer 1 has 16 bytes for each, of which the second leads into buffer 2.
bad("view-buffer", "a view into a buffer that is not there", changed(VIEWS, in_body(1, 16 + 8), "i", 7))
bad("view-buffer-negative", "a view into a buffer of negative number", changed(VIEWS, in_body(1, 16 + 8), "i", -1))
bad("view-offset", "a view beyond its buffer", changed(VIEWS, in_body(1, 16 + 12), "i", 1 << 20))
bad("view-length", "a view longer than its buffer", changed(VIEWS, in_body(1, 16), "i", 1 << 20))
bad("view-negative", "a view of negative length", changed(VIEWS, in_body(1, 16), "i", -1))
bad("view-utf8", "a view of bytes that are no UTF-8", changed(VIEWS, in_body(1, 4), "B", 0xFF))
bad("view-variadic", "fewer buffers than the views say", changed(VIEWS, lambda s: batch(s).vector("variadic") + 4, "q", 9))
for slug, value in (("most", 0x78000001), ("huge", HUGE), ("negative", -1)):
    title = "a column of views with an impossible number of buffers"
    bad("view-variadic-" + slug, title, changed(VIEWS, lambda s: batch(s).vector("variadic") + 4, "q", value))
bad("view-variadic-long", "more such numbers than the metadata has bytes", changed(VIEWS, lambda s: batch(s).vector("variadic"), "I", 0xFFFFFFF))
# The third is null, so that nobody needs what its view says; who reads it all the same must find that it lies.
NULL_VIEW = {"type": "table", "rows": 3, "columns": [{"name": "c", "type": "string_view", "nullable": True, "values": ["short", "a word of more than twelve bytes", None]}]}
for slug, at, value, title in (
    ("negative", 0, -1, "of negative length"),
    ("least", 0, -(1 << 31), "of the least length"),
    ("first-buffer", 0, 13, "longer than its buffer's rest"),
    ("beyond", 0, 1 << 20, "longer than its buffer"),
    ("greatest", 0, 0x7FFFFFFF, "of the greatest length"),
):
    stream = changed(VIEWS, in_body(1, 32 + at), "i", value)
    stream = stream.put(in_body(1, 32 + 8)(stream), "i", 0 if slug == "first-buffer" else 7)
    stream = stream.put(in_body(1, 32 + 12)(stream), "i", 1 << 20).bytes()
    value = {"dataname": "p", "payload_type": "arrowtable", "transport": "direct", "size": len(stream), "value": NULL_VIEW}
    verdicts = {"any": [ok(value), undecodable()]}
    CASES.append(case("w3.6-hostile-null-view-" + slug, "a view behind a null, " + title, envelope(payload("arrowtable", stream)), verdicts, **TABLES))

# Wholes.
bad("lz4", "compressed bodies (LZ4)", made("hostile/compressed-lz4"), "lz4")
bad("zstd", "compressed bodies (ZSTD)", made("hostile/compressed-zstd"), "zstd")
bad("file-pyarrow", "the file format", made("hostile/file"), "file format")
bad("equal-names-apart", "equal column names with another between them", made("hostile/equal-names"))
bad("parquet", "another format", b"PAR1" + b"\0" * 64 + b"PAR1")
bad("feather", "another format", b"FEA1" + b"\0" * 64 + b"FEA1")
bad("prefix", "a byte before the stream", b"\0" + WHOLE)
bad("marker-twice", "a continuation marker twice", b"\xff" * 4 + WHOLE)
