"""Pictures made on the fly, once each: smaller, cut, in another format.

    Artifact, Options, class -> Content, if it is kept
                             -> Future of it: NotAPicture BrokenPicture TooManyPixels NeedsMemory
                                              Overloaded DiskFull ...

Who asks for one that is being made waits for it, in other processes too. So many are made at once
and so many may wait; beyond that the answer is Overloaded. All are bounded in pixels and memory.
"""

from __future__ import annotations

import hashlib
import json
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path

from printroom.core.errors import Overloaded
from printroom.delivery.artifact import Artifact, Content, Stored
from printroom.delivery.keeping import Keep
from printroom.delivery.negotiation import Class, format_of
from printroom.delivery.options import Options
from printroom.imaging.limits import Limits
from printroom.storage.cache import BlockCache
from printroom.storage.local import local_path

RUNNING = 2
"""Pictures that are made at once."""
WAITING = 32
"""Pictures that may wait to be made."""
MEMORY = 256 * 2**20
"""Bytes that decoding one may hold."""
_VERSION = 1
"""Counted up when the same options make other bytes."""
_WHOLE = 32 * 2**20
"""Bytes of an original that is read into memory rather than from a file."""


class Variants:
    """Makes and keeps them. Safe from many threads."""

    def __init__(
        self, folder: Path, limit: int, pixels: int, cache: BlockCache, waiting: int = WAITING
    ) -> None:
        """`limit`: bytes of what is kept. `pixels`: of the largest original."""
        self._keep = Keep(folder, limit)
        self._limits = Limits(pixels, MEMORY)
        self._cache, self._waiting = cache, waiting
        self._pool = ThreadPoolExecutor(RUNNING, "printroom-variant")
        self._lock = threading.Lock()
        self._making: dict[str, Future[Content]] = {}

    def close(self) -> None:
        """Wait for what is being made; give up the rest."""
        self._pool.shutdown(cancel_futures=True)

    def name(self, digest: str, options: Options, wanted: Class) -> str:
        """32 hexadecimal digits for one picture: what its ETag says."""
        about = json.dumps([_VERSION, self._libvips, digest, options.parts(), wanted])
        return hashlib.sha256(about.encode()).hexdigest()[:32]

    def kept(self, name: str) -> Content | None:
        """The picture, if it was made before."""
        return self._keep.get(name)

    def make(
        self, name: str, artifact: Artifact, options: Options, wanted: Class
    ) -> Future[Content]:
        """The picture, once it is made. Raises Overloaded."""
        with self._lock:
            if (under_way := self._making.get(name)) is not None:
                return under_way
            if len(self._making) >= RUNNING + self._waiting:
                raise Overloaded(
                    "too many pictures are being made already", "come back soon", retry_after=2
                )
            write = partial(self._write, artifact, options, wanted)
            making: Future[Content] = self._pool.submit(self._keep.make, name, write)
            self._making[name] = making
        making.add_done_callback(partial(self._made, name))
        return making

    def _made(self, name: str, _: Future[Content]) -> None:
        with self._lock:
            self._making.pop(name, None)

    def _write(self, artifact: Artifact, options: Options, wanted: Class, target: Path) -> None:
        from printroom.delivery.rendering import render  # loads libvips

        with ExitStack() as held:
            source: bytes | Path
            if artifact.size <= _WHOLE:
                source = Stored(artifact, self._cache).read(0, artifact.size)
            else:
                source = held.enter_context(local_path(self._cache, artifact.store, artifact.key))
            choose = partial(format_of, wanted)
            render(source, options, choose, target, self._limits)

    @cached_property
    def _libvips(self) -> str:
        from printroom.imaging.vips import pyvips

        return ".".join(str(pyvips.version(part)) for part in range(3))
