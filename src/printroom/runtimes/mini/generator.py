"""The small generator: draws people of its own world at 32 or 64 px, and learns new ones.

    Asked, ... -> words, persons, noise -> latents, in one pass -> decoder -> pictures
    pictures of a person -> word, corrections -> safetensors file
    the file -> Adapter                                          BadModel WrongBase

It knows people as `training.portraits` draws them, not real faces: `familiar` says so.
Implements `runtimes.generation.PersonalizableGenerator`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from printroom.core.errors import BadModel, BadOption, WrongBase
from printroom.runtimes.generation import STYLES, Adapter, Asked, Picture, Told
from printroom.runtimes.mini.denoiser import Corrections, Denoiser, Floats, PerRow
from printroom.runtimes.mini.graphs import decoder
from printroom.runtimes.mini.learning import Lesson
from printroom.runtimes.mini.sight import Sight, prepared
from printroom.runtimes.mini.tensors import checked, read, written
from printroom.runtimes.mini.weights import RANK, Weights, weights_of
from printroom.runtimes.mini.words import FEATURES, features_of, style_of
from printroom.runtimes.onnx.session import load

STEPS, MOST_STEPS = 16, 100
GUIDANCE = np.float32(1.5)
"""How far beyond what is drawn of nobody in particular."""
SEEDS = 2**32
MOST_FILE = 4 << 20
"""Bytes of a person's file."""
MOST_PICTURES = 200
"""That a person is learnt from."""


class Mini:
    """Loaded, and ready. Safe from many threads."""

    def __init__(self, weights: Weights) -> None:
        self.base, self.size = weights.digest, weights.side
        self.name = f"mini-{self.size}"
        self._weights = weights
        self._denoiser = Denoiser(weights.arrays)
        self._sight = Sight(weights)
        self._decoder: Any = load(decoder(weights.arrays))
        # Matrices are small: a second thread of numpy's would only wait for the first, at full
        # speed, and on a busy machine for ten times as long as the work takes.
        self._threads: Any = ThreadpoolController().select(user_api="blas")

    def personalise(
        self,
        pictures: Sequence[Picture],
        *,
        seed: int = 0,
        told: Told | None = None,
        checkpoint: Path | None = None,
    ) -> bytes:
        """See the protocol."""
        _check_seed(seed)
        if len(pictures) > MOST_PICTURES:
            raise BadOption(f"{len(pictures)} pictures are too many", f"give it {MOST_PICTURES}")
        small = prepared(pictures)
        shown = hashlib.sha256(small.tobytes() + f"{seed} {self.base}".encode()).hexdigest()
        lesson = Lesson(
            self._denoiser,
            self._weights.learnt,
            self._sight.latents(small),
            self._start(small),
            lambda said, persons, noise: self._drawn(said, persons, noise, {}, STEPS),
            seed,
            shown,
        )
        with self._threads.limit(limits=1):
            learnt = lesson.learn(told or _silent, checkpoint)
        halves = {name: array.astype(np.float16) for name, array in learnt.items()}
        file = written(halves, {"base": self.base, "generator": self.name, "rank": str(RANK)})
        if checkpoint is not None:
            checkpoint.unlink(missing_ok=True)
        return file

    def glance(self, pictures: Sequence[Picture]) -> Adapter:
        """What the reader tells of a person at once, before anything is learnt."""
        arrays = {name: np.zeros(s, np.float32) for name, s in self._weights.learnt.items()}
        arrays["person"] = self._start(prepared(pictures))
        return Adapter(self.base, "", RANK, arrays)

    def load(self, file: bytes | Path) -> Adapter:
        """See the protocol."""
        if isinstance(file, Path) and file.stat().st_size > MOST_FILE:
            raise BadModel(f"{file.name} is too large for a person", "train it again")
        content = file if isinstance(file, bytes) else file.read_bytes()
        if len(content) > MOST_FILE:
            raise BadModel("the file is too large for a person", "train it again")
        arrays, notes = read(content)
        if notes.get("base") != self.base:
            known = notes.get("generator", "something else")[:40]
            raise WrongBase(f"this person was learnt on another base ({known})", "train it again")
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        return Adapter(self.base, digest, RANK, dict(checked(arrays, self._weights.learnt)))

    def generate(self, asked: Sequence[Asked]) -> list[Picture]:
        """See the protocol."""
        planes = self.planes(asked)
        levels = np.rint(planes.transpose(0, 2, 3, 1) * 255).astype(np.uint8)
        return [np.ascontiguousarray(picture) for picture in levels]

    def planes(self, asked: Sequence[Asked]) -> Floats:
        """As `generate`, before rounding: (n, 3, size, size), 0..1."""
        if not asked:
            return np.empty((0, 3, self.size, self.size), np.float32)
        for one in asked:
            self._check(one)
        steps = [one.steps or STEPS for one in asked]
        latents = np.empty((len(asked), self._denoiser.latents), np.float32)
        for count in set(steps):
            rows = [row for row, own in enumerate(steps) if own == count]
            with self._threads.limit(limits=1):
                latents[rows] = self._latents([asked[row] for row in rows], count)
        return np.asarray(self._decoder.run(["picture"], {"latents": latents})[0])

    def familiar(self, picture: Picture) -> float:
        """See the protocol."""
        return self._sight.familiar(picture)

    def traits(self, picture: Picture) -> Floats:
        """See the protocol."""
        return np.asarray(self._sight.told(prepared([picture]))[0])

    def close(self) -> None:
        """See the protocol."""
        del self._decoder, self._sight, self._denoiser

    def _start(self, small: Floats) -> Floats:
        """A person's vector, as the reader tells it."""
        told = self._sight.told(small).mean(0, keepdims=True)
        return np.asarray(self._denoiser.person(told)[0])

    def _latents(self, asked: Sequence[Asked], steps: int) -> Floats:
        said = np.stack([_said(one) for one in asked])
        nobody = np.zeros(len(self._denoiser.person.bias), np.float32)
        persons = np.stack(
            [one.adapter.arrays["person"] if one.adapter else nobody for one in asked]
        )
        noise = np.stack([_noise(one.seed, self._denoiser.latents) for one in asked])
        return self._drawn(said, persons, noise, _stacked([one.adapter for one in asked]), steps)

    def _drawn(
        self, said: Floats, persons: Floats, noise: Floats, corrections: Corrections, steps: int
    ) -> Floats:
        """Along the flow, with and without what was asked for: the rows below are nobody's."""
        rows = len(said)
        nothing = np.zeros((1, said.shape[1]), np.float32)
        asked = self._denoiser.condition(said, persons)
        unasked = self._denoiser.condition(nothing, np.zeros((1, persons.shape[1]), np.float32))
        condition = np.concatenate([asked, np.repeat(unasked, rows, axis=0)])
        z = noise
        for step in range(steps):
            t = np.full(2 * rows, step / steps, np.float32)
            both, _ = self._denoiser.velocity(np.concatenate([z, z]), t, condition, corrections)
            here, anywhere = both[:rows], both[rows:]
            z = z + (anywhere + GUIDANCE * (here - anywhere)) / np.float32(steps)
        return z

    def _check(self, one: Asked) -> None:
        _check_seed(one.seed)
        if one.style is not None and one.style not in STYLES:
            raise BadOption(
                f"no style is called {one.style[:40]!r}", f"there is {', '.join(STYLES)}"
            )
        if one.steps is not None and not 1 <= one.steps <= MOST_STEPS:
            raise BadOption(f"a picture takes no {one.steps} steps", f"1 to {MOST_STEPS}")
        if one.adapter is not None and one.adapter.base != self.base:
            raise WrongBase("this person was learnt on another base", "train it again")


