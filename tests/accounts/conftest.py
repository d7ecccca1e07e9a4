"""A book of accounts on each kind of database, with a clock that tests may move."""

import pytest

from printroom.accounts.book import Accounts
from printroom.database.engine import Database


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
