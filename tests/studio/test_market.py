"""The market: somebody offers, somebody else finds it, buys, and reports it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from .conftest import SAMPLE, WAIT, Open, Serve, Server

expect.set_options(timeout=WAIT)
OWNER = ("owner@example.com", "correct horse battery")
BOB = ("bob@example.com", "another long password")
UNSIGNED = "401"
PIPELINE = """
name: mended
title: Mends noise
inputs:
  image: picture
steps:
  up:
    use: upscale
    with: {image: $image, scale: 2}
"""


@pytest.fixture(scope="module")
def market(start: Serve) -> Iterator[Server]:
    """A server of two accounts, the first of which has published a pipeline."""
    with start(owner_email=OWNER[0], owner_password=OWNER[1]) as server:
        with signed_in(server, OWNER) as owner:
            wanted = {"name": "Bob", "email": BOB[0], "password": BOB[1]}
            owner.post("/v1/accounts", json=wanted).raise_for_status()
            published = owner.post("/v1/pipelines", json={"yaml": PIPELINE})
            assert published.status_code == 201, published.text
        yield server


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


def test_it_is_offered_found_bought_reported_and_taken_down(
    market: Server, visit: Open, tmp_path: Path
) -> None:
    (tmp_path / "cat.jpg").write_bytes(SAMPLE.read_bytes())
    seller = enter(visit, market, "market/sell", OWNER)
    seller.get_by_role("button", name="Begin a listing").click()
    seller.get_by_label("Name of the pipeline or model").fill("mended")
    seller.get_by_label("Title").fill("Clean nights")
    seller.get_by_label("A picture before").set_input_files(str(tmp_path / "cat.jpg"))
    seller.get_by_label("The same picture after").set_input_files(str(tmp_path / "cat.jpg"))
    seller.get_by_label("Description").fill("Takes the noise out of pictures taken at night.")
    seller.get_by_role("button", name="Begin a listing").click()
    expect(seller.get_by_role("heading", name="Clean nights")).to_be_visible()
    seller.get_by_label("Credits for 30 days").fill("500")
    seller.get_by_role("button", name="Set these prices").click()
    expect(seller.get_by_text("500 credits for 30 days").first).to_be_visible()
    seller.get_by_role("button", name="Publish").click()
    expect(seller.get_by_role("button", name="Withdraw")).to_be_visible()

    buyer = enter(visit, market, "market/desk", BOB)
    buyer.get_by_label("Credits to buy").fill("800")
    buyer.get_by_role("button", name="Buy credits").click()
    expect(buyer.get_by_text("to be paid")).to_be_visible()
    seller.get_by_role("link", name="To the shop").click()
    with signed_in(market, BOB) as bob, signed_in(market, OWNER) as owner:
        (topup,) = bob.get("/v1/wallet/topups").json()["data"]
        owner.post(f"/v1/wallet/topups/{topup['id']}/confirm").raise_for_status()
    buyer.get_by_role("link", name="Shop").click()
    buyer.get_by_label("Search").fill("night")
    card = buyer.get_by_role("main").get_by_role("listitem").filter(has_text="Clean nights")
    expect(card.locator("img")).to_be_visible()
    card.get_by_role("link").click()
    expect(buyer.get_by_role("slider")).to_be_visible()
    buyer.get_by_role("button", name="Buy 30 days").dblclick()
    expect(buyer.get_by_text("You may run it.")).to_be_visible()
    with signed_in(market, BOB) as bob:
        assert bob.get("/v1/wallet").json()["balance"] == 300, "a double click buys once"
    buyer.get_by_text("Report it").click()
    buyer.get_by_label("In words").last.fill("It is mine.")
    buyer.get_by_role("button", name="Send").last.click()
    expect(buyer.get_by_text("Thank you.")).to_be_visible()
    buyer.get_by_role("link", name="To the shop").click()
    buyer.get_by_role("link", name="Wallet and purchases").click()
    months = buyer.get_by_role("region", name="Subscriptions")
    months.get_by_role("button", name="Do not renew").click()
    expect(months.get_by_role("button", name="Renew after all")).to_be_visible()

    seller.get_by_role("link", name="Reports").click()
    seller.get_by_label("Why").fill("It was copied.")
    seller.get_by_role("button", name="Take it down").click()
    expect(seller.get_by_text("No reports.")).to_be_visible()
    buyer.get_by_role("link", name="Shop").click()
    buyer.reload()
    expect(buyer.get_by_text("Nothing is offered here yet.")).to_be_visible()
