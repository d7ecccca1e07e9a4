"""What OpenDAL raises, as our errors: each names the store, the key, the reason and the remedy.

    NotFound -> NotFound                    ConfigInvalid -> NotFound (no such bucket), BadOption
    PermissionDenied -> StoreRefused        Unsupported -> NotOffered
    RateLimited, anything else -> StoreUnavailable

The text of a fault is cut down to its sentence: what follows has addresses in it, and addresses may
have signatures.
"""

from __future__ import annotations

import re

from opendal import exceptions as theirs

from printroom.core.errors import (
    BadOption,
    NotFound,
    NotOffered,
    PrintroomError,
    StoreRefused,
    StoreUnavailable,
)
from printroom.storage.keys import shown

FAULTS = (
    theirs.Error,
    theirs.Unexpected,
    theirs.Unsupported,
    theirs.ConfigInvalid,
    theirs.NotFound,
    theirs.PermissionDenied,
    theirs.IsADirectory,
    theirs.NotADirectory,
    theirs.AlreadyExists,
    theirs.IsSameFile,
    theirs.ConditionNotMatch,
    theirs.RateLimited,
    theirs.RangeNotSatisfied,
    theirs.Conflict,
    OSError,
)
"""All that OpenDAL raises; they have no base of their own."""
_CODE = re.compile(r'code: "(\w+)", message: "([^"]*)"')
_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|bucket does not exist", re.I)
_STATUS = re.compile(r"status: (\d{3})")
_LONGEST = 200


def translated(  # noqa: PLR0911 (one kind a line)
    error: Exception, store: str, key: str = "", secrets: tuple[str, ...] = ()
) -> PrintroomError:
    """Our error for `error`, with none of `secrets` in it."""
    text, kind = str(error), kind_of(error)
    where = f"{store}: {shown(key)}" if key else store
    why = f", {found}" if (found := _sentence(text, secrets)) else ""
    if _BUCKET.search(text):
        return NotFound(f"{store}: there is no such bucket", "check its name and its endpoint")
    if kind is theirs.ConfigInvalid:
        return BadOption(f"{store} cannot be opened{why}", "check its address and secrets")
    if kind in (theirs.NotFound, theirs.IsADirectory, theirs.NotADirectory):
        return NotFound(f"{store}: there is no object {shown(key)}", "check the key")
    if kind is theirs.PermissionDenied:
        return StoreRefused(f"{where} is refused{why}", "check the credentials and their rights")
    if kind is theirs.Unsupported:
        return NotOffered(f"{where} cannot be done{why}", "use another kind of store")
    if kind is theirs.RateLimited:
        return StoreUnavailable(f"{where} is throttled{why}", "try later, or ask for less")
    return StoreUnavailable(f"{where} failed{why}", "try later; check the endpoint")


def kind_of(error: Exception) -> type[Exception]:
    """OpenDAL's class for `error`: its files raise OSError, and tell the kind in the text alone."""
    if not isinstance(error, OSError):
        return type(error)
    kind = getattr(theirs, str(error).partition(" ")[0], theirs.Unexpected)
    return kind if kind in FAULTS else theirs.Unexpected


def _sentence(text: str, secrets: tuple[str, ...]) -> str:
    """The reason alone."""
    head, _, rest = text.partition("\n")
    source = rest.partition("Source:")[2].strip().partition("\n")[0]
    if match := _CODE.search(head):
        head = f"{match[1]}: {match[2]}" if match[2] else match[1]
    else:
        head = head.partition("=>")[2].strip()
    found = ": ".join(filter(None, (head, source)))
    if not found and (status := _STATUS.search(text)):
        found = f"status {status[1]}"
    for secret in secrets:
        found = found.replace(secret, "***")
    found = re.sub(r"\?\S+", "", found).strip().rstrip(".")
    return found if len(found) <= _LONGEST else f"{found[:_LONGEST]}..."
