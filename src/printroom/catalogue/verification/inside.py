"""What is done to a model inside the sandbox: run there as a script, it says lines of JSON.

    inside.py MODEL ASKED -> machine, begin, finding, card, picture, fingerprint

Whoever reads the lines must trust none of them: what runs here may have been taken over.
"""

from __future__ import annotations

import base64
import json
import platform
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.catalogue.card import ModelCard
from printroom.catalogue.drawing import reading_of as drawn_reading
from printroom.catalogue.opening import open_onnx
from printroom.catalogue.ports import reading_of
from printroom.catalogue.studying import DRAWS, Studied, study_onnx
from printroom.catalogue.verification.probes import (
    Drawing,
    Model,
    Painting,
    fingerprint,
    thinned,
)
from printroom.catalogue.verification.refusing import Refused
from printroom.catalogue.verification.trying import tried
from printroom.catalogue.wishes import Wishes
from printroom.core.errors import BadModel, ModelFailed, PrintroomError
from printroom.runtimes.onnx.checking import check, versions
from printroom.runtimes.onnx.generator import Generator
from printroom.runtimes.onnx.geometry import derive
from printroom.runtimes.onnx.parse import parse, ports
from printroom.runtimes.onnx.refit import metadata, refit
from printroom.runtimes.reading import Reading

Planes = NDArray[Any]
EXAMPLES = {"upscale": "small", "denoise": "noisy", "dejpeg": "jpeg"}
"""Task -> the example that is about it."""
EXAM = "known picture"
"""The test set of one picture that all models are tried on."""


def main() -> None:
    """Stage by stage, until one refuses."""
    data = Path(sys.argv[1]).read_bytes()
    declared = json.loads(Path(sys.argv[2]).read_text("utf-8"))
    rules = declared["rules"]
    say(machine={"processor": platform.machine(), **versions()})
    try:
        with finding("graph", "graph.reads") as found:
            wishes = wishes_of(declared)
            checked(data, wishes, found)
        with finding("trial", "trial.studied") as found:
            studied = study_onnx(data, wishes, lambda _line: None, rules["tiles"])
            card = card_of(declared, studied)
            found.reason = studied.origin["proof"][:2000]
            found.evidence = {"geometry": str(card.geometry.scale), "exact": card.geometry.exact,
                              "memory": studied.costs, "parameters": card.parameters}  # fmt: skip
        say(card=json.loads(card.to_json()))
        model = model_of(data, card)
        try:
            for one in tried(model, rules):
                say(finding=one)
                if one["verdict"] == "refused":
                    return
            with finding("content", "content.probes") as found:
                shown(model, found)
        finally:
            model.close()
    except Ended:
        return


class Ended(Exception):
    """A finding refused the model."""


@dataclass
class Found:
    """What a finding comes to."""

    reason: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def finding(stage: str, code: str) -> Iterator[Found]:
    """Say that it begins, and how it ended; an error of ours refuses."""
    found, started = Found(), time.monotonic()
    say(begin=[stage, code])

    def told(verdict: str) -> None:
        seconds = round(time.monotonic() - started, 3)
        say(finding={"stage": stage, "code": code, "verdict": verdict, "reason": found.reason,
                     "evidence": found.evidence, "seconds": seconds})  # fmt: skip

    try:
        yield found
    except Refused as refused:
        found.reason, code = refused.reason, refused.code
        told("refused")
        raise Ended from refused
    except PrintroomError as error:
        found.reason = str(error)[:2000]
        told("refused")
        raise Ended from error
    told("passed")


def say(**line: Any) -> None:
    print(json.dumps(line), flush=True)


def wishes_of(declared: Mapping[str, Any]) -> Wishes:
    """What was declared of the reading, as what a person would say."""
    raw = declared["reading"]
    if raw is None:
        return Wishes()
    reading = Reading.of(raw)
    source, result = reading.input, reading.output
    return Wishes(
        channels=result.channels if reading.generates else source.channels,
        layout=None if reading.generates else source.layout,
        input_range=None if reading.generates else source.range,
        output_range=result.range,
        mean=source.mean or None,
        deviation=source.deviation or None,
        constants=reading.constants,
        output=result.name,
        distribution=reading.latents[0].distribution if reading.latents else None,
        classes=reading.classes.names if reading.classes else (),
    )


def checked(data: bytes, wishes: Wishes, found: Found) -> None:
    """ONNX's own checker, the ports, and how tiles may be cut as far as the graph tells."""
    try:
        check(data)
    except BadModel as error:
        raise Refused("graph.checker", error.reason) from error
    model = parse(data)
    inputs, outputs = ports(model)
    drawing = drawn_reading(inputs, outputs, metadata(data))
    if drawing is not None:
        found.reason = DRAWS
        found.evidence = {"latents": [one.name for one in drawing.latents]}
        return
    base = wishes.applied(reading_of(inputs, outputs, wishes.output))
    geometry = derive(parse(refit(data, base)))
    found.reason = geometry.why or f"tiles are exact with a halo of {geometry.halo} pixels"
    found.evidence = {"halo": geometry.halo, "align": geometry.align, "exact": geometry.exact}


def card_of(declared: Mapping[str, Any], studied: Studied) -> ModelCard:
    """For the catalogue; name, licence and digest are set by whoever asked."""
    task = declared["task"] or studied.task
    before, after = studied.tried.get(EXAMPLES.get(task, ""), (None, None))
    return ModelCard(
        name="verified/model",
        version=1,
        title="",
        weights=f"model{studied.suffix}",
        digest="",
        geometry=studied.geometry,
        parameters=studied.parameters,
        licence="",
        costs=studied.costs,
        task=task,
        scores={} if after is None else {EXAM: round(after, 2)},
        gain=None if after is None or before is None else round(after - before, 2),
        reading=studied.reading,
        origin=studied.origin,
    )


def model_of(data: bytes, card: ModelCard) -> Model:
    """Behind its reading."""
    if card.reading.generates:
        return Drawing(Generator(data, card.reading), card)
    return Painting(open_onnx(data, card.reading), card)


def shown(model: Model, found: Found) -> None:
    """What it makes of known pictures goes to whoever looks at them."""
    pairs = []
    try:
        for name, planes, plain in model.pictures():
            pixels = np.rint(np.clip(thinned(planes)[0], 0, 1) * 255).astype(np.uint8)
            say(picture={"name": name, "shape": pixels.shape,
                         "pixels": base64.b64encode(pixels.tobytes()).decode()})  # fmt: skip
            pairs.append((planes, plain))
    except ModelFailed as error:
        raise Refused("content.probes", f"it fails on a known picture: {error}"[:500]) from error
    say(fingerprint=fingerprint(pairs))
    found.reason = f"results on {len(pairs)} known picture{'s' * (len(pairs) != 1)} were taken"


if __name__ == "__main__":
    main()
