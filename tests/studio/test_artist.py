"""The page Artist: a work comes about before one's eyes, and hangs on a wall to be shown around."""

import httpx
import pytest
from playwright.sync_api import expect

from printroom.core.errors import EnvironmentFailed
from printroom.isolation.environments import Environments
from printroom.isolation.folder import StepSource
from printroom.steps.bundled import bundled

from .conftest import WAIT, Open, Serve
from .test_pages import violations

pytestmark = pytest.mark.slow
expect.set_options(timeout=WAIT)


@pytest.fixture(scope="module")
def atelier(start: Serve):
    """A server whose three environments are made."""
    server = start()
    for step in ("write", "paint", "stylise"):
        source = StepSource.of(bundled()[step].folder)
        try:
            Environments(server.data / "environments").get(source.environment)
        except EnvironmentFailed as error:
            pytest.skip(f"the environment of {step} cannot be had here: {error}")
    with server:
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
    hung = wall.get_by_role("button", name=" / ".join(read))
    expect(hung).to_have_attribute("aria-pressed", "true")
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
