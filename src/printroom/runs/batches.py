"""Batches: the same for many pictures, each of them a run; durable, and once for each version.

    BatchAsked -> submit -> Batch              NotFound BadPipeline BadInput BadOption
    job "batch" -> Listing -> items and runs   what lies in the source, page by page
    Batch -> progress, items, cancel           NotFound

An item and its run are entered in one transaction, under the item's name and version (the object's
ETag): a listing that was cut short goes on, and enters nothing twice.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import Connection, insert, select, update

from printroom.core.errors import BadOption, NotFound, PrintroomError
from printroom.imaging.formats import FORMATS
from printroom.jobs.context import Context
from printroom.jobs.model import Job, State
from printroom.jobs.queue import Queue, ready
from printroom.jobs.states import OVER
from printroom.jobs.submit import Request, as_job, enter, new_id
from printroom.pipelines.graph import Graph
from printroom.pipelines.telling import hidden
from printroom.runs.batch import Batch, BatchAsked, finished, look
from printroom.runs.handler import KIND as RUN
from printroom.runs.inputs import BadInput, Intake
from printroom.runs.model import BATCHES, ITEMS
from printroom.runs.runs import Asked, Runs
from printroom.runs.target import Target
from printroom.runs.webhooks import KIND as WEBHOOK
from printroom.storage.keys import Prefix
from printroom.storage.store import Stat, Store

KIND = "batch"
PRIORITY = -10
"""Of the runs of batches: behind those that somebody waits for."""
MOST_FILES = 1000
"""Files that are named one by one."""
_PAGE = 100
"""Items entered in one transaction."""
_SUFFIXES = tuple(suffix for known in FORMATS for suffix in known.suffixes)
_SCHEME = "store://"


@dataclass(frozen=True)
class Item:
    """One picture of a batch."""

    name: str
    version: str
    run: str
    state: State
    error_code: str | None
    error: str | None


class Batches:
    """The batches of all accounts. Safe from many threads."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._queue, self._database = runs.queue, runs.queue.database

    def submit(self, asked: BatchAsked) -> Batch:
        """Begin one. Raises NotFound, BadPipeline, BadInput, BadOption, AddressRefused."""
        target = self._runs.targets.find(asked.target, asked.account)
        self._checked(asked, target)
        now = self._database.clock()
        batch = f"batch_{new_id(now)}"
        row: dict[str, Any] = {"id": batch, "account": asked.account, "created_at": now}
        row |= dict.fromkeys(("listed", "cancelled", "told"), False)
        row["request_json"] = json.dumps(asdict(asked))
        payload = {"batch": batch, **target.raw}
        job = as_job(Request(KIND, payload, account=f"{KIND}:{asked.account}", retries=20), now)

        def entered(connection: Connection) -> None:
            connection.execute(insert(BATCHES), row)
            enter(connection, [job], now)

        self._queue.change(entered, ready(KIND))
        return self.get(asked.account, batch)

    def get(self, account: str, name: str) -> Batch:
        """Raises NotFound."""
        return self._database.run(partial(_get, account=account, name=name), write=False)

    def list(self, account: str, *, before: str | None = None, most: int = 100) -> Sequence[Batch]:
        """The newest first; `before`: an id, for the next page."""
        query = select(BATCHES.c.id).where(BATCHES.c.account == account)
        if before is not None:
            query = query.where(BATCHES.c.id < before)
        query = query.order_by(BATCHES.c.id.desc()).limit(most)

        def read(connection: Connection) -> Sequence[Batch]:
            names = connection.execute(query).scalars().all()
            return [_get(connection, account, name) for name in names]

        return self._database.run(read, write=False)

    def items(
        self, account: str, name: str, *, after: tuple[str, str] = ("", ""), most: int = 100
    ) -> Sequence[Item]:
        """By name and version; `after`: those of the last one of the page before."""
        self.get(account, name)
        columns = [ITEMS.c[field] for field in Item.__dataclass_fields__]
        last, version = after
        query = select(*columns).where(ITEMS.c.batch == name)
        query = query.where(
            (ITEMS.c.name > last) | ((ITEMS.c.name == last) & (ITEMS.c.version > version))
        )
        query = query.order_by(ITEMS.c.name, ITEMS.c.version).limit(most)
        rows = self._database.run(lambda c: c.execute(query).all(), write=False)
        return [Item(*row) for row in rows]

    def cancel(self, account: str, name: str) -> Batch:
        """Take back what is not over. Raises NotFound."""
        self.get(account, name)
        changed(self._queue, name, cancelled=True)
        left = select(ITEMS.c.run).where(ITEMS.c.batch == name, ITEMS.c.state.not_in(OVER))
        for run in self._database.run(lambda c: c.execute(left).scalars().all(), write=False):
            self._queue.cancel(run)
        return self.get(account, name)

    def _checked(self, asked: BatchAsked, target: Target) -> None:
        if bool(asked.source) == bool(asked.files):
            raise BadOption("a batch has a source, or files", "give one of them")
        if len(asked.files) > MOST_FILES:
            raise BadOption(f"there are over {MOST_FILES} files", "put them into a store")
        if asked.webhook is not None:
            self._runs.workshop.outbound.check(asked.webhook)
        port = target.graph.picture_input()
        intake = Intake(asked.account, self._runs.assets, self._runs.workshop.outbound)
        if any(file.startswith("data:") for file in asked.files):
            raise BadInput("files are ids or URLs", "upload them first", params=["files"])
        for file in asked.files or ("",):
            stand_in = {} if not file else {port: file}
            known = {**asked.input, **stand_in}
            graph = target.graph if file else _without(target.graph, port)
            intake.checked(graph, known)
        for place in filter(None, (asked.source, asked.destination)):
            name, prefix = split(place)
            self._runs.workshop.stores(asked.account).find(name)
            Prefix(prefix)


