"""What can be asked of a server: each a call that either client carries out.

Every function returns a generator of what is to be done; see `asking`.
"""

from __future__ import annotations

import math
import secrets
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from printroom.client.asking import Ask, Call, Lost, Pause, Reply, asked, checked, unreachable
from printroom.client.faults import strange
from printroom.client.following import late
from printroom.client.model import File, Picture, Run
from printroom.client.sources import Source, source_of
from printroom.core.errors import PrintroomError

AT_ONCE = 8 * 2**20
"""Bytes of a file that is sent whole; larger ones go in parts of that size, and are resumed."""
WAIT = 30
"""Seconds that one request waits for a run."""
_TUS = {"Tus-Resumable": "1.0.0"}
_LOST = 10
"""Parts in a row that may get lost before an upload is given up."""


Target = str | Mapping[str, Any]
"""The name of a pipeline, or one that is not published, as JSON."""


@dataclass(frozen=True)
class Wanted:
    """A run that is to be made."""

    target: Target
    input: Mapping[str, Any]
    output: Mapping[str, Any]
    """How results are written; see `output_of`."""
    webhook: str | None = None
    deadline: float | None = None
    key: str | None = None
    """Idempotency key; None = one that is made, so that a request that got lost is tried again."""


def output_of(
    format: str | None,  # noqa: A002  the same word as everywhere
    quality: int | None,
    metadata: str | None,
    previews: bool,
) -> dict[str, Any]:
    """What a request says of its results: what is left out is the server's to choose."""
    said = {"format": format, "quality": quality, "metadata": metadata, "previews": previews}
    return {name: value for name, value in said.items() if value is not None and value is not False}


def submit(wanted: Wanted) -> Call[Run]:
    """The run; files among its inputs are uploaded first."""
    given = yield from _uploaded(wanted.input)
    what = "target" if isinstance(wanted.target, str) else "pipeline"
    body: dict[str, Any] = {what: wanted.target, "input": given, "output": wanted.output}
    if wanted.webhook is not None:
        body["webhook"] = wanted.webhook
    if wanted.deadline is not None:
        body["deadline"] = wanted.deadline
    headers = {"Idempotency-Key": wanted.key or f"client-{secrets.token_hex(16)}"}
    reply = yield from asked(Ask("POST", "/v1/runs", json=body, headers=headers))
    return Run.of(reply.json())


def get(run: str, wait: int = 0) -> Call[Run]:
    """The run as it is now, or when it is over, at most `wait` seconds later."""
    headers = {"Prefer": f"wait={wait}"} if wait else {}
    reply = yield from asked(Ask("GET", f"/v1/runs/{quote(run, safe='')}", headers=headers))
    return Run.of(reply.json())


def wait(run: str, timeout: float | None) -> Call[Run]:
    """The run, over. Raises DeadlinePassed."""
    clock = time.monotonic
    until = None if timeout is None else clock() + timeout
    while True:
        left = WAIT if until is None else min(WAIT, max(0, math.ceil(until - clock())))
        found = yield from get(run, left)
        if found.over:
            return found
        if until is not None and clock() >= until:
            raise late(run, timeout or 0)


def change(run: str, verb: str) -> Call[Run]:
    """The run after `cancel` or `retry`."""
    path = f"/v1/runs/{quote(run, safe='')}/{verb}"
    reply = yield from asked(Ask("POST", path, again=verb == "cancel"))
    return Run.of(reply.json())


def runs(
    status: str | None, target: str | None, after: str | None
) -> Call[tuple[list[Run], str | None]]:
    """A page of runs, and what the next one is asked with."""
    said = {"status": status, "target": target, "after": after}
    params = {name: value for name, value in said.items() if value}
    found = (yield from asked(Ask("GET", "/v1/runs", params=params))).json()
    try:
        return [Run.of(one) for one in found["data"]], found["next"]
    except (KeyError, TypeError):
        raise strange("a page of runs") from None


def pipeline(name: str) -> Call[dict[str, Any]]:
    """What a pipeline takes and gives."""
    reply = yield from asked(Ask("GET", f"/v1/pipelines/{quote(name, safe='@')}"))
    found = reply.json()
    if not isinstance(found, dict):
        raise strange("a pipeline")
    return found


