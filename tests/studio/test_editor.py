"""The editor of pipelines: built by mouse and keyboard, as a text, run, published, compared."""

import json
import re
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect

from printroom.pipelines.notation import port_from
from printroom.pipelines.spec import PipelineSpec

from .conftest import SAMPLE, WAIT, Open, Server

expect.set_options(timeout=WAIT)
TEXT = "The pipeline as YAML"
CHECK = "**/v1/pipelines/check"


def begin(page: Page, template: str) -> None:
    """Start a new pipeline from a template, and wait until the server has checked it."""
    page.get_by_role("button", name=template).click()
    settled(page)


def settled(page: Page) -> None:
    """Wait until the server has said what it thinks of what is there now."""
    expect(page.locator('.ed-state[data-busy="false"]')).to_be_visible()


def node(page: Page, id_: str) -> Locator:
    """A node by its id: `step:clean`, `in:image`, `out:image`."""
    return page.locator(f'.react-flow__node[data-id="{id_}"]')


def add(page: Page, name: str) -> None:
    """Add a step by keyboard alone; it has the focus then."""
    page.keyboard.press("/")
    page.keyboard.press("Control+A")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.locator('.react-flow__node[data-id^="step:"]:focus')).to_be_visible()


def drag(page: Page, start: Locator, end: Locator) -> None:
    """A wire, by mouse, not yet let go."""
    (x, y), (to_x, to_y) = centre(start), centre(end)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move((x + to_x) / 2, (y + to_y) / 2, steps=4)
    page.mouse.move(to_x, to_y, steps=4)


def centre(place: Locator) -> tuple[float, float]:
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def handle(page: Page, id_: str, port: str, side: str) -> Locator:
    return node(page, id_).locator(f'.react-flow__handle-{side}[data-handleid="{port}"]')


def written(page: Page) -> str:
    """The text beside the drawing, once the server has written it."""
    page.get_by_role("tab", name="YAML").click()
    page.wait_for_timeout(300)  # a change waits a moment for the next before it is checked
    settled(page)
    return page.get_by_label(TEXT).input_value()


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {[part['html'] for part in one['nodes']][:3]}" for one in found]


@pytest.fixture
def blank(server: Server, visit: Open) -> Page:
    """The editor, with an input and an output and nothing in between."""
    page = visit(f"{server.url}#/pipelines/new")
    begin(page, "From nothing")
    return page


def test_one_is_built_by_keyboard_and_its_text_is_that_of_the_command_line(blank: Page) -> None:
    page = blank
    node(page, "in:image").focus()
    page.keyboard.press("Enter")
    add(page, "denoise")
    add(page, "upscale")
    expect(node(page, "step:upscale")).to_be_visible()
    node(page, "step:upscale").get_by_role("button", name="image of upscale gives").press("Enter")
    expect(page.get_by_role("status").filter(has_text="A wire from upscale.image")).to_be_visible()
    node(page, "out:image").get_by_role("button").press("Enter")
    node(page, "step:upscale").get_by_label("scale of upscale", exact=True).select_option("4")
    text = written(page)
    expect(page.get_by_text("No faults")).to_be_visible()
    spec = PipelineSpec.from_yaml(text)
    assert spec.to_yaml() == text
    assert {step.name: dict(step.bound) for step in spec.steps} == {
        "denoise": {"image": "$image"},
        "upscale": {"image": "$denoise.image", "scale": 4},
    }
    assert dict(spec.outputs) == {"image": "$upscale.image"}


def test_a_wrong_wire_is_refused_and_says_why(blank: Page) -> None:
    page = blank
    add(page, "inspect")
    expect(node(page, "step:inspect")).to_be_visible()
    page.get_by_role("button", name="Fit", exact=True).click()
    node(page, "in:image").click()
    drag(
        page,
        handle(page, "in:image", ":value", "right"),
        handle(page, "step:inspect", "fix", "left"),
    )
    why = "fix of inspect takes a text, not a picture."
    expect(page.get_by_text(why).first).to_be_visible()
    fits = node(page, "step:inspect").locator('[data-state="fits"]')
    expect(fits).to_have_count(1)  # the port for pictures, of all its ports
    page.mouse.up()
    expect(page.get_by_role("status").filter(has_text=why)).to_be_visible()
    node(page, "step:inspect").get_by_role("button", name="noise of inspect gives").click()
    node(page, "step:inspect").get_by_role("button", name="image of inspect takes").click()
    told = page.get_by_role("status").filter(has_text="cannot take its own result")
    expect(told).to_be_visible()
    page.keyboard.press("Escape")
    assert "$image" not in written(page)
    drag(
        page,
        handle(page, "in:image", ":value", "right"),
        handle(page, "step:inspect", "image", "left"),
    )
    page.mouse.up()
    assert "with: {image: $image}" in written(page)


