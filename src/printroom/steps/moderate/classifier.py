"""Another's ONNX classifier or detector, bound by its digest and read as its maker says.

    file, digest -> Classifier                     BadModel
    planes (1, 3, h, w), Reading -> {class: probability}    BadModel ModelFailed

A file is run only if it is the one that was meant: without the right SHA-256 it is as if it were
not there.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadModel, ModelFailed
from printroom.pipelines.step import Planes
from printroom.runtimes.onnx.session import load

Layout = Literal["nchw", "nhwc"]
Order = Literal["rgb", "bgr"]
Span = Literal["0..1", "-1..1", "0..255"]
Scores = Literal["probabilities", "logits", "sigmoid"]

LARGEST = 1 << 30
"""Bytes of a file that is read."""
KEPT = 4
"""Classifiers that stay loaded."""


@dataclass(frozen=True)
class Reading:
    """What a classifier wants to see, and what its answer means."""

    classes: tuple[str, ...]
    """Names along the last axis of the answer."""
    width: int
    """Of the picture it takes, in pixels."""
    height: int
    layout: Layout
    order: Order
    span: Span
    """Of the values of a pixel."""
    scores: Scores
    """Of the answer: probabilities, or what softmax or the logistic function makes them."""
    outputs: tuple[str, ...]
    """Names of the outputs that hold scores; empty = the first."""

    def shown(self, planes: Planes) -> NDArray[np.float32]:
        """(1, 3, h, w) in 0..1 as the batch that the model takes; the shape is not kept."""
        picture = np.clip(planes[0].transpose(1, 2, 0), 0, 1).astype(np.float32)
        size = (self.width, self.height)
        shrinks = picture.shape[0] > self.height
        way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        small = cv2.resize(np.ascontiguousarray(picture), size, interpolation=way)
        small = small[..., ::-1] if self.order == "bgr" else small
        low, high = {"0..1": (0, 1), "-1..1": (-1, 1), "0..255": (0, 255)}[self.span]
        batch = (small * (high - low) + low)[None]
        batch = batch.transpose(0, 3, 1, 2) if self.layout == "nchw" else batch
        return np.ascontiguousarray(batch, np.float32)

    def understood(self, answers: list[Any]) -> dict[str, float]:
        """The highest probability of each class, wherever in the picture. Raises BadModel."""
        best = np.zeros(len(self.classes))
        for answer in answers:
            scores = np.asarray(answer, np.float64)
            if scores.ndim < 1 or not scores.size or scores.shape[-1] != len(self.classes):
                raise BadModel(
                    f"the classifier answers {scores.shape}, not {len(self.classes)} classes",
                    "name as many classes as it has, and the output that holds them",
                )
            best = np.maximum(
                best, _probabilities(scores, self.scores).reshape(-1, len(best)).max(0)
            )
        if not (np.isfinite(best).all() and best.max() <= 1 + 1e-3):
            raise BadModel("the classifier's answers are no probabilities", "say scores: logits")
        return {name: float(min(p, 1.0)) for name, p in zip(self.classes, best, strict=True)}


def _probabilities(scores: NDArray[Any], kind: Scores) -> NDArray[Any]:
    if kind == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-np.clip(scores, -60, 60))))
    if kind == "logits":
        powers = np.exp(scores - scores.max(-1, keepdims=True))
        return np.asarray(powers / powers.sum(-1, keepdims=True))
    return scores


class Classifier:
    """A loaded model. Safe from many threads."""

    def __init__(self, data: bytes, name: str) -> None:
        """Raises BadModel when onnxruntime cannot load it."""
        try:
            self._session = load(data)
        except BadModel as error:
            raise BadModel(f"{name} cannot be loaded", error.remedy) from error
        self._input = self._session.get_inputs()[0].name
        self._outputs = [node.name for node in self._session.get_outputs()]

    def look(self, planes: Planes, reading: Reading) -> dict[str, float]:
        """Class -> probability. Raises ModelFailed, and BadModel when `reading` does not fit."""
        wanted = list(reading.outputs or self._outputs[:1])
        if missing := set(wanted) - set(self._outputs):
            raise BadModel(
                f"the classifier has no output {sorted(missing)[0]!r}",
                f"its outputs are {', '.join(self._outputs)}",
            )
        try:
            answers = self._session.run(wanted, {self._input: reading.shown(planes)})
        except Exception as error:
            raise ModelFailed("the classifier failed on the picture", _line(error)) from error
        return reading.understood(answers)


@lru_cache(maxsize=KEPT)
def classifier(path: str, digest: str) -> Classifier:
    """The model in the file at `path` if its SHA-256 is `digest` (hex). Raises BadModel."""
    data = _read(Path(path))
    if data is None or hashlib.sha256(data).hexdigest() != digest.lower():
        # One answer for both: whoever may name a path should not learn what files there are.
        raise BadModel(
            f"no classifier with digest {digest[:12]}... lies at {path}",
            "check the path, and the SHA-256 of the file",
        )
    return Classifier(data, path)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() and path.stat().st_size <= LARGEST else None
    except (OSError, ValueError):
        return None


def _line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].removeprefix("[ONNXRuntimeError] : ")[:300]