def pipelines() -> Call[list[dict[str, Any]]]:
    """All of them."""
    found = (yield from asked(Ask("GET", "/v1/pipelines"))).json()
    try:
        return list(found["pipelines"])
    except (KeyError, TypeError):
        raise strange("a list of pipelines") from None


def file(name: str) -> Call[File]:
    """What is known of a file."""
    reply = yield from asked(Ask("GET", f"/v1/files/{quote(name, safe='')}"))
    return File.of(reply.json())


def content(name: str) -> Call[bytes]:
    """The bytes of a file."""
    return (yield from asked(Ask("GET", f"/v1/files/{quote(name, safe='')}/content"))).body


def delete(name: str) -> Call[None]:
    """A file is gone."""
    yield from asked(Ask("DELETE", f"/v1/files/{quote(name, safe='')}"))


def enhance(source: Source, options: Mapping[str, str | int]) -> Call[bytes]:
    """A picture, enhanced on the spot. Not sent twice: it may be paid for though its answer got
    lost.
    """
    content = source.read(0, source.size)
    reply = yield from asked(Ask("POST", "/v1/images/enhance", params=options, content=content))
    return reply.body


def upload(source: Source) -> Call[File]:
    """A file, kept."""
    if source.size > AT_ONCE:
        return (yield from _in_parts(source))
    headers = {"Content-Type": source.media_type}
    ask = Ask(
        "POST", "/v1/files", params={"name": source.name}, headers=headers,
        content=source.read(0, source.size), again=True,
    )  # fmt: skip
    return File.of((yield from asked(ask)).json())


def _in_parts(source: Source) -> Call[File]:
    """By tus 1.0: what came before a connection broke is not sent again."""
    told = {"filename": source.name, "filetype": source.media_type}
    metadata = ",".join(
        f"{name} {b64encode(value.encode()).decode()}" for name, value in told.items() if value
    )
    headers = _TUS | {"Upload-Length": str(source.size), "Upload-Metadata": metadata}
    begun = yield from asked(Ask("POST", "/v1/files/uploads", headers=headers, again=True))
    place = begun.headers.get("location", "")
    if not place.startswith("/"):
        raise strange("the place of an upload")
    at, lost = 0, 0
    while at < source.size:
        part = source.read(at, min(AT_ONCE, source.size - at))
        headers = _TUS | {
            "Upload-Offset": str(at),
            "Content-Type": "application/offset+octet-stream",
        }
        reply = yield Ask("PATCH", place, headers=headers, content=part)
        if isinstance(reply, Reply) and reply.status == 204:
            at, lost = _offset(reply), 0
            continue
        if isinstance(reply, Reply) and reply.status < 500 and reply.status not in (409, 429):
            checked(reply)
        if (lost := lost + 1) >= _LOST:
            raise unreachable(reply.why if isinstance(reply, Lost) else "parts get lost")
        yield Pause(min(10.0, 0.2 * 2**lost))
        at = _offset((yield from asked(Ask("HEAD", place, headers=_TUS))))
    return (yield from file(place.rpartition("/")[2]))


def _offset(reply: Reply) -> int:
    text = reply.headers.get("upload-offset", "")
    if not text.isdigit():
        raise strange("the offset of an upload")
    return int(text)


def name_of(thing: Run | File | Picture | str) -> str:
    """The id of a run or a file, by itself or as it was told."""
    if isinstance(thing, str):
        return thing
    return thing.file if isinstance(thing, Picture) else thing.id


def _uploaded(given: Mapping[str, Any]) -> Call[dict[str, Any]]:
    """Inputs as JSON: files, and bytes of pictures, are uploaded."""
    values: dict[str, Any] = {}
    for name, value in given.items():
        values[name] = yield from _sent(value)
    return values


def _sent(value: Any) -> Call[Any]:
    if isinstance(value, File):
        return value.id
    if isinstance(value, Path | bytes):
        return (yield from upload(source_of(value))).id
    if isinstance(value, list | tuple):
        several = []
        for one in value:
            several.append((yield from _sent(one)))
        return several
    return value


def finished(run: Run) -> Run:
    """The run, which succeeded; raises why it did not."""
    error: PrintroomError | None = run.error
    if error is not None:
        raise error
    return run
