"""What others published on the same protocols, to stand beside what is measured.

Means of PSNR in dB. Only what the field's papers say; where a figure comes from elsewhere, its
source says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple


class Published(NamedTuple):
    """One mean over a set."""

    task: str
    set: str
    """Lower case letters and digits."""
    condition: float
    """Scale for `sr`, else the strength."""
    name: str
    psnr: float
    source: str


def published(task: str, set_name: str, condition: float | None) -> list[Published]:
    """What is known of a set under a condition, the weakest first; a set is told by its name."""
    plain = re.sub(r"[^a-z0-9]", "", set_name.lower())
    found = [
        row for row in FIGURES if (row.task, row.set, row.condition) == (task, plain, condition)
    ]
    return sorted(found, key=lambda row: row.psnr)


def _row(
    task: str, set_name: str, conditions: Sequence[float], name: str, source: str, *psnr: float
) -> list[Published]:
    pairs = zip(conditions, psnr, strict=True)
    return [Published(task, set_name, c, name, figure, source) for c, figure in pairs]


_JPEG = 10, 20, 30, 40
_SIGMAS = 25, 50

_DONG14 = "Dong et al. 2014"
_DONG15 = "Dong et al. 2015"
_DONG16 = "Dong et al. 2016"
_KIM16 = "Kim et al. 2016"
_ZHANG17 = "Zhang et al. 2017"
_ZHANG18 = "Zhang et al. 2018"
_WEIGHTS = "authors' weights"
_BHARDWAJ = "Bhardwaj et al. 2022"
_ZHANG21 = "Zhang et al. 2021"

FIGURES: tuple[Published, ...] = (
    *_row("sr", "set5", (2, 4), "IMDN, 694k", _WEIGHTS, 38.01, 32.20),
    *_row("sr", "set14", (2, 4), "IMDN, 694k", _WEIGHTS, 33.64, 28.58),
    *_row("sr", "set5", (2, 4), "RLFN-S, 455k", _WEIGHTS, 38.06, 32.25),
    *_row("sr", "set14", (2, 4), "RLFN-S, 455k", _WEIGHTS, 33.63, 28.62),
    *_row("sr", "set5", (2,), "IMDN-RTC, 20k", _WEIGHTS, 37.32),
    *_row("sr", "set14", (2,), "IMDN-RTC, 20k", _WEIGHTS, 32.98),
    *_row("sr", "set5", (4,), "SAFMN, 237k", _WEIGHTS, 32.16),
    *_row("sr", "set14", (4,), "SAFMN, 237k", _WEIGHTS, 28.63),
    *_row("sr", "set5", (4,), "SRCNN", _DONG14, 30.50),
    *_row("sr", "set14", (4,), "SRCNN", _DONG14, 27.52),
    *_row("sr", "set5", (2, 4), "FSRCNN, 12k", _DONG16, 37.00, 30.72),
    *_row("sr", "set14", (4,), "FSRCNN, 12k", _DONG16, 27.61),
    *_row("sr", "set5", (4,), "VDSR", _KIM16, 31.35),
    *_row("sr", "set14", (4,), "VDSR", _KIM16, 28.02),
    *_row("sr", "set5", (2,), "SESR-M11, 27k", _BHARDWAJ, 37.58),
    *_row("sr", "set5", (2,), "ECBSR-M10C32, 95k", _ZHANG21, 37.76),
    *_row("jpeg", "classic5", _JPEG, "none", _DONG15, 27.82, 30.12, 31.48, 32.43),
    *_row("jpeg", "classic5", _JPEG, "ARCNN", _DONG15, 29.03, 31.15, 32.51, 33.34),
    *_row("jpeg", "classic5", _JPEG, "DnCNN-3, 666k", _ZHANG17, 29.40, 31.63, 32.91, 33.77),
    *_row("jpeg", "live1", _JPEG, "none", _DONG15, 27.77, 30.07, 31.41, 32.35),
    *_row("jpeg", "live1", _JPEG, "ARCNN", _DONG15, 28.96, 31.29, 32.67, 33.63),
    *_row("jpeg", "live1", _JPEG, "DnCNN-3, 666k", _ZHANG17, 29.19, 31.59, 32.98, 33.96),
    *_row("denoise", "bsd68", _SIGMAS, "DnCNN-S", _ZHANG17, 29.23, 26.23),
    *_row("denoise", "bsd68", _SIGMAS, "FFDNet", _ZHANG18, 29.19, 26.29),
)
"""A number after a name is that of its parameters; `authors' weights` were run on the protocol."""
