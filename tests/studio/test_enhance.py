"""The first page, by mouse and keyboard: pictures in, better ones out."""

import io
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from printroom.imaging.vips import pyvips

from .conftest import SAMPLE, WAIT, Open, Server

expect.set_options(timeout=WAIT)


@pytest.fixture
def noisy(tmp_path: Path) -> Path:
    """The sample with noise that anybody sees."""
    picture = pyvips.Image.new_from_file(str(SAMPLE)).numpy().astype(np.float64)
    picture += np.random.default_rng(0).normal(0, 25, picture.shape)
    path = tmp_path / "noisy.png"
    pixels = picture.clip(0, 255).astype(np.uint8)
    pyvips.Image.new_from_array(pixels).copy(interpretation="srgb").write_to_file(str(path))
    return path


def choose(page: Page, *paths: Path) -> None:
    page.get_by_test_id("files").set_input_files([str(path) for path in paths])


def enhanced(page: Page, folder: Path, name: str) -> None:
    """Enhance the sample under that name, and wait until it is shown."""
    (folder / name).write_bytes(SAMPLE.read_bytes())
    choose(page, folder / name)
    shown = page.get_by_role("region", name=name, exact=True)
    expect(shown.get_by_role("slider")).to_be_visible()


def saved(page: Page, name: str) -> tuple[str, bytes]:
    """What a link or button lets the browser save."""
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_the_sample_is_enhanced_at_a_click_and_can_be_saved(fresh: Server, visit: Open) -> None:
    page = visit(fresh.url)
    page.get_by_role("button", name="Try the sample").click()
    expect(
        page.get_by_role("status").filter(has_text="902 \N{MULTIPLICATION SIGN} 600")
    ).to_be_visible()
    name, data = saved(page, "Download")
    assert name == "sample@2x.jpg"
    picture = pyvips.Image.new_from_buffer(data, "")
    assert (picture.width, picture.height) == (902, 600)
    page.reload()  # what was done is still there
    expect(page.get_by_role("button", name="sample.jpg").first).to_be_visible()
    expect(page.get_by_role("slider")).to_be_visible()


def test_what_ails_a_picture_is_told_and_can_be_overruled(
    server: Server, visit: Open, noisy: Path
) -> None:
    page = visit(server.url)
    choose(page, noisy)
    found = page.get_by_role("region", name="What was found")
    expect(found).to_contain_text("Noise")
    expect(found).to_contain_text("mended")
    page.get_by_label("Mend").select_option("choice")
    page.get_by_label("Size").select_option("1")
    page.get_by_label("Result as").select_option("webp")
    page.get_by_role("button", name="Do it again with these").click()
    expect(
        page.get_by_role("status").filter(has_text="451 \N{MULTIPLICATION SIGN} 300")
    ).to_be_visible()
    expect(found).to_contain_text("left as it is")
    name, data = saved(page, "Download")
    assert name == "noisy@mended.webp"
    assert data[8:12] == b"WEBP"


def test_several_are_done_and_saved_as_one_archive(
    fresh: Server, visit: Open, tmp_path: Path
) -> None:
    paths = [tmp_path / f"{letter}.jpg" for letter in "ab"]
    for path in paths:
        path.write_bytes(SAMPLE.read_bytes())
    page = visit(fresh.url)
    choose(page, *paths)
    name, data = saved(page, "Download all 2")
    assert name == "printroom.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ["a@2x.jpg", "b@2x.jpg"]
        for one in archive.namelist():
            assert pyvips.Image.new_from_buffer(archive.read(one), "").width == 902


