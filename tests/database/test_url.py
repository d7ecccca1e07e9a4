from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.core.errors import BadOption
from printroom.database.url import embedded, parse, shown


def test_what_is_known_is_taken():
    assert parse("sqlite:////var/x.db").database == "/var/x.db"
    assert parse("postgresql+psycopg://me@host:5433/mine").port == 5433
    assert parse(embedded(Path("/data"))).database == "/data/printroom.db"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nonsense",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory",
        "sqlite:////x.db?check_same_thread=false",
        "mysql://host/name",
        "postgresql://host/name",
        "postgresql+psycopg://host",
        "postgresql+psycopg://host:port/name",
    ],
)
def test_anything_else_is_refused(address):
    with pytest.raises(BadOption):
        parse(address)


@given(st.text())
def test_no_text_does_harm(text):
    try:
        shown(parse(text))
    except BadOption as error:
        assert "sqlite" in error.remedy


def test_passwords_are_not_shown():
    url = "postgresql+psycopg://me:hunter2@host/name?password=hunter2"
    assert "hunter2" not in shown(parse(url))
    with pytest.raises(BadOption) as caught:
        parse("postgres://me:hunter2@host/name")
    assert "hunter2" not in str(caught.value)
