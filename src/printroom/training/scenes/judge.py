"""Says what a picture shows, for whoever wants to know whether it is what was asked for.

(n, 3, 128, 128) in 0..1 -> Judge -> for each group, its values and `none`

It learns from drawn scenes alone, and is never shown what a model painted.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from printroom.training.scenes.autoencoder import pictures_at
from printroom.training.scenes.data import Scenes
from printroom.training.scenes.spec import GROUPS

BATCH = 48
SIZES = [len(values) + 1 for values in GROUPS.values()]
"""Answers for each group, `none` the last."""


class Judge(nn.Module):
    """Convolutions, then a look at the whole."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.seen = nn.Sequential(
            nn.PixelUnshuffle(4), nn.Conv2d(48, width, 3, padding=1), nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1), nn.SiLU(), nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 3, padding=1), nn.SiLU(), nn.MaxPool2d(2),
            nn.Conv2d(2 * width, 2 * width, 3, padding=1), nn.SiLU(), nn.MaxPool2d(2),
        )  # fmt: skip
        self.said = nn.Sequential(
            nn.Flatten(),
            nn.Linear(32 * width, 4 * width),
            nn.SiLU(),
            nn.Linear(4 * width, sum(SIZES)),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        said: Tensor = self.said(self.seen(pictures * 2 - 1))
        return said


def loss_on(scenes: Scenes, net: Judge, random: np.random.Generator) -> Tensor:
    """Of a batch of drawn scenes, a little brighter or darker, a little blurred at times."""
    places = np.sort(random.integers(len(scenes.pictures), size=BATCH))
    pictures = pictures_at(scenes, places) + 0.03 * torch.randn(BATCH, 3, 1, 1)
    if random.random() < 0.5:
        pictures = F.avg_pool2d(F.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, 1)
    with torch.autocast("cpu", torch.bfloat16):
        said = net(pictures)
    marks = torch.from_numpy(scenes.marks[places].astype(np.int64))
    losses = [
        F.cross_entropy(answer.float(), torch.where(mark < 0, answer.shape[1] - 1, mark))
        for answer, mark in zip(said.split(SIZES, 1), marks.T, strict=True)
    ]
    return torch.stack(losses).mean()


Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""A judge as it is asked: (n, 3, 128, 128) in 0..1 -> logits."""


def asked_of(net: Judge) -> Run:
    """A judge that is in training's hands."""

    def run(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            logits: NDArray[np.float32] = net(torch.from_numpy(pictures)).numpy()
        return logits

    return run


def judged(run: Run, pictures: NDArray[np.uint8], none: bool = True) -> NDArray[np.int8]:
    """(n, side, side, 3) -> (n, groups) marks as in `data.Scenes`.

    Without `none`, a value of each group has to be chosen, whether it is there or not.
    """
    marks = np.full((len(pictures), len(SIZES)), -1, np.int8)
    for first in range(0, len(pictures), BATCH):
        taken = pictures[first : first + BATCH].transpose(0, 3, 1, 2)
        said = run(np.ascontiguousarray(taken, np.float32) / np.float32(255))
        for group, answers in enumerate(np.split(said, np.cumsum(SIZES)[:-1], 1)):
            absent = answers.shape[1] - 1
            best = answers[:, : absent + none].argmax(1)
            marks[first : first + BATCH, group] = np.where(best == absent, -1, best)
    return marks


def retrieved(asked: NDArray[np.int8], seen: NDArray[np.int8]) -> dict[str, float]:
    """Share of the values asked for that are seen, by group and over `all`; absent: not asked."""
    right, named = (asked == seen) & (asked >= 0), asked >= 0
    shares = {
        group: float(right[:, place].sum() / named[:, place].sum())
        for place, group in enumerate(GROUPS)
        if named[:, place].any()
    }
    return shares | {"all": float(right.sum() / max(1, named.sum()))}
