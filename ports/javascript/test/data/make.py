"""Writes the Arrow streams beside this file, which `tests/data/arrow` of the repository does not have.

    python3 -m venv venv && venv/bin/pip install 'pyarrow>=23.0.1' && venv/bin/python make.py
"""

import pathlib

import pyarrow as pa
from pyarrow import ipc

HERE = pathlib.Path(__file__).parent


def deltas(values):
    """Dictionaries of a large or view form that grow, with a null and longer words among what is added."""
    words = ["a", "b", None, "a word of more than twelve bytes", "e"]
    name = f"delta_{values}.arrows"
    grown = [
        pa.DictionaryArray.from_arrays(pa.array([n - 1, None, 0], pa.int8()), pa.array(words[:n], values))
        for n in (2, 3, 5)
    ]
    sink = pa.BufferOutputStream()
    options = ipc.IpcWriteOptions(emit_dictionary_deltas=True)
    schema = pa.schema([("d", grown[0].type)])
    with ipc.new_stream(sink, schema, options=options) as stream:
        for column in grown:
            stream.write_batch(pa.record_batch([column], schema=schema))
    (HERE / name).write_bytes(sink.getvalue())


for form in (pa.large_string(), pa.string_view()):
    deltas(form)
