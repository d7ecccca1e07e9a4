"""Train `printroom/dejpeg`: JPEG's blocks and ringing away, whatever the quality was.

    pictures -> JPEG of quality 8 to 95 -> train -> dejpeg.onnx + card.json

Blind: nothing but the picture goes in. A twelfth of the patches come in as they are, so that the
net learns to leave clean pictures alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from printroom.catalogue.card import ModelCard
from printroom.training.degradations.base import Range
from printroom.training.degradations.compose import Chain, Choice, Maybe
from printroom.training.degradations.compress import Jpeg
from printroom.training.judging import Exam, exam, pictures_of
from printroom.training.mending import Mending, aligned, fitting
from printroom.training.pairs import Degraded
from printroom.training.release import Recipe, carry_out
from printroom.training.sources import Array

QUALITY = Range(8, 95)
FAULTS = Choice(Jpeg(QUALITY), Jpeg(QUALITY, "4:4:4"), weights=(0.7, 0.3))
EXAMINED = (10, 20, 30, 40)


@dataclass(frozen=True)
class Options(Mending):
    """What a run may vary."""


def exams(data: Path, aside: list[Array]) -> list[Exam]:
    """The field's test set of grey pictures, and photographs in colour."""
    sets = (pictures_of(data, "classic5"), pictures_of(data, "kodak24"), aside)
    classic5, kodak, aside = map(aligned, sets)
    return [
        *(exam(f"classic5 q{q}", classic5, Jpeg(q), over="grey") for q in EXAMINED),
        exam("kodak24 q20", kodak, Jpeg(20)),
        exam("kodak24 clean", kodak, Chain()),
        exam("aside q20", aside, Jpeg(20)),
    ]


def main(data: Path, out: Path, options: Options) -> ModelCard:
    """Train on `data`, write weights and card to `out`; see `training.release.carry_out`.

    Raises BadOption for patches that the net cannot halve.
    """
    faults = Maybe(11 / 12, FAULTS)
    recipe = Recipe(
        command="dejpeg",
        model="dejpeg",
        task="dejpeg",
        title="Takes JPEG's blocks and rings away",
        pairs=lambda pictures: Degraded(pictures, faults, options.patch, greys=0.3),
        exams=lambda pictures: exams(data, pictures.aside),
        net=fitting(options),
    )
    return carry_out(recipe, data, out, options)
