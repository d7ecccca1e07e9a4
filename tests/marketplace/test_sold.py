"""Models that are sold by the run: charged wherever they run, and free tries of what is sold."""

import time
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import event, func, insert, select

from printroom.accounts.audit import Actor
from printroom.assets.assets import New
from printroom.catalogue.model import MODELS
from printroom.catalogue.models import read_model
from printroom.catalogue.owned import Unpaid
from printroom.catalogue.verification.report import Declared, Finding, Report
from printroom.catalogue.verification.rules import RULES
from printroom.core.errors import (
    BadOption,
    BadPipeline,
    NoAccess,
    NotEnoughCredits,
    NotFound,
    RateLimited,
)
from printroom.core.settings import Settings
from printroom.engine.enhancement import EnhanceOptions
from printroom.engine.plan import resident
from printroom.imaging.vips import pyvips
from printroom.isolation.walls import bubblewrap
from printroom.marketplace import entitlements, listings, orders, refunds, tries
from printroom.marketplace.model import TAKES, USES
from printroom.marketplace.money import Money
from printroom.marketplace.offering import Card, Terms
from printroom.marketplace.orders import Wanted
from printroom.marketplace.payments.manual import Manual
from printroom.marketplace.prices import Price
from printroom.marketplace.terms import LONGEST
from printroom.runs.quotes import quote
from printroom.workshop import Workshop

from .conftest import Shop, png

ASKED = """
name: asked
inputs: {image: picture, net: {type: model, default: sam/ink}}
steps:
  up: {use: upscale, with: {image: $image, net: $net}}
"""
NAMED = """
name: named
inputs: {image: picture}
steps:
  up: {use: upscale, with: {image: $image, net: sam/ink@1}}
"""
PIXELS = 48 * 32


class Street(Shop):
    """A shop whose seller also has `sam/ink`, which doubles, and may be sold by the run."""

    def __init__(self, workshop, models):
        super().__init__(workshop)
        self.known = read_model(models / "double/1/card.json")
        self.ink = self.model(self.seller, "ink")
        self.offer(run=3, megapixel=10**9, month=40, quota=1)

    def model(self, account, name):
        card = replace(self.known.card, weights="model.onnx", scores={})
        file = self.runs.assets.add(New(account, self.known.weights, "upload"))
        now, finding = time.time(), Finding("graph", "graph.checked", "passed", "Fine.")
        report = Report(Declared("any/name"), (finding,), {}, RULES.revision, now, now + 10**6)
        row = {
            "id": f"mdl_{account}_{name}", "account": account, "name": name, "version": 1,
            "state": "ready", "title": name, "description": "", "declared_json": "{}",
            "card_json": card.to_json(), "report_json": report.to_json(), "file": file.id,
            "digest": card.digest, "size": 1, "job": f"j{name}", "created_at": 0.0,
        }  # fmt: skip
        with self.market.database.write() as connection:
            connection.execute(insert(MODELS).values(row))
        made = self.market.create(Actor(account), "model", name, Card(name.title()))
        return made.id

    def offer(self, tries=3, **price):
        self.market.offer(Actor(self.seller), self.ink, Terms(Price(**price), tries=tries))
        self.market.publish(Actor(self.seller), self.ink, "public")

    def done(self, **fields):
        job = self.runs.submit(self.asked(**fields)).job
        found = self.runs.wait(job.account, job.id, 60)
        assert found.state == "done", found.error
        return found

    def draft(self, number):
        """The id of a listing that nobody else sees."""
        with self.market.database.write() as connection:
            kind, name = "pipeline", f"draft{number}"
            made = listings.create(connection, 0.0, Actor("x"), kind, name, Card(name))
            return made.id

    def spent(self):
        """By the buyer, since the last time."""
        now = self.wallet()
        assert now.held == 0
        before, self.had = getattr(self, "had", now.balance), now.balance
        return before - now.balance

    def uses(self, run):
        query = select(USES.c.listing, USES.c.charged).where(USES.c.run == run)
        with self.market.database.read() as connection:
            return dict(connection.execute(query).all())


@pytest.fixture(scope="module")
def street(models, tmp_path_factory, working):
    if bubblewrap() is None:
        pytest.skip("bubblewrap is not here, or may not do its work")
    data = tmp_path_factory.mktemp("street")
    settings = Settings(data=data, models=(models,), workers=1, memory=resident() + (1 << 30))
    with Workshop(replace(settings, jobs_lease=20), serving=True) as workshop:
        made = Street(workshop, models)
        made.top_up(made.buyer, 10**6)
        with working(made):
            yield made
        assert made.balanced()


COST = 3 + PIXELS
"""Of a run: a credit for each pixel of its result."""


