"""A pipeline as its author wrote it, whatever the form: YAML, a dict, or the builder.

    YAML, dict -> PipelineSpec -> dict, YAML          BadPipeline: not YAML
    file -> PipelineSpec                              NotFound

What does not have the form of a pipeline is kept as `faults`, so that `Graph.check` can name it
together with all that is wrong beyond the form.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from printroom.core.errors import NotFound
from printroom.pipelines.faults import Fault, Places
from printroom.pipelines.forming import Form
from printroom.pipelines.notation import port_to
from printroom.pipelines.parsing import REF
from printroom.pipelines.ports import Port
from printroom.pipelines.reading import FLOAT, INTEGER, WORDS, Unreadable, read_yaml
from printroom.pipelines.registry import Registry


@dataclass(frozen=True)
class StepSpec:
    """One step of a pipeline, as it is written."""

    name: str
    """Of the step in this pipeline."""
    use: str
    """Name of a step, `name@digest` for one that never changes, `./folder` beside the file."""
    bound: Mapping[str, Any] = field(default_factory=dict)
    """`with`: port -> "$input", "$step.port", {"secret": NAME}, a list of these, or a constant.
    A text that begins with a dollar is written with two."""
    when: str | None = None
    """A condition."""
    each: str | None = None
    """Reference to the list whose items the step is run for."""

    @property
    def mentioned(self) -> set[str]:
        """Names of steps it refers to, rightly or not."""
        written = json.dumps([dict(self.bound), self.when, self.each])
        return {name for name, port in REF.findall(written) if port}


@dataclass(frozen=True)
class PipelineSpec:
    """A pipeline as it is written; `Graph.check` makes it one that can be run."""

    name: str
    title: str = ""
    """One line for people."""
    inputs: Mapping[str, Port] = field(default_factory=dict)
    steps: tuple[StepSpec, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Name -> reference; none = the results of the one step whose results no other uses."""
    description: str = ""
    """More, for people who want to know."""
    view: Mapping[str, tuple[float, float]] = field(default_factory=dict, compare=False)
    """Where an editor draws what: left and top. It changes nothing, and counts for nothing."""
    places: Places = field(default_factory=Places, compare=False, repr=False)
    """Where all of that is written."""
    faults: tuple[Fault, ...] = field(default=(), compare=False)
    """What does not have the form of a pipeline."""
    folder: Path | None = field(default=None, compare=False, repr=False)
    """Where `use: ./step` begins; None = nowhere, and no folder can be used."""

    @classmethod
    def from_yaml(cls, text: str | bytes, name: str = "pipeline") -> PipelineSpec:
        """`name` is the file's, for the places of faults. Raises BadPipeline: not YAML."""
        try:
            written = read_yaml(text)
        except Unreadable as error:
            raise error.told(name) from None
        return cls.from_dict(written.value, Places(name, written.marks))

    @classmethod
    def from_file(cls, file: Path) -> PipelineSpec:
        """The pipeline in a YAML or JSON file. Raises NotFound, BadPipeline."""
        try:
            text = file.read_bytes()
        except OSError as error:
            raise NotFound(f"{file} cannot be read", error.strerror or str(error)) from error
        return replace(cls.from_yaml(text, file.name), folder=file.parent)

    @classmethod
    def from_dict(cls, raw: Any, places: Places | None = None) -> PipelineSpec:
        """The pipeline that `raw`, JSON values, writes."""
        form = Form()
        parts = form.pipeline(raw)
        steps = tuple(StepSpec(**step) for step in parts.pop("steps"))
        return cls(**parts, steps=steps, places=places or Places(), faults=tuple(form.faults))

    def to_dict(self) -> dict[str, Any]:
        """JSON values; what is empty is left out."""
        return _filled(
            name=self.name,
            title=self.title,
            description=self.description,
            inputs={name: port_to(port) for name, port in self.inputs.items()},
            steps={
                step.name: {"use": step.use}
                | _filled(**{"each": step.each, "with": dict(step.bound), "when": step.when})
                for step in self.steps
            },
            outputs=dict(self.outputs),
            view={name: list(place) for name, place in self.view.items()},
        )

    def to_yaml(self) -> str:
        """The same pipeline when it is read again."""
        return yaml.dump(
            self.to_dict(),
            Dumper=_Dumper,
            sort_keys=False,
            allow_unicode=True,
            default_flow_style=None,
            width=100,
        )

    def pinned(self, registry: Registry) -> PipelineSpec:
        """The same, with each step in a folder named by what is in it, and kept from now on."""
        steps = tuple(replace(step, use=registry.pinned(step.use)) for step in self.steps)
        return replace(self, steps=steps)

    @property
    def digest(self) -> str:
        """SHA-256, hex; the same for pipelines that differ in form, order or view only."""
        said = {name: part for name, part in self.to_dict().items() if name != "view"}
        canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def _filled(**parts: Any) -> dict[str, Any]:
    return {name: part for name, part in parts.items() if part not in ({}, "", None)}


class _Dumper(yaml.SafeDumper):
    """Puts in quotes whatever any version of YAML would take for something else than a text."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> Any:
        guessed = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
        if kind is yaml.ScalarNode and implicit[0] and guessed == _TEXT:
            special = value.lower() in WORDS or INTEGER.fullmatch(value) or FLOAT.fullmatch(value)
            return None if special else guessed
        return guessed


_TEXT = "tag:yaml.org,2002:str"


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """Breaks, and all else that is not printed, as escapes; other quotes would fold them."""
    return dumper.represent_scalar(_TEXT, text, style=None if text.isprintable() else '"')


_Dumper.add_representer(str, _text)
