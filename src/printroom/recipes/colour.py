"""Train `printroom/colour`: the colour of the light in a picture, told from a thumbnail.

    pictures -> in the light of lamps, skies and wrong settings -> the gains that were wrong
             -> train -> colour.onnx + card.json

The net reads histograms of log chroma, where a cast is a shift (Barron 2015, "Convolutional color
constancy"; Barron and Tsai 2017): of all of the picture, of its light, its edges, its brightest
parts, and of the highest value of each channel, each of which classical estimators trust alone.
Convolutions say how likely each bin is the light; the answer is the mean over all bins. A third of
the pictures come in without a cast, and must stay as they are. Few pictures are permitted, so most
are made of two, and hues are turned about grey: what is learnt is what grey looks like, not which
colours these pictures have.
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
from printroom.quality.light import cast_angle, measurable
from printroom.steps.enhance import colour as step
from printroom.training.dark_scenes import border
from printroom.training.degradations.base import Picture
from printroom.training.degradations.cast import ColourCast, gains
from printroom.training.degradations.compress import from_bytes, to_bytes
from printroom.training.degradations.light import InLinearLight, to_linear, to_srgb
from printroom.training.judging import Array, Exam, Run, pictures_of
from printroom.training.pairs import MakePair, Pair
from printroom.training.predictors import Prediction, Shown, Thumbnails, planes, predict
from printroom.training.sources import Pictures
from printroom.training.trainer import Options as Common

LEAVES = 0.2
"""Share of dead leaves."""
MIXED = 0.6
"""Share of pictures made of two, beside each other."""
TURNED = 0.3
"""Share of parts whose hues are turned."""
STAYS = 0.3
"""Share of pictures without a cast."""
STOPS = (0.1, 1.6)
"""How strong the others' casts are."""
BINS, REACH = 24, 2.3
"""Of a histogram along a side, and the log2 of red, or blue, over green at its ends."""
GAMMA = 2.2
"""Near enough to sRGB's for a histogram."""
POOL = 4
"""Pixels of a thumbnail, along a side, that are counted as one."""
EXAMINED = (0.5, 1.0)
"""Casts in stops that the exam makes."""


@dataclass(frozen=True)
class Options(Common):
    """What a run may vary."""

    steps: int = 3000
    leaves: int = 80
    batch: int = 8
    patch: int = step.SIDE
    """Side of a thumbnail in pixels."""
    rate: float = 3e-3
    channels: int = 16
    layers: int = 1
    """5x5 convolutions over the histograms, beyond the first."""


class Histograms(nn.Module):
    """Log chroma of light, (n, 3, h, w), counted with weights (n, 1, h, w): (n, BINS, BINS)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("bins", torch.linspace(-REACH, REACH, BINS), persistent=False)

    def forward(self, light: Tensor, weights: Tensor) -> Tensor:
        logs = torch.log2(light + 1e-3)
        red, blue = (self.near(logs[:, place] - logs[:, 1]) for place in (0, 2))
        counts = torch.matmul(red * weights.flatten(2), blue.transpose(1, 2))
        return counts / (counts.sum((1, 2), keepdim=True) + 1e-5)

    def near(self, values: Tensor) -> Tensor:
        """(n, h, w) -> (n, BINS, h w): how near each value is to each bin, 0..1."""
        spread = values.clamp(-REACH, REACH).flatten(1)[:, None] - self.bins[:, None]
        return F.relu(1 - spread.abs() * ((BINS - 1) / (2 * REACH)))


class Light(nn.Module):
    """(n, 3, h, w) -> (n, 3, 1, 1): log2 of the light's red, green and blue, with mean 0."""

    def __init__(self, channels: int, layers: int) -> None:
        super().__init__()
        self.count = Histograms()
        sizes = [5, *[channels] * (layers + 1)]
        self.layers = nn.ModuleList([nn.Conv2d(a, b, 5, padding=2) for a, b in pairwise(sizes)])
        self.likely = nn.Conv2d(channels, 1, 1)
        at = self.count.bins
        self.prior = nn.Parameter(-(at[:, None] ** 2 + at**2)[None, None] / 2)
        """How likely each light is before looking."""

    def forward(self, x: Tensor) -> Tensor:
        seen = self.seen(x.clamp(0, 1) ** GAMMA)
        for layer in self.layers:
            seen = F.relu(layer(seen))
        chances = torch.softmax((self.likely(seen) + self.prior).flatten(1), 1)
        chances = chances.unflatten(1, (BINS, BINS))
        red, blue = ((chances.sum(way) * self.count.bins).sum(1) for way in (2, 1))
        mean = (red + blue) / 3  # with green as 0
        return torch.stack([red - mean, -mean, blue - mean], 1)[..., None, None]

    def seen(self, light: Tensor) -> Tensor:
        """(n, 5, BINS, BINS): the histograms, roots taken so that rare colours count too."""
        mean, top = F.avg_pool2d(light, POOL), F.max_pool2d(light, POOL)
        inner = light[..., 1:, 1:]
        edges = (inner - light[..., :-1, 1:]).abs() + (inner - light[..., 1:, :-1]).abs()
        edges = F.avg_pool2d(edges, POOL)
        highest = light.amax((2, 3), keepdim=True)
        level, brightness = (part.mean(1, keepdim=True) for part in (mean, top))
        brightness = brightness / (brightness.amax((2, 3), keepdim=True) + 1e-3)
        counted = [
            self.count(mean, level / (level + 0.01)),
            self.count(mean, level),
            self.count(edges, edges.mean(1, keepdim=True)),
            self.count(top, brightness**4),
            self.count(highest, highest.mean(1, keepdim=True)),
        ]
        return (torch.stack(counted, 1) * 100 + 1e-4).sqrt()


