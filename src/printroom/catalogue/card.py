"""The model card: what printroom knows of one version of a model, as JSON beside its weights."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, get_args

from printroom.imaging.tiling import Geometry
from printroom.runtimes.reading import Reading

Task = Literal["upscale", "dejpeg", "denoise", "deblur", "lowlight", "colour", "other"]
TASKS: tuple[Task, ...] = get_args(Task)
Runtime = Literal["onnx", "torch", "tensorflow"]
RUNTIMES: tuple[Runtime, ...] = get_args(Runtime)
Look = Literal["faithful", "sharp"]
"""What enlarged pictures are like: near to the truth, or pleasing, with detail that is invented."""
LOOKS: tuple[Look, ...] = get_args(Look)
SHARP = "-photo"
"""Ending of the names of models whose pictures look sharp."""
SPARED = "as it is"
"""Ending of the names of test sets without the fault: of them the picture should stay as it is."""
VARIANTS = ("-research", SHARP)
"""Endings of names that are chosen by name or by look only, never by default."""


@dataclass(frozen=True)
class ModelCard:
    """One version of a model, `name@version`."""

    name: str
    """`owner/name`, lower case."""
    version: int
    title: str
    """One line for people."""
    weights: str
    """File name of the ONNX graph, or of what another runtime loads, beside the card."""
    digest: str
    """SHA-256 of the weights, hex; of a folder, that of its files' names and digests."""
    geometry: Geometry
    parameters: int
    licence: str
    """SPDX expression of the weights."""
    data: dict[str, str] = field(default_factory=dict)
    """Training set -> its licence."""
    command: str = ""
    """What reproduces the weights."""
    scores: dict[str, float] = field(default_factory=dict)
    """Test set -> what it reached there: see `measure`."""
    gain: float | None = None
    """dB by which a known picture, spoilt as its task is about, is nearer to the truth than it was
    as shown (enlarged bicubically); None = not measured."""
    costs: dict[int, int] = field(default_factory=dict)
    """Side of a square tile in input pixels -> bytes one worker needs to run it, measured."""
    example: str = ""
    """A picture to try it on: file name beside the card, or a sentence that says where."""
    task: Task = "other"
    """What it is for."""
    runtime: Runtime = "onnx"
    """What runs it."""
    reading: Reading = field(default_factory=Reading)
    """How its inputs and outputs are read."""
    origin: dict[str, str] = field(default_factory=dict)
    """Of an imported model, what is known of how it came to be here: the file, its digest, what was
    converted and by what, how far the result is from the original, what the reading was proved
    by."""

    def measure(self, exam: str) -> tuple[str, str]:
        """What its score of a test set is, and the unit; empty = it has none."""
        if self.task == "other":
            return "score", ""
        if self.task == "colour" and not exam.endswith(SPARED):
            return "angular error", "°"
        return "psnr", "dB"

    @property
    def id(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def is_variant(self) -> bool:
        """Whether the model is never taken unless it, or its look, is named."""
        return self.name.endswith(VARIANTS)

    def has(self, look: Look) -> bool:
        """Whether it may be taken when that look is asked for."""
        return self.name.endswith(SHARP) if look == "sharp" else not self.is_variant

    @property
    def upscales(self) -> bool:
        """Whether it enlarges pictures; a model that does not say what it does is judged by scale.

        Models of other people seldom say.
        """
        return self.task == "upscale" or (self.task == "other" and self.geometry.scale != 1)

    def to_json(self) -> str:
        raw = asdict(self)
        raw["geometry"]["scale"] = str(self.geometry.scale)
        if self.gain is None:
            del raw["gain"]
        if self.reading.plain:
            del raw["reading"]
        return json.dumps(raw, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> ModelCard:
        raw: dict[str, Any] = json.loads(text)
        geometry = raw.pop("geometry")
        if raw.setdefault("task", "other") not in TASKS:
            raise ValueError(f"no task {raw['task']!r}; the tasks are {', '.join(TASKS)}")
        if Path(raw["weights"]).name != raw["weights"]:
            raise ValueError(f"{raw['weights']!r} is not the name of a file beside the card")
        if raw.setdefault("runtime", "onnx") not in RUNTIMES:
            raise ValueError(f"no runtime {raw['runtime']!r}; there are {', '.join(RUNTIMES)}")
        fixed = geometry["fixed"]
        return cls(
            geometry=Geometry(
                **geometry
                | {
                    "scale": Fraction(geometry["scale"]),
                    "fixed": None if fixed is None else (fixed[0], fixed[1]),
                }
            ),
            costs={int(side): cost for side, cost in raw.pop("costs").items()},
            reading=Reading.of(raw.pop("reading", {})),
            **raw,
        )


@dataclass(frozen=True)
class Model:
    """A card and where its weights lie: a file, or a folder."""

    card: ModelCard
    weights: Path
    stored: tuple[str, str] | None = None
    """Name of a store, and the key of the weights there; None = they are here."""
    bare: bool = False
    """Whether its graph is meant as it is, past the reading of its card."""
    kept: str | None = None
    """Key of the weights in the store of assets, of a model that an account has."""
    trusted: bool = True
    """Whether it comes from whoever runs this server; if not, it is opened in a sandbox alone."""

    @property
    def in_process(self) -> bool:
        """Whether it runs in our own process, rather than in one of its own."""
        return self.trusted and self.card.runtime == "onnx"

    @property
    def label(self) -> str:
        """Its id, for people; what is bare is told from what is read."""
        return f"{self.card.id}#graph" if self.bare else self.card.id
