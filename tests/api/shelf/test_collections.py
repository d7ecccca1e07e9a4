"""Collections over HTTP, and what a sold pipeline finds in that of its seller."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

PIPELINE = """
name: {name}
inputs: {{image: picture}}
steps:
  near: {{use: nearest, with: {{image: $image, collection: looks, most: 1}}}}
outputs: {{best: $near.best, distance: $near.distance}}
"""


def plain(encode: Callable[..., bytes], channel: int, suffix: str = ".png") -> bytes:
    levels = np.full((40, 50, 3), 30, np.uint8)
    levels[:, :25, channel] = 220
    return encode(levels, suffix)


@pytest.fixture(scope="module")
def looks(fair: Any, encode: Callable[..., bytes]) -> dict[str, Any]:
    """The collection `looks` of the seller: red, green and blue; and one of the buyer's."""
    fair.good(fair.buyer.post("/v1/collections", json={"name": "looks"}), 201)
    mine = fair.upload(fair.buyer, plain(encode, 0), "red.png")
    item = {"picture": mine, "payload": "the buyer's"}
    fair.good(fair.buyer.post("/v1/collections/looks/items", json={"items": [item]}), 201)
    made = fair.good(fair.seller.post("/v1/collections", json={"name": "looks"}), 201)
    assert (made["size"], made["pictures"]) == (0, True)
    items = []
    for channel, colour in enumerate(("red", "green", "blue")):
        data = plain(encode, channel)
        picture = f"data:image/png;base64,{base64.b64encode(data).decode()}"
        if channel:
            picture = fair.upload(fair.seller, data, f"{colour}.png")
        items.append({"picture": picture, "payload": {"colour": colour}})
    told = fair.good(fair.seller.post("/v1/collections/looks/items", json={"items": items}), 201)
    assert told["size"] == 3
    return dict(told)


def test_what_is_in_it_is_found(fair: Any, looks: dict[str, Any], encode: Any) -> None:
    picture = fair.upload(fair.seller, plain(encode, 2, ".jpg"), "sea.jpg")
    asked = {"picture": picture, "most": 2}
    found = fair.good(fair.seller.post("/v1/collections/looks/search", json=asked))["data"]
    assert [len(found), found[0]["payload"]] == [2, {"colour": "blue"}]
    assert found[0]["distance"] < 0.05 < found[1]["distance"]
    page = fair.good(fair.seller.get("/v1/collections/looks/items", params={"limit": 2}))
    rest = {"limit": 2, "after": page["next"]}
    last = fair.good(fair.seller.get("/v1/collections/looks/items", params=rest))
    told = [one["payload"]["colour"] for one in (*page["data"], *last["data"])]
    assert (told, last["next"]) == (["red", "green", "blue"], None)


def test_a_sold_pipeline_finds_what_its_seller_has(
    fair: Any, looks: dict[str, Any], encode: Any
) -> None:
    text = PIPELINE.format(name="likeness")
    fair.good(fair.seller.post("/v1/pipelines", json={"yaml": text}), 201)
    card = {"kind": "pipeline", "name": "likeness", "title": "What it looks like"}
    place = f"/v1/listings/{fair.good(fair.seller.post('/v1/listings', json=card), 201)['id']}"
    fair.good(fair.seller.put(f"{place}/offer", json={"price": {}}))
    target = fair.good(fair.seller.post(f"{place}/publish", json={}))["target"]
    picture = fair.upload(fair.buyer, plain(encode, 0), "red.png")
    run = fair.ran(fair.buyer, target, {"image": picture})
    assert run["status"] == "succeeded", run
    assert run["output"]["best"] == '{"colour": "red"}'
    own = PIPELINE.format(name="mine")
    fair.good(fair.buyer.post("/v1/pipelines", json={"yaml": own}), 201)
    run = fair.ran(fair.buyer, "mine", {"image": picture})
    assert run["output"]["best"] == "the buyer's"
    answer = fair.owner.post("/v1/pipelines", json={"yaml": PIPELINE.format(name="none")})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_pipeline")


def test_vectors_and_what_is_refused(fair: Any, looks: dict[str, Any]) -> None:
    seller = fair.seller
    fair.good(seller.post("/v1/collections", json={"name": "words", "length": 2}), 201)
    again = seller.post("/v1/collections", json={"name": "words", "length": 2})
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")
    items = [{"vector": [1, 0], "payload": 1}, {"vector": [0, 1e300], "payload": None}]
    fair.good(seller.post("/v1/collections/words/items", json={"items": items}), 201)
    found = fair.good(seller.post("/v1/collections/words/search", json={"vector": [0.1, 1]}))
    assert [one["payload"] for one in found["data"]] == [None, 1]
    for body in (
        {"vector": [1, 2, 3], "payload": 0},
        {"vector": [0, 0], "payload": 0},
        {"picture": "file_0", "payload": 0},
        {"payload": 0},
        {"vector": [1, 0], "payload": "x" * 5000},
    ):
        more = [{"vector": [1, 1], "payload": 0}, body]
        answer = seller.post("/v1/collections/words/items", json={"items": more})
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_option"), answer.text
    assert fair.good(seller.get("/v1/collections/words"))["size"] == 2
    odd = seller.post(
        "/v1/collections/looks/search", json={"picture": "data:image/png;base64,AAAA"}
    )
    assert (odd.status_code, odd.json()["code"]) == (415, "not_a_picture")
    missing = seller.post("/v1/collections/looks/search", json={"picture": "file_0"})
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert fair.buyer.get("/v1/collections/words").status_code == 404
    item = fair.good(seller.get("/v1/collections/words/items"))["data"][0]["id"]
    assert fair.buyer.delete(f"/v1/collections/words/items/{item}").status_code == 404
    assert seller.delete(f"/v1/collections/words/items/{item}").status_code == 204
    names = [one["name"] for one in fair.good(seller.get("/v1/collections"))["data"]]
    assert names == ["looks", "words"]
    assert seller.delete("/v1/collections/words").status_code == 204
    assert seller.get("/v1/collections/words/items").status_code == 404
