"""Selling and buying over HTTP, by three accounts on one server with a worker."""

import base64
import csv
import io
import time
from contextlib import closing, contextmanager
from dataclasses import replace

import httpx
import numpy as np
import pytest
from sqlalchemy import insert, select

from printroom.accounts.credentials import mint
from printroom.assets.model import ASSETS
from printroom.catalogue.model import MODELS
from printroom.catalogue.models import read_model
from printroom.catalogue.verification.report import Declared, Finding, Report
from printroom.catalogue.verification.rules import RULES
from printroom.database.engine import Database
from printroom.imaging.vips import pyvips

PASSWORD = "correct horse battery"
PIPELINE = """
name: {name}
inputs: {{image: picture}}
steps:
  up: {{use: upscale, with: {{image: $image, net: test/double@1, scale: 2}}}}
"""
SCOPES = (
    "images", "market:read", "market:write", "runs:read", "runs:write", "files:read", "files:write",
    "models:read", "pipelines:read", "pipelines:write",
)  # fmt: skip


def _png():
    samples = np.random.default_rng(0).integers(0, 256, (16, 24, 3), np.uint8)
    image = pyvips.Image.new_from_array(samples).copy(interpretation="srgb")
    return image.write_to_buffer(".png")


PNG = _png()


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


class Town:
    """A server with its owner, a seller and a buyer."""

    def __init__(self, url, key, data):
        self.url, self.data = url, data
        self.clients, self.browsers = [], {}
        self.owner = self.client(bearer(key))
        self.seller, self.buyer = self.account("Sam"), self.account("Ann")
        self.listings = 0

    def client(self, headers):
        made = httpx.Client(base_url=self.url, headers=headers, timeout=60)
        self.clients.append(made)
        return made

    def account(self, name):
        """A client with a key of a new account."""
        email = f"{name.lower()}@example.com"
        body = {"name": name, "email": email, "password": PASSWORD}
        self.good(self.owner.post("/v1/accounts", json=body), 201)
        browser = self.client({})
        session = browser.post("/v1/sessions", json={"email": email, "password": PASSWORD})
        browser.headers["X-CSRF-Token"] = self.good(session, 201)["csrf"]
        self.browsers[name] = browser
        key = browser.post("/v1/keys", json={"name": "all", "scopes": list(SCOPES)})
        return self.client(bearer(self.good(key, 201)["secret"]))

    def good(self, answer, status=200):
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def upload(self, client):
        headers = {"content-type": "image/png"}
        return self.good(client.post("/v1/files", content=PNG, headers=headers), 201)["id"]

    def model(self, name, weights, card):
        """The id of a listing of a model of the seller's, as an examination leaves it."""
        headers = {"content-type": "application/octet-stream"}
        made = self.seller.post("/v1/files", content=weights, headers=headers)
        file = self.good(made, 201)["id"]
        self.good(self.owner.get("/v1/models"))  # the tables are there
        with (
            closing(Database.open(f"sqlite:///{self.data / 'printroom.db'}")) as database,
            database.write() as connection,
        ):
            account = connection.execute(select(ASSETS.c.account).where(ASSETS.c.id == file))
            self.now, finding = time.time(), Finding("graph", "graph.checked", "passed", "Fine.")
            until = self.now + 1000
            report = Report(
                Declared(f"sam/{name}"), (finding,), {}, RULES.revision, self.now, until
            )
            said = replace(card, weights="model.onnx").to_json()
            row = {
                "id": f"mdl_{name}", "account": account.scalar_one(), "name": name, "version": 1,
                "state": "ready", "title": "Ink", "description": "", "declared_json": "{}",
                "card_json": said,
                "report_json": report.to_json(), "file": file, "job": f"j{name}",
                "digest": card.digest, "size": len(weights),
                "created_at": 0.0,
            }  # fmt: skip
            connection.execute(insert(MODELS).values(row))
        body = {"kind": "model", "name": name, "title": name.title()}
        return self.good(self.seller.post("/v1/listings", json=body), 201)["id"]

    def listing(self, price, **more):
        """A pipeline of the seller's that is offered."""
        self.listings += 1
        name = f"double{self.listings}"
        made = self.seller.post("/v1/pipelines", json={"yaml": PIPELINE.format(name=name)})
        self.good(made, 201)
        body = {"kind": "pipeline", "name": name, "title": f"Twice {self.listings}", **more}
        found = self.good(self.seller.post("/v1/listings", json=body), 201)
        place = f"/v1/listings/{found['id']}"
        self.good(self.seller.put(f"{place}/offer", json={"price": price}))
        return self.good(self.seller.post(f"{place}/publish", json={}))

    def top_up(self, credits_):
        made = self.buyer.post("/v1/wallet/topups", json={"credits": credits_})
        place = f"/v1/wallet/topups/{self.good(made, 201)['id']}/confirm"
        assert self.buyer.post(place).status_code == 403
        self.good(self.owner.post(place))

    def wallet(self, client=None):
        return self.good((client or self.buyer).get("/v1/wallet"))

    def run(self, listing, status=201):
        body = {"target": listing["target"], "input": {"image": self.upload(self.buyer)}}
        headers = {"prefer": "wait=60"}
        return self.good(self.buyer.post("/v1/runs", json=body, headers=headers), status)