INPUTS: dict[str, Any] = {
    "picture": "picture",
    "any_text": "text",
    "any_number": "number",
    "low_number": {"type": "number", "low": -3, "high": 0},
    "high_number": {"type": "number", "low": 1.5},
    "whole_number": {"type": "number", "low": 0, "high": 4, "integer": True},
    "sizes": {"type": "choice", "of": [1, 2, 3]},
    "large_sizes": {"type": "choice", "of": [3, 5]},
    "words": {"type": "choice", "of": ["auto", "none"]},
    "flag": "flag",
    "tensor": {"type": "tensor", "shape": [1, None], "dtype": "float32"},
    "any_model": "model",
    "denoiser": {"type": "model", "task": "denoise"},
    "pictures": {"type": "list", "item": "picture"},
    "texts": {"type": "list", "item": {"type": "choice", "of": ["a", "b"]}},
}


def test_the_page_refuses_the_same_wires_as_the_server(
    server: Server, http: httpx.Client, visit: Open
) -> None:
    known = {one["name"]: one for one in http.get("/v1/steps").json()["steps"]}
    steps = {name: {"use": name} for name in ("denoise", "inspect", "lowlight", "upscale")}
    spec = {"name": "all-kinds", "inputs": INPUTS, "steps": steps}
    page = visit(f"{server.url}#/pipelines/new")
    begin(page, "From nothing")
    page.get_by_role("tab", name="YAML").click()
    page.get_by_label(TEXT).fill(json.dumps(spec))
    expect(node(page, "step:upscale")).to_be_visible()
    page.get_by_role("tab", name="Selected").click()
    for name in steps:
        node(page, f"step:{name}").focus()
        page.keyboard.press("Enter")
        for port, words in known[name]["inputs"].items():
            takes = port_from(words).kind
            field = page.get_by_label(f"{port} comes from")
            for given, kind in INPUTS.items():
                option = field.locator(f'option[value="${given}"]')
                why = takes.refuses(port_from(kind).kind)
                assert option.is_disabled() == bool(why), (name, port, given, why)
                assert (option.text_content() or "").startswith(
                    f"{given}: {port} of {name} {why}" if why else given
                )
        page.keyboard.press("Escape")


def test_each_edit_is_undone_and_done_again(blank: Page) -> None:
    page = blank
    texts = [written(page)]
    node(page, "in:image").click()

    def then(work: Any) -> None:
        work()
        texts.append(written(page))

    then(lambda: add(page, "denoise"))
    net = node(page, "step:denoise").get_by_label("net of denoise", exact=True)
    then(lambda: net.fill("a/model"))
    node(page, "step:denoise").locator(".ed-head").click()
    page.get_by_role("tab", name="Selected").click()
    then(lambda: (page.get_by_label("Name").fill("clean"), page.keyboard.press("Enter")))
    then(
        lambda: (
            node(page, "step:clean").locator(".ed-head").click(),
            page.keyboard.press("Control+d"),
        )
    )
    then(lambda: page.keyboard.press("Delete"))
    assert len(set(texts)) == len(texts) - 1  # the copy came and went
    for text in texts[-2::-1]:
        page.keyboard.press("Control+z")
        assert written(page) == text
    expect(page.get_by_role("button", name="Nothing to undo")).to_be_disabled()
    for text in texts[1:]:
        page.keyboard.press("Control+Shift+Z")
        assert written(page) == text


