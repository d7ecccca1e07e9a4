"""A picture is looked at before anybody is learnt from it.

bytes -> Checker.look -> Seen: pixels, look, traits, findings; never raises for a bad picture

What is found is a reason to take another picture, no more: nobody here knows what a face is unless
the owner bound a model that does (`printroom.people.faces`).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import PictureError
from printroom.imaging.encode import PictureSpec
from printroom.imaging.fitting import fitted
from printroom.imaging.image import Image
from printroom.imaging.limits import Limits
from printroom.people.faces import Faces
from printroom.people.likeness import kept
from printroom.people.looks import look_of
from printroom.runtimes.generation import PersonalizableGenerator
from printroom.steps.inspect.measure import LUMA
from printroom.steps.inspect.sharpness import LEAST, sharpness

Verdict = Literal["passed", "refused", "noted", "unchecked"]
Pixels = NDArray[np.uint8]
LARGEST = 512
"""Pixels along a side of the square that is looked at, and learnt from."""
LIMITS = Limits(pixels=10**8, memory=2**28)
"""Of a picture that is taken."""
BLURRED = 0.55
"""Part of the differences that a further blur leaves, above which a picture is not sharp: sharp
ones have .2 to .4; blurred by a Gaussian of 2 pixels at the generator's size, .55 and more."""
STRANGE = 0.5
"""`familiar` below which a picture looks like none that the generator knows."""
_ROWS = 1 << 22
"""Bytes of rows that are read at once, about."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    code: str
    """`picture`, `size`, `sharpness`, `face`, `familiar` or `twin`."""
    verdict: Verdict
    """`noted` does not keep a picture out; `unchecked` = nobody could look."""
    reason: str


@dataclass(frozen=True)
class Seen:
    """A picture, looked at."""

    findings: tuple[Finding, ...]
    pixels: Pixels | None = None
    """The upright middle square, `LARGEST` along a side at most; None = it cannot be read."""
    look: bytes = b""
    traits: bytes = b""
    """See `printroom.people.likeness`."""

    @property
    def good(self) -> bool:
        """Whether somebody may be learnt from it."""
        return not any(one.verdict == "refused" for one in self.findings)

    def json(self) -> list[dict[str, Any]]:
        """The findings."""
        return [asdict(one) for one in self.findings]


class Checker:
    """Looks at pictures for one generator. Safe from many threads."""

    def __init__(self, generator: PersonalizableGenerator, faces: Faces) -> None:
        """`generator`: what the pictures are to be good enough for."""
        self._generator, self._faces, self._size = generator, faces, generator.size

    def look(self, data: bytes) -> Seen:
        """Raises what the owner's face classifier raises, and nothing for a bad picture."""
        try:
            pixels = opened(data)
        except PictureError as error:
            return Seen((Finding("picture", "refused", str(error)),))
        side = len(pixels)
        if side < self._size:
            reason = f"its short side has {side} pixels, and {self._size} are the least"
            return Seen((Finding("size", "refused", reason),), pixels)
        findings = [
            Finding("size", "passed", f"its middle is {side} pixels square"),
            self._sharp(pixels),
            self._face(pixels),
            self._known(pixels),
        ]
        traits = kept(self._generator.traits(pixels))
        return Seen(tuple(findings), pixels, look_of(pixels), traits)

    def _sharp(self, pixels: Pixels) -> Finding:
        side = max(LEAST, self._size)
        small = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
        found = sharpness([np.tensordot(small, LUMA, 1).astype(np.float32)])
        if found.reblur > BLURRED:
            reason = f"it is blurred: {found.reblur:.2f}, and {BLURRED} is the most"
            return Finding("sharpness", "refused", reason)
        return Finding("sharpness", "passed", f"{found.reblur:.2f}, up to {BLURRED} is sharp")

    def _face(self, pixels: Pixels) -> Finding:
        if not self._faces.bound:
            return Finding("face", "unchecked", "no face classifier is bound on this server")
        face, reason = self._faces.found(pixels)
        return Finding("face", "passed" if face else "refused", reason)

    def _known(self, pixels: Pixels) -> Finding:
        known = self._generator.familiar(pixels)
        if known >= STRANGE:
            return Finding("familiar", "passed", f"like what the generator knows: {known:.2f}")
        reason = (
            f"the generator of this server has seen nothing like it ({known:.2f}): it knows drawn"
            " people, and portraits of real ones will not be alike"
        )
        return Finding("familiar", "noted", reason)


def opened(data: bytes) -> Pixels:
    """The upright middle square of a picture, sRGB; made smaller as its rows come.

    Raises PictureError.
    """
    with Image.open(data, LIMITS) as image:
        step = max(1, min(image.width, image.height) // LARGEST)
        rows = max(1, _ROWS // max(1, image.width * image.bands * step)) * step
        parts: list[Pixels] = []
        with image.rows() as reader:
            for top in range(0, image.height, rows):
                strip = reader.read(min(rows, image.height - top))
                parts.append(_smaller(_plain(strip), step))
    whole = np.concatenate(parts)
    side = min(whole.shape[:2])
    top, left = ((length - side) // 2 for length in whole.shape[:2])
    square = whole[top : top + side, left : left + side]
    if side > LARGEST:
        size = (LARGEST, LARGEST)
        return np.asarray(cv2.resize(square, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(square)


def _plain(strip: NDArray[Any]) -> Pixels:
    """Rows of any picture as RGB of 8 bit, alpha on white."""
    height, width, bands = strip.shape
    colours = 3 if bands >= 3 else 1
    plain = fitted(strip, PictureSpec(width, height, colours, 8))
    return np.repeat(plain, 3, 2) if colours == 1 else np.asarray(plain, np.uint8)


def _smaller(strip: Pixels, step: int) -> Pixels:
    if step == 1:
        return strip
    size = (math.ceil(strip.shape[1] / step), math.ceil(strip.shape[0] / step))
    return np.asarray(cv2.resize(strip, size, interpolation=cv2.INTER_AREA), np.uint8)
