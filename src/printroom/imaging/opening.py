"""From the bytes of a picture to its rows in the working space, as stored.

    Source -> header() -> Header, Loaded        NotAPicture EmptyPicture BrokenPicture TooManyPixels
    Source, Header -> Decoder -> rows           BrokenPicture

Turning it upright comes after, in `image`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import (
    BrokenPicture,
    EmptyPicture,
    NotAPicture,
    PictureError,
    TooManyPixels,
)
from printroom.imaging import formats, jpeg, lab, small_jpeg
from printroom.imaging.formats import Format
from printroom.imaging.metadata import Metadata, exif_of_tiff, metadata_of
from printroom.imaging.source import Source, encoded
from printroom.imaging.turning import TURNS, Turn
from printroom.imaging.vips import BUFFERED_ROWS, last_line, pyvips
from printroom.imaging.working import Shape, to_working, working_profile

if TYPE_CHECKING:
    from printroom.imaging.heic import Heic

LARGEST_SIDE = 10**8
"""Pixels a side that libvips can count."""
HEIC_BROKEN = (ValueError, EOFError, OSError, RuntimeError, SyntaxError, KeyError, IndexError)
"""What pillow-heif raises for damaged files."""


@dataclass(frozen=True)
class Header:
    """What is known of a picture before it is decoded; sizes are those of the stored picture."""

    format: Format
    width: int
    height: int
    bands: int
    """In the working space."""
    depth: int
    turn: Turn
    metadata: Metadata
    decoder_bytes: int
    """Memory the decoder holds."""
    whole: bool
    """Whether the decoder takes the whole picture at once."""
    fail_on: str
    """How much damage libvips lets pass: "warning" none, "error" what leaves the pixels alone."""


class Lazy(NamedTuple):
    """A libvips picture of which the header is read, and no pixel yet."""

    picture: Any
    """In the working space."""
    kept: tuple[Any, ...]
    """What it reads from: it does not hold that itself."""


Loaded = Lazy | NDArray[np.uint8]
"""A picture that comes as it is read, or the rows of a small one."""


def header(source: Source) -> tuple[Header, Loaded | None]:
    """Read and understand a picture's header.

    What had to be loaded for it comes along where it may stay open: bytes in memory. Small
    pictures are asked for by the thousand, and loading is a third of what decoding them takes.
    """
    container = formats.sniff(source.head())
    if container is None:
        raise NotAPicture(
            f"{source.label} is not a picture we can read", f"send {formats.readable()}"
        )
    with source.open() as file:
        if container is formats.HEIC:
            return _heic_header(source, file), None
        fail_on, frame = _judged(source, file, container)
        if frame is not None and source.in_memory:
            rows = small_jpeg.decoded(file.read(), frame)
            if rows is not None:
                return _small_header(rows), rows
            file.seek(0)
        try:
            picture, opened = _load(file, container, fail_on)
            shape = Shape.of(picture)
            working = to_working(picture, shape, source.label)
        except pyvips.Error as error:
            raise broken(source, error) from error
        metadata = metadata_of(picture, working_profile(picture, shape))
        if container is formats.TIFF:
            file.seek(0)
            metadata = Metadata(exif_of_tiff(file), metadata.xmp, metadata.icc)
        whole, held = _decoder(picture, shape, container)
        made = shape if working is picture else Shape.of(working)
        found = Header(
            format=container,
            width=shape.width,
            height=shape.height,
            bands=made.bands,
            depth=8 if made.sample == "uchar" else 16,
            turn=TURNS.get(_field(picture, "orientation", 1), TURNS[1]),
            metadata=metadata,
            decoder_bytes=held,
            whole=whole,
            fail_on=fail_on,
        )
        # a TIFF may be read through `file`, which is closed here
        stays = source.in_memory and container is not formats.TIFF
        return found, Lazy(working, (picture, opened)) if stays else None


class Decoder(Protocol):
    """Rows of the stored picture in the working space, from the top, once."""

    def fetch(self, top: int, rows: int) -> Any:
        """A buffer with rows `top` to `top + rows`; not below a row that was fetched before."""


def decoder(source: Source, header: Header, file: BinaryIO, loaded: Loaded | None) -> Decoder:
    """`file` is a stream of `source.open()`; it must stay open as long as rows are read.

    `loaded` is what `header()` left behind; it serves for one decoder.
    """
    if isinstance(loaded, np.ndarray):
        return _Decoded(loaded)
    return _Decoding(source, header, file, loaded)


class _Decoded:
    """A small picture, whose rows came with its header."""

    def __init__(self, rows: NDArray[np.uint8]) -> None:
        self._rows = rows

    def fetch(self, top: int, rows: int) -> Any:
        return self._rows[top : top + rows]


class _Decoding:
    """A picture that libvips works out as it is read."""

    def __init__(self, source: Source, header: Header, file: BinaryIO, loaded: Lazy | None) -> None:
        self._source, self._width = source, header.width
        try:
            self._loaded = loaded or _reload(source, header, file)
            self._region = pyvips.Region.new(self._loaded.picture)
        except (pyvips.Error, *HEIC_BROKEN) as error:
            raise broken(source, error) from error

    def fetch(self, top: int, rows: int) -> Any:
        try:
            return self._region.fetch(0, top, self._width, rows)
        except pyvips.Error as error:
            raise broken(self._source, error, top) from error


def broken(source: Source, error: Exception, row: int | None = None) -> PictureError:
    """The error for a picture whose bytes make no sense, with the decoder's own reason."""
    place = "" if row is None else f" below row {row:,}"
    return BrokenPicture(
        f"{source.label} is truncated or corrupt{place} ({last_line(error)})",
        "get it again from where it came from",
    )


