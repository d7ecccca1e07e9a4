"""What a server tells of runs, trainings, people, files and events.

JSON -> Run, Training, Person, File          FetchFailed: it is not what a printroom would say
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from printroom.client.faults import error_of, strange
from printroom.core.errors import Cancelled, PrintroomError

J = TypeVar("J", bound="Job")
OVER = ("succeeded", "failed", "cancelled")


class Job:
    """What is queued, done by a worker, and over some day."""

    id: str
    status: str
    raw: Mapping[str, Any]

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in OVER

    @property
    def error(self) -> PrintroomError | None:
        """Why it failed, or that it was taken back; None = neither."""
        if self.status == "cancelled":
            return Cancelled(f"{type(self).__name__.lower()} {self.id} was taken back")
        told = self.raw.get("error")
        if self.status != "failed" or not isinstance(told, Mapping):
            return None
        return error_of(str(told.get("code")), str(told.get("message")), {})


@dataclass(frozen=True)
class Picture:
    """A picture among the outputs of a run."""

    file: str
    """Id of the file that it is."""
    media_type: str
    bytes: int
    width: int | None
    height: int | None
    name: str = ""
    """What the server calls it, after what it was made of; good for people, not for paths."""


@dataclass(frozen=True)
class Run(Job):
    """A run as it was when the server was asked."""

    id: str
    status: str
    """queued, running, succeeded, failed, cancelled."""
    target: str
    output: Mapping[str, Any]
    """By name; pictures as `Picture`, lists of them as lists. Empty until it succeeded."""
    raw: Mapping[str, Any] = field(repr=False)
    """All that the server said."""

    @classmethod
    def of(cls, raw: Any) -> Self:
        """From JSON. Raises FetchFailed."""
        try:
            output = {name: _value(value) for name, value in (raw["output"] or {}).items()}
            return cls(str(raw["id"]), str(raw["status"]), str(raw["target"]), output, raw)
        except (KeyError, TypeError, AttributeError):
            raise strange("a run") from None

    @property
    def pictures(self) -> dict[str, list[Picture]]:
        """Outputs that are pictures, by name; each a list."""
        found: dict[str, list[Picture]] = {}
        for name, value in self.output.items():
            several = value if isinstance(value, list) else [value]
            if pictures := [one for one in several if isinstance(one, Picture)]:
                found[name] = pictures
        return found


@dataclass(frozen=True)
class Made:
    """A file that a training made."""

    file: str
    """Id of the file that it is."""
    name: str
    """As the recipe calls it."""
    bytes: int


@dataclass(frozen=True)
class Training(Job):
    """A training as it was when the server was asked."""

    id: str
    status: str
    """queued, running, succeeded, failed, cancelled."""
    recipe: str
    scores: Mapping[str, float]
    """Of what it made, as the recipe names them. Empty until it succeeded."""
    files: Sequence[Made]
    """What it made; kept as long as it is. Empty until it succeeded."""
    raw: Mapping[str, Any] = field(repr=False)
    """All that the server said."""

    @classmethod
    def of(cls, raw: Any) -> Self:
        """From JSON. Raises FetchFailed."""
        try:
            files = [
                Made(str(one["file"]), str(one["name"]), int(one["bytes"]))
                for one in raw["files"] or ()
            ]
            told = str(raw["id"]), str(raw["status"]), str(raw["recipe"])
            return cls(*told, raw["scores"] or {}, files, raw)
        except (KeyError, TypeError, ValueError):
            raise strange("a training") from None


@dataclass(frozen=True)
class Person:
    """Somebody of whom portraits are drawn, as when the server was asked."""

    id: str
    name: str
    state: str
    """collecting, training, ready, failed."""
    pictures: int
    """Accepted so far."""
    pictures_needed: int
    """Accepted pictures at which training begins by itself."""
    odd: Sequence[str]
    """Ids of pictures that seem to show somebody else: while there are any, it does not begin."""
    version: int | None
    """That portraits are drawn with; None = there is none yet."""
    raw: Mapping[str, Any] = field(repr=False)
    """All that the server said, also the consent and every version."""

    @classmethod
    def of(cls, raw: Any) -> Self:
        """From JSON. Raises FetchFailed."""
        try:
            return cls(
                str(raw["id"]), str(raw["name"]), str(raw["state"]), int(raw["pictures"]),
                int(raw["pictures_needed"]), list(raw["odd"]), raw["version"], raw,
            )  # fmt: skip
        except (KeyError, TypeError, ValueError):
            raise strange("a person") from None


@dataclass(frozen=True)
class File:
    """A file that the server keeps."""

    id: str
    name: str
    media_type: str
    bytes: int
    raw: Mapping[str, Any] = field(repr=False)
    """All that the server said."""

    @classmethod
    def of(cls, raw: Any) -> Self:
        """From JSON. Raises FetchFailed."""
        try:
            return cls(str(raw["id"]), raw["name"], raw["media_type"], int(raw["bytes"]), raw)
        except (KeyError, TypeError, ValueError):
            raise strange("a file") from None


@dataclass(frozen=True)
class Event:
    """One thing that happened to a run, a training, or to a person while they were learnt."""

    number: int
    """From 1, without gaps; 0 = it is none of the run's own, such as its place in the queue."""
    kind: str
    """queued, position, started, step, progress, done and others."""
    data: Mapping[str, Any]
    run: Run | None = None
    """With the last event of a run: the run, which is over."""
    training: Training | None = None
    """The same of a training."""
    person: Person | None = None
    """With the last event of somebody's training: the person."""
    run_id: str = ""
    """Of which run, where those of all are told."""
    id: int = 0
    """What `after` takes to go on behind it: the number, or where those of all are told, a time."""


Named = Run | Training | Person | File | Picture | Made


def name_of(thing: Named | str) -> str:
    """The id of something, by itself or as it was told."""
    if isinstance(thing, str):
        return thing
    return thing.file if isinstance(thing, Picture | Made) else thing.id


def finished(job: J) -> J:
    """The run or training, which succeeded; raises why it did not."""
    if (error := job.error) is not None:
        raise error
    return job


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return [_value(one) for one in value]
    if isinstance(value, dict) and {"file", "media_type", "bytes"} <= set(value):
        return Picture(
            str(value["file"]), value["media_type"], value["bytes"],
            value.get("width"), value.get("height"), str(value.get("name") or ""),
        )  # fmt: skip
    return value
