"""The page Trainings: a recipe is carried out, followed, stopped, and done again otherwise."""

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from printroom import recipes
from printroom.imaging.vips import pyvips

from .conftest import WAIT, Open, Serve, Server
from .test_pages import answers, violations
from .test_people import looks_right

expect.set_options(timeout=WAIT)
TINY = {"batch": 2, "patch": 16, "channels": 16, "layers": 1, "leaves": 1, "report_every": 2,
        "threads": 1}  # fmt: skip


@pytest.fixture(scope="module")
def studio(start: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that has a training set of a few pictures."""
    folder = tmp_path_factory.mktemp("sets")
    (folder / "few").mkdir()
    random = np.random.default_rng(1)
    for place in range(6):
        coarse = random.integers(0, 256, (9, 8, 3), np.uint8)
        picture = pyvips.Image.new_from_array(coarse, interpretation="srgb").resize(10)
        picture.write_to_file(str(folder / f"few/{place}.png"))
    with start(training_data=str(folder), workers="1") as server:
        yield server


def recipe_of(page: Page) -> Locator:
    return page.get_by_role("main").get_by_role("combobox").first


def asked(page: Page, steps: str, **more: str) -> None:
    """The form, filled in."""
    expect(page.get_by_role("heading", level=1, name="New training")).to_be_visible()
    recipe_of(page).select_option("dejpeg")
    page.get_by_role("radio", name="A folder of the server").check()
    page.get_by_role("textbox", name="Folder Below").fill("few")
    page.get_by_text("10 more").click()
    for name, value in (TINY | {"steps": steps} | more).items():
        page.get_by_role("textbox", name=f"{name} ").first.fill(str(value))


def begun(page: Page) -> None:
    page.get_by_role("button", name="Begin it").click()
    expect(page.get_by_role("heading", level=1, name="Training: dejpeg")).to_be_visible()


def test_an_empty_page_leads_to_the_form_whose_code_works(
    fresh: Server, visit: Open, tmp_path: Path
) -> None:
    page = visit(f"{fresh.url}#/models", expect="404")
    page.get_by_role("navigation", name="Parts of Models").get_by_role(
        "link", name="Trainings"
    ).click()
    expect(page.get_by_text("Nothing was trained yet.")).to_be_visible()
    looks_right(page)
    (tmp_path / "photos").mkdir()
    address = {"address": f"fs://{tmp_path}/photos"}
    httpx.put(f"{fresh.url}v1/storages/shelf", json=address).raise_for_status()
    page.get_by_role("main").get_by_role("link", name="New training").click()
    page.get_by_role("textbox", name="Place in it").fill("2026/")
    page.get_by_role("textbox", name="steps ").fill("4")
    page.get_by_text("10 more").click()
    page.get_by_role("textbox", name="seed ").fill("0, 1")
    page.get_by_role("textbox", name="Name of the model").fill("mender")
    page.get_by_role("textbox", name="What it does").fill("It mends")
    looks_right(page)
    for answer in answers(page, tmp_path):
        made = json.loads(answer)
        httpx.post(f"{fresh.url}v1/trainings/{made['id']}/cancel").raise_for_status()
        assert (made["data"], made["model"]) == ("store://shelf/2026/", "mender")
        assert made["options"] == {"steps": "4", "data_kind": "own"}
        assert made["grid"] == {"seed": ["0", "1"]}
    page.get_by_role("radio", name="A folder of the server").check()
    page.get_by_role("textbox", name="Folder Below").fill("few")
    page.get_by_role("button", name="Begin it").click()
    expect(page.get_by_role("alert")).to_contain_text("this server has no training sets")


def test_each_option_that_the_form_asks_for_is_one_of_its_recipe(
    studio: Server, visit: Open
) -> None:
    pytest.importorskip("torch", reason="recipes need the extra `train` (PyTorch)")
    page = visit(f"{studio.url}#/trainings/new")
    expect(recipe_of(page)).to_be_visible()
    form = page.get_by_role("region", name="Options", exact=True)
    known = 0
    for name in recipes.names():
        recipe_of(page).select_option(name)
        labels = form.locator("label > span:first-child").all_text_contents()
        options = (
            {field.name for field in fields(recipes.recipe(name).Options)} if labels else set()
        )
        assert set(labels) <= options, name
        known += bool(labels)
    assert known >= 7


@pytest.mark.slow
def test_a_training_is_followed_to_its_model_files(studio: Server, visit: Open) -> None:
    pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")
    page = visit(f"{studio.url}#/trainings/new")
    asked(page, "4", seed="0, 1")
    page.get_by_role("button", name="One more option").click()
    page.get_by_label("Option", exact=True).fill("sorcery")
    page.get_by_label("Value", exact=True).fill("3")
    begun(page)
    expect(page.get_by_role("alert")).to_contain_text("no option --sorcery")
    looks_right(page)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("attempt 2")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("no option --sorcery")
    page.get_by_role("link", name="Another like it").click()
    page.get_by_role("button", name="Leave out sorcery").click()
    expect(page.get_by_role("textbox", name="seed ")).to_have_value("0, 1")
    begun(page)
    files = page.get_by_role("region", name="Files")
    expect(files).to_contain_text("dejpeg.onnx")
    tried = page.get_by_role("region", name="What was tried")
    for name in ("seed=0", "seed=1", "the best"):
        expect(tried).to_contain_text(name)
    expect(page.get_by_role("region", name="Scores")).to_contain_text("aside q20")
    expect(page.get_by_role("log")).to_contain_text("the best")
    expect(page.get_by_role("img", name="Error while it learns")).to_be_visible()
    expect(page.get_by_role("img", name="Score, aside q20")).to_be_visible()
    looks_right(page)
    with page.expect_download() as saved:
        files.get_by_role("link", name="Download: card.json").click()
    assert "scores" in json.loads(Path(saved.value.path()).read_text())
    page.get_by_role("link", name="All trainings").click()
    rows = page.get_by_role("main").get_by_role("list").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Succeeded")
    expect(rows.last).to_contain_text("no option --sorcery")
    looks_right(page)


@pytest.mark.slow
def test_a_training_that_is_stopped_ends(studio: Server, visit: Open) -> None:
    pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")
    page = visit(f"{studio.url}#/trainings/new")
    asked(page, "100000", report_every="50000")
    begun(page)
    expect(page.get_by_role("progressbar", name="How far it is")).to_have_attribute(
        "aria-valuenow", "0"
    )
    expect(page.get_by_text("of 100,000")).to_be_visible()
    looks_right(page)
    page.get_by_role("button", name="Stop it").click()
    sure = page.get_by_role("dialog", name="Stop training dejpeg?")
    assert violations(page) == []
    sure.get_by_role("button", name="Stop it").click()
    expect(page.get_by_role("main").get_by_text("Cancelled")).to_be_visible()
    expect(page.get_by_text("It was stopped")).to_be_visible()
