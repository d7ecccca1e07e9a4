"""What a training leaves between attempts: its folder, also in the store of files.

    Kept(job, context, assets, folder).keep()     files that changed -> parts of the job
    .restore() -> the folder as it was kept       where another machine was at it before
    .results() -> what is worth having: weights, card, figures

A worker on the same machine finds the folder itself, which is never older than what was kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from printroom.assets.assets import Assets, New
from printroom.jobs.context import Context
from printroom.jobs.model import Job

MARK = "folder"
"""Name of the checkpoint: path of a file in the folder -> the part of the job that it is."""
SELDOM = 60.0
"""Seconds between two times that a folder is kept, while nothing is over."""
_PASSING = ".part"
_OURS = ("checkpoint", "search.json")
"""What only whoever goes on needs: files that begin so."""


class Kept:
    """The folder of one attempt."""

    def __init__(self, job: Job, context: Context, assets: Assets, folder: Path) -> None:
        self._job, self._context, self._assets, self.folder = job, context, assets, folder
        self._seen: dict[str, tuple[int, int]] = {}
        """Path -> size and time of the last change, of what was kept."""
        self._files: dict[str, str] = {}
        self._at = time.monotonic()

    def restore(self) -> None:
        """Bring the folder back, unless it is here. Raises what stores do, DiskFull."""
        if self._context.done(MARK):
            self._files = dict(self._context.kept(MARK))
        if self.folder.exists():
            return
        unfinished = self.folder.with_suffix(".restoring")
        for name, file in self._files.items():
            path = unfinished / PurePosixPath(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._assets.content(self._assets.find(self._job.account, file)).save(path)
        unfinished.mkdir(parents=True, exist_ok=True)
        unfinished.rename(self.folder)

    def now_and_then(self) -> None:
        """Keep it, unless that was done just now."""
        if time.monotonic() - self._at >= SELDOM:
            self.keep()

    def keep(self) -> None:
        """Have what changed in the store, and the job know of it. Raises what stores do."""
        changed = False
        for name, path in self._all():
            stat = path.stat()
            state = stat.st_size, stat.st_mtime_ns
            if self._seen.get(name) != state:
                new = New(self._job.account, path, "part", run=self._job.id)
                self._files[name], self._seen[name] = self._assets.add(new).id, state
                changed = True
        if changed:
            self._context.checkpoint(MARK, self._files)
        self._at = time.monotonic()

    def results(self) -> list[Path]:
        """Files in the folder itself, by name, that are no state of the training."""
        return [
            path
            for path in sorted(self.folder.iterdir())
            if path.is_file() and path.suffix != _PASSING and not path.name.startswith(_OURS)
        ]

    def _all(self) -> Iterator[tuple[str, Path]]:
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.suffix != _PASSING:
                yield path.relative_to(self.folder).as_posix(), path