def mini(size: int = 64) -> Mini:
    """The generator of `size` px that comes with the package. Raises BadOption."""
    return Mini(weights_of(size))


def _said(one: Asked) -> Floats:
    row = np.zeros(len(FEATURES) + len(STYLES), np.float32)
    row[[FEATURES.index(feature) for feature in features_of(one.prompt)]] = 1
    row[len(FEATURES) + STYLES.index(one.style or style_of(one.prompt) or "photo")] = 1
    return row


def _noise(seed: int, latents: int) -> Floats:
    """Of a generator whose streams never change."""
    return np.random.RandomState(seed).standard_normal(latents).astype(np.float32)


def _silent(_done: float, _what: str) -> None:
    """Nobody is told."""


def _check_seed(seed: int) -> None:
    if not 0 <= seed < SEEDS:
        raise BadOption(f"{seed} is no seed", f"it may be from 0 to {SEEDS - 1}")


def _stacked(adapters: Sequence[Adapter | None]) -> dict[str, PerRow]:
    """Everybody's corrections, by layer."""
    own: list[tuple[int, Mapping[str, Floats]]] = [
        (row, one.arrays) for row, one in enumerate(adapters) if one is not None
    ]
    if not own:
        return {}
    rows = np.array([row for row, _ in own])
    layers = [name.removesuffix(".thin") for name in own[0][1] if name.endswith(".thin")]
    return {
        layer: PerRow(
            rows,
            np.stack([arrays[f"{layer}.thin"] for _, arrays in own]),
            np.stack([arrays[f"{layer}.wide"] for _, arrays in own]),
        )
        for layer in layers
    }
