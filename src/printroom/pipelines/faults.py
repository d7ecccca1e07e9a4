"""What is wrong with a pipeline, each fault with its place: collected, then told at once.

marks of a text -> Places -> "enhance.yaml:7:12: steps.clean.with.image"
faults -> BadPipeline
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from printroom.core.errors import BadPipeline, PrintroomError
from printroom.pipelines.reading import Path

MOST_TOLD = 100
"""Faults that are told at once; a text made to be wrong could have thousands."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and the keys that lead to it."""

    path: Path
    text: str
    """What is wrong."""
    remedy: str = ""
    """What to do about it, if that can be said."""

    def __str__(self) -> str:
        return f"{self.text}: {self.remedy}" if self.remedy else self.text


class Wrong(ValueError):
    """What is wrong with a part of a pipeline, and what to do about it."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(f"{text}: {remedy}")
        self.text, self.remedy = text, remedy


def fault_of(path: Path, error: Exception) -> Fault:
    """What `error` says, as a fault at `path`."""
    match error:
        case Wrong(text=text, remedy=remedy) | PrintroomError(reason=text, remedy=remedy):
            return Fault(path, text, remedy)
    return Fault(path, str(error))


@dataclass(frozen=True)
class Places:
    """Where the parts of a pipeline are written."""

    name: str = ""
    """Of the file; empty where a pipeline was not read from one."""
    marks: Mapping[Path, tuple[int, int]] = field(default_factory=dict)

    def mark(self, path: Path) -> tuple[int, int]:
        """Line and column, from 1, of `path` or of what it would stand in; zeros if unknown."""
        for length in range(len(path), -1, -1):
            if found := self.marks.get(path[:length]):
                return found
        return 0, 0

    def told(self, fault: Fault) -> str:
        """One sentence that begins with the place."""
        keys = ".".join(map(str, fault.path))
        sentence = f"{keys}: {fault}" if keys else str(fault)
        line, column = self.mark(fault.path)
        if line:
            return f"{self.name}:{line}:{column}: {sentence}"
        return f"{self.name}: {sentence}" if self.name else sentence

    def ordered(self, faults: Sequence[Fault]) -> list[Fault]:
        """Each once, in the order of the text."""
        return sorted(dict.fromkeys(faults), key=lambda fault: self.mark(fault.path))

    def bad(self, pipeline: str, faults: Sequence[Fault]) -> BadPipeline:
        """The error that names all of `faults`, in the order of the text."""
        ordered = self.ordered(faults)
        told = tuple(map(self.told, ordered[:MOST_TOLD]))
        more = " and more" if len(ordered) > MOST_TOLD else ""
        count = "a fault" if len(told) == 1 else f"{len(told)} faults{more}"
        what = f"pipeline {pipeline!r}" if pipeline else "the pipeline"
        return BadPipeline(f"{what} has {count}", "\n  ".join(told), faults=told)
