"""The cases of ``conformance/cases``: what a receiver is given, and what must come out."""

import base64
import hashlib
import json
import struct
from functools import partial
from pathlib import Path
from typing import Any, Dict, List

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "conformance" / "cases"


def all_cases() -> List[Dict[str, Any]]:
    """Give the cases of receiving."""
    paths = [path for path in sorted(FOLDER.glob("*.json")) if not path.name.endswith(".schema.json")]
    return [case for path in paths for case in _cases(path) if "input" in case]


def cases_of(kind: str) -> List[Dict[str, Any]]:
    """Give the cases of another kind, such as ``encode``."""
    return [case for path in sorted((FOLDER / kind).glob("*.json")) for case in _cases(path)]


def input_bytes(case: Dict[str, Any]) -> bytes:
    """Give the message of a case."""
    ((form, value),) = case["input"].items()
    if form == "text":
        text: str = value
        return text.encode("utf-8", "surrogatepass")
    if form == "base64":
        return base64.b64decode(value, validate=True)
    if form == "json":
        return json.dumps(value, ensure_ascii=False).encode()
    return repeated(value).encode()


def repeated(pieces: List[Any]) -> str:
    return "".join([piece if isinstance(piece, str) else piece[0] * piece[1] for piece in pieces])


def given(value: Dict[str, Any]) -> Any:
    """Give the value that a case gives to a sender."""
    kind = value["type"]
    if kind == "bytes":
        repeat = value.get("repeat")
        if repeat:
            return base64.b64decode(repeat["base64"]) * repeat["times"]
        return base64.b64decode(value["base64"])
    if kind == "string":
        return repeated(value["repeat"]) if "repeat" in value else value["value"]
    if kind == "utf16":
        units = b"".join([unit.to_bytes(2, "little") for unit in value["value"]])
        return units.decode("utf-16-le", "surrogatepass")
    if kind == "array":
        return [given(item) for item in value["value"]]
    if kind == "object":
        return {name: given(item) for name, item in value["value"]}
    if kind in ("int", "float"):
        return {"int": int, "float": float}[kind](value["value"])
    if kind == "table":
        import pyarrow as pa

        return pa.ipc.open_stream(base64.b64decode(value["stream"])).read_all()
    return value.get("value")


def _cases(path: Path) -> List[Dict[str, Any]]:
    cases: List[Dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return cases


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
        return repr(cell.as_py())
    if pa.types.is_timestamp(kind) or pa.types.is_date32(kind):
        return str(cell.value)
    if isinstance(cell.as_py(), bytes):
        return base64.b64encode(cell.as_py()).decode()
    return str(cell.as_py())


def same(expected: Any, found: Any) -> bool:
    """Compare tagged values; doubles as doubles, with their signs."""
    if isinstance(expected, dict) and isinstance(found, dict):
        if expected.get("type") in ("double", "float") and expected.get("type") == found.get("type"):
            if "values" in expected:
                ones, others = expected["values"], found["values"]
                rest = [{name: value for name, value in each.items() if name != "values"} for each in (expected, found)]
                form = "<d" if expected["type"] == "double" else "<f"
                return (
                    rest[0] == rest[1]
                    and len(ones) == len(others)
                    and all(map(partial(_same_float, form), ones, others))
                )
            return _same_float("<d", expected["value"], found["value"])
        return expected.keys() == found.keys() and all(same(expected[name], found[name]) for name in expected)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(same, expected, found))
    return bool(expected == found) and type(expected) is type(found)


def _same_float(form: str, one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return struct.pack(form, float(one)) == struct.pack(form, float(other))
