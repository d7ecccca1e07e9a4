"""What a server tells of runs, files and events.

JSON -> Run, File, Event          FetchFailed: it is not what a printroom would say
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from printroom.client.faults import error_of, strange
from printroom.core.errors import Cancelled, PrintroomError

OVER = ("succeeded", "failed", "cancelled")


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
class Run:
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
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in OVER

    @property
    def error(self) -> PrintroomError | None:
        """Why it failed, or that it was taken back; None = neither."""
        if self.status == "cancelled":
            return Cancelled(f"run {self.id} was taken back")
        told = self.raw.get("error")
        if self.status != "failed" or not isinstance(told, Mapping):
            return None
        return error_of(str(told.get("code")), str(told.get("message")), {})

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
    """One thing that happened to a run."""

    number: int
    """From 1, without gaps; 0 = it is none of the run's own, such as its place in the queue."""
    kind: str
    """queued, position, started, step, progress, done and others."""
    data: Mapping[str, Any]
    run: Run | None = None
    """With the last event: the run, which is over."""


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return [_value(one) for one in value]
    if isinstance(value, dict) and {"file", "media_type", "bytes"} <= set(value):
        return Picture(
            str(value["file"]), value["media_type"], value["bytes"],
            value.get("width"), value.get("height"), str(value.get("name") or ""),
        )  # fmt: skip
    return value
