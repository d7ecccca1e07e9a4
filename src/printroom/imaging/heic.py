"""HEIC, the pictures of iPhones: libvips' wheel has no HEVC decoder, pillow-heif has.

    stream -> Heic (header) -> decode() -> libvips picture      whatever pillow-heif raises

libheif has already turned the picture upright and put its grid of tiles together.
"""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
import pillow_heif

from printroom.imaging.metadata import Metadata, neutral, neutral_xmp
from printroom.imaging.vips import pyvips

# One thread a picture, as for libvips: the engine keeps the cores busy.
pillow_heif.options.DECODE_THREADS = 1


class Heic:
    """An opened HEIC file; the stream may be closed once it is."""

    def __init__(self, file: BinaryIO) -> None:
        container = pillow_heif.open_heif(file.read(), convert_hdr_to_8bit=False)
        self._picture = container[container.primary_index]
        self.width, self.height = self._picture.size
        self.bands = {"L": 1, "I": 1, "RGB": 3}.get(self._picture.mode.split(";")[0], 4)
        info: dict[str, Any] = dict(self._picture.info)
        self.bits: int = info["bit_depth"]
        self.metadata = Metadata(
            exif=neutral(info.get("exif")),
            xmp=neutral_xmp(info.get("xmp")),
            icc=info.get("icc_profile") or None,
        )

    def decode(self) -> tuple[Any, Any]:
        """The whole picture, and the memory it lies in, to be kept as long as it is used.

        10 and 12 bit are shifted up to 16, as libvips does for AVIF.
        """
        pixels = np.asarray(self._picture)
        if pixels.shape[:2] != (self.height, self.width):
            raise ValueError("the picture is not of the size its header says")
        picture = pyvips.Image.new_from_memory(
            pixels,
            self.width,
            self.height,
            self.bands,
            "uchar" if pixels.dtype == np.uint8 else "ushort",
        )
        picture.set_type(pyvips.GValue.gint_type, "heif-bitdepth", self.bits)
        return picture, pixels
