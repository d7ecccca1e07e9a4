"""Asking servers that whoever runs this installation allows, on behalf of steps.

    Question -> Calls.ask -> Reply        AddressRefused: a host that nobody allowed; what
                                          `outbound` refuses
                                          FetchFailed: no answer, too large, or none that is good

Each redirect must lead to such a host, too. That a host is allowed does not make a private address
public: that is `outbound`'s to say.

What may be done twice (GET) is tried again when it failed in passing; what may not (POST) only if
the other server cannot have heard of it. Headers never go to another origin than they were meant
for, and no message has any of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urljoin, urlsplit

from printroom.core.errors import AddressRefused, BodyTooLarge, FetchFailed
from printroom.core.outbound import REDIRECTS, Answer, Outbound
from printroom.core.sizes import format_size

Method = Literal["GET", "POST"]
TRIES = 3
"""Of what may be done again."""
PAUSE = 0.3
"""Seconds before the second try; three times that before the third."""
PASSING = (429, 502, 503, 504)
"""Statuses that may be another one the next time."""
_MOVED, _KEPT = (301, 302, 303), (307, 308)
SETTING = "PRINTROOM_STEPS_HOSTS"


@dataclass(frozen=True)
class Question:
    """What is asked."""

    method: Method
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """May hold secrets."""
    body: bytes | None = None
    largest: int = 2**25
    """Bytes of the answer."""
    seconds: float = 30.0
    """For all of it, tries and redirects included."""


@dataclass(frozen=True)
class Reply:
    """A good answer: its status is 200 to 299."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes


class Hosts:
    """Hosts that may be asked: `api.example.com`, `api.example.com:8443`, `*.example.com`."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = tuple(one.lower() for one in allowed)

    def check(self, url: str) -> None:
        """Raises AddressRefused unless the host of `url` is one of them."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            raise AddressRefused("this is no URL", "write it as https://host/path") from None
        if not self._allowed:
            remedy = f"whoever runs this server names hosts in {SETTING}"
            raise AddressRefused("steps may ask no other servers here", remedy)
        usual = {"https": 443, "http": 80}.get(parts.scheme)
        place = f"{host}:{port or usual}"
        named = (host, place) if port in (None, usual) else (place,)
        if not any(_matches(one, pattern) for one in named for pattern in self._allowed):
            remedy = f"whoever runs this server adds it to {SETTING}"
            raise AddressRefused(f"steps may not ask {named[0][:200]!r}", remedy)


class Calls:
    """Asks. Safe from many threads."""

    def __init__(
        self, outbound: Outbound, hosts: Hosts, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._outbound, self.hosts, self._sleep = outbound, hosts, sleep

    def ask(self, question: Question, check: Callable[[], None] = lambda: None) -> Reply:
        """The answer to it. `check` may raise, between tries.

        Raises AddressRefused, FetchFailed.
        """
        until = time.monotonic() + question.seconds
        for turn in range(TRIES):
            check()
            try:
                return self._followed(replace(question, seconds=until - time.monotonic()))
            except FetchFailed as error:
                again = error.passing and (question.method == "GET" or not error.heard)
                pause = PAUSE * 3**turn
                if not again or turn == TRIES - 1 or time.monotonic() + pause > until:
                    raise
                self._sleep(pause)
        raise AssertionError("the last try returns, or raises")

    def _followed(self, question: Question) -> Reply:
        until = time.monotonic() + question.seconds
        for _ in range(REDIRECTS + 1):
            self.hosts.check(question.url)
            found = bytearray()
            answer = self._exchanged(question, found, until - time.monotonic())
            if answer.status in (*_MOVED, *_KEPT) and "location" in answer.headers:
                question = _moved(question, answer)
                continue
            if not 200 <= answer.status < 300:
                reason = f"{_host(question.url)} answers {answer.status}"
                passing = answer.status in PASSING
                raise FetchFailed(reason, "see what it expects", passing=passing)
            return Reply(answer.status, answer.headers, bytes(found))
        reason = f"{_host(question.url)} redirects more than {REDIRECTS} times"
        raise FetchFailed(reason, "check the URL")

    def _exchanged(self, question: Question, found: bytearray, seconds: float) -> Answer:
        kind = {} if question.body is None else {"content-type": "application/json"}
        try:
            return self._outbound.exchange(
                question.method,
                question.url,
                kind | dict(question.headers),
                question.body,
                found.extend,
                largest=question.largest,
                seconds=seconds,
            )
        except BodyTooLarge as error:
            reason = f"{_host(question.url)} answers with more than {format_size(question.largest)}"
            raise FetchFailed(reason, "ask it for less") from error


def _moved(question: Question, answer: Answer) -> Question:
    """The question that a redirect leads to."""
    url = urljoin(question.url, answer.headers["location"])
    headers = question.headers if _origin(url) == _origin(question.url) else {}
    if question.method == "POST" and answer.status in _MOVED:
        return replace(question, method="GET", url=url, headers=headers, body=None)
    return replace(question, url=url, headers=headers)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _matches(host: str, pattern: str) -> bool:
    """Whether a pattern means that host: itself, or with `*.` what lies below.

    >>> _matches("a.example", "*.example"), _matches("evil-example", "*.example")
    (True, False)
    """
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def _host(url: str) -> str:
    """For messages: neither path nor query, which may hold a secret."""
    return urlsplit(url).hostname or "the server"