def test_a_folder_is_walked_and_what_is_no_picture_left_out(
    server: Server, visit: Open, tmp_path: Path
) -> None:
    inner = tmp_path / "trip" / "day"
    inner.mkdir(parents=True)
    (inner / "one.jpg").write_bytes(SAMPLE.read_bytes())
    (inner / "notes.txt").write_text("no picture")
    page = visit(server.url)
    page.get_by_test_id("folder").set_input_files(str(tmp_path / "trip"))
    expect(page.get_by_role("button", name="trip/day/one.jpg").first).to_be_visible()
    assert page.get_by_text("notes.txt").count() == 0


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("notes.txt", b"no picture", "notes.txt is no picture that can be taken"),
        ("empty.jpg", b"", "empty.jpg is empty"),
        ("broken.jpg", SAMPLE.read_bytes()[:2000] + b"\0" * 2000, "broken"),
        ("liar.png", b"<html>not a picture</html>", "liar"),
    ],
)
def test_a_wrong_file_is_named_and_the_others_go_on(
    server: Server, visit: Open, tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    fine = f"fine{len(content)}.jpg"
    (tmp_path / name).write_bytes(content)
    (tmp_path / fine).write_bytes(SAMPLE.read_bytes())
    page = visit(server.url, expect="Failed to load resource")
    choose(page, tmp_path / name, tmp_path / fine)
    done = page.get_by_role("listitem").filter(has_text=fine)
    expect(done).to_contain_text("902 \N{MULTIPLICATION SIGN} 600")
    row = page.get_by_role("listitem").filter(has_text=told).first
    expect(row).to_be_visible()
    expect(row.locator(".text-danger")).to_be_visible()


def test_the_picture_is_seen_to_single_pixels_by_keyboard_alone(
    server: Server, visit: Open, tmp_path: Path
) -> None:
    page = visit(server.url)
    enhanced(page, tmp_path, "keys.jpg")
    slider = page.get_by_role("slider", name="Edge between before and after")
    expect(slider).to_be_visible()
    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "0")
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuenow", "2")
    page.keyboard.press("1")
    shown = page.get_by_label("Before and after", exact=True)
    expect(shown).to_have_text("100 %")
    after = page.get_by_role("img", name="After")
    assert (after.bounding_box() or {})["width"] == pytest.approx(902, abs=1)
    for _ in range(12):
        page.keyboard.press("+")
    expect(shown).to_have_text("3200 %")
    assert after.evaluate("node => getComputedStyle(node).imageRendering") == "pixelated"
    page.keyboard.press("0")
    page.keyboard.press("s")
    expect(slider).to_have_count(0)
    before = page.get_by_role("img", name="Before")
    for axis in ("width", "height", "y"):
        assert _box(before)[axis] == pytest.approx(_box(after)[axis], abs=0.5)


def test_zoom_stays_where_the_pointer_is(server: Server, visit: Open, tmp_path: Path) -> None:
    page = visit(server.url)
    enhanced(page, tmp_path, "wheel.jpg")
    after = page.get_by_role("img", name="After")
    box = _box(after)
    x, y = box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.25
    page.mouse.move(x, y)
    page.mouse.wheel(0, -600)
    page.wait_for_function(
        "([node, width]) => node.getBoundingClientRect().width > width * 1.5",
        arg=[after.element_handle(), box["width"]],
    )
    now = _box(after)
    assert (x - now["x"]) / now["width"] == pytest.approx(0.75, abs=0.01)
    assert (y - now["y"]) / now["height"] == pytest.approx(0.25, abs=0.01)