def test_a_model_is_run_by_its_own_name(street):
    street.spent()
    asked = street.asked(target="sam/ink")
    said = quote(street.runs, street.buyer, "sam/ink", asked.input)
    assert (said["terms"]["quote"], said["target"]) == (COST, "sam/ink@1")
    run = street.done(target="sam/ink")
    assert run.payload["target"] == "sam/ink@1"
    assert street.spent() == COST
    assert street.uses(run.id) == {street.ink: COST}
    back = lambda: street.market.do(  # noqa: E731
        refunds.refund_run, Actor(street.seller), run.id, 5, "k", any_=False
    )
    assert (back(), back(), street.spent()) == (5, 5, -5)
    assert street.done(account=street.seller, target="sam/ink").payload["terms"] is None
    for nobodys in ("sam/pen", "tom/ink", "ink"):
        with pytest.raises(NotFound):
            street.runs.submit(street.asked(target=nobodys))


def test_it_is_paid_for_in_whatever_pipeline_it_stands(street):
    """In the buyer's own, in a draft, by an input; and beside the price of another's pipeline."""
    street.spent()
    named = street.pipeline(street.buyer, NAMED)
    asked = street.pipeline(street.buyer, ASKED)
    draft = {"pipeline": {"name": "mine", "inputs": {"image": "picture"}, "steps": {"up": {
        "use": "upscale", "with": {"image": "$image", "net": "sam/ink"}}}}}  # fmt: skip
    for target in (named, asked):
        street.done(target=target)
        assert street.spent() == COST
    own = street.asked(target="x")
    job = street.runs.submit(replace(own, target="", **draft)).job
    assert street.runs.wait(street.buyer, job.id, 60).state == "done"
    assert street.spent() == COST
    twice = """
name: twice
inputs: {image: picture}
steps:
  one: {use: upscale, with: {image: $image, net: sam/ink}}
  two: {use: upscale, with: {image: $one.image, net: sam/ink@1}}
outputs: {image: $two.image}
"""
    run = street.done(target=street.pipeline(street.buyer, twice))
    assert street.spent() == street.uses(run.id)[street.ink] == 3 + 4 * PIXELS
    tom = street.account("Tom")
    theirs = street.pipeline(tom, NAMED.replace("named", "toms"))
    sold = street.listing(owner=tom, name="toms", run=7)
    run = street.done(target=theirs)
    assert street.spent() == COST + 7
    assert street.uses(run.id) == {street.ink: COST, sold: 7}
    assert [part["quote"] for part in run.payload["terms"]["parts"]] == [7, COST]
    tried = replace(street.asked(target=theirs), trial=True)
    with pytest.raises(NoAccess, match="sold by the run"):
        street.runs.submit(tried)


def test_who_cannot_pay_uses_nothing_by_no_door(street):
    poor = street.account("Poor")
    picture, options = png(24, 16), EnhanceOptions(model="sam/ink")
    with pytest.raises(NotEnoughCredits):
        street.runs.submit(street.asked(poor, "sam/ink"))
    with pytest.raises(Unpaid):
        street.workshop.enhance(picture, None, options, account=poor)
    asked = street.workshop.shelf.published(street.pipeline(poor, ASKED), poor).closed()
    given = {"image": picture, "net": "sam/ink"}
    with pytest.raises(Unpaid):
        street.workshop.run_pipeline(asked, given, street.workshop.settings.data, account=poor)
    sale = street.workshop.terms.sale(poor, None, ["sam/ink@1"], lambda _: (PIXELS, True))
    with pytest.raises(NotEnoughCredits), sale:
        raise AssertionError
    with pytest.raises(BadPipeline):
        street.pipeline(poor, NAMED.replace("sam/ink", "sam/pen"))


def test_what_is_done_at_once_is_held_and_charged_or_let_go(street):
    street.spent()
    terms, picture = street.workshop.terms, png(24, 16)
    measure = lambda _: (PIXELS, True)  # noqa: E731
    with terms.sale(street.buyer, None, ["sam/ink"], measure) as sale:
        assert street.wallet().held == COST
        options = EnhanceOptions(model="sam/ink")
        made = street.workshop.enhance(picture, None, options, account=street.buyer, paid=sale.paid)
        sale.done(made.width * made.height, 0.1)
    seen = pyvips.Image.new_from_buffer(picture, "").numpy()
    result = pyvips.Image.new_from_buffer(made.data, "").numpy()
    assert np.array_equal(result, seen.repeat(2, 0).repeat(2, 1))
    assert (sale.cost, street.spent()) == (COST, COST)
    with pytest.raises(RuntimeError), terms.sale(street.buyer, None, ["sam/ink"], measure):
        raise RuntimeError
    with terms.sale(street.buyer, None, ["sam/ink"], measure):
        pass  # nobody says that it went well
    assert street.spent() == 0
    with terms.sale(street.seller, None, ["sam/ink"], measure) as sale:
        assert not sale.id  # one's own


