"""Train `printroom/denoise`: noise away, of any strength that photographs have.

    pictures -> noise of many kinds -> train -> denoise.onnx + card.json
    real noisy pictures, means of many shots ->

Blind. The noise is that of the papers (white, on bytes, in colour or grey), of sensors (of light
and amplifier, in linear light, through a Bayer pattern), of what cameras and resizing leave (in
grains), with JPEG after it or not; and, unless one's own pictures are learnt from, real: pairs of
one shot and the mean of many, of scenes that are not examined. A twelfth of the patches come in as
they are, so that the net learns to leave clean pictures alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from printroom.catalogue.card import ModelCard
from printroom.runtimes.onnx.ours.unet import ALIGN
from printroom.training.augment import crop_pair
from printroom.training.degradations.base import Range
from printroom.training.degradations.compose import Chain, Choice, Maybe
from printroom.training.degradations.compress import Jpeg, from_bytes
from printroom.training.degradations.light import InLinearLight
from printroom.training.degradations.noise import (
    CorrelatedNoise,
    Demosaiced,
    GaussianNoise,
    ShotReadNoise,
    white,
)
from printroom.training.judging import Exam, exam, pictures_of
from printroom.training.mending import Mending, aligned, fitting
from printroom.training.pairs import Degraded, MakePair, Pair
from printroom.training.photos import read_folders
from printroom.training.release import Recipe, carry_out
from printroom.training.sources import TEST_SCENES, Array, Pictures

SIGMA = Range(0, 55)
SENSOR = InLinearLight(
    Demosaiced(ShotReadNoise(Range(3e-4, 2e-2, log=True), Range(5e-4, 2e-2, log=True)))
)
GRAINS = CorrelatedNoise(Range(2, 30), grain=Range(0, 1.2), shared=Range(0, 1))
FAULTS = Choice(
    GaussianNoise(SIGMA),
    GaussianNoise(SIGMA, grey=True),
    Chain(Choice(SENSOR, GRAINS), Maybe(0.5, Jpeg(Range(60, 98)))),
    Chain(),
    weights=(5, 1, 5, 1),
)
GREYS, GREY_FAULTS = 0.35, Choice(GaussianNoise(SIGMA, grey=True), Chain(), weights=(11, 1))
"""Share of pictures without colours, and what happens to those."""
GREY_NOISE = 1 / 6
"""Share of white noise on pictures with colours that is the same in all of them."""
PAPER_SHARE = 0.3
"""Of the patches: white noise that goes beyond black and white, as the papers' tests have it."""
TRIES = 2
"""Crops, of which the one with the most detail is learnt from."""
REAL = "polyu_noisy"
REAL_SHARE = 0.12
"""Of the patches."""


@dataclass(frozen=True)
class Options(Mending):
    """What a run may vary."""

    fabrics: int = 500


@dataclass(frozen=True)
class Mixed:
    """Pairs with noise as in files, as in papers, and now and then with real noise."""

    made: MakePair
    clean: MakePair
    real: list[tuple[Array, Array]]
    side: int

    def __call__(self, random: np.random.Generator) -> Pair:
        if self.real and random.random() < REAL_SHARE:
            noisy, mean = self.real[int(random.integers(len(self.real)))]
            return crop_pair(from_bytes(noisy), from_bytes(mean), self.side, random)
        if random.random() >= PAPER_SHARE:
            return self.made(random)
        _, target = self.clean(random)
        grey = bool((target[..., 0] == target[..., 2]).all()) or random.random() < GREY_NOISE
        shape = (self.side, self.side, 1 if grey else 3)
        return target + np.float32(SIGMA.draw(random) / 255) * white(shape, random), target


def real_pairs(data: Path, examined: bool) -> list[tuple[Array, Array]]:
    """(one shot, mean of many) below `data`, of the scenes that are examined or of the others."""
    folder = data / REAL
    if not folder.is_dir():
        return []

    def of(kind: str) -> list[Array]:
        def wanted(name: str) -> bool:
            in_test = any(f"_{scene}_" in name for scene in TEST_SCENES)
            return kind in name and in_test == examined

        return read_folders([folder], ALIGN, wanted).pictures

    return list(zip(of("_real"), of("_mean"), strict=True))


def exams(data: Path, aside: list[Array]) -> list[Exam]:
    """The field's grey and colour tests, real noise, and clean photographs."""
    sets = (pictures_of(data, "classic5"), pictures_of(data, "kodak24"), aside)
    classic5, kodak, aside = map(aligned, sets)
    grey = (GaussianNoise(sigma, grey=True) for sigma in (15, 25, 50))
    return [
        *(exam(f"classic5 sigma {n.sigma}", classic5, n, over="grey") for n in grey),
        exam("kodak24 sigma 25", kodak, GaussianNoise(25)),
        exam("kodak24 clean", kodak, Chain()),
        Exam(REAL, real_pairs(data, examined=True)),
        exam("aside sigma 25", aside, GaussianNoise(25)),
    ]


def main(data: Path, out: Path, options: Options) -> ModelCard:
    """Train on `data`, write weights and card to `out`; see `training.release.carry_out`.

    Raises BadOption for patches that the net cannot halve.
    """
    net = fitting(options)
    real = [] if options.data_kind == "own" else real_pairs(data, examined=False)

    def pairs(pictures: Pictures) -> MakePair:
        clean = Degraded(pictures, Chain(), options.patch, greys=GREYS, tries=TRIES)
        made = replace(clean, faults=FAULTS, grey_faults=GREY_FAULTS)
        return Mixed(made, clean, real, options.patch)

    recipe = Recipe(
        command="denoise",
        model="denoise",
        task="denoise",
        title="Takes noise away, however strong",
        pairs=pairs,
        exams=lambda pictures: exams(data, pictures.aside),
        extra={REAL: "BSD-style"} if real else None,
        net=net,
    )
    return carry_out(recipe, data, out, options)
