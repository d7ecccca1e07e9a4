"""Who sent what: keys, sessions, tokens, nobody."""

import pytest

from printroom.accounts import keys, lookup, people, public, quotas, sessions, tokens
from printroom.accounts.audit import CONSOLE, Actor
from printroom.accounts.credentials import mint
from printroom.accounts.keys import Draft, origins_named, scopes_named
from printroom.accounts.passwords import hashed, matches
from printroom.accounts.principal import LOCAL, SCOPES, Principal
from printroom.accounts.quotas import Quota
from printroom.accounts.tokens import Wish
from printroom.core.errors import (
    BadOption,
    ExpiredCredentials,
    MalformedCredentials,
    NoCredentials,
    NotAllowed,
    NotFound,
    RevokedCredentials,
    UnknownCredentials,
)

DRAFT = Draft("shop", ("images", "usage:read"), ("https://shop.example.com",))
WISH = Wish("customer-7", "enhance", "c7/", ("images",), 10)


def find(book, text, target=None, login=False):
    return book.look(lookup.find, text, target=target, login=login)


@pytest.fixture
def key(book):
    """A key of the first account, and its secret."""
    secret = mint("live")
    return book.do(keys.created, CONSOLE, DRAFT, secret), secret


def test_nobody_is_the_owner_until_there_is_one(book):
    assert find(book, None).principal is LOCAL
    with pytest.raises(NoCredentials):
        find(book, None, login=True)
    book.owner("ann@example.com", "correct horse battery")
    with pytest.raises(NoCredentials):
        find(book, None)


def test_a_key_is_found_by_its_secret(book, key):
    made, secret = key
    found = find(book, secret)
    assert found.principal == Principal("local", None, made.id, frozenset(DRAFT.scopes))
    assert found.origins == {"https://shop.example.com"}
    with pytest.raises(UnknownCredentials):
        find(book, mint("live"))
    with pytest.raises(MalformedCredentials):
        find(book, secret[:-1])


def test_secrets_are_nowhere_in_the_database(book, key, tmp_path):
    from sqlalchemy import inspect, text

    _, secret = key
    signed = None
    book.owner("ann@example.com", "correct horse battery")
    signed = book.sign_in("ann@example.com", "correct horse battery").secret
    with book.database.read() as reading:
        for table in inspect(book.database.engine).get_table_names():
            rows = repr(reading.execute(text(f'SELECT * FROM "{table}"')).all())
            for hidden in (secret, signed, "correct horse battery"):
                assert hidden not in rows


def test_expired_and_revoked(book, key, ticker):
    made, secret = key
    short = mint("live")
    book.do(keys.created, CONSOLE, Draft("short", ("images",), (), 60), short)
    ticker.now += 59
    assert find(book, short).expires_at == ticker.now + 1
    ticker.now += 1
    with pytest.raises(ExpiredCredentials):
        find(book, short)
    book.do(keys.revoked, CONSOLE, made.id)
    with pytest.raises(RevokedCredentials):
        find(book, secret)
    assert [one.id for one in book.look(keys.listed, "local") if one.revoked_at] == [made.id]


def test_rotation_overlaps_and_keeps_the_id(book, key, ticker):
    made, old = key
    new = mint("live")
    ticker.now += 1
    rotated = book.do(keys.rotated, CONSOLE, made.id, new, 100.0)
    assert rotated.hint != made.hint
    assert {find(book, one).principal.key for one in (old, new)} == {made.id}
    ticker.now += 100
    with pytest.raises(ExpiredCredentials):
        find(book, old)
    assert find(book, new).expires_at is None
    newest = mint("live")
    book.do(keys.rotated, CONSOLE, made.id, newest, 0.0)
    with pytest.raises(ExpiredCredentials):
        find(book, new)
    assert find(book, newest).principal.key == made.id


def test_nobody_gives_away_more_than_they_have(book):
    allowed = frozenset(("images", "keys"))
    with pytest.raises(NotAllowed):
        book.do(keys.created, CONSOLE, Draft("more", ("images", "admin")), mint("live"), allowed)
    assert book.look(keys.listed, "local") == []


