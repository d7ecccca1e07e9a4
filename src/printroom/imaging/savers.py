"""The encoders of libvips, and what we ask of them.

    libvips picture -> save() -> bytes into a stream     OSError of that stream, pyvips.Error

The picture is encoded as its rows come, where the format allows it.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, BinaryIO

from printroom.imaging import formats
from printroom.imaging.fitting import PictureSpec
from printroom.imaging.formats import Format
from printroom.imaging.metadata import Metadata, attach, kept
from printroom.imaging.vips import pyvips

Save = Callable[[Any, BinaryIO], None]
"""Encodes a libvips picture into a stream; the picture must be nobody else's."""


def saver(container: Format, quality: int | None, metadata: Metadata, spec: PictureSpec) -> Save:
    """The encoder for pictures of one format and shape; `quality` 1..100, None = its default."""
    operation, options = _options(container, quality or container.quality, spec)
    options["keep"] = kept(metadata)
    names = ("b-w", "srgb") if spec.depth == 8 else ("grey16", "rgb16")
    meaning = names[spec.bands >= 3]

    def save(picture: Any, file: BinaryIO) -> None:
        attach(picture, meaning, metadata)
        _save(operation, picture, file, options)

    return save


def _options(
    container: Format, quality: int | None, spec: PictureSpec
) -> tuple[str, dict[str, Any]]:
    if container is formats.PNG:
        # Of photographs, level 6 saves 5 % for 2.5 times the time; level 1 costs 40 % more bytes.
        return "pngsave_target", {"compression": 2, "filter": "avg"}
    if container is formats.JPEG:
        # libvips halves the chroma below quality 90; the default keeps it.
        return "jpegsave_target", {"Q": quality}
    if container is formats.WEBP:
        # Effort 4, the default, doubles the time for 1.5 % fewer bytes.
        return "webpsave_target", {"Q": quality, "effort": 2}
    if container is formats.AVIF:
        # Effort 4, the default, takes 14 times as long for 5 % fewer bytes.
        bits = 8 if spec.depth == 8 else 10
        return "heifsave_target", {
            "Q": quality,
            "compression": "av1",
            "bitdepth": bits,
            "effort": 1,
        }
    raise ValueError(f"libvips does not write {container.title} for us")


def _save(operation: str, picture: Any, file: BinaryIO, options: dict[str, Any]) -> None:
    """Run the saver; the stream's own error is raised where there is one, rather than libvips'."""
    if isinstance(file, io.BytesIO):
        memory = pyvips.Target.new_to_memory()
        pyvips.Operation.call(operation, picture, memory, **options)
        file.write(memory.get("blob"))
        return
    failures: list[OSError] = []

    def write(data: Any) -> int:
        try:
            file.write(data)
        except OSError as error:
            failures.append(error)
            return -1
        return len(data)

    target = pyvips.TargetCustom()
    target.on_write(write)
    try:
        pyvips.Operation.call(operation, picture, target, **options)
    except pyvips.Error:
        if failures:
            raise failures[0] from None
        raise
    if failures:
        raise failures[0]
