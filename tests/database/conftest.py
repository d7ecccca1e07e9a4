"""The same laws on both: an SQLite file, and a PostgreSQL server of our own on loopback."""

import pytest

from printroom.core.errors import NotFound
from printroom.database.engine import Database
from printroom.database.own_server import OwnServer


@pytest.fixture(scope="session")
def server():
    try:
        started = OwnServer.start()
    except (NotFound, ModuleNotFoundError) as reason:
        pytest.skip(f"PostgreSQL: {reason}")
    with started:
        yield started


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    return request.getfixturevalue("server").create()


@pytest.fixture
def opened():
    """Opens databases; closed after the test."""
    databases = []

    def make(address, **options):
        databases.append(Database.open(address, **options))
        return databases[-1]

    yield make
    for database in databases:
        database.close()


@pytest.fixture
def database(address, opened):
    return opened(address)
