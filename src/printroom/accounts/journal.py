"""Uses on their way to the database: one line each, in a file of the process that served them.

    Use -> Journal.write, before the answer is sent      DiskFull Unwritable
    bytes -> parsed -> uses, and how far they go

A line that was written outlasts a process that is killed; `sync`, called every moment by a thread,
makes it outlast the power as well. Each line has a checksum: what was torn or spoilt is no use.
A file is appended to by its own process alone, which holds a lock on it, and by no process twice.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import secrets
import threading
import zlib
from dataclasses import astuple
from pathlib import Path

from printroom.accounts.metering import Use
from printroom.core.errors import DiskFull, Unwritable

SUFFIX = ".uses"
LONGEST = 4 * 2**20
"""Bytes after which a new file is begun, so that the old one can go."""
log = logging.getLogger("printroom.accounts")


class Journal:
    """The file of this process; one thread writes, another may `sync`."""

    def __init__(self, folder: Path) -> None:
        """Raises Unwritable."""
        self._folder = folder
        self.lines = 0
        """How many were kept."""
        self._dirty = self._torn = False
        self._size = 0
        self._turning = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self._begin()
        except OSError as error:
            raise _refusal(error) from error

    def write(self, use: Use) -> None:
        """Keep a use. Raises DiskFull or Unwritable, and then it is not kept."""
        line = b"\n" * self._torn + written(use)
        try:
            if os.write(self._file, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self._torn = True  # nothing may follow half a line
            raise _refusal(error) from error
        self._torn, self._dirty = False, True
        self.lines += 1
        self._size += len(line)
        if self._size > LONGEST:
            self._next()

    def sync(self) -> None:
        """Put on the disk what was written so far."""
        with self._turning:
            if self._dirty:
                self._dirty = False
                os.fsync(self._file)

    def close(self) -> None:
        """Put all on the disk, and let the file be folded to its end."""
        self.sync()
        os.close(self._file)

    def _next(self) -> None:
        try:
            new = self._begin()
        except OSError:  # go on where we are
            return
        with self._turning:
            old, self._file, self._size = self._file, new, 0
            self._dirty = False
            os.fsync(old)
            os.close(old)

    def _begin(self) -> int:
        """A new file, locked before anybody sees it by its name."""
        name = secrets.token_hex(16)
        hidden = self._folder / f".{name}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        file = os.open(hidden, flags, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        hidden.rename(self._folder / f"{name}{SUFFIX}")
        return file


def written(use: Use) -> bytes:
    """A use as a line."""
    text = json.dumps(astuple(use), separators=(",", ":"))
    return f"{zlib.crc32(text.encode()):08x} {text}\n".encode()


def parsed(data: bytes) -> tuple[list[Use], int]:
    """The uses in whole lines of `data`, and the bytes these take."""
    end = data.rfind(b"\n") + 1
    uses = []
    for line in data[:end].splitlines():
        use = _read(line)
        if use is not None:
            uses.append(use)
        elif line:
            log.error("a line of the journal of uses is spoilt, and not counted: %r", line[:200])
    return uses, end


def _read(line: bytes) -> Use | None:
    try:
        if int(line[:8], 16) != zlib.crc32(line[9:]):
            return None
        return Use(*json.loads(line[9:]))
    except (ValueError, TypeError):
        return None


def _refusal(error: OSError) -> DiskFull | Unwritable:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull("there is no room on the server's disk to note what was used", "try later")
    return Unwritable(f"the server cannot note what was used ({error.strerror})")
