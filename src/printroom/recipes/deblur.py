"""Train `printroom/deblur`: sharp again what the lens, the focus or the hand has blurred a little.

    pictures -> Gaussian, motion or defocus blur, some noise -> train -> deblur.onnx + card.json

Blind. A twelfth of the patches come in as they are, so that the net learns to leave sharp pictures
alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from printroom.catalogue.card import ModelCard
from printroom.training.degradations.base import Range
from printroom.training.degradations.blur import DefocusBlur, GaussianBlur, MotionBlur
from printroom.training.degradations.compose import Chain, Choice, Maybe
from printroom.training.degradations.noise import GaussianNoise
from printroom.training.judging import Exam, exam, pictures_of
from printroom.training.mending import Mending, aligned, fitting
from printroom.training.pairs import Degraded
from printroom.training.release import Recipe, carry_out
from printroom.training.sources import Array

ANY_ANGLE = Range(0, 180)
BLUR = Choice(
    GaussianBlur(Range(0.3, 2.6)),
    GaussianBlur(Range(0.6, 3), ratio=Range(0.3, 1), angle=ANY_ANGLE),
    MotionBlur(Range(1, 11), angle=ANY_ANGLE, bend=Range(-40, 40)),
    DefocusBlur(Range(0.5, 3)),
    weights=(0.4, 0.15, 0.25, 0.2),
)
FAULTS = Chain(BLUR, Maybe(0.3, GaussianNoise(Range(0, 3))))
EXAMINED = {
    "gaussian 1.6": GaussianBlur(1.6),
    "motion 7": MotionBlur(7, angle=30),
    "defocus 2": DefocusBlur(2),
}


@dataclass(frozen=True)
class Options(Mending):
    """What a run may vary."""


def exams(data: Path, aside: list[Array]) -> list[Exam]:
    """Photographs under each kind of blur, and as they are."""
    kodak, aside = map(aligned, (pictures_of(data, "kodak24"), aside))
    return [
        *(exam(f"kodak24 {name}", kodak, blur) for name, blur in EXAMINED.items()),
        exam("kodak24 clean", kodak, Chain()),
        exam("aside gaussian 1.6", aside, GaussianBlur(1.6)),
    ]


def main(data: Path, out: Path, options: Options) -> ModelCard:
    """Train on `data`, write weights and card to `out`; see `training.release.carry_out`.

    Raises BadOption for patches that the net cannot halve.
    """
    faults = Maybe(11 / 12, FAULTS)
    recipe = Recipe(
        command="deblur",
        model="deblur",
        task="deblur",
        title="Sharpens what was slightly out of focus or shaken",
        pairs=lambda pictures: Degraded(pictures, faults, options.patch, greys=0.1),
        exams=lambda pictures: exams(data, pictures.aside),
        net=fitting(options),
    )
    return carry_out(recipe, data, out, options)
