"""One link of a chain of tilings: rows are pulled through it, and tiles go to the scheduler.

    read rows -> strip A [tile tile tile] -> workers -> result A -> read by the next link
    read rows -> strip B [tile tile tile] -> workers -> result B -> read by the next link
    read rows -> strip A ...

Two strips (more where a strip has fewer tiles than there are workers) take turns: while the workers
run one, the caller's thread hands out the other and reads its next rows, so that nobody waits in
the steady state. Of several links some may have one strip only: while it waits, the others' are in
work. Each keeps the rows that its next window shares with the last, and no others.

Raises what `read` and the run raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future

from printroom.core.session import Session
from printroom.engine.channels import Rows, dtype_of, empty
from printroom.engine.plan import TilePlan
from printroom.engine.scheduler import Run
from printroom.engine.strips import Read, Strip, TileWork, row_of


class Rolling:
    """The rows of a link's result, in order from the top; all work is done in who asks for them."""

    def __init__(
        self, plan: TilePlan, session: Session, read: Read, run: Run, done: Callable[[], None]
    ) -> None:
        """`done` is called once for each tile that is through."""
        self._plan, self._session = plan, session
        self._source, self._run, self._done = read, run, done
        self._strips = self._roll()
        self._left = empty(0, plan.grid.out_width, plan.bands, dtype_of(plan.made))
        """Of the strip that was finished last, what was not read yet."""

    def read(self, rows: int) -> Rows:
        """The next rows: one at least, at most `rows`; valid until this is called again."""
        if not len(self._left):
            self._left = next(self._strips)
        taken, self._left = self._left[:rows], self._left[rows:]
        return taken

    def __iter__(self) -> Iterator[Rows]:
        """All rows, a strip at a time, each valid until the next is asked for."""
        return self._strips

    def _roll(self) -> Iterator[Rows]:
        grid = self._plan.grid
        first = row_of(grid, 0)
        strips = [Strip(self._plan, first[0]) for _ in range(self._plan.strips)]
        for index in range(grid.rows):
            strip = strips[index % len(strips)]
            if index >= len(strips):
                # Ready to read on the moment the workers are through.
                yield self._finished(strip, self._run.rest)
            above = strips[(index - 1) % len(strips)] if index else None
            strip.fill(row_of(grid, index) if index else first, above, self._source)
            for tile in strip.tiles:
                work = TileWork(self._session, strip, tile)
                last = index == grid.rows - 1 and tile is strip.tiles[-1]
                strip.futures.append(self._run.submit(work, last=last))
        for index in range(grid.rows - len(strips), grid.rows):
            yield self._finished(strips[index % len(strips)], self._run.wait)

    def _finished(self, strip: Strip, wait: Callable[[Future[None]], None]) -> Rows:
        for future in strip.futures:
            wait(future)
            self._done()
        return strip.result
