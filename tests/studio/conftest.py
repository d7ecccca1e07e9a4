"""A real server with its worker on a loopback port, and the installed Chromium to look at it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Self

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SAMPLE = Path(str(files("printroom"))) / "samples" / "cat.jpg"
WAIT = 120_000
"""Milliseconds that anything may take here: other tests run beside."""


class Server:
    """`printroom serve`; a context manager, ready when entered. It can be started again."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data, self.settings = data, settings
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "printroom", "serve", "--port", str(self.port)]
        chosen = {f"PRINTROOM_{name.upper()}": value for name, value in self.settings.items()}
        environment = os.environ | {"PRINTROOM_DATA": str(self.data)} | chosen
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert re.search(rf":{self.port}\b", line), f"the server did not start: {line}"
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it, and its worker with it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        if self.process.stdout is not None:
            self.process.stdout.close()


Serve = Callable[..., Server]


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Serve:
    """Make a server with those settings on a data folder of its own."""

    def make(**settings: str) -> Server:
        return Server(tmp_path_factory.mktemp("data"), **settings)

    return make


@pytest.fixture(scope="session")
def server(start: Serve) -> Iterator[Server]:
    """One server for all tests that do not mind what others left."""
    with start() as server:
        yield server


@pytest.fixture
def fresh(start: Serve) -> Iterator[Server]:
    """A server of which nobody asked anything yet; name it before `visit`."""
    with start() as server:
        yield server


@pytest.fixture(scope="session")
def http(server: Server) -> Iterator[httpx.Client]:
    """A client of it that is no browser."""
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The machine's Chromium; none is downloaded. Gone before tests that have a loop of their own
    come: Playwright's runs as long as it is there.
    """
    if _CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=arguments)
        yield browser
        browser.close()


Open = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Open]:
    """Open an address as somebody who was never there: width, colours. What the browser complains
    of fails the test, unless it is expected to.
    """
    contexts, complaints = [], []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    def failed(error: Error) -> None:
        complaints.append(str(error))

    def open_(url: str, width: int = 1440, colours: str = "dark", expect: str = "") -> Page:
        height = 900 if width > 500 else 844
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if colours == "dark" else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(WAIT)
        contexts.append((context, expect))
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", failed)
        page.goto(url)
        return page

    yield open_
    expected = "|".join(expect for _, expect in contexts if expect)
    for context, _ in contexts:
        context.close()
    assert [one for one in complaints if not (expected and re.search(expected, one))] == []
