"""Train `printroom/upscale-x4-photo`: four times the size for bad photographs, sharp to the eye.

pictures -> blurred, shrunk, noisy, compressed, twice -> train -> upscale-x4-photo.onnx + card.json

First faithful, then with a critic beside (`training.adversary`), which makes the net decide where
it would blur. What it adds looks right and may be wrong: never for evidence, never chosen unasked.
Scores on its card are those of the faults it learns on; by mean errors it loses against the
faithful nets, which is the price of its looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from printroom.catalogue.card import ModelCard
from printroom.training.adversary import Adversary
from printroom.training.degradations.compose import Chain, Choice
from printroom.training.degradations.resize import Resize
from printroom.training.degradations.second_order import second_order
from printroom.training.judging import Exam, exam, pictures_of
from printroom.training.pairs import Degraded
from printroom.training.release import Recipe, carry_out
from printroom.training.sources import Array
from printroom.training.trainer import Options as Common

SCALE = 4
FAULTS = Choice(second_order(1 / SCALE), Chain(Resize(1 / SCALE)), weights=(9, 1))
"""Now and then a picture that is only small: what is good must stay so."""


@dataclass(frozen=True)
class Options(Common):
    """What a run may vary."""

    patch: int = 48
    channels: int = 64
    layers: int = 10
    data_kind: str = "wide"
    after: float = 0.5
    """Share of the steps after which the critic joins in."""
    critic: float = 0.1
    """Weight of its verdict."""
    matching: float = 1.0
    """Weight of how different result and target look to it."""
    share: float = 0.5
    """Of what was learnt beside it, in the weights that ship, 0..1; the rest is faithful."""


def exams(data: Path, aside: list[Array]) -> list[Exam]:
    """Small pictures with such faults, and ones that are only small."""
    kodak = pictures_of(data, "kodak24", SCALE)
    return [
        exam("kodak24 x4, faults of the second order", kodak, second_order(1 / SCALE), SCALE),
        exam("kodak24 x4", kodak, Resize(1 / SCALE), SCALE),
        exam("aside x4", [p[: p.shape[0] & ~3, : p.shape[1] & ~3] for p in aside], FAULTS, SCALE),
    ]


def main(data: Path, out: Path, options: Options) -> ModelCard:
    """Train on `data`, write weights and card to `out`; see `training.release.carry_out`."""
    recipe = Recipe(
        command="photo",
        model="upscale-x4-photo",
        task="upscale",
        title="Four times the size, sharp to the eye: detail is invented",
        pairs=lambda pictures: Degraded(pictures, FAULTS, options.patch, SCALE),
        exams=lambda pictures: exams(data, pictures.aside),
        scale=SCALE,
        adversary=lambda: Adversary(
            options.after,
            weight=options.critic,
            matching=options.matching,
            share=options.share,
            seed=options.seed,
        ),
    )
    return carry_out(recipe, data, out, options)
