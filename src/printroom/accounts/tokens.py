"""Short-lived tokens, for the apps of an account's own customers.

    Wish of a Principal -> minted -> "pr_tok_…"               BadOption NotAllowed
    "pr_tok_…" -> read -> Principal, until when, by which key  ExpiredCredentials
                                                              and what `signing` raises

Nothing is kept: what a token may do stands in it, signed. It never may more than who made it, and
ends with the key that made it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from printroom.accounts import signing
from printroom.accounts.keys import scopes_named
from printroom.accounts.principal import Principal, Scope
from printroom.core.errors import BadOption, ExpiredCredentials, MalformedCredentials, NotAllowed

PREFIX = "pr_tok_"
LONGEST = 1440
"""Minutes that a token may live: a day."""
_OFFERED: frozenset[Scope] = frozenset(
    ("images", "runs:read", "runs:write", "files:read", "files:write", "pipelines:read")
)
_USE = "token"


@dataclass(frozen=True)
class Wish:
    """What a token is to be good for. Raises BadOption."""

    end_user: str
    """The customer it is for, as the account calls them."""
    target: str
    """The one pipeline (`name`, `name@3`) or `enhance` that it may run."""
    prefix: str
    """Where the names of files that it uploads begin."""
    scopes: tuple[Scope, ...]
    minutes: int

    def __post_init__(self) -> None:
        for text in (self.end_user, self.target, self.prefix):
            if len(text) > 200 or not text.isprintable():
                raise BadOption("end user, target and prefix have at most 200 characters")
        if not self.end_user or not self.target:
            raise BadOption("a token is for one end user and one target", "name both")
        if not 1 <= self.minutes <= LONGEST:
            raise BadOption(f"a token lives for 1 to {LONGEST} minutes")
        if not self.scopes or set(self.scopes) - _OFFERED:
            raise BadOption(f"the scopes of a token are some of {', '.join(sorted(_OFFERED))}")


@dataclass(frozen=True)
class Token:
    """A token that was read; its key or its maker may be gone."""

    principal: Principal
    expires_at: float


def minted(connection: Connection, now: float, maker: Principal, wish: Wish) -> tuple[str, float]:
    """A token for `wish`, and when it ends. Raises NotAllowed for more than `maker` may."""
    if maker.limited:
        raise NotAllowed("a token makes no tokens", "ask the server that made it")
    if beyond := sorted(set(wish.scopes) - maker.scopes):
        raise NotAllowed(f"you have no scope {beyond[0]} to give away", "leave it out")
    expires = now + wish.minutes * 60
    payload = {
        "a": maker.account,
        "u": maker.user,
        "k": maker.key,
        "s": " ".join(wish.scopes),
        "e": wish.end_user,
        "t": wish.target,
        "p": wish.prefix,
        "x": expires,
    }
    return PREFIX + signing.signed(connection, now, _USE, payload), expires


def read(connection: Connection, now: float, text: str) -> Token:
    """What a token says."""
    payload = signing.opened(connection, now, _USE, text.removeprefix(PREFIX))
    try:
        expires = float(payload["x"])
        principal = Principal(
            account=payload["a"],
            user=payload["u"],
            key=payload["k"],
            scopes=frozenset(scopes_named(payload["s"].split())),
            end_user=payload["e"],
            target=payload["t"],
            prefix=payload["p"],
        )
    except (KeyError, TypeError, ValueError, BadOption) as error:
        raise MalformedCredentials("the token cannot be read", "ask for a new one") from error
    if now >= expires:
        raise ExpiredCredentials("the token's time is over", "ask for a new one")
    return Token(principal, expires)
