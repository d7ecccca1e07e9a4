"""A server with its owner, a seller and a buyer, for models that go all the way."""

from __future__ import annotations

import importlib.util
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from printroom.accounts.credentials import mint
from printroom.accounts.roles import scopes_of
from printroom.isolation.walls import bubblewrap

EXAMPLES = Path(__file__).parents[3] / "examples"
PASSWORD = "correct horse battery"
SECRET = "Bearer of-all-that-is-secret"


class Fair:
    """One server with a worker, and clients of three accounts."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.clients: list[httpx.Client] = []
        self.owner = self.client(key)
        self.seller, self.buyer = self.account("Sam"), self.account("Ann")

    def client(self, key: str) -> httpx.Client:
        made = httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {key}"}, timeout=90
        )
        self.clients.append(made)
        return made

    def account(self, name: str) -> httpx.Client:
        """A client with a key of a new account that may do all that accounts do."""
        email = f"{name.lower()}@example.com"
        about = {"name": name, "email": email, "password": PASSWORD}
        self.good(self.owner.post("/v1/accounts", json=about), 201)
        with httpx.Client(base_url=self.url, timeout=90) as browser:
            signed_in = {"email": email, "password": PASSWORD}
            session = self.good(browser.post("/v1/sessions", json=signed_in), 201)
            browser.headers["X-CSRF-Token"] = session["csrf"]
            scopes = sorted(scopes_of("owner", "") - {"keys", "account"})
            key = browser.post("/v1/keys", json={"name": "all", "scopes": scopes})
            return self.client(self.good(key, 201)["secret"])

    def good(self, answer: httpx.Response, status: int = 200) -> Any:
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def upload(self, client: httpx.Client, data: bytes, name: str) -> str:
        form = {"file": (name, data, "application/octet-stream")}
        return str(self.good(client.post("/v1/files", files=form), 201)["id"])

    def given(self, client: httpx.Client, data: bytes, name: str, **more: Any) -> dict[str, Any]:
        """A model that was examined to its end."""
        file = more.pop("file", f"{name}.onnx")
        body = {"file": self.upload(client, data, file), "name": name, "licence": "MIT", **more}
        told = self.good(client.post("/v1/models", json=body), 202)
        end = time.monotonic() + 120
        while told["state"] == "verifying":
            assert time.monotonic() < end, "it is not examined"
            time.sleep(0.1)
            told = self.good(client.get(f"/v1/models/{told['id']}"))
        return dict(told)

    def ran(self, client: httpx.Client, target: str, given: dict[str, Any]) -> dict[str, Any]:
        body, wait = {"target": target, "input": given}, {"prefer": "wait=90"}
        return dict(self.good(client.post("/v1/runs", json=body, headers=wait), 201))


@pytest.fixture(scope="package")
def other() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server of somebody else: its address, and what it was asked. It says what it was told."""
    asked: list[dict[str, Any]] = []

    class Echo(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append({"headers": dict(self.headers.items()), "body": said})
            answer = {"said": said, "by": self.headers.get("x-key")}
            self.send_response(500 if said == "fail" else 200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()
        thread.join()


@pytest.fixture(scope="package")
def fair(
    serving: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory, other: tuple[str, Any]
) -> Iterator[Fair]:
    if bubblewrap() is None:
        pytest.skip("bubblewrap is not here, or may not do its work")
    key = mint("live")
    settings = {"owner_email": "own@example.com", "owner_password": PASSWORD, "owner_key": key}
    settings |= {"steps_hosts": other[0], "outbound_allow": "127.0.0.1", "secret_key": SECRET}
    with serving(tmp_path_factory.mktemp("fair"), **settings) as url:
        made = Fair(url, key)
        yield made
        for client in made.clients:
            client.close()


@pytest.fixture(scope="session")
def example() -> Callable[[str], ModuleType]:
    """The `make.py` of an example, by the name of its folder."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"make_{name}", EXAMPLES / name / "make.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
