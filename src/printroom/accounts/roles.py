"""What each role may do: role, account -> scopes."""

from __future__ import annotations

from typing import Literal, get_args

from printroom.accounts.principal import LOCAL_ACCOUNT, SCOPES, Scope
from printroom.core.errors import BadOption

Role = Literal["owner", "admin", "member", "viewer"]
ROLES: tuple[Role, ...] = get_args(Role)
"""The mightiest first."""

_VIEWER: frozenset[Scope] = frozenset(
    (
        *("runs:read", "files:read", "pipelines:read", "models:read", "people:read"),
        *("market:read", "usage:read"),
    )
)
_MEMBER: frozenset[Scope] = _VIEWER | {
    *("images", "runs:write", "files:write", "pipelines:write", "people:write")
}
_ADMIN: frozenset[Scope] = _MEMBER | {"models:write", "market:write", "keys", "account"}


def role_of(text: str) -> Role:
    """The role called `text`. Raises BadOption."""
    for role in ROLES:
        if role == text:
            return role
    raise BadOption(f"there is no role {text[:40]!r}", f"take one of {', '.join(ROLES)}")


def scopes_of(role: Role, account: str) -> frozenset[Scope]:
    """What a member may do. Owners of the first account own the installation."""
    if role == "owner":
        return SCOPES if account == LOCAL_ACCOUNT else _ADMIN
    return {"admin": _ADMIN, "member": _MEMBER, "viewer": _VIEWER}[role]
