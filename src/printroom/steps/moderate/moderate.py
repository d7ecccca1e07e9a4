"""The step `moderate`: whether a person should look at a picture before others see it.

    preview, a bound classifier -> Verdict      BadOption BadModel ModelFailed
    preview, none               -> Verdict: "not checked"

printroom ships no classifier for this. What one finds is a reason to look, no more: how much it
misses is unknown, so a picture is never called clean.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal, NamedTuple

from printroom.core.errors import BadOption
from printroom.pipelines.ports import OwnFile, Range
from printroom.pipelines.step import LookStep, Planes, Preview, StepContext
from printroom.steps.moderate.classifier import Reading, classifier

Answer = Literal["not checked", "not flagged", "review"]


class Verdict(NamedTuple):
    """What is to be done, and why."""

    answer: Answer
    review: bool
    """Whether a person should look at it."""
    reason: str
    probabilities: str
    """JSON: class -> 0..1; {} when nothing was checked."""


class Moderate(LookStep):
    """Asks a classifier or detector of yours whether a person should look at a picture."""

    name = "moderate"
    model: Annotated[str | None, OwnFile()] = None
    """Path of an ONNX file; None = nothing is checked."""
    digest: str = ""
    """SHA-256 of that file, in hex."""
    classes: str = ""
    """Names of the classes in the order of the answer, separated by commas."""
    flag: str = ""
    """Those of them that a person should see."""
    threshold: Annotated[float, Range(0, 1)] = 0.5
    """Probability from which they count."""
    width: Annotated[int, Range(1, 4096)] = 224
    """Of the picture that the model takes, in pixels."""
    height: Annotated[int, Range(1, 4096)] = 224
    layout: Literal["nchw", "nhwc"] = "nchw"
    order: Literal["rgb", "bgr"] = "rgb"
    span: Literal["0..1", "-1..1", "0..255"] = "0..1"
    """Of the values of a pixel."""
    scores: Literal["probabilities", "logits", "sigmoid"] = "probabilities"
    """What the answer holds."""
    outputs: str = ""
    """Names of the outputs with scores, separated by commas; empty = the first."""

    def look(self, context: StepContext, preview: Preview) -> Verdict:  # noqa: ARG002
        """Judge the picture from its thumbnail."""
        return self.judged(preview.thumbnail)

    def judged(self, planes: Planes) -> Verdict:
        """Judge (1, 3, h, w) in 0..1. Raises BadOption, BadModel, ModelFailed."""
        if self.model is None:
            return Verdict("not checked", False, "No classifier is bound to this step.", "{}")
        reading, flagged = self._reading(), _names(self.flag)
        if unknown := [name for name in flagged if name not in reading.classes]:
            raise BadOption(f"there is no class {unknown[0]!r}", f"name some of {self.classes}")
        if not flagged:
            raise BadOption("no class is to be flagged", "name some in `flag`")
        chances = classifier(self.model, self.digest).look(planes, reading)
        worst = max(flagged, key=lambda name: chances[name])
        review = chances[worst] >= self.threshold
        return Verdict(
            "review" if review else "not flagged",
            review,
            f"{worst}: {chances[worst]:.0%}, and {self.threshold:.0%} is the threshold.",
            json.dumps({name: round(chance, 4) for name, chance in chances.items()}),
        )

    def _reading(self) -> Reading:
        classes = _names(self.classes)
        if not classes:
            raise BadOption("the classifier's classes have no names", "list them in `classes`")
        return Reading(
            classes=classes,
            width=self.width,
            height=self.height,
            layout=self.layout,
            order=self.order,
            span=self.span,
            scores=self.scores,
            outputs=_names(self.outputs),
        )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
