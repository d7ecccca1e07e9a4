"""Whether a store can be used, and what it can do: tried, not believed.

    Store -> Findings, one for each thing that was tried

Everything happens below a prefix of its own, and is removed.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from printroom.core.errors import ConditionFailed, NotFound, ObjectChanged, PrintroomError
from printroom.storage.keys import Key, Prefix
from printroom.storage.store import ABSENT, Condition, Store

_ROUNDS, _WRITERS = 3, 6


@dataclass(frozen=True)
class Finding:
    """One thing that was tried."""

    what: str
    good: bool
    told: str = ""
    """Why not, or what follows."""
    needed: bool = True
    """Whether a store is of no use without it."""


def check(store: Store) -> Iterator[Finding]:
    """Try to write, read, list and delete, and what the store says it offers. Ends with the first
    thing that is needed and fails.
    """
    place = Prefix(f"printroom-test-{secrets.token_hex(6)}")
    tries: list[tuple[str, Callable[[Store, Prefix], str], bool]] = [
        ("write", _write, True),
        ("read", _read, True),
        ("read a range", _range, True),
        ("notice a change", _change, True),
        ("list", _list, True),
        ("copy", _copy, True),
        ("write only if absent", _absent, False),
        ("write only if unchanged", _match, False),
        ("sign addresses", _sign, False),
        ("delete", _delete, True),
    ]
    try:
        for what, attempt, needed in tries:
            try:
                finding = Finding(what, True, attempt(store, place), needed)
            except (PrintroomError, _Wrong) as error:
                finding = Finding(what, False, str(error), needed)
            yield finding
            if needed and not finding.good:
                return
    finally:
        with contextlib.suppress(PrintroomError):
            for stat in list(store.list(place)):
                store.delete(stat.key)


class _Wrong(Exception):
    """The store did not do what it should."""


def _write(store: Store, place: Prefix) -> str:
    store.put(place.key("one"), b"first" * 1000)
    return ""


def _read(store: Store, place: Prefix) -> str:
    return _same(store.read(place.key("one")), b"first" * 1000)


def _range(store: Store, place: Prefix) -> str:
    return _same(store.read(place.key("one"), 5, 7), b"firstfi")


def _change(store: Store, place: Prefix) -> str:
    key = place.key("one")
    old = store.stat(key).etag
    store.put(key, b"other" * 1000)
    try:
        store.read(key, 0, 5, old)
    except ObjectChanged:
        return ""
    raise _Wrong("an object that was replaced was read as if it were the same")


def _list(store: Store, place: Prefix) -> str:
    found = [str(stat.key) for stat in store.list(place)]
    return _same("".join(found).encode(), place.key("one").encode())


def _copy(store: Store, place: Prefix) -> str:
    store.copy(place.key("one"), place.key("two"))
    _same(store.read(place.key("two"), 0, 5), b"other")
    return "" if "copy" in store.features else "by reading and writing"


def _absent(store: Store, place: Prefix) -> str:
    store.need("if_absent")
    for number in range(_ROUNDS):
        _race(store, place.key(f"absent-{number}"), ABSENT)
    return ""


def _match(store: Store, place: Prefix) -> str:
    store.need("if_match")
    key = place.key("two")
    for _ in range(_ROUNDS):
        store.put(key, b"anew")
        _race(store, key, store.stat(key).etag)
    return ""


def _race(store: Store, key: Key, when: Condition) -> None:
    """Of several that write on the same condition, one succeeds."""

    def write(number: int) -> bool:
        try:
            store.put(key, f"{number}".encode(), when)
        except ConditionFailed:
            return False
        except NotFound as error:
            raise _Wrong(
                "what was written vanished while others wrote: add ?conditions=off to the address"
            ) from error
        return True

    with ThreadPoolExecutor(_WRITERS) as pool:
        won = sum(pool.map(write, range(_WRITERS)))
    if won != 1:
        raise _Wrong(f"{won} of {_WRITERS} wrote at once: add ?conditions=off to the address")


def _sign(store: Store, place: Prefix) -> str:
    store.presign(place.key("one"), 60)
    return ""


def _delete(store: Store, place: Prefix) -> str:
    store.delete(place.key("one"))
    if store.exists(place.key("one")):
        raise _Wrong("an object that was deleted is still there")
    return ""


def _same(found: bytes, expected: bytes) -> str:
    if found != expected:
        raise _Wrong("what came back is not what was written")
    return ""
