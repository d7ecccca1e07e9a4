"""What a look at one part of the machine found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["good", "warning", "fault"]


@dataclass(frozen=True)
class Finding:
    """One part, and how it is."""

    subject: str
    """As `memory`."""
    verdict: Verdict
    """`warning`: it works, with less than it could; `fault`: something will not work."""
    told: str
    """What was found, for people."""
    remedy: str = ""
    """What to do; empty where there is nothing to do."""


def good(subject: str, told: str) -> Finding:
    """It is as it should be."""
    return Finding(subject, "good", told)


def warning(subject: str, told: str, remedy: str) -> Finding:
    """It works, with less than it could."""
    return Finding(subject, "warning", told, remedy)


def fault(subject: str, told: str, remedy: str) -> Finding:
    """Something will not work."""
    return Finding(subject, "fault", told, remedy)
