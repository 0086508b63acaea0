"""The runner's values as Python's, and Python's as the runner reads them (``$defs/Given`` and ``$defs/Tagged``)."""

from array import array
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

import pyarrow as pa

FLOATS = {"nan": "NaN", "-nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
READ = {
    "null": lambda _: None,
    "int": lambda it: int(it["value"]),
    "float": lambda it: float(it["value"]),
    "utf16": lambda it: array("H", it["value"]).tobytes().decode("utf-16", "surrogatepass"),
    "array": lambda it: [given(item) for item in it["value"]],
    "object": lambda it: {name: given(item) for name, item in it["value"]},
    "bytes": lambda it: b64decode(it["base64"]),
    "table": lambda it: pa.ipc.open_stream(b64decode(it["stream"])).read_all(),
    "file": lambda it: Path(it["path"]),
}


def given(it):
    return READ[it["type"]](it) if it["type"] in READ else it["value"]


def tagged(value):
    for kind, name, text in ((bool, "bool", bool), (int, "int", str), (float, "float", repr), (str, "string", str)):
        if isinstance(value, kind):
            return {"type": name, "value": text(value)}
    if value is None:
        return {"type": "null"}
    if isinstance(value, list):
        return {"type": "array", "value": [tagged(item) for item in value]}
    if isinstance(value, dict):
        return {"type": "object", "value": [[name, tagged(item)] for name, item in value.items()]}
    if isinstance(value, pa.Table):
        return {"type": "table", "rows": value.num_rows, "columns": [column(value[it.name], it) for it in value.schema]}
    content = value.read_bytes() if isinstance(value, Path) else value
    base64 = {"base64": b64encode(content).decode()} if len(content) <= 4096 else {}
    return {"type": "bytes", "size": len(content), "sha256": sha256(content).hexdigest(), **base64}


def column(values, field):
    if pa.types.is_temporal(field.type):
        values = values.cast(pa.int32() if pa.types.is_date(field.type) else pa.int64())
    if pa.types.is_floating(values.type) or pa.types.is_integer(values.type):
        values = values.cast(pa.string())
    cells = [b64encode(it).decode() if isinstance(it, bytes) else it for it in values.to_pylist()]
    cells = [FLOATS.get(it, it) for it in cells] if pa.types.is_floating(field.type) else cells
    return {"name": field.name, "type": str(field.type), "nullable": field.nullable, "values": cells}
