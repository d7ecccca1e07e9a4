"""Progress on a terminal: a bar for the picture in work, and one for all when there are many.

Drawn on stderr with Rich, which is imported only when stderr is a terminal.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, Self

Moved = Callable[[int], None]
"""Told of bytes that have been copied, as they are."""


class Bars(Protocol):
    """What is told of the work while it goes on. A context manager, safe from many threads."""

    def begin(self, name: str, pixels: int) -> None:
        """Work on a picture of `pixels` output pixels begins."""

    def advance(self, done: int, tiles: int) -> None:
        """`done` of its `tiles` are computed."""

    def end(self) -> None:
        """One picture is finished with, well or not, begun or not."""

    def say(self, line: str) -> None:
        """Print a line for people above the bars."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def bars(pictures: int) -> Bars:
    """Bars where stderr is a terminal; elsewhere lines only."""
    return RichBars(pictures) if sys.stderr.isatty() else NoBars()


class NoBars:
    """Lines for a log: nothing moves."""

    def begin(self, name: str, pixels: int) -> None: ...

    def advance(self, done: int, tiles: int) -> None: ...

    def end(self) -> None: ...

    def say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


class RichBars:
    """Bars that move, with tiles and speed; they vanish when the work is done."""

    def __init__(self, pictures: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[detail]}", markup=False),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,  # stdout may be a file: it gets its own lines, at once
            redirect_stderr=False,
        )
        self._all = None
        if pictures > 1:
            detail = f"0/{pictures} pictures"
            self._all = self._progress.add_task("all", total=pictures, detail=detail)
        self._one = self._progress.add_task("", visible=False, detail="")
        self._pictures, self._ended, self._pixels, self._began = pictures, 0, 0, 0.0

    def begin(self, name: str, pixels: int) -> None:
        self._pixels, self._began = pixels, time.monotonic()
        self._progress.reset(self._one, description=name, total=None, visible=True, detail="")

    def advance(self, done: int, tiles: int) -> None:
        seconds = max(time.monotonic() - self._began, 1e-3)
        speed = self._pixels * done / tiles / seconds / 1e6
        detail = f"{done}/{tiles} tiles  {speed:.1f} MPix/s"
        self._progress.update(self._one, completed=done, total=tiles, detail=detail)

    def end(self) -> None:
        self._ended += 1
        self._progress.update(self._one, visible=False)
        if self._all is not None:
            detail = f"{self._ended}/{self._pictures} pictures"
            self._progress.update(self._all, completed=self._ended, detail=detail)

    def say(self, line: str) -> None:
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


@contextmanager
def transfer(name: str, size: int | None) -> Iterator[Moved]:
    """A bar of bytes where stderr is a terminal; `size`: all of them, None = nobody knows."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as progress:
        task = progress.add_task(name, total=size)
        yield lambda count: progress.advance(task, count)
