import asyncio

import pytest
import servers


@pytest.fixture(scope="session")
def plik():
    """The URL of a Plik server."""
    with servers.plik_server() as url:
        yield url


@pytest.fixture(scope="session")
def nats_url():
    with servers.nats_server() as url:
        yield url


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("NATS_URL", "FILESERVER_URL", "SIZE_THRESHOLD"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run():
    """Runs a coroutine to its end."""
    return asyncio.run
