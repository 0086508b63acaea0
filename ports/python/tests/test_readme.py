import os
import re
import sys
from pathlib import Path

import readme

import natsbridge

ROOT = Path(__file__).resolve().parent.parent


def test_the_example_runs():
    sent, received = readme.run_example(environment={"PYTHONPATH": os.pathsep.join(sys.path)})
    assert sent == "ACK of True\n"
    assert received.splitlines() == [
        "waiting",
        "from sender",
        "greeting text Hello",
        "settings dictionary {'volume': 11, 'tags': ['a', 'b']}",
        "photo image 600004 bytes",
    ]


def test_every_module_stands_in_the_map():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+\*?)\.py`", text.partition("| where | what |")[2]))
    shown = {name for name in named if "*" not in name}
    prefixes = tuple(name.rstrip("*") for name in named if "*" in name)
    modules = {path.stem for path in (ROOT / "src" / "natsbridge").glob("*.py")} - {"__init__", "_generated"}
    assert {name for name in modules if name not in shown and not (prefixes and name.startswith(prefixes))} == set()
    assert shown - modules == set()


def test_the_version_is_that_of_the_workspace():
    workspace = ROOT.parent.parent / "Cargo.toml"
    if workspace.exists():
        version = re.search(r'^version = "([^"]+)"', workspace.read_text(encoding="utf-8"), re.MULTILINE)
        assert natsbridge.__version__ == version.group(1)
