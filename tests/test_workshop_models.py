"""Models of accounts in a workshop: whose may be named by whom, and what a pipeline lends."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from printroom.accounts import people
from printroom.accounts.audit import CONSOLE, Actor
from printroom.assets.assets import New
from printroom.catalogue import entries
from printroom.catalogue.card import ModelCard
from printroom.catalogue.entries import Draft
from printroom.catalogue.models import read_model
from printroom.catalogue.verification.report import RULES, Declared, Report
from printroom.core.errors import BadPipeline, NotFound, WrongState
from printroom.core.settings import Settings
from printroom.core.visible import Loan
from printroom.engine.enhancement import EnhanceOptions
from printroom.engine.plan import resident
from printroom.imaging.vips import pyvips
from printroom.isolation.walls import bubblewrap
from printroom.marketplace.offering import Card, Terms
from printroom.pipelines.graph import Graph
from printroom.pipelines.spec import PipelineSpec
from printroom.runs.examining import Examinations
from printroom.workshop import Workshop

LENT = """
name: lent
inputs: {image: picture}
steps:
  up: {use: upscale, with: {image: $image, net: acme/ink@1}}
"""
ASKED = """
name: asked
inputs: {image: picture, net: model}
steps:
  up: {use: upscale, with: {image: $image, net: $net}}
"""


class House:
    """A workshop that serves, with the accounts `acme`, which has `acme/ink@1`, and `bolt`."""

    def __init__(self, data: Path, models: Path) -> None:
        self.settings = Settings(
            data=data, models=(models,), workers=1, memory=resident() + (1 << 30)
        )
        self.workshop = Workshop(self.settings, serving=True)
        self.acme, self.bolt = (
            self.workshop.accounts.do(people.create_account, CONSOLE, name).id
            for name in ("acme", "bolt")
        )
        known = read_model(models / "double/1/card.json")
        self.give(self.acme, known.weights, replace(known.card, weights="model.onnx").to_json())
        self.give("local", known.weights, replace(known.card, weights="model.onnx").to_json())

    def give(self, account: str, weights: Path, card: str) -> None:
        """A model that was examined."""
        shop = self.workshop
        shop.owned.forget()
        file = shop.assets.add(New(account, weights, "upload"))
        draft, now = Draft(account, "ink", declared={}), shop.database.clock()
        shop.database.run(
            partial(entries.entered, now=now, draft=draft, file=file, job=f"job of {account}")
        )
        report = Report(
            Declared("acme/ink", "MIT"), (), {}, RULES.revision, now, now + 1000,
            ModelCard.from_json(card),
        )  # fmt: skip
        settled = partial(entries.settled, job=f"job of {account}", report=report.raw())
        shop.database.run(settled)

    def graph(self, text: str, account: str) -> Graph:
        spec = PipelineSpec.from_yaml(text)
        return self.workshop.shelf.check(spec, account=account).closed()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[House]:
    if bubblewrap() is None:
        pytest.skip("bubblewrap is not here, or may not do its work")
    made = House(tmp_path_factory.mktemp("data"), models)
    yield made
    made.workshop.close()


@pytest.fixture
def run(house: House, tmp_path: Path) -> Callable[..., Any]:
    """Run a graph on a small picture; whether it was enlarged as it should be."""
    seen = np.random.default_rng(0).integers(0, 256, (9, 8, 3), np.uint8)
    picture = bytes(
        pyvips.Image.new_from_array(seen).copy(interpretation="srgb").write_to_buffer(".png")
    )

    def run(graph: Graph, account: str, owner: str = "", **more: Any) -> bool:
        values = {"image": picture, **more}
        outputs = house.workshop.run_pipeline(graph, values, tmp_path, account=account, owner=owner)
        made = pyvips.Image.new_from_file(str(outputs["image"])).numpy()
        return np.array_equal(made, seen.repeat(2, 0).repeat(2, 1))

    return run


def test_a_pipeline_lends_what_it_names_itself(house: House, run: Any) -> None:
    graph = house.graph(LENT, house.acme)
    assert run(graph, house.acme)
    assert run(graph, house.bolt, owner=house.acme)
    with pytest.raises(NotFound, match="acme/ink@1"):
        run(graph, house.bolt)
    with pytest.raises(BadPipeline, match="acme/ink@1"):
        house.graph(LENT, house.bolt)


def test_what_is_named_by_who_runs_it_is_looked_up_for_them_alone(house: House, run: Any) -> None:
    graph = house.graph(ASKED, house.acme)
    assert run(graph, house.acme, net="acme/ink")
    with pytest.raises(NotFound, match="acme/ink"):
        run(graph, house.bolt, owner=house.acme, net="acme/ink")
    house.workshop.lending = lambda account, owner, name: Loan(
        "yes" if (account, owner, name) == (house.bolt, house.acme, "ink") else "no"
    )
    assert run(graph, house.bolt, net="acme/ink@1")


def test_the_plan_of_a_run_knows_whose_models_count(house: House) -> None:
    graph = house.graph(LENT, house.acme)
    plan = house.workshop.explain(graph, {}, account=house.acme)
    assert "acme/ink@1" in str(plan)


def test_what_is_on_sale_stays(house: House) -> None:
    shop, seller = house.workshop, Actor(house.acme)
    listing = shop.market.create(seller, "model", "ink", Card("Inks"))
    shop.market.offer(seller, listing.id, Terms())
    shop.market.publish(seller, listing.id, "private")
    with pytest.raises(WrongState, match=f"acme/ink@1 is on sale as {listing.id}"):
        Examinations(shop).remove(seller, "ink", None)
    assert shop.floor.model("acme/ink", [house.acme]).card.id == "acme/ink@1"


def test_who_has_the_machine_at_hand_is_the_local_account(house: House, tmp_path: Path) -> None:
    picture = pyvips.Image.black(8, 8, bands=3).copy(interpretation="srgb").write_to_buffer(".png")
    options = EnhanceOptions(model="local/ink", format="png")
    with Workshop(house.settings) as home:
        assert home.enhance(picture, None, options).model == "local/ink@1"
        with pytest.raises(NotFound):
            home.enhance(picture, None, replace(options, model="acme/ink"))
    with pytest.raises(NotFound):  # a server asks on somebody's behalf, or nobody's
        house.workshop.enhance(picture, None, options)


def test_a_name_that_nobody_has_makes_no_database(models: Path, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", models=(models,))
    with Workshop(settings) as home, pytest.raises(NotFound, match="the models here are"):
        home.floor.model("local/ink", ["local"])
    assert not (tmp_path / "data" / "printroom.db").exists()
