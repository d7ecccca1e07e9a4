"""Train `printroom/lowlight`: how to brighten a dark picture, told from a thumbnail.

    pictures -> scenes with more light and shade than a file holds -> exposed well, and too little
             -> the curve that leads back -> lowlight.onnx + card.json

A scene is a picture, or two with a border of any softness between them, one in several times the
light of the other, as a window in a room. It is exposed well when most of it lies near the middle
(Mertens, Kautz, Van Reeth 2007), or when its mean does: photographers do both. A third of the
pictures come in well exposed, and must stay as they are. Real brackets are learnt from with
`--data-kind research` only: half of the scenes, the others examine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from printroom.catalogue.card import ModelCard
from printroom.metrics.psnr import psnr
from printroom.quality.brackets import Bracket, glance, pairs_of, scenes
from printroom.steps.enhance import lowlight as step
from printroom.training.degradations.base import Picture
from printroom.training.degradations.compress import from_bytes, to_bytes
from printroom.training.degradations.light import to_linear, to_srgb
from printroom.training.judging import EQUAL, Array, Run, pictures_of
from printroom.training.pairs import MakePair, Pair
from printroom.training.photos import read_rgb
from printroom.training.predictors import Prediction, Shown, Thumbnails, planes, predict, thumbnail
from printroom.training.sources import Pictures
from printroom.training.trainer import Options as Common

BENDS = 8
BRACKETS = "sice_multiexp"
REAL_SHARE = 0.3
"""Of the pairs, when there are real ones."""
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
LEAVES = 0.25
"""Share of dead leaves."""
WELL = (0.26, 0.72)
"""Mean luma of pictures that are taken for well exposed."""
WIDE = 0.55
"""Share of scenes with more light and shade than a file holds."""
STAYS = 0.35
"""Share of pictures that come in well exposed."""
STOPS = (1.2, 6.5)
"""How much too little light the others have."""
CLOSE, SAME = 2e-3, 3e-4
"""Mean squared errors under which better hardly counts: of a dark picture, of a well-lit one."""


@dataclass(frozen=True)
class Options(Common):
    """What a run may vary."""

    steps: int = 1000
    leaves: int = 80
    batch: int = 16
    patch: int = step.SIDE
    """Side of a thumbnail in pixels."""
    rate: float = 2e-3
    channels: int = 24
    layers: int = 1
    """Of 1x1 convolutions on coarse features."""


class Glance(nn.Module):
    """(n, 3, h, w) -> (n, 3, BENDS, 1): how many pixels have which tone, and what lies beside what.

    A 1x1 convolution, a ReLU and a mean make a histogram whose bins are learnt. All channels get
    the same bends.
    """

    def __init__(self, channels: int, layers: int) -> None:
        super().__init__()
        wide = 2 * channels
        self.tones = nn.Conv2d(6, channels, 1)
        self.coarse = nn.Conv2d(6, wide, 3, padding=1)
        self.more = nn.ModuleList([nn.Conv2d(wide, wide, 1) for _ in range(layers)])
        self.think = nn.Conv2d(channels + wide, 64, 1)
        self.answer = nn.Conv2d(64, BENDS, 1)
        nn.init.zeros_(self.answer.weight)
        nn.init.zeros_(self.answer.bias)

    def forward(self, x: Tensor) -> Tensor:
        seen = torch.cat([x, x.clamp(min=1e-4).sqrt()], 1)  # the root spreads what is dark
        coarse = F.relu(self.coarse(F.avg_pool2d(seen, 3)))
        for layer in self.more:
            coarse = F.relu(layer(coarse))
        tones = F.relu(self.tones(seen))
        pooled = torch.cat([part.mean((2, 3), keepdim=True) for part in (tones, coarse)], 1)
        bends = torch.tanh(self.answer(F.relu(self.think(pooled))))
        return bends.transpose(1, 2).expand(-1, 3, -1, -1)


def bent(x: Tensor, bends: Tensor) -> Tensor:
    """What `steps.enhance.lowlight.Curve` does, for a batch."""
    for place in range(bends.shape[2]):
        x = x + bends[:, :, place, None] * x * (1 - x)
    return x


def loss_of(bends: Tensor, target: Tensor, squared: bool) -> Tensor:  # noqa: ARG001  as in papers: dB
    """Mean of the logarithms of mean squared errors: in dB, so that each picture counts alike.

    `target` (n, 6, h, w) holds the well-exposed picture and the one to brighten.
    """
    good, dark = target[:, :3], target[:, 3:]
    error = (bent(dark, bends) - good).square().mean((1, 2, 3))
    lit = (dark == good).flatten(1).all(1)
    return (error + torch.where(lit, SAME, CLOSE)).log().mean()


def luma(picture: Picture) -> Picture:
    """(H, W, 3) -> (H, W), in 0..1."""
    result: Picture = picture @ LUMA
    return result


def well_exposed(picture: Picture) -> bool:
    """Whether a thumbnail can be one to aim at."""
    levels = luma(picture)
    return WELL[0] < levels.mean() < WELL[1] and bool(levels.std() > 0.08)


@dataclass(frozen=True)
class Darkened:
    """Makes pairs from pictures that are well exposed."""

    thumbnails: Thumbnails

    def __call__(self, random: np.random.Generator) -> Pair:
        light = self.scene(random)
        stops = 0.0 if random.random() < STAYS else float(random.uniform(*STOPS))
        contrast = np.float32(np.exp(random.normal(0, 0.12))) if random.random() < 0.5 else 1
        good, dark = (
            to_srgb(np.clip(light * np.float32(2**-less), 0, 1)) ** contrast for less in (0, stops)
        )
        if stops and random.random() < 0.5:
            haze, noise = random.uniform(-0.004, 0.008), random.normal(0, 0.004, dark.shape)
            dark = np.clip(dark + (noise + haze).astype(np.float32), 0, 1)
        return dark, np.concatenate([good, dark], axis=2)

    def scene(self, random: np.random.Generator) -> Picture:
        """Light at each pixel, 1 = as much as the well-exposed file holds."""
        light = to_linear(self.thumbnails.draw(random))
        if random.random() >= WIDE:
            return light
        share = border(light.shape[0], random)
        bright = to_linear(self.thumbnails.draw(random)) * np.float32(2 ** random.uniform(0.5, 4.5))
        light = light * (1 - share) + bright * share
        if random.random() < 0.5:
            share = border(light.shape[0], random)
            light = light * (1 - share + share * np.float32(2 ** -random.uniform(0.5, 3.5)))
        return light * np.float32(2 ** exposure(light, random))


def border(side: int, random: np.random.Generator) -> Picture:
    """(side, side, 1) in 0..1: two regions, hard or soft where they meet."""
    coarse = random.normal(0, 1, (int(random.integers(2, 6)),) * 2).astype(np.float32)
    field = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    level = np.quantile(field, random.uniform(0.4, 0.9))
    steep = float(random.choice([2, 8, 60]))
    share = 1 / (1 + np.exp(np.clip(steep * (level - field), -30, 30)))
    return share[..., None].astype(np.float32)


def exposure(light: Picture, random: np.random.Generator) -> float:
    """Stops by which to expose more, so that the picture is well exposed."""
    stops = np.linspace(-8, 7, 31, dtype=np.float32) + np.float32(random.uniform(-0.25, 0.25))
    amount = luma(light[::3, ::3]).ravel() * np.exp2(stops)[:, None]
    levels = to_srgb(np.clip(amount, 0, 1))
    if random.random() < 0.3:
        return float(stops[np.exp(-((levels - 0.5) ** 2) / 0.08).mean(1).argmax()])
    middle = np.clip(random.normal(0.49, 0.05), 0.35, 0.63)
    return float(np.interp(middle, levels.mean(1), stops))


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
