"""How figures are worded, the same in tables, plots and pages."""

from __future__ import annotations

import math

from printroom.quality.task import METRICS


def heading(metric: str) -> str:
    """`PSNR, dB`."""
    known = METRICS[metric]
    return f"{known.name}, {known.unit}" if known.unit else known.name


def figure(metric: str, value: float) -> str:
    """With the digits that mean something; `equal` for an infinite PSNR."""
    return f"{value:.{METRICS[metric].digits}f}" if math.isfinite(value) else "equal"


def signed(metric: str, value: float) -> str:
    """A difference, with its sign."""
    if not math.isfinite(value):
        return "equal"
    return f"{value:+.{METRICS[metric].digits}f}"
