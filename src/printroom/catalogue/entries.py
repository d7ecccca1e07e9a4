"""Models that accounts have: what becomes of an entry, each a part of somebody's transaction.

    Draft, file -> entered -> Entry, fresh       NotFound BadOption AlreadyThere KeyReused
    owner, name, version -> found, newest, versions, listed     -> Entry, or None
    job, report -> settled                       once: only what it examines changes
    Entry -> changed, decided, suspended, examined_again, removed
    rules -> stale                               what has to be examined again

Nothing is seen of an entry by other accounts before it is ready.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from printroom.accounts.credentials import new_id
from printroom.accounts.model import ACCOUNTS
from printroom.assets import assets
from printroom.assets.assets import drop, enter
from printroom.assets.blobs import Swept, Written
from printroom.assets.model import ASSETS, Asset
from printroom.catalogue.model import BREACHES, MODELS, Entry
from printroom.core.errors import KeyReused, NotFound, TooManyAtOnce, Unwritable

HERE = MODELS.c.state != "removed"
"""Of which there is more than the number."""
DAY = 86400.0
SOON = 14 * DAY
"""Seconds before a report expires in which another one is made."""
MOST_AT_ONCE = 20
"""Models of an account that are being examined."""


@dataclass(frozen=True)
class Draft:
    """A model that an account gives."""

    account: str
    name: str
    """Behind the account's handle; lower case."""
    title: str = ""
    description: str = ""
    declared: Mapping[str, Any] = field(default_factory=dict)
    """JSON: licence, task, reading, and whatever else examining it takes; `made`: what is on the
    card of a model that was trained here, never of one that was given."""
    key: str | None = None
    """Idempotency key."""
    by: str | None = None
    """Id of the key or person that gives it."""

    def fingerprint(self, file: str) -> str:
        """Digest of what must be the same when the key comes again."""
        said = [file, self.name, self.title, self.description, dict(self.declared)]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def entered(
    connection: Connection, now: float, draft: Draft, file: Asset, job: str
) -> tuple[Entry, bool]:
    """The next version of that name, to be examined by `job`; whether it is new.

    Its weights are the bytes of `file`, which may go afterwards. Raises KeyReused, TooManyAtOnce,
    and NotFound for a file that has gone.
    """
    mine = select(ACCOUNTS.c.id).where(ACCOUNTS.c.id == draft.account)
    connection.execute(mine.with_for_update()).all()  # one at a time, so that versions count up
    fingerprint = None if draft.key is None else draft.fingerprint(file.id)
    if draft.key is not None and (known := _keyed(connection, draft)) is not None:
        if known.fingerprint != fingerprint:
            reason = f"the idempotency key {draft.key!r} came before, with another request"
            raise KeyReused(reason, "take a new key for a new request")
        return known, False
    busy = select(func.count()).where(
        MODELS.c.account == draft.account, MODELS.c.state == "verifying"
    )
    if connection.execute(busy).scalar_one() >= MOST_AT_ONCE:
        reason = f"{MOST_AT_ONCE} models of this account are being examined"
        raise TooManyAtOnce(reason, "wait until one of them is done", retry_after=30)
    weights = _weights(connection, file, now)
    named = (MODELS.c.account == draft.account) & (MODELS.c.name == draft.name)
    last = connection.execute(select(func.max(MODELS.c.version)).where(named)).scalar() or 0
    entry = Entry(
        id=new_id("mdl", now),
        account=draft.account,
        name=draft.name,
        version=last + 1,
        state="verifying",
        title=draft.title or draft.name,
        description=draft.description,
        declared_json=json.dumps(dict(draft.declared)),
        card_json=None,
        report_json=None,
        verdict=None,
        likeness=None,
        progress_json=None,
        error=None,
        file=weights.id,
        digest=weights.digest,
        size=weights.size,
        job=job,
        key=draft.key,
        fingerprint=fingerprint,
        created_at=now,
        by=draft.by,
        rules=None,
        expires_at=None,
        tried_at=now,
    )
    connection.execute(insert(MODELS).values({one: getattr(entry, one) for one in _COLUMNS}))
    return entry, True


def of_job(connection: Connection, job: str) -> Entry | None:
    """The entry that a job examines."""
    return _one(connection, select(MODELS).where(MODELS.c.job == job, HERE))


def found(connection: Connection, account: str, name: str, version: int) -> Entry | None:
    """That version, unless it was removed."""
    query = _named(account, name).where(MODELS.c.version == version)
    return _one(connection, query)


def newest(connection: Connection, account: str, name: str, *, ready: bool) -> Entry | None:
    """The newest version; `ready`: of those that can be used."""
    query = _named(account, name)
    if ready:
        query = query.where(MODELS.c.state == "ready")
    return _one(connection, query.order_by(MODELS.c.version.desc()).limit(1))


