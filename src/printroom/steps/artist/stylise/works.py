"""Paintings and what they make people feel: a folder with a table in it.

    folder -> Works.read -> works with their emotions, and what is wrong with which row
    Works, {"love": 0.7, ...}, seed -> .drawn -> one of those that fit
    Works, "night" -> .named                                            ValueError

The table is a `.csv` or `.tsv` with a row for each work. Of a column that ends in the name of an
emotion the cell is how much of it the work has, 0 to 1; the other columns that count are `file`,
`ID`, `title`, `artist` and `year`. So the table of the WikiArt Emotions data set is one as it is,
with its "Art (image+title)" columns. A row belongs to the picture that it names (`file`, or `ID`
without the suffix), or whose file is called by the title, and perhaps artist and year:
`monet_water_lilies.jpg`.
"""

from __future__ import annotations

import csv
import math
import random
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from emotions import EMOTIONS
from numpy.typing import NDArray

Array = NDArray[Any]
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"})
TABLES = (".csv", ".tsv")
PREFERRED = "art (image+title)"
"""Of the columns of one emotion, those that begin so count where there are some."""
FITS = 0.7
"""Of the best fit, from which a work may be drawn."""
MOST_BYTES = 64 << 20
"""Of a table or a picture."""
MOST_FAULTS = 20
SMALL = frozenset({"the", "a", "an", "of", "in", "on", "at", "and", "with", "la", "le", "el", "de"})
"""Words that names of files leave out."""


@dataclass(frozen=True)
class Work:
    """A painting."""

    name: str
    """Of its file, without the suffix."""
    path: Path
    title: str = ""
    emotions: Mapping[str, float] = field(default_factory=dict)
    """Emotion -> 0..1; empty where no row tells."""

    def picture(self, side: int) -> Array:
        """(h, w, 3) sRGB in 0..1, its shorter side at most `side`. Raises ValueError."""
        try:
            if self.path.stat().st_size > MOST_BYTES:
                raise ValueError(f"the painting {self.path} has more than {MOST_BYTES >> 20} MiB")
            data = np.fromfile(self.path, np.uint8)
        except OSError as error:
            raise ValueError(
                f"the painting {self.path} cannot be read: {error.strerror}"
            ) from error
        decoded = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
        if decoded is None:
            raise ValueError(f"the painting {self.path} is no picture; take it out of its folder")
        factor = side / min(decoded.shape[:2])
        if factor < 1:
            shape = [max(1, round(length * factor)) for length in decoded.shape[1::-1]]
            decoded = cv2.resize(decoded, shape, interpolation=cv2.INTER_AREA)
        picture: Array = cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB).astype(np.float32) / 255
        return picture


@dataclass(frozen=True)
class Works:
    """Those of one folder."""

    works: tuple[Work, ...]
    faults: tuple[str, ...]
    """Rows that mean nothing, each with its table and line; at most `MOST_FAULTS`."""

    @classmethod
    def read(cls, folder: Path) -> Works:
        """Raises ValueError where there is no folder, or no picture in it."""
        try:
            files = sorted(file for file in folder.iterdir() if file.is_file())
        except OSError as error:
            raise ValueError(
                f"the folder of paintings {folder} cannot be read: {error.strerror}"
            ) from error
        pictures = [file for file in files if file.suffix.lower() in SUFFIXES]
        if not pictures:
            raise ValueError(
                f"there is no picture in {folder}: put paintings there, as JPEG, PNG or WebP"
            )
        rows, faults = [], []
        for table in (file for file in files if file.suffix.lower() in TABLES):
            read, wrong = read_table(table)
            rows += read
            faults += wrong
        works = tuple(_work(picture, rows) for picture in pictures)
        return cls(works, tuple(faults[:MOST_FAULTS]))

    def only(self, names: Collection[str]) -> Works:
        """Those of them that have one of the `names`."""
        return Works(tuple(work for work in self.works if work.name in names), self.faults)

    def named(self, name: str) -> Work:
        """Raises ValueError, which says what there is."""
        for work in self.works:
            if name in (work.name, work.title):
                return work
        offered = ", ".join(work.name for work in self.works[:40])
        raise ValueError(f"there is no painting {name[:80]!r}: there are {offered}")

    def drawn(self, felt: Mapping[str, float], seed: int) -> Work:
        """One of those whose emotions fit best, by chance; of all, where none has any."""
        fits = [(fit(work.emotions, felt), work) for work in self.works]
        best = max(value for value, _ in fits)
        chosen = [work for value, work in fits if value >= FITS * best]  # all, where none fits
        return random.Random(seed).choice(chosen)


