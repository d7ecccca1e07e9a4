"""A picture in the colours and the brush of a painting, chosen by name or by a poem.

    image, poem -> emotions -> a painting -> its palette -> its brush -> image, painting, emotion

Ways to the brush: `strokes` paints anew, without a network; `texture` brings features together, in
some seconds; `fast` is a net that knows some of the paintings that come with the step.
"""

from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Optional

import cv2
import numpy as np
from brushes import Brushes
from emotions import felt
from net import Features
from palette import Palette
from printroom_step import Choice, Number, OwnFile, Picture, Refused, progress, step
from strokes import Manner, painted
from texture import textured
from works import Work, Works

HERE = Path(__file__).parent
SHORTER = 384
"""Pixels of the shorter side that a painting is looked at with."""
LONGER = 2
"""Times its shorter side: more of a painting is left out at both ends."""
LEAST = 32
"""Pixels of a side; what is smaller is mirrored beyond its edges while it is worked on."""


class Styled(NamedTuple):
    image: Picture
    painting: str
    emotion: str


@step
class Stylise:
    """A picture in the colours and the brush of a painting, one that fits a poem or any given."""

    def run(
        self,
        image: Picture,
        poem: Optional[str] = None,
        style: Optional[Picture] = None,
        painting: str = "by emotion",
        way: Choice("strokes", "texture", "fast") = "strokes",
        strength: Number(0, 1) = 1.0,
        seed: Number(0, 4294967295, integer=True) = 0,
        paintings: Optional[OwnFile] = None,
    ) -> Styled:
        emotions = felt(poem or "")
        if style is None:
            try:
                work = self._work(painting, emotions if poem else {}, way, seed, paintings)
                style, name = work.picture(SHORTER), work.name
            except ValueError as error:
                raise Refused(str(error)) from None
        else:
            work, name = None, "the picture given"
        emotion = next(iter(emotions))
        picture = np.nan_to_num(np.clip(image, 0, 1), nan=0.0)
        if not strength:
            return Styled(picture, name, emotion)
        framed, place = mirrored(picture)
        model, _ = mirrored(fitted(np.nan_to_num(np.clip(style, 0, 1), nan=0.0)))
        progress(0, 100)
        coloured = Palette.between(framed, model, seed).apply(framed, seed)
        progress(10, 100)
        known = name if work is not None and paintings is None else ""
        result = self._brushed(coloured, model, way, known, seed)[place]
        progress(100, 100)
        if strength < 1:
            result = picture + np.float32(strength) * (result - picture)
        return Styled(result, name, emotion)

    def _work(self, painting: str, emotions, way: str, seed: int, folder: Optional[str]) -> Work:
        works = self._bundled if folder is None else Works.read(Path(folder))
        for fault in works.faults:
            print(fault, flush=True)
        if painting != "by emotion":
            return works.named(painting)
        if way == "fast" and folder is None:
            works = works.only(self._brushes.names)  # it has no other hands
        return works.drawn(emotions, seed)

    def _brushed(self, picture, painting, way: str, name: str, seed: int):
        """`name`: of a painting that comes with the step; empty = it is another's."""

        def told(done: int, total: int) -> None:
            progress(10 + 90 * done // total, 100)

        if way == "strokes":
            return painted(picture, Manner.of(painting), seed)
        if way == "texture":
            return textured(picture, painting, self._features, told)
        names = self._brushes.names
        if name not in names:
            raise Refused(
                f"the fast way knows the paintings {', '.join(names)} only: name one of them, or "
                "take another way, strokes or texture"
            )
        result = self._brushes.painted(picture, name, told)
        return Palette.between(result, painting, seed).apply(result, seed)  # it pales colours

    @cached_property
    def _bundled(self) -> Works:
        return Works.read(HERE / "paintings")

    @cached_property
    def _features(self) -> Features:
        with np.load(HERE / "features.npz") as file:
            return Features.of({name: file[name].astype(np.float32) for name in file.files})

    @cached_property
    def _brushes(self) -> Brushes:
        return Brushes.read(HERE / "brushes.npz")


def fitted(painting):
    """A painting as it is looked at: not larger than needed, nor very long."""
    factor = SHORTER / min(painting.shape[:2])
    if factor < 1:
        sides = [max(1, round(length * factor)) for length in painting.shape[1::-1]]
        painting = cv2.resize(np.ascontiguousarray(painting), sides, interpolation=cv2.INTER_AREA)
    height, width = painting.shape[:2]
    most = LONGER * min(height, width)
    top, left = max(0, height - most) // 2, max(0, width - most) // 2
    return painting[top : top + most, left : left + most]


def mirrored(picture):
    """With sides of at least `LEAST`, and where in it the picture lies."""
    height, width = picture.shape[:2]
    more = max(0, LEAST - height), max(0, LEAST - width)
    framed = (
        np.pad(picture, ((0, more[0]), (0, more[1]), (0, 0)), "symmetric") if any(more) else picture
    )
    return framed, (slice(0, height), slice(0, width))
