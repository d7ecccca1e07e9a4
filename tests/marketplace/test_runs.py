"""Runs of what others offer: quoted exactly, held, charged when they went well, and only then."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from printroom.accounts.audit import Actor
from printroom.core.errors import (
    HandlerFailed,
    NoAccess,
    NoQuote,
    NotEnoughCredits,
    NotFound,
    TermsChanged,
)
from printroom.jobs.claim import claim
from printroom.jobs.needs import Offer
from printroom.jobs.settle import Outcome, ended, settle
from printroom.marketplace import listings
from printroom.marketplace.model import USES
from printroom.marketplace.offering import Card, Terms
from printroom.marketplace.prices import Price
from printroom.runs.quotes import quote
from printroom.runs.view import run_json

PIXELS = 48 * 32
"""Of a result."""


def end(shop, job, how="failed"):
    """End a run by hand, as its worker would."""
    queue = shop.workshop.queue
    with queue.database.write() as connection:
        now = queue.database.clock()
        (mine,) = claim(connection, "w", Offer(), ("run",), 1, now, 10).jobs
        assert mine.id == job.id
        outcome = Outcome(job.id, mine.attempt, how, error=HandlerFailed("no"), final=True)
        over = settle(connection, "w", [outcome], now, 100)
        ended(connection, over, queue.ends)
    return queue.get(job.id)


def test_a_run_is_quoted_held_and_charged_by_its_megapixels(shop, working):
    listing = shop.listing(run=3, megapixel=10**9)  # a credit for each thousand pixels
    shop.top_up(shop.buyer, 10_000)
    asked = shop.asked()
    cost = 3 + -(-PIXELS * 10**9 // 10**9)
    said = quote(shop.runs, shop.buyer, shop.double, asked.input)
    part = {"listing": listing, "offer": 1, "quote": cost, "entitlement": None}
    assert said["terms"] == part | {"parts": [part]}
    with pytest.raises(TermsChanged, match=f"costs {cost} credits, and may cost {cost - 1}"):
        shop.runs.submit(replace(asked, most=cost - 1))
    assert shop.wallet().held == 0
    job = shop.runs.submit(replace(asked, most=cost)).job
    assert run_json(job)["terms"]["quote"] == cost
    assert (shop.wallet().balance, shop.wallet().held) == (10_000, cost)
    with working(shop):
        done = shop.runs.wait(shop.buyer, job.id, 60)
    assert done.state == "done", done.error
    assert (shop.wallet().balance, shop.wallet().held) == (10_000 - cost, 0)
    assert shop.earned() == cost - round(cost * 0.2)
    assert shop.balanced()


def test_who_cannot_pay_gets_nothing_queued(shop):
    shop.listing(run=3)
    shop.top_up(shop.buyer, 2)
    with pytest.raises(NotEnoughCredits):
        shop.runs.submit(shop.asked())
    assert not shop.runs.list(shop.buyer)
    assert shop.wallet().held == 0


def test_nobody_pays_for_failure_and_a_second_try_is_held_anew(shop, working):
    shop.listing(run=3)
    shop.top_up(shop.buyer, 4)
    job = shop.runs.submit(shop.asked()).job
    assert end(shop, job).state == "dead"
    assert (shop.wallet().balance, shop.wallet().held) == (4, 0)
    other = shop.runs.submit(shop.asked()).job  # takes what was held for the first
    with pytest.raises(NotEnoughCredits):
        shop.runs.retry(shop.buyer, job.id)
    shop.runs.cancel(shop.buyer, other.id)
    assert shop.wallet().held == 0
    shop.runs.retry(shop.buyer, job.id)
    assert shop.wallet().held == 3
    with working(shop):
        assert shop.runs.wait(shop.buyer, job.id, 60).state == "done"
    assert (shop.wallet().balance, shop.wallet().held) == (1, 0)
    assert shop.balanced()


def test_the_same_request_twice_is_held_once(shop):
    shop.listing(run=3)
    shop.top_up(shop.buyer, 100)
    asked = shop.asked(key="k")
    first, again = shop.runs.submit(asked), shop.runs.submit(asked)
    assert first.job.id == again.job.id
    assert shop.wallet().held == 3


def test_what_is_withdrawn_or_edited_meanwhile(shop):
    """No new run of what is stopped; a run keeps the price that it was agreed at."""
    listing = shop.listing(run=3)
    shop.top_up(shop.buyer, 100)
    target = shop.runs.targets.find(shop.double, shop.buyer)
    asked = shop.asked()
    terms = shop.runs.agreed(asked, target)
    job = shop.runs.submit(asked).job
    seller = Actor(shop.seller)
    shop.market.offer(seller, listing, Terms(Price(run=50)))
    assert shop.wallet().held == 3
    assert shop.runs.agreed(asked, target)["quote"] == 50
    shop.market.do(listings.withdraw, seller, listing)
    with pytest.raises(NotFound):
        shop.runs.submit(shop.asked())
    with pytest.raises(NoAccess), shop.market.database.write() as connection:
        shop.runs.terms.begin(connection, job)  # it was agreed before, and is refused all the same
    assert terms["quote"] == 3


def test_a_size_that_is_not_known_is_no_price(shop):
    shop.listing(megapixel=1)
    shop.top_up(shop.buyer, 100)
    for value in ("https://example.com/a.png", {"store": "s", "key": "k", "etag": "e"}):
        asked = shop.asked()
        asked.input["image"] = value
        target = shop.runs.targets.find(shop.double, shop.buyer)
        with pytest.raises(NoQuote):
            shop.runs.agreed(asked, target)
    asked = shop.asked()
    asked.input["image"] = {"file": asked.input["image"]}  # as items of batches have it
    assert shop.runs.agreed(asked, target)["quote"] == 1


def test_who_sees_what(shop):
    friend = shop.account("Fred")
    for visibility, buyer, guest in (
        ("private", False, False), ("shared", False, True), ("unlisted", True, True),
    ):  # fmt: skip
        made = shop.pipeline(shop.seller, shop_pipeline(visibility))
        listing = shop.listing(name=visibility, visibility=visibility)
        if visibility == "shared":
            handle = shop.workshop.accounts.handle(friend)
            shop.market.publish(Actor(shop.seller), listing, "shared", [handle])
        for account, good in ((shop.buyer, buyer), (friend, guest), (shop.seller, True)):
            if good:
                assert shop.runs.targets.find(made, account)
            else:
                with pytest.raises(NotFound):
                    shop.runs.targets.find(made, account)


def shop_pipeline(name):
    return f"""
