"""What a program may do with a mounted store, in the words of a file system.

    path, flags -> handle -> bytes       errors as errno: ENOENT EACCES EIO ESTALE ENOSPC ...

Close-to-open: who opens a file sees what was put before; what is written is put whole when the file
is closed, or synced. Reading keeps to the version that was opened, through the cache on disk. A
store that does not answer is asked again, with pauses; then the call fails with EIO, and the next
one asks anew.
"""

from __future__ import annotations

import errno
import itertools
import os
import stat as modes
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from printroom.core.errors import (
    BadKey,
    ConditionFailed,
    DiskFull,
    NotFound,
    NotOffered,
    ObjectChanged,
    OutOfScope,
    PrintroomError,
    StoreRefused,
)
from printroom.storage.cache import BLOCK, BlockCache, CachedObject
from printroom.storage.keys import Key, Prefix
from printroom.storage.mounting.drafts import Draft, Drafts
from printroom.storage.mounting.tree import Tree
from printroom.storage.store import Stat

_ERRNO: tuple[tuple[type[PrintroomError], int], ...] = (
    (NotFound, errno.ENOENT),
    (BadKey, errno.EINVAL),
    (StoreRefused, errno.EACCES),
    (OutOfScope, errno.EACCES),
    (ObjectChanged, errno.ESTALE),
    (ConditionFailed, errno.ESTALE),
    (NotOffered, errno.EOPNOTSUPP),
    (DiskFull, errno.ENOSPC),
)
NOREPLACE = 1
"""Of the flags of renameat2, the one that there is."""
_NEAR = 2**20
"""Bytes by which reads in a row may come out of order: the kernel asks for several at once."""
_FARTHEST = 16 * BLOCK


def refused(number: int) -> OSError:
    """The error of that number."""
    return OSError(number, os.strerror(number))


def told(error: PrintroomError) -> OSError:
    """The system's error for ours; what a program cannot be told is said on standard error."""
    for kind, number in _ERRNO:
        if isinstance(error, kind):
            return OSError(number, str(error))
    print(f"printroom: {error}", file=sys.stderr, flush=True)
    return OSError(errno.EIO, str(error))