def chosen(connection: Connection, account: str, name: str, version: int | None) -> list[Entry]:
    """That version, or all of them, until the end of the transaction nobody else's to change."""
    query = _named(account, name)
    if version is not None:
        query = query.where(MODELS.c.version == version)
    rows = connection.execute(query.order_by(MODELS.c.version).with_for_update())
    return [Entry.of(row) for row in rows]


def versions(
    connection: Connection,
    account: str,
    name: str,
    before: int | None,
    most: int,
    *,
    ready: bool = False,
) -> list[Entry]:
    """The newest first; `before`: a version, for the next page; `ready`: those that can be used."""
    query = _named(account, name)
    if before is not None:
        query = query.where(MODELS.c.version < before)
    if ready:
        query = query.where(MODELS.c.state == "ready")
    query = query.order_by(MODELS.c.version.desc()).limit(most)
    return [Entry.of(row) for row in connection.execute(query)]


def listed(connection: Connection, account: str) -> list[Entry]:
    """The newest version of each name, by name."""
    top = (
        select(MODELS.c.name, func.max(MODELS.c.version).label("version"))
        .where(MODELS.c.account == account, HERE)
        .group_by(MODELS.c.name)
        .subquery()
    )
    query = (
        select(MODELS)
        .join(top, (MODELS.c.name == top.c.name) & (MODELS.c.version == top.c.version))
        .where(MODELS.c.account == account)
        .order_by(MODELS.c.name)
    )
    return [Entry.of(row) for row in connection.execute(query)]


def of_others(connection: Connection, account: str) -> list[tuple[str, str, str | None]]:
    """Ids, digests and likenesses of what other accounts have, that was found good."""
    query = (
        select(
            ACCOUNTS.c.handle, MODELS.c.name, MODELS.c.version, MODELS.c.digest, MODELS.c.likeness
        )
        .join(ACCOUNTS, ACCOUNTS.c.id == MODELS.c.account)
        .where(MODELS.c.account != account, MODELS.c.state.in_(("ready", "suspended")))
    )
    return [
        (f"{handle}/{name}@{version}", digest, likeness)
        for handle, name, version, digest, likeness in connection.execute(query)
    ]


def claimed(connection: Connection, account: str) -> bool:
    """Whether the account has, or had, a model under its handle."""
    query = select(MODELS.c.id).where(MODELS.c.account == account).limit(1)
    return connection.execute(query).first() is not None


def progressed(connection: Connection, job: str, progress: Mapping[str, Any]) -> None:
    """How far its examination is; nothing happens if it has another one by now."""
    query = update(MODELS).where(MODELS.c.job == job, HERE)
    connection.execute(query.values(progress_json=json.dumps(dict(progress))))


def settled(
    connection: Connection, job: str, report: Mapping[str, Any] | None, error: str | None = None
) -> None:
    """What the examination of an entry came to: the JSON of its report, or why there is none.

    One that was being examined for the first time is ready or refused from now on. One that is
    ready keeps its card, since a version never changes: it is refused if it does not pass any more.
    Nothing happens if the entry has another examination by now, or was removed; one that was
    suspended meanwhile stays so, as it is.
    """
    looked = select(MODELS).where(MODELS.c.job == job, HERE).with_for_update()
    entry = _one(connection, looked)  # whoever suspends it at this moment comes before, or after
    if entry is None:
        return
    values: dict[str, Any] = {"progress_json": None}
    if entry.state in ("verifying", "ready"):
        values |= {"error": error} | _outcome(entry, report)
    connection.execute(update(MODELS).where(MODELS.c.id == entry.id).values(values))


def folded(connection: Connection, job: str, graph: Asset, written: Written, now: float) -> None:
    """The graph that weights were made into is what an entry runs; the weights go.

    Nothing happens if the entry has another examination by now, or was removed. Raises Unwritable.
    """
    looked = select(MODELS).where(MODELS.c.job == job, HERE).with_for_update()
    entry = _one(connection, looked)
    if entry is None or entry.state not in ("verifying", "ready") or entry.file == graph.id:
        return
    try:
        enter(connection, [(graph, written)], now)
    except Swept:
        raise Unwritable("the store lost what was written", "it is done again") from None
    weights = connection.execute(select(ASSETS).where(ASSETS.c.id == entry.file))
    values = {"file": graph.id, "digest": graph.digest, "size": graph.size}
    connection.execute(update(MODELS).where(MODELS.c.id == entry.id).values(values))
    drop(connection, [Asset.of(row) for row in weights])


