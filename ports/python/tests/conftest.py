import asyncio
import sys

import pytest
import servers


def pytest_configure(config):
    if sys.version_info < (3, 9):
        # The newest aiohttp for 3.8 lets a connection that broke off within a body flush before it closes.
        config.addinivalue_line("filterwarnings", "ignore:unclosed transport:ResourceWarning")


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
