"""Which pictures of a run are worth a look, and which parts of them.

    Results -> chosen() -> a few cases        case, methods -> Look: crops side by side

Per strength, where there are one or two: the picture that gained least, the one in the middle and
the one that gained most by the first method; with more strengths, the one in the middle of each,
and of all the one that gained least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from printroom.imaging.tiling import Region
from printroom.quality.bench import Group, Results, restored
from printroom.quality.pictures import Pixels
from printroom.quality.task import Case

SIDE = 128
"""Of a crop in pixels."""
WIDE, HIGH = 384, 288
"""Of the part under the slider, in pixels."""


@dataclass(frozen=True)
class Choice:
    """A case worth a look."""

    group: Group
    picture: str
    why: str
    """`gained least`, for people."""


@dataclass(frozen=True)
class Look:
    """What is shown of one case; each list has the truth first, then a crop for each method."""

    differing: list[Pixels]
    """Where floor and first method differ most."""
    middle: list[Pixels]
    """From the middle of the picture."""
    before: Pixels
    """A larger part around the place of `differing`: the floor's, for the slider."""
    after: Pixels
    """The same of the first method."""


def chosen(results: Results) -> list[Choice]:
    """The cases to show; none where there is only the floor."""
    if len(results.methods) < 2:
        return []
    ranks = [(group, _ranked(results, group)) for group in results.groups]
    made: list[Choice] = []
    for set_name in dict.fromkeys(group.set for group, _ in ranks):
        made += _of_set([(group, order) for group, order in ranks if group.set == set_name])
    return made


def look(case: Case, results: Results) -> Look:
    """Run all methods on a case once more and cut out what is shown."""
    made = [restored(method, case) for method in results.methods]
    all_of = [case.truth, *made]
    height, width = case.truth.shape[:2]
    differing = busiest(made[0], made[1], min(SIDE, height), min(SIDE, width))
    centre = _around(width / 2, height / 2, SIDE, SIDE, case.truth)
    x, y = (differing.left + differing.right) / 2, (differing.top + differing.bottom) / 2
    large = _around(x, y, WIDE, HIGH, case.truth)
    return Look(
        differing=[_cut(pixels, differing) for pixels in all_of],
        middle=[_cut(pixels, centre) for pixels in all_of],
        before=_cut(made[0], large),
        after=_cut(made[1], large),
    )


def busiest(a: Pixels, b: Pixels, height: int, width: int) -> Region:
    """The window of `height` x `width` pixels in which two pictures differ most, in the mean."""
    difference = np.abs(a.astype(np.float64) - b).sum(2)
    total = cv2.integral(difference)
    sums = total[height:, width:] - total[:-height, width:] - total[height:, :-width]
    sums += total[:-height, :-width]
    top, left = np.unravel_index(int(np.argmax(sums)), sums.shape)
    return Region(int(left), int(top), int(left) + width, int(top) + height)


def _ranked(results: Results, group: Group) -> list[str]:
    """Pictures by what the first method gained, the least first."""
    gains = results.gains(group)[results.methods[1].name]
    return sorted(gains, key=lambda picture: gains[picture])


def _of_set(ranks: Sequence[tuple[Group, list[str]]]) -> list[Choice]:
    if len(ranks) <= 2:
        return [choice for group, order in ranks for choice in _three(group, order)]
    middle = [Choice(group, order[len(order) // 2], "in the middle") for group, order in ranks]
    group, order = ranks[0]
    return [Choice(group, order[0], "gained least"), *middle] if len(order) > 1 else middle


def _three(group: Group, order: Sequence[str]) -> list[Choice]:
    named = {order[len(order) // 2]: "in the middle", order[-1]: "gained most"}
    named |= {order[0]: "gained least"} if len(order) > 1 else {}
    return [Choice(group, picture, named[picture]) for picture in order if picture in named]


def _around(x: float, y: float, width: int, height: int, pixels: Pixels) -> Region:
    """A window about (x, y), moved into the picture and as large as fits."""
    high, wide = min(height, pixels.shape[0]), min(width, pixels.shape[1])
    left = int(min(max(0, x - wide / 2), pixels.shape[1] - wide))
    top = int(min(max(0, y - high / 2), pixels.shape[0] - high))
    return Region(left, top, left + wide, top + high)


def _cut(pixels: Pixels, where: Region) -> Pixels:
    return np.ascontiguousarray(pixels[where.top : where.bottom, where.left : where.right])
