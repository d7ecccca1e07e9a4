"""Asking a server, without saying how: the one core of the two clients.

    call = asked(Ask("GET", "/v1/runs/x"))     a generator: it yields what is to be done, is sent
    Ask -> Reply or Lost, Pause -> None        what came of it, and returns its result

What may be tried again is tried again, with pauses that grow, or as long as the server says:
requests that change nothing, and those with an idempotency key. Raises the server's error, and
FetchFailed where there is no answer.
"""

from __future__ import annotations

import json
import random
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from printroom.client.faults import error_of, strange
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
    again: bool | None = None
    """Whether it may be sent twice; None = by its method, or if it has an idempotency key."""

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


Do = Ask | Pause
Call = Generator[Do, Reply | Lost | None, T]
"""What a client carries out."""


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
    raise unreachable(reply.why if reply else "")


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


def unreachable(why: str) -> FetchFailed:
    """The error for a server that does not answer."""
    return FetchFailed(f"the server does not answer: {why}", "check its address, or try later")


def _pause(reply: Reply | Lost | None, number: int) -> float:
    said = reply.headers.get("retry-after", "") if isinstance(reply, Reply) else ""
    if said.isascii() and said.isdigit():
        return min(LONGEST, float(said))
    return min(LONGEST, _FIRST * 2.0**number) * random.uniform(0.5, 1)
