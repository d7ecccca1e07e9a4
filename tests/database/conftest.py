"""The same laws on both: an SQLite file, and a PostgreSQL server of our own on loopback."""

import pytest

from printroom.database.engine import Database


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