def test_nodes_are_copied_with_the_wires_between_them(server: Server, visit: Open) -> None:
    page = visit(f"{server.url}#/pipelines/new")
    begin(page, "Mend and enlarge")
    node(page, "step:clean").locator(".ed-head").click()
    node(page, "step:large").locator(".ed-head").click(modifiers=["Control"])
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    steps = PipelineSpec.from_yaml(written(page)).steps
    assert [dict(step.bound) for step in steps[2:]] == [
        {"image": "$image"},
        {"image": "$clean2.image", "scale": "$scale"},
    ]
    for other in ("hello", '{"printroom": {"steps": {"x": null}, "places": {}}}'):
        page.evaluate(
            """text => {
                const clipboardData = new DataTransfer()
                clipboardData.setData('text/plain', text)
                document.dispatchEvent(new ClipboardEvent('paste', { clipboardData }))
            }""",
            other,
        )
        expect(page.get_by_role("status").filter(has_text="holds no nodes")).to_be_visible()
    expect(page.locator(".react-flow__node-step")).to_have_count(4)


def test_a_step_is_dragged_into_the_graph_and_a_wire_is_taken_away(
    server: Server, visit: Open
) -> None:
    page = visit(f"{server.url}#/pipelines/new")
    begin(page, "Mend and enlarge")
    page.get_by_role("option", name="colour Takes").drag_to(
        page.locator(".react-flow__pane"), target_position={"x": 200, "y": 60}
    )
    expect(node(page, "step:colour")).to_be_visible()
    page.get_by_role("group", name="Wire from clean.image to large.image").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Delete")
    steps = {step.name: dict(step.bound) for step in PipelineSpec.from_yaml(written(page)).steps}
    assert steps == {"clean": {"image": "$image"}, "large": {"scale": "$scale"}, "colour": {}}


def test_what_is_typed_is_drawn_and_faults_are_told_at_line_and_node(
    server: Server, visit: Open
) -> None:
    page = visit(f"{server.url}#/pipelines/new")
    begin(page, "Only what is needed")
    text = written(page)
    area = page.get_by_label(TEXT)
    area.fill(text.replace("$faults.noise", "$faults.noize"))
    expect(node(page, "step:clean")).to_contain_text("no output of that name")
    line = text[: text.index("$faults.noise")].count("\n") + 1
    expect(page.locator(".ed-marked")).to_have_text(str(line))
    area.fill(text + "\n  : [")
    expect(page.get_by_text("This text cannot be drawn yet")).to_be_visible()
    expect(node(page, "step:clean")).to_be_visible()
    page.reload()  # what was typed is here again, broken as it is
    page.get_by_role("button", name="Go on with your draft").click()
    expect(page.get_by_text("it was never published")).to_be_visible()
    page.get_by_role("tab", name="YAML").click()
    expect(page.get_by_label(TEXT)).to_have_value(text + "\n  : [")
    added = (
        "  # as large as it may be\n  large: {use: upscale, with: {image: $clean.image}}\noutputs:"
    )
    mended = text.replace("outputs:", added)
    page.get_by_label(TEXT).fill(mended)
    expect(node(page, "step:large")).to_be_visible()
    expect(page.get_by_text("No faults")).to_be_visible()
    node(page, "step:large").get_by_label("scale of large", exact=True).select_option("4")
    assert "#" not in written(page)
    node(page, "step:large").locator(".ed-head").click()
    page.keyboard.press("Control+z")
    assert written(page) == mended


def test_it_runs_and_each_node_shows_what_it_made(server: Server, visit: Open) -> None:
    page = visit(f"{server.url}#/pipelines/new")
    begin(page, "Mend and enlarge")
    page.get_by_role("tab", name="Run").click()
    page.get_by_label("image (required)").set_input_files(str(SAMPLE))
    page.get_by_role("button", name="Run", exact=True).click()
    result = page.get_by_role("region", name="Result")
    expect(result).to_contain_text("902 \N{MULTIPLICATION SIGN} 600")
    for name in ("clean", "large"):
        thumb = node(page, f"step:{name}").get_by_alt_text(f"What {name} gives")
        expect(thumb).to_be_visible()
        assert thumb.evaluate("image => image.naturalWidth") > 0
        expect(node(page, f"step:{name}")).to_contain_text("done")
    result.get_by_role("button", name="Look closely").click()
    expect(page.get_by_role("dialog").get_by_role("slider")).to_be_visible()


