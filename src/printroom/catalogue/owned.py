"""Models that accounts have, for whoever runs them: found by name, their weights read on demand.

    "acme/ink@2", accounts -> find -> Model      NotFound: also for what is another account's
                                                 BadModel: it is not ready, or was stopped
                                                 Unpaid: it is sold by the run
    Model -> here -> a file of this machine      what a store raises; BadModel

Rows are in the database and weights in the store of assets, so any server or worker that has both
can run any model; nothing is asked of either before a model of an account is named. Weights come
through the block cache, in parallel ranges, and are compared with the card. What was found of one's
own is believed for FRESH seconds.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, select

from printroom.accounts.handles import account_of, handle_of
from printroom.assets.assets import Assets
from printroom.assets.model import ASSETS
from printroom.catalogue import breaches, entries
from printroom.catalogue.card import Model
from printroom.catalogue.model import SCRIPTS, Entry
from printroom.catalogue.models import verified
from printroom.core.errors import BadModel, NoAccess, NotFound
from printroom.core.once import once
from printroom.core.visible import Lending, Loan
from printroom.database.migrate import migrate
from printroom.storage.cache import BlockCache
from printroom.storage.local import local_path

_log = logging.getLogger(__name__)
Hold = Callable[[Connection, str, str, int], str | None]
"""Account, name, version -> what follows "acme/ink@2 ", as in "is on sale"; None = nothing."""
FRESH = 5.0
"""Seconds for which a model that was found is there, whatever became of it since."""
NAME = r"[a-z0-9]+(?:[-.][a-z0-9]+)*"
"""What a model can be called behind its owner's handle."""
_NAMED = re.compile(rf"([a-z0-9][a-z0-9-]{{1,38}})/({NAME})(?:@([1-9][0-9]{{0,8}}))?", re.ASCII)
_MOST = 1000
"""Names that are remembered."""
_WHY = {
    "verifying": ("is still being examined", "wait until it is ready"),
    "refused": ("was refused when it was examined", "see its findings, and give a mended one"),
    "suspended": ("was suspended", "ask whoever runs this server"),
}


@dataclass(frozen=True)
class Seen:
    """An entry that somebody may see."""

    entry: Entry
    handle: str
    """Of its account."""
    place: str
    """Key of its weights in the store of assets."""

    @property
    def id(self) -> str:
        """`owner/name@version`."""
        return f"{self.handle}/{self.entry.name}@{self.entry.version}"

    @property
    def named(self) -> tuple[str, int]:
        """Its name behind the handle, and its version."""
        return self.entry.name, self.entry.version


class Unpaid(NoAccess):
    """A model that is sold by the run, where nobody pays for one."""

    def __init__(self, model: str) -> None:
        super().__init__(f"{model} is sold by the run", "run it where runs are charged for")
        self.model = model
        """Its id."""


