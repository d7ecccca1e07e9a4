"""The two trainings of the brush: features that tell textures apart, then the net of some hands.

    pictures -> fit_features -> Features                 OUT/features.pt is where it stands
    pictures, paintings, Features -> fit_hands -> Hands  OUT/hands.pt

Each step draws what it learns from by its own number, so a training that was killed goes on as if
it had not been. Raises BadOption for a checkpoint of another training.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from printroom.core.errors import BadOption
from printroom.training.brush.features import Features, Telling, batch
from printroom.training.brush.loss import Frozen, Target
from printroom.training.brush.nets import Hands
from printroom.training.brush.stepcode import part

Array = NDArray[Any]
BATCH = 64
"""Patches of a step of the features."""
CROP, CROPS = 128, 3
"""Pixels of a side, and pictures of a step, of the hands."""
SEEN = 256
"""Pixels of the shorter side of what the hands are shown, and of the paintings."""
PHOTOS = 24
"""In the colours of each painting."""
EVERY = 50
"""Steps between two checkpoints."""
WARM = 50
"""Steps of rising rate."""


@dataclass
class Progress:
    """How far a training is; kept in a file."""

    path: Path
    parts: dict[str, Any]
    """What has a state."""
    step: int = 0
    seconds: float = 0.0
    """CPU seconds."""

    def load(self) -> None:
        """Go back to the last checkpoint, if there is one."""
        if not self.path.exists():
            return
        try:
            state = torch.load(self.path, weights_only=True)
            for name, part in self.parts.items():
                part.load_state_dict(state[name])
            self.step, self.seconds = state["step"], state["seconds"]
        except (OSError, EOFError, KeyError, RuntimeError, ValueError, UnpicklingError) as error:
            raise BadOption(
                f"{self.path} is no checkpoint of this training ({type(error).__name__})",
                "give the same options, or another --out",
            ) from error

    def save(self) -> None:
        """Whole or not at all."""
        new = self.path.with_suffix(".part")
        state = {name: part.state_dict() for name, part in self.parts.items()}
        with new.open("wb") as file:
            torch.save(state | {"step": self.step, "seconds": self.seconds}, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)

    def done(self, began: float, steps: int, told: str) -> None:
        """Count a step that began at `began` CPU seconds; keep it and tell, now and then."""
        self.step += 1
        self.seconds += time.process_time() - began
        if self.step % EVERY == 0 or self.step == steps:
            self.save()
            print(f"{told}step {self.step} of {steps}, {self.seconds:.0f} CPU-s", flush=True)


def rate_at(step: int, steps: int, rate: float) -> float:
    """Rising, then falling along half a cosine."""
    return (
        rate * min(1.0, (step + 1) / WARM) * (0.5 + 0.5 * math.cos(math.pi * step / steps)) + 1e-5
    )


def fit_features(pictures: Sequence[Array], out: Path, steps: int, seed: int) -> Features:
    """Learn to tell `pictures` apart by their textures."""
    torch.manual_seed(seed)  # of the weights
    net = Telling(len(pictures))
    optimiser = torch.optim.AdamW(net.parameters(), weight_decay=0.02)
    progress = Progress(out / "features.pt", {"net": net, "optimiser": optimiser})
    progress.load()
    while progress.step < steps:
        began = time.process_time()
        random = np.random.default_rng([seed + 1, progress.step])
        patches, numbers = batch(pictures, BATCH, random)
        torch.manual_seed(progress.step)  # of what is dropped
        for group in optimiser.param_groups:
            group["lr"] = rate_at(progress.step, steps, 3e-3)
        loss = F.cross_entropy(net(patches), numbers, label_smoothing=0.05)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        progress.done(began, steps, f"features: loss {loss.item():.2f}, ")
    features: Features = net.features.eval()
    return features


def fit_hands(
    pictures: Sequence[Array],
    paintings: Sequence[Array],
    features: Mapping[str, Array],
    out: Path,
    steps: int,
    seed: int,
) -> Hands:
    """Learn the hands of `paintings` on `pictures`; all are (h, w, 3) uint8.

    `features`: kernels and biases, as `Features.folded` gives them.
    """
    torch.manual_seed(seed)
    net = Hands(len(paintings))
    optimiser = torch.optim.Adam(net.parameters(), betas=(0.9, 0.99))
    progress = Progress(out / "hands.pt", {"net": net, "optimiser": optimiser})
    progress.load()
    frozen = Frozen(features)
    small = [fitted(painting) for painting in paintings]
    targets = [Target(frozen, planes(painting), 0.15, 6.0) for painting in small]
    shown = [in_colours(pictures, painting, seed) for painting in small]
    while progress.step < steps:
        began = time.process_time()
        hand = progress.step % len(paintings)
        random = np.random.default_rng([seed, 2, progress.step])
        crops = torch.cat([planes(crop(shown[hand], random)) for _ in range(CROPS)])
        for group in optimiser.param_groups:
            group["lr"] = rate_at(progress.step, steps, 2e-3)
        loss = targets[hand].loss(net(crops, hand), crops)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        progress.done(began, steps, f"hands: loss {loss.item():.2f}, ")
    return net


def in_colours(pictures: Sequence[Array], painting: Array, seed: int) -> list[Array]:
    """Some of the pictures in the colours of a painting, float32 in 0..1."""
    palette = part("palette")
    random = np.random.default_rng([seed, 3])
    chosen = random.choice(len(pictures), min(PHOTOS, len(pictures)), replace=False)
    small = [fitted(pictures[number]) for number in sorted(chosen)]
    return [palette.Palette.between(one, painting).apply(one) for one in small]


def fitted(picture: Array) -> Array:
    """float32 in 0..1, with a shorter side of `SEEN` pixels."""
    factor = SEEN / min(picture.shape[:2])
    shape = [max(SEEN, round(length * factor)) for length in picture.shape[1::-1]]
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    small: Array = cv2.resize(picture, shape, interpolation=way).astype(np.float32) / 255
    return np.clip(small, 0, 1)


def crop(pictures: Sequence[Array], random: np.random.Generator) -> Array:
    """A square of one of them, perhaps mirrored."""
    picture = pictures[int(random.integers(len(pictures)))]
    top, left = (int(random.integers(length - CROP + 1)) for length in picture.shape[:2])
    part = picture[top : top + CROP, left : left + CROP]
    return part[:, ::-1] if random.random() < 0.5 else part


def planes(picture: Array) -> Tensor:
    """(h, w, 3) -> (1, 3, h, w)."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32))[None]
