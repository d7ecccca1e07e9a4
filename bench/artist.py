"""The three steps of the artist, each by a measure of its own.

PARTS: name of a step -> quick -> rows

A part is looked up and asked when its turn comes; its nets are those that ship with the step.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from bench import cache
from bench.rows import Row, at_least

JUDGE = Path(__file__).parent / "judges" / "scenes.onnx"
"""Left by `printroom train scenes`."""
CAPTIONS, QUICK = 400, 24
ASIDE_SEED = 1
"""Of scenes that the shipped nets never saw."""


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
        painter.paint(poem, painter.seen(poem), seed, 2.0)
    cost = (time.process_time() - began) / 5
    groups = ", ".join(f"{name} {value:.2f}" for name, value in list(scores.items())[2:])
    what = f"what {count} captions name and a judge sees; in drawn scenes {scores['drawn']:.3f}"
    return [
        Row("paint: attributes shown", scores["painted"], at_least(0.8), "", what),
        Row("paint: shown / drawn", scores["painted"] / scores["drawn"], None, "x", groups),
        Row("paint: a picture", cost, None, "CPU-s", "128 px, one thread, nets loaded"),
    ]


def _judge() -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(JUDGE, providers=["CPUExecutionProvider"])

    def run(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        (said,) = session.run(None, {"pictures": pictures})
        return np.asarray(said, np.float32)

    return run


PARTS: dict[str, Callable[[bool], list[Row]]] = {"paint": paint}
"""By step."""
