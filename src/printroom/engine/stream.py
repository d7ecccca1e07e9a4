"""A picture through a model, by strips: rows in, tiles to the scheduler, rows out, in order.

    read rows -> strip A [tile tile tile] -> workers -> result A -> write
    read rows -> strip B [tile tile tile] -> workers -> result B -> write
    read rows -> strip A ...

Two strips (more where a strip has fewer tiles than there are workers) take turns: while the workers
run one, the caller's thread writes out the other and reads its next rows, so that nobody waits in
the steady state, and memory depends on the width of the picture, not on its height. The result is
that of the whole picture, bit for bit where the model is exact.

Raises Cancelled (run.cancel), BrokenPicture (from read), DiskFull and Unwritable (from write),
ModelFailed, NeedsMemory (a tile of the smallest size found no memory).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from printroom.core.errors import NeedsMemory
from printroom.core.session import Session
from printroom.engine.plan import TilePlan
from printroom.engine.scheduler import Run
from printroom.engine.strips import Rows, Strip, TileWork, row_of

Progress = Callable[[int, int], None]
"""Called with tiles done and tiles in all, in the thread that streams."""


def stream(
    read: Callable[[int], Rows],
    write: Callable[[Rows], None],
    plan: TilePlan,
    session: Session,
    run: Run,
    *,
    progress: Progress | None = None,
) -> None:
    """Send every row of a picture through `session`; returns when the last one is written.

    `read(n)` gives the next n rows (n, width, bands); `write(rows)` takes the result's rows in
    order, and must be done with them when it returns. Leave `run`'s `with` block by the error.
    """
    grid = plan.grid
    first = row_of(grid, 0)
    strips = [Strip(grid, first[0], plan.bands, plan.depth) for _ in range(plan.strips)]
    done = 0

    def flush(strip: Strip, wait: Callable[[Future[None]], None]) -> None:
        nonlocal done
        for future in strip.futures:
            wait(future)
            done += 1
            if progress is not None:
                progress(done, len(grid))
        write(strip.result)

    try:
        for index in range(grid.rows):
            strip = strips[index % len(strips)]
            if index >= len(strips):
                flush(strip, run.rest)  # ready to read on the moment the workers are through
            above = strips[(index - 1) % len(strips)] if index else None
            strip.fill(row_of(grid, index) if index else first, above, read)
            for tile in strip.tiles:
                work = TileWork(session, plan.channels, strip, tile)
                last = index == grid.rows - 1 and tile is strip.tiles[-1]
                strip.futures.append(run.submit(work, last=last))
        for index in range(grid.rows - len(strips), grid.rows):
            flush(strips[index % len(strips)], run.wait)
    except MemoryError as error:
        reason = "the memory ran out, even for the smallest tile"
        raise NeedsMemory(
            reason, "allow it more, or close other programs", needed=plan.bytes
        ) from error
