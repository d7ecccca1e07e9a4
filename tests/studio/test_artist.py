"""The page Artist: a work comes about before one's eyes, and hangs on a wall to be shown around."""

import os
import subprocess
import sys

import httpx
import pytest
from playwright.sync_api import expect

from .conftest import WAIT, Open, Serve
from .test_pages import violations

pytestmark = pytest.mark.slow
expect.set_options(timeout=WAIT)
STEPS = ("write", "paint", "stylise")


@pytest.fixture(scope="module")
def atelier(start: Serve):
    """A server whose three environments are made."""
    with start() as server:
        environment = os.environ | {"PRINTROOM_DATA": str(server.data)}
        for step in STEPS:
            command = [sys.executable, "-m", "printroom", "steps", "check", step]
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False
            )
            if "environment" in done.stderr:
                pytest.skip(f"the environment of {step} cannot be had here: {done.stderr}")
            assert done.returncode == 0, done.stderr
        yield server


def test_a_work_comes_about_and_is_shown_to_others(atelier, visit: Open) -> None:
    page = visit(f"{atelier.url}#/artist", 1440, "light")
    expect(page.get_by_text("No works yet")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("About").fill("moon")
    page.get_by_role("button", name="Compose").click()
    poem = page.get_by_role("region", name="Poem").get_by_test_id("poem").locator("span")
    expect(poem).to_have_count(3)
    read = poem.all_text_contents()
    for stage in ("Picture", "Artwork"):
        expect(page.get_by_role("region", name=stage).get_by_role("img")).to_be_visible()
    share = page.get_by_role("button", name="Copy a link")
    expect(share).to_be_visible()
    assert poem.all_text_contents() == read  # what was seen while it came about is what it is
    wall = page.get_by_role("region", name="Wall of works")
    expect(wall.get_by_role("button", name=f"Show the work: {' / '.join(read)}")).to_have_count(1)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    share.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("() => navigator.clipboard.readText()")
    answer = httpx.get(link)
    assert answer.status_code == 200, link
    assert answer.headers["content-type"].startswith("image/")
    page.get_by_role("button", name="Another one").click()
    expect(wall.get_by_role("button")).to_have_count(2)
    wall.get_by_role("button", name=" / ".join(read)).click()
    assert poem.all_text_contents() == read
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
