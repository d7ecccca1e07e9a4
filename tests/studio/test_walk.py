"""A seller and a buyer, from the first model to the last refund, all of it in the browser.

One server: the seller brings a model, has it examined, makes a pipeline of it, prices and shows it;
the buyer finds it by words and by a picture, pays, runs and reviews it, and reports it; the
moderator takes it down, and it comes back. Then a model that draws, bought and run with a form.
"""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save_model
from playwright.sync_api import Locator, Page, expect

from .conftest import SAMPLE, WAIT, Open, Serve, Server
from .test_market import OWNER, enter, signed_in
from .test_pages import violations

expect.set_options(timeout=WAIT)
SAM, ANN = ("sam@example.com", "a seller's password"), ("ann@example.com", "a buyer's password")
GENERATOR = Path(__file__).parents[2] / "examples" / "generator" / "make.py"


@pytest.fixture(scope="module")
def market(start: Serve) -> Iterator[Server]:
    """A server with an owner and a buyer; the seller is still to come."""
    with start(owner_email=OWNER[0], owner_password=OWNER[1]) as server:
        with signed_in(server, OWNER) as owner:
            wanted = {"name": "Ann", "email": ANN[0], "password": ANN[1]}
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


def go(page: Page, server: Server, path: str) -> None:
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


def paid(server: Server, moderator: Page, buyer: Page, credits_: int) -> None:
    """Credits are bought by hand: the buyer asks, the owner confirms."""
    go(buyer, server, "market/desk")
    buyer.get_by_label("Credits to buy").fill(str(credits_))
    press(buyer, "Buy credits")
    expect(region(buyer, "Bought credits")).to_contain_text("to be paid")
    go(moderator, server, "market/reports")
    moderator.reload()
    press(region(moderator, "Payments by hand"), "They paid")
    expect(region(moderator, "Payments by hand")).to_have_count(0)


def balance(server: Server, who: tuple[str, str]) -> int:
    with signed_in(server, who) as client:
        return int(client.get("/v1/wallet").json()["balance"])


