"""The table of picture formats: what we read, what we write, and what each can hold.

bytes           -> Format   NotAPicture is the caller's to raise: sniff() says None
name or path    -> Format   UnknownFormat
Accept header   -> Format   UnknownFormat
Format and size -> nothing  FormatCannotHold
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from printroom.core.errors import FormatCannotHold, UnknownFormat


@dataclass(frozen=True)
class Format:
    """One container for pictures."""

    name: str
    """Stable name for programs: "jpeg"."""
    title: str
    """Name for people: "JPEG"."""
    suffixes: tuple[str, ...]
    """File suffixes with their dot, lower case; the first is the one we write."""
    media_type: str
    side: int
    """Most pixels along a side that our encoder can write; the container may hold a few more."""
    depths: tuple[int, ...]
    """Bits per sample it is written with."""
    streams: bool
    """Whether it can be written, and in its plain form read, from the top without the whole."""
    alpha: bool
    """Whether it can hold transparency."""
    quality: int | None
    """Default quality of the encoder, 1..100; None = lossless, quality is ignored."""
    writes: bool = True
    """Whether we have an encoder."""


JPEG = Format(
    "jpeg", "JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), "image/jpeg", 65_500, (8,), True, False, 92
)
PNG = Format("png", "PNG", (".png",), "image/png", 10**8, (8, 16), True, True, None)
WEBP = Format("webp", "WebP", (".webp",), "image/webp", 16_383, (8,), False, True, 90)
TIFF = Format("tiff", "TIFF", (".tif", ".tiff"), "image/tiff", 2**31 - 1, (8, 16), True, True, None)
AVIF = Format("avif", "AVIF", (".avif",), "image/avif", 16_384, (8, 10), False, True, 75)
HEIC = Format(
    "heic",
    "HEIC",
    (".heic", ".heif"),
    "image/heic",
    16_384,
    (8, 10),
    False,
    True,
    None,
    writes=False,
)

FORMATS = (JPEG, PNG, WEBP, TIFF, AVIF, HEIC)


def sniff(head: bytes) -> Format | None:
    """The format that a file beginning with `head` (at least 64 bytes of it) is in, if we read it.

    Only the signature is judged: the rest may still be broken.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return TIFF
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp":
        return _sniff_heif(head)
    return None


def _sniff_heif(head: bytes) -> Format | None:
    """AVIF and HEIC share a container; its list of brands tells them apart."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12]} | {head[at : at + 4] for at in range(16, size, 4)}
    if brands & {b"avif", b"avis"}:
        return AVIF
    if brands & {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}:
        return HEIC
    return None


def readable() -> str:
    """The formats we read, as a phrase for messages."""
    return _phrase([container.title for container in FORMATS])


def writable() -> str:
    """The formats we write, as a phrase for messages."""
    return _phrase([container.title for container in FORMATS if container.writes])


def format_for(path_or_name: PurePath | str) -> Format:
    """The format a result is written in: by name ("png", ".PNG") or by a path's suffix."""
    text = str(path_or_name)
    word = (PurePath(text).suffix or text).lower().removeprefix(".")
    for container in FORMATS:
        if container.writes and (word == container.name or f".{word}" in container.suffixes):
            return container
    raise UnknownFormat(f"cannot write {text!r}", f"the formats are {writable()}")


def format_for_accept(header: str, default: Format) -> Format:
    """The format that an HTTP `Accept` header asks for; `default` where equally welcome.

    Raises UnknownFormat when nothing we write is acceptable.
    """
    weights = _accept_weights(header)
    if not weights:
        return default
    candidates = [default, *(f for f in FORMATS if f.writes and f is not default)]
    best = max(candidates, key=lambda container: _acceptance(container, weights))
    if _acceptance(best, weights) <= 0:
        raise UnknownFormat(f"cannot write {header!r}", f"the formats are {writable()}")
    return best


def _accept_weights(header: str) -> dict[str, float]:
    """Media range -> q."""
    weights = {}
    for part in header.split(","):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if media:
            q = next((p[2:] for p in parameters if p.startswith("q=")), "1")
            try:
                weights[media] = float(q)
            except ValueError:
                weights[media] = 0.0
    return weights


def _acceptance(container: Format, weights: dict[str, float]) -> float:
    """How welcome `format` is; the most specific range that names it counts."""
    for media in (container.media_type, "image/*", "*/*"):
        if media in weights:
            return weights[media]
    return 0.0


def check_holds(container: Format, width: int, height: int) -> None:
    """Raise FormatCannotHold when a picture of that size does not fit the container."""
    if max(width, height) <= container.side:
        return
    able = [f.title for f in FORMATS if f.writes and max(width, height) <= f.side]
    remedy = f"choose {_phrase(able, 'or')}" if able else "no format we write can"
    raise FormatCannotHold(
        f"{container.title} holds at most {container.side:,} pixels a side,"
        f" not {width:,} x {height:,}",
        remedy,
    )


def _phrase(names: list[str], last: str = "and") -> str:
    """["a", "b", "c"] -> "a, b and c"."""
    return f" {last} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
