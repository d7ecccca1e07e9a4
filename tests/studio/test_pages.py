"""Every page: nothing that axe objects to, no way out of the window, all of it by keyboard."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .conftest import SAMPLE, WAIT, Open, Server

expect.set_options(timeout=WAIT)
PAGES = {
    "": "Enhance",
    "pipelines": "Pipelines",
    "pipelines/enhance": "Mends what ails a photo, then enlarges it",
    "models": "Models",
    "models/new": "Add a model",
    "models/printroom/upscale-x2": "Twice the size, true to the photograph",
    "trainings": "Trainings",
    "trainings/new": "New training",
    "people": "People",
    "people/new": "Enter a person",
    "artist": "Artist",
    "market": "Market",
    "market/desk": "Market",
    "market/sell": "Market",
    "market/shared": "Market",
    "market/coupons": "Market",
    "market/reports": "Market",
    "runs": "Runs",
    "operate": "Operate",
    "operate/stores": "Operate",
    "operate/members": "Operate",
    "operate/limits": "Operate",
    "operate/audit": "Operate",
    "account": "Account",
}


@pytest.fixture(scope="module")
def used(server: Server, http: httpx.Client) -> str:
    """A server with one run, which is over; the run's id."""
    file = http.post("/v1/files?name=cat.jpg", content=SAMPLE.read_bytes()).json()["id"]
    body = {"target": "enhance", "input": {"image": file}}
    run = http.post("/v1/runs", json=body, headers={"prefer": "wait=60"}).json()
    assert run["status"] == "succeeded", run
    return str(run["id"])


def ready(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", level=1, name=title)).to_be_attached()
    expect(page.get_by_text("Loading")).to_have_count(0)


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {[node['html'] for node in one['nodes']][:3]}" for one in found]


@pytest.mark.parametrize(("width", "colours"), [(1440, "dark"), (1024, "light"), (390, "dark")])
def test_axe_objects_to_nothing_and_nothing_stands_over(
    server: Server, used: str, visit: Open, width: int, colours: str
) -> None:
    page = visit(server.url, width, colours)
    for path, title in {**PAGES, f"runs/{used}": "Run: enhance"}.items():
        page.goto(f"{server.url}#/{path}")
        ready(page, title)
        assert violations(page) == [], path
        wide = page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= width, f"{path} is {wide} pixels wide in a window of {width}"


def test_axe_objects_to_nothing_on_an_empty_server(fresh: Server, visit: Open) -> None:
    page = visit(fresh.url)
    expect(page.get_by_text("Drop pictures or a folder here")).to_be_visible()
    assert violations(page) == []


def test_keys_lead_everywhere_and_are_told(server: Server, used: str, visit: Open) -> None:
    page = visit(server.url)
    ready(page, "Enhance")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard")
    expect(sheet).to_contain_text("One pixel of the picture")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    letters = {"Market": "k", "People": "l"}
    for title in (
        "Pipelines", "Models", "People", "Market", "Runs", "Operate", "Account", "Enhance"
    ):  # fmt: skip
        page.keyboard.press("g")
        page.keyboard.press(letters.get(title, title[0].lower()))
        ready(page, title)


def test_a_page_that_is_not_there_says_so(server: Server, visit: Open) -> None:
    page = visit(f"{server.url}#/nowhere")
    expect(page.get_by_role("heading", name="There is no page at this address.")).to_be_visible()
    page.get_by_role("link", name="To the first page").click()
    ready(page, "Enhance")


def test_colours_are_chosen_and_kept(server: Server, visit: Open) -> None:
    page = visit(server.url, colours="dark")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    ready(page, "Enhance")
    assert page.evaluate(ground) == "rgb(27, 27, 27)"
    page.get_by_label("Colours").select_option("light")
    assert page.evaluate(ground) == "rgb(244, 244, 244)"
    page.reload()
    ready(page, "Enhance")
    assert page.evaluate(ground) == "rgb(244, 244, 244)"


def answers(page: Page, folder: Path) -> Iterator[str]:
    """What each program beside a form is answered, run in `folder` as it stands there."""
    result = folder / "result.json"
    for name, program in (("curl", "bash"), ("Python", "python3"), ("JavaScript", "node")):
        page.get_by_role("tab", name=name).click()
        (folder / "code.mjs").write_text(page.get_by_role("tabpanel").inner_text())
        result.unlink(missing_ok=True)
        try:
            subprocess.run([program, "code.mjs"], cwd=folder, check=True, capture_output=True)
        except FileNotFoundError:
            assert program == "node"  # not on every machine
        else:
            yield result.read_text()


def test_a_pipeline_is_a_form_and_its_code_works(
    server: Server, visit: Open, tmp_path: Path
) -> None:
    (tmp_path / "photo.jpg").write_bytes(SAMPLE.read_bytes())
    page = visit(f"{server.url}#/pipelines/enhance")
    page.get_by_label("image (required)").set_input_files(str(tmp_path / "photo.jpg"))
    page.get_by_label("scale").select_option("1")
    page.get_by_role("button", name="Run", exact=True).click()
    result = page.get_by_role("region", name="Result")
    expect(result).to_contain_text("451 \N{MULTIPLICATION SIGN} 300")
    for answer in answers(page, tmp_path):
        assert '"image": "data:image/jpeg;base64,' in answer


def test_a_run_tells_what_happened(server: Server, used: str, visit: Open) -> None:
    page = visit(f"{server.url}#/runs")
    page.get_by_label("Pipeline").fill("enhance")
    page.get_by_role("main").locator(f"a[href$='{used}']").click()
    happened = page.get_by_role("region", name="What happened")
    for word in ("Queued", "Taken by a worker", "Done"):
        expect(happened).to_contain_text(word)
    page.get_by_role("link", name="All runs").click()
    page.get_by_label("Status").select_option("cancelled")
    page.get_by_label("Pipeline").fill("nosuch")
    expect(page.get_by_text("No runs match these filters.")).to_be_visible()
