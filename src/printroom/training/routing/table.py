"""What is measured of photographs with known faults, kept by photograph, and read as one table.

    Kept, picture -> measure -> Kept.place      whole or not at all
    Kept ... -> joined -> Table                 NotFound: there are none

They are measured through the very preview that steps see.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.catalogue.models import Catalogue
from printroom.catalogue.opening import open_model
from printroom.core.errors import NotFound
from printroom.core.session import Session
from printroom.engine.preview import survey
from printroom.engine.rasters import Raster
from printroom.pipelines.step import Preview
from printroom.steps.enhance import colour
from printroom.steps.inspect import measure as looking
from printroom.steps.inspect.cast import Cast
from printroom.steps.inspect.features import OPINION, coloured, measured
from printroom.steps.inspect.grey import tint
from printroom.steps.inspect.router import FAULTS
from printroom.training.degradations.base import Picture
from printroom.training.degradations.compress import from_bytes, to_bytes
from printroom.training.routing.faults import Making, variants

Array = NDArray[Any]


@dataclass(frozen=True)
class Kept:
    """Where the pictures made of one photograph are kept, measured."""

    place: Path
    photo: int
    """Its number. It may be kept more than once, of other draws."""
    graded: bool
    """Whether somebody chose its light and its colours."""


@dataclass(frozen=True)
class Table:
    """Pictures that were made and measured, a row each."""

    photos: Array
    """(n,) which photograph each was made of."""
    faults: Array
    """(n, faults) bool."""
    values: Array
    """(n, features) of `measured`, by name."""
    casts: Array
    """(n, 5) the numbers of `Cast`."""
    histograms: Array
    """(n, 3, BINS, BINS) of `Cast`."""
    ends: Array
    """(n, 7, 3) of `Cast`."""
    opinions: Array
    """(n, 3) of the network OPINION."""
    graded: Array
    """(n,) bool: of a photograph whose light and colours somebody chose."""
    names: tuple[str, ...]

    def __getitem__(self, rows: Array) -> Table:
        return replace(self, **{name: getattr(self, name)[rows] for name in COLUMNS})

    @property
    def clean(self) -> Array:
        """(n,) bool."""
        return np.asarray(~self.faults.any(1))

    def features(self, filters: Array) -> tuple[Array, tuple[str, ...]]:
        """(n, all features), and their names."""
        seen = [
            coloured(_cast(numbers, histograms, ends), tint(histograms, filters), opinion)
            for numbers, histograms, ends, opinion in zip(
                self.casts, self.histograms, self.ends, self.opinions, strict=True
            )
        ]
        rows = np.array([list(row.values()) for row in seen])
        return np.hstack([self.values, rows]), (*self.names, *seen[0])


COLUMNS = tuple(field.name for field in fields(Table) if field.name != "names")


def measure(kept: Kept, picture: Array, making: Making, seed: int) -> None:
    """Write what one photograph gives, whole or not at all."""
    import cv2

    cv2.setNumThreads(1)  # the processes take the cores
    random = np.random.default_rng([seed, kept.photo])
    rows = []
    for faults, made in variants(from_bytes(picture), making, random):
        preview = _preview(_cropped(made, random))
        measures, opinion = looking.measure(preview), colour.seen(_network(), preview.thumbnail)
        *numbers, histograms, ends = (
            getattr(measures.cast, field.name) for field in fields(measures.cast)
        )
        rows.append((faults, measured(measures), numbers, histograms, ends, opinion))
    part = kept.place.with_suffix(".part")
    with part.open("wb") as file:
        np.savez_compressed(
            file,
            faults=[[fault in row[0] for fault in FAULTS] for row in rows],
            values=[list(row[1].values()) for row in rows],
            names=list(rows[0][1]),
            casts=[row[2] for row in rows],
            histograms=np.array([row[3] for row in rows], np.float32),
            ends=[row[4] for row in rows],
            opinions=[row[5] for row in rows],
        )
    part.replace(kept.place)


def joined(photos: Iterable[Kept]) -> Table:
    """What `measure` left of `photos`. Raises NotFound."""
    parts = []
    for kept in photos:
        with np.load(kept.place) as read:
            part = {name: read[name] for name in read}
        rows = len(part["faults"])
        parts.append(
            part | {"photos": np.full(rows, kept.photo), "graded": np.full(rows, kept.graded)}
        )
    if not parts:
        raise NotFound("no photograph to fit on", "put some into the folders of the sets")
    columns = {name: np.concatenate([part[name] for part in parts]) for name in COLUMNS}
    return Table(names=tuple(parts[0]["names"].tolist()), **columns)


def _cropped(picture: Picture, random: np.random.Generator) -> Array:
    """As bytes; the grid of JPEG starts anywhere."""
    top, left = random.integers(0, 8, 2)
    return to_bytes(picture)[top:, left:]


def _preview(picture: Array) -> Preview:
    lines = np.ascontiguousarray(from_bytes(picture).transpose(0, 2, 1))
    return survey(Raster.of_lines(lines), lambda: None)


def _cast(numbers: Array, histograms: Array, ends: Array) -> Cast:
    grey_world, shades, edges, white_patch, neutral = numbers.tolist()
    return Cast(grey_world, shades, edges, white_patch, neutral, histograms, ends)


@cache
def _network() -> Session:
    return open_model(Catalogue().get(OPINION))
