"""Pictures of many people, drawn once and kept in a folder.

    folder, numbers -> Album: small pictures of all, large ones of the first, what is true of each

Drawn in pages, so that a run that is stopped goes on where it was.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from printroom.runtimes.generation import STYLES
from printroom.training.portraits.look import OURS, Range, look
from printroom.training.portraits.people import Person, somebody
from printroom.training.portraits.styles import render

POSES = ("photo", "photo", *STYLES)
"""Styles of the pictures of each person: the first three are photos."""
SMALL, LARGE = 32, 64
"""Sides in pixels."""
PAGE = 250
"""People drawn at a time."""


@dataclass(frozen=True)
class Album:
    """Pictures as (people, poses, side, side, 3) uint8."""

    people: list[Person]
    small: NDArray[np.uint8]
    large: NDArray[np.uint8]
    """Of the first people only."""


def album(folder: Path, people: int, large: int, seed: int = 0, within: Range = OURS) -> Album:
    """Draw what the folder lacks of an album of `people`, the first `large` of them large too."""
    folder.mkdir(parents=True, exist_ok=True)
    page = min(PAGE, people)
    numbers = [(seed, start, page) for start in range(0, people, page)]
    pages = [_page(folder, which, large, within) for which in numbers]
    told = np.concatenate([page["people"] for page in pages])[:people]
    persons = [Person(*(int(v) for v in row[:7]), *(float(v) for v in row[7:])) for row in told]
    return Album(
        persons,
        np.concatenate([page["small"] for page in pages])[:people],
        np.concatenate([page["large"] for page in pages])[:large],
    )


def _page(folder: Path, which: tuple[int, int, int], large: int, within: Range) -> dict[str, Any]:
    """`which`: the album's seed, the first of the people, how many."""
    seed, start, count = which
    path = folder / f"{seed}-{start}+{count}{'-large' if start < large else ''}.npz"
    if not path.exists():
        page = _drawn(np.random.default_rng((seed, start)), count, within)
        if start >= large:
            page["large"] = page["large"][:0]
        partial = path.with_suffix(".part")
        with partial.open("wb") as file:
            np.savez(file, **page)
        partial.replace(path)
    with np.load(path) as stored:
        return dict(stored)


def _drawn(random: np.random.Generator, count: int, within: Range) -> dict[str, Any]:
    persons = [somebody(random) for _ in range(count)]
    large = np.stack(
        [[render(one, style, look(within, random), LARGE) for style in POSES] for one in persons]
    )
    flat = large.reshape(-1, LARGE, LARGE, 3)
    small = np.stack(
        [cv2.resize(one, (SMALL, SMALL), interpolation=cv2.INTER_AREA) for one in flat]
    )
    return {
        "people": np.array([astuple(one) for one in persons], np.float64),
        "large": large,
        "small": small.reshape(count, len(POSES), SMALL, SMALL, 3),
    }