def test_a_run_can_be_stopped(server: Server, visit: Open, tmp_path: Path) -> None:
    large = pyvips.Image.new_from_file(str(SAMPLE)).replicate(8, 8)
    large.write_to_file(str(tmp_path / "large.jpg"))
    page = visit(server.url)
    page.get_by_label("Size").select_option("4")
    choose(page, tmp_path / "large.jpg")
    row = page.get_by_role("listitem").filter(has_text="large.jpg")
    expect(row.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(row).to_contain_text("Stopped")


def test_the_curl_line_works_when_pasted(server: Server, visit: Open, tmp_path: Path) -> None:
    page = visit(server.url)
    page.get_by_label("Result as").select_option("png")
    page.get_by_text("The same from a program").click()
    code = page.get_by_role("tabpanel").inner_text()
    (tmp_path / "photo.jpg").write_bytes(SAMPLE.read_bytes())
    subprocess.run(["bash", "-c", code], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "result.png").read_bytes()[:4] == b"\x89PNG"


def test_many_rows_of_history_are_but_few_in_the_page(fresh: Server, visit: Open) -> None:
    with httpx.Client(base_url=fresh.url, timeout=60) as client:
        file = client.post("/v1/files", content=SAMPLE.read_bytes()).json()["id"]
        for _ in range(130):
            body: dict[str, Any] = {"target": "enhance", "input": {"image": file, "scale": 1}}
            client.post("/v1/runs", json=body).raise_for_status()
        page = visit(fresh.url)
        rows = page.get_by_role("group", name="Pictures")
        expect(rows.get_by_role("listitem").first).to_be_visible()
        assert rows.get_by_role("listitem").count() < 40
        page.wait_for_function(
            """node => { node.scrollTop = node.scrollHeight
                         return node.querySelector('[aria-posinset="130"]') !== null }""",
            arg=rows.element_handle(),
        )


def _box(element: Any) -> Any:
    return element.bounding_box()


def test_a_folder_that_was_interrupted_goes_on_with_what_is_missing(
    server: Server, http: httpx.Client, visit: Open, tmp_path: Path
) -> None:
    folder = tmp_path / "interrupted"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.jpg").write_bytes(SAMPLE.read_bytes() + bytes([number]))
    page = visit(server.url)
    sent: list[str] = []

    def two(route: Route) -> None:
        """Let two through; the others never end."""
        if len(sent) < 2:
            sent.append(route.request.url)
            route.continue_()

    page.route("**/v1/files?name=*", two)
    page.get_by_test_id("folder").set_input_files(str(folder))
    for number in (4, 3):  # the newest of a drop is at the bottom, and goes first
        row = page.get_by_role("listitem").filter(has_text=f"interrupted/{number}.jpg")
        expect(row).to_contain_text("902 \N{MULTIPLICATION SIGN} 600")
    again = page.context.new_page()
    page.close()
    again.goto(server.url)
    told = again.get_by_role("status").filter(
        has_text="3 pictures of interrupted had not been sent"
    )
    expect(told).to_be_visible()
    told.get_by_test_id("folder").set_input_files(str(folder))
    for number in range(5):
        row = again.get_by_role("listitem").filter(has_text=f"interrupted/{number}.jpg")
        expect(row).to_contain_text("902 \N{MULTIPLICATION SIGN} 600")
    expect(again.get_by_text("2 were sent before")).to_be_visible()
    expect(again.get_by_text("had not been sent")).to_have_count(0)
    runs = http.get("/v1/runs").json()["data"]
    names = [file["name"] for run in runs for file in run["files"].values()]
    ours = [name for name in names if name.startswith("interrupted/")]
    assert sorted(ours) == [f"interrupted/{number}.jpg" for number in range(5)]
    again.reload()
    expect(again.get_by_role("slider")).to_be_visible()
    assert again.get_by_text("had not been sent").count() == 0


def test_a_large_picture_is_seen_to_single_pixels(
    server: Server, http: httpx.Client, visit: Open, tmp_path: Path
) -> None:
    """Its left half is red and its right half blue: where they meet, no copy would be sharp."""
    half = pyvips.Image.black(3500, 6000, bands=3).linear(1, [200, 0, 0])
    other = pyvips.Image.black(3500, 6000, bands=3).linear(1, [0, 0, 200])
    picture = half.join(other, "horizontal").cast("uchar").copy(interpretation="srgb")
    data = picture.write_to_buffer(".png", compression=1)
    file = http.post("/v1/files?name=large.png", content=data).json()["id"]
    body: dict[str, Any] = {
        "target": "enhance",
        "input": {"image": file, "scale": 1, "fix": "none"},
    }
    run = http.post("/v1/runs", json=body, headers={"prefer": "wait=60"}).json()
    assert run["status"] == "succeeded", run
    page = visit(server.url)
    page.get_by_role("button", name="large.png").first.click()
    stage = page.get_by_role("group", name="The picture")
    expect(page.get_by_text("laid out")).to_have_count(0)
    page.get_by_role("slider").press("Home")
    for _ in range(24):
        page.keyboard.press("+")
    expect(page.get_by_label("Before and after", exact=True)).to_have_text("3200 %")
    cut = page.locator("img[src*='/c:']").last
    expect(cut).to_be_visible()
    page.wait_for_function(
        "node => node.complete && node.naturalWidth > 0", arg=cut.element_handle()
    )
    shot = pyvips.Image.new_from_buffer(stage.screenshot(), "")
    middle, row = shot.width // 2, shot.height // 4
    red, blue = (shot.getpoint(middle + by, row)[:3] for by in (-40, 40))
    assert [round(value / 200) for value in red] == [1, 0, 0]
    assert [round(value / 200) for value in blue] == [0, 0, 1]
