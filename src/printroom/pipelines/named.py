"""Texts that mean something beyond themselves: addresses of servers, collections, JSON of a form.

    Annotated[str, Address()] -> the URL of a server that steps may ask
    Annotated[str, Collection()] -> a collection of whose pipeline it is; written, never an input
    Annotated[str, Formed(read)] -> a text that `read` takes           ValueError: why it is none

Where they are written in a pipeline, they are looked at when that is checked: by `ModelResolver`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from printroom.pipelines.kinds import Text


@dataclass(frozen=True)
class Address(Text):
    """The URL of another server."""


@dataclass(frozen=True)
class Collection(Text):
    """The name of a collection."""


@dataclass(frozen=True)
class Formed(Text):
    """A text of a form."""

    read: Callable[[str], object]
    """Raises ValueError."""

    def coerce(self, value: object) -> str:
        text = super().coerce(value)
        self.read(text)
        return text
