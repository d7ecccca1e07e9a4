"""The tile geometry of a model whose graph is not ours to read: what trials tell of it.

    session -> Geometry, never exact        BadModel

Scale and alignment are measured by sizes that go through; the halo is how far a change in the
middle of a picture reaches. A trial can miss what a graph would show, so nothing is promised.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadModel, ModelFailed
from printroom.core.session import Session
from printroom.imaging.tiling import Geometry, ceil_to

ALIGNS = (1, 2, 4, 8, 16, 32, 64)
SIDES = (64, 128, 256)
"""Of the pictures in which reach is measured."""
TRIALS = 4
FAINT = 1e-6
"""Change, in parts of the largest value, that counts as none."""
WHY = "its graph is not read here: how far it looks was measured by trials, not derived"


def probed(session: Session, planes: int, fixed: tuple[int, int] | None = None) -> Geometry:
    """The geometry of a model of 1 or 3 planes. Raises BadModel when no size goes through."""
    if fixed is not None:
        scale = _scale(session, planes, *fixed)
        if isinstance(scale, str):
            raise BadModel(f"the model fails on {fixed[1]} x {fixed[0]} pixels", scale)
        return Geometry(scale, min(fixed) // 8, exact=False, fixed=fixed, why=_fixed(fixed))
    failed = ""
    for align in ALIGNS:
        found = [_scale(session, planes, *size) for size in _sizes(align)]
        if all(isinstance(scale, Fraction) for scale in found) and len(set(found)) == 1:
            scale = found[0]
            assert isinstance(scale, Fraction)
            halo = ceil_to(_reach(session, planes, align, scale), align)
            return Geometry(scale, halo, align, exact=False, why=WHY, least=align)
        failed = next((text for text in found if isinstance(text, str)), failed)
    raise BadModel(
        f"the model takes no picture with {planes} channels of any size: {failed}",
        "if it takes one size only, say which",
    )


def _sizes(align: int) -> Iterator[tuple[int, int]]:
    """Multiples of the alignment, and of nothing else alike."""
    first = ceil_to(33, align) // align | 1
    yield align * first, align * (first + 2)
    yield align * (first + 4), align * first


def _scale(session: Session, planes: int, height: int, width: int) -> Fraction | str:
    """What it enlarges by; or why it does not."""
    batch = np.random.default_rng(0).random((1, planes, height, width), np.float32)
    try:
        shape = session.run(batch).shape
    except ModelFailed as error:
        return error.reason[-300:]
    scales = {Fraction(shape[2], height), Fraction(shape[3], width)}
    if shape[:2] != (1, planes) or len(scales) > 1:
        return f"it makes {shape} of {batch.shape}"
    return scales.pop()


def _reach(session: Session, planes: int, align: int, scale: Fraction) -> int:
    """Input pixels; the largest found, until a picture is wide enough to show its end."""
    for side in SIDES:
        size = ceil_to(side, align)
        found = max(_changed(session, planes, size, scale, trial) for trial in range(TRIALS))
        if found < size // 2 - 2 * align or size >= SIDES[-1]:
            return min(found + align, size // 2)
    raise AssertionError("unreachable")


def _changed(session: Session, planes: int, size: int, scale: Fraction, trial: int) -> int:
    """How far from the middle a change there is seen."""
    random = np.random.default_rng(trial)
    batch = random.random((1, planes, size, size), np.float32)
    other, middle = batch.copy(), size // 2
    other[:, :, middle, middle] = 1 - other[:, :, middle, middle] if trial % 2 else 4 * trial
    one, two = session.run(batch), session.run(other)
    seen = np.abs(one - two) > FAINT * max(1.0, float(np.abs(one).max()))
    return max(
        _distance(np.flatnonzero(seen.any(axis)), middle, scale) for axis in ((0, 1, 2), (0, 1, 3))
    )


def _distance(places: NDArray[Any], middle: int, scale: Fraction) -> int:
    if not places.size:
        return 0
    first, last = int(places[0] / scale), int(places[-1] / scale)
    return max(middle - first, last - middle, 0)


def _fixed(fixed: tuple[int, int]) -> str:
    return f"it takes pictures of {fixed[1]} x {fixed[0]} only"
