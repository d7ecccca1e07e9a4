"""Who asks, and what they may do.

a request, once its key, session or token was looked up -> Principal
Principal.need("runs:write")                               NotAllowed
Principal.need_target("sharpen@2")                         NotFound
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from printroom.core.errors import NotAllowed, NotFound

Scope = Literal[
    "images",
    "runs:read",
    "runs:write",
    "files:read",
    "files:write",
    "pipelines:read",
    "pipelines:write",
    "models:read",
    "models:write",
    "people:read",
    "people:write",
    "market:read",
    "market:write",
    "usage:read",
    "keys",
    "account",
    "metrics",
    "admin",
]
"""What a key may be allowed: `images` is the hot path, `account` members, audit log and public
pipelines, `metrics` the numbers for Prometheus, `admin` the installation itself."""
SCOPES: frozenset[Scope] = frozenset(get_args(Scope))


@dataclass(frozen=True)
class Principal:
    """Somebody, known."""

    account: str
    """Whose runs, files and usage these are: the id of an organisation."""
    user: str | None = None
    """The person; None = a key that belongs to nobody in particular."""
    key: str | None = None
    """The id of the key that was sent; None = a session of the studio, or the local owner."""
    scopes: frozenset[Scope] = frozenset()
    end_user: str = ""
    """Of a token: the customer of the account's own that it was made for."""
    target: str | None = None
    """Of a token, or somebody unknown: the one pipeline, or `enhance`, that may be run."""
    prefix: str | None = None
    """Of a token: where the names of files that it uploads begin."""

    @property
    def limited(self) -> bool:
        """Whether it may touch only what is its own, rather than all of the account's."""
        return self.target is not None or self.prefix is not None or bool(self.end_user)

    @property
    def viewer(self) -> str:
        """Whose own models it may name; empty = nobody's, for somebody who may touch only their
        own.
        """
        return "" if self.limited else self.account

    def may(self, scope: Scope) -> bool:
        """Whether `scope` is allowed."""
        return scope in self.scopes

    def need(self, scope: Scope) -> None:
        """Raises NotAllowed unless `scope` is allowed."""
        if not self.may(scope):
            raise NotAllowed(f"this needs the scope {scope}", "take a key that has it")

    def need_target(self, name: str) -> None:
        """Raises NotFound unless `name`, in whatever version, may be run."""
        if self.target is not None and name != self.target:
            bare = name.partition("@")[0]
            if "@" in self.target or bare != self.target:
                raise NotFound(f"there is no pipeline {name!r}", "the token is for another one")


LOCAL_ACCOUNT = "local"
"""The account that an installation begins with; its owners own the installation."""
LOCAL = Principal(LOCAL_ACCOUNT, scopes=SCOPES)
"""The one owner of an embedded server on loopback, where nobody signs in."""
