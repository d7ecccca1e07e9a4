"""The model card: what printroom knows of one version of a model, as JSON beside its weights."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from printroom.imaging.tiling import Geometry


@dataclass(frozen=True)
class ModelCard:
    """One version of a model, `name@version`."""

    name: str
    """`owner/name`, lower case."""
    version: int
    title: str
    """One line for people."""
    weights: str
    """File name of the ONNX graph, beside the card."""
    digest: str
    """SHA-256 of the weights, hex."""
    geometry: Geometry
    parameters: int
    licence: str
    """SPDX expression of the weights."""
    data: dict[str, str] = field(default_factory=dict)
    """Training set -> its licence."""
    command: str = ""
    """What reproduces the weights."""
    scores: dict[str, float] = field(default_factory=dict)
    """Test set -> dB."""
    costs: dict[int, int] = field(default_factory=dict)
    """Side of a square tile in input pixels -> bytes one worker needs to run it, measured."""
    example: str = ""
    """A picture to try it on: file name beside the card, or a sentence that says where."""

    @property
    def id(self) -> str:
        return f"{self.name}@{self.version}"

    def to_json(self) -> str:
        raw = asdict(self)
        raw["geometry"]["scale"] = str(self.geometry.scale)
        return json.dumps(raw, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> ModelCard:
        raw: dict[str, Any] = json.loads(text)
        geometry = raw.pop("geometry")
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
            **raw,
        )


@dataclass(frozen=True)
class Model:
    """A card and where its weights lie."""

    card: ModelCard
    weights: Path
