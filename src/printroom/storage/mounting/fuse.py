"""The mount itself: the kernel's calls, by way of libfuse, become calls of `Files`.

Store, folder -> mounted, until it is unmounted or a signal comes     NotOffered Unwritable
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from printroom.core.errors import NotOffered, Unwritable
from printroom.storage.cache import BlockCache
from printroom.storage.keys import Prefix
from printroom.storage.mounting.drafts import Drafts
from printroom.storage.mounting.operations import Files, refused
from printroom.storage.mounting.tree import TTL, Tree
from printroom.storage.store import Store

_ENTRIES = 1
"""Seconds for which the kernel does not ask again whether there is a name. For sizes it always
does: who opens a file must see what it is now."""
_SIGNALLED = "8"
"""What libfuse ends with after a signal."""
_SPACE = 2**38
"""Blocks of 4 KiB that a mount says are free: a store does not say."""


def mount(
    store: Store,
    prefix: Prefix,
    folder: Path,
    cache: BlockCache,
    drafts: Path,
    *,
    write: bool = False,
    ttl: float = TTL,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Show what lies below `prefix` in `folder`, until it is unmounted, or SIGTERM or SIGINT comes.

    `drafts`: where files lie that are being written. `ready`: called once it is mounted. Raises
    NotOffered where the system cannot; Unwritable when `folder` cannot be a mount.
    """
    library = _library()
    if not folder.is_dir() or any(folder.iterdir()):
        raise Unwritable(f"{folder} is no empty folder", "make one")
    files = Files(Tree(store, prefix, ttl), cache, Drafts(store, cache, drafts))
    options: dict[str, Any] = {
        "fsname": f"printroom:{store.name}".replace(",", "_"),
        "subtype": "printroom",
        "attr_timeout": 0,
        "entry_timeout": _ENTRIES,
        "negative_timeout": 0,
        "ac_attr_timeout": 0,
        "auto_cache": True,
        "hard_remove": True,
        "default_permissions": True,
        "auto_unmount": True,
        "ro": not write,
    }
    try:
        _fuse(library)(_operations(library)(files, ready), str(folder), foreground=True, **options)
    except RuntimeError as error:
        if str(error) == _SIGNALLED:
            return
        raise Unwritable(
            f"{folder} cannot be a mount (libfuse says {error})", "see the line above; try as root"
        ) from error


def _library() -> Any:
    try:
        return importlib.import_module("mfusepy")
    except (ImportError, OSError) as error:
        raise NotOffered(
            f"this machine cannot mount ({error})",
            "install printroom[mount], and the system's package fuse3",
        ) from None


def _fuse(library: Any) -> Any:
    class Fuse(library.FUSE):  # type: ignore[misc]
        """Hands the flags of a rename on, which say whether something may be replaced."""

        def rename_fuse_3(self, old: bytes, new: bytes, flags: int) -> int:
            names = (name.decode(self.encoding, self.errors) for name in (old, new))
            self.operations.rename(*names, flags)
            return 0

    return Fuse


def _operations(library: Any) -> Any:
    class Operations(library.Operations):  # type: ignore[misc]
        """Each call by its name in libfuse."""

        use_ns = True

        def __init__(self, files: Files, ready: Callable[[], None]) -> None:
            self._files, self._ready = files, ready

        def init(self, _path: str) -> None:
            self._ready()

        def destroy(self, _path: str) -> None:
            for line in self._files.close():
                print(f"printroom: {line}", file=sys.stderr, flush=True)

        def getattr(self, path: str | None, handle: int | None = None) -> dict[str, Any]:
            if path is None and handle is not None:  # it was removed
                return self._files.stat_open(handle)
            return self._files.stat(path or "/")

        def readdir(self, path: str, _handle: int) -> Iterator[Any]:
            yield from (".", "..")
            for name, about in self._files.names(path):
                yield name, about, 0

        def open(self, path: str, flags: int) -> int:
            return self._files.open(path, flags)

        def create(self, path: str, _mode: int, _about: Any = None) -> int:
            return self._files.create(path)

        def read(self, _path: str, size: int, offset: int, handle: int) -> bytes:
            return self._files.read(handle, offset, size)

        def write(self, _path: str, data: bytes, offset: int, handle: int) -> int:
            return self._files.write(handle, data, offset)

        def truncate(self, path: str | None, length: int, handle: int | None = None) -> None:
            if path is None and handle is not None:
                self._files.cut(handle, length)
            else:
                self._files.truncate(path or "/", length)

        def flush(self, _path: str, handle: int) -> None:
            self._files.sync(handle)

        def fsync(self, _path: str, _data: int, handle: int) -> None:
            self._files.sync(handle)

        def release(self, _path: str, handle: int) -> None:
            self._files.release(handle)

        def unlink(self, path: str) -> None:
            self._files.unlink(path)

        def rename(self, old: str, new: str, flags: int = 0) -> None:
            self._files.rename(old, new, flags)

        def mkdir(self, path: str, _mode: int) -> None:
            self._files.mkdir(path)

        def rmdir(self, path: str) -> None:
            self._files.rmdir(path)

        def chmod(self, _path: str, _mode: int) -> None:
            """A store keeps no modes: as if it had."""

        def chown(self, _path: str, uid: int, gid: int) -> None:
            if uid not in (-1, os.getuid()) or gid not in (-1, os.getgid()):
                raise refused(errno.EPERM)

        def utimens(self, _path: str, _times: Any = None) -> None:
            """A store keeps the time of writing: as if it had."""

        def symlink(self, _target: str, _source: str) -> None:
            raise refused(errno.EOPNOTSUPP)

        def link(self, _target: str, _source: str) -> None:
            raise refused(errno.EOPNOTSUPP)

        def mknod(self, _path: str, _mode: int, _device: int) -> None:
            raise refused(errno.EOPNOTSUPP)

        def statfs(self, _path: str) -> dict[str, int]:
            names = ("f_blocks", "f_bfree", "f_bavail")
            return dict.fromkeys(names, _SPACE) | {
                "f_bsize": 4096,
                "f_frsize": 4096,
                "f_namemax": 255,
            }

    return Operations
