"""A book of accounts on each kind of database, with a clock that tests may move."""

import pytest

from printroom.accounts.book import Accounts
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
def database(address):
    opened = Database.open(address)
    yield opened
    opened.close()


class Ticker:
    """Time that passes when told to."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def ticker(database):
    database.clock = Ticker()
    return database.clock


@pytest.fixture
def book(database, ticker):
    return Accounts(database)