name: {name}
inputs: {{image: picture}}
steps:
  up: {{use: upscale, with: {{image: $image, net: test/double@1, scale: 2}}}}
"""


def test_ones_own_and_what_is_free_costs_nothing(shop, working):
    shop.listing()
    jobs = [shop.runs.submit(shop.asked(account)).job for account in (shop.seller, shop.buyer)]
    assert [job.payload["terms"] is None for job in jobs] == [True, False]
    with working(shop):
        for job in jobs:
            assert shop.runs.wait(job.account, job.id, 60).state == "done"
    assert shop.balanced()
    assert shop.earned() == 0


def test_a_version_that_is_not_offered_is_refused(shop):
    shop.listing(run=1, version=1)
    shop.top_up(shop.buyer, 100)
    more = shop.pipeline(shop.seller, shop_pipeline("double").replace("scale: 2", "scale: 1"))
    assert more.endswith("@2")
    with pytest.raises(NoAccess, match="version 2"):
        shop.runs.submit(shop.asked(target=more))
    assert shop.runs.submit(shop.asked()).fresh


def test_whoever_is_killed_each_run_is_charged_once(shop, shop_settings, working):
    """A worker dies by kill -9 as soon as it has begun something, again and again."""
    shop.listing(run=3)
    shop.top_up(shop.buyer, 100)
    jobs = [shop.runs.submit(shop.asked()).job for _ in range(4)]
    environment = os.environ | {
        "PRINTROOM_DATA": str(shop_settings.data),
        "PRINTROOM_MODELS": str(shop_settings.models[0]),
        "PRINTROOM_DATABASE_URL": shop_settings.database_url,
        "PRINTROOM_WORKERS": "1",
        "PRINTROOM_JOBS_LEASE": "2",
    }
    for job in jobs[:2]:
        command = [sys.executable, "-m", "printroom", "work"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as worker:
            for event in shop.workshop.queue.follow(job.id, timeout=60):
                if event.kind in ("started", "done"):
                    break
            worker.kill()
    with working(shop):
        for job in jobs:
            assert shop.runs.wait(shop.buyer, job.id, 60).state == "done"
    assert (shop.wallet().balance, shop.wallet().held) == (100 - 4 * 3, 0)
    with shop.market.database.read() as connection:
        assert connection.execute(select(func.sum(USES.c.charged))).scalar_one() == 4 * 3
    assert shop.balanced()


def test_revenue_is_shared_with_the_owner_of_a_model_in_it(shop):
    """As the books would be, were the model another account's: the shares are of the offer."""
    tom = shop.account("Tom")
    made = shop.market.do(listings.create, Actor(shop.seller), "pipeline", "double", Card("Double"))
    shares = {shop.seller: 7_500, tom: 2_500}
    terms = Terms(Price(run=101))
    shop.market.do(listings.offer, Actor(shop.seller), made.id, terms, shares)
    shop.market.publish(Actor(shop.seller), made.id, "public")
    shop.top_up(shop.buyer, 101)
    job = shop.runs.submit(shop.asked()).job
    end(shop, job, "done")
    assert shop.wallet().balance == 0
    assert (shop.earned(), shop.earned(tom)) == (61, 20)
    assert shop.balanced()
