"""Operate and Account: stores, members, limits, the audit log, keys."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from .conftest import SAMPLE, WAIT, Open, Serve, Server

expect.set_options(timeout=WAIT)
EMAIL, PASSWORD = "owner@example.com", "correct horse battery"
UNSIGNED = "401"


@pytest.fixture(scope="module")
def closed(start: Serve) -> Iterator[Server]:
    """A server with an owner."""
    with start(owner_email=EMAIL, owner_password=PASSWORD) as server:
        yield server


def entered(visit: Open, server: Server, path: str) -> Page:
    page = visit(f"{server.url}#/{path}", expect=f"{UNSIGNED}|409|422")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    return page


def test_a_store_is_added_tested_and_forgotten(server: Server, visit: Open, tmp_path: Path) -> None:
    page = visit(f"{server.url}#/operate/stores")
    page.get_by_role("button", name="Add a store").click()
    page.get_by_label("Name").fill("shelf")
    page.get_by_label("Service").select_option("fs")
    page.get_by_role("textbox", name="Folder").fill(str(tmp_path))
    page.get_by_role("button", name="Keep it").click()
    store = page.get_by_role("listitem").filter(has_text="shelf")
    expect(store).to_contain_text(f"fs://{tmp_path}")
    page.get_by_role("button", name="Test shelf").click()
    expect(store).to_contain_text("It can be used.")
    page.get_by_role("button", name="Forget shelf").click()
    page.get_by_role("dialog").get_by_role("button", name="Forget").click()
    expect(store).to_have_count(0)
    assert httpx.get(f"{server.url}v1/storages").json() == {"storages": []}


def test_what_opens_a_store_goes_in_and_is_not_shown(server: Server, visit: Open) -> None:
    page = visit(f"{server.url}#/operate/stores")
    page.get_by_role("button", name="Add a store").click()
    page.get_by_label("Name").fill("bucket")
    page.get_by_label("Bucket", exact=True).fill("photos")
    page.get_by_label("Region").fill("eu-west-1")
    page.get_by_label("Access key id").fill("public-id")
    page.get_by_label("Secret access key").fill("hush-hush")
    page.get_by_role("button", name="Keep it").click()
    store = page.get_by_role("listitem").filter(has_text="s3://photos/?region=eu-west-1")
    expect(store).to_contain_text("opened by access key id, secret access key")
    assert "hush-hush" not in page.content()
    page.reload()
    expect(store).to_be_visible()
    assert "hush-hush" not in page.content()
    httpx.delete(f"{server.url}v1/storages/bucket").raise_for_status()


def test_pictures_are_picked_from_a_store(server: Server, visit: Open, tmp_path: Path) -> None:
    (tmp_path / "trip").mkdir()
    for name in ("top.jpg", "trip/one.jpg", "trip/two.jpg", "trip/notes.txt"):
        (tmp_path / name).write_bytes(SAMPLE.read_bytes())
    address = {"address": f"fs://{tmp_path}"}
    httpx.put(f"{server.url}v1/storages/shelf", json=address).raise_for_status()
    page = visit(server.url)
    page.get_by_role("button", name="Pick from a store").click()
    dialog = page.get_by_role("dialog", name="Pick from a store")
    expect(dialog.get_by_label("top.jpg")).to_be_visible()
    dialog.get_by_role("button", name="trip/").click()
    expect(dialog.get_by_label("one.jpg")).to_be_visible()
    assert dialog.get_by_text("notes.txt").count() == 0
    dialog.get_by_role("button", name="Choose all 2").click()
    dialog.get_by_role("button", name="Take 2").click()
    for name in ("one.jpg", "two.jpg"):
        row = page.get_by_role("listitem").filter(has_text=name)
        expect(row).to_contain_text("902 \N{MULTIPLICATION SIGN} 600")
    expect(page.get_by_role("slider")).to_be_visible()
    httpx.delete(f"{server.url}v1/storages/shelf").raise_for_status()


def test_members_come_change_and_go_and_the_log_tells(closed: Server, visit: Open) -> None:
    page = entered(visit, closed, "operate/members")
    page.get_by_role("button", name="Let somebody in").click()
    dialog = page.get_by_role("region", name="Let somebody in")
    dialog.get_by_label("E-mail").fill("bob@example.com")
    dialog.get_by_label("Password").fill("another long password")
    dialog.get_by_role("button", name="Let somebody in").click()
    role = page.get_by_label("Role of bob@example.com")
    expect(role).to_have_value("member")
    role.select_option("viewer")
    page.get_by_label(f"Role of {EMAIL}").select_option("member")
    expect(page.get_by_role("alert")).to_contain_text("owner")
    expect(page.get_by_label(f"Role of {EMAIL}")).to_have_value("owner")
    page.reload()
    expect(role).to_have_value("viewer")
    page.get_by_role("button", name="Take out: bob@example.com").click()
    page.get_by_role("dialog").get_by_role("button", name="Take out").click()
    expect(page.get_by_text("bob@example.com")).to_have_count(0)
    page.get_by_role("link", name="Audit log").click()
    log = page.get_by_role("group", name="Audit log")
    for action in ("member", "127.0.0.1"):
        expect(log.get_by_text(action).first).to_be_visible()


def test_limits_are_set_and_shown(closed: Server, visit: Open) -> None:
    page = entered(visit, closed, "operate/limits")
    page.get_by_label("Units a day").fill("250")
    page.get_by_role("button", name="Set these limits").click()
    expect(page.get_by_text("now has these limits")).to_be_visible()
    expect(page.get_by_role("region", name="Your account")).to_contain_text("of 250 units today")


def test_a_key_gets_a_new_secret_and_the_old_one_goes_on(closed: Server, visit: Open) -> None:
    page = entered(visit, closed, "account")
    page.get_by_role("button", name="Make a key").click()
    page.get_by_role("region", name="Keys").get_by_label("Name").fill("shop")
    page.get_by_role("button", name="Make a key").click()
    secret = page.get_by_test_id("secret")
    first = secret.inner_text()
    page.get_by_role("button", name="New secret: shop").click()
    expect(secret).not_to_have_text(first)
    for one in (first, secret.inner_text()):
        bearer = {"authorization": f"Bearer {one}"}
        assert httpx.get(f"{closed.url}v1/runs", headers=bearer).status_code == 200


def test_keys_beyond_the_first_page_are_reached(closed: Server, visit: Open) -> None:
    with httpx.Client(base_url=closed.url, timeout=60) as owner:
        answer = owner.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
        owner.headers["x-csrf-token"] = answer.json()["csrf"]
        wanted = {"name": "oldest", "scopes": ["images"], "origins": []}
        owner.post("/v1/keys", json=wanted).raise_for_status()
        for _ in range(100):
            owner.post("/v1/keys", json=wanted | {"name": "newer"}).raise_for_status()
        listed = owner.get("/v1/keys").json()
    assert listed["next"] is not None
    page = entered(visit, closed, "account")
    keys = page.get_by_role("region", name="Keys")
    expect(keys.get_by_role("listitem")).to_have_count(len(listed["data"]))
    keys.get_by_role("button", name="More").click()
    keys.get_by_role("button", name="Revoke oldest").click()
    expect(keys.get_by_text("Revoked")).to_be_visible()
