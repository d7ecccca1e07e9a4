"""Which reading of a model is right: the one with which it does what such models do.

    run, scale -> trials on an example -> Proof

A picture that is known is made small, noisy, or compressed; a model that mends or enlarges brings
it back. Read in the wrong range or order it does not, and the distance to the known picture tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product

import numpy as np
from numpy.typing import NDArray

from printroom.catalogue.card import Task
from printroom.catalogue.examples import Example, made_examples
from printroom.core.errors import ModelFailed
from printroom.imaging.tiling import Geometry
from printroom.runtimes.adapted import check_scale, enlarged, joined, meant, read, split
from printroom.runtimes.reading import Channels, Pixels, Reading

Planes = NDArray[np.float32]
Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""What the model makes, read in no way yet: (1, c, h, w) -> (1, c, s h, s w)."""
RESEMBLES = 20.0
"""dB from which on a result is the picture, and no other."""
TELLING = 1.0
"""dB by which a reading must be better than what differs in range to be proved by it."""
MENDS = 1.0
"""dB by which a picture gets better where a model is for its fault."""
HANDICAPS = {"bgr": 0.3, "grey": 0.5}
"""dB that a reading must be better by than the usual one of as many channels."""
STEP = 0.02
"""The same, for each range that is rarer."""
RANGES = ((0.0, 1.0), (0.0, 255.0), (-1.0, 1.0))
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and deviation of the pictures that many networks were trained on (torchvision's)."""


@dataclass(frozen=True)
class Trial:
    """One reading, tried."""

    reading: Reading
    scores: Mapping[str, float]
    """Example -> dB."""

    @property
    def score(self) -> float:
        """The mean over what was spoilt, dB: a picture without fault tells little of a mender."""
        spoilt = [score for name, score in self.scores.items() if name != "clean"]
        return sum(spoilt) / len(spoilt)

    @property
    def rank(self) -> float:
        """The score, less what a rarer reading must be better by."""
        rarity = sum(
            RANGES.index(pixels.range) if pixels.range in RANGES else 0
            for pixels in (self.reading.input, self.reading.output)
        )
        odd = bool(self.reading.input.mean) + rarity
        return self.score - HANDICAPS.get(self.reading.input.channels, 0.0) - STEP * odd


@dataclass(frozen=True)
class Proof:
    """The best reading, and how it was found."""

    trials: tuple[Trial, ...]
    """The best first."""
    before: Mapping[str, float]
    """Example -> dB of what was shown (enlarged bicubically)."""

    @property
    def reading(self) -> Reading:
        """The best."""
        return self.trials[0].reading

    @property
    def proved(self) -> bool:
        """Whether its result is the picture."""
        return self.trials[0].score >= RESEMBLES

    @property
    def task(self) -> Task:
        """What it seems to be for."""
        gains = {name: score - self.before[name] for name, score in self.trials[0].scores.items()}
        if not self.proved:
            return "other"
        if "small" in gains:
            return "upscale"
        best = max(gains, key=lambda name: gains[name])
        tasks: dict[str, Task] = {"noisy": "denoise", "jpeg": "dejpeg"}
        return tasks.get(best, "other") if gains[best] >= MENDS else "other"

    @property
    def tried(self) -> Mapping[str, tuple[float, float]]:
        """Example -> dB before and after, in the best reading; nothing where nothing is proved."""
        if not self.proved:
            return {}
        return {name: (self.before[name], to) for name, to in self.trials[0].scores.items()}

    @property
    def evidence(self) -> str:
        """One sentence for people."""
        best = self.trials[0]
        shown = ", ".join(
            f"{name} {self.before[name]:.2f} -> {score:.2f}" for name, score in best.scores.items()
        )
        said = f"read as {best.reading.in_words()}, the example goes from and to (dB): {shown}"
        for what, other in self._others():
            said += f"; {what}{other.reading.in_words()}: {other.score:.2f} for {best.score:.2f}"
            if other.score > best.score - TELLING:
                said += " (too near to tell)"
        if not self.proved:
            said += "; no reading gives back the picture: nothing is proved"
        return said

    def _others(self) -> Iterator[tuple[str, Trial]]:
        """The best of those that differ in range, and of those that differ in channels."""
        best = self.trials[0].reading
        for what, same in (("next to it, ", True), ("and ", False)):
            for other in self.trials[1:]:
                if (other.reading.input.channels == best.input.channels) == same:
                    yield what, other
                    break


def prove(run: Run, candidates: Sequence[Reading], geometry: Geometry, scale: Fraction) -> Proof:
    """Try all readings. Those that cannot be run come last."""
    examples = list(made_examples(geometry, scale))
    known: dict[tuple[str, Pixels], Planes | None] = {}
    trials = [
        Trial(one, {example.name: _score(run, one, example, scale, known) for example in examples})
        for one in candidates
    ]
    ranked = sorted(trials, key=lambda trial: -trial.rank)
    before = {example.name: example.score(example.naive()) for example in examples}
    return Proof(tuple(ranked), before)


def candidates(base: Reading, planes: int, scale: Fraction, free: set[str]) -> list[Reading]:
    """Readings of a model of 1 or 3 planes; what is not in `free` is as in `base`.

    `free`: any of `channels`, `input`, `output` (their ranges).
    """
    orders: tuple[Channels, ...] = ("rgb", "bgr") if planes == 3 else ("y", "grey")
    found = []
    for order in orders if "channels" in free else (base.input.channels,):
        for source, result in product(_inputs(base.input, planes, free), _outputs(base, free)):
            try:
                reading = replace(
                    base,
                    input=replace(source, channels=order),
                    output=replace(result, channels=order),
                )
                check_scale(reading, scale)
            except ValueError:
                continue
            found.append(reading)
    return found


def _inputs(base: Pixels, planes: int, free: set[str]) -> Iterator[Pixels]:
    if "input" not in free:
        yield base
        return
    for ends in RANGES:
        yield replace(base, range=ends)
    if planes == 3:
        yield replace(base, range=RANGES[0], mean=IMAGENET[0], deviation=IMAGENET[1])


def _outputs(base: Reading, free: set[str]) -> Iterator[Pixels]:
    if "output" not in free:
        yield base.output
        return
    for ends in RANGES:
        yield replace(base.output, range=ends)


def _score(
    run: Run,
    reading: Reading,
    example: Example,
    scale: Fraction,
    known: dict[tuple[str, Pixels], Planes | None],
) -> float:
    given, chroma = example.given, None
    key = (example.name, reading.input)
    if reading.input.channels == "y":
        given, chroma = split(given)
    if key not in known:
        known[key] = _made(run, given, reading.input)
    made = known[key]
    if made is None:
        return 0.0
    result = meant(made, reading.output)
    if chroma is not None:
        result = joined(result, enlarged(chroma, int(scale)))
    elif reading.input.channels == "grey":
        result = result.reshape(1, 3, *result.shape[2:])
    return example.score(result) if result.shape == example.wanted.shape else 0.0


def _made(run: Run, given: Planes, pixels: Pixels) -> Planes | None:
    planes = given.reshape(-1, 1, *given.shape[2:]) if pixels.channels == "grey" else given
    try:
        made = [run(read(planes[i : i + 1], pixels)) for i in range(len(planes))]
        return np.concatenate(made).astype(np.float32)
    except (ModelFailed, MemoryError):
        return None