def test_made_twice_with_one_secret_it_is_one_key(book):
    secret = mint("live")
    first = book.do(keys.created, CONSOLE, DRAFT, secret)
    assert book.do(keys.created, CONSOLE, DRAFT, secret) == first
    assert len(book.look(keys.listed, "local")) == 1


def test_another_accounts_key_is_not_there(book, key):
    made, _ = key
    other = book.do(people.create_account, CONSOLE, "Other")
    for work, more in (
        (keys.revoked, ()),
        (keys.changed, ()),
        (keys.rotated, (mint("live"), 0.0)),
    ):
        with pytest.raises(NotFound):
            book.do(work, Actor(other.id), made.id, *more)
    with pytest.raises(NotFound):
        book.look(keys.get, other.id, made.id)


@pytest.mark.parametrize(
    "origin", ["example.com", "https://a.com/x", "*", "null", "https://", "a b"]
)
def test_what_is_no_origin(origin):
    with pytest.raises(BadOption):
        origins_named([origin])


def test_scopes_are_known_ones():
    assert scopes_named(["runs:read", "images", "images"]) == ("images", "runs:read")
    with pytest.raises(BadOption, match="everything"):
        scopes_named(["everything"])


def test_last_use_is_noted_seldom(book, key, ticker):
    made, secret = key
    assert find(book, secret).touch == made.id
    book.do(lookup.touch, made.id)
    assert find(book, secret).touch is None
    ticker.now += lookup.SELDOM + 1
    assert find(book, secret).touch == made.id


def test_a_session_has_the_scopes_of_its_role_and_ends(book, ticker):
    book.owner("ann@example.com", "correct horse battery")
    signed = book.sign_in("ann@example.com", "correct horse battery")
    found = find(book, signed.secret)
    assert found.session
    assert found.principal.scopes == SCOPES
    book.do(sessions.ended, signed.secret, "127.0.0.1")
    with pytest.raises(UnknownCredentials):
        find(book, signed.secret)
    again = book.sign_in("ann@example.com", "correct horse battery")
    ticker.now += sessions.LIFETIME
    with pytest.raises(ExpiredCredentials):
        find(book, again.secret)


def test_a_new_password_ends_sessions(book):
    book.owner("ann@example.com", "correct horse battery")
    signed = book.sign_in("ann@example.com", "correct horse battery")
    book.do(people.set_password, CONSOLE, "ann@example.com", "not a real hash")
    with pytest.raises(UnknownCredentials):
        find(book, signed.secret)


def test_a_token_may_what_it_says_for_a_while(book, key, ticker):
    _, secret = key
    maker = find(book, secret).principal
    text, expires = book.do(tokens.minted, maker, WISH)
    who = find(book, text).principal
    assert (who.account, who.key, who.end_user) == ("local", maker.key, "customer-7")
    assert (who.target, who.prefix, who.scopes) == ("enhance", "c7/", {"images"})
    assert who.limited
    ticker.now = expires
    with pytest.raises(ExpiredCredentials):
        find(book, text)


def test_a_token_ends_with_its_key(book, key):
    made, secret = key
    text, _ = book.do(tokens.minted, find(book, secret).principal, WISH)
    book.do(keys.revoked, CONSOLE, made.id)
    with pytest.raises(RevokedCredentials):
        find(book, text)


def test_a_token_that_was_changed_is_nobodys(book, key):
    _, secret = key
    text, _ = book.do(tokens.minted, find(book, secret).principal, WISH)
    body, _, mac = text.removeprefix("pr_tok_").rpartition(".")
    for wrong in (f"pr_tok_{body}x.{mac}", f"pr_tok_{body}.{mac[::-1]}", f"pr_tok_x.{mac}"):
        with pytest.raises((UnknownCredentials, MalformedCredentials)):
            find(book, wrong)


