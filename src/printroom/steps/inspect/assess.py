"""The step `assess`: a score for a picture, 0 to 100, without another to compare it with.

    preview -> Assessment

Each fault takes away from 100 in proportion to how likely it is and how bad; several multiply. It
says how much of what printroom can mend is wrong with a picture. It does not say whether the
picture is a good one: taste, content, composition and faces are nothing to it.
"""

from __future__ import annotations

from typing import NamedTuple

from printroom.pipelines.step import LookStep, Preview, StepContext
from printroom.steps.inspect.features import OPINION
from printroom.steps.inspect.report import Finding, Report, report

WORST = {
    "jpeg": 0.8,
    "noise": 0.8,
    "blur": 0.85,
    "dark": 0.8,
    "low_resolution": 0.8,
    "cast": 0.6,
}
"""Share of the score that a fault takes at its worst."""
LEAST = 0.3
"""Share of that which it takes when it is there, but hardly to be seen."""


class Assessment(NamedTuple):
    """A score and its reasons."""

    score: float
    """0 = every fault at its worst, 100 = none."""
    reasons: list[str]
    """What cost a point and more, the dearest first."""


class Assess(LookStep):
    """Scores a picture from 0 to 100 by the faults that it has, and says why."""

    name = "assess"

    def look(self, context: StepContext, preview: Preview) -> Assessment:
        """Never fails on a picture that has pixels."""
        return assess(report(preview, context.session(OPINION)))


def assess(seen: Report) -> Assessment:
    """The score of what was found."""
    left = 1.0
    for finding in seen.findings:
        left *= 1 - cost(finding)
    dear = sorted((one for one in seen.findings if cost(one) >= 0.01), key=cost, reverse=True)
    return Assessment(round(100 * left, 1), [finding.reason for finding in dear])


def cost(finding: Finding) -> float:
    """Share of the score that one fault takes, 0..1."""
    bad = LEAST + (1 - LEAST) * finding.severity
    return WORST[finding.fault] * finding.confidence * bad
