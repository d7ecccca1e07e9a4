"""Pictures made on the fly, once each: smaller, cut, in another format.

    Artifact, Options, class -> Content, if it is kept
                             -> Future of it: NotAPicture BrokenPicture TooManyPixels NeedsMemory
                                              Overloaded DiskFull ...

Who asks for one that is being made waits for it, in other processes too. So many are made at once
and so many may wait; beyond that the answer is Overloaded. All are bounded in pixels and memory.

A large original is laid out in tiles first, once, and what is wanted is made of those: a part of it
is there in a moment, wherever it lies. `f:png` is made of the original itself, so it is exact.

What a pipeline makes of an original is kept as well: it runs once, however many sizes are wanted.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from printroom.core.errors import BadOption, Overloaded
from printroom.delivery.artifact import Artifact, Content, Stored
from printroom.delivery.keeping import Keep, Kept
from printroom.delivery.negotiation import Class, format_of
from printroom.delivery.options import Options
from printroom.imaging.limits import Limits
from printroom.storage.cache import BlockCache
from printroom.storage.local import local_path

if TYPE_CHECKING:
    from printroom.imaging.image import Image

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
LARGE = 40_000_000
"""Pixels beyond which an original is laid out in tiles."""


class Through(Protocol):
    """Pipelines of one picture in and one out. Safe from many threads."""

    def mark(self, pipeline: str) -> str:
        """What a result depends on beside the picture; quick. Raises NotFound, BadPipeline."""
        ...

    def write(self, pipeline: str, source: Path, target: Path) -> None:
        """Write what it makes of the picture. Raises PrintroomError."""
        ...


class Variants:
    """Makes and keeps them. Safe from many threads."""

    def __init__(
        self,
        folder: Path,
        limit: int,
        pixels: int,
        cache: BlockCache,
        waiting: int = WAITING,
        through: Through | None = None,
    ) -> None:
        """`limit`: bytes of what is kept, as many again of tiles, and of what pipelines made.
        `pixels`: of the largest original.
        """
        self._keep, self._tiles = Keep(folder, limit), Keep(folder / "tiles", limit)
        self._made_through, self._through = Keep(folder / "through", limit), through
        self._limit = limit
        self._limits = Limits(pixels, MEMORY)
        self._cache, self._waiting = cache, waiting
        self._pool = ThreadPoolExecutor(RUNNING, "printroom-variant")
        self._lock = threading.Lock()
        self._making: dict[str, Future[Content]] = {}

    def close(self) -> None:
        """Wait for what is being made; give up the rest."""
        self._pool.shutdown(cancel_futures=True)

    def clear(self) -> None:
        """Have none of those that were made, here or by another process of this machine."""
        for keep in (self._keep, self._tiles, self._made_through):
            keep.clear()

    def name(self, digest: str, options: Options, wanted: Class) -> str:
        """32 hexadecimal digits for one picture: what its ETag says."""
        return self._named(digest, options.parts(), wanted, *self._marks(options.through))

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
        from printroom.delivery.rendering import lay_out, render, render_tiles  # loads libvips

        choose = partial(format_of, wanted)
        if options.through is not None:
            made = self._passed(artifact, options.through)
            with self._shown(Path(f"/dev/fd/{made.fileno()}")) as image:
                render(image, options, choose, target)
            return
        name = self._named(artifact.digest, "tiles")
        exact = options.format == "png"
        tiles = None if exact else self._tiles.get(name)
        if tiles is None:
            with self._opened(artifact) as image:
                if exact or not self._wants_tiles(image):
                    render(image, options, choose, target)
                    return
                tiles = self._tiles.make(name, partial(lay_out, image))
        render_tiles(tiles.fileno(), options, choose, target)

    def _marks(self, pipeline: str | None) -> tuple[str, ...]:
        if pipeline is None:
            return ()
        if self._through is None:
            raise BadOption("pipelines are not run here", "leave out the preset that names one")
        return (self._through.mark(pipeline),)

    def _passed(self, artifact: Artifact, pipeline: str) -> Kept:
        """What the pipeline makes of the original, made once."""
        name = self._named(artifact.digest, "through", pipeline, *self._marks(pipeline))
        if (known := self._made_through.get(name)) is not None:
            return known
        assert self._through is not None
        with local_path(self._cache, artifact.store, artifact.key) as source:
            write = partial(self._through.write, pipeline, source)
            return self._made_through.make(name, write)

    @contextmanager
    def _shown(self, source: Path) -> Iterator[Image]:
        from printroom.imaging.image import Image

        with Image.open(source, self._limits) as image:
            yield image

    @contextmanager
    def _opened(self, artifact: Artifact) -> Iterator[Image]:
        """Raises NotAPicture, BrokenPicture, TooManyPixels, NeedsMemory."""
        from printroom.imaging.image import Image

        with ExitStack() as held:
            source: bytes | Path
            if artifact.size <= _WHOLE:
                source = Stored(artifact, self._cache).read(0, artifact.size)
            else:
                source = held.enter_context(local_path(self._cache, artifact.store, artifact.key))
            yield held.enter_context(Image.open(source, self._limits))

    def _wants_tiles(self, image: Image) -> bool:
        from printroom.imaging.tiled import BYTES

        pixels = image.width * image.height
        return LARGE < pixels <= self._limit / BYTES

    def _named(self, *about: object) -> str:
        text = json.dumps([_VERSION, self._libvips, *about])
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @cached_property
    def _libvips(self) -> str:
        from printroom.imaging.vips import pyvips

        return ".".join(str(pyvips.version(part)) for part in range(3))
