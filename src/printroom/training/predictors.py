"""Nets that judge a thumbnail and answer with a few numbers: from pictures to model and card.

pictures -> thumbnails -> (input, target) as the recipe makes them -> train
Prediction, DATA, OUT, Options -> OUT/checkpoint.pt, <name>.onnx, card.json      NotFound BadOption

What such a net answers is no picture, so no tile is cut for it: a step shows it one thumbnail and
does the rest itself. Its card says so instead of a geometry.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from torch import nn

from printroom.catalogue.card import ModelCard, Task
from printroom.imaging.tiling import Geometry
from printroom.runtimes.onnx.cost import measure
from printroom.runtimes.onnx.ours.graph import IR_VERSION, OPSET
from printroom.training.degradations.base import Picture
from printroom.training.judging import Array, Run
from printroom.training.pairs import MakePair
from printroom.training.release import LICENCES, command_of
from printroom.training.sources import Pictures, gather
from printroom.training.trainer import Loss, Options, Trainer, Watched, train

WHY = "judges a thumbnail and answers with numbers for a step, not with a picture"
"""On the card, why the model does not tile."""
SMALLEST_CROP = 0.35
"""Of a side: as close as a crop goes."""


@dataclass(frozen=True)
class Thumbnails:
    """An endless choice of crops, each shrunk to a small square, mirrored or not."""

    pictures: Pictures
    side: int
    """Pixels."""
    leaves: float
    """Share of dead leaves, 0..1."""
    good: Callable[[Picture], bool] = lambda _: True
    """Which ones may be drawn; tried a few times."""

    def draw(self, random: np.random.Generator) -> Picture:
        """(side, side, 3) in 0..1."""
        for _ in range(8):
            found = thumbnail(_crop(self.pictures.draw(random, self.leaves), random), self.side)
            if self.good(found):
                break
        return found[:, ::-1] if random.random() < 0.5 else found


def thumbnail(picture: Array, side: int) -> Picture:
    """(H, W, 3) uint8 -> (side, side, 3) in 0..1, each pixel the mean of its area."""
    small = cv2.resize(np.ascontiguousarray(picture), (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)


def planes(picture: Picture) -> Array:
    """(H, W, 3) -> (1, 3, H, W), as steps take it."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None])


def _crop(picture: Array, random: np.random.Generator) -> Array:
    height, width = (
        round(side * float(random.uniform(SMALLEST_CROP, 1))) for side in picture.shape[:2]
    )
    top = int(random.integers(picture.shape[0] - height + 1))
    left = int(random.integers(picture.shape[1] - width + 1))
    return picture[top : top + max(height, 1), left : left + max(width, 1)]


class Shown:
    """A net in training, as far as a step needs a session."""

    resident_bytes = 0

    def __init__(self, run: Run) -> None:
        self.run = run

    def close(self) -> None:
        """There is nothing to give back."""


@dataclass(frozen=True)
class Prediction:
    """What one recipe of this kind differs in from the others."""

    task: Task
    """Also NAME of `printroom train NAME`, and of the model."""
    title: str
    side: int
    """Of the thumbnails that its step shows the net, in pixels."""
    build: Callable[[], nn.Module]
    """(n, 3, side, side) in 0..1 -> (n, 3, k, 1), k numbers for each channel."""
    loss: Loss
    pairs: Callable[[Pictures], MakePair]
    exams: Callable[[Pictures], Sequence[Watched]]
    """The first one is watched while training; exams without anything at hand are left out."""
    extra: Mapping[str, str]
    """Data beyond the pictures -> its licence."""


def predict(what: Prediction, data: Path, out: Path, options: Options) -> ModelCard:
    """Train on pictures below `data`, write weights and card to `out`.

    Goes on from `out`/checkpoint.pt if it is there. Raises NotFound when a training set is missing
    or no picture in all could be read; broken ones are skipped and counted.
    """
    out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(out, what.build, options, what.loss)
    pictures = gather(options.data_kind, data, options.leaves)
    exams = what.exams(pictures)
    print(
        f"{len(pictures.photos)} photos, {len(pictures.leaves)} dead leaves, "
        f"{len(pictures.skipped)} broken, from step {trainer.step}"
    )
    train(trainer, what.pairs(pictures), exams[0] if exams else None)
    scores = {exam.name: round(exam.score(trainer.run), 2) for exam in exams}
    print(f"scores: {scores}")
    name = what.task + ("-research" if options.data_kind == "research" else "")
    weights = to_onnx(trainer.mean, what.side, name)
    file = out / f"{name}.onnx"
    file.write_bytes(weights)
    geometry = Geometry(exact=False, fixed=(what.side, what.side), why=WHY)
    card = ModelCard(
        name=f"{'local' if options.data_kind == 'own' else 'printroom'}/{name}",
        version=options.version,
        title=what.title,
        weights=file.name,
        digest=hashlib.sha256(weights).hexdigest(),
        geometry=geometry,
        parameters=sum(parameter.numel() for parameter in trainer.mean.parameters()),
        licence=LICENCES[options.data_kind],
        data=pictures.licences | dict(what.extra),
        command=command_of(what.task, options),
        scores=scores,
        example="any photograph",
        task=what.task,
        costs=measure(file, geometry=geometry),
    )
    (out / "card.json").write_text(card.to_json(), "utf-8")
    return card


def to_onnx(net: nn.Module, side: int, name: str) -> bytes:
    """`net` as an ONNX file: input `image` (n, 3, side, side), output `answer` (n, 3, k, 1)."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the newer exporter wants a package more
        torch.onnx.export(
            net.cpu().eval(),
            (torch.zeros(1, 3, side, side),),
            file,
            dynamo=False,
            opset_version=OPSET,
            input_names=["image"],
            output_names=["answer"],
            dynamic_axes={"image": {0: "n"}, "answer": {0: "n"}},
        )
    model = onnx.load_from_string(file.getvalue())
    model.graph.name, model.ir_version = name, IR_VERSION
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data