class Listing:
    """A handler: enters the items of a batch, and their runs."""

    def __init__(self, runs: Runs) -> None:
        self._runs, self._database = runs, runs.queue.database

    def __call__(self, job: Job, context: Context) -> Any:
        """How many items were entered by this attempt."""
        batch = self._database.run(partial(look, name=job.payload["batch"]), write=False)
        try:
            return self._listed(batch, job, context)
        except PrintroomError as error:
            if error.status < 500:  # it will be the same next time
                told = {"error_code": error.code, "error": hidden(str(error))}
                changed(self._runs.queue, batch.id, **told)
            raise

    def _listed(self, batch: Batch, job: Job, context: Context) -> int:
        target, found = self._runs.targets.again(job.payload), self._sources(batch.asked)
        entered = 0
        while page := list(islice(found, _PAGE)):
            context.check()
            if self._database.run(partial(look, name=batch.id), write=False).cancelled:
                return entered
            requests = [self._request(batch, target, *source) for source in page]
            entered += self._runs.queue.change(
                partial(self._enter, batch=batch, requests=requests, now=self._database.clock()),
                ready(RUN),
            )
        changed(self._runs.queue, batch.id, listed=True)
        return entered

    def _sources(self, asked: BatchAsked) -> Iterator[tuple[str, str, Any]]:
        """Name, version and picture of each item."""
        if not asked.source:
            for file in asked.files:
                kind = "file" if file.startswith("file_") else "url"
                yield file, "", {kind: file}
            return
        name, prefix = split(asked.source)
        store = self._runs.workshop.stores(asked.account).open(name)
        for stat in _pictures(store, Prefix(prefix), asked):
            yield stat.key, stat.etag, {"store": name, "key": stat.key, "etag": stat.etag}

    def _request(
        self, batch: Batch, target: Target, name: str, version: str, picture: Any
    ) -> tuple[str, str, Request]:
        asked = batch.asked
        values = {**asked.input, target.graph.picture_input(): picture}
        run = Asked(asked.account, asked.target, values, asked.output, priority=PRIORITY)
        terms, files = self._runs.agreed(run, target), self._shown(batch.account, picture)
        request = self._runs.request(run, target, values, terms, files)
        request.payload["batch"] = batch.id
        if asked.destination:
            store, prefix = split(asked.destination)
            below = name.removeprefix(Prefix(split(asked.source)[1]) if asked.source else "")
            stem = below.rpartition(".")[0] or below
            request.payload["copy"] = {"store": store, "key": f"{Prefix(prefix)}{stem}"}
        return name, version, request

    def _shown(self, account: str, picture: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a page shows of the file, if it is one that is still there."""
        if "file" not in picture:
            return {}
        intake = Intake(account, self._runs.assets, self._runs.workshop.outbound)
        with suppress(NotFound):
            intake.shown(self._runs.assets.get(account, picture["file"]))
        return intake.files

    def _enter(
        self,
        connection: Connection,
        batch: Batch,
        requests: Sequence[tuple[str, str, Request]],
        now: float,
    ) -> int:
        """Those that are not there yet; what is named twice is one."""
        names = [name for name, _, _ in requests]
        here = select(ITEMS.c.name, ITEMS.c.version)
        here = here.where(ITEMS.c.batch == batch.id, ITEMS.c.name.in_(names))
        known = {tuple(row) for row in connection.execute(here)}
        fresh = {one[:2]: one for one in requests if one[:2] not in known}.values()
        jobs = [as_job(request, now) for _, _, request in fresh]
        rows = [
            {"batch": batch.id, "name": name, "version": version, "run": job.id, "state": job.state}
            for (name, version, _), job in zip(fresh, jobs, strict=True)
        ]
        if rows:
            connection.execute(insert(ITEMS), rows)
            for entered in enter(connection, jobs, now):
                self._runs.begin(connection, entered.job)
        return len(rows)


def changed(queue: Queue, name: str, **values: Any) -> None:
    """Change a batch, and tell those who want to know it if it is over now."""
    change, now = update(BATCHES).where(BATCHES.c.id == name).values(values), queue.database.clock()

    def work(connection: Connection) -> None:
        connection.execute(change)
        if requests := finished(connection, name, now):
            enter(connection, [as_job(request, now) for request in requests], now)

    queue.change(work, ready(WEBHOOK))


def split(place: str) -> tuple[str, str]:
    """Name and prefix of `store://name/prefix`. Raises BadOption."""
    name, _, prefix = place.removeprefix(_SCHEME).partition("/")
    if not place.startswith(_SCHEME) or not name:
        raise BadOption(f"{place[:80]!r} is no place in a store", "write store://name/prefix")
    return name, prefix


def _pictures(store: Store, prefix: Prefix, asked: BatchAsked) -> Iterator[Stat]:
    found = store.list(prefix) if asked.recursive else store.children(prefix)
    for one in found:
        if not isinstance(one, Stat):
            continue
        below = one.key.removeprefix(prefix)
        if fnmatch.fnmatchcase(below, asked.pattern) if asked.pattern else _is_picture(below):
            yield one


def _is_picture(name: str) -> bool:
    return name.lower().endswith(_SUFFIXES)


def _without(graph: Graph, port: str) -> Graph:
    return replace(graph, inputs={k: v for k, v in graph.inputs.items() if k != port})


def _get(connection: Connection, account: str, name: str) -> Batch:
    found = look(connection, name)
    if found.account != account:
        raise NotFound(f"there is no batch {name[:80]!r}", "list them to see their ids")
    return found
