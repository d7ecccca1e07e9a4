"""Stage three: a model at work, inside the sandbox. Time, sameness, sense, and how all of it grows.

Model, rules -> tried -> findings as JSON values
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.catalogue.verification.probes import BEYOND, Model
from printroom.core.errors import ModelFailed
from printroom.runtimes.onnx.yardstick import yardstick

Planes = NDArray[Any]
SLOW = 5.0
"""Seconds of a run after which no larger picture is tried."""
QUICK = 0.01
"""Seconds below which a run says nothing of how time grows."""


def tried(model: Model, rules: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One finding after another; the caller stops at the first that refuses.

    MemoryError ends the process: whoever watches it knows what that means.
    """
    yield _timed(lambda: _speed(model, rules), "trial.speed")
    yield _timed(lambda: _memory(model, rules), "trial.memory")
    yield _timed(lambda: _repeats(model), "trial.repeats")
    yield _timed(lambda: _finite(model), "trial.finite")
    yield _timed(lambda: _range(model, rules), "trial.range")


def _timed(look: Any, code: str) -> dict[str, Any]:
    started = time.monotonic()
    try:
        verdict, reason, evidence = look()
    except ModelFailed as error:
        verdict, reason, evidence = "refused", f"it fails: {error}"[:500], {}
    return {
        "stage": "trial", "code": code, "verdict": verdict, "reason": reason, "evidence": evidence,
        "seconds": round(time.monotonic() - started, 3),
    }  # fmt: skip


def _speed(model: Model, rules: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Seconds by size, beside a yardstick, so that machines can be compared."""
    seconds: dict[tuple[int, int], float] = {}
    for size in model.sizes(rules["sides"]):
        if max(seconds.values(), default=0) > SLOW:
            break
        made = model.made(size, 0).shape
        seconds[size] = _least(lambda size=size: model.made(size, 1))
    sizes = list(seconds)
    pixels = sizes[-1][0] * sizes[-1][1] if not model.card.reading.generates else made[2] * made[3]
    each = seconds[sizes[-1]] / pixels * 1e6
    yard = yardstick()
    power = _power({h * w: took for (h, w), took in seconds.items() if took >= QUICK})
    evidence = {
        "seconds": {f"{w}x{h}": round(took, 4) for (h, w), took in seconds.items()},
        "seconds_per_megapixel": round(each, 3), "yardsticks": round(each / yard, 2),
        "yardstick_seconds_per_megapixel": round(yard, 4), "grows_with_power": power,
    }  # fmt: skip
    said = f"{each:.2f} s of one thread per megapixel, {each / yard:.1f} yardsticks"
    if power is not None and power > rules["growth"]:
        return "review", f"{said}; its time grows with the {power:.2f}th power of pixels", evidence
    return "passed", said, evidence


def _memory(model: Model, rules: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """As it was measured for the card."""
    costs = model.card.costs
    power = _power({side * side: float(cost) for side, cost in costs.items() if cost > 1 << 22})
    evidence = {
        "bytes": {str(side): cost for side, cost in costs.items()},
        "grows_with_power": power,
    }
    most = max(costs.values(), default=0)
    said = f"{most >> 20} MiB for the largest tile that was measured" if costs else "not measured"
    if power is not None and power > rules["growth"]:
        return "review", f"{said}; it grows with the {power:.2f}th power of pixels", evidence
    return "passed", said, evidence


def _repeats(model: Model) -> tuple[str, str, dict[str, Any]]:
    """The same picture twice, with another in between."""
    size = model.sizes([64])[0]
    first = model.made(size, 0)
    model.made(size, 1)
    again = model.made(size, 0)
    if first.shape == again.shape and np.array_equal(first, again, equal_nan=True):
        return "passed", "the same picture gives the same bits", {}
    far = float(np.nanmax(np.abs(first - again))) if first.shape == again.shape else 1.0
    reason = "it makes another result of the same picture each time"
    return "refused", reason, {"difference": far if np.isfinite(far) else "not finite"}


def _finite(model: Model) -> tuple[str, str, dict[str, Any]]:
    """Numbers, whatever it is given."""
    seen = [("a random picture", model.made(model.sizes([64])[0], 0)), *model.extremes()]
    seen += [(f"the picture {name!r}", planes) for name, planes, _plain in model.pictures()]
    for name, planes in seen:
        wrong = int(planes.size - np.isfinite(planes).sum())
        if wrong:
            reason = f"of {name}, {wrong} of {planes.size} values are no numbers"
            usual = name not in BEYOND
            return "refused" if usual else "review", reason, {"of": name, "wrong": wrong}
    return "passed", f"all values of {len(seen)} results are numbers", {}


def _range(model: Model, rules: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Of results on known pictures, as they are read."""
    made = [planes for _name, planes, _plain in model.pictures()]
    low, high = float(min(map(np.min, made))), float(max(map(np.max, made)))
    evidence = {"low": round(low, 4), "high": round(high, 4)}
    said = f"known pictures give values from {low:.3g} to {high:.3g}, where 0 is black and 1 white"
    outside = max(-low, high - 1) > rules["beyond"] or high - low < 1e-4
    return "review" if outside else "passed", said, evidence


def _least(work: Any) -> float:
    """Seconds of the faster of two runs."""
    taken = []
    for _turn in range(2):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def _power(found: Mapping[int, float]) -> float | None:
    """By which power of pixels something grows; None = there are too few to tell."""
    if len(found) < 2:
        return None
    (few, small), *_between, (many, large) = sorted(found.items())
    return round(log(large / small) / log(many / few), 2)
