"""Train `printroom/lowlight`: how to brighten a dark picture, told from a thumbnail.

    pictures -> scenes with more light and shade than a file holds, through a camera
             -> exposed well, and too little -> the curve that leads back
             -> lowlight.onnx + card.json

Scenes and their exposures are those of `training.dark_scenes`. Part of the pictures come in well
exposed, and must stay as they are. Real brackets are learnt from with `--data-kind research` only:
half of the scenes, the others examine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from printroom.catalogue.card import ModelCard
from printroom.metrics.psnr import psnr
from printroom.quality.brackets import Bracket, glance, pairs_of, scenes
from printroom.steps.enhance import lowlight as step
from printroom.training.dark_scenes import LUMA, developed, luma, scene
from printroom.training.degradations.base import Picture
from printroom.training.degradations.compress import from_bytes, to_bytes
from printroom.training.judging import EQUAL, Array, Run, pictures_of
from printroom.training.pairs import MakePair, Pair
from printroom.training.photos import read_rgb
from printroom.training.predictors import Prediction, Shown, Thumbnails, planes, predict, thumbnail
from printroom.training.sources import Pictures
from printroom.training.trainer import Options as Common

BENDS = 8
BINS = 32
"""Of a histogram of tones."""
SHADOWS = 64
"""How much the histograms' bins crowd towards black; they lie evenly along log(1 + SHADOWS x)."""
REGIONS = 8
"""Along a side of the thumbnail, whose means are counted too."""
BRACKETS = "sice_multiexp"
REAL_SHARE = 0.3
"""Of the pairs, when there are real ones."""
LEAVES = 0.2
"""Share of dead leaves."""
WELL = (0.26, 0.72)
"""Mean luma of pictures that are taken for well exposed."""
STAYS = 0.3
"""Share of pictures that come in well exposed: half of them photographs, half of them scenes."""
CLOSE, SAME = 2e-3, 3e-4
"""Mean squared errors under which better hardly counts: of a dark picture, of a well-lit one."""


@dataclass(frozen=True)
class Options(Common):
    """What a run may vary."""

    steps: int = 2500
    leaves: int = 80
    batch: int = 16
    patch: int = step.SIDE
    """Side of a thumbnail in pixels."""
    rate: float = 2e-3
    channels: int = 64
    layers: int = 1
    """Between the first and the last."""