@dataclass(frozen=True)
class Row:
    """What a table says of one work."""

    names: frozenset[str]
    """Of its file, in words or as it is."""
    title: str
    words: frozenset[str]
    """Of the title."""
    others: frozenset[str]
    """Of artist and year."""
    emotions: Mapping[str, float]


def fit(has: Mapping[str, float], felt: Mapping[str, float]) -> float:
    """Cosine of two mixtures of emotions, 0..1."""
    product = sum(weight * felt.get(emotion, 0.0) for emotion, weight in has.items())
    length = math.hypot(*has.values()) * math.hypot(*felt.values())
    return product / length if length else 0.0


def read_table(table: Path) -> tuple[list[Row], list[str]]:
    """Rows that can be used, and what is wrong with the others. Raises ValueError."""
    try:
        if table.stat().st_size > MOST_BYTES:
            raise ValueError(f"the table {table} has more than {MOST_BYTES >> 20} MiB")
        text = table.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        raise ValueError(f"the table {table} cannot be read: {error.strerror}") from error
    return parse(text, "\t" if table.suffix.lower() == ".tsv" else ",", table.name)


def parse(text: str, delimiter: str, name: str = "table") -> tuple[list[Row], list[str]]:
    """As `read_table`, of the text of a table."""
    lines = _lines(text, delimiter)
    header = [
        cell.strip().lower() for _, cell in zip(range(500), next(lines, (0, []))[1], strict=False)
    ]
    emotions = _emotion_columns(header)
    if not emotions:
        return [], [f"{name}: no column is called by an emotion, such as love or fear"]
    rows, faults = [], []
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        found = _row(dict(zip(header, cells, strict=False)), header, cells, emotions)
        if isinstance(found, Row):
            rows.append(found)
        else:
            faults.append(f"{name}, line {line}: {found}")
    return rows, faults


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the number of their last line; what the parser refuses ends them."""
    lines = text.splitlines()
    if delimiter == "\t":
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            yield reader.line_num + 1, next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield reader.line_num, []


def _emotion_columns(header: list[str]) -> dict[str, int]:
    """Emotion -> its column."""
    columns: dict[str, int] = {}
    for place, cell in enumerate(header):
        emotion = cell.rpartition(":")[2].strip()
        if emotion in EMOTIONS and (emotion not in columns or cell.startswith(PREFERRED)):
            columns[emotion] = place
    return columns


def _row(
    named: Mapping[str, str], header: list[str], cells: list[str], columns: Mapping[str, int]
) -> Row | str:
    """The row, or what is wrong with it."""
    if len(cells) < len(header):
        return f"it has {len(cells)} of {len(header)} cells"
    emotions: dict[str, float] = {}
    for emotion, place in columns.items():
        cell = cells[place].strip()
        try:
            value = float(cell) if cell else 0.0
        except ValueError:
            return f"{cell[:40]!r} in {header[place]!r} is no number"
        if not 0 <= value <= 1:
            return f"{value:g} in {header[place]!r} is not from 0 to 1"
        if value:
            emotions[emotion] = value
    names = {
        Path(named[key].strip()).stem.lower()
        for key in ("file", "id")
        if named.get(key, "").strip()
    }
    title = named.get("title", "").strip()
    if not names and not title:
        return "it names no file and no title"
    others = f"{named.get('artist', '')} {named.get('year', '')}"
    return Row(frozenset(names), title, _words(title), _words(others), emotions)


def _words(text: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z]+|\d+", plain)
    return frozenset(word for word in words if word not in SMALL)


def _work(picture: Path, rows: list[Row]) -> Work:
    """A picture with the mean of what the rows that are about it say."""
    name = picture.stem
    about = [row for row in rows if name.lower() in row.names] or _by_title(name, rows)
    emotions: dict[str, float] = {}
    for row in about:
        for emotion, value in row.emotions.items():
            emotions[emotion] = emotions.get(emotion, 0.0) + value / len(about)
    return Work(name, picture, about[0].title if about else "", emotions)


def _by_title(name: str, rows: list[Row]) -> list[Row]:
    """Rows whose title is in the name of the file, and the rest of it in artist and year."""
    words = _words(name)
    return [row for row in rows if row.words and row.words <= words <= row.words | row.others]
