"""Asking a server, without saying how: the one core of the two clients.

    call = asked(Ask("GET", "/v1/runs/x"))     a generator: it yields what is to be done, is sent
    Ask -> Reply or Lost, Pause -> None        what came of it, and returns its result
    Follow -> the last Event

What may be tried again is tried again, with pauses that grow, or as long as the server says:
requests that change nothing, and those with an idempotency key. Raises the server's error, and
FetchFailed where there is no answer.
"""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from printroom.client.faults import error_of, strange, unreachable
from printroom.client.following import Parser, Progress
from printroom.client.model import Event
from printroom.client.sources import Source
from printroom.core.errors import FetchFailed

T = TypeVar("T")
TRIES = 6
LONGEST = 60.0
"""Seconds between two tries, at most."""
_FIRST = 0.2
AGAIN = (429, 502, 503, 504)
"""Statuses that another try may mend."""


@dataclass(frozen=True)
class Ask:
    """A request."""

    method: str
    path: str
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str | int] = field(default_factory=dict)
    content: bytes | None = None
    """The body, where it is no JSON."""
    form: Sequence[tuple[str, Source]] = ()
    """The body, where it is a form: fields that are files."""
    again: bool | None = None
    """Whether it may be sent twice; None = by its method, or if it has an idempotency key."""

    @property
    def files(self) -> list[tuple[str, tuple[str, bytes, str]]] | None:
        """The form as httpx takes it; None = it is none."""
        return [
            (field, (one.name, one.read(0, one.size), one.media_type)) for field, one in self.form
        ] or None

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice does the same as once."""
        if self.again is not None:
            return self.again
        return self.method in ("GET", "HEAD", "DELETE") or "Idempotency-Key" in self.headers


@dataclass(frozen=True)
class Reply:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> Any:
        """Raises FetchFailed."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise strange("JSON") from None


@dataclass(frozen=True)
class Lost:
    """There was no answer, or not all of it."""

    why: str


@dataclass(frozen=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Follow:
    """Take all events of a stream until it is over, and tell `progress` of each."""

    parser: Parser
    progress: Progress | None = None


Do = Ask | Pause | Follow
Came = Reply | Lost | Event | None
Call = Generator[Do, Came, T]
"""What a client carries out."""
Page = tuple[list[T], str | None]
"""Some of many, and what the next ones are asked with; None = these were the last."""


def asked(ask: Ask) -> Call[Reply]:
    """The answer to `ask`, which is no refusal."""
    tries = TRIES if ask.repeatable else 1
    for number in range(tries):
        reply = yield ask
        if isinstance(reply, Reply) and reply.status not in AGAIN:
            return checked(reply)
        if number + 1 < tries:
            yield Pause(_pause(reply, number))
    if isinstance(reply, Reply):
        return checked(reply)
    raise unreachable(reply.why if isinstance(reply, Lost) else "")


def paged(path: str, read: Callable[[Any], T], what: str, **params: str | None) -> Call[Page[T]]:
    """A page of what is at `path`; `what`: of which, for the error."""
    said = {name: value for name, value in params.items() if value}
    found = (yield from asked(Ask("GET", path, params=said))).json()
    try:
        return [read(one) for one in found["data"]], found["next"]
    except (KeyError, TypeError, ValueError):
        raise strange(f"a page of {what}") from None


def place(*parts: str) -> str:
    """The path of a thing, each part of it escaped: `/v1/runs/x/events`."""
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def once(key: str | None = None) -> dict[str, str]:
    """The header by which a request that comes twice is one. `key`: None = one that is made."""
    return {"Idempotency-Key": key or f"client-{secrets.token_hex(16)}"}


def given(**said: Any) -> dict[str, Any]:
    """What was said; what is None is the server's to choose."""
    return {name: value for name, value in said.items() if value is not None}


def checked(reply: Reply) -> Reply:
    """`reply`, unless it is a refusal: then that is raised."""
    if reply.status < 400:
        return reply
    try:
        problem = json.loads(reply.body)
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        raise FetchFailed(
            f"the server answers {reply.status} and does not say why", "check its address"
        ) from None
    raise error_of(code, detail, problem)


def _pause(reply: Came, number: int) -> float:
    said = reply.headers.get("retry-after", "") if isinstance(reply, Reply) else ""
    if said.isascii() and said.isdigit():
        return min(LONGEST, float(said))
    return min(LONGEST, _FIRST * 2.0**number) * random.uniform(0.5, 1)
