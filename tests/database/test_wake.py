"""Who waits for a topic hears of every commit that told it, from whatever process."""

import subprocess
import sys
import threading

import pytest
from sqlalchemy import text

from printroom.database import wake
from printroom.database.wake import Wakes

FAR = 30
"""Seconds that nobody waits for, unless a wake is lost."""


@pytest.fixture
def wakes(database):
    made = Wakes(database)
    with database.write() as connection:
        connection.execute(text("CREATE TABLE notes (text TEXT)"))
    yield made
    made.close()


@pytest.mark.parametrize("quiet", [1, 0])
def test_a_commit_of_another_process_wakes(wakes, address, monkeypatch, quiet):
    monkeypatch.setattr(wake, "_QUIET", quiet)
    code = """
import sys
from sqlalchemy import text
from printroom.database.engine import Database
from printroom.database.wake import Wakes
database = Database.open(sys.argv[1])
wakes = Wakes(database)
for _ in sys.stdin:
    with database.write() as connection:
        connection.execute(text("INSERT INTO notes VALUES ('x')"))
        wakes.tell(connection, "other", "mine")
"""
    command = [sys.executable, "-c", code, address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as child:
        for _ in range(5):
            seen = wakes.seen("mine")
            child.stdin.write("go\n")
            child.stdin.flush()
            assert wakes.wait("mine", seen, FAR)
        child.stdin.close()


def test_what_was_told_between_look_and_wait_is_not_missed(wakes, database):
    seen = wakes.seen("mine")
    with database.write() as connection:
        connection.execute(text("INSERT INTO notes VALUES ('x')"))
        wakes.tell(connection, "mine")
    assert wakes.wait("mine", seen, FAR)


def test_ones_own_bump_wakes_at_once_and_only_its_topic(wakes):
    mine, other = wakes.seen("mine"), wakes.seen("other")
    threading.Timer(0.05, wakes.bump, ("mine",)).start()
    assert wakes.wait("mine", mine, FAR)
    assert not wakes.wait("other", other, 0.05)


def test_what_is_rolled_back_wakes_nobody(wakes, database):
    seen = wakes.seen("mine")

    def work(connection):
        connection.execute(text("INSERT INTO notes VALUES ('x')"))
        wakes.tell(connection, "mine")
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        database.run(work)
    assert not wakes.wait("mine", seen, 0.2)


def test_closing_wakes_everybody(database):
    wakes = Wakes(database)
    threading.Timer(0.1, wakes.close).start()
    assert wakes.wait("mine", wakes.seen("mine"), FAR)
    wakes.close()


def test_a_listener_comes_back_with_its_server(postgres, opened):
    database = opened(postgres.create())
    wakes = Wakes(database)
    seen = wakes.seen("mine")
    postgres.stop()
    postgres.begin()
    assert wakes.wait("mine", seen, FAR)  # it was away, and may have missed something
    for _ in range(4):  # at most two of them while it still wakes for being away and back
        seen = wakes.seen("mine")
        database.run(lambda connection: wakes.tell(connection, "mine"))
        assert wakes.wait("mine", seen, FAR)
    wakes.close()
