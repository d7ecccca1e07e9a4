"""Words of haiku, and what each of them shows.

lexicon.txt -> READINGS: word -> what it may show, one or several values at once

The words are our own choice, made with an eye on which are frequent in English haiku. A word in
several lines of the file has several readings. Plurals, tenses and possessives are found by their
stems (`tokens`, beside the step).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

FILE = Path(__file__).with_name("lexicon.txt")
"""Lines `values: words`, each going on in the indented lines after it."""


def _read(text: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for line in text.replace("\n    ", " ").splitlines():
        values, words = line.split(": ")
        for word in words.split():
            found.setdefault(word, []).append(tuple(values.split()))
    return {word: tuple(readings) for word, readings in found.items()}


READINGS: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    _read(FILE.read_text("utf-8"))
)
"""Word -> its readings, each of which is the values that it shows at once."""
