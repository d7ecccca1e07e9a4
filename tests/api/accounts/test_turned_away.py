"""Refusals in the audit log: told at once, then added up, and never more than so many."""

import asyncio
from contextlib import closing

import pytest

from printroom.accounts import audit
from printroom.accounts.book import Accounts
from printroom.accounts.principal import LOCAL_ACCOUNT
from printroom.api.accounts.turned_away import MOST, Refused, TurnedAway
from printroom.core.errors import RevokedCredentials, UnknownCredentials
from printroom.database.engine import Database


@pytest.fixture
def book(tmp_path):
    with closing(Database.open(f"sqlite:///{tmp_path / 'test.db'}")) as database:
        yield Accounts(database)


def entries(book):
    """What is in the log of the installation, the oldest first."""
    return book.look(audit.listed, LOCAL_ACCOUNT, None, 1000)[::-1]


def counts(book, place):
    return [one.details["count"] for one in entries(book) if one.address == place]


async def until(condition):
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


async def test_the_first_at_once_the_others_as_a_number(book):
    away = TurnedAway(lambda: book, asyncio.get_running_loop(), window=0.5)
    refused = Refused.of("key.refused", UnknownCredentials("nobody's"), "203.0.113.7")
    for _ in range(1000):
        away.note(refused)
    await until(lambda: counts(book, "203.0.113.7") == [1, 999])
    away.note(refused)  # in a window of its own
    await until(lambda: counts(book, "203.0.113.7") == [1, 999, 1])
    away.close()
    assert counts(book, "203.0.113.7") == [1, 999, 1]


async def test_whoever_has_many_addresses_writes_no_more_for_it(book):
    away = TurnedAway(lambda: book, asyncio.get_running_loop(), window=3600)
    for number in range(5000):
        address = f"203.0.{number // 250}.{number % 250}"
        away.note(Refused.of("key.refused", UnknownCredentials("nobody's"), address))
    for number in range(1000):  # of one network, which is one place
        away.note(Refused.of("key.refused", UnknownCredentials(""), f"2001:db8::{number:x}"))
    away.close()
    found = entries(book)
    assert len(found) <= 2 * (MOST + 1)
    assert sum(one.details["count"] for one in found) == 6000


async def test_what_is_known_of_a_key_is_in_its_account(book):
    away = TurnedAway(lambda: book, asyncio.get_running_loop())
    error = RevokedCredentials("taken back")
    error.account, error.subject = "acc_7", "key_7"
    away.note(Refused.of("key.refused", error, "203.0.113.7"))
    away.close()
    assert entries(book) == []
    (entry,) = book.look(audit.listed, "acc_7", None, 10)
    assert (entry.subject, entry.action) == ("key_7", "key.refused")
    assert entry.details == {"code": "credentials_revoked", "count": 1}
