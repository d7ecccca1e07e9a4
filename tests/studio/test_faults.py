"""A server that goes away, also in mid-run, and comes back."""

from pathlib import Path

import httpx
from playwright.sync_api import Route, expect

from printroom.imaging.vips import pyvips

from .conftest import SAMPLE, WAIT, Open, Serve, Server

expect.set_options(timeout=WAIT)
LOST = "Failed to load resource|ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY"


def test_a_run_survives_a_server_that_starts_again_and_the_page_catches_up(
    start: Serve, visit: Open, tmp_path: Path
) -> None:
    large = pyvips.Image.new_from_file(str(SAMPLE)).replicate(2, 3)
    large.write_to_file(str(tmp_path / "large.jpg"))
    server = start(jobs_lease="1")
    with server:
        page = visit(server.url, expect=LOST)
        page.get_by_test_id("files").set_input_files(str(tmp_path / "large.jpg"))
        row = page.get_by_role("listitem").filter(has_text="large.jpg")
        expect(row.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="cannot be reached")).to_be_visible()
    page.get_by_role("button", name="Try the sample").focus()  # the page still answers
    with server:
        expect(page.get_by_text("cannot be reached")).to_have_count(0)
        expect(row).to_contain_text("1804 \N{MULTIPLICATION SIGN} 1800")
        page.close()


def test_what_was_dropped_while_the_line_is_cut_is_sent_afterwards(
    start: Serve, visit: Open
) -> None:
    server = start()
    with server:
        page = visit(server.url, expect=LOST)
        expect(page.get_by_role("button", name="Try the sample")).to_be_visible()
    page.get_by_test_id("files").set_input_files(str(SAMPLE))
    expect(page.get_by_text("cannot be reached")).to_be_visible()
    with server:
        expect(page.get_by_role("region", name="cat.jpg", exact=True)).to_be_visible()
        expect(page.get_by_role("slider")).to_be_visible()
        page.close()


def test_a_large_file_goes_in_parts_and_goes_on_where_the_line_broke(
    server: Server, http: httpx.Client, visit: Open, tmp_path: Path
) -> None:
    picture = pyvips.Image.new_from_file(str(SAMPLE)).replicate(6, 8).crop(0, 0, 2500, 2400)
    picture.write_to_file(str(tmp_path / "parts.tif"))  # 18 MB, as nothing is compressed
    page = visit(server.url, expect=LOST)
    asked: list[str] = []

    def breaks_once(route: Route) -> None:
        asked.append(route.request.method)
        if asked.count("PATCH") == 2 and "broken" not in asked:
            asked.append("broken")
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/v1/files/uploads/*", breaks_once)
    page.get_by_label("Size").select_option("1")
    page.get_by_label("Mend").select_option("choice")
    page.get_by_test_id("files").set_input_files(str(tmp_path / "parts.tif"))
    row = page.get_by_role("listitem").filter(has_text="parts.tif")
    expect(row).to_contain_text("2500 \N{MULTIPLICATION SIGN} 2400")
    after = asked[asked.index("broken") + 1 :]
    assert after == ["HEAD", "PATCH", "HEAD", "PATCH"], "the part that broke, and the last one"
    run = http.get("/v1/runs?limit=1").json()["data"][0]
    content = http.get(f"/v1/files/{run['input']['image']}/content").content
    assert content == (tmp_path / "parts.tif").read_bytes()
