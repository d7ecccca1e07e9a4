"""A model that draws, from its upload to a run that somebody else paid for."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from printroom.runtimes.onnx.generator import Generator
from printroom.runtimes.reading import Reading


@pytest.fixture(scope="module")
def made(example: Callable[[str], ModuleType]) -> bytes:
    return bytes(example("generator").made().SerializeToString())


@pytest.fixture(scope="module")
def shapes(fair: Any, made: bytes) -> dict[str, Any]:
    return fair.given(fair.seller, made, "shapes", title="Shapes")


def test_it_is_read_as_what_it_is(shapes: dict[str, Any]) -> None:
    assert (shapes["state"], shapes["draws"]) == ("ready", True), shapes["examination"]
    assert shapes["examination"]["verdict"] == "passed"
    reading = shapes["reading"]
    assert [one["name"] for one in reading["latents"]] == ["latent"]
    assert reading["classes"]["names"][:2] == ["rings", "dunes"]


def test_a_buyer_runs_it_with_what_the_form_says(
    fair: Any, shapes: dict[str, Any], made: bytes, decode: Callable[[bytes], Any]
) -> None:
    alone = fair.good(fair.seller.get(f"/v1/models/{shapes['id']}/pipeline"))
    published = fair.good(fair.seller.post("/v1/pipelines", json={"yaml": alone["yaml"]}), 201)
    assert published["name"].endswith("shapes-run")
    card = {"kind": "pipeline", "name": "shapes-run", "title": "Shapes"}
    listing = fair.good(fair.seller.post("/v1/listings", json=card), 201)
    place = f"/v1/listings/{listing['id']}"
    fair.good(fair.seller.put(f"{place}/offer", json={"price": {"run": 3}}))
    target = fair.good(fair.seller.post(f"{place}/publish", json={}))["target"]
    topped = fair.good(fair.buyer.post("/v1/wallet/topups", json={"credits": 10}), 201)
    fair.good(fair.owner.post(f"/v1/wallet/topups/{topped['id']}/confirm"))

    form = fair.good(fair.buyer.get(f"/v1/pipelines/{target}"))["schema"]["input"]["properties"]
    assert set(form) == {"seed", "shows"}
    assert (form["seed"]["type"], form["seed"]["minimum"], form["seed"]["default"]) == (
        "integer", 0, 0,
    )  # fmt: skip
    assert form["shows"]["enum"] == list(shapes["reading"]["classes"]["names"])

    pictures = {}
    for shows in ("rings", "cells"):
        run = fair.ran(fair.buyer, target, {"seed": 7, "shows": shows})
        assert run["status"] == "succeeded", run
        assert run["terms"]["quote"] == 3
        file = run["output"]["result"]["file"]
        pictures[shows] = decode(fair.buyer.get(f"/v1/files/{file}/content").content)
    assert fair.good(fair.buyer.get("/v1/wallet"))["balance"] == 4
    assert np.abs(pictures["rings"].astype(int) - pictures["cells"]).mean() > 20

    drawn = Generator(made, Reading.of(shapes["reading"])).draw(7, "cells")[0]
    expected = np.rint(np.clip(drawn.transpose(1, 2, 0), 0, 1) * 255)
    assert np.array_equal(pictures["cells"], expected)  # the same seed is the same picture


def test_the_model_itself_may_be_sold_by_the_run(fair: Any, shapes: dict[str, Any]) -> None:
    card = {"kind": "model", "name": "shapes", "title": "Shapes, by the run"}
    place = f"/v1/listings/{fair.good(fair.seller.post('/v1/listings', json=card), 201)['id']}"
    fair.good(fair.seller.put(f"{place}/offer", json={"price": {"run": 2}}))
    target = fair.good(fair.seller.post(f"{place}/publish", json={}))["target"]
    topped = fair.good(fair.buyer.post("/v1/wallet/topups", json={"credits": 10}), 201)
    fair.good(fair.owner.post(f"/v1/wallet/topups/{topped['id']}/confirm"))
    before = fair.good(fair.buyer.get("/v1/wallet"))["balance"]
    run = fair.ran(fair.buyer, target, {"seed": 3, "shows": "dunes"})
    assert run["status"] == "succeeded", run
    assert before - fair.good(fair.buyer.get("/v1/wallet"))["balance"] == 2


def test_what_the_form_does_not_offer_is_refused(fair: Any, shapes: dict[str, Any]) -> None:
    drawing = {"use": "generate", "with": {"net": shapes["id"], "shows": "horses"}}
    body = {"pipeline": {"name": "odd", "steps": {"a": drawing}}, "input": {}}
    run = fair.good(fair.seller.post("/v1/runs", json=body, headers={"prefer": "wait=60"}), 201)
    assert (run["status"], run["error"]["code"]) == ("failed", "bad_option")
    assert "rings, dunes" in str(run["error"])


def test_it_takes_no_picture(fair: Any, shapes: dict[str, Any], picture: bytes) -> None:
    asked = fair.seller.post("/v1/images/enhance", params={"model": shapes["id"]}, content=picture)
    assert (asked.status_code, asked.json()["code"]) == (422, "bad_model")
    assert "draws pictures" in asked.json()["detail"]
    (port,) = fair.good(fair.seller.get("/v1/models/test/double@1/pipeline"))["pipeline"]["inputs"]
    assert port == "image"