@pytest.fixture(scope="module")
def town(serving, tmp_path_factory):
    key = mint("live")
    settings = {"owner_email": "own@example.com", "owner_password": PASSWORD, "owner_key": key}
    data = tmp_path_factory.mktemp("town")
    with serving(data, **settings, market_maturing="0") as url:
        made = Town(url, key, data)
        yield made
        for client in made.clients:
            client.close()


@contextmanager
def refused(status, code):
    found = []
    yield found
    (answer,) = found
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_a_run_is_sold(town):
    files = [town.upload(town.seller) for _ in range(2)]
    example = {"title": "A cat", "input": files[0], "output": files[1]}
    listing = town.listing({"run": 3, "megapixel": 1.5}, tags=["zoom"], examples=[example])
    seen = town.good(town.buyer.get(f"/v1/listings/{listing['id']}"))
    assert (seen["own"], seen["offer"]["price"]["megapixel"]) == (False, 1.5)
    picture = town.buyer.get(seen["examples"][0]["output"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    with refused(402, "insufficient_credits") as found:
        body = {"target": listing["target"], "input": {"image": town.upload(town.buyer)}}
        found.append(town.buyer.post("/v1/runs", json=body))
    town.top_up(10)
    said = town.good(town.buyer.post("/v1/quotes", json=body))
    assert (said["terms"]["quote"], said["plan"]) == (4, {})
    about = town.good(town.buyer.get(f"/v1/pipelines/{listing['target']}"))
    assert about["yaml"] is about["pipeline"] is None  # how it is made is its seller's
    run = town.run(listing)
    assert run["status"] == "succeeded", run
    assert run["terms"]["quote"] == 4
    assert (town.wallet()["balance"], town.wallet()["held"]) == (6, 0)
    sold = town.wallet(town.seller)
    assert sold["earned"] + sold["payable"] == 3
    files, headers = {"image": ("a.png", PNG, "image/png")}, {"accept": "image/png"}
    place = f"/v1/pipelines/{listing['target']}"
    at_once = town.buyer.post(place, files=files, headers=headers)
    assert at_once.status_code == 200, at_once.text
    assert at_once.headers["x-printroom-sale"].endswith("; credits=4")
    assert town.wallet()["balance"] == 2
    with refused(402, "insufficient_credits") as found:
        found.append(town.buyer.post(place, files=files, headers=headers))
    for name in (run["id"], at_once.headers["x-printroom-sale"].partition(";")[0]):
        for _ in range(2):  # a double click
            once = {"idempotency-key": "click"}
            place = f"/v1/runs/{name}/refund"
            back = town.seller.post(place, json={"credits": 3}, headers=once)
            assert town.good(back)["refunded"] == 3
    assert town.wallet()["balance"] == 8
    with refused(422, "idempotency_key_reused") as found:
        found.append(town.seller.post(place, json={"credits": 1}, headers=once))
    town.good(town.seller.post(place, json={}))
    with refused(409, "wrong_state") as found:
        found.append(town.seller.post(place, json={}))


def test_a_model_is_sold_by_the_run_through_every_door(town, models):
    """Each is refused where there are no credits, and charged to the credit where there are."""
    known = read_model(models / "double/1/card.json")
    listing = town.model("doubler", known.weights.read_bytes(), known.card)
    place, target = f"/v1/listings/{listing}", "sam/doubler"
    price = {"run": 2, "megapixel": 1000, "quota": None}
    town.good(town.seller.put(f"{place}/offer", json={"price": price}))
    town.good(town.seller.post(f"{place}/publish", json={}))
    cost = 2 + -(-48 * 32 // 1000)

    def hot(client):
        return client.post("/v1/images/enhance", params={"model": target}, content=PNG)

    def kserve(client):
        planes = {
            "name": "input",
            "shape": [1, 3, 16, 24],
            "datatype": "FP32",
            "data": [0.5] * 1152,
        }
        return client.post(f"/v2/models/{target}/infer", json={"inputs": [planes]})

    def openai(client):
        files = {"image": ("a.png", PNG, "image/png"), "model": (None, target)}
        return client.post("/compat/openai/v1/images/edits", files=files)

    def pipeline(client):
        files = {"image": ("a.png", PNG, "image/png")}
        return client.post(f"/v1/pipelines/{target}", files=files)

    def replicate(client):
        body = {"input": {"image": "data:image/png;base64," + base64.b64encode(PNG).decode()}}
        place = f"/compat/replicate/v1/models/{target}/predictions"
        return client.post(place, json=body, headers={"prefer": "wait=60"})

    def run(client):
        body = {"target": target, "input": {"image": town.upload(client)}}
        return client.post("/v1/runs", json=body, headers={"prefer": "wait=60"})

    poor = town.account("Pia")
    town.top_up(100)
    before = town.wallet()["balance"]
    for number, door in enumerate((hot, kserve, openai, pipeline, replicate, run), 1):
        said = door(poor)
        assert said.status_code == 402, (door, said.text)
        answer = door(town.buyer)
        assert answer.status_code in (200, 201), (door, answer.text)
        now = town.wallet()
        assert (now["balance"], now["held"]) == (before - number * cost, 0), door
    assert hot(town.seller).status_code == 200
    sales = town.good(town.seller.get(f"{place}/sales"))["data"]
    assert [one["credits"] for one in sales] == [cost] * 6


def test_a_try_is_free_and_what_was_earned_is_told(town):
    listing = town.listing({"run": 2})
    place = f"/v1/listings/{listing['id']}"
    body = {"price": {"run": 3}, "tries": 1}
    assert town.good(town.seller.put(f"{place}/offer", json=body))["offer"]["tries"] == 1
    poor = town.account("Gus")
    assert town.good(poor.get(place))["tries"] == 1
    body = {"input": {"image": town.upload(poor)}}
    tried = poor.post(f"{place}/tries", json=body, headers={"prefer": "wait=60"})
    assert town.good(tried, 201)["status"] == "succeeded"
    assert town.good(poor.get(place))["tries"] == 0
    with refused(403, "no_access") as found:
        found.append(poor.post(f"{place}/tries", json=body))
    town.top_up(3)
    town.run(listing)
    month = time.strftime("%Y-%m", time.gmtime())
    told = town.good(town.seller.get(f"/v1/wallet/earnings/{month}"))
    mine = next(one for one in told["data"] if one["listing"] == listing["id"])
    assert (mine["kind"], mine["count"], mine["earned"]) == ("run", 1, 2)
    for what in ("earnings", "statements"):
        page = town.seller.get(f"/v1/wallet/{what}/{month}.html")
        assert page.headers["content-type"].startswith("text/html")
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert "Account sam" in page.text
    assert listing["id"] in town.seller.get(f"/v1/wallet/earnings/{month}.csv").text


def test_a_copy_is_bought_and_fetched(town, models):
    """Of a model that is ready, as an examination leaves it; its bytes are any bytes here."""
    weights = bytes(range(256)) * 9000  # more than is sent at once
    listing = town.model("ink", weights, read_model(models / "double/1/card.json").card)
    place = f"/v1/listings/{listing}"
    town.good(town.seller.put(f"{place}/offer", json={"price": {"download": 40}}))
    assert town.good(town.seller.post(f"{place}/publish", json={}))["badges"][0] == {
        "kind": "verified", "detail": {"until": town.now + 1000},
    }  # fmt: skip
    with refused(403, "no_access") as found:
        found.append(town.buyer.get(f"{place}/download"))
    town.top_up(40)
    body = {"listing": listing, "offer": 1, "kind": "download"}
    order = town.good(town.buyer.post("/v1/orders", json=body), 201)
    copy = town.buyer.get(f"{place}/download")
    assert copy.content.startswith(weights)
    assert order["id"].encode() in copy.content[len(weights) :]
    assert 'filename="ink-1.onnx"' in copy.headers["content-disposition"]
    assert town.seller.get(f"{place}/download").content == weights


def test_a_picture_is_looked_for(town):
    """The same kind of picture comes first, whatever its size."""

    def upload(client, stripes, width=60):
        rows = np.tile(np.arange(width) % 12 // 6 * 200, (width, 1)).astype(np.uint8)
        samples = np.stack([rows.T if stripes == "down" else rows, *[rows * 0] * 2], -1)
        image = pyvips.Image.new_from_array(samples).copy(interpretation="srgb")
        headers = {"content-type": "image/png"}
        data = image.write_to_buffer(".png")
        return town.good(client.post("/v1/files", content=data, headers=headers), 201)["id"]

    made = {}
    for stripes in ("down", "across"):
        file = upload(town.seller, stripes)
        example = {"title": stripes, "input": file, "output": file}
        made[stripes] = town.listing({}, examples=[example])["id"]
    for stripes in ("down", "across"):
        query = {"file": upload(town.buyer, stripes, 120), "limit": 5}
        found = town.good(town.buyer.get("/v1/listings/similar", params=query))["data"]
        assert {one["id"] for one in found} >= set(made.values())
        assert found[0]["id"] == made[stripes]
    with refused(404, "not_found") as answer:
        answer.append(town.buyer.get("/v1/listings/similar", params={"file": file}))
    with refused(422, "bad_option") as answer:
        example = {"input": "file_1", "output": "file_1"}
        place = f"/v1/listings/{made['down']}"
        answer.append(town.seller.patch(place, json={"title": "x", "examples": [example]}))


def test_it_is_found_and_reviewed(town):
    listing = town.listing({}, tags=["sharp"], text="For\nphotographs of bicycles")
    found = town.good(town.buyer.get("/v1/listings", params={"query": "bicycl", "tag": "sharp"}))
    assert [one["id"] for one in found["data"]] == [listing["id"]]
    assert found["next"] is None
    place = f"/v1/listings/{listing['id']}"
    with refused(403, "no_access") as answer:
        answer.append(town.buyer.put(f"{place}/review", json={"stars": 5}))
    assert town.run(listing)["status"] == "succeeded"
    town.good(town.buyer.put(f"{place}/review", json={"stars": 4, "text": "Good."}))
    reviews = town.good(town.seller.get(f"{place}/reviews"))["data"]
    assert [(one["author"], one["stars"]) for one in reviews] == [("ann", 4)]
    assert town.good(town.buyer.get(place))["standing"]["stars"] == 4
    own = town.good(town.seller.get("/v1/listings", params={"own": True, "limit": 1}))
    assert own["data"][0]["id"] == listing["id"]
    again = town.seller.get("/v1/listings", params={"own": True, "after": own["next"]})
    assert listing["id"] not in [one["id"] for one in town.good(again)["data"]]


def test_a_month_is_bought_once_and_given_back(town):
    listing = town.listing({"month": 90, "quota": 2})
    town.top_up(200)
    before = town.wallet()["balance"]
    with refused(403, "no_access") as found:
        body = {"target": listing["target"], "input": {"image": town.upload(town.buyer)}}
        found.append(town.buyer.post("/v1/runs", json=body))
    body = {"listing": listing["id"], "offer": 1}
    key = {"idempotency-key": "month-1"}
    order = town.good(town.buyer.post("/v1/orders", json=body, headers=key), 201)
    assert town.good(town.buyer.post("/v1/orders", json=body, headers=key), 201) == order
    with refused(409, "already_exists") as found:
        found.append(town.buyer.post("/v1/orders", json=body))
    with refused(409, "terms_changed") as found:
        found.append(town.buyer.post("/v1/orders", json=body | {"offer": 2}))
    assert town.wallet()["balance"] == before - 90
    run = town.run(listing)
    right = town.good(town.buyer.get("/v1/subscriptions"))["data"][0]
    assert (run["terms"]["entitlement"], right["used"]) == (right["id"], 1)
    place = f"/v1/subscriptions/{right['id']}"
    assert town.good(town.buyer.post(f"{place}/cancel", json={}))["renews"] is False
    assert town.good(town.buyer.post(f"{place}/resume"))["renews"] is True
    ended = town.good(town.buyer.post(f"{place}/cancel", json={"at_once": True}))
    assert ended["state"] == "ended"
    assert town.wallet()["balance"] == before - 45
    with refused(404, "not_found") as found:
        found.append(town.seller.post(f"{place}/cancel", json={}))
    orders = town.good(town.buyer.get("/v1/orders"))["data"]
    assert orders[0]["refunded"] == 45
    sales = town.good(town.seller.get(f"/v1/listings/{listing['id']}/sales"))["data"]
    assert [(one["kind"], one["credits"]) for one in sales] == [("run", 0), ("month", 90)]
    with refused(404, "not_found") as found:
        found.append(town.buyer.get(f"/v1/listings/{listing['id']}/sales"))
    town.good(town.buyer.post("/v1/orders", json=body), 201)
    right = town.good(town.buyer.get("/v1/subscriptions"))["data"][0]
    revoke = f"/v1/subscriptions/{right['id']}/revoke"
    with refused(404, "not_found") as found:
        found.append(town.buyer.post(revoke))
    assert town.good(town.seller.post(revoke))["state"] == "revoked"
    with refused(403, "no_access") as found:
        wanted = {"target": listing["target"], "input": {"image": town.upload(town.buyer)}}
        found.append(town.buyer.post("/v1/runs", json=wanted))


def test_what_is_reported_is_taken_down_at_once_and_may_be_appealed(town):
    listing = town.listing({})
    body = {"listing": listing["id"], "reason": "copy", "text": "It is mine."}
    case = town.good(town.buyer.post("/v1/reports", json=body), 201)["id"]
    assert town.buyer.get("/v1/reports").status_code == 403
    assert case in [one["id"] for one in town.good(town.owner.get("/v1/reports"))["data"]]
    place = f"/v1/reports/{case}"
    decision = {"take_down": True, "why": "So it seems."}
    assert town.seller.post(f"{place}/decide", json=decision).status_code == 403
    town.good(town.owner.post(f"{place}/decide", json=decision))
    with refused(404, "not_found") as found:
        body = {"target": listing["target"], "input": {"image": town.upload(town.buyer)}}
        found.append(town.buyer.post("/v1/runs", json=body))
    told = town.good(town.seller.get(f"/v1/listings/{listing['id']}/reports"))["data"]
    assert [(one["state"], "account" in one) for one in told] == [("upheld", False)]
    town.good(town.seller.post(f"{place}/appeal", json={"text": "Here is my contract."}))
    town.good(town.owner.post(f"{place}/decide", json={"take_down": False, "why": "Right."}))
    assert town.run(listing)["status"] == "succeeded"


def test_coupons_statements_and_payouts(town):
    with refused(403, "not_allowed") as found:
        body = {"code": "GIFT-7", "credits": 7}
        found.append(town.buyer.post("/v1/coupons", json=body))
    town.good(town.owner.post("/v1/coupons", json=body), 201)
    before = town.wallet()["balance"]
    town.good(town.buyer.post("/v1/coupons/redeem", json={"code": "GIFT-7"}))
    assert town.wallet()["balance"] == before + 7
    with refused(403, "no_access") as found:
        found.append(town.buyer.post("/v1/coupons/redeem", json={"code": "GIFT-7"}))
    town.good(town.seller.post("/v1/coupons", json={"code": "HALF", "off": 0.5}), 201)
    assert town.good(town.seller.get("/v1/coupons"))["data"][0]["off"] == 0.5
    assert town.seller.delete("/v1/coupons/HALF").status_code == 204
    month = time.strftime("%Y-%m", time.gmtime())
    said = town.good(town.buyer.get(f"/v1/wallet/statements/{month}"))
    assert said["closing"]["wallet"] == town.wallet()["balance"]
    table = town.buyer.get(f"/v1/wallet/statements/{month}.csv")
    assert table.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    moved = [int(row["credits"]) for row in rows if row["account"] == "wallet"]
    assert sum(moved[:-1]) == moved[-1]
    with refused(404, "not_found") as found:
        found.append(town.seller.post("/v1/payouts", json={}))
    assert town.good(town.seller.post("/v1/payouts/account"))["url"] is None
    with refused(422, "bad_option") as found:
        found.append(town.seller.post("/v1/payouts", json={"credits": 10**6}))
    with refused(422, "bad_option") as found:
        found.append(httpx.post(f"{town.url}/v1/payments/notices", content=b"{}"))


def test_what_is_not_ones_own_is_not_there(town):
    listing = town.listing({"run": 1})
    place = f"/v1/listings/{listing['id']}"
    for method, path, body in (
        ("PATCH", place, {"title": "Mine"}),
        ("PUT", f"{place}/offer", {"price": {}}),
        ("POST", f"{place}/publish", {}),
        ("POST", f"{place}/withdraw", None),
        ("DELETE", place, None),
        ("GET", f"{place}/reports", None),
    ):
        with refused(404, "not_found") as found:
            found.append(town.buyer.request(method, path, json=body))
    with refused(404, "not_found") as found:
        body = {"kind": "pipeline", "name": listing["name"], "title": "Mine"}
        found.append(town.buyer.post("/v1/listings", json=body))
    town.good(town.seller.post(f"{place}/withdraw"))
    with refused(404, "not_found") as found:
        found.append(town.buyer.get(place))
    assert httpx.get(f"{town.url}/v1/listings").status_code == 401


def test_who_may_write_alone_is_answered_what_was_written(town):
    """A change that is made is never answered as refused."""
    listing = town.listing({"run": 1})
    made = town.good(
        town.owner.post("/v1/keys", json={"name": "w", "scopes": ["market:write"]}), 201
    )
    writer = town.client(bearer(made["secret"]))
    files = {"yaml": PIPELINE.format(name="mine")}
    town.good(town.owner.post("/v1/pipelines", json=files), 201)
    body = {"kind": "pipeline", "name": "mine", "title": "Mine"}
    assert town.good(writer.post("/v1/listings", json=body), 201)["title"] == "Mine"
    assert writer.get(f"/v1/listings/{listing['id']}").status_code == 403


def test_sales_have_pages(town):
    listing = town.listing({})
    for _ in range(3):
        assert town.run(listing)["status"] == "succeeded"
    place, found, after = f"/v1/listings/{listing['id']}/sales", [], None
    for _ in range(3):
        query = {"limit": 1} | ({"after": after} if after else {})
        page = town.good(town.seller.get(place, params=query))
        found += [one["id"] for one in page["data"]]
        after = page["next"]
    assert len(set(found)) == 3
    with refused(422, "bad_option") as answer:
        answer.append(town.seller.get(place, params={"after": "x_1"}))


def test_what_is_shared_is_seen_by_those_it_is_shared_with(town):
    files = [town.upload(town.seller) for _ in range(2)]
    example = {"title": "", "input": files[0], "output": files[1]}
    listing = town.listing({"run": 1}, examples=[example])
    place = f"/v1/listings/{listing['id']}"
    wanted = {"visibility": "shared", "shared_with": ["ann"]}
    own = town.good(town.seller.post(f"{place}/publish", json=wanted))
    assert own["shared_with"] == ["ann"]
    assert own["examples"][0]["files"] == {"input": files[0], "output": files[1]}
    (seen,) = town.good(town.buyer.get("/v1/listings?shared=true"))["data"]
    assert (seen["id"], seen["shared_with"]) == (listing["id"], None)
    assert "files" not in seen["examples"][0]
    stranger = town.account("Eve")
    assert town.good(stranger.get("/v1/listings?shared=true"))["data"] == []
    assert stranger.get(place).status_code == 404
    found = town.good(town.buyer.get("/v1/listings"))["data"]
    assert listing["id"] not in [one["id"] for one in found], "and it is not in the shop"
    town.good(town.seller.post(f"{place}/withdraw"))
    assert town.good(town.buyer.get("/v1/listings?shared=true"))["data"] == []
    assert town.good(town.owner.get(place))["state"] == "draft", "a moderator sees all"
    assert town.owner.get(town.good(town.owner.get(place))["examples"][0]["input"]).is_success


def test_what_is_paid_by_hand_waits_for_the_owner(town):
    ids = [
        town.good(town.buyer.post("/v1/wallet/topups", json={"credits": credits_}), 201)["id"]
        for credits_ in (7, 8)
    ]
    with refused(403, "not_allowed") as found:
        found.append(town.buyer.get("/v1/payments/waiting"))
    first = town.good(town.owner.get("/v1/payments/waiting?limit=1"))
    (one,) = first["data"]
    assert (one["id"], one["kind"], one["account"], one["credits"]) == (ids[0], "topup", "ann", 7)
    town.good(town.owner.post(f"/v1/wallet/topups/{ids[0]}/confirm"))
    rest = town.good(town.owner.get(f"/v1/payments/waiting?after={first['next']}"))
    assert [one["id"] for one in rest["data"]] == ids[1:], "also when the first is paid meanwhile"
    town.good(town.owner.post(f"/v1/wallet/topups/{ids[1]}/confirm"))
    assert town.good(town.owner.get("/v1/payments/waiting"))["data"] == []


def test_what_was_bought_is_called_by_its_title(town):
    listing = town.listing({"month": 1})
    town.top_up(1)
    body = {"listing": listing["id"], "offer": 1, "kind": "month"}
    order = town.good(town.buyer.post("/v1/orders", json=body), 201)
    assert order["title"] == listing["title"]
    for path in ("/v1/orders", "/v1/subscriptions"):
        assert town.good(town.buyer.get(path))["data"][0]["title"] == listing["title"]
    changed = {"title": "Another name"}
    town.good(town.seller.patch(f"/v1/listings/{listing['id']}", json=changed))
    assert town.good(town.buyer.get("/v1/orders"))["data"][0]["title"] == "Another name"


def test_an_account_is_closed_by_its_owner(town):
    client, browser = town.account("Cia"), town.browsers["Cia"]
    file = town.upload(client)
    town.good(town.owner.post("/v1/coupons", json={"code": "CIA-5", "credits": 5}), 201)
    town.good(client.post("/v1/coupons/redeem", json={"code": "CIA-5"}))
    assert town.good(browser.get("/v1/account/closing")) == {"blocks": [], "forfeits": 5}
    with refused(403, "not_allowed") as found:
        found.append(client.delete("/v1/account", params={"forfeit": True}))
    with refused(409, "wrong_state") as found:
        found.append(browser.delete("/v1/account"))
    assert town.good(client.get("/v1/wallet"))["balance"] == 5
    assert browser.delete("/v1/account", params={"forfeit": True}).status_code == 204
    for one in (client, browser):
        assert one.get(f"/v1/files/{file}").status_code == 401
    body = {"email": "cia@example.com", "password": PASSWORD}
    assert httpx.post(f"{town.url}/v1/sessions", json=body, timeout=60).status_code == 401
    with refused(422, "bad_option") as found:  # the installation's own
        session = {"email": "own@example.com", "password": PASSWORD}
        with httpx.Client(base_url=town.url, timeout=60) as own:
            made = own.post("/v1/sessions", json=session)
            own.headers["X-CSRF-Token"] = town.good(made, 201)["csrf"]
            found.append(own.delete("/v1/account", params={"forfeit": True}))
