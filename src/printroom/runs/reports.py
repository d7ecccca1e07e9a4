"""What workers counted, out of the files that they write: see `numbers`.

    Reports(data).read() -> what workers that live say, and what those that ended had counted

Apart from what writes them, since the parent of several server processes reads them, and has no use
for what an engine brings along.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

FOLDER, SUFFIX = "metrics", ".prom"
"""Where the files lie in a data folder, and how their names end."""
_LARGEST = 1 << 24
"""Bytes of one."""


class Reports:
    """The files of workers below a data folder."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER

    def read(self) -> tuple[list[str], list[str]]:
        """Texts of workers that live; and of those that have ended, whose files are gone then."""
        alive, ended = [], []
        for lock in sorted(self._folder.glob("*.lock")):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                if _held(lock):
                    alive.append(_text(lock.with_suffix(SUFFIX)))
                else:
                    lock.unlink()  # whoever does has the text
                    with contextlib.suppress(FileNotFoundError):
                        ended.append(_text(lock.with_suffix(SUFFIX)))
                        lock.with_suffix(SUFFIX).unlink()
        return alive, ended


def _held(lock: Path) -> bool:
    descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _text(path: Path) -> str:
    if path.stat().st_size > _LARGEST:
        return ""
    return path.read_text("utf-8")
