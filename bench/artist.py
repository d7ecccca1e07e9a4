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
    """Whether poems keep their metre, copy no line and say different things; and what one costs."""
    from printroom.training.verse.syllables import Syllables

    poet, syllables = _poet(), Syllables()
    count = QUICK_POEMS if quick else POEMS
    began = time.process_time()
    poems = [poet.write(THEMES[n % len(THEMES)], 0.7, n).text.split("\n") for n in range(count)]
    cost = (time.process_time() - began) / count
    lines = [re.findall(r"[a-z']+", line.lower()) for poem in poems for line in poem]
    sizes = [sum(syllables.guessed(word) for word in line) for line in lines]
    kept = np.mean(np.reshape(sizes, (-1, 3)) == (5, 7, 5))
    said = [" ".join(line) for line in lines]
    learnt = _learnt()
    copied = float(np.mean([line in learnt for line in said]))
    where = f"of {len(learnt):,} learnt ones" if learnt else "the poems learnt are not at hand"
    return [
        Row("write: lines in metre", float(kept), at_least(0.99), "", f"of {len(lines)}"),
        Row("write: lines copied", copied, at_most(0.001), "", where),
        Row("write: distinct lines", len(set(said)) / len(said), None, "", f"of {len(said)}"),
        Row("write: a poem", cost, None, "CPU-s", "one thread, net loaded"),
    ]


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
