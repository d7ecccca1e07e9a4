"""Files that live as long as one request or run, in a folder that lives as long as one process.

    Scratch(data) -> data/tmp/work-XXXX/, locked: Unwritable
    .path(kind)   -> a name nobody else has; `hide` keeps it from clients
    .discard(path)  the file is gone, if it was there

A process that was killed leaves its folder behind; the next one to start on the same data folder
removes every folder whose lock nobody holds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from itertools import count
from pathlib import Path

from printroom.core.errors import Unwritable

_PREFIX = "work-"


class Scratch:
    """The folder of one process."""

    def __init__(self, data: Path) -> None:
        parent = data / "tmp"
        try:
            parent.mkdir(parents=True, exist_ok=True)
            starting = _lock(parent, wait=True)  # so that nobody sweeps a folder not yet locked
            try:
                _sweep(parent)
                self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
                self._lock = _lock(self.folder)
            finally:
                _release(starting)
        except OSError as error:
            raise Unwritable(
                f"cannot keep scratch files in {parent} ({error.strerror})",
                "choose another folder with --data or PRINTROOM_DATA",
            ) from error
        self._names = count()
        self._ours = re.compile(re.escape(str(self.folder)) + r"/\.?(\w+)-[^\s:,]*")

    def path(self, kind: str) -> Path:
        """A fresh name in the folder; nothing is created."""
        return self.folder / f"{kind}-{next(self._names)}"

    def hide(self, text: str) -> str:
        """`text` with each file of the folder called by its kind: clients know no other name."""
        return self._ours.sub(r"the \1", text)

    @staticmethod
    def discard(path: Path) -> None:
        """Remove the file, or the folder with all in it; fine when it is not there."""
        with contextlib.suppress(OSError):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the folder and all in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        _release(self._lock)
        self._lock = None


def _lock(folder: Path, wait: bool = False) -> int | None:
    """A descriptor that holds the folder's lock until closed; None when another process does."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _release(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)


def _sweep(parent: Path) -> None:
    """Remove what processes that no longer live have left."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if (lock := _lock(folder)) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                _release(lock)
