"""Accounts and members: an account keeps an owner, and only owners make owners."""

from itertools import pairwise

import pytest
from sqlalchemy import event

from printroom.accounts import audit, people
from printroom.accounts.audit import CONSOLE, Actor
from printroom.accounts.passwords import hashed, matches
from printroom.accounts.principal import SCOPES
from printroom.accounts.roles import ROLES, role_of, scopes_of
from printroom.core.errors import AlreadyThere, BadOption, NotAllowed, NotFound, WrongPassword

PASSWORD = "correct horse battery"


def test_an_installation_begins_with_one_account_and_nobody(book):
    assert [one.id for one in book.look(people.accounts)] == ["local"]
    assert not book.look(people.peopled)
    assert book.owner("Ann@Example.com", PASSWORD)
    assert not book.owner("ann@example.COM", "another password")
    assert book.look(people.peopled)
    (ann,) = book.look(people.members, "local")
    assert (ann.email, ann.role) == ("ann@example.com", "owner")


def test_signing_in_tells_nobody_whether_an_address_is_known(book):
    book.owner("ann@example.com", PASSWORD)
    signed = book.sign_in(" ANN@example.com", PASSWORD)
    assert signed.account == "local"
    said = set()
    for email, password in [
        ("ann@example.com", "wrong"),
        ("bob@example.com", PASSWORD),
        ("no address", PASSWORD),
        ("ann@example.com", ""),
        ("ann@example.com", "x" * 5000),
    ]:
        with pytest.raises(WrongPassword) as refused:
            book.sign_in(email, password)
        said.add(str(refused.value))
    assert len(said) == 1


def test_the_database_is_asked_as_often_for_an_address_that_nobody_has(book):
    book.owner("ann@example.com", PASSWORD)
    asked = []
    listener = lambda *given: asked.append(given[2])  # noqa: E731  the statement
    event.listen(book.database.engine, "before_cursor_execute", listener)
    counts = []
    for email in ("ann@example.com", "bob@example.com"):
        asked.clear()
        with pytest.raises(WrongPassword):
            book.sign_in(email, "wrong")
        counts.append(len(asked))
    event.remove(book.database.engine, "before_cursor_execute", listener)
    assert counts[0] == counts[1] > 0


def test_who_has_no_password_cannot_sign_in_with_any(book):
    book.do(people.join, CONSOLE, "local", "ann@example.com", "owner", None)
    for password in ("", "None", PASSWORD):
        with pytest.raises(WrongPassword):
            book.sign_in("ann@example.com", password)


def test_passwords_have_a_length_and_match_themselves_alone():
    stored = hashed(PASSWORD)
    assert stored != hashed(PASSWORD)
    assert matches(stored, PASSWORD)
    assert not matches(stored, PASSWORD + " ")
    assert not matches(None, PASSWORD)
    for bad in ("short", "x" * 2000):
        with pytest.raises(BadOption):
            hashed(bad)


def test_an_account_keeps_an_owner(book):
    ann = book.do(people.join, CONSOLE, "local", "ann@example.com", "owner").user
    me = Actor("local", ann)
    for work in (
        lambda: book.do(people.leave, me, "local", ann),
        lambda: book.do(people.change_role, me, "local", ann, "member"),
    ):
        with pytest.raises(BadOption, match="last owner"):
            work()
    bob = book.do(people.join, me, "local", "bob@example.com", "owner").user
    book.do(people.leave, me, "local", ann)
    assert [one.user for one in book.look(people.members, "local")] == [bob]


def test_only_owners_make_and_unmake_owners(book):
    ann = book.do(people.join, CONSOLE, "local", "ann@example.com", "owner").user
    bob = book.do(people.join, CONSOLE, "local", "bob@example.com", "admin").user
    admin = Actor("local", bob)
    for work in (
        lambda: book.do(people.join, admin, "local", "eve@example.com", "owner"),
        lambda: book.do(people.change_role, admin, "local", bob, "owner"),
        lambda: book.do(people.change_role, admin, "local", ann, "viewer"),
        lambda: book.do(people.leave, admin, "local", ann),
    ):
        with pytest.raises(NotAllowed):
            work()
    roles = {one.user: one.role for one in book.look(people.members, "local")}
    assert roles == {ann: "owner", bob: "admin"}


def test_who_is_a_member_twice_and_who_is_none(book):
    book.do(people.join, CONSOLE, "local", "ann@example.com", "owner")
    with pytest.raises(AlreadyThere):
        book.do(people.join, CONSOLE, "local", "ANN@example.com", "viewer")
    with pytest.raises(NotFound):
        book.do(people.leave, CONSOLE, "local", "usr_nobody")
    with pytest.raises(NotFound):
        book.do(people.set_password, CONSOLE, "bob@example.com", hashed(PASSWORD))


def test_one_person_in_two_accounts(book):
    book.owner("ann@example.com", PASSWORD)
    other = book.do(people.create_account_with, CONSOLE, "Studio", "ann@example.com", None)
    assert book.sign_in("ann@example.com", PASSWORD).account == "local"
    assert book.sign_in("ann@example.com", PASSWORD, account=other.id).account == other.id
    with pytest.raises(NotAllowed):
        book.sign_in("ann@example.com", PASSWORD, account="acc_nobodys")


def test_a_smaller_role_may_less_and_admin_is_for_owners_of_the_installation():
    for account in ("local", "acc_1"):
        scopes = [scopes_of(role, account) for role in ROLES]
        assert all(more >= less for more, less in pairwise(scopes))
    assert scopes_of("owner", "local") == SCOPES
    assert "admin" not in scopes_of("owner", "acc_1")
    with pytest.raises(BadOption):
        role_of("king")


def test_what_was_done_stays_in_the_log(book, ticker):
    ann = book.do(people.join, CONSOLE, "local", "ann@example.com", "owner").user
    ticker.now += 1
    book.do(
        people.join, Actor("local", ann, address="10.0.0.7"), "local", "b@example.com", "viewer"
    )
    newest, oldest = book.look(audit.listed, "local", None, 10)
    assert (newest.action, newest.user, newest.address) == ("member.joined", ann, "10.0.0.7")
    assert newest.details["role"] == "viewer"
    assert book.look(audit.listed, "local", newest.id, 10) == [oldest]


@pytest.mark.parametrize("change", ["UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log"])
def test_the_log_cannot_be_changed(book, change):
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    book.do(people.join, CONSOLE, "local", "ann@example.com", "owner")
    with pytest.raises(DBAPIError, match="can only be added to"), book.database.write() as writing:
        writing.execute(text(change))
    assert len(book.look(audit.listed, "local", None, 10)) == 1