def _outcome(entry: Entry, report: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a report changes of an entry that is examined; None = there is no report."""
    values: dict[str, Any] = {}
    if report is not None:
        good = report["verdict"] != "refused" and report["card"] is not None
        values |= _reported(report) | {"state": "ready" if good else "refused"}
        if good and entry.card_json is None:
            values["card_json"] = json.dumps(report["card"] | entry.declared.get("made", {}))
    elif entry.state == "verifying":
        values["state"] = "refused"
    return values


def decided(connection: Connection, entry: Entry, report: Mapping[str, Any]) -> None:
    """A person has decided, and the report says so: what does not pass is suspended."""
    values = _reported(report)
    if report["verdict"] == "refused":
        values["state"] = "suspended"
    connection.execute(update(MODELS).where(MODELS.c.id == entry.id).values(values))


def stale(connection: Connection, now: float, rules: str, most: int) -> list[Entry]:
    """Entries that are ready, by a report that expires soon or was made by other rules than
    `rules`, and that nobody tried to examine for a day: until the end of the transaction nobody
    else's to change.
    """
    query = (
        select(MODELS)
        .where(MODELS.c.state == "ready")
        .where(or_(MODELS.c.expires_at < now + SOON, MODELS.c.rules.is_distinct_from(rules)))
        .where(or_(MODELS.c.tried_at < now - DAY, MODELS.c.tried_at.is_(None)))
        .order_by(MODELS.c.expires_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return [Entry.of(row) for row in connection.execute(query)]


def examined_again(connection: Connection, now: float, entry: Entry, job: str) -> None:
    """`job` examines it from now on; meanwhile one that is ready stays so."""
    waits: dict[str, Any] = {"stage": None, "done": 0, "of": 0, "findings": []}
    values: dict[str, Any] = {
        "job": job, "error": None, "progress_json": json.dumps(waits), "tried_at": now,
    }  # fmt: skip
    if entry.state == "refused":
        values["state"] = "verifying"
    connection.execute(update(MODELS).where(MODELS.c.id == entry.id).values(values))


def waiting(connection: Connection, after: str | None, most: int) -> list[tuple[Entry, str]]:
    """Entries of all accounts that a person has to look at, the oldest first, and whose they are:
    handles. `after`: an id, for the next page.
    """
    query = (
        select(*MODELS.c, ACCOUNTS.c.handle)
        .join(ACCOUNTS, ACCOUNTS.c.id == MODELS.c.account)
        .where(MODELS.c.verdict == "review", MODELS.c.state == "ready")
        .order_by(MODELS.c.id)
        .limit(most)
    )
    if after is not None:
        query = query.where(MODELS.c.id > after)
    return [(Entry.of(row[:-1]), row[-1]) for row in connection.execute(query)]


def _reported(report: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "report_json": json.dumps(report),
        "verdict": report["verdict"],
        "likeness": report["fingerprint"] or None,
        "rules": report["rules"],
        "expires_at": report["expires_at"],
    }


def changed(
    connection: Connection, entry: Entry, title: str | None, description: str | None
) -> Entry:
    """With other words for people; None = as they are."""
    new = replace(
        entry,
        title=entry.title if title is None else title,
        description=entry.description if description is None else description,
    )
    query = update(MODELS).where(MODELS.c.id == entry.id, HERE)
    connection.execute(query.values(title=new.title, description=new.description))
    return new


def suspended(connection: Connection, entry: str, *, again: bool = False) -> bool:
    """Stop an entry that was ready, or let it go on `again`; whether that changed anything."""
    before, after = ("suspended", "ready") if again else ("ready", "suspended")
    query = update(MODELS).where(MODELS.c.id == entry, MODELS.c.state == before)
    if again:
        connection.execute(delete(BREACHES).where(BREACHES.c.model == entry))
    return connection.execute(query.values(state=after, error=None)).rowcount == 1


def removed(connection: Connection, entry: Entry) -> None:
    """Have its weights, card and report no more; its number stays taken."""
    gone: dict[str, Any] = dict.fromkeys(
        (
            "card_json",
            "report_json",
            "verdict",
            "likeness",
            "progress_json",
            "error",
            "key",
            "fingerprint",
        )
    )
    query = update(MODELS).where(MODELS.c.id == entry.id)
    connection.execute(query.values(**gone, state="removed"))
    rows = connection.execute(select(ASSETS).where(ASSETS.c.id == entry.file))
    drop(connection, [Asset.of(row) for row in rows])


_COLUMNS = tuple(MODELS.c.keys())


def _named(account: str, name: str) -> Any:
    return select(MODELS).where(MODELS.c.account == account, MODELS.c.name == name, HERE)


def _one(connection: Connection, query: Any) -> Entry | None:
    row: Sequence[Any] | None = connection.execute(query).first()
    return None if row is None else Entry.of(row)


def _keyed(connection: Connection, draft: Draft) -> Entry | None:
    mine = (MODELS.c.account == draft.account) & (MODELS.c.key == draft.key)
    return _one(connection, select(MODELS).where(mine))


def _weights(connection: Connection, file: Asset, now: float) -> Asset:
    """Another file with the same bytes, that is nobody's to see."""
    kept = replace(
        file, id=assets.new_id(now), kind="model", run=None, created_at=now, expires_at=None
    )
    written = Written(file.place, file.digest, file.size, fresh=False)
    try:
        return enter(connection, [(kept, written)], now)[0]
    except Swept:
        raise NotFound(f"there is no file {file.id!r}", "it has expired: upload it again") from None
