"""Statements handed to the driver say, and mean, what SQLAlchemy's own do."""

import pytest
from sqlalchemy import (
    Column,
    Double,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from printroom.core.errors import DatabaseMismatch, DatabaseUnavailable
from printroom.database.prepared import Prepared

THINGS = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text),
    Column("size", Double),
)
ADD = Prepared(insert(THINGS))
ALL = select(THINGS).order_by(THINGS.c.id)
SOME = (
    select(THINGS.c.id)
    .where(THINGS.c.id.in_(bindparam("ids", expanding=True)), THINGS.c.name.in_(("a", "b%", "c'")))
    .where(THINGS.c.size >= bindparam("least"))
    .order_by(THINGS.c.id)
    .limit(bindparam("most"))
)
ROWS = [
    {"id": 1, "name": "a", "size": 0.5},
    {"id": 2, "name": "b%", "size": None},
    {"id": 3, "name": "c'", "size": 2.5},
    {"id": 4, "name": None, "size": 3.5},
]


@pytest.fixture
def filled(database):
    with database.write() as connection:
        THINGS.metadata.create_all(connection)
        ADD.each(connection, ROWS)
    return database


def test_rows_are_those_that_sqlalchemy_finds(filled):
    some = Prepared(SOME)
    with filled.read() as connection:
        assert Prepared(ALL)(connection) == [tuple(row) for row in connection.execute(ALL)]
        for ids in ([], [1], [1, 2, 3], [3, 4, 1, 9], [7, 1, 8, 9, 2]):
            for least, most in ((0.0, 10), (1.0, 10), (0.0, 1)):
                values = {"ids": ids, "least": least, "most": most, "of": "no use"}
                found = connection.execute(SOME, values).scalars().all()
                assert [name for (name,) in some(connection, values)] == found
        assert some.first(connection, {"ids": [], "least": 0.0, "most": 1}) is None


def test_changes_are_counted_and_go_with_their_transaction(filled):
    change = update(THINGS).where(THINGS.c.size > bindparam("over")).values(name="large")

    def half(connection):
        assert Prepared(change).count(connection, {"over": 1.0}) == 2
        raise RuntimeError

    with pytest.raises(RuntimeError):
        filled.run(half)
    gone = Prepared(
        delete(THINGS).where(THINGS.c.id == bindparam("which")).returning(THINGS.c.name)
    )
    with filled.write() as connection:
        assert gone(connection, {"which": 3}) == [("c'",)]
        assert gone(connection, {"which": 3}) == []
    with filled.read() as connection:
        assert [row[1] for row in Prepared(ALL)(connection)] == ["a", "b%", None]


def test_errors_mean_what_they_always_do(filled):
    with pytest.raises(IntegrityError), filled.write() as connection:
        ADD.each(connection, ROWS[:1])
    with pytest.raises(IntegrityError), filled.write() as connection:
        ADD.each(connection, ROWS[:2])
    with pytest.raises(DatabaseMismatch), filled.read() as connection:
        Prepared(text("SELECT * FROM nowhere"))(connection)
    with filled.read() as connection:  # the connection goes on
        assert len(Prepared(ALL)(connection)) == len(ROWS)


def test_a_connection_that_broke_is_away_and_not_used_again(postgres, opened):
    database = opened(postgres.create(), patience=0)
    query = Prepared(text("SELECT pg_backend_pid()"))
    seen = []

    def broken(connection):
        ((pid,),) = query(connection)
        seen.append(pid)
        with database.read() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        query(connection)

    with pytest.raises(DatabaseUnavailable):
        database.run(broken, write=False)
    with database.read() as connection:
        assert query(connection) != [(seen[0],)]
