"""Scenes by the thousand, drawn once and kept.

count, seed -> folder: pictures.npy (n, SIDE, SIDE, 3) uint8, scenes.npy (n, groups) int8

A value is kept as its place in its group, -1 for none. What was drawn up to a kill is drawn again:
each picture comes from the seed and its own number.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from printroom.training.scenes.draw import SIDE, draw
from printroom.training.scenes.spec import GROUPS, Scene, draw_scene


@dataclass(frozen=True)
class Scenes:
    """Pictures and what they show."""

    pictures: NDArray[np.uint8]
    """(n, SIDE, SIDE, 3); may be a file that is read where it is looked at."""
    marks: NDArray[np.int8]
    """(n, groups)."""


def marks_of(scene: Scene) -> NDArray[np.int8]:
    """(groups,): place of each value in its group, -1 for none."""
    places = [
        values.index(scene[group]) if group in scene else -1 for group, values in GROUPS.items()
    ]
    return np.array(places, np.int8)


def scene_of(marks: NDArray[np.int8]) -> Scene:
    """The way back."""
    pairs = zip(GROUPS.items(), marks, strict=True)
    return {group: values[place] for (group, values), place in pairs if place >= 0}


def one(seed: int, number: int) -> tuple[NDArray[np.uint8], Scene]:
    """The picture of that number, and its scene."""
    random = np.random.default_rng([seed, number])
    scene = draw_scene(random)
    return draw(scene, random), scene


def scenes(folder: Path, count: int, seed: int) -> Scenes:
    """`count` pictures in `folder`, drawn if they are not there."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures, marks = folder / "pictures.npy", folder / "scenes.npy"
    if not (marks.exists() and len(np.load(marks)) >= count):
        _draw_all(pictures, marks, count, seed)
    return Scenes(np.load(pictures, mmap_mode="r")[:count], np.load(marks)[:count])


def _draw_all(pictures: Path, marks: Path, count: int, seed: int) -> None:
    part = pictures.with_suffix(".part")
    shape = (count, SIDE, SIDE, 3)
    drawn = np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=shape)
    kept = np.zeros((count, len(GROUPS)), np.int8)
    for number in range(count):
        drawn[number], scene = one(seed, number)
        kept[number] = marks_of(scene)
    drawn.flush()
    part.replace(pictures)
    np.save(marks, kept)
