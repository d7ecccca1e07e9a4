"""The events of a run, out of a stream that may break at any place.

pieces of text -> Parser -> Events          after a break: from `Parser.after` on
Progress                                    what a caller is told of them
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

from printroom.client.asking import unreachable
from printroom.client.model import Event, Run
from printroom.core.errors import DeadlinePassed

Progress = Callable[[Event], None]
"""Called with each event, in order."""
BREAKS = 20
"""Times in a row that a stream may break without a new event before it is given up."""


class Parser:
    """Server-sent events, as the HTML standard has them, one line after the other."""

    def __init__(self, run: str, after: int = 0, timeout: float | None = None) -> None:
        """`after`: the number of the last event that is known already; `timeout`: seconds until
        DeadlinePassed.
        """
        self.path = f"/v1/runs/{quote(run, safe='')}/events"
        self.after = after
        self.over = False
        """Whether the last event was seen."""
        self._run, self._timeout = run, timeout
        self._until = math.inf if timeout is None else time.monotonic() + timeout
        self._data: list[str] = []
        self._breaks, self._before = 0, after

    @property
    def headers(self) -> dict[str, str]:
        """For the next request: what is missing."""
        return {"Last-Event-ID": str(self.after)} if self.after else {}

    def line(self, line: str) -> Iterator[Event]:
        """At most one event, which the empty line behind it completes. Raises DeadlinePassed."""
        self._check()
        if line.startswith("data:"):
            self._data.append(line.removeprefix("data:").removeprefix(" "))
        elif not line and self._data:
            text, self._data = "\n".join(self._data), []
            event = _event(text)
            if event is not None and (event.number == 0 or event.number > self.after):
                self.after = max(self.after, event.number)
                self.over = event.run is not None
                yield event

    def broke(self, why: str) -> float:
        """The stream ended in the middle: seconds to wait before it is taken up.

        What came of an event is forgotten. Raises FetchFailed, DeadlinePassed.
        """
        self._data = []
        self._breaks = 0 if self.after > self._before else self._breaks + 1
        self._before = self.after
        if self._breaks > BREAKS:
            raise unreachable(why)
        self._check()
        return min(5.0, 0.1 * 2.0**self._breaks)

    def _check(self) -> None:
        if time.monotonic() > self._until:
            raise late(self._run, self._timeout or 0)


def late(run: str, timeout: float) -> DeadlinePassed:
    """The error for a run that is waited for in vain."""
    return DeadlinePassed(f"run {run} is not over after {timeout:g} s", "wait longer")


def _event(text: str) -> Event | None:
    try:
        raw = json.loads(text)
        if "number" not in raw:
            return Event(0, "position", raw)
        run = Run.of(raw["run"]) if raw.get("run") is not None else None
        return Event(int(raw["number"]), str(raw["type"]), raw["data"], run)
    except (ValueError, KeyError, TypeError):
        return None