class Glance(nn.Module):
    """(n, 3, h, w) -> (n, 3, BENDS, 1): read from how many pixels, and regions, have which tone.

    All channels get the same bends.
    """

    def __init__(self, channels: int, layers: int) -> None:
        super().__init__()
        self.register_buffer("bins", torch.linspace(0, 1, BINS), persistent=False)
        sizes = [3 * BINS, *[channels] * (layers + 1)]
        self.layers = nn.ModuleList([nn.Conv2d(a, b, 1) for a, b in pairwise(sizes)])
        self.answer = nn.Conv2d(channels, BENDS, 1)
        nn.init.zeros_(self.answer.weight)
        nn.init.zeros_(self.answer.bias)

    def forward(self, x: Tensor) -> Tensor:
        grey = (x * x.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
        regions = F.avg_pool2d(grey, step.SIDE // REGIONS)
        counted = [self.count(part) for part in (grey, x.amax(1, keepdim=True), regions)]
        seen = (torch.cat(counted, 1) + 1e-3).sqrt() * 4  # roots, so that rare tones count too
        for layer in self.layers:
            seen = F.relu(layer(seen))
        return torch.tanh(self.answer(seen)).transpose(1, 2).expand(-1, 3, -1, -1)

    def count(self, values: Tensor) -> Tensor:
        """(n, 1, h, w) -> (n, BINS, 1, 1): shares of the tones, each between two bins."""
        places = torch.log(1 + SHADOWS * values.clamp(0, 1)) / math.log(1 + SHADOWS)
        spread = (places.flatten(2) - self.bins[:, None]).abs()
        return F.relu(1 - spread * (BINS - 1)).mean(2)[..., None, None]


def bent(x: Tensor, bends: Tensor) -> Tensor:
    """What `steps.enhance.lowlight.Curve` does, for a batch."""
    for place in range(bends.shape[2]):
        x = x + bends[:, :, place, None] * x * (1 - x)
    return x


def loss_of(bends: Tensor, target: Tensor) -> Tensor:
    """Mean of the logarithms of mean squared errors: in dB, so that each picture counts alike.

    `target` (n, 6, h, w) holds the well-exposed picture and the one to brighten.
    """
    good, dark = target[:, :3], target[:, 3:]
    error = (bent(dark, bends) - good).square().mean((1, 2, 3))
    lit = (dark == good).flatten(1).all(1)
    return (error + torch.where(lit, SAME, CLOSE)).log().mean()


def well_exposed(picture: Picture) -> bool:
    """Whether a thumbnail can be one to aim at."""
    levels = luma(picture)
    return WELL[0] < levels.mean() < WELL[1] and bool(levels.std() > 0.08)


@dataclass(frozen=True)
class Darkened:
    """Makes pairs from pictures that are well exposed."""

    thumbnails: Thumbnails

    def __call__(self, random: np.random.Generator) -> Pair:
        stays = random.random() < STAYS
        if stays and random.random() < 0.5:
            taken = self.thumbnails.draw(random)
            return taken, np.concatenate([taken, taken], axis=2)
        made = scene(self.thumbnails.draw, random)
        well, low = made.bracket(random)
        good = made.exposed(well)
        dark = good if stays else developed(made.exposed(low), random)
        return dark, np.concatenate([good, dark], axis=2)


@dataclass(frozen=True)
class Mixed:
    """Made pairs, and now and then real ones."""

    made: MakePair
    real: Sequence[Pair]

    def __call__(self, random: np.random.Generator) -> Pair:
        if not self.real or random.random() >= REAL_SHARE:
            return self.made(random)
        dark, good = self.real[int(random.integers(len(self.real)))]
        way = slice(None, None, -1 if random.random() < 0.5 else 1)
        return dark[:, way], np.concatenate([good, dark], axis=2)[:, way]


@dataclass(frozen=True)
class Brightened:
    """An exam: mean PSNR in dB over RGB of (dark, well exposed) pairs, through the step."""

    name: str
    pairs: Sequence[tuple[Array, Array]]
    """(H, W, 3) uint8."""

    def score(self, run: Run) -> float:
        scores = [psnr(good, restored(run, dark)) for dark, good in self.pairs]
        return float(np.mean(np.minimum(scores, EQUAL)))


def restored(run: Run, picture: Array) -> Array:
    """(H, W, 3) uint8 as the step brightens it, shown the picture itself for a thumbnail."""
    tile = planes(from_bytes(picture))
    curve = step.settled(step.look(Shown(run), tile))
    return to_bytes(step.LowLight().apply(tile, curve)[0].transpose(1, 2, 0))


def brackets(data: Path, aside: bool) -> list[tuple[Array, Array]]:
    """(dark, well exposed) from every other scene of the brackets below `data`.

    Those `aside` are the first, third ... scene that has such pairs; see `quality.brackets`.
    """
    folder = data / BRACKETS
    files = sorted(folder.glob("*.jpg"), key=lambda path: (len(path.stem), path.stem))
    pictures = {path: read_rgb(path) for path in files}
    row = (Bracket(path, *glance(picture)) for path, picture in pictures.items())
    usable = [pairs for scene in scenes(row) if (pairs := pairs_of(scene))]
    return [
        (pictures[dark.path], pictures[good.path])
        for pairs in usable[0 if aside else 1 :: 2]
        for dark, good in pairs
    ]


def exams(data: Path, pictures: Pictures) -> list[Brightened]:
    """Brackets kept aside, and well-lit photographs that should stay as they are."""
    lit = pictures_of(data, "kodak24") + pictures.aside
    found = [
        Brightened(f"{BRACKETS} aside", brackets(data, aside=True)),
        Brightened("kodak24 as it is", [(picture, picture) for picture in lit]),
    ]
    return [exam for exam in found if exam.pairs]


def main(data: Path, out: Path, options: Options) -> ModelCard:
    """Train on `data`, write weights and card to `out`; see `training.predictors.predict`."""
    research = options.data_kind == "research"
    real = brackets(data, aside=False) if research else []

    def pairs(pictures: Pictures) -> MakePair:
        made = Darkened(Thumbnails(pictures, options.patch, LEAVES, well_exposed))
        shrink = partial(thumbnail, side=options.patch)
        return Mixed(made, [(shrink(dark), shrink(good)) for dark, good in real])

    what = Prediction(
        task="lowlight",
        title="Brightens dark pictures with one smooth curve",
        side=step.SIDE,
        build=partial(Glance, options.channels, options.layers),
        loss=loss_of,
        pairs=pairs,
        exams=lambda pictures: exams(data, pictures),
        extra={BRACKETS: "non-commercial"} if real else {},
    )
    return predict(what, data, out, options)
