"""Where things stand in an Arrow IPC stream, so that a case can make one of them lie. A flatbuffer is walked, none is written."""

import base64
import json
import pathlib
import struct

MADE = json.loads((pathlib.Path(__file__).resolve().parent / "arrow" / "streams.json").read_text())


def made(name):
    """A stream of `arrow/streams.json`."""
    return base64.b64decode(MADE[name]["stream"])


def table_of(name):
    return MADE[name]["table"]


class Stream:
    """A stream taken apart: for each message the start of its frame, metadata, body and end."""

    def __init__(self, data):
        self.data = bytearray(data)
        self.messages, at = [], 0
        while True:
            length = self.u32(at + 4)
            if length == 0:
                self.end = at
                return
            start = at + 8
            message = Table(self, start + self.u32(start))
            body = start + length
            size = message.i64("bodyLength", 0)
            self.messages.append((at, message, body))
            at = body + size

    def u32(self, at):
        return struct.unpack_from("<I", self.data, at)[0]

    def message(self, index):
        """The table of a message: its header is `.table("header")`."""
        return self.messages[index][1]

    def body(self, index):
        return self.messages[index][2]

    def put(self, at, layout, value):
        struct.pack_into("<" + layout, self.data, at, value)
        return self

    def bytes(self):
        return bytes(self.data)


NAMES = {
    "message": ["version", "header_type", "header", "bodyLength"],
    "batch": ["length", "nodes", "buffers", "compression", "variadic"],
    "dictionary": ["id", "data", "isDelta"],
    "schema": ["endianness", "fields", "metadata"],
    "pair": ["key", "value"],
    "field": ["name", "nullable", "type_type", "type", "dictionary", "children"],
    "encoding": ["id", "indexType", "isOrdered"],
    "first": ["first", "second"],
}


class Table:
    """One table of a flatbuffer."""

    def __init__(self, stream, at, kind="message"):
        self.stream, self.at, self.kind = stream, at, kind

    def place(self, name):
        """Where a member stands."""
        vtable = self.at - struct.unpack_from("<i", self.stream.data, self.at)[0]
        slot = vtable + 4 + 2 * NAMES[self.kind].index(name)
        offset = struct.unpack_from("<H", self.stream.data, slot)[0] if slot < vtable + self.length(vtable) else 0
        assert offset, name
        return self.at + offset

    def slot(self, index):
        """Where the description says where member `index` is."""
        return self.at - struct.unpack_from("<i", self.stream.data, self.at)[0] + 4 + 2 * index

    def length(self, vtable):
        return struct.unpack_from("<H", self.stream.data, vtable)[0]

    def i64(self, name, otherwise):
        try:
            return struct.unpack_from("<q", self.stream.data, self.place(name))[0]
        except AssertionError:
            return otherwise

    def table(self, name, kind):
        at = self.place(name)
        return Table(self.stream, at + self.stream.u32(at), kind)

    def vector(self, name):
        """Where a vector's length stands; its elements follow."""
        at = self.place(name)
        return at + self.stream.u32(at)

    def element(self, name, index, kind):
        at = self.vector(name) + 4 + 4 * index
        return Table(self.stream, at + self.stream.u32(at), kind)
