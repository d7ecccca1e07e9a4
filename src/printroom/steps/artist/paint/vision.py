"""A poem seen: what its words show, and a picture of that.

poem -> values it speaks of -> whole scenes -> codes out of noise, by flow -> pictures
     -> that which a critic likes best: (128, 128, 3) float32 in 0..1

The nets were trained together (`card.json` beside them). What a poem leaves open is taken
from some of many scenes that fit it. That choice and the noise come from the seed and the poem, so
that two poems that speak of the same things are still two pictures.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokens import MOST_WORDS, tokens_of

Floats = NDArray[np.float32]
STEPS = 12
"""Of Heun's rule, two looks each."""
SURE = 0.4
"""From this probability on, a poem is taken to speak of something."""
TRIES = 6
"""Pictures that are painted at once; the one that shows most of the poem is kept."""
SUBJECTS = ("land", "water", "flora", "fauna", "thing")
MOST_SUBJECTS = 3
"""As many as the pictures that were learnt from show at a time: the clearest ones."""


class Vision:
    """The nets, loaded once."""

    def __init__(self, folder: Path) -> None:
        """Load what lies in `folder`."""
        words = json.loads((folder / "words.json").read_text("utf-8"))
        self.known: dict[str, int] = {word: place for place, word in enumerate(words["words"], 1)}
        self.groups: dict[str, list[str]] = words["groups"]
        self.values = [value for values in self.groups.values() for value in values]
        self.scenes: list[list[str]] = [
            [self.values[place] for place in scene] for scene in words["scenes"]
        ]
        self.reader, self.painter, self.decoder, self.critic = (
            _session(folder / f"{name}.onnx") for name in ("reader", "painter", "decoder", "critic")
        )
        self.code = self.decoder.get_inputs()[0].shape[1:]

    def seen(self, poem: str) -> list[str]:
        """What a poem shows, one value of a group at most. Raises ValueError: a text too long."""
        places = tokens_of(poem, self.known)
        if not places:
            return []
        words = np.zeros((1, MOST_WORDS), np.int64)
        words[0, : len(places)] = places
        (logits,) = self.reader.run(None, {"words": words})
        sure = iter(1 / (1 + np.exp(-logits[0])))
        best = {}
        for group, values in self.groups.items():
            chance, value = max((float(next(sure)), value) for value in values)
            if chance >= SURE:
                best[group] = (chance, value)
        kept = sorted((best[group] for group in SUBJECTS if group in best), reverse=True)
        dropped = {value for _, value in kept[MOST_SUBJECTS:]}
        return [value for _, value in best.values() if value not in dropped]

    def paint(self, poem: str, seen: list[str], seed: int, guidance: float) -> Floats:
        """The picture, (128, 128, 3); the same bits for the same poem, seed and guidance."""
        drawn = int.from_bytes(
            sha256(f"{seed}\n{poem}".encode("utf-8", "replace")).digest()[:16], "big"
        )
        random = np.random.Generator(np.random.PCG64(drawn))
        asked = np.zeros((2 * TRIES, len(self.values)), np.float32)
        for row in asked[:TRIES]:
            row[[self.values.index(value) for value in self.imagined(seen, random)]] = 1
        code: Floats = random.standard_normal((TRIES, *self.code), np.float32)
        for step in range(STEPS):
            here = self._way(code, step / STEPS, asked, guidance)
            next_ = np.asarray(code + here / STEPS, np.float32)
            there = self._way(next_, (step + 1) / STEPS, asked, guidance)
            code = np.asarray(code + (here + there) / (2 * STEPS), np.float32)
        (pixels,) = self.decoder.run(None, {"code": code})
        best = pixels[int(np.argmax(self._shown(pixels, seen)))]
        return np.ascontiguousarray(np.clip(best.transpose(1, 2, 0), 0, 1))

    def _shown(self, pictures: Floats, seen: list[str]) -> Floats:
        """How sure the critic is of what was seen in the poem, for each picture."""
        (said,) = self.critic.run(None, {"pictures": np.clip(pictures, 0, 1)})
        sure = np.zeros(len(pictures), np.float32)
        first = 0
        for group in self.groups.values():
            answers = said[:, first : first + len(group) + 1]  # its values, and none of them
            first += len(group) + 1
            for value in set(group).intersection(seen):
                top = answers.max(1, keepdims=True)
                every = np.log(np.exp(answers - top).sum(1)) + top[:, 0]
                sure += answers[:, group.index(value)] - every
        return sure

    def imagined(self, seen: list[str], random: np.random.Generator) -> list[str]:
        """A whole scene: what was seen, and the rest of a scene that has most of it."""
        fits = np.array([len(set(seen).intersection(scene)) for scene in self.scenes])
        scene = self.scenes[int(random.choice(np.flatnonzero(fits == fits.max())))]
        told = [group for group in self.groups.values() if set(group).intersection(seen)]
        return seen + [value for value in scene if not any(value in group for group in told)]

    def _way(self, code: Floats, time: float, asked: Floats, guidance: float) -> Floats:
        """Where a code goes next, what is asked for stressed."""
        inputs = {
            "code": np.concatenate([code, code]),
            "time": np.full(2 * len(code), time, np.float32),
            "asked": asked,
        }
        led, free = np.split(self.painter.run(None, inputs)[0], 2)
        return np.asarray(free + np.float32(guidance) * (led - free), np.float32)


def enlarged(picture: Floats, side: int) -> Floats:
    """A square picture at another size, by cubic interpolation."""
    if side == len(picture):
        return picture
    across = _weights(len(picture), side)
    return np.ascontiguousarray(
        np.clip(np.einsum("ya,xb,abc->yxc", across, across, picture, optimize=True), 0, 1)
    )


def _weights(before: int, after: int) -> Floats:
    """(after, before): how much of each old pixel is in a new one; Keys' cubic, edges repeated."""
    places = (np.arange(after) + 0.5) * before / after - 0.5
    first = np.floor(places).astype(int) - 1
    weights = np.zeros((after, before), np.float32)
    for tap in range(4):
        away = np.abs(places - first - tap)
        near = (1.5 * away - 2.5) * away**2 + 1
        far = ((-0.5 * away + 2.5) * away - 4) * away + 2
        share = np.where(away < 1, near, far)
        np.add.at(weights, (np.arange(after), np.clip(first + tap, 0, before - 1)), share)
    return weights


def _session(file: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
