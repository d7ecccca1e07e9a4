"""What can be asked of a server about runs.

target, input -> run -> Run, which succeeded          why it did not; DeadlinePassed
              -> submit -> Run, queued                NotFound BadOption KeyReused
Run           -> wait, events, get, cancel, retry     NotFound WrongState
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from printroom.client.asking import Ask, Call, Follow, Page, asked, given, once, paged, place
from printroom.client.calls.files import upload
from printroom.client.following import Parser, Progress, Stream, late
from printroom.client.model import File, Run, finished, name_of
from printroom.client.sources import source_of

WAIT = 30
"""Seconds that one request waits for a run."""
Target = str | Mapping[str, Any]
"""The name of a pipeline, or one that is not published, as JSON."""


def enhance(picture: Path | bytes, **options: str | int) -> Call[bytes]:
    """The picture, mended and enlarged on the spot; for options see POST /v1/images/enhance.

    Not sent twice: it may be paid for though its answer got lost.
    """
    source = source_of(picture)
    content = source.read(0, source.size)
    reply = yield from asked(Ask("POST", "/v1/images/enhance", params=options, content=content))
    return reply.body


def run(
    target: Target,
    input: Mapping[str, Any] | None = None,  # noqa: A002  the same word as everywhere
    *,
    format: str | None = None,  # noqa: A002
    quality: int | None = None,
    metadata: str | None = None,
    previews: bool = False,
    webhook: str | None = None,
    deadline: float | None = None,
    key: str | None = None,
    timeout: float | None = None,
    progress: Progress | None = None,
) -> Call[Run]:
    """Run a pipeline and wait for its end. Raises why it failed, as the server does.

    `target`: its name, or all of one that is not published, as JSON. `input`: a value for each
    of its inputs; paths, and bytes, of pictures are uploaded. `format`, `quality`: of pictures
    it makes; `metadata`: what goes with them, "keep", "strip" or "copyright"; `previews`:
    whether each step shows its picture, in an event; `deadline`: seconds until it must be over
    there; `timeout`: seconds to wait here, then DeadlinePassed; `key`: the same request with
    the same key is the same run; `progress`: told of each event.
    """
    submitted = yield from submit(
        target, input, format=format, quality=quality, metadata=metadata, previews=previews,
        webhook=webhook, deadline=deadline, key=key,
    )  # fmt: skip
    return (yield from wait(submitted, timeout=timeout, progress=progress))


def submit(
    target: Target,
    input: Mapping[str, Any] | None = None,  # noqa: A002
    *,
    format: str | None = None,  # noqa: A002
    quality: int | None = None,
    metadata: str | None = None,
    previews: bool = False,
    webhook: str | None = None,
    deadline: float | None = None,
    key: str | None = None,
) -> Call[Run]:
    """The same as `run` without waiting."""
    output = given(format=format, quality=quality, metadata=metadata, previews=previews or None)
    body = {
        "target" if isinstance(target, str) else "pipeline": target,
        "input": (yield from _uploaded(input or {})),
        "output": output,
        **given(webhook=webhook, deadline=deadline),
    }
    reply = yield from asked(Ask("POST", "/v1/runs", json=body, headers=once(key)))
    return Run.of(reply.json())


def wait(
    run: Run | str, *, timeout: float | None = None, progress: Progress | None = None
) -> Call[Run]:
    """The run when it has succeeded. Raises why it did not, and DeadlinePassed."""
    if progress is not None:
        yield Follow(Parser(_stream(run), 0, timeout), progress)
        timeout = None
    clock = time.monotonic
    until = math.inf if timeout is None else clock() + timeout
    while True:
        found = yield from _get(run, max(0, math.ceil(min(WAIT, until - clock()))))
        if found.over:
            return finished(found)
        if clock() >= until:
            raise late(_stream(run).of, timeout or 0)


def events(run: Run | str, after: int = 0) -> Parser:
    """What happens to a run, behind event number `after`, until it is over.

    A stream that breaks is taken up again where it broke.
    """
    return Parser(_stream(run), after)


def all_events(after: int = 0) -> Parser:
    """What happens to all runs of the account, from now on, or behind the event of the id `after`.

    It does not end by itself. A stream that breaks is taken up again; an event `gap` says that too
    much came meanwhile: then see `runs`. Previews and lines of steps are among the events of their
    runs alone.
    """
    return Parser(Stream("/v1/events", "the account", ends=False), after)


def get(run: Run | str) -> Call[Run]:
    """The run as it is now. Raises NotFound."""
    return (yield from _get(run, 0))


def cancel(run: Run | str) -> Call[Run]:
    """Take it back; one that is over stays as it is. Raises NotFound."""
    path = place("runs", name_of(run), "cancel")
    return Run.of((yield from asked(Ask("POST", path, again=True))).json())


def retry(run: Run | str) -> Call[Run]:
    """Try a run that failed again. Raises NotFound, WrongState."""
    return Run.of((yield from asked(Ask("POST", place("runs", name_of(run), "retry")))).json())


def runs(
    after: str | None, status: str | None = None, target: str | None = None
) -> Call[Page[Run]]:
    """All of them, or those of a pipeline in all its versions, the newest first."""
    return paged("/v1/runs", Run.of, "runs", status=status, target=target, after=after)


def _stream(run: Run | str) -> Stream:
    return Stream(place("runs", name_of(run), "events"), f"run {name_of(run)}")


def _get(run: Run | str, wait: int) -> Call[Run]:
    """As it is now, or when it is over, at most `wait` seconds later."""
    headers = {"Prefer": f"wait={wait}"} if wait else {}
    reply = yield from asked(Ask("GET", place("runs", name_of(run)), headers=headers))
    return Run.of(reply.json())


def _uploaded(values: Mapping[str, Any]) -> Call[dict[str, Any]]:
    """Inputs as JSON: files, and bytes of pictures, are uploaded."""
    sent: dict[str, Any] = {}
    for name, value in values.items():
        sent[name] = yield from _sent(value)
    return sent


def _sent(value: Any) -> Call[Any]:
    if isinstance(value, File):
        return value.id
    if isinstance(value, Path | bytes):
        return (yield from upload(value)).id
    if isinstance(value, list | tuple):
        several = []
        for one in value:
            several.append((yield from _sent(one)))
        return several
    return value
