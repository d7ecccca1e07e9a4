"""Handles: one for each account, unique, and for good once something is published under it."""

import shutil
import threading
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from printroom.accounts import handles, people
from printroom.accounts.audit import CONSOLE, Actor
from printroom.accounts.book import Accounts
from printroom.accounts.handles import HANDLE, RESERVED, proposed
from printroom.accounts.model import SCRIPTS
from printroom.core.errors import AlreadyThere, BadOption, NotFound
from printroom.database.migrate import Scripts, migrate


@given(st.text(max_size=90))
def test_whatever_an_account_is_called_it_gets_one(name):
    few = list(proposed(name))
    assert len(set(few)) == len(few) > 40
    assert all(HANDLE.fullmatch(one) and one not in RESERVED for one in few)


def test_accounts_of_one_name_have_handles_of_their_own(book):
    made = [book.do(people.create_account, CONSOLE, "Acme & Söhne") for _ in range(3)]
    assert [one.handle for one in made] == ["acme-sohne", "acme-sohne-2", "acme-sohne-3"]
    for one in made:
        assert book.handle(one.id) == one.handle
        assert book.holder(one.handle) == one.id
    assert book.handle("local") == "local"
    assert book.holder("nobody") is None
    with pytest.raises(NotFound):
        book.handle("acc_none")


def test_who_comes_at_once_gets_another(book):
    def make():
        found.append(book.do(people.create_account, CONSOLE, "Zoo").handle)

    found: list[str] = []
    threads = [threading.Thread(target=make) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(found) == ["zoo", "zoo-2", "zoo-3", "zoo-4"]


def test_one_is_changed_as_long_as_nothing_is_named_by_it(book):
    published: set[str] = set()
    book.claims.append(published.__contains__)
    acme, zoo = (book.do(people.create_account, CONSOLE, name) for name in ("Acme", "Zoo"))
    me = Actor(zoo.id)
    for taken in (acme.handle, "local", "printroom", "X", "-x", "a b", "", "x" * 40):
        with pytest.raises((BadOption, AlreadyThere)):
            book.take_handle(me, taken)
    book.take_handle(me, "the-zoo")
    book.take_handle(me, "the-zoo")
    assert book.holder("zoo") is None
    published.add(zoo.id)
    with pytest.raises(BadOption, match="published"):
        book.take_handle(me, "zoo")
    assert book.handle(zoo.id) == "the-zoo"
    with pytest.raises(BadOption):
        book.take_handle(CONSOLE, "house")


def test_two_who_want_the_same_do_not_both_get_it(book):
    def take(account):
        try:
            book.do(handles.changed, Actor(account), "gold")
            won.append(account)
        except AlreadyThere:
            pass

    made = [book.do(people.create_account, CONSOLE, name).id for name in ("Acme", "Zoo", "Ink")]
    won: list[str] = []
    threads = [threading.Thread(target=take, args=(one,)) for one in made]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert won == [book.holder("gold")]


def test_accounts_of_before_get_theirs_from_their_names(database, tmp_path):
    old = tmp_path / "migrations"
    old.mkdir()
    for script in islice(sorted(SCRIPTS.folder.glob("v*.py")), 1):
        shutil.copy(script, old)
    migrate(database, [Scripts(SCRIPTS.owner, old)])
    names = {"a1": "Acme", "a2": "ACME", "a3": "Local", "a4": "printroom", "a5": "日本", "a6": "Ä"}
    with database.write() as connection:
        for number, (account, name) in enumerate(names.items()):
            row = {"id": account, "name": name, "at": float(number)}
            connection.execute(text("INSERT INTO accounts VALUES (:id, :name, :at)"), row)
    book = Accounts(database)
    found = {one.id: one.handle for one in book.look(people.accounts)}
    assert found == {
        "local": "local", "a1": "acme", "a2": "acme-2", "a3": "local-2", "a4": "printroom-2",
        "a5": "account-2", "a6": "a-2",
    }  # fmt: skip
