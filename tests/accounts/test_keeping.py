"""A process keeps what it served, though the database is not there yet, or is away."""

import time

import pytest

from printroom.accounts import keeping, metering
from printroom.accounts.keeping import Keeper
from printroom.accounts.metering import Use

USE = Use("local", "key_1", "enhance", "", 1_800_000_000.0, 1, 10**6, 250, 1000)


def runs(book):
    return [one.runs for one in book.look(metering.usage, "local", "2000-01-01", "2100-01-01", [])]


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def quick(monkeypatch):
    for name in ("SYNC", "FOLD", "LOOK"):
        monkeypatch.setattr(keeping, name, 0.01)


def test_it_is_counted_by_itself_and_once(book, tmp_path, quick):
    keeper = Keeper(tmp_path, lambda: book.database)
    for number in (1, 2, 3):
        keeper.keep(USE)
        until(lambda wanted=number: runs(book) == [wanted])
    keeper.close()
    assert runs(book) == [3]
    assert not list(tmp_path.glob("*.uses"))


def test_what_was_kept_before_the_database_was_open_is_counted_when_it_is(book, tmp_path, quick):
    opened = []
    keeper = Keeper(tmp_path, lambda: opened[0] if opened else None)
    keeper.keep(USE)
    time.sleep(0.1)
    assert runs(book) == [0]
    opened.append(book.database)
    until(lambda: runs(book) == [1])
    keeper.close()


def test_the_end_counts_the_rest_and_a_later_process_what_is_left(book, tmp_path):
    first = Keeper(tmp_path, lambda: None)
    first.keep(USE)
    first.close()
    assert runs(book) == [0]
    second = Keeper(tmp_path, lambda: book.database)
    second.keep(USE)
    second.close()
    assert runs(book) == [2]