class Reading:
    """A file that is open for reading: one version of it."""

    def __init__(self, found: CachedObject) -> None:
        self._object, self.stat = found, found.stat
        self._row, self._end = 0, 0

    def read(self, start: int, size: int) -> bytes:
        """Bytes from `start` on, fewer only at the end; reads in a row have more fetched ahead."""
        if abs(start - self._end) <= _NEAR:
            self._row += size
        else:
            self._row = 0
        self._end = start + size
        ahead = min(4 * self._row, _FARTHEST)
        return self._object.read(start, size, ahead if ahead >= BLOCK // 4 else 0)


class Files:
    """Files and folders of one place in a store. Safe from many threads; all may raise OSError."""

    def __init__(self, tree: Tree, cache: BlockCache, drafts: Drafts) -> None:
        self._tree, self._cache, self._drafts = tree, cache, drafts
        self._handles: dict[int, Reading | Draft] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._began = time.time()

    def stat(self, path: str) -> dict[str, Any]:
        """Attributes of a file or folder."""
        with _errors():
            if path != "/" and (draft := self._drafts.find(self._named(path))) is not None:
                return self._file(draft.size, draft.changed)
            found = self._tree.find(path)
        if isinstance(found, Prefix):
            return self._owned(modes.S_IFDIR | 0o755) | {"st_nlink": 2}
        return self._of(found)

    def stat_open(self, handle: int) -> dict[str, Any]:
        """Attributes of an open file that has no name any more."""
        found = self._handles[handle]
        if isinstance(found, Draft):
            return self._file(found.size, found.changed)
        return self._of(found.stat)

    def names(self, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Names in a folder, with what of their attributes is known anyway."""
        with _errors():
            prefix = self._folder(path)
            children = self._tree.children(prefix)
        drafts = self._drafts.below(prefix)
        for name, found in children.items():
            if name not in drafts:
                folder = isinstance(found, Prefix)
                yield name, {"st_mode": modes.S_IFDIR | 0o755 if folder else modes.S_IFREG | 0o644}
        for name in drafts:
            yield name, {"st_mode": modes.S_IFREG | 0o644}

    def open(self, path: str, flags: int) -> int:
        """A handle of a file as it is now."""
        with _errors():
            key = self._tree.key(path)
            draft = self._drafts.find(key)
            if flags & os.O_ACCMODE == os.O_RDONLY and not flags & os.O_TRUNC and draft is None:
                found = self._cache.object(self._tree.store, key)
                self._tree.entered(found.stat)
                return self._handle(Reading(found))
            if draft is None:
                there = self._tree.store.stat(key)
                self._tree.entered(there)
            else:
                there = None
            draft = self._drafts.open(key, there=there, keep=not flags & os.O_TRUNC)
            if flags & os.O_TRUNC:
                draft.cut(0)
            return self._handle(draft)

    def create(self, path: str) -> int:
        """A handle of a new file, or of one that is emptied."""
        with _errors():
            key = self._tree.key(path)
            self._folder(path.rpartition("/")[0] or "/")
            try:
                there: Stat | None = self._tree.store.stat(key)
            except NotFound:
                there = None
            draft = self._drafts.open(key, there=there, keep=False)
            draft.cut(0)
            return self._handle(draft)

    def read(self, handle: int, start: int, size: int) -> bytes:
        """Bytes of an open file."""
        found = self._handles[handle]
        with _errors():
            if isinstance(found, Draft):
                with found.lock:
                    return os.pread(found.file, size, start)
            return found.read(start, size)

    def write(self, handle: int, data: bytes, start: int) -> int:
        """How many bytes were written: all."""
        found = self._handles[handle]
        if not isinstance(found, Draft):
            raise refused(errno.EBADF)
        return found.write(data, start)

    def cut(self, handle: int, size: int) -> None:
        """Make an open file so long."""
        found = self._handles[handle]
        if not isinstance(found, Draft):
            raise refused(errno.EBADF)
        found.cut(size)

    def truncate(self, path: str, size: int) -> None:
        """Make a file so long, open or not."""
        with _errors():
            key = self._tree.key(path)
            if (draft := self._drafts.find(key)) is not None:
                draft.cut(size)
                return
            there = self._tree.store.stat(key)
            draft = self._drafts.open(key, there=there, keep=size > 0)
            try:
                draft.cut(size)
                self._put(draft)
            finally:
                self._drafts.close(draft)

    def sync(self, handle: int) -> None:
        """Put what was written."""
        found = self._handles.get(handle)
        if isinstance(found, Draft):
            with _errors():
                self._put(found)

    def release(self, handle: int) -> None:
        """Nobody has the handle any more."""
        with self._lock:
            found = self._handles.pop(handle, None)
        if isinstance(found, Draft):
            self._drafts.close(found)

    def unlink(self, path: str) -> None:
        """Remove a file; who has it open goes on."""
        with _errors():
            key = self._tree.key(path)
            self._drafts.forget(key)
            self._tree.store.delete(key)
            self._tree.gone(key)

    def rename(self, old: str, new: str, flags: int = 0) -> None:
        """Move a file: by copying and removing, so that for a moment there are both. Folders are
        not moved: EXDEV makes programs do it file by file.
        """
        if flags & ~NOREPLACE:
            raise refused(errno.EINVAL)
        with _errors():
            source, target = self._tree.key(old), self._tree.key(new)
            draft = self._drafts.find(source)
            if draft is None and isinstance(self._tree.look(source), Prefix):
                raise refused(errno.EXDEV)
            if flags & NOREPLACE and self._is_there(target):
                raise refused(errno.EEXIST)
            if draft is not None:
                self._put(draft)
            stat = self._tree.store.copy(source, target)
            self._tree.store.delete(source)
            self._drafts.move(source, target)
            if draft is not None:
                draft.base = stat.etag
            self._tree.entered(stat)
            self._tree.gone(source)

    def mkdir(self, path: str) -> None:
        """A folder: of this mount alone until something lies in it."""
        with _errors():
            key = self._tree.key(path)
            if self._is_there(key):
                raise refused(errno.EEXIST)
            self._tree.make(Prefix(key))

    def rmdir(self, path: str) -> None:
        """Remove a folder in which nothing lies."""
        with _errors():
            prefix = self._folder(path)
            if self._drafts.below(prefix) or self._tree.children(prefix):
                raise refused(errno.ENOTEMPTY)
            self._tree.remove(prefix)

    def close(self) -> list[str]:
        """Put what is still open; the names of what could not be."""
        lost = []
        for draft in self._drafts.all():
            try:
                self._put(draft)
            except PrintroomError as error:
                lost.append(f"{error}: its bytes are in {draft.path}")
        return lost

    def _put(self, draft: Draft) -> None:
        if (stat := self._drafts.put(draft)) is not None:
            self._tree.entered(stat)

    def _is_there(self, key: Key) -> bool:
        if self._drafts.find(key) is not None:
            return True
        try:
            self._tree.look(key)
        except NotFound:
            return False
        return True

    def _named(self, path: str) -> Key:
        """The key of a path that is looked up: what is no key is not there."""
        try:
            return self._tree.key(path)
        except BadKey:
            raise refused(errno.ENOENT) from None

    def _folder(self, path: str) -> Prefix:
        found = self._tree.find(path)
        if isinstance(found, Stat):
            raise refused(errno.ENOTDIR)
        return found

    def _handle(self, what: Reading | Draft) -> int:
        with self._lock:
            number = next(self._numbers)
            self._handles[number] = what
        return number

    def _of(self, stat: Stat) -> dict[str, Any]:
        return self._file(stat.size, stat.modified.timestamp() if stat.modified else self._began)

    def _file(self, size: int, changed: float) -> dict[str, Any]:
        about = {"st_size": size, "st_nlink": 1, "st_blocks": -(-size // 512)}
        times = dict.fromkeys(("st_mtime", "st_ctime", "st_atime"), int(changed * 1e9))
        return self._owned(modes.S_IFREG | 0o644) | about | times

    def _owned(self, mode: int) -> dict[str, Any]:
        return {"st_mode": mode, "st_uid": os.getuid(), "st_gid": os.getgid()}


@contextmanager
def _errors() -> Iterator[None]:
    """Our errors inside the block as the system's."""
    try:
        yield
    except PrintroomError as error:
        raise told(error) from error
