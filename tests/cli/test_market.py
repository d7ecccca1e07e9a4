"""`printroom market`: by whoever has the database at hand."""

import json
import time

import pytest
from typer.testing import CliRunner

from printroom.accounts.audit import Actor
from printroom.cli.main import app
from printroom.core.errors import (
    AlreadyThere,
    BadOption,
    NotEnoughCredits,
    NotFound,
    WrongState,
)
from printroom.core.settings import Settings
from printroom.marketplace import listings
from printroom.workshop import Workshop

PIPELINE = """
name: bigger
inputs: {image: picture}
steps:
  up: {use: upscale, with: {image: $image, scale: 2}}
"""


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Arguments -> what stood on standard output; errors are raised."""
    monkeypatch.setenv("PRINTROOM_DATA", str(tmp_path / "data"))
    (tmp_path / "bigger.yaml").write_text(PIPELINE)
    monkeypatch.chdir(tmp_path)

    def run(*arguments, fails=None):
        result = CliRunner().invoke(app, [*arguments])
        if fails is not None:
            assert isinstance(result.exception, fails), result.output
            return ""
        assert result.exit_code == 0, (result.output, result.exception)
        return result.stdout

    return run


def test_something_is_offered_and_bought(call):
    call("pipelines", "publish", "bigger.yaml")
    listing = call("market", "publish", "bigger", "--run", "2", "--megapixel", "0.5").strip()
    again = call("market", "publish", "bigger", "--month", "90", "--title", "Larger").strip()
    assert listing == again
    (told,) = map(json.loads, call("market", "list", "large", "--json").splitlines())
    assert (told["id"], told["offer"], told["price"]["month"]) == (listing, 2, 90)
    assert "90 a month" in call("market", "list")
    call("market", "buy", listing, fails=BadOption)  # it is one's own
    call("market", "buy", "lst_none", fails=NotFound)
    call("market", "publish", "nothing", fails=NotFound)
    for wrong in (("--kind", "step"), ("--visibility", "loud")):
        call("market", "publish", "bigger", *wrong, fails=BadOption)


def test_what_is_not_named_stays_as_it_is(call):
    """Prices may change without the words, and without showing it to more people."""
    call("pipelines", "publish", "bigger.yaml")
    first = ("--text", "Makes it larger", "--tag", "zoom", "--visibility", "unlisted")
    call("market", "publish", "bigger", *first)
    call("market", "publish", "bigger", "--month", "90", "--title", "Larger")
    assert "Larger" not in call("market", "list")
    call("market", "publish", "bigger", "--visibility", "public")
    assert "Larger" in call("market", "list", "makes zoom")


def test_what_was_withdrawn_comes_back_to_those_who_saw_it(call, tmp_path):
    call("pipelines", "publish", "bigger.yaml")
    call("accounts", "create", "ann@example.com", "--name", "Ann", "--no-password")
    listing = call("market", "publish", "bigger").strip()
    with Workshop(Settings(data=tmp_path / "data")) as workshop:
        me, ann = (workshop.accounts.holder(one) for one in ("local", "ann"))
        workshop.market.publish(Actor(me), listing, "shared", ["ann"])
        workshop.market.do(listings.withdraw, Actor(me), listing)
        call("market", "publish", "bigger", "--month", "90")
        assert workshop.market.look(listings.shown, ann, listing).visibility == "shared"
    assert "Bigger" not in call("market", "list")


def test_another_account_pays_for_it(call, monkeypatch):
    call("pipelines", "publish", "bigger.yaml")
    listing = call("market", "publish", "bigger", "--month", "90").strip()
    call("accounts", "create", "ann@example.com", "--name", "Ann", "--no-password")
    call("market", "buy", listing, "--account", "ann", fails=NotEnoughCredits)
    topup = call("market", "topup", "100", "--account", "ann").strip()
    assert "100 credits" in call("market", "confirm", topup)  # a second time changes nothing
    bought = call("market", "buy", listing, "--account", "ann")
    assert "90 credits" in bought
    order, month = bought.partition(":")[0], time.strftime("%Y-%m", time.gmtime())
    for _ in range(2):  # by the same name it is given back once
        again = call("market", "refund", order, "--credits", "40", "--once", "a")
        assert again.strip() == f"{order}: 40 credits went back in all"
    call("market", "refund", "run_none", fails=NotFound)
    assert f"{listing},bigger,month,1," in call("market", "earnings", month)
    assert ",refund," in call("market", "statement", month, "--account", "ann")
    call("market", "close", "--account", "ann", "--forfeit", fails=WrongState)
    call("market", "buy", listing, "--account", "ann", fails=AlreadyThere)
    assert "wallet" in call("market", "wallet", "--account", "ann")
    call("market", "wallet", "--account", "nobody", fails=NotFound)
    assert call("market", "audit").strip() == "the books add up"
