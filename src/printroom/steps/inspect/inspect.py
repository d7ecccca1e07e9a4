"""The step `inspect`: what ails a picture, and so what to mend.

preview, fix -> Faults        BadOption, when `fix` names a fix that there is not
"""

from __future__ import annotations

from typing import NamedTuple

from printroom.core.errors import BadOption
from printroom.pipelines.step import LookStep, Preview, StepContext
from printroom.steps.inspect.features import OPINION
from printroom.steps.inspect.report import FIXES, report


class Faults(NamedTuple):
    """Which faults to mend, and what was found."""

    jpeg: bool
    noise: bool
    blur: bool
    dark: bool
    low_resolution: bool
    cast: bool
    unasked: bool
    """Whether nobody named the fixes, so that they should hold back."""
    why: str
    """One line for people."""
    report: str
    """JSON: every fault with severity, confidence, estimate and reason."""


class Inspect(LookStep):
    """Finds what ails a picture: JPEG, noise, blur, darkness, low resolution, a colour cast."""

    name = "inspect"
    fix: str = "auto"
    """"auto": what is surely there; "none": nothing; or names of fixes, separated by commas."""

    def look(self, context: StepContext, preview: Preview) -> Faults:
        """Raises BadOption."""
        asked = wanted(self.fix)
        seen = report(preview, context.session(OPINION))
        chosen = seen.sure if asked is None else asked
        why = seen.why if asked is None else "As was asked for."
        return Faults(
            jpeg="jpeg" in chosen,
            noise="noise" in chosen,
            blur="blur" in chosen,
            dark="dark" in chosen,
            low_resolution="low_resolution" in chosen,
            cast="cast" in chosen,
            unasked=asked is None,
            why=why,
            report=seen.to_json(),
        )


def wanted(fix: str) -> tuple[str, ...] | None:
    """The faults that `fix` says to mend; None = those that are found. Raises BadOption."""
    names = [name.strip() for name in fix.split(",") if name.strip()]
    if names == ["auto"]:
        return None
    if names == ["none"]:
        return ()
    if unknown := [name for name in names if name not in FIXES]:
        raise BadOption(
            f"there is no fix {unknown[0]!r}", f"take auto, none, or {', '.join(FIXES)}"
        )
    return tuple(FIXES[name] for name in names)
