"""Train `printroom/brush`: the features by which `stylise` transfers a brush, and its fast hands.

    pictures, textures -> features.npz      what tells them apart, whatever their colours
    features, paintings -> brushes.npz      one net that has the hands of some of them
                        -> card.json

`features.npz` and `brushes.npz` go into the folder of the step. The pictures are those of
`training.sources`; the textures are drawn by the recipe itself. Raises NotFound, BadOption.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption
from printroom.training.brush.fitting import SEEN, fit_features, fit_hands
from printroom.training.brush.paintings import PAINTERS, painted
from printroom.training.brush.textures import texture
from printroom.training.release import LICENCES
from printroom.training.sources import LEAVES, gather

Array = NDArray[Any]
LEAST, MOST = 128, 1400
"""Pixels of a shorter, and of a longer side, between which pictures are taken as they are."""


@dataclass(frozen=True)
class Options:
    """What a run may vary."""

    data_kind: str = "permitted"
    """Of the pictures: permitted, wide, research or own."""
    leaves: int = 60
    """Pictures of dead leaves."""
    textures: int = 140
    """Procedural textures."""
    feature_steps: int = 1800
    hands: str = "night,noon,howl,surge"
    """Names of paintings that come with the step, separated by commas."""
    hand_steps: int = 2400
    """Of all hands together."""
    seed: int = 0


@dataclass(frozen=True)
class Card:
    """What was trained, on what."""

    licence: str
    command: str
    hands: list[str]
    parameters: dict[str, int]
    """Of each file."""
    data: dict[str, str] = field(default_factory=dict)
    """What was learnt from -> its licence."""
    name: str = "printroom/brush"
    title: str = "Features that tell textures apart, and hands of painters"

    def to_json(self) -> str:
        """As it is written."""
        return json.dumps(vars(self), indent=1) + "\n"


def main(data: Path, out: Path, options: Options) -> Card:
    """Train on `data`, write both files and the card to `out`; goes on where it was stopped."""
    names = options.hands.split(",")
    if unknown := [name for name in names if name not in PAINTERS]:
        raise BadOption(
            f"there is no painting {unknown[0]!r}", f"take of --hands {','.join(PAINTERS)}"
        )
    out.mkdir(parents=True, exist_ok=True)
    pictures = gather(options.data_kind, data, options.leaves)
    photos = [_sized(one) for one in pictures.photos if min(one.shape[:2]) >= LEAST]
    drawn = [texture(seed) for seed in range(options.textures)]
    print(f"{len(photos)} photos, {len(pictures.leaves)} dead leaves, {len(drawn)} textures")
    shown = [*photos, *pictures.leaves, *drawn]
    features = fit_features(shown, out, options.feature_steps, options.seed)
    parts = {name: part.astype(np.float16) for name, part in features.folded().items()}
    _write(out / "features.npz", parts)
    paintings = [painted(name) for name in names]
    wide = [one for one in photos if min(one.shape[:2]) >= SEEN] or photos or shown
    hands = fit_hands(wide, paintings, features.folded(), out, options.hand_steps, options.seed)
    net = hands.parts() | {"names": np.array(names)}
    _write(out / "brushes.npz", net)
    card = Card(
        LICENCES[options.data_kind],
        _command(options),
        names,
        {"features.npz": _count(parts), "brushes.npz": _count(net)},
        pictures.licences | {"textures and paintings": f"procedural, as {LEAVES}"},
    )
    (out / "card.json").write_text(card.to_json(), "utf-8")
    return card


def _sized(picture: Array) -> Array:
    """At half its size where it is large."""
    if max(picture.shape[:2]) < MOST:
        return picture
    half: Array = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return half


def _write(path: Path, parts: dict[str, Array]) -> None:
    """Whole or not at all."""
    new = path.with_suffix(".part")
    with new.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **parts)
    new.replace(path)


def _count(parts: dict[str, Array]) -> int:
    return sum(part.size for part in parts.values() if part.dtype.kind == "f")


def _command(options: Options) -> str:
    words = ["printroom train brush --data DATA --out OUT"]
    for one in fields(options):
        value = getattr(options, one.name)
        if value != one.default:
            words.append(f"--{one.name.replace('_', '-')} {value}")
    return " ".join(words)
