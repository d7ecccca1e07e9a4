"""People, pictures and versions in their tables; each function is part of a transaction.

account, id -> Person, pictures, versions       NotFound: also for what is another account's
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from printroom.core.errors import NotFound
from printroom.people.model import (
    CONSENTS,
    PEOPLE,
    PICTURES,
    STYLES,
    VERSIONS,
    Consent,
    Person,
    Picture,
    Version,
)


@dataclass(frozen=True)
class Whole:
    """A person with all that is known of them."""

    person: Person
    consent: Consent
    pictures: tuple[Picture, ...]
    """The oldest first."""
    versions: tuple[Version, ...]
    """The newest first."""

    @property
    def ready(self) -> Version | None:
        """The version that portraits are drawn with."""
        return next((one for one in self.versions if one.state == "ready"), None)

    @property
    def training(self) -> Version | None:
        """The version that is being made."""
        return next((one for one in self.versions if one.state == "training"), None)


def person(connection: Connection, account: str, name: str, *, lock: bool = False) -> Person:
    """The row; `lock`: nobody else changes this person until the transaction ends."""
    query = select(PEOPLE).where(PEOPLE.c.id == name, PEOPLE.c.account == account)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound(f"there is no person {name[:64]!r}", "GET /v1/people has yours")
    return Person(*row)


def whole(connection: Connection, account: str, name: str, *, lock: bool = False) -> Whole:
    """The same with pictures and versions."""
    found = person(connection, account, name, lock=lock)
    return _wholes(connection, [found])[0]


def listed(
    connection: Connection, account: str, before: str | None = None, most: int = 100
) -> list[Whole]:
    """People of an account, the newest first; `before`: an id, for the next page."""
    query = select(PEOPLE).where(PEOPLE.c.account == account)
    if before is not None:
        query = query.where(PEOPLE.c.id < before)
    rows = connection.execute(query.order_by(PEOPLE.c.id.desc()).limit(most)).all()
    return _wholes(connection, [Person(*row) for row in rows])


def _wholes(connection: Connection, found: Sequence[Person]) -> list[Whole]:
    ids = [one.id for one in found]
    consents = _of(connection, CONSENTS, ids, CONSENTS.c.id)
    pictures = _of(connection, PICTURES, ids, PICTURES.c.created_at, PICTURES.c.asset)
    versions = _of(connection, VERSIONS, ids, VERSIONS.c.number.desc())
    return [
        Whole(
            one,
            next(Consent(*row) for row in consents if row.id == one.consent),
            tuple(Picture(*row) for row in pictures if row.person == one.id),
            tuple(Version(*row) for row in versions if row.person == one.id),
        )
        for one in found
    ]


def _of(connection: Connection, table: Any, ids: Sequence[str], *order: Any) -> Sequence[Any]:
    return connection.execute(select(table).where(table.c.person.in_(ids)).order_by(*order)).all()


def entered(connection: Connection, made: Person, consent: Consent) -> None:
    """A new person, with what they agreed to."""
    connection.execute(insert(CONSENTS).values(_row(CONSENTS, consent)))
    connection.execute(insert(PEOPLE).values(_row(PEOPLE, made)))


def pictured(connection: Connection, made: Picture) -> None:
    """One picture more."""
    connection.execute(insert(PICTURES).values(_row(PICTURES, made)))


def begun(connection: Connection, made: Version) -> None:
    """A version that is to be trained; the database refuses a second one of a person."""
    connection.execute(insert(VERSIONS).values(_row(VERSIONS, made)))


def next_number(connection: Connection, name: str) -> int:
    """Of a person's next version."""
    query = select(func.max(VERSIONS.c.number)).where(VERSIONS.c.person == name)
    return int(connection.execute(query).scalar() or 0) + 1


def of_job(connection: Connection, job: str) -> Version | None:
    """The version that a job trains."""
    row = connection.execute(select(VERSIONS).where(VERSIONS.c.job == job)).first()
    return None if row is None else Version(*row)


def settled(connection: Connection, version: Version, **values: Any) -> bool:
    """What became of a version in training; False if it is over, or gone."""
    mine = (VERSIONS.c.person == version.person) & (VERSIONS.c.number == version.number)
    change = update(VERSIONS).where(mine, VERSIONS.c.state == "training").values(**values)
    return connection.execute(change).rowcount == 1


def living(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of `ids` that nobody has forgotten."""
    return set(connection.execute(select(PEOPLE.c.id).where(PEOPLE.c.id.in_(ids))).scalars())


def styles(connection: Connection, account: str) -> dict[str, str]:
    """Name -> prompt, of the account's own."""
    query = select(STYLES.c.name, STYLES.c.prompt).where(STYLES.c.account == account)
    return {row.name: row.prompt for row in connection.execute(query.order_by(STYLES.c.name))}


def styled(connection: Connection, account: str, name: str, prompt: str, now: float) -> None:
    """Name a style, or change it."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    made = dialect.insert(STYLES).values(account=account, name=name, prompt=prompt, created_at=now)
    keys = ["account", "name"]
    connection.execute(made.on_conflict_do_update(index_elements=keys, set_={"prompt": prompt}))


def _row(table: Any, value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in table.c.keys()}  # noqa: SIM118
