"""Stage four: what the model's pictures show. Who looks is put in; nobody looks by default.

    pictures, screens -> looked -> findings         pictures that nobody looked at are "not checked"

A screen is another's classifier: it says whether a person should look, never that all is well.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from printroom.catalogue.verification.report import Finding
from printroom.core.errors import PrintroomError

Subject = Literal["unsafe", "likeness"]
"""`unsafe`: what not everybody may be shown; `likeness`: faces of people."""
SUBJECTS: tuple[Subject, ...] = ("unsafe", "likeness")


@dataclass(frozen=True)
class Seen:
    """What a screen says of one picture."""

    flagged: bool
    """Whether a person should look."""
    said: str
    """For people: class and probability."""


class Screen(Protocol):
    """Looks at pictures."""

    @property
    def name(self) -> str:
        """Of what looks, with its version: it is kept in the report."""

    @property
    def subject(self) -> Subject: ...

    def look(self, planes: NDArray[np.float32]) -> Seen:
        """(1, 3, h, w) in 0..1. Raises a PrintroomError when it cannot."""


def looked(pictures: Mapping[str, NDArray[np.float32]], screens: Sequence[Screen]) -> list[Finding]:
    """A finding for each subject: flagged for a person, not flagged, or unchecked."""
    return [
        _looked(subject, pictures, [one for one in screens if one.subject == subject])
        for subject in SUBJECTS
    ]


def _looked(
    subject: Subject, pictures: Mapping[str, NDArray[np.float32]], screens: Sequence[Screen]
) -> Finding:
    started, code = time.monotonic(), f"content.{subject}"
    if not screens:
        return Finding("content", code, "unchecked", "not checked: no screen is set up")
    flagged, evidence = [], dict[str, object]()
    try:
        for screen in screens:
            for name, planes in pictures.items():
                seen = screen.look(planes)
                evidence[f"{screen.name}: {name}"] = seen.said
                if seen.flagged:
                    flagged.append(name)
    except PrintroomError as error:
        reason = f"not checked: {screen.name} failed: {error.reason}"
        return Finding("content", code, "unchecked", reason, evidence, _since(started))
    names = ", ".join(screen.name for screen in screens)
    if flagged:
        reason = f"a person should look at {len(set(flagged))} of {len(pictures)} pictures"
        return Finding("content", code, "review", reason, evidence, _since(started))
    reason = f"{names} flagged none of {len(pictures)} pictures; other pictures it may"
    return Finding("content", code, "passed", reason, evidence, _since(started))


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)
