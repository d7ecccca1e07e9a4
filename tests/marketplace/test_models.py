"""Models of accounts: offered once verified, sold by the month, a part of what others sell."""

import time
from dataclasses import replace

import onnx
import pytest
from sqlalchemy import insert, update

from printroom.accounts.audit import Actor
from printroom.assets.assets import New
from printroom.catalogue.card import ModelCard
from printroom.catalogue.model import MODELS
from printroom.catalogue.verification.report import Declared, Finding, Report
from printroom.catalogue.verification.rules import RULES
from printroom.core.errors import AlreadyThere, BadOption, NoAccess, NotFound, WrongState
from printroom.imaging.tiling import Geometry
from printroom.marketplace import (
    badges,
    copies,
    listings,
    orders,
    quality,
    refunds,
    search,
    subscriptions,
)
from printroom.marketplace.ledger import reading
from printroom.marketplace.ledger.model import earned
from printroom.marketplace.offering import Card, Terms
from printroom.marketplace.orders import Wanted
from printroom.marketplace.prices import Price

DAY = 86_400
CARD = ModelCard(
    "sam/ink", 1, "Ink", "net.onnx", "0" * 64, Geometry(), 1, "MIT", scores={"faces": 31.5},
    task="denoise", gain=2.5,
)  # fmt: skip


def report(verdict="passed", days=30, rules=RULES.revision):
    finding = Finding("graph", "graph.checked", verdict, "It was looked at.")
    now = time.time()
    return Report(
        Declared("sam/ink", "MIT"), (finding,), {"net.onnx": "0" * 64}, rules, now - 10,
        now + days * DAY,
    ).to_json()  # fmt: skip


def model(shop, account, name="ink", text=None):
    """A model of an account that is ready, as an examination leaves it."""
    row = {
        "id": f"mdl_{account}_{name}", "account": account, "name": name, "version": 1,
        "state": "ready", "title": name, "description": "", "declared_json": "{}",
        "card_json": CARD.to_json(), "report_json": text or report(),
        "file": "file_1", "digest": "0" * 64, "size": 1, "job": "j", "created_at": 0.0,
    }  # fmt: skip
    with shop.market.database.write() as connection:
        connection.execute(insert(MODELS).values(row))
    return f"{shop.workshop.accounts.handle(account)}/{name}"


def state(shop, name, **values):
    with shop.market.database.write() as connection:
        connection.execute(update(MODELS).where(MODELS.c.name == name).values(**values))


def offered(shop, account, name="ink", **price):
    share = price.pop("share", 0)
    made = shop.market.create(Actor(account), "model", name, Card(name.title()))
    shop.market.offer(Actor(account), made.id, Terms(Price(**price), share))
    return made.id


def test_what_did_not_pass_or_passed_long_ago_is_not_listed(shop):
    model(shop, shop.seller)
    made = offered(shop, shop.seller, month=10)
    bad = [report("refused"), report("review"), report(days=-0.0001), report(rules="old"), "{}"]
    for text in bad:
        state(shop, "ink", report_json=text)
        with pytest.raises(WrongState, match="verification"):
            shop.market.publish(Actor(shop.seller), made, "public")
    state(shop, "ink", report_json=report())
    assert shop.market.publish(Actor(shop.seller), made, "public").state == "listed"


def test_a_model_is_seen_by_who_pays_for_it(shop):
    model(shop, shop.seller)
    made = offered(shop, shop.seller, month=10)
    sees = lambda: shop.market.lent(shop.buyer, shop.seller, "ink").lent == "yes"  # noqa: E731
    shop.market.publish(Actor(shop.seller), made, "public")
    assert not sees()
    shop.top_up(shop.buyer, 100)
    shop.market.do(orders.buy, shop.market.rules, Wanted(shop.buyer, made, "month", 1))
    assert sees()
    shop.market.do(listings.withdraw, Actor(shop.seller), made)
    assert not sees()
    shop.market.publish(Actor(shop.seller), made, "public")
    (right,) = shop.market.look(lambda c, now: subscriptions.due(c, now + 31 * DAY))
    shop.market.do(subscriptions.revoke, Actor(shop.seller), right, any_=False)
    assert not sees()
    state(shop, "ink", state="suspended")
    with pytest.raises(NoAccess):
        shop.market.do(orders.buy, shop.market.rules, Wanted(shop.buyer, made, "month", 1))


def test_what_a_model_cannot_be(shop):
    model(shop, shop.seller)
    with pytest.raises(NotFound):
        shop.market.create(Actor(shop.buyer), "model", "ink", Card("Mine"))
    state(shop, "ink", state="refused")
    with pytest.raises(NotFound):
        shop.market.create(Actor(shop.seller), "model", "ink", Card("Ink"))


def test_who_sells_copies_alone_gives_no_runs_away(shop):
    model(shop, shop.seller)
    made = offered(shop, shop.seller, download=40)
    shop.market.publish(Actor(shop.seller), made, "public")
    assert shop.market.lent(shop.buyer, shop.seller, "ink").lent == "no"


