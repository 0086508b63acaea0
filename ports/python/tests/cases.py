"""The cases of ``conformance/cases``: what a receiver is given, and what must come out."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any, Dict, Iterator

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "conformance" / "cases"


def all_cases() -> Iterator[Dict[str, Any]]:
    for path in sorted(FOLDER.glob("*.json")):
        if path.name != "case.schema.json":
            yield from json.loads(path.read_text("utf-8"))


def input_bytes(case: Dict[str, Any]) -> bytes:
    """Give the message of a case."""
    ((form, value),) = case["input"].items()
    if form == "text":
        return value.encode("utf-8", "surrogatepass")
    if form == "base64":
        return base64.b64decode(value, validate=True)
    if form == "json":
        return json.dumps(value, ensure_ascii=False).encode()
    pieces = [piece if isinstance(piece, str) else piece[0] * piece[1] for piece in value]
    return "".join(pieces).encode()


def tagged(value: Any) -> Dict[str, Any]:
    """Give a value as cases have it: so that nothing about it is lost."""
    if value is None:
        return {"type": "null"}
    if isinstance(value, bool):
        return {"type": "bool", "value": value}
    if isinstance(value, int):
        return {"type": "int", "value": str(value)}
    if isinstance(value, float):
        return {"type": "float", "value": repr(value)}
    if isinstance(value, str):
        return {"type": "string", "value": value}
    if isinstance(value, list):
        return {"type": "array", "value": [tagged(item) for item in value]}
    if isinstance(value, dict):
        return {"type": "object", "value": [[name, tagged(item)] for name, item in value.items()]}
    if isinstance(value, bytes):
        result = {"type": "bytes", "size": len(value), "sha256": hashlib.sha256(value).hexdigest()}
        return result if len(value) > 4096 else {**result, "base64": base64.b64encode(value).decode()}
    return tagged_table(value)


def tagged_table(table: Any) -> Dict[str, Any]:
    columns = []
    for field, column in zip(table.schema, table.columns):
        columns.append(
            {
                "name": field.name,
                "type": str(field.type),
                "nullable": field.nullable,
                "values": [_cell(field.type, cell) for cell in column],
            }
        )
    return {"type": "table", "rows": table.num_rows, "columns": columns}


def _cell(kind: Any, cell: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind, cell = kind.value_type, pa.scalar(cell.as_py(), kind.value_type)
    if not cell.is_valid:
        return None
    if pa.types.is_boolean(kind):
        return cell.as_py()
    if pa.types.is_floating(kind):
        value = cell.as_py()
        if value != value:
            return "NaN"
        if value in (float("inf"), float("-inf")):
            return "Infinity" if value > 0 else "-Infinity"
        return str(cell.as_py()) if pa.types.is_float64(kind) else str(value)
    if pa.types.is_timestamp(kind) or pa.types.is_date32(kind):
        return str(cell.value)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return base64.b64encode(cell.as_py()).decode()
    return str(cell.as_py())


def same(expected: Any, found: Any) -> bool:
    """Compare tagged values; doubles as doubles."""
    if isinstance(expected, dict) and expected.get("type") == "float" == found.get("type") and "value" in found:
        import struct

        return struct.pack("<d", float(expected["value"])) == struct.pack("<d", float(found["value"]))
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(same(expected[name], found[name]) for name in expected)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(same, expected, found))
    return bool(expected == found) and type(expected) is type(found)
