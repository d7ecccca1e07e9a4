"""`printroom keys`, `accounts` and `usage`, as commands, on a database of their own."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from printroom.accounts import lookup, metering
from printroom.accounts.book import Accounts
from printroom.accounts.credentials import kind_of
from printroom.accounts.metering import Use
from printroom.core.errors import ExpiredCredentials, RevokedCredentials
from printroom.database.engine import Database


@pytest.fixture
def run(tmp_path):
    """Run a command; its output. `status`: what it must end with."""

    def command(*arguments, told="", status=0):
        done = subprocess.run(
            [sys.executable, "-m", "printroom", *arguments],
            env=os.environ | {"PRINTROOM_DATA": str(tmp_path)},
            input=told, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        return done.stdout if status == 0 else done.stderr

    return command


@pytest.fixture
def kept(tmp_path):
    """The book that the commands write in."""
    database = Database.open(f"sqlite:///{tmp_path / 'printroom.db'}")
    yield Accounts(database)
    database.close()


def find(book, secret):
    return book.look(lookup.find, secret, target=None, login=True).principal


def test_the_life_of_a_key(run, kept):
    secret = run("keys", "create", "shop", "--scope", "images", "--days", "7").strip()
    assert kind_of(secret) == "live"
    who = find(kept, secret)
    assert (who.account, who.scopes) == ("local", {"images"})
    (told,) = map(json.loads, run("keys", "list", "--json").splitlines())
    assert (told["id"], told["name"], told["revoked_at"]) == (who.key, "shop", None)
    assert secret not in run("keys", "list")
    new = run("keys", "rotate", told["id"], "--overlap", "0").strip()
    with pytest.raises(ExpiredCredentials):
        find(kept, secret)
    assert find(kept, new).key == who.key
    run("keys", "revoke", told["id"])
    with pytest.raises(RevokedCredentials):
        find(kept, new)
    assert "revoked" in run("keys", "list")


def test_what_cannot_be_had_is_a_sentence(run):
    assert "no scope 'everything'" in run("keys", "create", "x", "--scope", "everything", status=2)
    assert "no key 'key_x'" in run("keys", "revoke", "key_x", status=2)
    assert "no account 'acc_x'" in run("keys", "create", "x", "--account", "acc_x", status=2)
    assert "no role 'king'" in run("accounts", "create", "a@b.c", "--role", "king", status=2)
    assert "is no e-mail" in run("accounts", "create", "ann", told="long enough\n", status=2)
    assert "10 to 1024" in run("accounts", "create", "a@b.c", told="short\n", status=2)
    assert "nobody with the address" in run(
        "accounts", "passwd", "a@b.c", told="long enough\n", status=2
    )
    assert "'colour'" in run("usage", "--by", "colour", status=2)


def test_a_key_for_the_environment_is_kept_nowhere(run):
    assert kind_of(run("keys", "generate").strip()) == "live"
    assert run("keys", "list", "--json") == ""


def test_people_and_their_accounts(run, kept):
    assert run("accounts", "create", "Ann@example.com", told="four words make one\n") == "local\n"
    other = run("accounts", "create", "bob@example.com", "--name", "Studio", "--no-password")
    rows = [json.loads(line) for line in run("accounts", "list", "--json").splitlines()]
    assert [(row["account"], row["email"], row["role"]) for row in rows] == [
        ("local", "ann@example.com", "owner"), (other.strip(), "bob@example.com", "owner"),
    ]  # fmt: skip
    assert kept.sign_in("ann@example.com", "four words make one").account == "local"
    run("accounts", "passwd", "ann@example.com", told="another four words\n")
    assert kept.sign_in("ann@example.com", "another four words").account == "local"


def test_usage_by_what_is_asked(run, kept):
    now = datetime.now(UTC).timestamp()
    with kept.database.write() as writing:
        for target in ("enhance", "enhance", "p@1"):
            use = Use("local", "key_1", target, "", now, 1, 2_000_000, 500, 1500)
            metering.add(writing, [use])
    rows = [json.loads(line) for line in run("usage", "--by", "target", "--json").splitlines()]
    assert rows == [
        {"target": "enhance", "runs": 2, "pictures": 2, "megapixels": 4.0, "seconds": 1.0,
         "units": 3.0},
        {"target": "p@1", "runs": 1, "pictures": 1, "megapixels": 2.0, "seconds": 0.5,
         "units": 1.5},
    ]  # fmt: skip
    assert "MEGAPIXELS" in run("usage")
