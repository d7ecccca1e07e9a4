"""Pipelines written in Python: the same model as behind YAML.

pipeline("enlarge").input("image", "picture").step("large", "upscale", image="$image").spec()
    -> PipelineSpec
"""

from __future__ import annotations

from typing import Any, Self

from printroom.core.errors import BadPipeline
from printroom.pipelines.spec import PipelineSpec


class Builder:
    """Collects the parts of a pipeline, in the order in which they are named."""

    def __init__(self, name: str, title: str = "") -> None:
        self._raw: dict[str, Any] = {"name": name, "title": title}

    def input(self, name: str, type: str = "picture", /, **words: Any) -> Self:  # noqa: A002
        """An input of kind `type`, with the words of that kind, `default` and `optional`."""
        return self._add("inputs", name, {"type": type, **words} if words else type)

    def step(
        self,
        name: str,
        use: str,
        /,
        *,
        when: str | None = None,
        each: str | None = None,
        **bound: Any,
    ) -> Self:
        """A step: `bound` are its ports and parameters, as under `with`."""
        return self._add("steps", name, {"use": use, "with": bound, "when": when, "each": each})

    def output(self, name: str, ref: str) -> Self:
        """A result, by reference."""
        return self._add("outputs", name, ref)

    def spec(self) -> PipelineSpec:
        """The pipeline as it stands."""
        return PipelineSpec.from_dict(self._raw)

    def _add(self, part: str, name: str, what: Any) -> Self:
        named = self._raw.setdefault(part, {})
        if name in named:
            raise BadPipeline(f"{name!r} is among the {part} already", "give it another name")
        named[name] = what
        return self


def pipeline(name: str, title: str = "") -> Builder:
    """Begin a pipeline."""
    return Builder(name, title)


def secret(name: str) -> dict[str, str]:
    """A text kept by whoever runs the pipeline, bound by its name alone."""
    return {"secret": name}
