"""The page People: somebody is entered, looked at, learnt, drawn, and forgotten."""

import json
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest
from playwright.sync_api import Page, expect

from printroom.core.settings import EMBEDDED
from printroom.imaging.vips import pyvips
from printroom.people.consent import TEXT
from printroom.training.portraits.look import OURS, look
from printroom.training.portraits.people import somebody
from printroom.training.portraits.styles import render

from .conftest import SAMPLE, WAIT, Open, Serve, Server
from .test_pages import answers, violations

expect.set_options(timeout=WAIT)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Files of pictures of two people that never lived, and what is none."""
    folder = tmp_path_factory.mktemp("photos")
    found: dict[str, list[str]] = {"ann": [], "bob": [], "none": []}
    for name, seed, count in (("ann", 1, 9), ("bob", 4, 1)):
        random = np.random.default_rng(seed)
        person = somebody(random)
        for at in range(count):
            drawn = pyvips.Image.new_from_array(render(person, "photo", look(OURS, random), 64))
            path = folder / f"{name}-{at}.png"
            drawn.copy(interpretation="srgb").write_to_file(str(path))
            found[name].append(str(path))
    (folder / "letter.jpg").write_text("no picture")
    found["none"].append(str(folder / "letter.jpg"))
    return found


@pytest.fixture(scope="module")
def studio(start: Serve) -> Iterator[Server]:
    """A server with the smallest generator of people."""
    with start(people_base="mini-32") as server:
        yield server


def writable(database: Path) -> bool:
    """Whether nobody is writing."""
    with closing(sqlite3.connect(database, timeout=0.5, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.execute("ROLLBACK")
        return True


@contextmanager
def resting(server: Server) -> Iterator[None]:
    """Its worker takes nothing meanwhile, and was not stopped where it held the database."""
    workers = psutil.Process(server.process.pid).children()
    assert workers
    try:
        for _ in range(50):
            for one in workers:
                one.suspend()
            if writable(server.data / EMBEDDED):
                break
            for one in workers:
                one.resume()
            time.sleep(0.1)  # it finishes what it writes
        else:
            pytest.fail("the worker holds the database whenever it is looked at")
        yield
    finally:
        for one in workers:
            one.resume()


def entered(page: Page, name: str, needed: int) -> None:
    page.get_by_role("textbox", name="Name For you").fill(name)
    page.get_by_role("textbox", name="Who agrees").fill(f"{name} Smith")
    page.get_by_role("spinbutton", name="Pictures until").fill(str(needed))
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Enter them").click()
    expect(page.get_by_role("heading", level=1, name=name, exact=True)).to_be_visible()


def looks_right(page: Page) -> None:
    """At all three widths, in both colours."""
    for width, colours in ((1440, "light"), (1024, "dark"), (390, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="light" if colours == "light" else "dark")
        assert violations(page) == []
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1440, "height": 900})


def test_nobody_is_entered_before_somebody_agrees(
    fresh: Server, visit: Open, tmp_path: Path
) -> None:
    page = visit(f"{fresh.url}#/people")
    expect(page.get_by_text("Nobody is here yet.")).to_be_visible()
    looks_right(page)
    page.get_by_role("main").get_by_role("link", name="Enter a person").click()
    expect(page.get_by_role("status")).to_contain_text("It does not know real faces")
    words = page.get_by_role("textbox", name="What they agree to")
    expect(words).to_have_value(TEXT)
    page.get_by_role("textbox", name="Name For you").fill("Ann O'Hara")
    page.get_by_role("textbox", name="Who agrees").fill("Ann")
    page.get_by_role("button", name="Enter them").click()
    assert httpx.get(f"{fresh.url}v1/people").json()["data"] == []
    for answer in answers(page, tmp_path):
        newest = httpx.get(f"{fresh.url}v1/people").json()["data"][0]
        assert newest["id"] == json.loads(answer)["id"]
        assert (newest["name"], newest["consent"]["text"]) == ("Ann O'Hara", TEXT)
    words.fill("I agree.\nTo all of it.")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Enter them").click()
    expect(page.get_by_role("heading", level=1, name="Ann O'Hara")).to_be_visible()
    page.get_by_text("To these words").click()
    expect(page.get_by_text("I agree. To all of it.")).to_be_visible()


@pytest.mark.slow
def test_a_person_is_entered_learnt_drawn_and_forgotten(
    studio: Server, visit: Open, photos: dict[str, list[str]], tmp_path: Path
) -> None:
    page = visit(f"{studio.url}#/people/new")
    entered(page, "Ann", 8)
    looked_at(page, photos)
    learnt(page, studio, photos["ann"][7])
    drawn(page, tmp_path)
    begun_again(page, studio)
    forgotten(page)
    person = page.url.rpartition("/")[2]
    assert httpx.get(f"{studio.url}v1/people/{person}").status_code == 404
    page.get_by_role("link", name="All people").click()
    expect(page.get_by_text("Nobody is here yet.")).to_be_visible()


def looked_at(page: Page, photos: dict[str, list[str]]) -> None:
    """Seven pictures are taken; two that are taken are in doubt, and two are refused."""
    ann = photos["ann"]
    sent = [*ann[:7], *photos["bob"], ann[0], *photos["none"], str(SAMPLE)]
    page.get_by_test_id("pictures").set_input_files(sent)
    became = page.get_by_role("region", name="What became of those you sent")
    expect(became.get_by_role("status")).to_have_text("9 taken, 2 not taken.")
    expect(became).to_contain_text("It is the same picture as ann-0.png, which is here.")
    expect(became).to_contain_text("It cannot be read as a picture.")
    expect(page.get_by_text("One of these pictures is unlike anything")).to_be_visible()
    doubted = page.get_by_role("region", name="Is this Ann?")
    for name in ("bob-0.png", "cat.jpg"):
        expect(doubted.get_by_role("img", name=name)).to_be_visible()
    looks_right(page)
    for name in ("bob-0.png", "cat.jpg"):
        doubted.get_by_role("button", name=f"Take out {name}").click()
        expect(doubted.get_by_role("img", name=name)).to_have_count(0)
    expect(doubted).to_have_count(0)


def learnt(page: Page, studio: Server, last: str) -> None:
    """With the last picture it begins by itself; it is stopped, and begun again."""
    with resting(studio):
        page.get_by_test_id("pictures").set_input_files(last)
        learning = page.get_by_role("region", name="Learning")
        expect(learning).to_contain_text("Waits for its turn")
        looks_right(page)
        learning.get_by_role("button", name="Stop").click()
        expect(page.get_by_role("alert")).to_contain_text("its training was taken back")
    looks_right(page)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("version 2")).to_be_visible()


def drawn(page: Page, folder: Path) -> None:
    """By the form, and by the code beside it."""
    page.get_by_label("Comic").check()
    page.get_by_role("spinbutton", name="How many").fill("2")
    page.get_by_role("spinbutton", name="Seed").fill("7")
    page.get_by_role("button", name="Draw them").click()
    portraits = page.get_by_role("img", name="Portrait of Ann, Comic")
    expect(portraits).to_have_count(2)
    assert portraits.first.evaluate("node => node.decode().then(() => node.naturalWidth)") == 32
    expect(page.get_by_text("seed 8")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download Ann-7.png").click()
    assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")
    page.get_by_role("textbox", name="What else is in it").fill("a person with glasses")
    page.get_by_text("From a program", exact=True).first.click()
    code = page.get_by_role("tabpanel").first
    expect(code).to_contain_text('"prompt":"a person with glasses"')
    looks_right(page)
    subprocess.run(["bash", "-c", code.inner_text()], cwd=folder, check=True, capture_output=True)
    made = json.loads((folder / "result.json").read_text())
    assert (made["input"]["seeds"], len(made["links"])) == ([7, 8], 2)


def begun_again(page: Page, studio: Server) -> None:
    """Of another version nothing is told yet; when it is stopped, the one before stays."""
    with resting(studio):
        page.get_by_role("button", name="Learn again").click()
        learning = page.get_by_role("region", name="Learning")
        expect(learning).to_contain_text("Waits for its turn")
        learning.get_by_role("button", name="Stop").click()
        expect(page.get_by_role("alert")).to_contain_text("its training was taken back")
    expect(page.get_by_text("version 2")).to_be_visible()
    expect(page.get_by_role("button", name="Draw them")).to_be_enabled()


def forgotten(page: Page) -> None:
    """What will be gone is said before; Escape leads back."""
    forget = page.get_by_role("button", name="Forget this person")
    forget.click()
    sure = page.get_by_role("dialog", name="Forget Ann for good?")
    expect(sure).to_contain_text("8 pictures of Ann")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(forget).to_be_focused()
    forget.click()
    sure.get_by_role("button", name="Forget Ann").click()
    expect(page.get_by_role("heading", level=1, name="Ann is forgotten")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("8 pictures, 3 versions")
    expect(page.get_by_role("status")).to_contain_text("2 runs")
    expect(page.get_by_role("link", name="All people")).to_be_focused()
    looks_right(page)


def test_what_is_refused_says_why_and_the_list_tells_how_far_each_is(
    studio: Server, visit: Open, photos: dict[str, list[str]]
) -> None:
    with httpx.Client(base_url=studio.url, timeout=60) as http:
        wanted = {"name": "Bea", "consent": {"who": "Bea"}, "pictures_needed": 2}
        place = http.post("/v1/people", json=wanted).json()["urls"]["get"]
        page = visit(f"{studio.url}#{place.removeprefix('/v1')}", expect="409|422")
        expect(
            page.get_by_text("2 more are wanted; then learning begins by itself.")
        ).to_be_visible()
        with resting(studio):
            for at in (0, 1):
                body = Path(photos["ann"][at]).read_bytes()
                http.post(f"{place}/pictures", content=body).raise_for_status()
            page.goto(f"{studio.url}#/people")
            card = page.get_by_role("main").get_by_role("listitem").filter(has_text="Bea")
            expect(card).to_contain_text("Being learnt")
            expect(card).to_contain_text("2 of 2 pictures")
        expect(card).to_contain_text("Ready")
        looks_right(page)
        card.get_by_role("link").click()
        expect(page.get_by_text("shows them to nobody")).to_be_visible()
        page.get_by_role("textbox", name="What else is in it").fill("nude")
        page.get_by_role("button", name="Draw them").click()
        expect(page.get_by_role("alert")).to_contain_text("nude")
        looks_right(page)
        http.delete(place).raise_for_status()


def test_somebody_who_is_not_there_is_not_shown(studio: Server, visit: Open) -> None:
    page = visit(f"{studio.url}#/people/ps_0123456789abcdef", expect="404")
    expect(page.get_by_role("alert")).to_be_visible()
    assert violations(page) == []
