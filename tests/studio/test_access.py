"""Where the server asks who calls: signing in, keys, and a session that ends in between."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from .conftest import SAMPLE, WAIT, Open, Serve, Server
from .test_pages import PAGES, ready

expect.set_options(timeout=WAIT)
EMAIL, PASSWORD = "owner@example.com", "correct horse battery"
GUIDE = Path(__file__).parents[2] / "docs/how-to/studio.md"
UNSIGNED = "401"
"""What the browser says of the first question of somebody unknown."""


@pytest.fixture(scope="module")
def closed(start: Serve) -> Iterator[Server]:
    """A server with an owner, and perhaps a proxy before it."""
    people = {"owner_email": EMAIL, "owner_password": PASSWORD}
    with start(**people, http_proxies="127.0.0.1") as server:
        yield server


def sign_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_nobody_gets_in_with_a_wrong_password(closed: Server, visit: Open) -> None:
    page = visit(closed.url, expect=UNSIGNED)
    sign_in(page, "wrong")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value(EMAIL)
    sign_in(page)
    expect(page.get_by_role("heading", name="Enhance")).to_be_attached()


def test_a_key_is_made_works_and_is_revoked(closed: Server, visit: Open) -> None:
    page = visit(f"{closed.url}#/account", expect=UNSIGNED)
    sign_in(page)
    expect(page.get_by_text(EMAIL)).to_be_visible()
    page.get_by_role("button", name="Make a key").click()
    page.get_by_role("region", name="Keys").get_by_label("Name").fill("web shop")
    page.get_by_role("button", name="Make a key").click()
    secret = page.get_by_test_id("secret").inner_text()
    bearer = {"authorization": f"Bearer {secret}"}
    assert httpx.get(f"{closed.url}v1/runs", headers=bearer).status_code == 200
    assert httpx.get(f"{closed.url}v1/keys", headers=bearer).status_code == 403
    page.get_by_role("button", name="Revoke web shop").click()
    expect(page.get_by_text("Revoked")).to_be_visible()
    assert httpx.get(f"{closed.url}v1/runs", headers=bearer).status_code == 401


def test_a_session_that_ends_loses_nothing(closed: Server, visit: Open) -> None:
    page = visit(closed.url, expect=UNSIGNED)
    sign_in(page)
    page.get_by_label("Mend").select_option("choice")
    page.get_by_label("Noise").check()
    page.context.clear_cookies()
    page.get_by_role("button", name="Try the sample").click()
    expect(page.get_by_role("dialog")).to_contain_text("Your session is over")
    expect(page.get_by_label("Noise")).to_be_checked()
    sign_in(page)
    expect(page.get_by_role("region", name="sample.jpg", exact=True)).to_be_visible()
    expect(page.get_by_role("slider")).to_be_visible()


def test_signing_out_shows_nothing_any_more(closed: Server, visit: Open) -> None:
    page = visit(f"{closed.url}#/account", expect=UNSIGNED)
    sign_in(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    expect(page.get_by_text(EMAIL)).to_have_count(0)


def test_a_server_that_lets_in_nobody_from_here_says_why(start: Serve, visit: Open) -> None:
    with start() as server:
        page = visit("about:blank", expect="403")
        page.context.set_extra_http_headers({"x-forwarded-for": "192.0.2.1"})
        page.goto(server.url)
        told = page.get_by_role("alert")
        expect(told).to_contain_text("make an account")
        page.context.set_extra_http_headers({})
        told.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("button", name="Try the sample")).to_be_visible()
        page.close()


@pytest.fixture
def below(closed: Server, tmp_path: Path) -> Iterator[str]:
    """The address of nginx that has the server below /pictures/, as the page on the studio says."""
    binary = shutil.which("nginx", path="/usr/sbin:/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if binary is None:
        pytest.skip("nginx is not installed")
    found = re.search(r"^location /pictures/ \{.*?^\}", GUIDE.read_text(), re.M | re.S)
    assert found is not None, f"{GUIDE} has no configuration"
    place = found[0].replace("http://127.0.0.1:8000/", closed.url)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "nginx.conf").write_text(
        f"user root; pid {tmp_path}/pid; error_log {tmp_path}/errors; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {tmp_path}/body; "
        f"proxy_temp_path {tmp_path}/proxied;\n"
        f"server {{ listen 127.0.0.1:{port};\n{place}\n}} }}\n"
    )
    command = [binary, "-c", tmp_path / "nginx.conf", "-p", tmp_path, "-g", "daemon off;"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as child:
        address = f"http://127.0.0.1:{port}/pictures/"
        with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:
            assert client.get(address).status_code == 200
        yield address
        child.terminate()


def test_it_works_below_a_path_and_asks_no_other_server(
    below: str, visit: Open, tmp_path: Path
) -> None:
    page = visit(below, expect=UNSIGNED)
    sign_in(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    (tmp_path / "below.jpg").write_bytes(SAMPLE.read_bytes())
    page.get_by_test_id("files").set_input_files(str(tmp_path / "below.jpg"))
    expect(page.get_by_role("region", name="below.jpg", exact=True)).to_be_visible()
    expect(page.get_by_role("slider")).to_be_visible()
    for path, title in list(PAGES.items())[1:]:
        page.goto(f"{below}#/{path}")
        ready(page, title)
    assert [url for url in asked if not url.startswith((below, "blob:", "data:"))] == []
