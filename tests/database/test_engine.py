"""Transactions: all or nothing, one after the other, and tried again while the database is away."""

import sqlite3
import threading
import time

import pytest
from sqlalchemy import text

from printroom.core.errors import DatabaseMismatch, DatabaseUnavailable, DiskFull, Unwritable
from printroom.database import engine
from printroom.database.clock import ServerClock


@pytest.fixture
def counter(database):
    """A database with one number in it, 0 at first."""
    with database.write() as connection:
        connection.execute(text("CREATE TABLE counter (value INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))
    return database


def value(database):
    with database.read() as connection:
        return connection.execute(text("SELECT value FROM counter")).scalar_one()


def test_a_block_that_raises_leaves_nothing(counter):
    def work(connection):
        connection.execute(text("UPDATE counter SET value = 1"))
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        counter.run(work)
    assert value(counter) == 0


def test_writers_do_not_lose_each_others_work(counter):
    """Read, then write: the classic lost update, and SQLite's classic deadlock."""

    def add():
        for _ in range(25):
            with counter.write() as connection:
                query = "SELECT value FROM counter FOR UPDATE"
                if counter.sqlite:
                    query = "SELECT value FROM counter"
                found = connection.execute(text(query)).scalar_one()
                connection.execute(text("UPDATE counter SET value = :v"), {"v": found + 1})

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(counter) == 150


def test_readers_are_not_held_up_by_a_writer(counter):
    with counter.write() as connection:
        connection.execute(text("UPDATE counter SET value = 7"))
        assert value(counter) == 0
    assert value(counter) == 7


def test_tables_that_are_missing(database):
    with pytest.raises(DatabaseMismatch, match="nowhere"), database.read() as connection:
        connection.execute(text("SELECT * FROM nowhere"))


def test_mistakes_of_ours_stay_what_they_are(database):
    with pytest.raises(Exception, match="syntax"), database.read() as connection:
        connection.execute(text("SELEC"))


def test_a_full_disk(tmp_path, opened):
    database = opened(f"sqlite:///{tmp_path / 'small.db'}", patience=0)
    with database.write() as connection:
        connection.execute(text("CREATE TABLE notes (text TEXT)"))

    def fill(connection):
        connection.execute(text("PRAGMA max_page_count = 4"))
        for _ in range(10):
            connection.execute(text("INSERT INTO notes VALUES (:t)"), {"t": "x" * 4000})

    with pytest.raises(DiskFull, match=r"small\.db"):
        database.run(fill)
    with database.write() as connection:
        connection.execute(text("PRAGMA max_page_count = 1000"))
        assert connection.execute(text("SELECT count(*) FROM notes")).scalar() == 0


def test_a_locked_file_is_waited_for(tmp_path, opened, monkeypatch):
    monkeypatch.setattr(engine, "BUSY", 0.05)
    database = opened(f"sqlite:///{tmp_path / 'locked.db'}")
    with database.write() as connection:
        connection.execute(text("CREATE TABLE notes (text TEXT)"))
    holder = sqlite3.connect(tmp_path / "locked.db", check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")

    def work(connection):
        connection.execute(text("INSERT INTO notes VALUES ('x')"))

    with pytest.raises(DatabaseUnavailable, match="locked"):
        database.run(work, patience=0.2)
    threading.Timer(0.3, holder.rollback).start()
    database.run(work)
    holder.close()
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM notes")).scalar() == 1


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Unwritable):
        engine.Database.open(f"sqlite:///{tmp_path / 'file' / 'x.db'}")


def test_a_server_that_is_not_there():
    with pytest.raises(DatabaseUnavailable) as caught:
        engine.Database.open("postgresql+psycopg://me:hunter2@127.0.0.1:1/x", patience=0)
    assert "hunter2" not in str(caught.value)


def test_work_stops_waiting_when_told(opened, postgres):
    database = opened(postgres.create())
    stop = threading.Event()

    def away(_connection):
        stop.set()
        raise DatabaseUnavailable("away")

    with pytest.raises(DatabaseUnavailable):
        database.run(away, stop=stop)


def test_a_commit_outlasts_the_servers_end(opened, postgres):
    database = opened(postgres.create())
    with database.write() as connection:
        connection.execute(text("CREATE TABLE notes (text TEXT)"))
        connection.execute(text("INSERT INTO notes VALUES ('kept')"))
    postgres.stop()
    with pytest.raises(DatabaseUnavailable):
        database.run(lambda c: c.execute(text("SELECT 1")), write=False, patience=0.1)
    back = threading.Timer(0.5, postgres.begin)
    back.start()
    read = text("SELECT text FROM notes")
    kept = database.run(lambda c: c.execute(read).scalar(), write=False, patience=30)
    back.join()
    assert kept == "kept"


def test_all_tell_the_same_time(database):
    assert abs(database.clock() - time.time()) < 1  # the server is on this machine
    before = database.clock()
    assert database.clock() >= before


def test_a_servers_time_is_carried_on_while_it_is_away():
    answers = [1000.0]
    clock = ServerClock(answers.pop)
    first = clock()
    clock._asked -= 60
    assert 1000 <= first <= clock() < 1001
    with pytest.raises(IndexError):
        ServerClock(answers.pop)()
