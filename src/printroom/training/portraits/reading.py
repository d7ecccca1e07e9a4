"""Nets that tell what a portrait shows: the generator's reader, and the judges.

    albums -> a trained Recogniser

The reader learns from the generator's own album, photos alone. A judge learns from an album that
no generator sees, in all styles, and what is no portrait: shuffled, mixed, turned, noisy, faceless.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from printroom.runtimes.generation import STYLES
from printroom.training.portraits import clutter
from printroom.training.portraits.album import POSES, Album
from printroom.training.portraits.loop import Course, Say, fit, half
from printroom.training.portraits.nets import Recogniser, reader
from printroom.training.portraits.people import CHOICES, MEASURES, Person

PHOTOS = POSES.count("photo")
BATCH = 96
TOLD = 160
"""Numbers that a judge has of a portrait."""


def judge(side: int) -> Recogniser:
    """Attributes, measures, then styles, then whether it is a portrait."""
    planes = (24, 48, 96, 128)[: 4 if side == 64 else 3]
    answers = sum(CHOICES.values()) + len(MEASURES) + len(STYLES) + 1
    return Recogniser(side, planes, TOLD, answers)


def train_reader(album: Album, course: Course, kept: Path, say: Say) -> Recogniser:
    """From the photos of an album."""
    net = reader()
    truth = Truth(album.people)

    def loss(random: np.random.Generator) -> Tensor:
        who = random.integers(len(album.people), size=BATCH)
        x = tensor(album.small[who, random.integers(PHOTOS, size=BATCH)])
        with half():
            answers = net.answer(net(shaken(x)))
        return truth.loss(answers.float(), who)

    return fit(net, loss, course, kept, say)


def guard() -> Recogniser:
    """Whether a small picture is a photo of a drawn person."""
    return Recogniser(32, (16, 32, 48), 32, 1)


def train_guard(album: Album, course: Course, kept: Path, say: Say) -> Recogniser:
    """From the photos of an album, and pictures that show nobody."""
    net = guard()

    def loss(random: np.random.Generator) -> Tensor:
        who = random.integers(len(album.people), size=BATCH)
        photos = album.small[who, random.integers(PHOTOS, size=BATCH)]
        third = BATCH // 3
        nobody = [clutter.clutter(random) for _ in range(2 * third)]
        nobody += [clutter.spoilt(photo, random) for photo in photos[:third]]
        x = torch.cat([shaken(tensor(photos)), shaken(tensor(np.stack(nobody)))])
        with half():
            answers = net.answer(net(x))[:, 0].float()
        truth = torch.cat([torch.ones(BATCH), torch.zeros(len(nobody))])
        return F.binary_cross_entropy_with_logits(answers, truth)

    return fit(net, loss, course, kept, say)


def train_judge(album: Album, side: int, course: Course, kept: Path, say: Say) -> Recogniser:
    """From all pictures of an album, `side` pixels wide."""
    net = judge(side)
    truth = Truth(album.people)
    pictures = album.large if side == 64 else album.small
    styles = np.array([STYLES.index(pose) for pose in POSES])

    def loss(random: np.random.Generator) -> Tensor:
        who, pose = (
            random.integers(len(album.people), size=BATCH),
            random.integers(len(POSES), size=BATCH),
        )
        x = shaken(tensor(pictures[who, pose]))
        with half():
            answers = net.answer(net(torch.cat([x, mangled(x[: BATCH // 3])]))).float()
        good = answers[:BATCH]
        style = F.cross_entropy(good[:, -1 - len(STYLES) : -1], torch.from_numpy(styles[pose]))
        portrait = torch.cat([torch.ones(BATCH), torch.zeros(len(answers) - BATCH)])
        whole = F.binary_cross_entropy_with_logits(answers[:, -1], portrait)
        return truth.loss(good, who) + style + whole

    return fit(net, loss, course, kept, say)


@torch.no_grad()  # type: ignore[untyped-decorator]
def wrong(net: Recogniser, album: Album, side: int) -> float:
    """Share of attributes and styles that a judge names wrongly."""
    pictures = album.large if side == 64 else album.small
    answers = net.answer(net(tensor(pictures.reshape(-1, side, side, 3))))
    errors, at = [], 0
    for name, count in CHOICES.items():
        truth = np.repeat([getattr(person, name) for person in album.people], len(POSES))
        errors.append((answers[:, at : at + count].argmax(1).numpy() != truth).mean())
        at += count
    styles = np.tile([STYLES.index(pose) for pose in POSES], len(album.people))
    found = answers[:, -1 - len(STYLES) : -1].argmax(1).numpy()
    return float(np.mean([*errors, (found != styles).mean()]))


class Truth:
    """What is true of people, as tensors."""

    def __init__(self, people: list[Person]) -> None:
        self.chosen = {k: torch.tensor([getattr(p, k) for p in people]) for k in CHOICES}
        self.measures = torch.tensor([[getattr(p, m) for m in MEASURES] for p in people])

    def loss(self, answers: Tensor, who: NDArray[np.int64]) -> Tensor:
        """Cross entropies, and squared errors of the measures."""
        total, at, index = answers.new_zeros(()), 0, torch.from_numpy(who)
        for name, count in CHOICES.items():
            total = total + F.cross_entropy(
                answers[:, at : at + count], self.chosen[name][index], label_smoothing=0.02
            )
            at += count
        told = answers[:, at : at + len(MEASURES)]
        return total + 4 * (told - self.measures[index].float()).square().mean()


def tensor(pictures: NDArray[np.uint8]) -> Tensor:
    """(n, H, W, 3) uint8 -> (n, 3, H, W), 0..1."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255


def shaken(x: Tensor) -> Tensor:
    """Other light, a pixel's shift, softness and noise."""
    n = len(x)
    x = x * (1 + 0.15 * torch.randn(n, 1, 1, 1)) + 0.05 * torch.randn(n, 1, 1, 1)
    x = x.roll((int(torch.randint(-2, 3, ())), int(torch.randint(-2, 3, ()))), (2, 3))
    soft = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    x = torch.lerp(x, soft, torch.rand(n, 1, 1, 1))
    return x + 0.04 * torch.rand(n, 1, 1, 1) * torch.randn_like(x)


def mangled(x: Tensor) -> Tensor:
    """Portraits -> what is none."""
    n, side = len(x), x.shape[-1]
    parts = [
        _shuffled(x[: n // 5]),
        (x[n // 5 : 2 * n // 5] + x[: 2 * n // 5 - n // 5].flip(0)) / 2,
        x[2 * n // 5 : 3 * n // 5].flip(2),
        x[3 * n // 5 : 4 * n // 5] * 0.5 + 0.5 * torch.rand(4 * n // 5 - 3 * n // 5, 3, side, side),
    ]
    faceless = x[4 * n // 5 :].clone()
    part = slice(side // 4, 3 * side // 4)
    faceless[:, :, part, part] = faceless[:, :, part, part].mean((2, 3), keepdim=True)
    return torch.cat([*parts, faceless])


def _shuffled(x: Tensor) -> Tensor:
    n, c, side, _ = x.shape
    cell = side // 4
    cells = x.view(n, c, 4, cell, 4, cell).permute(2, 4, 0, 1, 3, 5).reshape(16, n, c, cell, cell)
    mixed = cells[torch.randperm(16)].view(4, 4, n, c, cell, cell)
    return mixed.permute(2, 3, 0, 4, 1, 5).reshape(n, c, side, side)
