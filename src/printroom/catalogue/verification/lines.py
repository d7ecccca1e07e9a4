"""What comes out of the sandbox, line by line, taken for what it is: a stranger's data.

    line -> Listener.line -> Trial grows        Garbage: no script of ours writes that
    JSON -> card_of -> ModelCard                ValueError TypeError KeyError

Sizes, types and ranges of everything are checked. What a model that took over the sandbox can still
do is lie: then its card promises what its pictures do not hold.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import isfinite
from typing import Any, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from printroom.catalogue.card import TASKS, ModelCard
from printroom.catalogue.verification.report import Finding, Stage
from printroom.imaging.tiling import Geometry
from printroom.runtimes.reading import Reading

CODES = {
    "graph.reads", "graph.checker", "trial.studied", "trial.speed", "trial.memory",
    "trial.repeats", "trial.finite", "trial.range", "content.probes",
}  # fmt: skip
"""Findings that may come out of the sandbox."""
PICTURES = 8
SIDE = 256
"""Most pictures that come out, and the longest side of one."""
TEXT = 2000
"""Characters of a reason."""
SCORES = 1000
"""dB, of whatever a model is better or worse by."""
_LINE = 1 << 18
"""Characters of a line without a picture."""
_MARK = 1 << 16
"""Characters of a fingerprint."""
_TILE = 1 << 14
"""Pixels of a side of a tile, or of what a model must see beside one."""
_DEEP = 8
"""Lists and objects within one another, in evidence."""


@dataclass
class Trial:
    """What came out."""

    findings: list[Finding] = field(default_factory=list)
    card: ModelCard | None = None
    """Not named yet."""
    pictures: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    """Name -> (1, 3, h, w), 0..1: what the model makes of known pictures."""
    fingerprint: str = ""
    machine: dict[str, str] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        return any(one.verdict == "refused" for one in self.findings)

    @property
    def whole(self) -> bool:
        """Whether it went to its end, and nothing refused."""
        made = self.card is not None and bool(self.pictures and self.fingerprint)
        return made and not self.refused


class Garbage(Exception):
    """A line that no script of ours writes."""


class Listener:
    """Reads the lines."""

    def __init__(self, told: Callable[[Finding], None]) -> None:
        """`told` hears each finding."""
        self.trial = Trial()
        self._told = told
        self._stage: Stage = "graph"
        self._since = time.monotonic()
        self._reads: Mapping[str, Callable[[Any], None]] = {
            "begin": self._begin, "finding": self._finding, "card": self._card,
            "picture": self._picture, "fingerprint": self._fingerprint, "machine": self._machine,
        }  # fmt: skip

    def refuse(self, what: str, reason: str) -> None:
        """A finding of the stage that was in progress."""
        taken = round(time.monotonic() - self._since, 3)
        stage = "trial" if what == "sandbox" and not self.trial.findings else self._stage
        self._add(Finding(stage, f"{stage}.{what}", "refused", reason[:TEXT], {}, taken))

    def line(self, text: str) -> None:
        """Raises Garbage."""
        try:
            raw = json.loads(text, parse_constant=_no_number)
            # 1e999 and half a surrogate pair are read, and cannot be told on
            json.dumps(raw, ensure_ascii=False, allow_nan=False).encode()
            (kind, value), *others = dict(raw).items()
            if others or (len(text) > _LINE and kind != "picture"):
                raise ValueError("a line with too much in it")
            self._reads[kind](value)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError,
                ArithmeticError) as error:  # fmt: skip
            raise Garbage(str(error)[:TEXT]) from error

    def _begin(self, value: Any) -> None:
        stage, code = value
        if code not in CODES or not code.startswith(f"{stage}."):
            raise ValueError(f"no stage {stage!r}")
        self._stage, self._since = cast("Stage", stage), time.monotonic()

    def _finding(self, value: Any) -> None:
        finding = Finding(**value)
        known = finding.code in CODES and finding.code.startswith(f"{finding.stage}.")
        if not known or finding.verdict not in ("passed", "review", "refused"):
            raise ValueError(f"no finding {finding.code!r}")
        if any(one.code == finding.code for one in self.trial.findings):
            raise ValueError(f"{finding.code} comes twice")
        if not isinstance(finding.evidence, dict):
            raise ValueError("evidence of no kind")
        _shallow(finding.evidence, _DEEP)
        if "seconds_per_megapixel" in finding.evidence:  # the one that is more than told on
            _number(finding.evidence["seconds_per_megapixel"], 0, 1e12)
        reason, seconds = str(finding.reason)[:TEXT], _number(finding.seconds, 0, 1e6)
        self._add(replace(finding, reason=reason, seconds=seconds))
        if finding.code == "trial.studied":
            self._stage = "trial"
        self._since = time.monotonic()

    def _add(self, finding: Finding) -> None:
        self.trial.findings.append(finding)
        self._told(finding)

    def _card(self, value: Any) -> None:
        self.trial.card = card_of(value)

    def _picture(self, value: Any) -> None:
        planes, height, width = (_whole(side, 1, SIDE) for side in value["shape"])
        if planes != 3 or len(self.trial.pictures) >= PICTURES:
            raise ValueError("too many pictures, or one of no size")
        pixels = np.frombuffer(base64.b64decode(value["pixels"], validate=True), np.uint8)
        shaped = pixels.reshape(1, planes, height, width).astype(np.float32)
        self.trial.pictures[_text(value["name"], 80)] = shaped / np.float32(255)

    def _fingerprint(self, value: Any) -> None:
        base64.b64decode(_text(value, _MARK), validate=True)
        self.trial.fingerprint = value

    def _machine(self, value: Any) -> None:
        if len(value) > 16:
            raise ValueError("a machine of too many parts")
        self.trial.machine = {_text(k, 40): _text(v, 80) for k, v in value.items()}


def card_of(raw: Mapping[str, Any]) -> ModelCard:
    """A card with no more in it than a trial finds out. Raises ValueError, TypeError, KeyError."""
    if raw["task"] not in TASKS:
        raise ValueError(f"no task {raw['task']!r}")
    if len(raw["costs"]) > 64 or len(raw.get("scores", {})) > 8:
        raise ValueError("too many costs, or scores")
    return ModelCard(
        name="verified/model",
        version=1,
        title="",
        weights="model.onnx",
        digest="",
        geometry=_geometry(raw["geometry"]),
        parameters=_whole(raw["parameters"], 0, 2**40),
        licence="",
        costs={
            _whole(int(side), 1, _TILE): _whole(cost, 0, 2**46)
            for side, cost in raw["costs"].items()
        },
        task=raw["task"],
        scores={
            _text(name, 80): _number(value, -SCORES, SCORES)
            for name, value in dict(raw.get("scores", {})).items()
        },
        gain=None if raw.get("gain") is None else _number(raw["gain"], -SCORES, SCORES),
        reading=_reading(raw.get("reading", {})),
        origin={"proof": _text(raw["origin"]["proof"][:TEXT], TEXT)},
    )


def _geometry(raw: Mapping[str, Any]) -> Geometry:
    scale = Fraction(_text(raw["scale"], 16))
    if not Fraction(1, 64) <= scale <= 64 or not isinstance(raw["exact"], bool):
        raise ValueError(f"no geometry: {scale}")
    fixed = raw["fixed"]
    if fixed is not None:
        height, width = fixed
        fixed = _whole(height, 1, _TILE), _whole(width, 1, _TILE)
    return Geometry(
        scale=scale,
        halo=_whole(raw["halo"], 0, _TILE),
        align=_whole(raw["align"], 1, _TILE),
        exact=raw["exact"],
        fixed=fixed,
        why=_text(raw["why"][:TEXT], TEXT),
        tolerance=_number(raw["tolerance"], 0, 1),
        least=_whole(raw["least"], 1, _TILE),
    )


def _reading(raw: Mapping[str, Any]) -> Reading:
    """Of values that a Reading takes; it does not look at the types of all."""
    reading = Reading.of(raw)
    names = [reading.input.name, reading.output.name, *(one.name for one in reading.latents)]
    if reading.classes is not None:
        names += [reading.classes.name, *reading.classes.names]
    for name in names:
        _text(name, 200)
    for latent in reading.latents:
        for side in latent.shape:
            _whole(side, 1, 1 << 24)
    for pixels in (reading.input, reading.output):
        for value in (*pixels.range, *pixels.mean, *pixels.deviation):
            _number(value, -1e9, 1e9)
    for name, value in reading.constants:
        _number(value, -1e9, 1e9)
        _text(name, 200)
    return reading


def _whole(value: Any, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"{str(value)[:40]} is no whole number from {low} to {high}")
    return value


def _number(value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{str(value)[:40]} is no number")
    if not (isfinite(value) and low <= value <= high):
        raise ValueError(f"{value} is no number from {low} to {high}")
    return float(value)


def _text(value: Any, most: int) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(f"no text of at most {most} characters")
    return value


def _shallow(value: Any, deep: int) -> None:
    """Evidence is copied and written by code that calls itself for each level."""
    if isinstance(value, dict | list):
        if not deep:
            raise ValueError(f"evidence is more than {_DEEP} deep")
        for one in value.values() if isinstance(value, dict) else value:
            _shallow(one, deep - 1)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