def _small_header(rows: NDArray[np.uint8]) -> Header:
    height, width, bands = rows.shape
    return Header(
        format=formats.JPEG,
        width=width,
        height=height,
        bands=bands,
        depth=8,
        turn=TURNS[1],
        metadata=Metadata(),
        decoder_bytes=rows.nbytes,
        whole=False,
        fail_on="warning",
    )


def _reload(source: Source, header: Header, file: BinaryIO) -> Lazy:
    if header.format is formats.HEIC:
        picture, kept = _heic(file).decode()
    else:
        picture, kept = _load(file, header.format, header.fail_on)
    return Lazy(to_working(picture, Shape.of(picture), source.label), (picture, kept))


def _load(file: BinaryIO, container: Format, fail_on: str) -> tuple[Any, Any]:
    """The libvips picture, and what must be kept for it: its callbacks live in that object."""
    family = "heif" if container is formats.AVIF else container.name
    other = lab.relabelled(file) if container is formats.TIFF else None
    source = encoded(other or file)
    load = f"{family}load_source"
    options = f"access=sequential,fail_on={fail_on}"  # a string is quicker than two values
    picture = pyvips.Operation.call(load, source, string_options=options)
    return lab.as_lab(picture) if other else picture, source


def _judged(
    source: Source, file: BinaryIO, container: Format
) -> tuple[str, jpeg.JpegHeader | None]:
    """How much damage may pass, and of a JPEG what its segments say.

    Judges what libvips does not: impossible sides, and JPEGs that are untidy but sound.

    libjpeg only warns where it fills in for data that is not there, so a JPEG must pass without
    warnings; but stray bytes between its first segments are warned of too, and do no harm.
    """
    sides = (1, 1)
    fail_on, frame = "error", None
    if container is formats.PNG:
        head = source.head()
        sides = (int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big"))
    elif container is formats.JPEG:
        try:
            frame = jpeg.read_header(file)
        except EOFError as error:
            raise broken(source, error) from error
        sides = (frame.width, frame.height)
        fail_on = "warning" if frame.tidy else "error"
        file.seek(0)
    size = f"{sides[0]:,} x {sides[1]:,} pixels"
    if 0 in sides:
        raise EmptyPicture(f"{source.label} is empty: it has {size}")
    if max(sides) > LARGEST_SIDE:
        raise TooManyPixels(
            f"{source.label} has {size}, over the {LARGEST_SIDE:,} a side that we can read",
            "cut it up",
        )
    return fail_on, frame


def _decoder(picture: Any, shape: Shape, container: Format) -> tuple[bool, int]:
    """Whether the decoder takes the whole picture, and the bytes it holds; all were measured."""
    sample = 2 if shape.sample == "ushort" else 1
    row = shape.width * shape.bands * sample
    raw = row * shape.height
    buffers = min(raw, row * BUFFERED_ROWS)
    if container is formats.JPEG and _field(picture, "jpeg-multiscan", 0):
        full = _field(picture, "jpeg-chroma-subsample", "") != "4:2:0"
        return True, buffers + (2 * raw if full else raw)  # 16 bit coefficients
    if container is formats.PNG and _field(picture, "interlaced", 0):
        return True, buffers + raw
    area = shape.width * shape.height
    if container is formats.WEBP:
        return True, buffers + area * (6 + shape.bands)
    if container is formats.AVIF:
        return True, buffers + area * ((20 if sample == 1 else 28) + 4 * picture.hasalpha())
    if container is formats.TIFF and picture.get_typeof("tile-height"):
        return False, buffers + 2 * row * int(picture.get("tile-height"))
    return False, buffers


def _field(picture: Any, name: str, default: Any) -> Any:
    return picture.get(name) if picture.get_typeof(name) else default


def _heic(file: BinaryIO) -> Heic:
    from printroom.imaging.heic import Heic  # Pillow and libheif take 40 ms to load

    return Heic(file)


def _heic_header(source: Source, file: BinaryIO) -> Header:
    try:
        heic = _heic(file)
    except HEIC_BROKEN as error:
        raise broken(source, error) from error
    sample = 1 if heic.bits == 8 else 2
    return Header(
        format=formats.HEIC,
        width=heic.width,
        height=heic.height,
        bands=heic.bands,
        depth=8 * sample,
        turn=TURNS[1],
        metadata=heic.metadata,
        decoder_bytes=2 * heic.width * heic.height * heic.bands * sample,
        whole=True,
        fail_on="error",
    )
