"""Reports of abuse, and what moderators make of them.

account, listing, reason -> report -> open         AlreadyThere NotFound
moderator -> decide: upheld, the listing is suspended at once; or dismissed
its seller -> appeal, once -> decide: restored, or it stays as it is      WrongState NotFound
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from sqlalchemy import Connection, literal_column, select, update

from printroom.accounts.audit import Actor, note
from printroom.accounts.credentials import new_id
from printroom.core.errors import AlreadyThere, BadOption, NotFound, WrongState
from printroom.marketplace import listings
from printroom.marketplace.model import REPORTS
from printroom.marketplace.rows import Adding

Reason = Literal["copy", "unsafe", "likeness", "broken", "fraud", "other"]
State = Literal["open", "dismissed", "upheld", "appealed", "restored", "final"]
"""`upheld`: the listing was suspended; `appealed`: its seller asks for another look; `restored`:
the appeal was granted; `final`: it was not."""
LONGEST = 4000
_ADD = Adding(REPORTS)


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody says is wrong with a listing."""

    id: str
    listing: str
    account: str
    reason: Reason
    text: str
    state: State
    decision: str
    """What a moderator said."""
    appeal: str
    """What the seller said to that."""
    at: float
    decided_at: float | None

    @classmethod
    def of(cls, row: Sequence[Any]) -> Report:
        """From a row of the table, whose columns have the order of the fields."""
        return cls(*row)


def report(
    connection: Connection, now: float, actor: Actor, name: str, reason: Reason, text: str
) -> Report:
    """Say that something is wrong. Raises NotFound, AlreadyThere, BadOption."""
    listings.shown(connection, now, actor.account, name)
    _check(text)
    made = Report(new_id("rep", now), name, actor.account, reason, text, "open", "", "", now, None)
    row = {one.name: getattr(made, one.name) for one in fields(Report)}
    if not _ADD(connection, row):
        raise AlreadyThere("you reported this, and it is being looked at", "wait for an answer")
    note(connection, now, actor, "listing.reported", name, reason=reason)
    return made


def queue(connection: Connection, _now: float, after: str | None, most: int) -> list[Report]:
    """What moderators have to decide, the oldest first; `after`: an id, for the next page."""
    query = select(REPORTS).where(literal_column("state IN ('open', 'appealed')"))
    if after is not None:
        query = query.where(REPORTS.c.id > after)
    rows = connection.execute(query.order_by(REPORTS.c.id).limit(most))
    return [Report.of(row) for row in rows]


def decide(
    connection: Connection, now: float, actor: Actor, name: str, *, take_down: bool, why: str
) -> Report:
    """A moderator's word on a report or an appeal. Raises NotFound, WrongState, BadOption."""
    _check(why)
    found = _locked(connection, name)
    if found.state not in ("open", "appealed"):
        raise WrongState(f"the report {name} is {found.state}", "it needs no decision")
    appealed = found.state == "appealed"
    try:
        listing = listings.get(connection, found.listing, lock=True)
    except NotFound:  # its seller removed it meanwhile; the report is still to be closed
        pass
    else:
        if take_down and not appealed:
            listings.suspend(connection, now, actor, found.listing, why[:200])
        if appealed and not take_down and listing.state == "suspended":
            listings.restore(connection, now, actor, found.listing)
    state: State = "final" if appealed else "upheld"
    if not take_down:
        state = "restored" if appealed else "dismissed"
    note(connection, now, actor, "report.decided", name, state=state)
    return _write(connection, name, state=state, decision=why, decided_at=now)


def appeal(connection: Connection, now: float, actor: Actor, name: str, text: str) -> Report:
    """The seller asks for another look at what was upheld. Raises NotFound, WrongState."""
    _check(text)
    found = _locked(connection, name)
    if listings.get(connection, found.listing).owner != actor.account:
        raise _missing(name)
    if found.state != "upheld":
        raise WrongState(f"the report {name} is {found.state}", "an appeal is made once")
    note(connection, now, actor, "report.appealed", name)
    return _write(connection, name, state="appealed", appeal=text)


def of_listing(connection: Connection, _now: float, name: str) -> list[Report]:
    """What was reported of a listing, the newest first; for its seller and for moderators."""
    query = select(REPORTS).where(REPORTS.c.listing == name).order_by(REPORTS.c.id.desc())
    return [Report.of(row) for row in connection.execute(query.limit(100))]


def _locked(connection: Connection, name: str) -> Report:
    row = connection.execute(select(REPORTS).where(REPORTS.c.id == name).with_for_update()).first()
    if row is None:
        raise _missing(name)
    return Report.of(row)


def _write(connection: Connection, name: str, **values: Any) -> Report:
    query = update(REPORTS).where(REPORTS.c.id == name).values(values)
    return Report.of(connection.execute(query.returning(*REPORTS.c)).one())


def _check(text: str) -> None:
    if not 0 < len(text.strip()) <= LONGEST:
        raise BadOption(f"say why, in up to {LONGEST} characters", "a sentence is enough")


def _missing(name: str) -> NotFound:
    return NotFound(f"there is no report {name[:80]!r}", "check its id")
