"""What a task of restoration is: pictures in, cases that methods are tried on, figures out.

    folder  -> Task.subjects -> Subject, one per picture (or pair)       NotFound
    Subject -> Task.cases    -> Case: what a method is shown, and the truth     PictureError
    result, Case -> Task.score -> figures

A case is the same in every run: all chance comes from the seed and the picture's name.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption
from printroom.metrics.fsim import fsim
from printroom.metrics.pixels import SMALLEST, grey
from printroom.metrics.psnr import psnr
from printroom.metrics.ssim import SsimStream
from printroom.metrics.strips import strips
from printroom.quality.pictures import Picture, Pixels, Skipped, files_in, printable

Samples = NDArray[Any]


@dataclass(frozen=True)
class Conditions:
    """What the caller may choose of a protocol."""

    scale: int = 2
    """Output over input pixels along a side, for `sr`; 2, 3 or 4."""
    strengths: tuple[float, ...] = ()
    """How bad the input is, in the task's own unit; none = those of the field."""
    seed: int = 0
    """Of all chance."""
    grey: bool = False
    """Whether colour pictures are made grey first; `denoise` and `deblur` only."""
    fsim: bool = False
    """Whether FSIM is measured too."""


@dataclass(frozen=True)
class Subject:
    """A picture of a set, not yet read; `files` are what it is made of, the truth last."""

    set: str
    name: str
    """Printable, and one of its kind within the set."""
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Case:
    """One trial."""

    subject: Subject
    strength: float | None
    shown: Picture
    """What the methods get."""
    truth: Pixels
    """What they should give."""


@dataclass(frozen=True)
class Metric:
    """How a figure is called, told and read."""

    name: str
    unit: str
    digits: int
    higher: bool
    """Whether more is better."""


METRICS = {
    "psnr": Metric("PSNR", "dB", 2, higher=True),
    "ssim": Metric("SSIM", "", 4, higher=True),
    "fsim": Metric("FSIM", "", 4, higher=True),
    "angle": Metric("Angular error", "°", 2, higher=False),
}


class Method(Protocol):
    """Something that restores pictures: a network, or a classical baseline."""

    @property
    def name(self) -> str:
        """What it is called in tables: an id, a file name, or a word."""

    @property
    def parameters(self) -> int | None:
        """Of a network; None = it has none."""

    def restore(self, picture: Picture, strength: float | None) -> Picture:
        """(H, W, C) -> (H * scale, W * scale, C). `strength` is what the case was made with."""


class Task(ABC):
    """One protocol of the field. Subclasses say what a case is; the scores are shared."""

    name: ClassVar[str]
    title: ClassVar[str]
    """One line for people."""
    unit: ClassVar[str] = ""
    """What a strength is told as: `q{}`, with the number in place of the braces."""
    usual: ClassVar[tuple[float, ...]] = ()
    """The strengths of the field; none where the pictures themselves decide."""
    range: ClassVar[tuple[float, float]] = (0, 0)
    """Least and greatest strength."""
    primary: ClassVar[str] = "psnr"
    """The figure that decides."""
    greys: ClassVar[bool] = False
    """Whether it can be asked for on grey pictures."""
    scales: ClassVar[bool] = False
    """Whether results are larger than what is shown."""

    def __init__(self, conditions: Conditions) -> None:
        """Raises BadOption for what the task does not offer."""
        self.conditions = conditions
        if conditions.grey and not self.greys:
            raise BadOption(f"{self.name} has no --grey", "leave it out")
        low, high = self.range
        for strength in conditions.strengths:
            if not self.usual:
                raise BadOption(f"{self.name} has no strength", "leave --strength out")
            if not low <= strength <= high:
                raise BadOption(
                    f"{self.name} has no strength {strength:g}", f"{low:g} to {high:g} can be had"
                )
        self.strengths = tuple(dict.fromkeys(conditions.strengths)) or self.usual

    @property
    def scale(self) -> int:
        """Output over input pixels along a side."""
        return self.conditions.scale if self.scales else 1

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the figures that `score` gives, the deciding one first."""
        both = ("psnr", "ssim", *(("fsim",) if self.conditions.fsim else ()))
        return both if self.primary in both else (self.primary, *both)

    def label(self, strength: float | None) -> str:
        """`q10`, or nothing where there is no strength."""
        return "" if strength is None else self.unit.format(f"{strength:g}")

    def subjects(self, folder: Path, set_name: str) -> tuple[list[Subject], list[Skipped]]:
        """The pictures of `folder`, and what was left out. Raises NotFound."""
        files = files_in(folder)
        return [Subject(set_name, printable(path.name), (path,)) for path in files], []

    @abstractmethod
    def cases(self, subject: Subject) -> Iterator[Case]:
        """The trials on one picture, in the order of the strengths. Raises PictureError."""

    @abstractmethod
    def floor(self) -> Method:
        """The least that can be done: nothing, or plain interpolation."""

    def baselines(self) -> Sequence[Method]:
        """What was done before networks, beside the floor."""
        return ()

    def score(self, result: Pixels, case: Case) -> dict[str, float]:
        """The figures of one result; `inf` where it equals the truth and PSNR is asked for."""
        a, b = self.judged(case.truth), self.judged(result)
        found = {"psnr": psnr(a, b), "ssim": ssim(a, b)}
        if self.conditions.fsim:
            found["fsim"] = fsim(case.truth, result)
        return found

    def judged(self, pixels: Pixels) -> Samples:
        """The samples that PSNR and SSIM look at: (H, W, C) uint8, or (H, W) floats in 0..255."""
        return pixels

    def random(self, subject: Subject, stream: int = 0) -> np.random.Generator:
        """Chance for one picture, whatever else is in its folder."""
        name = zlib.crc32(subject.name.encode())
        return np.random.default_rng([self.conditions.seed, name, stream])


def ssim(reference: Samples, picture: Samples) -> float:
    """Mean SSIM of what `Task.judged` gives; colour is compared as MATLAB's rounded grey."""
    stream = SsimStream()
    for a, b in strips(reference, picture):
        stream.add(*(rows if rows.ndim == 2 else grey(rows) for rows in (a, b)))
    return stream.ssim


def check_size(pixels: Pixels, least: int = SMALLEST) -> None:
    """Raise BadOption for a picture that is too small to be judged."""
    height, width = pixels.shape[:2]
    if min(height, width) < least:
        raise BadOption(f"{width} x {height} pixels are too few", f"{least} a side can be judged")
