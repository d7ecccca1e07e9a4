"""A seller and a buyer, from the first model to the last refund, all of it in the browser.

One server: the seller brings a model, has it examined, makes a pipeline of it, prices and shows it;
the buyer finds it by words and by a picture, pays, runs and reviews it, and reports it; the
moderator takes it down, and it comes back. Then a model that draws, bought and run with a form.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save_model
from playwright.sync_api import Locator, Page, expect

from .conftest import SAMPLE, WAIT, Open, Serve, Server
from .test_pages import violations

expect.set_options(timeout=WAIT)
OWNER = ("owner@example.com", "correct horse battery")
SAM, ANN = ("sam@example.com", "a seller's password"), ("ann@example.com", "a buyer's password")
KIM = ("kim@example.com", "another seller's word")
UNSIGNED = "401"
FORM = "pipelines/sam/negative-run"
PICTURE = str(SAMPLE)
SIZE = "451 \N{MULTIPLICATION SIGN} 300"
GENERATOR = Path(__file__).parents[2] / "examples" / "generator" / "make.py"


@pytest.fixture(scope="module")
def market(start: Serve) -> Iterator[Server]:
    """A server with an owner, a buyer and a seller; another seller is still to come."""
    with start(owner_email=OWNER[0], owner_password=OWNER[1]) as server:
        with signed_in(server, OWNER) as owner:
            for name, (email, password) in (("Ann", ANN), ("Kim", KIM)):
                wanted = {"name": name, "email": email, "password": password}
                owner.post("/v1/accounts", json=wanted).raise_for_status()
        yield server


@pytest.fixture(scope="module")
def negative(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that turns light into dark."""
    shape = ["n", 3, "h", "w"]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("x", "y")]
    kernel = -np.eye(3, dtype=np.float32)[:, :, None, None]
    weights = [
        numpy_helper.from_array(kernel, "k"), numpy_helper.from_array(np.ones(3, np.float32), "b")
    ]  # fmt: skip
    node = helper.make_node("Conv", ["x", "k", "b"], ["y"])
    graph = helper.make_graph([node], "negative", ends[:1], ends[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = tmp_path_factory.mktemp("models") / "negative.onnx"
    save_model(model, path)
    return path


@contextmanager
def signed_in(server: Server, who: tuple[str, str]) -> Iterator[httpx.Client]:
    """A client that is no browser, with a session."""
    with httpx.Client(base_url=server.url, timeout=60) as client:
        answer = client.post("/v1/sessions", json={"email": who[0], "password": who[1]})
        client.headers["x-csrf-token"] = answer.json()["csrf"]
        yield client


def enter(visit: Open, server: Server, path: str, who: tuple[str, str]) -> Page:
    page = visit(f"{server.url}#/{path}", expect=f"{UNSIGNED}|402|403|404|409|422")
    page.get_by_label("E-mail").fill(who[0])
    page.get_by_label("Password").fill(who[1])
    page.get_by_role("button", name="Sign in", exact=True).click()
    return page


def go(page: Page, path: str) -> None:
    """Another page of the studio, as by a link: nothing is loaded anew."""
    page.evaluate("path => { location.hash = path }", f"/{path}")


def press(within: Page | Locator, name: str) -> None:
    within.get_by_role("button", name=name, exact=True).click()


def region(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def brought(seller: Page, file: Path, name: str, title: str) -> None:
    """A model is sent, and its examination looked at until it has passed."""
    seller.get_by_label("Weights, an ONNX file").set_input_files(str(file))
    seller.get_by_label("Name").fill(name)
    seller.get_by_label("What it does, in a line").fill(title)
    seller.get_by_label("Licence of the weights").fill("MIT")
    press(seller, "Send it")
    expect(seller.get_by_role("heading", name=title, level=1)).to_be_visible()
    expect(seller.get_by_role("main").get_by_text("Ready").first).to_be_visible()
    expect(region(seller, "Examination")).to_contain_text("Holds until")
    press(seller, "Make a pipeline of it")
    expect(seller).to_have_url(re.compile("#/pipelines/"))
    seller.get_by_role("link", name="Offer it in the market").click()


def paid(moderator: Page, buyer: Page, credits_: int) -> None:
    """Credits are bought by hand: the buyer asks, the owner confirms."""
    go(buyer, "market/desk")
    buyer.get_by_label("Credits to buy").fill(str(credits_))
    press(buyer, "Buy credits")
    expect(region(buyer, "Bought credits")).to_contain_text("to be paid")
    go(moderator, "market/reports")
    press(region(moderator, "Payments by hand"), "They paid")
    expect(region(moderator, "Payments by hand")).to_have_count(0)


def asks(buyer: Page, button: str = "Run") -> None:
    """Fills in the form of the pipeline, and sends it."""
    buyer.get_by_label("image (required)").set_input_files(PICTURE)
    press(buyer, button)


def balance(client: httpx.Client) -> int:
    return int(client.get("/v1/wallet").json()["balance"])


def offers(seller: Page, negative: Path) -> str:
    """A model becomes a pipeline, the pipeline a listing, with a price and a code; its id."""
    brought(seller, negative, "negative", "Light into dark")
    expect(seller.get_by_label("Name of the pipeline or model")).to_have_value("negative-run")
    seller.get_by_label("Title").fill("Negatives")
    seller.get_by_label("Tags, with commas between").fill("film, Dark room")
    seller.get_by_label("A picture before").set_input_files(PICTURE)
    seller.get_by_label("The same picture after").set_input_files(PICTURE)
    press(seller, "Begin a listing")
    expect(seller.get_by_role("heading", name="Negatives", level=1)).to_be_visible()
    listing = str(seller.evaluate("location.hash")).rpartition("/")[2]
    prices = region(seller, "Prices")
    prices.get_by_label("Credits a run").fill("3")
    prices.get_by_label("Credits for 30 days").fill("500")
    prices.get_by_label("Free runs for each account").fill("1")
    prices.get_by_label("What is offered").select_option("Version 1 alone")
    press(prices, "Set these prices")
    expect(seller.get_by_text("500 credits for 30 days").first).to_be_visible()
    press(seller, "Publish")
    expect(seller.get_by_role("button", name="Withdraw")).to_be_visible()
    press(seller, "Change words and pictures")
    seller.get_by_label("Description").fill("Turns light into dark, as on film.")
    press(region(seller, "Change words and pictures"), "Save")
    expect(region(seller, "Change words and pictures")).to_have_count(0)
    expect(seller.get_by_text("as on film")).to_be_visible()
    expect(seller.get_by_role("slider")).to_be_visible()
    go(seller, "market/coupons")
    seller.get_by_role("textbox", name="Code").fill("first")
    seller.get_by_label("Percent off").fill("40")
    press(seller, "Make a code")
    expect(region(seller, "Your codes")).to_contain_text("40 % off")
    return listing


def finds(buyer: Page) -> None:
    """By a picture, then by a word."""
    buyer.get_by_test_id("alike").set_input_files(PICTURE)
    expect(buyer.get_by_text("What makes pictures like cat.jpg")).to_be_visible()
    expect(buyer.get_by_role("link").filter(has_text="Negatives")).to_be_visible()
    press(buyer, "Search by words")
    buyer.get_by_label("Search", exact=True).fill("film")
    buyer.get_by_role("link").filter(has_text="Negatives").click()


def tries(buyer: Page) -> None:
    """Once for nothing, on a picture of one's own; then it costs something."""
    asks(buyer, "Try it free, one run left")
    expect(region(buyer, "Result")).to_contain_text(SIZE)
    expect(buyer.get_by_text("Your free runs are used up.")).to_be_visible()
    press(buyer, "Run")
    expect(buyer.get_by_text("This run costs 3 credits.")).to_be_visible()
    press(buyer, "Run it for 3 credits")
    expect(buyer.get_by_role("alert")).to_contain_text("credits")  # there are none yet


def buys(ann: httpx.Client, owner: Page, buyer: Page, listing: str) -> None:
    """One run, then a month with a code, and a review."""
    paid(owner, buyer, 700)
    go(buyer, FORM)
    asks(buyer)
    buyer.get_by_role("button", name="Run it for 3 credits").dblclick()
    expect(region(buyer, "Result")).to_contain_text(SIZE)
    assert balance(ann) == 697, "a double click runs it once"
    go(buyer, f"market/{listing}")
    buyer.get_by_text("I have a code").click()
    buyer.get_by_role("textbox", name="Code").fill("first")
    press(buyer, "Buy 30 days")
    expect(buyer.get_by_text("You may run it.")).to_be_visible()
    assert balance(ann) == 397, "500 without 40 %"
    buyer.get_by_text("Review it").click()
    buyer.get_by_label("In words").first.fill("As from a dark room.")
    press(region(buyer, "What others say"), "Send")
    expect(region(buyer, "What others say")).to_contain_text("As from a dark room.")


def is_taken_down(owner: Page, buyer: Page) -> None:
    """After a report: no new run begins."""
    buyer.get_by_text("Report it").click()
    buyer.get_by_label("In words").last.fill("It is mine.")
    buyer.get_by_role("button", name="Send").last.click()
    expect(buyer.get_by_text("Thank you.")).to_be_visible()
    owner.reload()
    owner.get_by_label("Why").fill("So it seems.")
    press(owner, "Take it down")
    expect(owner.get_by_text("No reports.")).to_be_visible()
    go(buyer, FORM)
    asks(buyer)
    expect(buyer.get_by_role("alert")).to_be_visible()


def comes_back(owner: Page, seller: Page, buyer: Page, listing: str) -> None:
    """After an appeal: what could not be run runs."""
    go(seller, f"market/{listing}")
    seller.reload()  # what was looked at in the last five seconds is not asked for again
    expect(region(seller, "What was reported")).to_contain_text("It is mine.")
    seller.get_by_label("Why it should come back").fill("Here is my contract.")
    press(seller, "Ask for another look")
    expect(region(seller, "What was reported")).to_contain_text("Appealed")
    owner.reload()
    expect(owner.get_by_text("Here is my contract.")).to_be_visible()
    owner.get_by_label("Why").fill("Right.")
    press(owner, "Leave it")
    expect(owner.get_by_text("No reports.")).to_be_visible()
    press(buyer, "Run")
    expect(region(buyer, "Result")).to_contain_text(SIZE)


def works_from_programs(ann: httpx.Client, buyer: Page, folder: Path) -> None:
    """The code beside the form, pasted; it asks for a run, as the form does."""
    scopes = ["files:write", "runs:read", "runs:write"]
    made = ann.post("/v1/keys", json={"name": "shell", "scopes": scopes}).json()
    environment = os.environ | {"PRINTROOM_KEY": made["secret"]}
    (folder / SAMPLE.name).write_bytes(SAMPLE.read_bytes())
    for name, command in (("curl", "bash"), ("Python", sys.executable)):
        buyer.get_by_role("tab", name=name).click()
        (folder / "code").write_text(buyer.get_by_role("tabpanel").inner_text())
        subprocess.run([command, "code"], cwd=folder, env=environment, check=True)
        told = json.loads((folder / "result.json").read_text())
        assert told["status"] == "succeeded", told


def gives_back(seller: Page) -> None:
    """A part of the month, with a double click."""
    seller.reload()
    sales = region(seller, "Sales")
    press(sales.get_by_role("listitem").filter(has_text="30 days"), "Give back")
    sheet = seller.get_by_role("dialog", name="Give back")
    sheet.get_by_label("Credits to give back").fill("100")
    assert violations(seller) == []
    sheet.get_by_role("button", name="Give back").dblclick()
    expect(sales).to_contain_text("100 given back")


def test_a_seller_and_a_buyer(market: Server, visit: Open, negative: Path, tmp_path: Path) -> None:
    owner = enter(visit, market, "operate/limits", OWNER)
    account = region(owner, "Open an account")
    account.get_by_label("Name").fill("Sam")
    account.get_by_label("E-mail").fill(SAM[0])
    account.get_by_label("First password").fill(SAM[1])
    press(account, "Open an account")
    expect(account.get_by_text("Sam has an account now.")).to_be_visible()
    seller = enter(visit, market, "models/new", SAM)
    listing = offers(seller, negative)
    buyer = enter(visit, market, "market", ANN)
    with signed_in(market, ANN) as ann:
        finds(buyer)
        tries(buyer)
        buys(ann, owner, buyer, listing)
        go(seller, "market/desk")
        expect(region(seller, "Wallet")).to_contain_text("Earned, not to be paid out yet")
        with signed_in(market, SAM) as sam:
            assert sam.get("/v1/wallet").json()["earned"] == 242, "303 credits without the fee"
        is_taken_down(owner, buyer)
        comes_back(owner, seller, buyer, listing)
        works_from_programs(ann, buyer, tmp_path)
        assert balance(ann) == 397, "the month pays for it"
        gives_back(seller)
        assert balance(ann) == 497, "a double click gives back once"
    go(buyer, "market/desk")
    expect(region(buyer, "Purchases")).to_contain_text("100 given back")
    months = region(buyer, "Subscriptions")
    press(months, "Do not renew")
    expect(months.get_by_role("button", name="Renew after all")).to_be_visible()
    for page in (seller, buyer, owner):
        assert violations(page) == []


def test_a_model_that_draws_is_bought_by_who_sees_a_form(
    market: Server, visit: Open, tmp_path: Path
) -> None:
    drawing = tmp_path / "generator.onnx"
    subprocess.run([sys.executable, GENERATOR, drawing], check=True)
    seller = enter(visit, market, "models/new", KIM)
    brought(seller, drawing, "worlds", "Draws rings, dunes and skies")
    seller.get_by_label("Title").fill("Worlds")
    press(seller, "Begin a listing")
    region(seller, "Prices").get_by_label("Credits a run").fill("2")
    press(seller, "Set these prices")
    expect(seller.get_by_text("2 credits a run").first).to_be_visible()
    press(seller, "Publish")
    expect(seller.get_by_role("button", name="Withdraw")).to_be_visible()

    buyer = enter(visit, market, "market", ANN)
    with signed_in(market, ANN) as ann, signed_in(market, OWNER) as owner:
        topup = ann.post("/v1/wallet/topups", json={"credits": 5}).json()["id"]
        owner.post(f"/v1/wallet/topups/{topup}/confirm").raise_for_status()
        before = balance(ann)
        buyer.get_by_label("Search", exact=True).fill("worlds")
        buyer.get_by_role("link").filter(has_text="Worlds").click()
        buyer.get_by_role("link", name="Run it on your pictures").click()
        expect(buyer).to_have_url(re.compile("#/pipelines/"))
        expect(buyer.get_by_label("What is wrong")).to_have_count(0)  # the listing's page is gone
        shown = buyer.get_by_label("shows")
        drawn: list[str] = []
        for name in ("dunes", "sky"):
            shown.select_option(name)
            buyer.get_by_label("seed").fill("7")
            press(buyer, "Run")
            press(buyer, "Run it for 2 credits")
            result = region(buyer, "Result")
            expect(result).to_contain_text("256 \N{MULTIPLICATION SIGN} 256")
            picture = result.get_by_role("link").filter(has_text="256")
            expect(picture).not_to_have_attribute("href", drawn[-1] if drawn else "")
            drawn.append(str(picture.get_attribute("href")))
        one, other = (ann.get(address).content for address in drawn)
        assert one != other, "it shows what was chosen"
        assert balance(ann) == before - 4
    assert violations(buyer) == []
