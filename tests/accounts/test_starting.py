"""Who could come in, when a server starts."""

from dataclasses import replace

import pytest

from printroom.accounts import lookup, people
from printroom.accounts.audit import CONSOLE
from printroom.accounts.credentials import mint
from printroom.accounts.principal import SCOPES
from printroom.accounts.starting import prepare
from printroom.core.errors import BadOption
from printroom.core.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(data=tmp_path)


def test_on_loopback_nobody_is_needed_until_somebody_is_there(book, settings):
    assert not prepare(book, settings, reached=False)
    book.do(people.join, CONSOLE, "local", "ann@example.com", "owner")
    assert prepare(book, settings, reached=False)


@pytest.mark.parametrize("change", [{"http_login": True}, {}])
def test_where_others_come_in_somebody_must_be_able_to_sign_in(book, settings, change):
    with pytest.raises(BadOption, match="printroom accounts create"):
        prepare(book, replace(settings, **change), reached=not change)


def test_the_environment_makes_an_owner_once(book, settings):
    owner = replace(settings, owner_email="Ann@example.com", owner_password="correct horse")
    for password in ("correct horse", "another horse"):
        assert prepare(book, replace(owner, owner_password=password), reached=True)
    assert book.sign_in("ann@example.com", "correct horse").account == "local"
    with pytest.raises(BadOption, match="PASSWORD"):
        prepare(book, replace(owner, owner_password=None), reached=True)


def test_the_environment_brings_a_key(book, settings):
    secret = mint("live")
    for _ in range(2):
        assert prepare(book, replace(settings, owner_key=secret), reached=True)
    found = book.look(lookup.find, secret, target=None, login=True)
    assert found.principal.scopes == SCOPES
    for wrong in ("hunter2", mint("sess"), secret[:-1]):
        with pytest.raises(BadOption, match="PRINTROOM_OWNER_KEY"):
            prepare(book, replace(settings, owner_key=wrong), reached=True)


def test_a_key_alone_does_not_close_loopback(book, settings):
    assert not prepare(book, replace(settings, owner_key=mint("live")), reached=False)


def test_passwords_are_not_shown():
    settings = Settings(owner_password="secret-1", owner_key="secret-2", oidc_secret="secret-3")
    assert "secret-" not in repr(settings)