def test_a_seller_and_a_buyer(
    market: Server, visit: Open, negative: Path, tmp_path: Path
) -> None:
    picture = str(SAMPLE)
    owner = enter(visit, market, "operate/limits", OWNER)
    account = region(owner, "Open an account")
    account.get_by_label("Name").fill("Sam")
    account.get_by_label("E-mail").fill(SAM[0])
    account.get_by_label("First password").fill(SAM[1])
    press(account, "Open an account")
    expect(account.get_by_text("Sam has an account now.")).to_be_visible()

    seller = enter(visit, market, "models/new", SAM)
    brought(seller, negative, "negative", "Light into dark")
    expect(seller.get_by_label("Name of the pipeline or model")).to_have_value("negative")
    seller.get_by_label("Title").fill("Negatives")
    seller.get_by_label("Tags, with commas between").fill("film, Dark room")
    seller.get_by_label("A picture before").set_input_files(picture)
    seller.get_by_label("The same picture after").set_input_files(picture)
    press(seller, "Begin a listing")
    expect(seller.get_by_role("heading", name="Negatives", level=1)).to_be_visible()
    listing = seller.evaluate("location.hash").rpartition("/")[2]
    prices = region(seller, "Prices")
    prices.get_by_label("Credits a run").fill("3")
    prices.get_by_label("Credits for 30 days").fill("500")
    prices.get_by_label("What is offered").select_option("Version 1 alone")
    press(prices, "Set these prices")
    expect(seller.get_by_text("500 credits for 30 days").first).to_be_visible()
    press(seller, "Publish")
    expect(seller.get_by_role("button", name="Withdraw")).to_be_visible()
    press(seller, "Change words and pictures")
    seller.get_by_label("Description").fill("Turns light into dark, as on film.")
    press(region(seller, "Change words and pictures"), "Save")
    expect(seller.get_by_text("as on film")).to_be_visible()
    expect(seller.get_by_role("slider")).to_be_visible()
    go(seller, market, "market/coupons")
    seller.get_by_role("textbox", name="Code").fill("first")
    seller.get_by_label("Percent off").fill("40")
    press(seller, "Make a code")
    expect(region(seller, "Your codes")).to_contain_text("40 % off")

    buyer = enter(visit, market, "market", ANN)
    buyer.get_by_test_id("alike").set_input_files(picture)
    expect(buyer.get_by_text("What makes pictures like cat.jpg")).to_be_visible()
    expect(buyer.get_by_role("link").filter(has_text="Negatives")).to_be_visible()
    press(buyer, "Search by words")
    buyer.get_by_label("Search", exact=True).fill("film")
    buyer.get_by_role("link").filter(has_text="Negatives").click()
    buyer.get_by_role("link", name="Run it on your pictures").click()
    buyer.get_by_label("image (required)").set_input_files(picture)
    press(buyer, "Run")
    expect(buyer.get_by_text("This run costs 3 credits.")).to_be_visible()
    press(buyer, "Run it for 3 credits")
    expect(buyer.get_by_role("alert")).to_contain_text("credits")  # there are none yet
    paid(market, owner, buyer, 700)
    go(buyer, market, "pipelines/sam/negative")
    buyer.get_by_label("image (required)").set_input_files(picture)
    press(buyer, "Run")
    buyer.get_by_role("button", name="Run it for 3 credits").dblclick()
    expect(region(buyer, "Result")).to_contain_text("451 \N{MULTIPLICATION SIGN} 300")
    assert balance(market, ANN) == 697, "a double click runs it once"
    go(buyer, market, f"market/{listing}")
    buyer.get_by_text("I have a code").click()
    buyer.get_by_role("textbox", name="Code").fill("first")
    press(buyer, "Buy 30 days")
    expect(buyer.get_by_text("You may run it.")).to_be_visible()
    assert balance(market, ANN) == 397, "500 without 40 %"
    buyer.get_by_text("Review it").click()
    buyer.get_by_label("In words").first.fill("As from a dark room.")
    press(region(buyer, "What others say"), "Send")
    expect(region(buyer, "What others say")).to_contain_text("As from a dark room.")

    go(seller, market, "market/desk")
    seller.reload()
    expect(region(seller, "Wallet")).to_contain_text("Earned, not to be paid out yet")
    with signed_in(market, SAM) as sam:
        assert sam.get("/v1/wallet").json()["earned"] == 242, "303 credits without the fee"

    buyer.get_by_text("Report it").click()
    buyer.get_by_label("In words").last.fill("It is mine.")
    buyer.get_by_role("button", name="Send").last.click()
    expect(buyer.get_by_text("Thank you.")).to_be_visible()
    owner.reload()
    owner.get_by_label("Why").fill("So it seems.")
    press(owner, "Take it down")
    expect(owner.get_by_text("No reports.")).to_be_visible()
    go(buyer, market, "pipelines/sam/negative")
    buyer.get_by_label("image (required)").set_input_files(picture)
    press(buyer, "Run")
    expect(buyer.get_by_role("alert")).to_be_visible()

    go(seller, market, f"market/{listing}")
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
    expect(region(buyer, "Result")).to_contain_text("451 \N{MULTIPLICATION SIGN} 300")
    assert balance(market, ANN) == 397, "the month pays for it"

    seller.reload()
    sales = region(seller, "Sales")
    sale = sales.get_by_role("listitem").filter(has_text="30 days")
    press(sale, "Give back")
    sheet = seller.get_by_role("dialog", name="Give back")
    sheet.get_by_label("Credits to give back").fill("100")
    assert violations(seller) == []
    sheet.get_by_role("button", name="Give back").dblclick()
    expect(sales).to_contain_text("100 given back")
    assert balance(market, ANN) == 497, "a double click gives back once"
    go(buyer, market, "market/desk")
    expect(region(buyer, "Purchases")).to_contain_text("100 given back")
    for page in (seller, buyer, owner):
        assert violations(page) == []