def test_a_token_makes_no_tokens_and_gives_nothing_away(book, key):
    _, secret = key
    maker = find(book, secret).principal
    text, _ = book.do(tokens.minted, maker, WISH)
    with pytest.raises(NotAllowed):
        book.do(tokens.minted, find(book, text).principal, WISH)
    wish = Wish("c", "enhance", "", ("runs:write",), 10)
    with pytest.raises(NotAllowed):
        book.do(tokens.minted, maker, wish)
    for bad in (
        lambda: Wish("c", "enhance", "", ("keys",), 10),
        lambda: Wish("", "enhance", "", ("images",), 10),
        lambda: Wish("c", "", "", ("images",), 10),
        lambda: Wish("c", "enhance", "", ("images",), 10_000),
    ):
        with pytest.raises(BadOption):
            bad()


def test_keys_that_sign_follow_each_other_and_old_tokens_hold_for_their_time(book, key, ticker):
    from printroom.accounts import signing

    first = book.do(signing.signed, "token", {"n": 1})
    ticker.now += signing.RENEWED - 1
    assert book.look(signing.opened, "token", first)["n"] == 1
    ticker.now += 2
    second = book.do(signing.signed, "token", {"n": 2})
    kept = {book.look(signing.opened, "token", one)["g"] for one in (first, second)}
    assert len(kept) == 2
    ticker.now += signing.OUTLIVES
    with pytest.raises(UnknownCredentials):
        book.look(signing.opened, "token", first)
    with pytest.raises(UnknownCredentials):
        book.look(signing.opened, "login", second)


def test_a_public_pipeline_lets_in_nobody_else(book):
    book.owner("ann@example.com", "correct horse battery")
    limits = Quota(rate=2, burst=4, daily=10)
    book.do(public.opened, CONSOLE, "sharpen", ("https://a.com",), limits)
    found = find(book, None, target="sharpen")
    assert found.anonymous
    assert found.principal.target == "sharpen"
    assert found.origins == {"https://a.com"}
    assert {one.id: one.quota for one in found.subjects} == {"public:sharpen": limits}
    for other in ("sharpen@1", "other", None):
        with pytest.raises(NoCredentials):
            find(book, None, target=other)
    book.do(public.closed, CONSOLE, "sharpen")
    with pytest.raises(NoCredentials):
        find(book, None, target="sharpen")
    assert book.look(quotas.fetched, ["public:sharpen"]) == {}


def test_what_is_public_has_a_rate_and_a_budget(book):
    for quota in (Quota(), Quota(rate=1), Quota(daily=1)):
        with pytest.raises(BadOption):
            book.do(public.opened, CONSOLE, "sharpen", (), quota)


def test_origins_of_living_keys_are_known(book, key, ticker):
    made, _ = key
    assert book.look(lookup.all_origins) == {"https://shop.example.com"}
    book.do(keys.revoked, CONSOLE, made.id)
    assert book.look(lookup.all_origins) == frozenset()


def test_a_target_is_one_pipeline_in_any_version_unless_it_names_one():
    any_version = Principal("a", target="sharpen")
    any_version.need_target("sharpen")
    any_version.need_target("sharpen@3")
    third = Principal("a", target="sharpen@3")
    third.need_target("sharpen@3")
    for who, name in ((any_version, "other"), (third, "sharpen"), (third, "sharpen@4")):
        with pytest.raises(NotFound):
            who.need_target(name)


@pytest.mark.parametrize("text", ["a\x00b", "\x00", "\U0010ffff", "' OR 1=1 --", "%", "x" * 5000])
def test_texts_of_strangers_find_nothing_and_break_nothing(book, text):
    for work in (
        lambda: book.look(keys.get, "local", text),
        lambda: book.look(people.account, text),
        lambda: book.do(people.leave, CONSOLE, "local", text),
        lambda: book.do(public.closed, CONSOLE, text),
        lambda: find(book, None, target=text, login=True),
        lambda: find(book, text),
    ):
        with pytest.raises((NotFound, BadOption, NoCredentials, MalformedCredentials)):
            work()
    assert matches(hashed("\ud800" + "0123456789"), "\ud800" + "0123456789")
