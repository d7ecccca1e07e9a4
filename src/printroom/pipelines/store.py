"""Published pipelines: each account's own, in versions that never change, and aliases that move.

    PipelineSpec, account -> "name@3"                       BadOption: a name that is taken
    "name@3", "name@live", "name" by account -> Published   NotFound BadOption
    "acme/name@3" by account -> Published                   NotFound: also for what may not be seen

The same content is one version, whoever publishes it twice, and when. Pipelines that come with
printroom have no versions: they are what this printroom does, and are read without a database.
All servers and workers on one database have the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from printroom.core.errors import BadOption, NotFound
from printroom.core.once import once
from printroom.core.visible import Visible, nobody
from printroom.pipelines.bundled import Shipped, unversioned
from printroom.pipelines.declare import NAME
from printroom.pipelines.names import LATEST, LOCAL, SHIPPED, Named, full
from printroom.pipelines.registry import likely
from printroom.pipelines.spec import PipelineSpec

if TYPE_CHECKING:  # loaded by who needs a database: enhancing with what is shipped does not
    from sqlalchemy import Connection

    from printroom.database.engine import Database
    from printroom.pipelines.rows import Row, Rows

_FRESH = 60.0
"""Seconds for which a handle is believed."""
_MOST = 10_000
"""Accounts whose handles are remembered."""
_OFFERED = 1000
"""Names of an account that are looked through for a likely one."""
_REFUSED = frozenset(("check",))
"""Names that are addresses of the API already."""


class Owners(Protocol):
    """Who has which handle, as the accounts know it."""

    def handle(self, account: str) -> str:
        """The handle of an account, by its id. Raises NotFound."""

    def holder(self, handle: str) -> str | None:
        """The id of the account with that handle."""


class Witness(Protocol):
    """Told the id of what is changed, in the transaction that changes it; may refuse by raising."""

    def __call__(self, connection: Connection, name: str, /) -> None: ...


@dataclass(frozen=True)
class Published:
    """A pipeline out of the store."""

    spec: PipelineSpec
    version: int | None = None
    """None = it comes with printroom, or from a file."""
    account: str | None = None
    """The id of its owner; None = it comes with printroom, or from a file."""
    owner: str = SHIPPED
    """Handle of the account."""
    own: bool = True
    """Whether it is of the account that asked, or comes with printroom."""
    created_at: float = 0.0
    by: str | None = None
    """Who published it, as the accounts know them."""
    fresh: bool = False
    """Whether it was published just now."""

    @property
    def id(self) -> str:
        """What everybody may call it: `enhance`, `acme/ink@3`; of the account `local`, `ink@3`."""
        name = full(self.spec.name, self.owner)
        return name if self.version is None else f"{name}@{self.version}"


class PipelineStore:
    """The pipelines of all accounts. Safe from many threads and processes."""

    def __init__(
        self,
        database: Callable[[], Database],
        owners: Callable[[], Owners],
        shipped: Shipped | None = None,
    ) -> None:
        """Neither is asked for before something that does not come with printroom is wanted."""
        self._database, self._owners = database, owners
        self.shipped = shipped or Shipped()
        self._handles: dict[str, tuple[str, float]] = {}
        """By account, and when it was told. One with pipelines keeps its handle."""
        self.visible: Visible = nobody
        """Whether an account may use a pipeline of another."""

    @once
    def _rows(self) -> Rows:
        from printroom.pipelines.rows import Rows

        return Rows(self._database())

    def publish(
        self,
        spec: PipelineSpec,
        account: str = LOCAL,
        by: str | None = None,
        witness: Witness | None = None,
    ) -> Published:
        """Keep `spec`, which has been checked, as the account's next version of its name.

        Raises BadOption for a name that is not to be had, and what `witness` raises.
        """
        self._check_name(spec.name)
        self._handles.pop(account, None)  # until something is published, it may have changed
        handle = self._handle(account)

        def told(connection: Connection, row: Row) -> None:
            if witness is not None:
                witness(connection, f"{full(row.name, handle)}@{row.version}")

        row, fresh = self._rows.add(spec, account, by, told)
        return self._published(row, account, fresh=fresh)

    def get(self, name: str, account: str = LOCAL) -> Published:
        """`name@3`, `name@alias`, or `name` for the newest version, with or without an owner.

        Raises NotFound, BadOption.
        """
        named = Named.parse(name)
        if (spec := self.shipped.find(named)) is not None:
            return Published(spec)
        owner = self._owner(named, account)
        row = self._rows.find(owner, named.name, named.version)
        if row is None:
            raise self._missing(named, owner)
        return self._published(row, account)

    def listed(self, account: str = LOCAL, after: str = "", most: int = 1000) -> list[Published]:
        """An account's own, each in its newest version, by name, behind `after`."""
        found = self._rows.newest_of(account, after, most)
        return [self._published(row, account) for row in found]

    def bundled(self) -> list[Published]:
        """Those that come with printroom, by name."""
        return [Published(spec) for spec in self.shipped.all()]

    def newest(self, most: int) -> list[Published]:
        """Of all accounts, each in its newest version, what was published last first."""
        return [self._published(row, row.account) for row in self._rows.newest(most)]

    def names(self, account: str = LOCAL) -> list[str]:
        """What an account names without an owner: what comes with printroom, then its own."""
        return [*self.shipped.names(), *self._rows.names(account, _OFFERED)]

    def versions(self, name: str, account: str = LOCAL) -> list[Published]:
        """All versions of `name`, ascending; none of what comes with printroom. Raises NotFound."""
        named = Named.parse(name)
        if self.shipped.find(named) is not None:
            return []
        owner = self._owner(named, account)
        found = self._rows.versions(owner, named.name)
        if not found:
            raise self._missing(named, owner)
        return [self._published(row, account) for row in found]

    def aliases(self, account: str, names: Sequence[str]) -> dict[str, dict[str, int]]:
        """Of each of the account's names: alias -> version."""
        return self._rows.aliases(account, names) if names else {}

    def alias(
        self,
        name: str,
        alias: str,
        version: int,
        account: str = LOCAL,
        witness: Witness | None = None,
    ) -> None:
        """Let `name@alias` mean `version` of the account's own from now on.

        Raises NotFound, BadOption, and what `witness` raises.
        """
        named = self._own(name, account)
        if not NAME.fullmatch(alias) or alias == LATEST:
            raise BadOption(
                f"{alias[:60]!r} cannot be an alias", "take a word in lower case, but not 'latest'"
            )
        told = _telling(witness, f"{named.name}@{alias}")
        if not self._rows.alias(account, named.name, alias, version, told):
            raise self._missing(Named(named.owner, named.name, str(version)), account)

    def unalias(
        self, name: str, alias: str, account: str = LOCAL, witness: Witness | None = None
    ) -> None:
        """Let `name@alias` mean nothing any more.

        Raises NotFound, BadOption, and what `witness` raises.
        """
        named = self._own(name, account)
        told = _telling(witness, f"{named.name}@{alias}")
        if not self._rows.unalias(account, named.name, alias, told):
            there = self.aliases(account, [named.name])[named.name]
            reason = f"there is no alias {alias[:60]!r} of {named.name}"
            raise NotFound(reason, likely(alias, there))

    def has_any(self, account: str) -> bool:
        """Whether the account has published anything."""
        return self._rows.any_of(account)

    def used(self) -> set[str]:
        """All steps `name@digest` that versions use: what must stay, for them to be run."""
        return self._rows.used()

    def _owner(self, named: Named, account: str) -> str:
        """The id of the account whose it is, if `account` may see it. Raises NotFound."""
        if named.owner is None:
            return account
        found = LOCAL if named.owner == LOCAL else self._owners().holder(named.owner)
        if found is not None and (found == account or self.visible(account, found, named.name)):
            return found
        raise NotFound(f"there is no pipeline {str(named)[:80]!r}", "check whose it is")

    def _own(self, name: str, account: str) -> Named:
        """The account's own of that name, versions aside. Raises NotFound, BadOption."""
        named = Named.parse(name)
        if self.shipped.find(Named(named.owner, named.name, "")) is not None:
            raise unversioned(named.name)
        if self._owner(named, account) != account:
            raise NotFound(f"there is no pipeline {str(named)[:80]!r} of yours", "name your own")
        return named

    def _missing(self, named: Named, owner: str) -> NotFound:
        """What to raise for a version, or a name, that is not there."""
        offered = [*map(str, self._rows.numbers(owner, named.name))]
        reason = f"there is no pipeline {str(named)[:80]!r}"
        if not offered:
            return NotFound(reason, likely(named.name, self.names(owner)))
        offered += self.aliases(owner, [named.name])[named.name]
        return NotFound(reason, likely(named.version, offered))

    def _published(self, row: Row, account: str, *, fresh: bool = False) -> Published:
        owner, handle = row.account, self._handle(row.account)
        own = owner == account
        return Published(row.spec, row.version, owner, handle, own, row.created_at, row.by, fresh)

    def _handle(self, account: str) -> str:
        if account == LOCAL:
            return LOCAL
        handle, since = self._handles.get(account, ("", 0.0))
        if not handle or time.monotonic() - since > _FRESH:
            handle = self._owners().handle(account)
            if len(self._handles) >= _MOST:
                self._handles.clear()
            self._handles[account] = handle, time.monotonic()
        return handle

    def _check_name(self, name: str) -> None:
        if not NAME.fullmatch(name):
            raise BadOption(f"{name!r} is not a name", "take lower case letters, digits and dashes")
        if name in _REFUSED:
            raise BadOption(f"{name} is an address already", "publish under another name")
        if name in self.shipped:
            raise BadOption(f"{name} comes with printroom", "publish under another name")


def _telling(witness: Witness | None, name: str) -> Callable[[Connection], None]:
    def told(connection: Connection) -> None:
        if witness is not None:
            witness(connection, name)

    return told
