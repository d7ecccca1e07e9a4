"""How well a router tells the faults of photographs that it does not know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.steps.inspect.router import FAULTS, Router, beyond
from printroom.training.routing.fitting import logistic
from printroom.training.routing.table import Table

Array = NDArray[Any]


@dataclass(frozen=True)
class Examined:
    """How a router did on photographs it does not know."""

    confusion: Array
    """(faults + 1, faults + 1) pictures with one fault or none: the truth down, the main fault
    found across; clean last."""
    exact: float
    """Share of those pictures of which just what is true was found."""
    flagged: float
    """Share of clean pictures on which anything was found."""
    calibration: float
    """Mean distance of probability and frequency, over tenths of probability."""

    @property
    def right(self) -> float:
        """Mean over the classes of the share that is right."""
        return float((np.diag(self.confusion) / self.confusion.sum(1)).mean())

    def table(self) -> str:
        """For people."""
        head = [*FAULTS, "clean"]
        lines = [" " * 15 + "".join(f"{name[:8]:>9}" for name in head)]
        lines += [
            f"{name:15}" + "".join(f"{count:9}" for count in row)
            for name, row in zip(head, self.confusion, strict=True)
        ]
        return "\n".join(lines) + (
            f"\nright {self.right:.1%}, exactly {self.exact:.1%}, "
            f"clean flagged {self.flagged:.1%}, calibration error {self.calibration:.3f}"
        )


def examine(router: Router, table: Table) -> Examined:
    """Look at pictures with one fault or none."""
    table = table[table.faults.sum(1) <= 1]
    features, _ = table.features(router.filters)
    chance = logistic(router.odds(features))
    over = beyond(chance, router.thresholds)
    found = over >= 0
    main = np.where(found.any(1), over.argmax(1), len(FAULTS))
    truth = np.where(table.clean, len(FAULTS), table.faults.argmax(1))
    confusion = np.zeros((len(FAULTS) + 1,) * 2, int)
    np.add.at(confusion, (truth, main), 1)
    return Examined(
        confusion=confusion,
        exact=float((found == table.faults).all(1).mean()),
        flagged=float(found[table.clean].any(1).mean()),
        calibration=_calibration(chance, table.faults),
    )


def _calibration(chance: Array, truth: Array) -> float:
    tenths = np.minimum((chance * 10).astype(int), 9).ravel()
    gaps = np.bincount(tenths, (chance - truth).ravel(), 10)
    return float(abs(gaps).sum() / len(tenths))
