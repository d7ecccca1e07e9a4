"""A picture on its way: rows that are there, and the links that they have yet to pass.

    Flow.then(link) -> Flow               nothing is computed yet
    Flow.preview -> Preview               one pass over the rows, then through the links
    Flow.send(target) -> what it makes    all links at once, as one rolling chain
    Flow.raster() -> Raster               the same, kept: for whoever needs it more than once

So the longest stretch of links that one reader needs runs as one chain, whoever asks, and a picture
that several need is made once. Raises what surveying, reading and sending raise.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, TypeVar

import numpy as np

from printroom.engine.channels import Rows, lines_of
from printroom.engine.floor import Floor, Target
from printroom.engine.links import Link
from printroom.engine.order import Order
from printroom.engine.outside import Nowhere, Outside
from printroom.engine.preview import CHUNK, HELD, Passed, survey
from printroom.engine.rasters import SPOOL, Raster, Scratch
from printroom.imaging.encode import PictureSpec
from printroom.imaging.image import Image
from printroom.imaging.tiling import scaled
from printroom.pipelines.step import Planes, Preview

T = TypeVar("T")


class Desk:
    """What the flows of one run share; its scratch files are gone when the `with` is left."""

    def __init__(self, floor: Floor, order: Order, outside: Outside | None = None) -> None:
        """`outside`: what steps may reach beyond the floor; None = nothing."""
        self.floor = floor
        self.outside = outside or Nowhere()
        self.order = order
        self.tiles = 0
        """Tiles computed so far, but for previews."""
        self._stack = ExitStack()
        self._folder: Path | None = None

    @property
    def folder(self) -> Path:
        """Scratch, made when first needed."""
        if self._folder is None:
            made = TemporaryDirectory(prefix="printroom-", ignore_cleanup_errors=True)
            self._folder = Path(self._stack.enter_context(made))
        return self._folder

    def opened(self, image: Image) -> Image:
        """The same image, which is closed at the end of the run."""
        return self._stack.enter_context(image)

    def scratch(self, spec: PictureSpec, like: Raster | None) -> Scratch:
        """A place for lines of floats, until the end of the run; what they make is `like` that."""
        return self._stack.enter_context(closing(Scratch(spec, self.folder, like)))

    def raster(self, planes: Planes, like: Raster | None) -> Raster:
        """Keep an array (1, 1..4, height, width): grey or RGB, alpha last, not multiplied by it."""
        _, bands, height, width = planes.shape
        spec = PictureSpec(width, height, bands, like.spec.depth if like else 8)
        scratch, step = self.scratch(spec, like), max(1, CHUNK // (4 * width * bands))
        for top in range(0, height, step):
            scratch.write(lines_of(planes[:, :, top : top + step]))
        return scratch.finish()

    def send(self, raster: Raster, links: tuple[Link, ...], target: Target[T]) -> T:
        """One chain of the run's; tiles are told on top of those before."""
        before, order = self.tiles, self.order
        told = replace(
            order, progress=lambda done, tiles: order.tell(before + done, before + tiles)
        )
        sent = self.floor.send(raster, links, target, told)
        self.tiles += sent.tiles
        return sent.result

    def alone(self, link: Link, planes: Planes) -> Planes:
        """A part of a picture (1, 3, h, w) through a link, as a picture of its own."""
        lines, quiet = planes[0].transpose(1, 0, 2), replace(self.order, progress=None)
        unseen = replace(link, tap=None)
        sent = self.floor.send(Raster.of_lines(lines), (unseen,), _Lines(), quiet)
        return np.ascontiguousarray(sent.result.transpose(1, 0, 2))[None]

    def close(self) -> None:
        """Remove the scratch files."""
        self._stack.close()


class Behind(NamedTuple):
    """The picture behind a link."""

    before: Flow
    link: Link


class Flow:
    """A picture on its way: rows that are there, or another flow and the link behind it."""

    def __init__(self, desk: Desk, source: Raster | Behind) -> None:
        self._desk, self._source = desk, source
        self._kept = source if isinstance(source, Raster) else None
        self.shared = False
        """Whether several readers need it, so that it is worth keeping."""

    def then(self, link: Link) -> Flow:
        """The picture behind one more link."""
        return Flow(self._desk, Behind(self, link))

    @property
    def origin(self) -> Raster:
        """The picture that it comes from: its format, depth and metadata."""
        source = self._source
        return source if isinstance(source, Raster) else source.before.origin

    @cached_property
    def spec(self) -> PictureSpec:
        """Its size, bands, and the depth that a file of it has."""
        source = self._source
        if isinstance(source, Raster):
            return source.spec
        before, scale = source.before.spec, source.link.part.geometry.scale
        size = scaled(before.width, scale), scaled(before.height, scale)
        return PictureSpec(*size, before.bands, before.depth)

    @cached_property
    def preview(self) -> Preview:
        """What a step may know of it: the same whether or not it was kept on the way."""
        source, order = self._source, self._desk.order
        if isinstance(source, Raster):
            with self._desk.floor.reserved(source.held + HELD, order):
                return survey(source, order.check)
        through = partial(self._desk.alone, source.link)
        return Passed(source.before.preview, source.link.part.geometry.scale, through)

    @property
    def links(self) -> tuple[Link, ...]:
        """All that it has passed, or will."""
        source = self._source
        return () if isinstance(source, Raster) else (*source.before.links, source.link)

    def raster(self) -> Raster:
        """Its rows, kept from now on."""
        if self._kept is None:
            self._kept = self._desk.send(*self._chain(), _Kept(self._desk, self))
        return self._kept

    def send(self, target: Target[T]) -> T:
        """Its rows, to a target."""
        if self.shared:
            self.raster()
        return self._desk.send(*self._chain(), target)

    def _chain(self) -> tuple[Raster, tuple[Link, ...]]:
        """Rows that are there, and the links from them to here."""
        source = self._source
        if self._kept is not None or isinstance(source, Raster):
            return self._kept or self.origin, ()
        if source.before.shared:
            return source.before.raster(), (source.link,)
        raster, links = source.before._chain()
        return raster, (*links, source.link)


class _Kept:
    """Keeps rows for the rest of the run."""

    bits, held = 32, SPOOL

    def __init__(self, desk: Desk, flow: Flow) -> None:
        self._desk, self._flow = desk, flow

    @contextmanager
    def open(self) -> Iterator[Scratch]:
        yield self._desk.scratch(self._flow.spec, self._flow.origin)


class _Lines:
    """Collects the lines of a small picture."""

    bits, held = 32, 0

    def __init__(self) -> None:
        self._parts: list[Rows] = []

    @contextmanager
    def open(self) -> Iterator[_Lines]:
        yield self

    def write(self, rows: Rows) -> None:
        self._parts.append(rows.copy())

    def finish(self) -> Rows:
        return np.concatenate(self._parts)
