"""Published pipelines as rows of the database.

    Rows(database)                                   DatabaseMismatch DatabaseUnavailable
    spec, account -> add -> Row, whether it is new   the same content is one version
    account, name, "3" | "live" | "" -> find -> Row, or None

Who may see what, and how it is named, is `store`'s to say. Loaded only when something else is
wanted than what comes with printroom: bringing in a database takes longer than reading a pipeline.
"""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from printroom.database.engine import Database
from printroom.database.migrate import migrate
from printroom.database.prepared import Prepared
from printroom.pipelines.model import ALIASES, PIPELINES, SCRIPTS
from printroom.pipelines.names import VERSION
from printroom.pipelines.spec import PipelineSpec

T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """One version."""

    account: str
    name: str
    version: int
    spec: PipelineSpec
    created_at: float
    by: str | None


class Rows:
    """The tables of pipelines. Safe from many threads and processes."""

    def __init__(self, database: Database) -> None:
        """Migrates them first."""
        migrate(database, [SCRIPTS])
        self._database = database

    def add(
        self,
        spec: PipelineSpec,
        account: str,
        by: str | None,
        witness: Callable[[Connection, Row], None],
    ) -> tuple[Row, bool]:
        """The version that holds `spec`, and whether it is new; then `witness` is told of it in
        the same transaction, and what it raises leaves nothing behind.
        """
        now, mine = self._database.clock(), _called(account, spec.name)

        def work(connection: Connection) -> tuple[Row, bool]:
            same = select(PIPELINES).where(*mine, PIPELINES.c.digest == spec.digest)
            if row := connection.execute(same).first():
                return _row(row), False
            newest = connection.execute(select(func.max(PIPELINES.c.version)).where(*mine)).scalar()
            made = Row(account, spec.name, (newest or 0) + 1, spec, now, by)
            connection.execute(insert(PIPELINES).values(_values(made)))
            witness(connection, made)
            return made, True

        return self._until_done(work)

    def find(self, account: str, name: str, version: str) -> Row | None:
        """What `name@version` means; without a version, the newest."""
        values: dict[str, Any] = {"whose": account, "named": name, "alias": version}
        query = _MEANT if version else _NEWEST
        if VERSION.fullmatch(version):
            query, values["number"] = _NUMBERED, int(version)
        row = self._look(lambda connection: query.first(connection, values))
        return None if row is None else _row(_Columns._make(row))

    def versions(self, account: str, name: str) -> list[Row]:
        """All of them, ascending."""
        mine = select(PIPELINES).where(*_called(account, name))
        return self._rows(mine.order_by(PIPELINES.c.version))

    def numbers(self, account: str, name: str) -> list[int]:
        """Of all versions, ascending; what is in them is not read."""
        mine = select(PIPELINES.c.version).where(*_called(account, name))
        return self._column(mine.order_by(PIPELINES.c.version))

    def names(self, account: str, most: int) -> list[str]:
        """Of the account's own, sorted; likewise."""
        mine = select(PIPELINES.c.name).where(PIPELINES.c.account == account).distinct()
        return self._column(mine.order_by(PIPELINES.c.name).limit(most))

    def newest_of(self, account: str, after: str, most: int) -> list[Row]:
        """An account's own, each in its newest version, by name, behind `after`."""
        each = _LAST.where(PIPELINES.c.account == account, PIPELINES.c.name > after)
        few = each.order_by(PIPELINES.c.name).limit(most)
        return self._rows(_joined(few).order_by(PIPELINES.c.name))

    def newest(self, most: int) -> list[Row]:
        """Of all accounts, each in its newest version, what was published last first."""
        return self._rows(_joined(_LAST).order_by(PIPELINES.c.created_at.desc()).limit(most))

    def aliases(self, account: str, names: Sequence[str]) -> dict[str, dict[str, int]]:
        """Of each name: alias -> version."""
        query = (
            select(ALIASES.c.name, ALIASES.c.alias, ALIASES.c.version)
            .where(ALIASES.c.account == account, ALIASES.c.name.in_(names))
            .order_by(ALIASES.c.alias)
        )
        found: dict[str, dict[str, int]] = {name: {} for name in names}
        for name, alias, version in self._look(lambda one: list(one.execute(query))):
            found[name][alias] = version
        return found

    def alias(
        self,
        account: str,
        name: str,
        alias: str,
        version: int,
        witness: Callable[[Connection], None],
    ) -> bool:
        """Let `alias` mean that version; False if there is none. `witness`: if that is news."""
        if not VERSION.fullmatch(str(version)):
            return False
        one = {"account": account, "name": name, "alias": alias}
        mine = [ALIASES.c[key] == value for key, value in one.items()]
        known = select(PIPELINES.c.version).where(
            *_called(account, name), PIPELINES.c.version == version
        )

        def work(connection: Connection) -> bool:
            if connection.execute(known).first() is None:
                return False
            now = connection.execute(select(ALIASES.c.version).where(*mine)).scalar()
            if now is None:
                connection.execute(insert(ALIASES).values(**one, version=version))
            elif now != version:
                connection.execute(update(ALIASES).where(*mine).values(version=version))
            if now != version:
                witness(connection)
            return True

        return self._until_done(work)

    def unalias(
        self, account: str, name: str, alias: str, witness: Callable[[Connection], None]
    ) -> bool:
        """Let `alias` mean nothing; False if it does already."""
        mine = ALIASES.c.account == account, ALIASES.c.name == name, ALIASES.c.alias == alias

        def work(connection: Connection) -> bool:
            gone = connection.execute(delete(ALIASES).where(*mine)).rowcount > 0
            if gone:
                witness(connection)
            return gone

        return self._database.run(work)

    def any_of(self, account: str) -> bool:
        """Whether the account has any."""
        query = select(PIPELINES.c.version).where(PIPELINES.c.account == account).limit(1)
        return self._look(lambda connection: connection.execute(query).first()) is not None

    def used(self) -> set[str]:
        """All steps `name@digest` that versions use."""
        query = select(PIPELINES.c.uses).where(PIPELINES.c.uses != "").distinct()
        return {use for uses in self._column(query) for use in uses.split()}

    def _rows(self, query: Select[Any]) -> list[Row]:
        return self._look(lambda connection: [_row(row) for row in connection.execute(query)])

    def _column(self, query: Select[Any]) -> list[Any]:
        return self._look(lambda connection: list(connection.execute(query).scalars()))

    def _look(self, work: Callable[[Connection], T]) -> T:
        return self._database.run(work, write=False)

    def _until_done(self, work: Callable[[Connection], T]) -> T:
        """`work` in a transaction, again where somebody else was faster with the same row."""
        while True:
            try:
                return self._database.run(work)
            except IntegrityError:
                continue


