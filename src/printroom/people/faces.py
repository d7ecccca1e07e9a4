"""Another's face classifier or detector, bound by the owner; printroom ships none.

    a file of TOML -> face_step -> the step `moderate`, with its parameters       BadOption
    planes -> found -> whether it sees a face, and why                             BadModel

[face]
model = "faces.onnx"       # beside the file, or absolute
digest = "..."             # and so on: the parameters of the step; `flag` names the class "face"
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption
from printroom.steps.moderate.moderate import Moderate
from printroom.steps.moderate.screens import step_of


class Faces:
    """What the owner bound. Safe from many threads."""

    def __init__(self, path: Path | None) -> None:
        """Raises BadOption for a file that says nothing sound."""
        self._step = None if path is None else face_step(path)

    @property
    def bound(self) -> bool:
        """Whether anything looks at all."""
        return self._step is not None

    def found(self, pixels: NDArray[np.uint8]) -> tuple[bool, str]:
        """Whether there is a face in (h, w, 3), and how sure that is.

        Raises BadOption, BadModel, ModelFailed.
        """
        assert self._step is not None
        planes = pixels.transpose(2, 0, 1)[None].astype(np.float32) / 255
        verdict = self._step.judged(np.ascontiguousarray(planes))
        return verdict.review, verdict.reason


def face_step(path: Path) -> Moderate:
    """The step that the file at `path` describes. Raises BadOption."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadOption(f"the face classifier in {path} cannot be read", str(error)) from error
    table = raw.get("face")
    if not isinstance(table, dict) or set(raw) != {"face"}:
        raise BadOption(f"{path} describes no face classifier", "begin it with [face]")
    return step_of(table, path.parent, "the face classifier")
