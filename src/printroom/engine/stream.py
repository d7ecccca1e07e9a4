"""A picture through a chain of models and steps, by strips, without the whole of it in memory.

    read rows -> first link -> lines of floats -> next link -> ... -> last link -> write rows

Rows are pulled from the end: `write` is given a strip of the last link, which reads what it needs
of the link before. Each link cuts its own tiles, pays its own halo, and keeps the rows that its
next window needs; memory depends on the width of the picture, not on its height. The result is that
of the whole picture through one model after the other in floats, bit for bit where they are exact.

Raises Cancelled (run.cancel), BrokenPicture (from read), DiskFull and Unwritable (from write),
ModelFailed, NeedsMemory (a tile of the smallest size found no memory).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from printroom.core.errors import NeedsMemory
from printroom.core.session import Session
from printroom.engine.channels import Rows
from printroom.engine.plan import Plan
from printroom.engine.rolling import Rolling
from printroom.engine.scheduler import Run
from printroom.engine.strips import Read

Progress = Callable[[int, int], None]
"""Called with tiles done and tiles in all, in the thread that streams."""


Tap = Callable[[Rows], None]


def stream(
    read: Read,
    write: Callable[[Rows], None],
    plan: Plan,
    sessions: Sequence[Session],
    run: Run,
    *,
    progress: Progress | None = None,
    taps: Sequence[Tap | None] = (),
) -> None:
    """Send every row of a picture through `sessions`; returns when the last one is written.

    `write(rows)` takes the result's rows in order, and must be done with them when it returns.
    `taps`: see the rows behind each of `sessions`. Leave `run`'s `with` block by the error.
    """
    done, tiles = 0, plan.tiles

    def tell() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, tiles)

    *inner, last = zip(plan.links, sessions, strict=True)
    *seen, end = taps or [None] * len(sessions)
    try:
        for (link, session), tap in zip(inner, seen, strict=True):
            read = _tapped(Rolling(link, session, read, run, tell).read, tap)
        for rows in Rolling(*last, read, run, tell):
            if end is not None:
                end(rows)
            write(rows)
    except MemoryError as error:
        reason = "the memory ran out, even for the smallest tile"
        raise NeedsMemory(
            reason, "allow it more, or close other programs", needed=plan.bytes
        ) from error


def _tapped(read: Read, tap: Tap | None) -> Read:
    """The same rows, seen by `tap`."""
    if tap is None:
        return read

    def tapped(rows: int) -> Rows:
        given = read(rows)
        tap(given)
        return given

    return tapped
