"""From one place to another: each version of each object once, whatever is killed in between.

    Flow.found() -> Stats that are not done yet
    Stat -> claimed -> target's key and condition     Unwritable
    result as a file -> finish                        ConditionFailed StoreUnavailable ...

What is done with an object is the caller's affair; here it is read, its result put, and remembered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from printroom.core.errors import BadOption, ConditionFailed, NotFound, Unwritable
from printroom.storage.disk import DiskStore
from printroom.storage.keys import Key, Prefix, shown
from printroom.storage.ledger import DONE, FlowLedger, Intent, Work, flow_id
from printroom.storage.store import ABSENT, PIECE, Condition, Stat, Store


@dataclass(frozen=True)
class Place:
    """Somewhere in a store."""

    store: Store
    prefix: Prefix
    name: str
    """For people: `store://in/photos/`."""

    def shown(self, key: str) -> str:
        """A key in it, for people."""
        return f"{self.name}{key.removeprefix(self.prefix)}"


@dataclass(frozen=True)
class Claim:
    """Where a result goes, and on what condition."""

    target: Key
    when: Condition
    there: bool = False
    """Whether the result was there already, and the work is done."""


class Flow:
    """What lies in `source`, done into `target`, under the same names but for the suffix."""

    def __init__(
        self,
        source: Place,
        target: Place,
        ledger: FlowLedger,
        options: str,
        *,
        deep: bool = False,
        only: Key | None = None,
    ) -> None:
        """`options`: all that results depend on beside the object. `deep`: what lies below deeper
        prefixes, too. `only`: that object alone. Raises BadOption for places that overlap.
        """
        self._same = source.store.identity == target.store.identity
        meet = source.prefix in target.prefix or target.prefix in source.prefix
        if self._same and meet and only is None:
            raise BadOption(
                f"{target.name} and {source.name} overlap", "results would be pictures to be done"
            )
        self.source, self.target = source, target
        self._ledger, self._options, self._deep, self._only = ledger, options, deep, only
        self._id = flow_id(source.store.identity, source.prefix, target.store.identity,
                           target.prefix)  # fmt: skip

    def alone(self) -> AbstractContextManager[None]:
        """Nobody else does this flow meanwhile. Raises BadOption."""
        return self._ledger.alone(self._id)

    def found(self) -> Iterator[Stat]:
        """What is not done yet; what was done before its process was killed is found to be."""
        for stat in self._listed():
            if isinstance(stat, Stat) and not self._is_done(stat):
                yield stat

    def _listed(self) -> Iterator[Stat | Prefix]:
        store, prefix = self.source.store, self.source.prefix
        if self._only is not None:
            return iter((store.stat(self._only),))
        return store.list(prefix) if self._deep else store.children(prefix)

    def pieces(self, stat: Stat) -> Iterator[bytes]:
        """The object, as it was found. Raises NotFound, ObjectChanged."""
        for start in range(0, stat.size, PIECE):
            size = min(PIECE, stat.size - start)
            yield self.source.store.read(stat.key, start, size, stat.etag)

    def claim(
        self, stat: Stat, suffixes: tuple[str, ...], *, resume: bool, overwrite: bool
    ) -> Claim:
        """Where the result goes: under the object's name, with the first of `suffixes` behind it
        unless it ends in one of them. Raises Unwritable.

        A result of an earlier version is replaced. Anything else that is there is in the way,
        unless `overwrite` replaces it, or `resume` takes it for the result if it is not older.
        """
        target = self._named(stat, suffixes)
        owner = self._ledger.owner(self._id, target)
        place = self.target.shown(target)
        if owner not in (None, stat.key):
            raise Unwritable(f"{place} is already the result of {shown(owner or '')}", "rename it")
        if self._same and target == stat.key:
            raise Unwritable(f"{place} is the picture itself", "name another output")
        if owner is not None or overwrite:
            return Claim(target, None)
        store = self.target.store
        try:
            there = store.stat(target)
        except NotFound:
            return Claim(target, ABSENT if "if_absent" in store.features else None)
        if resume and not (there.modified and stat.modified and there.modified < stat.modified):
            self._ledger.done(self._work(stat), Intent(target, there.size, ""))
            return Claim(target, None, there=True)
        raise Unwritable(f"{place} exists", "--overwrite replaces it, --resume skips it")

    def finish(self, stat: Stat, claim: Claim, result: Path) -> None:
        """Put the result, once, and remember it."""
        work, intent = self._work(stat), Intent(claim.target, *_sum(result))
        self._ledger.intend(work, intent)
        try:
            with result.open("rb") as file:
                self.target.store.put(claim.target, file, claim.when)
        except ConditionFailed:  # it may be our own, when the answer to it was lost
            if not self._is_put(intent):
                raise
        self._ledger.done(work, intent)

    def _is_done(self, stat: Stat) -> bool:
        work = self._work(stat)
        standing = self._ledger.standing(work)
        if standing is None or isinstance(standing, str):
            return standing == DONE
        if not self._is_put(standing):
            return False
        self._ledger.done(work, standing)
        return True

    def _is_put(self, intent: Intent) -> bool:
        """Whether the result that was meant is there."""
        store = self.target.store
        try:
            if store.stat(intent.target).size != intent.size:
                return False
            found = hashlib.sha256()
            for piece in store.stream(intent.target):
                found.update(piece)
        except NotFound:
            return False
        return found.hexdigest() == intent.digest

    def _work(self, stat: Stat) -> Work:
        return Work(self._id, stat.key, stat.etag, self._options)

    def _named(self, stat: Stat, suffixes: tuple[str, ...]) -> Key:
        below = stat.key.removeprefix(self.source.prefix)
        fits = below.lower().endswith(suffixes)
        return self.target.prefix.key(below if fits else below + suffixes[0])


def settled(before: dict[Key, str], stat: Stat, store: Store) -> bool:
    """Whether an object is whole: stores show whole ones alone, but programs that write files to a
    disk do not. So a file must have looked the same `before`: key -> ETag.
    """
    return not isinstance(store, DiskStore) or before.get(stat.key) == stat.etag


def _sum(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest
