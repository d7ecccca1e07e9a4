"""The pipeline that does what one model does, and nothing else: what is published to sell it.

    ModelCard -> alone -> PipelineSpec

A model from picture to picture takes `image`. One that draws takes `seed`, and `shows` where it
has classes: a form made from them needs nothing else.
"""

from __future__ import annotations

import re
from typing import Any

from printroom.catalogue.card import ModelCard
from printroom.pipelines.notation import MOST_CHOICES
from printroom.pipelines.spec import PipelineSpec
from printroom.runtimes.onnx.generator import SEEDS

_OTHER = re.compile(r"[^a-z0-9]+")


def alone(card: ModelCard) -> PipelineSpec:
    """For the version of the card. It is called after the model, and not as it: the name that both
    had would mean the pipeline.
    """
    plain = _OTHER.sub("-", card.name.rpartition("/")[2]).strip("-")
    name = plain if plain[:1].isalpha() else f"model-{plain}"
    inputs = _drawing(card) if card.reading.generates else {"image": "picture"}
    use = "generate" if card.reading.generates else "apply"
    bound = {one: f"${one}" for one in inputs} | {"net": card.id}
    return PipelineSpec.from_dict(
        {
            "name": f"{name[:60]}-run",
            "title": card.title,
            "inputs": inputs,
            "steps": {"made": {"use": use, "with": bound}},
        }
    )


def _drawing(card: ModelCard) -> dict[str, Any]:
    seed = {"type": "number", "integer": True, "low": 0, "high": SEEDS - 1, "default": 0}
    classes = card.reading.classes
    if classes is None:
        return {"seed": seed}
    few = len(classes.names) <= MOST_CHOICES
    kind: dict[str, Any] = (
        {"type": "choice", "of": list(classes.names)} if few else {"type": "text"}
    )
    return {"seed": seed, "shows": kind | {"default": classes.names[0]}}
