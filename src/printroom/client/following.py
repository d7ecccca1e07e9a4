"""Events, out of a stream that may break at any place.

lines -> Parser -> Events                   after a break: from `Parser.after` on
Progress                                    what a caller is told of them
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from printroom.client.faults import unreachable
from printroom.client.model import Event, Person, Run, Training
from printroom.core.errors import DeadlinePassed

T = TypeVar("T")
Progress = Callable[[Event], None]
"""Called with each event, in order."""
BREAKS = 20
"""Times in a row that a stream may break without a new event before it is given up."""
STEADY = 10.0
"""Seconds of a line that was good: what broke before it does not count."""
_QUIET = 90.0
"""Seconds without a line after which a stream is broken: servers say something every fifteen."""
_OVER = ("done", "dead", "cancelled")
_KNOWN = 4000
"""Runs whose latest event is known, where one stream has those of many."""


@dataclass(frozen=True)
class Stream:
    """Where events are told, and of what."""

    path: str
    of: str
    """"run x": whose they are, for errors."""
    ends: bool = True
    """Whether they are those of one thing, and end with it."""


class Parser:
    """Server-sent events, as the HTML standard has them, one line after the other."""

    def __init__(self, stream: Stream, after: int = 0, timeout: float | None = None) -> None:
        """`after`: the id of the last event that is known already; `timeout`: seconds until
        DeadlinePassed.
        """
        self.path = stream.path
        self.after = after
        self.over = False
        """Whether the last event was seen."""
        self._stream, self._timeout = stream, timeout
        self._until = math.inf if timeout is None else time.monotonic() + timeout
        self._fields: dict[str, list[str]] = {}
        self._seen = {"": after} if stream.ends else {}
        """Run -> number of its latest event; "" = of the one whose stream it is."""
        self._breaks, self._before = 0, after
        self._since = math.inf
        """When this connection said something first."""

    @property
    def headers(self) -> dict[str, str]:
        """For the next request: what is missing."""
        return {"Last-Event-ID": str(self.after)} if self.after else {}

    @property
    def patience(self) -> float:
        """Seconds to wait for the next line."""
        return min(_QUIET, max(0.01, self._until - time.monotonic()))

    def begins(self, date: str) -> None:
        """A stream answers, at `date` as HTTP has it.

        That of many begins with what is new, and without an id: if it breaks before its first
        event, it goes on at that date.
        """
        if self.after or self._stream.ends:
            return
        try:
            self.after = int(parsedate_to_datetime(date).timestamp() * 1e6)
        except ValueError:
            return

    def line(self, line: str) -> Iterator[Event]:
        """At most one event, which the empty line behind it completes. Raises DeadlinePassed."""
        self._check()
        self._since = min(self._since, time.monotonic())
        name, _, value = line.partition(":")
        if name in ("id", "event", "data"):
            self._fields.setdefault(name, []).append(value.removeprefix(" "))
        elif not line:
            fields, self._fields = self._fields, {}
            event = _event(fields) if "data" in fields else None
            if event is not None and self._new(event):
                yield event

    def broke(self, why: str) -> float:
        """The stream ended in the middle: seconds to wait before it is taken up.

        What came of an event is forgotten. Raises FetchFailed, DeadlinePassed.
        """
        self._fields = {}
        good = self.after > self._before or time.monotonic() - self._since > STEADY
        self._breaks = 0 if good else self._breaks + 1
        self._before, self._since = self.after, math.inf
        self._check()
        if self._breaks > BREAKS:
            raise unreachable(why)
        return min(5.0, 0.1 * 2.0**self._breaks)

    def _new(self, event: Event) -> bool:
        """Whether it is to be told: after a break, some come once more."""
        if event.number:
            if event.number <= self._seen.get(event.run_id, 0):
                return False
            self._seen.pop(event.run_id, None)  # the latest go to the end
            self._seen[event.run_id] = event.number
            if len(self._seen) > _KNOWN:
                self._seen.pop(next(iter(self._seen)))
        self.after = max(self.after, event.id)
        last = event.run or event.training or event.person
        self.over = self._stream.ends and last is not None and event.kind in _OVER
        return True

    def _check(self) -> None:
        if time.monotonic() > self._until:
            raise late(self._stream.of, self._timeout or 0)


def late(what: str, timeout: float) -> DeadlinePassed:
    """The error for what is waited for in vain."""
    return DeadlinePassed(f"{what} is not over after {timeout:g} s", "wait longer")


def _event(fields: dict[str, list[str]]) -> Event | None:
    """None where it is none that a printroom would tell."""
    kind, number = fields.get("event", [""])[-1], fields.get("id", [""])[-1]
    try:
        raw = json.loads("\n".join(fields["data"]))
        if "number" not in raw:
            return Event(0, kind or "position", raw)
        return Event(
            int(raw["number"]), str(raw["type"]), raw["data"], _last(raw, "run", Run.of),
            _last(raw, "training", Training.of), _last(raw, "person", Person.of),
            str(raw.get("run_id", "")), int(number or raw["number"]),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return None


def _last(raw: Mapping[str, Any], name: str, read: Callable[[Any], T]) -> T | None:
    return None if raw.get(name) is None else read(raw[name])