def test_versions_are_published_and_compared(
    server: Server, http: httpx.Client, visit: Open
) -> None:
    page = visit(f"{server.url}#/pipelines/new")
    begin(page, "Mend and enlarge")
    publish(page, "poster", "live")
    node(page, "step:clean").locator(".ed-head").click()
    page.keyboard.press("Delete")
    settled(page)
    drag(
        page,
        handle(page, "in:image", ":value", "right"),
        handle(page, "step:large", "image", "left"),
    )
    page.mouse.up()
    publish(page, "poster")
    found = http.get("/v1/pipelines/local/poster").json()
    assert (found["version"], found["aliases"]["live"]) == (2, 1)
    assert set(found["pipeline"]["view"]) == {"in:image", "in:scale", "step:large", "out:image"}
    page.get_by_role("link", name="Versions").click()
    changes = page.get_by_role("region", name="What is different")
    expect(changes).to_contain_text("Step clean: removed")
    expect(changes).to_contain_text("image was $clean.image, now $image")
    expect(page.locator('[data-change="removed"]').first).to_be_visible()
    text = page.get_by_role("region", name="As text")
    expect(text.locator('[data-sign="-"]').first).to_contain_text("clean")
    assert violations(page) == []


def test_a_button_that_is_pressed_while_it_is_checked_waits_for_the_check(
    server: Server, http: httpx.Client, visit: Open
) -> None:
    page = visit(f"{server.url}#/pipelines/new")
    begin(page, "Mend and enlarge")
    held: list[Route] | None = []

    def hold(route: Route) -> None:
        if held is None:
            route.continue_()
        else:
            held.append(route)

    def released() -> None:
        nonlocal held
        waiting, held = held or [], None
        for route in waiting:
            route.continue_()

    page.route(CHECK, hold)
    page.get_by_role("button", name="Publish", exact=True).click()
    sheet = page.get_by_role("dialog", name="Publish a version")
    sheet.get_by_label("Name").fill("hasty")
    sheet.get_by_role("button", name="Publish", exact=True).click()
    expect(sheet.get_by_role("button", name="Publishing…")).to_be_disabled()
    assert http.get("/v1/pipelines/local/hasty").status_code == 404
    released()
    expect(sheet.get_by_role("heading")).to_have_text("Published hasty@1.")
    sheet.get_by_role("button", name="Go on editing").click()
    expect(page).to_have_url(re.compile("/pipelines/local/hasty/edit$"))
    settled(page)
    before = http.get("/v1/runs?limit=1").json()["data"]
    held = []
    page.get_by_role("tab", name="Run").click()
    node(page, "in:image").locator(".ed-head").click()
    page.keyboard.press("Delete")
    page.get_by_role("tab", name="Run").click()
    page.get_by_role("button", name="Run", exact=True).click()
    released()
    expect(page.get_by_text("It cannot run while it has faults.")).to_be_visible()
    assert http.get("/v1/runs?limit=1").json()["data"] == before


def publish(page: Page, name: str, alias: str = "") -> None:
    page.get_by_role("button", name="Publish", exact=True).click()
    sheet = page.get_by_role("dialog", name="Publish a version")
    sheet.get_by_label("Name").fill(name)
    sheet.get_by_label("Alias").fill(alias)
    sheet.get_by_role("button", name="Publish", exact=True).click()
    expect(sheet.get_by_role("heading")).to_have_text(re.compile("Published"))
    sheet.get_by_role("button", name="Go on editing").click()
    expect(page).to_have_url(re.compile(f"/pipelines/local/{name}/edit$"))
    settled(page)


@pytest.mark.parametrize(("width", "colours"), [(1440, "light"), (1024, "dark"), (390, "light")])
def test_axe_objects_to_nothing_and_a_narrow_window_reads_and_runs(
    server: Server, visit: Open, width: int, colours: str
) -> None:
    page = visit(f"{server.url}#/pipelines/new", width, colours)
    expect(page.get_by_role("button", name="enhance")).to_be_visible()
    assert violations(page) == []
    page.goto(f"{server.url}#/pipelines/printroom/enhance/edit")
    expect(node(page, "step:clean")).to_be_visible()
    settled(page)
    for tab in ("YAML", "Run"):
        page.get_by_role("tab", name=tab).click()
        assert violations(page) == []
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= width
    if width < 900:
        expect(page.get_by_text("use a window at least 900 pixels wide")).to_be_visible()
        expect(page.get_by_role("combobox", name="Search steps")).to_have_count(0)
    else:
        node(page, "step:clean").focus()  # a narrow window shows half of it
        page.keyboard.press("Enter")
        page.get_by_role("tab", name="Selected").click()
        expect(page.get_by_label("Name")).to_have_value("clean")
        assert violations(page) == []