def test_what_is_not_sold_asks_the_market_nothing(street):
    """The server's models ask no database, one's own once in a while; only what is sold does."""
    counted, picture = [], png(8, 8)
    engine = street.market.database.engine
    count = lambda *said: counted.append(said[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", count)
    try:
        for account, name in ((street.buyer, "test/double"), (street.seller, "sam/ink")):
            for _ in range(2):
                options = EnhanceOptions(model=name)
                street.workshop.enhance(picture, None, options, account=account)
                asked = [one for one in counted if "market_" in one]
                assert not asked
    finally:
        event.remove(engine, "before_cursor_execute", count)


def test_who_is_killed_in_a_sale_holds_nothing_for_ever(street):
    """As if the process died between the hold and the charge: credits, and a unit of a quota."""
    market, buyer = street.market, street.account("Kim")
    street.top_up(buyer, 10_000)
    measure = lambda _: (PIXELS, True)  # noqa: E731
    dead = street.workshop.terms.sale(buyer, None, ["sam/ink"], measure)
    dead.__enter__()
    market.do(orders.buy, market.rules, Wanted(buyer, street.ink, "month", 1))
    with street.workshop.terms.sale(buyer, None, ["sam/ink"], measure) as sale:
        assert sale.deal.quote == 0
    other = street.workshop.terms.sale(buyer, None, ["sam/ink"], measure)
    other.__enter__()
    (right,) = market.look(lambda c, _now: entitlements.live(c, buyer, street.ink))
    assert (right.used, street.wallet(buyer).held) == (1, COST)
    clock = market.database.clock
    money = Money(market, Manual())
    money.tick()
    assert street.wallet(buyer).held == COST
    market.database.clock = lambda: clock() + LONGEST + 1
    try:
        money.tick()
    finally:
        market.database.clock = clock
    (right,) = market.look(lambda c, _now: entitlements.live(c, buyer, street.ink))
    assert (right.used, street.wallet(buyer).held) == (0, 0)
    assert street.wallet(buyer).balance == 10_000 - 40


def test_a_month_with_a_quota_is_used_up_before_credits_are(street):
    market, buyer = street.market, street.account("Max")
    street.top_up(buyer, 10_000)
    market.do(orders.buy, market.rules, Wanted(buyer, street.ink, "month", 1))
    for left in (10_000 - 40, 10_000 - 40 - COST):
        street.done(account=buyer, target="sam/ink")
        assert (street.wallet(buyer).balance, street.wallet(buyer).held) == (left, 0)


def test_what_was_withdrawn_stops_at_once(street):
    street.market.do(listings.withdraw, Actor(street.seller), street.ink)
    try:
        with pytest.raises(NotFound):
            street.runs.submit(street.asked(target="sam/ink"))
        with pytest.raises(NotFound):
            street.workshop.enhance(
                png(8, 8), None, EnhanceOptions(model="sam/ink"), account=street.buyer
            )
    finally:
        street.market.publish(Actor(street.seller), street.ink, "public")


def test_a_few_runs_are_free_and_one_that_fails_is_given_back(street):
    guest = street.account("Gus")
    listing = street.listing(name="double", run=5)
    tried = lambda target: replace(street.asked(guest, target), trial=True)  # noqa: E731
    left = lambda: street.market.look(_left, guest, listing)  # noqa: E731
    assert left() == 3
    cut = street.runs.assets.add(New(guest, png(240, 160)[:-2000], "upload")).id
    lost = street.runs.submit(replace(tried(street.double), input={"image": cut})).job
    assert street.runs.wait(guest, lost.id, 60).state == "dead"
    assert left() == 3
    for expected in (2, 1, 0):
        job = street.runs.submit(tried(street.double)).job
        assert street.runs.wait(guest, job.id, 60).state == "done"
        assert left() == expected
    with pytest.raises(NoAccess):
        street.runs.submit(tried(street.double))
    with pytest.raises(NotEnoughCredits):
        street.runs.submit(street.asked(guest, street.double))
    street.offer(tries=0, run=3, megapixel=10**9, month=40, quota=1)
    with pytest.raises(NoAccess, match="not tried"):
        street.runs.submit(tried("sam/ink"))
    street.offer(run=3, megapixel=10**9, month=40, quota=1)
    job = street.runs.submit(tried("sam/ink")).job
    assert street.runs.wait(guest, job.id, 60).state == "done"
    assert street.market.look(entitlements.of_account, guest, None, 9) == []
    with street.market.database.read() as connection:
        taken = select(func.count()).where(TAKES.c.run == job.id, TAKES.c.state == "used")
        assert connection.execute(taken).scalar_one() == 1
    with pytest.raises(BadOption):
        Terms(tries=11)


def test_nobody_lives_on_tries(street):
    """Ten listings are begun to be tried in a day, and no more."""
    guest, now = "acc_guest", time.time()
    ids = [street.draft(number) for number in range(11)]

    def begin(connection, _now, name):
        return tries.right(connection, now, guest, name, 1, 3)

    for name in ids[:10]:
        assert street.market.do(begin, name) == street.market.do(begin, name)
    with pytest.raises(RateLimited):
        street.market.do(begin, ids[10])
    now += 86_401
    assert street.market.do(begin, ids[10])


def _left(connection, _now, account, name):
    listing = listings.get(connection, name)
    return tries.left(connection, account, listing, listings.offered(connection, name))
