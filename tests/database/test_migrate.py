"""Tables come to the shape that is known, once, whoever asks, or stay as they were."""

import subprocess
import sys

import pytest
from sqlalchemy import text

from printroom.core.errors import DatabaseMismatch
from printroom.database.migrate import Scripts, migrate, revision

SCRIPT = """
from alembic import op
import sqlalchemy as sa
revision, down_revision = {revision!r}, {down!r}
def upgrade():
    {body}
"""


@pytest.fixture
def scripts(tmp_path):
    folder = tmp_path / "scripts"
    folder.mkdir()
    return Scripts("things", folder)


@pytest.fixture
def write(scripts):
    def script(number, body):
        down = f"{number - 1:04}" if number > 1 else None
        code = SCRIPT.format(revision=f"{number:04}", down=down, body=body)
        (scripts.folder / f"v{number:04}.py").write_text(code)

    return script


FIRST = "op.create_table('things', sa.Column('id', sa.Integer, primary_key=True))"
SECOND = "op.execute('INSERT INTO things VALUES (2)')"


def rows(database):
    with database.read() as connection:
        return connection.execute(text("SELECT count(*) FROM things")).scalar_one()


def test_each_script_runs_once(database, scripts, write):
    assert revision(database, scripts) is None
    write(1, FIRST)
    migrate(database, [scripts])
    assert revision(database, scripts) == "0001"
    write(2, SECOND)
    for _ in range(3):
        migrate(database, [scripts])
    assert (revision(database, scripts), rows(database)) == ("0002", 1)


def test_a_script_that_fails_leaves_all_as_it_was(database, scripts, write):
    write(1, FIRST)
    migrate(database, [scripts])
    write(2, SECOND)
    write(3, "op.execute('INSERT INTO things VALUES (2)')  # again: no unique key")
    with pytest.raises(Exception, match=r"(?i)unique"):
        migrate(database, [scripts])
    assert (revision(database, scripts), rows(database)) == ("0001", 0)


def test_what_a_newer_one_made_is_refused(database, scripts, write):
    write(1, FIRST)
    write(2, SECOND)
    migrate(database, [scripts])
    (scripts.folder / "v0002.py").unlink()
    with pytest.raises(DatabaseMismatch, match="newer"):
        migrate(database, [scripts])


def test_of_many_at_once_one_migrates(address, scripts, write, database):
    write(1, FIRST)
    write(2, SECOND)
    code = """
import sys
from pathlib import Path
from printroom.database.engine import Database
from printroom.database.migrate import Scripts, migrate
database = Database.open(sys.argv[1])
print(flush=True)
sys.stdin.readline()
migrate(database, [Scripts("things", Path(sys.argv[2]))])
"""
    command = [sys.executable, "-c", code, address, str(scripts.folder)]
    pipe = subprocess.PIPE
    children = [subprocess.Popen(command, stdin=pipe, stdout=pipe) for _ in range(3)]
    for child in children:
        child.stdout.readline()
    for child in children:
        child.communicate(b"\n")
    assert [child.returncode for child in children] == [0, 0, 0]
    assert rows(database) == 1
