"""What is concluded of a picture, and why, in plain words.

    Preview, the network OPINION -> Report        BadModel, when the fitted numbers are damaged

A fault has a *severity*, 0..1 along its estimate in natural units; a *confidence*, the probability
that it is there at all; and it counts as *found* from a threshold on, which was set so that clean
pictures are left alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import numpy as np

from printroom.core.session import Session
from printroom.pipelines.step import Preview
from printroom.steps.enhance.colour import seen
from printroom.steps.enhance.lowlight import brightness, low_key
from printroom.steps.inspect.features import features
from printroom.steps.inspect.grey import Tint
from printroom.steps.inspect.measure import Measures, measure
from printroom.steps.inspect.router import FAULTS, Router, router
from printroom.steps.inspect.words import reason

FIXES = {
    "dejpeg": "jpeg",
    "denoise": "noise",
    "lowlight": "dark",
    "colour": "cast",
    "deblur": "blur",
}
"""Fix -> the fault it mends. Low resolution has none: it is what enlarging is for."""
SCALES = {
    "jpeg": (90.0, 10.0),
    "noise": (2.0, 40.0),
    "blur": (1.0, 4.0),
    "dark": (0.4, 0.04),
    "low_resolution": (1.2, 4.0),
    "cast": (4.0, 25.0),
}
"""Estimates at which severity is 0, and 1."""
UNITS = {
    "jpeg": "quality",
    "noise": "levels of 255",
    "blur": "pixels",
    "dark": "median luma",
    "low_resolution": "times enlarged",
    "cast": "degrees",
}
CLEAN = "clean"


@dataclass(frozen=True)
class Finding:
    """One fault, whether it is there or not."""

    fault: str
    """One of FAULTS."""
    found: bool
    sure: bool
    """Whether `--fix auto` mends it: so likely that it does no harm, and if dark, in its bright
    parts too."""
    severity: float
    """0 = not to be seen, 1 = as bad as it gets."""
    confidence: float
    """Probability that the picture has it, 0..1."""
    estimate: float | None
    """In `unit`; None where it could not be measured."""
    unit: str
    fix: str | None
    """The step that mends it."""
    reason: str
    """One sentence."""


@dataclass(frozen=True)
class Report:
    """All findings, in the order of FAULTS."""

    findings: tuple[Finding, ...]
    main: str
    """The fault that is furthest beyond its threshold; "clean" if none was found."""

    def __getitem__(self, fault: str) -> Finding:
        return self.findings[FAULTS.index(fault)]

    @property
    def found(self) -> tuple[str, ...]:
        """The faults that were found."""
        return tuple(finding.fault for finding in self.findings if finding.found)

    @property
    def sure(self) -> tuple[str, ...]:
        """The faults that are mended unasked."""
        return tuple(finding.fault for finding in self.findings if finding.sure)

    @property
    def why(self) -> str:
        """One line: the reasons of what was found, and what is left alone unless asked for."""
        reasons = [one.reason for one in self.findings if one.found]
        doubtful = [one.fix for one in self.findings if one.found and not one.sure and one.fix]
        if doubtful:
            reasons.append(f"Not mended unasked; ask for it: {', '.join(doubtful)}.")
        return " ".join(reasons) or "Nothing ails it."

    def to_json(self) -> str:
        """`main`, and the findings by fault."""
        return json.dumps(self.as_dict())

    def as_dict(self) -> dict[str, object]:
        """As in `to_json`."""
        findings = {one.fault: asdict(one) for one in self.findings}
        for facts in findings.values():
            del facts["fault"]
        return {"main": self.main, "faults": findings}


def report(preview: Preview, opinion: Session, fitted: Router | None = None) -> Report:
    """Measure and conclude. `opinion`: of `features.OPINION`; `fitted`: other numbers than those
    that ship.
    """
    fitted = fitted or router()
    measures = measure(preview)
    row, light = features(measures, fitted.filters, seen(opinion, preview.thumbnail))
    confidences = fitted.probabilities(row)
    estimates = _estimates(measures, light)
    spared = {"dark"} if low_key(brightness(preview.thumbnail)) else set()
    findings = tuple(
        Finding(
            fault=fault,
            found=confidences[fault] >= fitted.threshold(fault),
            sure=fitted.surely(fault, confidences[fault]) and fault not in spared,
            severity=severity(fault, estimates[fault], confidences[fault]),
            confidence=round(confidences[fault], 4),
            estimate=_rounded(estimates[fault]),
            unit=UNITS[fault],
            fix=next((fix for fix, mended in FIXES.items() if mended == fault), None),
            reason=reason(
                fault, confidences[fault] >= fitted.threshold(fault), estimates[fault], light
            ),
        )
        for fault in FAULTS
    )
    return Report(findings, fitted.main(confidences) or CLEAN)


def severity(fault: str, estimate: float | None, confidence: float) -> float:
    """How bad it is if it is there; without an estimate, as bad as it is sure."""
    if estimate is None:
        return round(confidence, 3)
    none, worst = SCALES[fault]
    return round(float(np.clip((estimate - none) / (worst - none), 0, 1)), 3)


def _estimates(measures: Measures, light: Tint) -> dict[str, float | None]:
    blocks, sharpness = measures.blocks, measures.sharpness
    return {
        "jpeg": blocks.quality,
        "noise": measures.noise.level,
        "blur": sharpness.blur,
        "dark": measures.light.median,
        "low_resolution": sharpness.enlarged,
        "cast": light.angle,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")
