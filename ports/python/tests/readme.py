"""The example of the README, as a user runs it."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from servers import ended, nats_server, plik_server

README = Path(__file__).resolve().parent.parent / "README.md"


def blocks():
    """The Python blocks that start with a file name."""
    return dict(re.findall(r"```python\n# (\w+\.py)\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL))


def run_example(python=sys.executable, environment=None):
    """Runs the receiver, then the sender, over servers of its own; gives what both print."""
    programs = blocks()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = {"NATS_URL": stack.enter_context(nats_server()), "FILESERVER_URL": stack.enter_context(plik_server())}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        options = {"cwd": str(folder), "env": {**inherited, **urls, **(environment or {})}, "text": True}
        for name, text in programs.items():
            (folder / name).write_text(text, encoding="utf-8")
        receiver = subprocess.Popen([str(python), "-u", "receive.py"], stdout=subprocess.PIPE, **options)
        stack.enter_context(ended(receiver))
        first = receiver.stdout.readline()
        sent = subprocess.run([str(python), "send.py"], stdout=subprocess.PIPE, timeout=60, check=True, **options)
        received, _ = receiver.communicate(timeout=60)
        assert receiver.returncode == 0, receiver.returncode
        return sent.stdout, first + received
