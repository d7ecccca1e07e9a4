"""One picture from another: decoded row by row, cut, made smaller, encoded.

    Image, Options, Format -> a file at `target`     BrokenPicture DiskFull Unwritable
    Image                  -> its tiles at `target`  the same
    tiles, Options, Format -> a file at `target`     DiskFull Unwritable

The result has the colours' profile of its source and no other metadata.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from printroom.delivery.options import Options
from printroom.delivery.reducing import Cut, Rows, cut_of, reduced
from printroom.imaging import tiled
from printroom.imaging.encode import Encoder, PictureSpec
from printroom.imaging.formats import Format
from printroom.imaging.image import Image
from printroom.imaging.metadata import Metadata

Choose = Callable[[bool], Format]
"""The format of a picture, by whether it has opacity."""
_ROWS = 1 << 20
"""Bytes of rows that are taken at once."""


def render(image: Image, options: Options, choose: Choose, target: Path) -> None:
    """Write the picture that `options` make of `image`."""
    cut = cut_of(options, image.width, image.height)
    before = PictureSpec(image.width, image.height, image.bands, image.depth)
    with image.rows() as rows:
        _write(rows, cut, before, image.metadata.stripped(), options, choose, target)


def lay_out(image: Image, target: Path) -> None:
    """Write `image` in tiles."""
    spec = PictureSpec(image.width, image.height, image.bands, image.depth)
    step = max(1, _ROWS // spec.row_bytes)
    with tiled.TiledEncoder(target, spec, image.metadata.stripped()) as encoder:
        with image.rows() as rows:
            for top in range(0, image.height, step):
                encoder.write(rows.read(min(step, image.height - top)))
        encoder.finish()


def render_tiles(descriptor: int, options: Options, choose: Choose, target: Path) -> None:
    """Write the picture that `options` make of one that was laid out in tiles."""
    whole = tiled.Tiled(descriptor)
    cut = cut_of(options, whole.width, whole.height)
    scale = max(cut.out_width / cut.width, cut.out_height / cut.height)
    part = whole.part(cut.left, cut.top, cut.width, cut.height, scale)
    before = PictureSpec(part.width, part.height, whole.bands, 8)
    there = replace(cut, left=0, top=0, width=part.width, height=part.height)
    _write(tiled.Rows(part), there, before, Metadata(icc=whole.icc), options, choose, target)


def _write(
    rows: Rows,
    cut: Cut,
    before: PictureSpec,
    metadata: Metadata,
    options: Options,
    choose: Choose,
    target: Path,
) -> None:
    spec = replace(before, width=cut.out_width, height=cut.out_height)
    container = choose(spec.alpha)
    with Encoder(target, spec, container, options.quality, metadata) as encoder:
        for part in reduced(rows, cut, before.row_bytes, spec.alpha):
            encoder.write(part)
        encoder.finish()
