"""How pipelines are named: whose, what, and which version.

    "ink", "ink@3", "acme/ink", "acme/ink@live" -> Named          NotFound: it is no name

A name without an owner means one's own, or one that comes with printroom.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from printroom.core.errors import NotFound
from printroom.pipelines.declare import NAME

SHIPPED = "printroom"
"""Owner of the pipelines that come with printroom."""
LOCAL = "local"
"""The account of whoever has the machine at hand, and its handle."""
OWNER = re.compile(r"[a-z0-9][a-z0-9-]{1,38}", re.ASCII)
VERSION = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
LATEST = "latest"
"""Alias of the newest version; it cannot be moved."""


@dataclass(frozen=True)
class Named:
    """A pipeline, as somebody names it."""

    owner: str | None
    """A handle; None = nobody is named."""
    name: str
    version: str
    """A number, an alias, or empty for the newest."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """What `text` names. Raises NotFound."""
        place, _, version = text.partition("@")
        owner, slash, name = place.rpartition("/")
        good = NAME.fullmatch(name) and (not slash or OWNER.fullmatch(owner))
        if not good or len(version) > 200 or not (version.isascii() and version.isprintable()):
            raise NotFound(f"there is no pipeline {text[:80]!r}", "write owner/name@version")
        return cls(owner if slash else None, name, "" if version == LATEST else version)

    def __str__(self) -> str:
        place = self.name if self.owner is None else f"{self.owner}/{self.name}"
        return f"{place}@{self.version}" if self.version else place


def full(text: str, owner: str) -> str:
    """`text`, which names a pipeline of `owner`, as anybody may say it: its id.

    What comes with printroom, and what is of the account `local`, goes by its name alone.

    >>> full("ink@3", "acme"), full("acme/ink", "acme"), full("printroom/enhance", "printroom")
    ('acme/ink@3', 'acme/ink', 'enhance')
    """
    name = text.rpartition("/")[2]
    return name if owner in (LOCAL, SHIPPED) else f"{owner}/{name}"
