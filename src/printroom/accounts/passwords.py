"""Passwords: argon2id, one at a time, and as slow for who is not there as for who is.

    hashed(password) -> text for the database           BadOption: too short, too long
    matches(stored | None, password) -> bool            the same time whatever it says

One check takes 64 MiB and about a tenth of a second; checks wait for each other, so that a flood of
them takes one core and no more memory.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING

from printroom.core.errors import BadOption

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 10, 1024
_one = threading.Lock()


def hashed(password: str) -> str:
    """What is kept of a password. Raises BadOption."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadOption(
            f"a password has {SHORTEST} to {LONGEST} characters", "four words make a good one"
        )
    with _one:
        return _hasher().hash(_bytes(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether `password` is the one; `stored`: None where nobody can sign in with any."""
    from argon2.exceptions import InvalidHashError, VerificationError

    with _one:
        try:
            _hasher().verify(stored or _nobody(), _bytes(password[: LONGEST + 1]))
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def outdated(stored: str) -> bool:
    """Whether it was made with less work than is asked for today."""
    return _hasher().check_needs_rehash(stored)


def _bytes(password: str) -> bytes:
    """Whatever came from a terminal, or in JSON."""
    return password.encode("utf-8", "surrogatepass")


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)


@cache
def _nobody() -> str:
    """The hash of a password that nobody has, of the same cost."""
    import secrets

    return _hasher().hash(secrets.token_hex(16))