class OwnedModels:
    """Implements `engine.loading.Owned`. Safe from many threads."""

    def __init__(self, assets: Assets, folder: Path, lending: Callable[[], Lending]) -> None:
        """`folder`: for the block cache. `lending`: which models of others an account may use.

        Migrates the tables first. Raises DatabaseMismatch, DatabaseUnavailable.
        """
        migrate(assets.database, [SCRIPTS])
        self._assets, self._folder, self._lending = assets, folder, lending
        self.holds: list[Hold] = []
        """Why an account may not remove a version of its own now."""
        self._lock = threading.Lock()
        self._known: dict[tuple[str, tuple[str, ...]], tuple[float, Model]] = {}

    def find(self, name: str, accounts: Sequence[str], *, named: bool = False) -> Model:
        """The model `owner/name@version`, or the newest that is ready, if one of `accounts` may
        use it. Raises NotFound, BadModel, Unpaid.

        Among `accounts`, "account/name", or "account/name@version", is one model of that account's
        that was paid for. `named`: it is named, and does not run now: then what is sold by the run
        is found, too.
        """
        key = name, tuple(accounts)
        with self._lock:
            at, known = self._known.get(key, (0.0, None))
        if known is not None and time.monotonic() - at < FRESH:
            return known
        seen = self.seen(name, accounts, ready=True, named=named)
        model = self._model(seen)
        if seen.entry.account not in accounts:  # what was lent may be taken back at once
            return model
        with self._lock:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = time.monotonic(), model
        return model

    def seen(self, name: str, accounts: Sequence[str], *, ready: bool, named: bool = True) -> Seen:
        """What `name` means to those accounts; of another's model they see only what is ready.

        Without a version it is the newest, or, if `ready`, the newest that is ready, where one is.
        `accounts`, `named`: as of `find`. Raises NotFound, Unpaid.
        """
        seen = self.known(name, ready=ready)
        owner, plain = seen.entry.account, seen.entry.name
        if owner not in accounts:
            loan = self._loan(owner, plain, accounts)
            if loan.lent == "no":
                raise _none(name)
            if loan.lent == "sold" and not named:
                raise Unpaid(seen.id)
            return self._lent(name, seen, loan)
        return seen

    def _lent(self, name: str, seen: Seen, loan: Loan) -> Seen:
        """What is ready of it, in the version that is offered. Raises NotFound."""

        def good() -> bool:
            return seen.entry.state == "ready" and loan.version in (None, seen.entry.version)

        if not good() and "@" not in name:
            wanted = name if loan.version is None else f"{name}@{loan.version}"
            seen = self.known(wanted, ready=True)
        if not good():
            raise _none(name)
        return seen

    def of(self, account: str) -> tuple[str, list[Entry]]:
        """The handle of an account, and the newest version of each model that it has, by name."""

        def look(connection: Connection) -> tuple[str, list[Entry]]:
            return handle_of(connection, account), entries.listed(connection, account)

        return self._assets.database.run(look, write=False, patience=1.0)

    def known(self, name: str, *, ready: bool = False) -> Seen:
        """The same, whoever asks: for those who run the server. Raises NotFound."""
        match = _NAMED.fullmatch(name)
        if match is None:
            raise _none(name)
        handle, plain, version = match.groups()
        wanted = None if version is None else int(version)
        look = partial(_find, handle=handle, name=plain, version=wanted, ready=ready)
        seen = self._assets.database.run(look, write=False, patience=1.0)
        if seen is None:
            raise _none(name)
        return seen

    @contextmanager
    def here(self, model: Model) -> Iterator[Path]:
        """The weights, fetched if they are not in the cache, and verified."""
        assert model.kept is not None
        with local_path(self._cache, self._assets.blobs.store, model.kept) as fetched:
            path = fetched.with_name(model.card.weights)
            fetched.rename(path)  # what opens it goes by the suffix
            verified(replace(model, weights=path, kept=None))
            yield path

    def breached(self, model: str, limit: str, reason: str) -> None:
        """Note that a model crossed a limit; too often, and it is suspended."""
        database = self._assets.database
        noting = partial(
            breaches.noted, now=database.clock(), model=model, limit=limit, reason=reason
        )
        if database.run(noting):
            _log.warning("model %s is suspended: it crossed its limits too often", model)
            self.forget()

    def claimed(self, account: str) -> bool:
        """Whether the account has, or had, a model under its handle."""
        claimed = partial(entries.claimed, account=account)
        return self._assets.database.run(claimed, write=False)

    def forget(self) -> None:
        """Look everything up again: something was changed here."""
        with self._lock:
            self._known.clear()

    def close(self) -> None:
        """Let go of the cache."""
        if "_cache" in self.__dict__:
            self._cache.close()

    @once
    def _cache(self) -> BlockCache:
        return BlockCache(self._folder)

    def _model(self, seen: Seen) -> Model:
        """Raises BadModel where it is not ready."""
        entry, card = seen.entry, seen.entry.card(seen.handle)
        if entry.state != "ready" or card is None:
            why, remedy = _WHY[entry.state]
            raise BadModel(f"{seen.id} {why}", remedy)
        nowhere = self._folder / "weights" / card.digest  # where they lie is said by `kept`
        return Model(card, nowhere, kept=seen.place, trusted=False)

    def _loan(self, owner: str, name: str, accounts: Sequence[str]) -> Loan:
        """The best that one of them may."""
        for one in accounts:
            place, _, version = one.partition("@")
            if place == f"{owner}/{name}":
                return Loan("yes", int(version) if version else None)
        lending = self._lending()
        found = {loan.lent: loan for loan in (
            lending(one, owner, name) for one in accounts if "/" not in one
        )}  # fmt: skip
        return found.get("yes") or found.get("sold") or Loan("no")


def _find(
    connection: Connection, handle: str, name: str, version: int | None, ready: bool
) -> Seen | None:
    owner = account_of(connection, handle)
    if owner is None:
        return None
    if version is not None:
        entry = entries.found(connection, owner, name, version)
    else:
        entry = entries.newest(connection, owner, name, ready=True) if ready else None
        entry = entry or entries.newest(connection, owner, name, ready=False)
    if entry is None:
        return None
    place = connection.execute(select(ASSETS.c.place).where(ASSETS.c.id == entry.file))
    return Seen(entry, handle, str(place.scalar_one()))


def _none(name: str) -> NotFound:
    return NotFound(f"there is no model {name[:120]!r}", "GET /v1/models has those you may use")
