"""What is logged, as plain lines for people or as lines of JSON for machines.

    configure("json")                  {"time", "level", "logger", "message", ...} a line, on stderr
    with about(run="01J..."): ...      every line from here on says whose it is
    log.info(text, extra={"facts": {"status": 200}})     members of their own, in place of a message
    with telling(tell): told("3 faces")                   a line for whoever follows the work

Whose a line is goes with the thread, and with the task of an event loop.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_ABOUT: ContextVar[Mapping[str, str]] = ContextVar("printroom.logs.about", default={})  # noqa: B039
"""What is known of the work in progress; never changed, only replaced."""

_TOLD: ContextVar[Callable[[str], None] | None] = ContextVar("printroom.logs.told", default=None)


@contextmanager
def about(**facts: str) -> Iterator[None]:
    """Lines logged inside the `with` have these members, too."""
    token = _ABOUT.set({**_ABOUT.get(), **facts})
    try:
        yield
    finally:
        _ABOUT.reset(token)


@contextmanager
def telling(tell: Callable[[str], None]) -> Iterator[None]:
    """What work says inside the `with`, in this thread, is told to `tell`, too."""
    token = _TOLD.set(tell)
    try:
        yield
    finally:
        _TOLD.reset(token)


def told(text: str) -> None:
    """A line that the work in progress says to whoever follows it, if anybody does."""
    tell = _TOLD.get()
    if tell is not None:
        tell(text)


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Members that say whose it is come before the message."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, object] = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            **_ABOUT.get(),
        }
        facts = getattr(record, "facts", None)
        line |= facts if isinstance(facts, dict) else {"message": record.getMessage()}
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure(form: str) -> None:
    """Have this process log to stderr: `form` is `text` or `json`. The first call counts.

    Lines of text are for people who wait for trouble: runs that went well leave none.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else logging.Formatter("%(message)s"))
    logging.basicConfig(handlers=[handler])
    logging.getLogger("printroom").setLevel(logging.INFO)
    if form != "json":
        logging.getLogger("printroom.jobs").setLevel(logging.WARNING)
