"""A user's step: a folder with `step.toml` in it, which says how the step is run.

folder -> StepManifest          BadStep: all that is wrong with step.toml, by key

name = "soften"                 as pipelines call it
entry = "step.py"               the file that marks a function or a class with @step
python = "3.11"                 3.8 to 3.13
requirements = ["numpy>=1.26"]  or lock = "requirements.lock", a file that names each version

[resources]                     cpu, memory, gpu or mig, image, labels
[limits]                        processes, timeout, retries, idle
[options]                       arguments for a step that is a class
[example]                       inputs that it is tried on before it takes work
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from printroom.core.errors import BadOption, BadStep
from printroom.core.sizes import parse_size
from printroom.pipelines import kinds
from printroom.pipelines.declare import NAME
from printroom.pipelines.registry import likely

FILE = "step.toml"
MOST_BYTES = 64 * 1024
_PYTHON = re.compile(r"3\.(?:[89]|1[0-3])")
_MIG = re.compile(r"\d{1,2}c?\.?\d*g\.\d{1,4}gb(?:\+[a-z.]+)?")
_LABEL = re.compile(r"[a-z0-9][a-z0-9._:-]{0,62}", re.ASCII)
_IMAGE = re.compile(r"[A-Za-z0-9][\w./:@-]{0,254}", re.ASCII)


@dataclass(frozen=True)
class Resources:
    """What a step takes of the machine it runs on."""

    cpu: int = 1
    """Threads it may use at once."""
    memory: int | None = None
    """Bytes it may allocate for itself; None = no limit."""
    gpu: float = 0.0
    """Graphics cards of each process: a part of one, or a whole number of them."""
    mig: str = ""
    """Profile of a slice of a graphics card, as `1g.10gb`; empty = none."""
    image: str = ""
    """Container image that holds its environment; where there is another one, that is made of the
    requirements. Empty = it is made everywhere."""
    labels: tuple[str, ...] = ()
    """Of the worker that does it in a run, beside those that the others imply."""


@dataclass(frozen=True)
class Limits:
    """How far a step may go before it is given up."""

    processes: int = 1
    """That run it at the same time, at most."""
    timeout: float = 300.0
    """Seconds a run may take."""
    retries: int = 1
    """How often a run is tried again after its process was lost."""
    idle: float | None = None
    """Seconds that a process rests before it is ended; 0 = for ever, None = as the installation
    says."""


@dataclass(frozen=True)
class StepManifest:
    """What `step.toml` says."""

    name: str
    folder: Path
    """Where it lies; the step may import and read what lies there."""
    entry: Path
    """The Python file that marks the step."""
    python: str
    """Version, as `3.11`."""
    requirements: tuple[str, ...] = ()
    """As in a requirements file."""
    lock: Path | None = None
    """A requirements file that names each version; takes the place of `requirements`."""
    resources: Resources = field(default_factory=Resources)
    limits: Limits = field(default_factory=Limits)
    options: Mapping[str, Any] = field(default_factory=dict)
    example: Mapping[str, Any] = field(default_factory=dict)


def read_manifest(folder: Path) -> StepManifest:
    """What the `step.toml` in `folder` says. Raises BadStep."""
    folder = folder.resolve()
    file = folder / FILE
    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise BadStep(f"{file} is too long", f"it has at most {MOST_BYTES} bytes")
        raw = tomllib.loads(data.decode())
    except OSError as error:
        remedy = "`printroom steps new` writes a folder with all it needs"
        raise BadStep(f"{file} cannot be read: {error.strerror or error}", remedy) from error
    except (ValueError, RecursionError) as error:
        raise BadStep(f"{file} is not TOML: {error}", "see the page on pipelines") from error
    reader = _Reader(folder)
    manifest = reader.manifest(raw)
    if reader.faults or manifest is None:
        raise BadStep(f"{file}: {'; '.join(reader.faults)}", "see the page on pipelines")
    return manifest


class _Reader:
    """Takes known keys out of tables, and collects what is wrong with them."""

    def __init__(self, folder: Path) -> None:
        self.faults: list[str] = []
        self._folder = folder

    def manifest(self, raw: dict[str, Any]) -> StepManifest | None:
        words: dict[str, Callable[[Any], Any]] = {
            "name": _matching(NAME, "lower case letters, digits and dashes"),
            "entry": self._file,
            "python": _matching(_PYTHON, "a version from 3.8 to 3.13, in quotes"),
            "requirements": _requirements,
            "lock": self._file,
            "resources": lambda table: self._part("resources", table, _RESOURCES, Resources),
            "limits": lambda table: self._part("limits", table, _LIMITS, Limits),
            "options": _table,
            "example": _table,
        }
        found = self._taken(raw, words, "")
        for word in ("name", "entry", "python"):
            if word not in raw:
                self.faults.append(f"{word} is missing")
        if "lock" in found and "requirements" in found:
            self.faults.append("it has both requirements and a lock: keep one")
        if "resources" in found and found["resources"].gpu and found["resources"].mig:
            self.faults.append("resources has both gpu and mig: keep one")
        return None if self.faults else StepManifest(folder=self._folder, **found)

    def _part(
        self, name: str, table: Any, words: Mapping[str, Callable[[Any], Any]], made: type[Any]
    ) -> Any:
        return made(**self._taken(_table(table), words, f"{name}."))

    def _taken(
        self, raw: Mapping[str, Any], words: Mapping[str, Callable[[Any], Any]], before: str
    ) -> dict[str, Any]:
        found = {}
        for word, value in raw.items():
            if word not in words:
                self.faults.append(f"{before}{word} is no key here: {likely(word, words)}")
                continue
            try:
                found[word] = words[word](value)
            except (ValueError, BadOption) as error:
                self.faults.append(f"{before}{word}: {error}")
        return found

    def _file(self, value: Any) -> Path:
        path = self._folder / kinds.Text().coerce(value)
        if not path.resolve().is_relative_to(self._folder) or not path.is_file():
            raise ValueError(f"{value!r} is not a file in the folder")
        return path


def _matching(pattern: re.Pattern[str], wanted: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"{value!r} is not {wanted}")
        return value

    return read


def _requirements(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("it is not a list of texts")
    for one in value:
        if not one.strip() or one.lstrip().startswith("-") or not one.isprintable():
            raise ValueError(f"{one!r} is not a requirement")  # an option of the installer, maybe
    return tuple(value)


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("it is not a table")
    return value


def _number(low: float, high: float, integer: bool = False) -> Callable[[Any], Any]:
    kind = kinds.Number(low, high, integer)

    def read(value: Any) -> Any:
        try:
            return kind.coerce(value)
        except ValueError as error:
            raise ValueError(f"{value!r} {error}") from None

    return read


def _gpu(value: Any) -> float:
    share = float(_number(0, 64)(value))
    if share > 1 and not share.is_integer():
        raise ValueError(f"{value!r} is neither a part of one nor a whole number")
    return share


def _memory(value: Any) -> int:
    return parse_size(kinds.Text().coerce(value))


def _labels(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > 8:
        raise ValueError("it is not a list of up to eight labels")
    return tuple(_matching(_LABEL, "lower case letters, digits and . _ : -")(one) for one in value)


_RESOURCES: dict[str, Callable[[Any], Any]] = {
    "cpu": _number(1, 1024, integer=True),
    "memory": _memory,
    "gpu": _gpu,
    "mig": _matching(_MIG, "a MIG profile such as 1g.10gb"),
    "image": _matching(_IMAGE, "the name of a container image"),
    "labels": _labels,
}
_LIMITS: dict[str, Callable[[Any], Any]] = {
    "processes": _number(1, 64, integer=True),
    "timeout": _number(0.1, 86400),
    "retries": _number(0, 10, integer=True),
    "idle": _number(0, 86400),
}
