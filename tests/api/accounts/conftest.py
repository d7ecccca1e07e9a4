"""Servers that know who is there: an owner and a key from the environment."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from printroom.accounts.credentials import mint

EMAIL, PASSWORD = "ann@example.com", "correct horse battery"
SETTINGS = {
    "PRINTROOM_OWNER_EMAIL": EMAIL,
    "PRINTROOM_OWNER_PASSWORD": PASSWORD,
    "PRINTROOM_HTTP_WORKER": "0",
}


class Guarded:
    """A server that lets in whom it knows, and the ways to be known."""

    def __init__(self, server: Any, key: str) -> None:
        self.server, self.key = server, key
        self.url = f"http://127.0.0.1:{server.port}"
        self.owner = httpx.Client(base_url=self.url, timeout=60, headers=bearer(key))
        self.nobody = httpx.Client(base_url=self.url, timeout=60)

    def close(self) -> None:
        self.owner.close()
        self.nobody.close()

    def make_key(self, *scopes: str, **fields: Any) -> dict[str, Any]:
        """A key of the first account, with its secret."""
        body = {"name": "test", "scopes": list(scopes or ["images"]), **fields}
        answer = self.owner.post("/v1/keys", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def enhance(self, picture: bytes, secret: str | None, **headers: str) -> httpx.Response:
        """The hot path, with that key."""
        sent = headers | (bearer(secret) if secret else {})
        return self.nobody.post("/v1/images/enhance", content=picture, headers=sent)

    def browser(self) -> httpx.Client:
        """Somebody who is signed in, with cookie and CSRF token."""
        client = httpx.Client(base_url=self.url, timeout=60)
        answer = client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return client

    def usage(self, *by: str) -> list[dict[str, Any]]:
        answer = self.owner.get("/v1/usage", params={"by": list(by)})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["data"])


def bearer(secret: str) -> dict[str, str]:
    """The header that a key goes in."""
    return {"Authorization": f"Bearer {secret}"}


def until(condition: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Wait for something that happens by itself."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@pytest.fixture(scope="session")
def guard(start: Callable[..., Any]) -> Callable[..., Any]:
    """Start such a server; more settings and limits may be given."""
    from contextlib import contextmanager

    @contextmanager
    def started(settings: dict[str, str] | None = None, **limits: Any) -> Iterator[Guarded]:
        key = mint("live")
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (SETTINGS | {"PRINTROOM_OWNER_KEY": key} | (settings or {})).items():
                patch.setenv(name, value)
            server = start(**limits)
        with server:
            guarded = Guarded(server, key)
            try:
                yield guarded
            finally:
                guarded.close()

    return started


@pytest.fixture(scope="module")
def guarded(guard: Callable[..., Any]) -> Iterator[Guarded]:
    """One such server for all tests of a file."""
    with guard() as server:
        yield server


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check a refusal."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = dict(answer.json())
    assert body["error"]["code"] == code
    return body