def loss_of(light: Tensor, target: Tensor) -> Tensor:
    """Mean distance in stops between the light that was found and the true one, (n, 3, 1, 1)."""
    return ((light - target).square().sum(1) + 1e-3).sqrt().mean()


def colourful(picture: Picture) -> bool:
    """Whether a thumbnail shows colours, and light enough to tell."""
    return bool(np.ptp(picture, axis=2).mean() > 0.02 and 0.1 < picture.mean() < 0.9)


@dataclass(frozen=True)
class Tinted:
    """Makes pairs from pictures whose white balance is taken for right."""

    thumbnails: Thumbnails

    def __call__(self, random: np.random.Generator) -> Pair:
        light = varied(self.scene(random), random)
        stops = 0.0 if random.random() < STAYS else float(random.uniform(*STOPS))
        wrong = gains(*drawn(stops, random))
        shown = to_srgb(np.clip(light * wrong.astype(np.float32), 0, 1))
        if random.random() < 0.3:
            shown = shown ** np.float32(np.exp(random.normal(0, 0.1)))
        answer = np.log2(wrong)
        return shown, (answer - answer.mean()).astype(np.float32)[None, None]

    def scene(self, random: np.random.Generator) -> Picture:
        """(side, side, 3) light in white light."""
        light = self.part(random)
        if random.random() >= MIXED:
            return light
        share = border(light.shape[0], random)
        return light * (1 - share) + self.part(random) * share

    def part(self, random: np.random.Generator) -> Picture:
        light = to_linear(self.thumbnails.draw(random))
        return turned(light, random) if random.random() < TURNED else light


def drawn(stops: float, random: np.random.Generator) -> tuple[float, float]:
    """Warmth and tint of a cast of so many stops, in any direction."""
    angle = random.uniform(0, 2 * math.pi)
    return stops * math.cos(angle), stops * math.sin(angle) / 2


def turned(light: Picture, random: np.random.Generator) -> Picture:
    """All hues turned about grey by one angle, (..., 3); greys stay, nothing gets negative."""
    angle = random.uniform(0, 2 * math.pi)
    place = np.subtract.outer(np.arange(3), np.arange(3)) * (2 * math.pi / 3)
    turn = (1 + 2 * np.cos(place + angle)) / 3  # Rodrigues' formula about (1, 1, 1)
    return np.maximum(light @ turn.astype(np.float32), 0)


def varied(light: Picture, random: np.random.Generator) -> Picture:
    """The same scene with more or less colour and exposure, 0..1."""
    if random.random() < 0.5:
        grey = (light @ step.LUMA.astype(np.float32))[..., None]
        light = np.maximum(grey + np.float32(random.uniform(0.5, 1.4)) * (light - grey), 0)
    light = light * np.float32(2 ** random.normal(0, 0.35))
    light = np.minimum(light, 1)  # what the sensor holds; a wrong balance comes after
    return light * np.exp2(random.normal(0, 0.03, 3)).astype(np.float32)


@dataclass(frozen=True)
class Balanced:
    """An exam: by how many dB the step makes the angle of casts smaller; 6 dB = half."""

    name: str
    pictures: Sequence[Array]
    """Well-balanced ones, (H, W, 3) uint8."""

    def score(self, run: Run) -> float:
        angles = []
        for number, picture in enumerate(self.pictures):
            random = np.random.default_rng([1, number])
            for stops in EXAMINED:
                cast = InLinearLight(ColourCast(*drawn(stops, random)))
                shown = to_bytes(cast(from_bytes(picture), random))
                where = measurable(picture) & measurable(shown)
                if where.any():
                    pair = (shown, restored(run, shown))
                    angles.append([cast_angle(result, picture, where) for result in pair])
        before, after = np.mean(angles, axis=0)
        return float(20 * math.log10(before / after))


def restored(run: Run, picture: Array) -> Array:
    """(H, W, 3) uint8 as the step balances it, shown the picture itself for a thumbnail."""
    tile = planes(from_bytes(picture))
    balance = step.settled(step.look(Shown(run), tile))
    return to_bytes(step.Colour().apply(tile, balance)[0].transpose(1, 2, 0))


@dataclass(frozen=True)
class Spared:
    """An exam: mean PSNR in dB of well-balanced pictures against themselves, through the step."""

    name: str
    pictures: Sequence[Array]

    def score(self, run: Run) -> float:
        exam = Exam(self.name, [(picture, picture) for picture in self.pictures])
        return exam.mean(restored(run, picture) for picture in self.pictures)


def exams(data: Path, pictures: Pictures) -> list[Balanced | Spared]:
    """Casts made on photographs that were not learnt from, and the same photographs without."""
    photos = pictures_of(data, "kodak24") + pictures.aside
    if not photos:
        return []
    return [Balanced("kodak24 casts", photos), Spared("kodak24 as it is", photos)]


def main(data: Path, out: Path, options: Options) -> ModelCard:
    """Train on `data`, write weights and card to `out`; see `training.predictors.predict`."""

    def pairs(pictures: Pictures) -> MakePair:
        return Tinted(Thumbnails(pictures, options.patch, LEAVES, colourful))

    what = Prediction(
        task="colour",
        title="Takes colour casts away",
        side=step.SIDE,
        build=partial(Light, options.channels, options.layers),
        loss=loss_of,
        pairs=pairs,
        exams=lambda pictures: exams(data, pictures),
        extra={},
    )
    return predict(what, data, out, options)
