"""The studio as files: what browsers are told of them, their size, whether they are fresh."""

import gzip
import hashlib
import importlib.util
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest

WEB = Path(__file__).parents[2] / "web"
BUILT = Path(str(files("printroom"))) / "studio"
LARGEST = 1_050_000
"""Bytes of the built studio in the repository."""
FIRST = 185_000
"""Bytes that a browser takes before the first page is there."""
needs_sources = pytest.mark.skipif(not WEB.is_dir(), reason="the studio's sources are not here")


def first_load(page: str) -> list[str]:
    """What the page asks for itself, and the font of its style sheet."""
    return re.findall(r'(?:src|href)="\./(assets/[^"]+)"', page)


def test_the_page_may_load_from_this_server_alone(http: httpx.Client) -> None:
    answer = http.get("/")
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert not re.search(r'(?:src|href)="(?!\./)', answer.text), "addresses must be relative"


def test_an_unchanged_page_is_not_sent_again(http: httpx.Client) -> None:
    etag = http.get("/").headers["etag"]
    again = http.get("/", headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_files_are_kept_for_ever_under_names_of_their_own(http: httpx.Client) -> None:
    for path in first_load(http.get("/").text):
        answer = http.get(f"/{path}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.content == (BUILT / path).read_bytes()
        head = http.head(f"/{path}")
        assert (head.content, head.headers["etag"]) == (b"", answer.headers["etag"])


@pytest.mark.parametrize(
    "path", ["/assets/", "/assets/none.js", "/assets/../index.html", "/assets/%2e%2e/index.html"]
)
def test_nothing_else_is_there(http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_it_is_only_read(http: httpx.Client) -> None:
    answer = http.post("/", content=b"x")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_the_first_load_is_small(http: httpx.Client) -> None:
    page = http.get("/").text
    sent = [len(gzip.compress(page.encode()))]
    names = first_load(page)
    fonts = [f"assets/{one.name}" for one in BUILT.glob("assets/*.woff2")]
    for path in [*names, *fonts]:
        with http.stream("GET", f"/{path}", headers={"accept-encoding": "gzip"}) as answer:
            sent.append(sum(len(part) for part in answer.iter_raw()))
    assert sum(sent) <= FIRST, dict(zip(["/", *names, *fonts], sent, strict=True))


def test_it_takes_little_room() -> None:
    assert sum(one.stat().st_size for one in BUILT.rglob("*") if one.is_file()) <= LARGEST


def test_no_file_names_another_server() -> None:
    known = (
        "http://www.w3.org/",
        "https://react.dev/",
        "https://reactflow.dev",  # a link below the graph, and in its errors
        "https://tailwindcss.com",
        "http://localhost",
    )
    for one in [*BUILT.rglob("*.js"), *BUILT.rglob("*.css"), *BUILT.rglob("*.html")]:
        found = re.findall(r"https?://[a-z0-9.-]+/?", one.read_text())
        assert [url for url in found if not url.startswith(known)] == [], one.name


@needs_sources
def test_it_was_built_from_what_is_here() -> None:
    names = [WEB / name for name in ("index.html", "package-lock.json", "vite.config.ts")]
    names += [path for path in (WEB / "src").rglob("*") if path.is_file()]
    digest = hashlib.sha256()
    for name in sorted(path.relative_to(WEB).as_posix() for path in names):
        digest.update(name.encode() + b"\0" + (WEB / name).read_bytes() + b"\0")
    built = (BUILT / "built-from.txt").read_text().strip()
    assert built == digest.hexdigest(), "web/ was changed since the studio was built: make studio"


@needs_sources
def test_its_types_are_those_of_the_api(http: httpx.Client) -> None:
    spec = importlib.util.spec_from_file_location("openapi", WEB / "openapi.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = module.written(http.get("/openapi.json").json())
    assert (WEB / "openapi.json").read_text() == written, "the API has changed: make studio"


@needs_sources
def test_the_lock_file_names_no_host() -> None:
    assert "://" not in re.sub(r'"url": "[^"]*"', "", (WEB / "package-lock.json").read_text())
