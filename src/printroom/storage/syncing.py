"""Bring one place up to date with another, of any two stores.

    (Store, Prefix), (Store, Prefix) -> keys that were copied, one after another

An object is copied when it is not there, is of another size, or is older there than here. Nothing
is deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed

from printroom.storage.keys import Key, Prefix
from printroom.storage.store import Stat, Store

_AT_ONCE = 8


def sync(source: Store, below: Prefix, target: Store, above: Prefix) -> Iterator[tuple[Key, int]]:
    """(key in the target, bytes) of each object that was copied. Raises what stores raise; what
    was copied until then stays.
    """
    there = {stat.key.removeprefix(above): stat for stat in target.list(above)}
    with ThreadPoolExecutor(_AT_ONCE, "printroom-sync") as pool:
        copies = [
            pool.submit(_copied, source, stat, target, above.key(name))
            for stat in source.list(below)
            if _stale(stat, there.get(name := stat.key.removeprefix(below)))
        ]
        try:
            for copy in as_completed(copies):
                yield copy.result()
        finally:
            for copy in copies:
                copy.cancel()


def _copied(source: Store, stat: Stat, target: Store, key: Key) -> tuple[Key, int]:
    if source is target:
        return key, target.copy(stat.key, key).size
    return key, target.put(key, source.stream(stat.key)).size


def _stale(here: Stat, there: Stat | None) -> bool:
    if there is None or there.size != here.size:
        return True
    return bool(here.modified and there.modified and there.modified < here.modified)
