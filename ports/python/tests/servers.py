"""Servers that the tests start: on free ports of loopback, ended by their process ids."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time


def program(variable, name):
    """The program that an environment variable names, or the one on PATH; None where there is none."""
    return os.environ.get(variable) or shutil.which(name)


@contextlib.contextmanager
def file_server(*arguments):
    """The file server `natsbridge fileserver`, which speaks as Plik does. Gives its URL."""
    command = program("NATSBRIDGE_TEST_COMMAND", "natsbridge")
    assert command, "NATSBRIDGE_TEST_COMMAND names the command natsbridge"
    line = [command, "fileserver", "--listen", "127.0.0.1:0", *arguments]
    with ended(subprocess.Popen(line, stdout=subprocess.PIPE, text=True)) as process:
        yield re.search(r"http://\S+", process.stdout.readline()).group().rstrip("/")


@contextlib.contextmanager
def plik_server():
    """The real Plik where there is one, else `natsbridge fileserver`. Gives its URL."""
    plik = os.environ.get("NATSBRIDGE_TEST_PLIK")
    if not plik:
        with file_server() as url:
            yield url
        return
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "PLIKD_LISTEN_ADDRESS": "127.0.0.1",
            "PLIKD_LISTEN_PORT": str(port),
            "PLIKD_NO_WEB_INTERFACE": "true",
            "PLIKD_DATA_BACKEND_CONFIG": json.dumps({"Directory": f"{folder}/files"}),
            "PLIKD_METADATA_BACKEND_CONFIG": json.dumps(
                {"Driver": "sqlite3", "ConnectionString": f"{folder}/plik.db", "Debug": False}
            ),
        }
        line = subprocess.Popen([plik], cwd=folder, env={**os.environ, **settings}, stdout=subprocess.DEVNULL)
        with ended(line):
            answers(port)
            yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def nats_server():
    """A NATS server. Gives its URL."""
    command = program("NATSBRIDGE_TEST_NATS_SERVER", "nats-server")
    assert command, "NATSBRIDGE_TEST_NATS_SERVER names nats-server"
    port = free_port()
    line = [command, "--addr", "127.0.0.1", "--port", str(port)]
    with ended(subprocess.Popen(line, stderr=subprocess.DEVNULL)):
        answers(port)
        yield f"nats://127.0.0.1:{port}"


@contextlib.contextmanager
def ended(process):
    """Ends a process however the test ends."""
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    """Waits until somebody listens."""
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens on port {port}")


class Peer:
    """A scripted HTTP peer, for faults alone: each connection gets the next answer of the script, the last one for ever.

    An answer is bytes, or a function of the socket. What was asked is kept, with the time of each connection.
    """

    def __init__(self, *script):
        self.script = list(script)
        self.asked = []
        self.times = []
        self.lock = threading.Lock()

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        # Closing alone does not wake the thread that accepts.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, contextlib.suppress(OSError):
            with self.lock:
                self.times.append(time.monotonic())
                answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            self.asked.append(request(connection))
            if callable(answer):
                answer(connection)
            else:
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(5)
                while connection.recv(65536):
                    pass


def request(connection):
    """The head and body of a request, as far as they come."""
    text = b""
    while b"\r\n\r\n" not in text:
        piece = connection.recv(65536)
        if not piece:
            return text
        text += piece
    head, _, body = text.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    while length and len(body) < int(length.group(1)):
        piece = connection.recv(65536)
        if not piece:
            break
        body += piece
    return head + b"\r\n\r\n" + body


def response(body=b"", status="200 OK", **headers):
    lines = [f"HTTP/1.1 {status}"]
    headers.setdefault("Content_Length", len(body))
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
