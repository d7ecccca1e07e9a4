"""printroom turns image models into products.

    >>> import printroom
    >>> printroom.enhance("photo.jpg", scale=2).path  # doctest: +SKIP
    PosixPath('photo@2x.jpg')

Importing it loads nothing else: numpy, libvips and onnxruntime come with the first picture.
"""

from __future__ import annotations

import os
import threading
from functools import cache

# Unless told so, onnxruntime (1.29 and later) tells its makers of every model that is loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

TYPE_CHECKING = False  # typing and pathlib would be half of the time that this import takes
if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike
    from pathlib import Path
    from typing import Any

    from printroom.client import AsyncClient, Client
    from printroom.engine.enhancement import Enhanced
    from printroom.imaging.metadata import Keep
    from printroom.workshop import Workshop

__all__ = ["AsyncClient", "Client", "enhance"]


def __getattr__(name: str) -> Any:
    """The clients of a server, which bring httpx, when they are asked for."""
    if name in ("AsyncClient", "Client"):
        from printroom import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def enhance(
    source: str | PathLike[str] | bytes,
    output: str | PathLike[str] | None = None,
    *,
    scale: int | None = None,
    format: str | None = None,  # noqa: A002 (the same word as everywhere)
    quality: int | None = None,
    metadata: Keep = "keep",
    model: str | Path | None = None,
    fix: str = "none",
    progress: Callable[[int, int], None] | None = None,
    cancel: threading.Event | None = None,
) -> Enhanced:
    """Enlarge a picture: a file, or the bytes of one. An existing result is replaced.

    `output`: where the result goes, whole or not at all. Without it a file's result lies beside
    it as `photo@2x.jpg`, and that of bytes is `.data` of what is returned.
    `scale`: default 2. `format`: "jpeg", "png", "webp", "tiff" or "avif"; default by the suffix
    of `output`, else as the source. `quality`: 1 to 100. `metadata`: whether EXIF and XMP go along:
    "keep", "strip", or "copyright" for who made it and whose it is. `model`: an id, or the path of
    an ONNX file. `fix`: what to mend first, "auto" for what the picture needs; `scale` may be 1
    then. `progress`: called with tiles done and tiles in all,
    from any thread. `cancel`: set it from another thread to stop.

    Raises `printroom.core.errors.PrintroomError`. Settings come from the environment, at the
    first call (`printroom.core.settings`).
    """
    from pathlib import Path

    from printroom.engine.enhancement import EnhanceOptions

    options = EnhanceOptions(scale, format, quality, metadata, model, fix=fix)
    picture = source if isinstance(source, bytes) else Path(source)
    target = None if output is None else Path(output)
    if target is None and isinstance(picture, Path):
        target = _workshop().propose(picture, options).beside(picture)
    return _workshop().enhance(picture, target, options, progress, cancel)


_making = threading.Lock()


def _workshop() -> Workshop:
    """The one that all calls of this process share."""
    with _making:
        return _made()


@cache
def _made() -> Workshop:
    import atexit

    from printroom.workshop import Workshop

    workshop = Workshop()
    atexit.register(workshop.close)
    return workshop
