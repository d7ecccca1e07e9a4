"""Somebody is forgotten: pictures, what was learnt, results, whatever else is made of them.

    account, person -> begun -> Erased         one transaction: from its commit on nobody finds them
    person -> cleared(...)                     what lies in stores and caches; again after a kill

In the transaction go all rows: the person, pictures, versions, and every job about them with its
events, checkpoints and results. A worker that is at one of those jobs has lost it, so what it still
writes counts nowhere; bytes that it wrote are swept as drafts, and files in the store of people
are looked for again for as long as anybody could still be writing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from printroom.assets.assets import drop
from printroom.assets.blobs import doom
from printroom.assets.model import ASSETS, Asset
from printroom.delivery.public import PUBLIC
from printroom.delivery.public import SCRIPTS as DELIVERY
from printroom.jobs.model import CHECKPOINTS, JOBS
from printroom.jobs.states import OVER
from printroom.people import rows
from printroom.people.model import (
    CONSENTS,
    ERASURES,
    PEOPLE,
    PORTRAIT,
    SCRIPTS,
    STYLES,
    subject,
)

TABLES = (DELIVERY, SCRIPTS)
"""Whose rows go, beside those of files and jobs."""
WRITTEN = "written"
"""The checkpoint that names digests before their bytes are written."""
_BATCH = 40
"""Files that are looked for at once among the inputs of runs."""


@dataclass(frozen=True)
class Erased:
    """What went, for whoever asked."""

    person: str
    consent: str
    """Id of what is left: that there was one, when it was given, and withdrawn."""
    given_at: float
    withdrawn_at: float
    pictures: int
    versions: int
    portraits: int
    """Runs that drew them."""


@dataclass(frozen=True)
class Erasure:
    """What is still to be cleared up."""

    person: str
    digests: tuple[str, ...]
    """Of what workers that were at it may have written, and nobody entered."""
    begun_at: float


def begun(connection: Connection, account: str, person: str, now: float) -> Erased:
    """All rows go. Raises NotFound."""
    found = rows.whole(connection, account, person, lock=True)
    mine = (JOBS.c.account == account) & (JOBS.c.subject == subject(person))
    jobs = connection.execute(select(JOBS.c.id, JOBS.c.kind, JOBS.c.state).where(mine)).all()
    ids = [row.id for row in jobs]
    drafted = _written(connection, [row.id for row in jobs if row.state not in OVER])
    pictures = found.pictures
    files = _files(
        connection, account, ids, [one.asset for one in pictures], [one.digest for one in pictures]
    )
    made = _made_of(connection, account, files, set(ids))
    more = _files(connection, account, made, [], ())
    _cut(connection, [*ids, *made])
    files = list({one.id: one for one in (*files, *more)}.values())
    connection.execute(delete(PUBLIC).where(PUBLIC.c.asset.in_([one.id for one in files])))
    drop(connection, files)
    doom(connection, drafted)
    connection.execute(delete(PEOPLE).where(PEOPLE.c.id == person))
    _withdrawn(connection, person, now)
    marks = json.dumps({"digests": sorted(drafted)})
    connection.execute(
        insert(ERASURES).values(person=person, account=account, marks_json=marks, begun_at=now)
    )
    return Erased(
        person, found.consent.id, found.consent.given_at, now, len(found.pictures),
        len(found.versions), sum(row.kind == PORTRAIT for row in jobs),
    )  # fmt: skip


def closed(connection: Connection, account: str, now: float) -> int:
    """All people of an account that is closed, and its styles; how many people they were.

    What lies in stores and caches is cleared by whoever tidies next.
    """
    mine = select(PEOPLE.c.id).where(PEOPLE.c.account == account)
    people = connection.execute(mine).scalars().all()
    for person in people:
        begun(connection, account, person, now)
    connection.execute(delete(STYLES).where(STYLES.c.account == account))
    return len(people)


def open_ones(connection: Connection) -> list[Erasure]:
    """Erasures behind which somebody may still be writing, the oldest first."""
    found = connection.execute(select(ERASURES).order_by(ERASURES.c.begun_at)).all()
    return [
        Erasure(row.person, tuple(json.loads(row.marks_json)["digests"]), row.begun_at)
        for row in found
    ]


def newest(connection: Connection) -> float:
    """When somebody was forgotten last; 0 = nobody was."""
    return float(connection.execute(select(func.max(CONSENTS.c.withdrawn_at))).scalar() or 0.0)


def cleared(connection: Connection, person: str, now: float, *, last: bool) -> None:
    """Its files are gone. `last`: nobody can be writing any more, so it need not be known."""
    mine = ERASURES.c.person == person
    if last:
        connection.execute(delete(ERASURES).where(mine))
    else:
        connection.execute(update(ERASURES).where(mine).values(done_at=now))


def _withdrawn(connection: Connection, person: str, now: float) -> None:
    blank = dict.fromkeys(("person", "account", "who", "recorded_by", "digest", "text"), "")
    change = update(CONSENTS).where(CONSENTS.c.person == person, CONSENTS.c.withdrawn_at.is_(None))
    connection.execute(change.values(withdrawn_at=now, **blank))


def _written(connection: Connection, jobs: Iterable[str]) -> set[str]:
    """What these jobs wrote, or were about to."""
    query = select(CHECKPOINTS.c.value_json).where(
        CHECKPOINTS.c.job.in_(list(jobs)), CHECKPOINTS.c.name == WRITTEN
    )
    return {
        str(digest) for text in connection.execute(query).scalars() for digest in json.loads(text)
    }


def _files(
    connection: Connection,
    account: str,
    jobs: Iterable[str],
    ids: Collection[str],
    digests: Collection[str],
) -> list[Asset]:
    """The account's files that these jobs made, of those ids, or with those contents."""
    wanted = or_(
        ASSETS.c.run.in_(list(jobs)), ASSETS.c.id.in_(list(ids)), ASSETS.c.digest.in_(list(digests))
    )
    query = select(ASSETS).where(ASSETS.c.account == account, wanted)
    return [Asset.of(row) for row in connection.execute(query)]


def _made_of(
    connection: Connection, account: str, files: Sequence[Asset], known: set[str]
) -> list[str]:
    """Runs of the account that are over and were made of these files, and of what those made."""
    found: list[str] = []
    todo = [one.id for one in files]
    while todo:
        some, todo = todo[:_BATCH], todo[_BATCH:]
        named = or_(*(JOBS.c.payload_json.contains(name, autoescape=True) for name in some))
        query = select(JOBS.c.id).where(JOBS.c.account == account, JOBS.c.state.in_(OVER), named)
        fresh = [job for job in connection.execute(query).scalars() if job not in known]
        known |= set(fresh)
        found += fresh
        todo += [one.id for one in _files(connection, account, fresh, [], ())]
    return found


def _cut(connection: Connection, jobs: Sequence[str]) -> None:
    """The jobs go, with their events and checkpoints: whoever is at one of them has lost it."""
    for start in range(0, len(jobs), 200):
        connection.execute(delete(JOBS).where(JOBS.c.id.in_(jobs[start : start + 200])))
