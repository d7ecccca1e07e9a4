"""A batch as one value: what was asked for, how far it is, and how it is told.

name -> look -> Batch -> batch_json         NotFound
finished(connection, name) -> webhooks      once for each batch, when nothing more will happen
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select, update

from printroom.core.errors import NotFound
from printroom.jobs.states import OVER
from printroom.jobs.submit import Request
from printroom.runs.model import BATCHES, ITEMS
from printroom.runs.options import Output
from printroom.runs.view import STATUS, moment
from printroom.runs.webhooks import FINISHED, messages


@dataclass(frozen=True)
class BatchAsked:
    """A batch that somebody wants."""

    account: str
    target: str
    source: str = ""
    """`store://name/prefix`: every picture below it; empty = `files`."""
    files: tuple[str, ...] = ()
    """`file_...` or `https://...`."""
    destination: str = ""
    """`store://name/prefix` for results, under the names of the sources; empty = files only."""
    recursive: bool = True
    """Whether what lies deeper counts, too."""
    pattern: str = ""
    """As `*.png`, of names below the prefix; empty = all pictures, by suffix."""
    input: Mapping[str, Any] = field(default_factory=dict)
    """The other inputs, the same for all."""
    output: Output = field(default_factory=Output)
    """How results are written."""
    webhook: str | None = None
    """URL that is told when all of it is over."""


@dataclass(frozen=True)
class Batch:
    """A batch as it is now."""

    id: str
    account: str
    asked: BatchAsked
    created_at: float
    listed: bool
    """Whether all that lies in the source has been entered."""
    cancelled: bool
    error_code: str | None
    """Why listing failed."""
    error: str | None
    counts: Mapping[str, int]
    """State of a run -> items."""

    @property
    def status(self) -> str:
        """`listing`, `running`, `finished`, `cancelled` or `failed`."""
        if self.cancelled:
            return "cancelled"
        if self.error_code is not None:
            return "failed"
        if not self.listed:
            return "listing"
        return "running" if self.left else "finished"

    @property
    def left(self) -> int:
        """Items that are not over."""
        return sum(count for state, count in self.counts.items() if state not in OVER)


def look(connection: Connection, name: str) -> Batch:
    """The batch as it is now. Raises NotFound."""
    row = connection.execute(select(BATCHES).where(BATCHES.c.id == name)).first()
    if row is None:
        raise NotFound(f"there is no batch {name[:80]!r}", "list them to see their ids")
    count = select(ITEMS.c.state, func.count()).where(ITEMS.c.batch == name)
    counts = {row[0]: int(row[1]) for row in connection.execute(count.group_by(ITEMS.c.state))}
    written = json.loads(row.request_json)
    written["files"] = tuple(written["files"])
    written["output"] = Output.of(written)
    written.pop("format", None)  # where batches of before have it
    return Batch(
        row.id,
        row.account,
        BatchAsked(**written),
        row.created_at,
        row.listed,
        row.cancelled,
        row.error_code,
        row.error,
        counts,
    )


def batch_json(batch: Batch) -> dict[str, Any]:
    """As clients see it."""
    counts = dict.fromkeys(STATUS.values(), 0)
    for state, number in batch.counts.items():
        counts[STATUS[state]] += number  # type: ignore[index]
    error = {"code": batch.error_code, "message": batch.error} if batch.error_code else None
    return {
        "id": batch.id,
        "status": batch.status,
        "target": batch.asked.target,
        "source": batch.asked.source,
        "destination": batch.asked.destination,
        "counts": counts,
        "total": sum(counts.values()),
        "error": error,
        "created_at": moment(batch.created_at),
    }


def finished(connection: Connection, name: str, now: float) -> list[Request]:
    """What is to be told of a batch of which this transaction changed something: nothing, unless
    it is over now, and it was not told before.
    """
    # Of two transactions that end its last items the second waits here, and sees both.
    mine = select(BATCHES.c.told).where(BATCHES.c.id == name).with_for_update()
    if connection.execute(mine).scalar() is not False:
        return []
    batch = look(connection, name)
    if batch.left or batch.status == "listing":
        return []
    connection.execute(update(BATCHES).where(BATCHES.c.id == name).values(told=True))
    told = {"batch": name, "account": batch.account, "data": batch_json(batch), "at": now}
    return messages(connection, batch.account, FINISHED, name, told, batch.asked.webhook)
