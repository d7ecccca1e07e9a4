"""Train the denoiser: flow matching from noise to latents, told by words or by pictures.

    latents by person and pose, readings of photos, people -> a trained Denoiser

A person is described by words, by what a reader tells of up to three photos (never the picture
that is drawn), or not at all; so what is read of somebody's photos is drawn in every style.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from printroom.runtimes.generation import STYLES
from printroom.runtimes.mini.words import FEATURES, features_of
from printroom.training.portraits.album import POSES
from printroom.training.portraits.loop import Course, Say, fit, half
from printroom.training.portraits.nets import Denoiser, Shape
from printroom.training.portraits.people import Person, phrases
from printroom.training.portraits.reading import PHOTOS

BATCH = 256
NOBODY, BY_WORDS = 0.1, 0.45
"""Shares of a batch that are told nothing, and words alone; the rest is told by photos."""
Floats = NDArray[Any]
"""float32."""


def said_of(people: list[Person]) -> Floats:
    """(n, features), 1 where it is true and has words."""
    said = np.zeros((len(people), len(FEATURES)), np.float32)
    for row, person in zip(said, people, strict=True):
        row[[FEATURES.index(f) for f in features_of(", ".join(phrases(person)))]] = 1
    return said


def train_denoiser(
    latents: Floats,
    told: Floats,
    people: list[Person],
    shape: Shape,
    course: Course,
    kept: Path,
    say: Say,
) -> Denoiser:
    """`latents`: (people, poses, latents); `told`: (people, photos, READ)."""
    net = Denoiser(shape)
    said = said_of(people)
    styles = np.eye(len(STYLES), dtype=np.float32)[[STYLES.index(pose) for pose in POSES]]

    def loss(random: np.random.Generator) -> Tensor:
        who, pose = (
            random.integers(len(people), size=BATCH),
            random.integers(len(POSES), size=BATCH),
        )
        z = torch.from_numpy(latents[who, pose])
        share = random.random(BATCH)
        words, seen = share >= NOBODY, share >= NOBODY + BY_WORDS
        kept_words = random.random((BATCH, len(FEATURES))) >= random.choice(
            [0, 0.2, 0.5], (BATCH, 1)
        )
        kept_words &= ~seen[:, None] | (random.random((BATCH, 1)) < 0.15)
        features = np.concatenate([said[who] * kept_words, styles[pose]], 1) * words[:, None]
        read = torch.from_numpy(_read(told[who], pose, random))
        noise = torch.randn_like(z)
        t = torch.sigmoid(torch.randn(BATCH))
        with half():
            person = net.person(read) * torch.from_numpy(seen[:, None].astype(np.float32))
            condition = net.condition(torch.from_numpy(features.astype(np.float32)), person)
            made = net(noise + t[:, None] * (z - noise), t, condition)
        return (made.float() - (z - noise)).square().mean()

    return fit(net, loss, course, kept, say)


@torch.no_grad()  # type: ignore[untyped-decorator]
def held(denoiser: Denoiser, latents: Floats, people: list[Person]) -> float:
    """Mean squared error of the velocities of people told in words, all in the same noise."""
    styles = np.eye(len(STYLES), dtype=np.float32)[[STYLES.index(pose) for pose in POSES]]
    said = said_of(people).repeat(len(POSES), axis=0)
    words = np.concatenate([said, np.tile(styles, (len(people), 1))], 1)
    random = torch.Generator().manual_seed(0)
    z = torch.from_numpy(latents.reshape(len(words), -1))
    noise = torch.randn(z.shape, generator=random)
    t = torch.sigmoid(torch.randn(len(z), generator=random))
    condition = denoiser.condition(torch.from_numpy(words), torch.zeros(1))
    made = denoiser(noise + t[:, None] * (z - noise), t, condition)
    return float((made - (z - noise)).square().mean())


def _read(told: Floats, pose: NDArray[np.int64], random: np.random.Generator) -> Floats:
    """(n, photos, READ) -> the mean of some photos of each, without the one that is drawn."""
    use = random.random((len(pose), PHOTOS)) < 0.6
    use[np.arange(len(pose)), random.integers(PHOTOS, size=len(pose))] = True
    drawn = pose < PHOTOS
    use[drawn, pose[drawn]] = False
    use[~use.any(1), 0] = True
    same = drawn & (pose == 0) & use[:, 0]
    use[same, 0], use[same, 1] = False, True
    weights = use / use.sum(1, keepdims=True)
    return np.asarray(np.einsum("np,npr->nr", weights, told), np.float32)
