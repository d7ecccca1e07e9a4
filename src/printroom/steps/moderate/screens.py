"""Classifiers that look at what a stranger's model makes, while it is verified.

a file of TOML -> screens -> Screens, each the step `moderate` with its parameters    BadOption

[[screen]]
name = "nudity 2"          # kept in reports
subject = "unsafe"         # or "likeness"
model = "nudity.onnx"      # beside the file, or absolute
digest = "..."             # and so on: the parameters of the step
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.catalogue.verification.content import SUBJECTS, Seen, Subject
from printroom.core.errors import BadOption
from printroom.pipelines.declare import declared_step
from printroom.steps.moderate.moderate import Moderate

_OWN = ("name", "subject")


@dataclass(frozen=True)
class ModerateScreen:
    """Implements `printroom.catalogue.verification.content.Screen`."""

    name: str
    subject: Subject
    step: Moderate

    def look(self, planes: NDArray[np.float32]) -> Seen:
        """(1, 3, h, w) in 0..1. Raises BadOption, BadModel, ModelFailed."""
        verdict = self.step.judged(planes)
        return Seen(verdict.review, verdict.reason)


def screens(path: Path | None) -> list[ModerateScreen]:
    """Of the file at `path`; none where there is no file named. Raises BadOption."""
    if path is None:
        return []
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadOption(f"the screens in {path} cannot be read", str(error)) from error
    listed: Any = raw.get("screen")
    tables = isinstance(listed, list) and all(isinstance(one, dict) for one in listed)
    if not tables or set(raw) != {"screen"}:
        raise BadOption(f"{path} lists no screens", "begin each with [[screen]]")
    return [_screen(one, path.parent) for one in listed]


def _screen(raw: Any, folder: Path) -> ModerateScreen:
    name, subject = str(raw.get("name", "")), raw.get("subject")
    if not name or subject not in SUBJECTS:
        raise BadOption(
            f"the screen {name!r} has no name, or looks for nothing",
            f"give it a name, and as subject one of {', '.join(SUBJECTS)}",
        )
    given = {key: value for key, value in raw.items() if key not in _OWN}
    return ModerateScreen(name, subject, step_of(given, folder, f"the screen {name!r}"))


def step_of(given: Mapping[str, Any], folder: Path, what: str) -> Moderate:
    """The step with its parameters; a model beside the file in `folder`. Raises BadOption."""
    ports = declared_step(Moderate).parameters
    if unknown := set(given) - set(ports):
        raise BadOption(
            f"{what} has no parameter {sorted(unknown)[0]!r}", f"there are {', '.join(ports)}"
        )
    if "model" not in given:
        raise BadOption(f"{what} has no model", "name its file, and the SHA-256 of it")
    values = {}
    for key, value in (dict(given) | {"model": str(folder / str(given["model"]))}).items():
        try:
            values[key] = ports[key].coerce(value)
        except ValueError as error:
            raise BadOption(f"{what}: {key} {error}") from error
    return Moderate(**values)
