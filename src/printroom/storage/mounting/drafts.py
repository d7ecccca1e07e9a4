"""Files that are being written: kept on disk, and put whole when they are closed.

    Key, what is there -> Draft        DiskFull, and what reading the object raises
    Draft -> put                       ObjectChanged: somebody else wrote it meanwhile
                                       StoreUnavailable ...: it stays dirty, and is put later

All who have a file open through this mount share its draft. A draft that could not be put when the
last of them closed it stays in the folder, under a name that says what it was.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from printroom.core.errors import NotFound
from printroom.storage.cache import BlockCache
from printroom.storage.keys import Key
from printroom.storage.store import PIECE, Stat, Store


@dataclass
class Draft:
    """One file that is open for writing."""

    key: Key
    path: Path
    """Where its bytes are meanwhile."""
    file: int
    """A descriptor of that file."""
    base: str | None
    """ETag of the object that it began as; None = there was none."""
    dirty: bool
    """Whether the store has not got it as it is."""
    gone: bool = False
    """Whether it was removed since: then it is put no more."""
    users: int = 0
    """Who have it open."""
    changed: float = field(default_factory=time.time)
    """When it was last written to, in seconds of the epoch."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def size(self) -> int:
        """Bytes."""
        return os.fstat(self.file).st_size

    def write(self, data: bytes, start: int) -> int:
        """How many bytes: all. Raises OSError."""
        with self.lock:
            left, place = memoryview(data), start
            while left:
                written = os.pwrite(self.file, left, place)
                left, place = left[written:], place + written
            self.touched()
        return len(data)

    def cut(self, size: int) -> None:
        """Make it so long. Raises OSError."""
        with self.lock:
            os.ftruncate(self.file, size)
            self.touched()

    def touched(self) -> None:
        self.dirty, self.changed = True, time.time()


class Drafts:
    """All files that are being written, of one store. Safe from many threads."""

    def __init__(self, store: Store, cache: BlockCache, folder: Path) -> None:
        """Raises OSError when the folder cannot be made."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._store, self._cache, self._folder = store, cache, folder
        self._lock = threading.Lock()
        self._open: dict[Key, Draft] = {}

    def find(self, key: Key) -> Draft | None:
        """The draft of that key, if somebody has it open."""
        return self._open.get(key)

    def below(self, prefix: str) -> dict[str, Draft]:
        """Name -> draft of what lies directly below."""
        with self._lock:
            names = {key.removeprefix(prefix): draft for key, draft in self._open.items()
                     if key.startswith(prefix)}  # fmt: skip
        return {name: draft for name, draft in names.items() if "/" not in name}

    def open(self, key: Key, *, there: Stat | None, keep: bool) -> Draft:
        """A draft of `key` for one more user, to be closed. `there`: the object that is to be
        written over, None = there is none; `keep`: begin with its bytes.
        """
        with self._lock:
            draft = self._open.get(key)
            if draft is None:
                draft = self._open[key] = self._begun(key, there)
                draft.lock.acquire()  # others must not see it before it has its bytes
                fresh = True
            else:
                fresh = False
            draft.users += 1
        try:
            if fresh and keep and there is not None:
                self._fill(draft, there)
        except BaseException:
            draft.gone = True
            self.close(draft)
            raise
        finally:
            if fresh:
                draft.lock.release()
        return draft

    def put(self, draft: Draft) -> Stat | None:
        """Put it whole, if the store has not got it as it is."""
        with draft.lock:
            if not draft.dirty or draft.gone:
                return None
            self._check(draft)
            draft.dirty = False  # what is written from now on counts again
            try:
                with open(draft.path, "rb") as file:  # noqa: PTH123 (a stream of its own place)
                    stat = self._store.put(draft.key, file)
            except BaseException:
                draft.dirty = True
                raise
            draft.base = stat.etag
            return stat

    def close(self, draft: Draft) -> None:
        """One user less; the last one takes it away, unless it could not be put."""
        with self._lock:
            draft.users -= 1
            if draft.users:
                return
            if self._open.get(draft.key) is draft:
                del self._open[draft.key]
        os.close(draft.file)
        if not draft.dirty or draft.gone:
            draft.path.unlink(missing_ok=True)

    def forget(self, key: Key) -> None:
        """The file was removed: who has it open goes on with it, but it is not put."""
        with self._lock:
            draft = self._open.pop(key, None)
        if draft is not None:
            draft.gone = True

    def move(self, source: Key, target: Key) -> None:
        """The file was renamed, and will be put under its new name."""
        self.forget(target)
        with self._lock:
            draft = self._open.pop(source, None)
            if draft is not None:
                draft.key = target
                self._open[target] = draft

    def all(self) -> list[Draft]:
        """Those that are open."""
        with self._lock:
            return list(self._open.values())

    def _begun(self, key: Key, there: Stat | None) -> Draft:
        name = f"{quote(key, safe='')[-150:]}.{secrets.token_hex(4)}"
        path = self._folder / name
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        base = there.etag if there else None
        return Draft(key, path, file, base, dirty=there is None)

    def _fill(self, draft: Draft, there: Stat) -> None:
        found = self._cache.object(self._store, there.key)
        if found.stat.etag != there.etag:
            raise self._store.changed(there.key)
        for start in range(0, found.size, PIECE):
            os.pwrite(draft.file, found.read(start, PIECE, ahead=PIECE), start)

    def _check(self, draft: Draft) -> None:
        """Nobody else wrote it since it was opened. Raises ObjectChanged."""
        try:
            now: str | None = self._store.stat(draft.key).etag
        except NotFound:
            now = None
        if now is not None and now != draft.base:
            raise self._store.changed(draft.key)


def left(folder: Path) -> list[Path]:
    """What mounts could not put, and left in `folder`."""
    return sorted(folder.iterdir()) if folder.is_dir() else []
