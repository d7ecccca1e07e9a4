"""Which input pixels a value may depend on, along one side of the picture: exact integers.

A tensor inside a net has `count` values for every `period` input pixels. Value number i of it may
depend on the input pixels from low[i] to high[i], and the pattern repeats: value i + count depends
on the same pixels, `period` further on. Negative numbers lie left of (above) the picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

LONGEST = 4096
"""Longest period or table we follow; beyond it a net is not one for pictures."""


class Untraceable(Exception):
    """What an operator looks at cannot be followed; the message says why, for people."""


@dataclass(frozen=True)
class Reach:
    """Dependence on the input along one side."""

    period: int
    """Input pixels after which the pattern repeats: the alignment that the net needs here."""
    low: tuple[int, ...]
    """First input pixel that each value of one period may depend on."""
    high: tuple[int, ...]
    """Last one."""

    @classmethod
    def start(cls) -> Reach:
        """The input itself."""
        return cls(1, (0,), (0,))

    @property
    def count(self) -> int:
        return len(self.low)

    @property
    def scale(self) -> Fraction:
        """Values per input pixel."""
        return Fraction(self.count, self.period)

    def mapped(
        self, factor: Fraction, first: Callable[[int], int], last: Callable[[int], int]
    ) -> Reach:
        """Of a tensor whose value o is made from our values first(o) to last(o).

        `factor` is its values per value of ours; first and last must repeat with it.
        """
        up, down = factor.numerator, factor.denominator
        times = self.count // gcd(self.count, down)
        period = self.period * times * down // self.count
        if max(period, times * up) > LONGEST:
            raise Untraceable("works on blocks that are too long to follow")
        spans = [range(first(o), last(o) + 1) for o in range(times * up)]
        if any(len(span) > LONGEST for span in spans):
            raise Untraceable("looks too far to follow")
        low = tuple(min(self._at(self.low, i) for i in span) for span in spans)
        high = tuple(max(self._at(self.high, i) for i in span) for span in spans)
        return Reach(period, low, high)

    def joined(self, other: Reach) -> Reach:
        """Of a value made from one of ours and the one of `other` at the same place."""
        if self.scale != other.scale:
            raise Untraceable("joins tensors of different scales")
        period = lcm(self.period, other.period)
        if period > LONGEST:
            raise Untraceable("works on blocks that are too long to follow")
        places = range(int(period * self.scale))
        low = tuple(min(self._at(self.low, i), other._at(other.low, i)) for i in places)
        high = tuple(max(self._at(self.high, i), other._at(other.high, i)) for i in places)
        return Reach(period, low, high)

    def mirrored(self) -> Reach:
        """As far to one side as to the other: what a reflection at the border brings about.

        A value at place -j beyond the border repeats the one at j, so that what lies left of a
        result near the border is read on its right.
        """
        per = Fraction(self.period, self.count)
        own = [(i * per // 1, -(-(i + 1) * per // 1) - 1) for i in range(self.count)]
        far = max(
            max(start - low, high - end)
            for (start, end), low, high in zip(own, self.low, self.high, strict=True)
        )
        return Reach(
            self.period,
            tuple(start - far for start, _ in own),
            tuple(end + far for _, end in own),
        )

    def halo(self) -> int:
        """Input pixels that a block of `period` may depend on beyond its own, on either side."""
        return max(0, -min(self.low), max(self.high) - (self.period - 1))

    def _at(self, table: tuple[int, ...], index: int) -> int:
        turns, place = divmod(index, self.count)
        return table[place] + turns * self.period
