"""One picture from another: decoded row by row, cut, made smaller, encoded.

    bytes | Path, Options, Format -> a file at `target`     NotAPicture BrokenPicture TooManyPixels
                                                            NeedsMemory DiskFull Unwritable

The result has the colours' profile of its source and no other metadata.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from printroom.delivery.options import Options
from printroom.delivery.reducing import cut_of, reduced
from printroom.imaging.encode import Encoder, PictureSpec
from printroom.imaging.formats import Format
from printroom.imaging.image import Image
from printroom.imaging.limits import Limits


def render(
    source: bytes | Path,
    options: Options,
    choose: Callable[[bool], Format],
    target: Path,
    limits: Limits,
) -> None:
    """Write the picture that `options` make of `source`; `choose`: by whether it has opacity."""
    with Image.open(source, limits) as image:
        cut = cut_of(options, image.width, image.height)
        spec = PictureSpec(cut.out_width, cut.out_height, image.bands, image.depth)
        before = PictureSpec(image.width, image.height, image.bands, image.depth)
        encoder = Encoder(
            target, spec, choose(spec.alpha), options.quality, image.metadata.stripped()
        )
        with encoder, image.rows() as rows:
            for part in reduced(rows, cut, before.row_bytes, spec.alpha):
                encoder.write(part)
            encoder.finish()