def test_a_copy_names_the_order_and_is_the_same_model(shop):
    weights = onnx_model()
    file = shop.runs.assets.add(New(shop.seller, weights, "upload")).id
    model(shop, shop.seller)
    state(shop, "ink", file=file)
    made = offered(shop, shop.seller, month=90, download=40)
    shop.market.publish(Actor(shop.seller), made, "public")
    rules, buyer = shop.market.rules, shop.buyer
    with pytest.raises(NoAccess):
        shop.market.look(copies.copy_of, buyer, made)
    shop.top_up(buyer, 200)
    shop.market.do(orders.buy, rules, Wanted(buyer, made, "month", 1))
    with pytest.raises(NoAccess):
        shop.market.look(copies.copy_of, buyer, made)
    order = shop.market.do(orders.buy, rules, Wanted(buyer, made, "download", 1))
    with pytest.raises(AlreadyThere):
        shop.market.do(orders.buy, rules, Wanted(buyer, made, "download", 1))
    found = shop.market.look(copies.copy_of, buyer, made)
    marked = onnx.load_from_string(weights + found.tail)
    assert [(one.key, one.value) for one in marked.metadata_props] == [
        ("printroom.order", order.id)
    ]
    del marked.metadata_props[:]
    assert marked == onnx.load_from_string(weights)
    assert (found.file, found.owner, found.name) == (file, shop.seller, "ink-1.onnx")
    assert shop.market.look(copies.copy_of, shop.seller, made).tail == b""
    shop.market.do(refunds.refund_order, Actor(shop.seller), order.id, None, "k", any_=False)
    with pytest.raises(NoAccess):
        shop.market.look(copies.copy_of, buyer, made)
    assert shop.wallet().balance == 110
    assert shop.balanced()


def onnx_model():
    """The bytes of a network that gives back what it takes."""
    sides = ["n", 3, "h", "w"]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["x"], ["y"])],
        "same",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, sides)],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, sides)],
    )
    return onnx.helper.make_model(graph).SerializeToString()


def test_badges_are_earned(shop):
    model(shop, shop.seller)
    made = offered(shop, shop.seller)
    found = shop.market.look(lambda c, _now: listings.get(c, made))
    standing = search.Standing(100, 1.0, 0, None)
    look = lambda: shop.market.look(badges.badges, found, standing)  # noqa: E731
    assert [one.kind for one in look()] == ["verified", "score", "popular"]
    assert look()[1].detail == {"set": "faces", "metric": "psnr", "unit": "dB", "value": 31.5}
    state(shop, "ink", report_json=report(days=-0.0001))
    assert [one.kind for one in look()] == ["score", "popular"]


def test_what_was_measured_is_what_is_sorted_by(shop):
    """Not what is typed; a newer version brings its own figure, and pipelines have none."""
    made = {}
    for name, gain in (("low", 0.5), ("high", 3.0)):
        model(shop, shop.seller, name)
        state(shop, name, card_json=replace(CARD, gain=gain).to_json())
        made[name] = offered(shop, shop.seller, name)
        shop.market.publish(Actor(shop.seller), made[name], "public")
    made["double"] = shop.listing()

    def found():
        wanted = search.Wanted(order="quality")
        rows = shop.market.look(search.found, wanted)
        return [(one.listing.name, one.standing.quality) for one in rows]

    high, low = (quality.Quality("psnr gained", "dB", value) for value in (3.0, 0.5))
    assert found() == [("high", high), ("low", low), ("double", None)]
    state(shop, "high", card_json=replace(CARD, gain=0.1).to_json())
    assert shop.market.do(quality.refreshed, "", 1) is not None
    assert shop.market.do(quality.refreshed, "") is None
    assert [name for name, _ in found()] == ["low", "high", "double"]
    assert CARD.measure("faces") == ("psnr", "dB")
    assert replace(CARD, task="other").measure("faces") == ("score", "")


def test_a_pipeline_pays_the_owners_of_models_in_it(shop):
    """What it asks for is written into the offer, and each sale is split by it."""
    tom = shop.account("Tom")
    name = model(shop, tom, "net")
    shop.market._goods = Goods(shop.market._goods, [f"{name}@1"])
    made = shop.market.create(Actor(shop.seller), "pipeline", "double", Card("Double"))
    offer = lambda: shop.market.offer(Actor(shop.seller), made.id, Terms(Price(run=100)))  # noqa: E731
    with pytest.raises(BadOption, match="not on offer"):
        offer()
    theirs = offered(shop, tom, "net", month=5, share=2_500)
    shop.market.publish(Actor(tom), theirs, "public")
    assert offer().shares == {shop.seller: 7_500, tom: 2_500}
    shop.market.publish(Actor(shop.seller), made.id, "public")
    shop.top_up(shop.buyer, 100)
    terms = shop.runs.agreed(shop.asked(), shop.runs.targets.find(shop.double, shop.buyer))
    assert terms["parts"][0]["shares"] == {shop.seller: 7_500, tom: 2_500}
    state(shop, "net", report_json=report(days=-0.0001))
    with pytest.raises(WrongState, match="verification"):
        shop.market.publish(Actor(shop.seller), made.id, "public")
    assert shop.market.look(lambda c, _now: reading.balance(c, earned(tom))).balance == 0


class Goods:
    """The workshop's, and a model that a pipeline is said to use: its weights are not here."""

    def __init__(self, real, models):
        self.real, self.found = real, models

    def models(self, account, pipeline):
        return [*self.real.models(account, pipeline), *self.found]

    def picture(self, account, file):
        return self.real.picture(account, file)
