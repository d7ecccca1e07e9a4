"""What a bench measured, and whether it is good enough.

    numbers of alternating runs -> Row -> verdict

Times mean little on a machine that others use too; ratios of neighbouring runs mean something.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Limit:
    """A floor (`at_least`) or a ceiling (`at_most`); `strict` excludes the limit itself."""

    value: float
    floor: bool
    strict: bool = False

    def holds(self, measured: float) -> bool:
        if self.strict:
            return measured > self.value if self.floor else measured < self.value
        return measured >= self.value if self.floor else measured <= self.value

    def __str__(self) -> str:
        sign = (">" if self.floor else "<") + ("" if self.strict else "=")
        return f"{sign} {self.value:g}"


def at_least(value: float) -> Limit:
    return Limit(value, floor=True)


def at_most(value: float) -> Limit:
    return Limit(value, floor=False)


def above(value: float) -> Limit:
    return Limit(value, floor=True, strict=True)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    measured: float
    """A ratio, unless `unit` says otherwise."""
    limit: Limit | None
    """What it is held against; None = for information."""
    unit: str
    detail: str
    """What was measured, and the absolute numbers behind the ratio."""

    @property
    def passed(self) -> bool:
        return self.limit is None or self.limit.holds(self.measured)

    @property
    def verdict(self) -> str:
        """`ok`, `MISSED`, or `info` where there is no limit."""
        if self.limit is None:
            return "info"
        return "ok" if self.passed else "MISSED"

    def as_json(self) -> dict[str, Any]:
        """The fields and the verdict; `measured` is null where it is not a number."""
        return asdict(self) | {
            "measured": None if math.isnan(self.measured) else self.measured,
            "limit": None if self.limit is None else str(self.limit),
            "verdict": self.verdict,
        }


def paired(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median over the rounds of ours / theirs: what slows a whole round down cancels out."""
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0..1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
