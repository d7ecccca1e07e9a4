"""A poem seen: what its words show, and a picture of that.

poem -> values it speaks of -> a whole scene -> a code out of noise, by flow
     -> (128, 128, 3) float32 in 0..1

The three nets were trained together (`card.json` beside them). What a poem leaves open is taken
from one of many scenes that fit it. That choice and the noise come from the seed and the poem, so
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
        self.reader, self.painter, self.decoder = (
            _session(folder / f"{name}.onnx") for name in ("reader", "painter", "decoder")
        )
        self.code = [
            size if isinstance(size, int) else 1 for size in self.decoder.get_inputs()[0].shape
        ]

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
        asked = np.zeros((2, len(self.values)), np.float32)
        asked[0, [self.values.index(value) for value in self.imagined(seen, random)]] = 1
        code: Floats = random.standard_normal(self.code, np.float32)
        for step in range(STEPS):
            here = self._way(code, step / STEPS, asked, guidance)
            there = self._way(
                np.asarray(code + here / STEPS, np.float32), (step + 1) / STEPS, asked, guidance
            )
            code = np.asarray(code + (here + there) / (2 * STEPS), np.float32)
        (pixels,) = self.decoder.run(None, {"code": code})
        return np.ascontiguousarray(np.clip(pixels[0].transpose(1, 2, 0), 0, 1))

    def imagined(self, seen: list[str], random: np.random.Generator) -> list[str]:
        """A whole scene: what was seen, and the rest of a scene that has most of it."""
        fits = np.array([len(set(seen).intersection(scene)) for scene in self.scenes])
        scene = self.scenes[int(random.choice(np.flatnonzero(fits == fits.max())))]
        told = [group for group in self.groups.values() if set(group).intersection(seen)]
        return seen + [value for value in scene if not any(value in group for group in told)]

    def _way(self, code: Floats, time: float, asked: Floats, guidance: float) -> Floats:
        """Where a code goes next, what is asked for stressed."""
        inputs = {
            "code": np.repeat(code, 2, 0),
            "time": np.full(2, time, np.float32),
            "asked": asked,
        }
        (both,) = self.painter.run(None, inputs)
        return np.asarray(both[1:] + np.float32(guidance) * (both[:1] - both[1:]), np.float32)


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