def _values(row: Row) -> dict[str, Any]:
    spec = row.spec
    return {
        "account": row.account,
        "name": row.name,
        "version": row.version,
        "digest": spec.digest,
        "spec_json": json.dumps(spec.to_dict()),
        "uses": " ".join(sorted({step.use for step in spec.steps if "@" in step.use})),
        "created_at": row.created_at,
        "by": row.by,
    }


def _row(row: Any) -> Row:
    spec = _parsed(row.spec_json)
    return Row(row.account, row.name, row.version, spec, row.created_at, row.by)


@lru_cache(maxsize=512)
def _parsed(text: str) -> PipelineSpec:
    """What a row holds; it was checked before it was written."""
    return PipelineSpec.from_dict(json.loads(text))


def _called(account: str, name: str) -> tuple[Any, ...]:
    """The condition of all versions of a name."""
    return PIPELINES.c.account == account, PIPELINES.c.name == name


_Columns = namedtuple("_Columns", PIPELINES.c.keys())  # type: ignore[misc]
_one = select(PIPELINES).where(
    PIPELINES.c.account == bindparam("whose"), PIPELINES.c.name == bindparam("named")
)
_meant = select(ALIASES.c.version).where(
    ALIASES.c.account == bindparam("whose"),
    ALIASES.c.name == bindparam("named"),
    ALIASES.c.alias == bindparam("alias"),
)
_NEWEST = Prepared(_one.order_by(PIPELINES.c.version.desc()).limit(1))
_NUMBERED = Prepared(_one.where(PIPELINES.c.version == bindparam("number")))
_MEANT = Prepared(_one.where(PIPELINES.c.version == _meant.scalar_subquery()))
_LAST = select(
    PIPELINES.c.account, PIPELINES.c.name, func.max(PIPELINES.c.version).label("version")
).group_by(PIPELINES.c.account, PIPELINES.c.name)


def _joined(last: Select[Any]) -> Select[Any]:
    """The rows that `last` names."""
    each = last.subquery()
    same = [PIPELINES.c[key] == each.c[key] for key in ("account", "name", "version")]
    return select(PIPELINES).join(each, and_(*same))
