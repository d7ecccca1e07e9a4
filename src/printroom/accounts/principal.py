"""Who asks, and what they may do.

a request, once its key, session or token was looked up -> Principal
Principal.need("runs:write")                               NotAllowed
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from printroom.core.errors import NotAllowed

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
    "usage:read",
    "keys",
    "admin",
]
"""What a key may be allowed: `images` is the hot path, `admin` the installation itself."""
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

    def may(self, scope: Scope) -> bool:
        """Whether `scope` is allowed."""
        return scope in self.scopes

    def need(self, scope: Scope) -> None:
        """Raises NotAllowed unless `scope` is allowed."""
        if not self.may(scope):
            raise NotAllowed(f"this needs the scope {scope}", "take a key that has it")


LOCAL = Principal("local", scopes=SCOPES)
"""The one owner of an embedded server on loopback, where nobody signs in."""
