"""Models that accounts give are examined before anybody can use them: a job of the kind "model".

    Draft, file -> Examinations.submit -> Entry, fresh     NotFound BadOption AlreadyThere KeyReused
    job, context -> ExamineHandler -> report               NoSandbox, what verification raises
    job that is over -> Examined                           ready, or refused: in that transaction

An entry and its job are made together, and so are the end of the job and what becomes of the entry:
whatever is killed when, a model is examined to its end, once, and not seen by others before.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from printroom.accounts.audit import Actor, note
from printroom.accounts.handles import handle_of
from printroom.assets.assets import New, new_id
from printroom.assets.model import Asset
from printroom.catalogue import entries
from printroom.catalogue.entries import Draft
from printroom.catalogue.model import Entry
from printroom.catalogue.verification.known import own
from printroom.catalogue.verification.licence import Known
from printroom.catalogue.verification.report import RULES, Declared, Finding, Report
from printroom.catalogue.verification.signing import ReportKey
from printroom.catalogue.verification.verifying import verify
from printroom.core.errors import AlreadyThere, NoSandbox, NotFound, WrongState
from printroom.core.scratch import Scratch
from printroom.isolation.walls import REMEDY
from printroom.jobs import events
from printroom.jobs.context import Context, Done
from printroom.jobs.model import Job
from printroom.jobs.queue import ready
from printroom.jobs.submit import Request, as_job, enter
from printroom.runtimes.reading import Reading
from printroom.steps.moderate.screens import screens
from printroom.workshop import Workshop

KIND = "model"
PRIORITY = -10
"""Pictures go first."""
RETRIES = 2
"""Failures that are followed by another attempt."""
_SUFFIX = re.compile(r"\.[a-z0-9]{1,16}", re.ASCII)
_SELDOM = 0.5
"""Seconds between two notes of how far one stage is."""


class Examinations:
    """The examinations of all accounts' models. Safe from many threads."""

    def __init__(self, workshop: Workshop) -> None:
        """Make one in every process that works, or takes jobs back. Raises what the database does.

        Sees to what becomes of a model when its examination is over.
        """
        self.workshop = workshop
        self.queue, self.owned, self.assets = workshop.queue, workshop.owned, workshop.assets
        if not any(isinstance(end, Examined) for end in self.queue.ends):
            self.queue.ends.append(Examined())

    def submit(self, actor: Actor, draft: Draft, file: str) -> tuple[Entry, bool]:
        """The next version of a name, to be examined; whether it is new, not asked for before.

        Raises NotFound for a file that is not the account's, AlreadyThere for a name that a model
        of the server has, KeyReused.
        """
        asset = self.assets.get(draft.account, file)
        end = Path(asset.name).suffix.lower()
        suffix = end if _SUFFIX.fullmatch(end) else ".onnx"
        draft = replace(draft, declared={**draft.declared, "suffix": suffix})
        now = self.queue.database.clock()
        job = self._job(draft.account, now)
        taken = {model.card.name for model in self.workshop.catalogue.models}
        entering = partial(
            self._entered, actor=actor, draft=draft, file=asset, job=job, taken=taken
        )
        return self.queue.change(entering, ready(KIND))

    def give(self, connection: Connection, actor: Actor, draft: Draft, file: Asset) -> None:
        """The same for what a job made, in the transaction that ends it. Raises AlreadyThere."""
        draft = replace(draft, declared={**draft.declared, "suffix": Path(file.name).suffix})
        now = self.queue.database.clock()
        taken = {model.card.name for model in self.workshop.catalogue.models}
        self._entered(connection, actor, draft, file, self._job(draft.account, now), taken)

    def again(self, actor: Actor, name: str, version: int) -> Entry:
        """Examine a version once more; one that is ready stays so meanwhile.

        Raises NotFound, WrongState for one that is being examined, or was suspended.
        """
        now = self.queue.database.clock()
        job = self._job(actor.account, now)
        again = partial(self._again, actor=actor, name=name, version=version, job=job)
        return self.queue.change(again, ready(KIND))

    def _again(
        self, connection: Connection, actor: Actor, name: str, version: int, job: Job
    ) -> Entry:
        handle = handle_of(connection, actor.account)
        for entry in entries.chosen(connection, actor.account, name, version):
            busy = entry.state == "verifying" or entry.progress
            if busy or entry.state == "suspended":
                why = "is being examined" if busy else "was suspended"
                raise WrongState(f"{handle}/{name}@{version} {why}", "see its examination")
            enter(connection, [job], job.created_at)
            entries.examined_again(connection, job.created_at, entry, job.id)
            subject = f"{handle}/{name}@{version}"
            note(connection, job.created_at, actor, "model.examined_again", subject)
        found = entries.found(connection, actor.account, name, version)
        if found is None:
            raise NotFound(f"there is no model {handle}/{name}@{version}", "GET /v1/models")
        return found

    def renew(self, most: int = 4) -> int:
        """Have up to `most` models examined again whose reports expire soon, or were made by other
        rules than those of today; how many. They stay ready meanwhile.
        """
        now = self.queue.database.clock()
        look = partial(entries.stale, now=now, rules=RULES.revision, most=1)
        if not self.queue.database.run(look, write=False):  # the usual case, which wakes nobody
            return 0
        return self.queue.change(partial(self._renewed, now=now, most=most), ready(KIND))

    def _renewed(self, connection: Connection, now: float, most: int) -> int:
        found = entries.stale(connection, now, RULES.revision, most)
        for entry in found:
            job = self._job(entry.account, now)
            enter(connection, [job], now)
            entries.examined_again(connection, now, entry, job.id)
        return len(found)

    def _job(self, account: str, now: float) -> Job:
        return as_job(Request(KIND, {}, account=account, priority=PRIORITY, retries=RETRIES), now)

    def remove(self, actor: Actor, name: str, version: int | None) -> int:
        """Have a version no more, or all of them; how many went. What is in progress on it ends.

        Raises NotFound, WrongState where somebody holds it: see `OwnedModels.holds`.
        """
        now = self.queue.database.clock()
        removing = partial(self._removed, now=now, actor=actor, name=name, version=version)
        gone = self.queue.change(removing)
        for entry in gone:
            if entry.state == "verifying" or entry.progress:
                with suppress(NotFound):  # the job may be forgotten
                    self.queue.cancel(entry.job)
        self.owned.forget()
        self.assets.blobs.sweep()
        return len(gone)

    def _removed(
        self, connection: Connection, now: float, actor: Actor, name: str, version: int | None
    ) -> list[Entry]:
        account, handle = actor.account, handle_of(connection, actor.account)
        found = entries.chosen(connection, account, name, version)
        if not found:
            raise NotFound(f"there is no model {handle}/{name}", "GET /v1/models has yours")
        for entry in found:
            for hold in self.owned.holds:
                if (why := hold(connection, account, name, entry.version)) is not None:
                    raise WrongState(
                        f"{handle}/{name}@{entry.version} {why}", "take that back first"
                    )
            entries.removed(connection, entry)
            note(connection, now, actor, "model.removed", f"{handle}/{name}@{entry.version}")
        return found

    def _entered(
        self,
        connection: Connection,
        actor: Actor,
        draft: Draft,
        file: Asset,
        job: Job,
        taken: set[str],
    ) -> tuple[Entry, bool]:
        name = f"{handle_of(connection, draft.account)}/{draft.name}"
        if name in taken:
            raise AlreadyThere(f"the server has a model {name}", "take another name")
        entry, fresh = entries.entered(connection, job.created_at, draft, file, job.id)
        if fresh:
            enter(connection, [job], job.created_at)
            subject = f"{name}@{entry.version}"
            note(connection, job.created_at, actor, "model.given", subject, digest=entry.digest)
        return entry, fresh


class ExamineHandler:
    """A handler for `printroom.jobs.worker.Worker`."""

    def __init__(self, examinations: Examinations, scratch: Scratch) -> None:
        self._examinations, self._scratch = examinations, scratch

    def __call__(self, job: Job, context: Context) -> Any:
        """The report, as JSON; None for a model that is gone.

        What was weights alone is its graph from then on.
        """
        entry, handle = self._look(job)
        if entry is None or entry.state not in ("verifying", "ready"):
            return None
        assets, folder = self._examinations.assets, self._scratch.path("model")
        folder.mkdir()
        try:
            file = folder / f"model{entry.declared['suffix']}"
            assets.content(assets.find(entry.account, entry.file)).save(file)
            told, made = _Told(self._examinations, context), list[bytes]()
            report = verify(
                file,
                declared_of(entry, handle),
                progress=told.at,
                told=told.found,
                cancelled=context.cancelled.is_set,
                screens=screens(self._examinations.workshop.settings.screens),
                known=self._known(entry.account),
                made=made.append,
            )
            context.check()
            _check_walls(report)
            shown = Report.from_json(self._scratch.hide(report.to_json()))
            raw = ReportKey.of(self._examinations.workshop.settings.data).sign(shown).raw()
            if made and report.verdict != "refused":
                return Done(raw, self._graph(entry, job, made[0]))
            return raw
        finally:
            self._scratch.discard(folder)

    def _graph(self, entry: Entry, job: Job, onnx: bytes) -> Callable[[Connection], None]:
        """Brings the graph that weights were made into to the store; what has the entry run it from
        the end of the job on.
        """
        assets, now = self._examinations.assets, self._examinations.queue.database.clock()
        new = New(entry.account, onnx, "model", "model.onnx", id=new_id(now))
        asset, written = assets.write(new)

        def enter(connection: Connection) -> None:
            entries.folded(connection, job.id, asset, written, now)

        return enter

    def _known(self, account: str) -> list[Known]:
        """What others have: the server itself, and other accounts."""

        def look(connection: Connection) -> list[tuple[str, str, str | None]]:
            return entries.of_others(connection, account)

        theirs = self._examinations.queue.database.run(look, write=False)
        return [
            *own(self._examinations.workshop.catalogue.models),
            *(
                Known(name, frozenset((digest,)), likeness or "")
                for name, digest, likeness in theirs
            ),
        ]

    def _look(self, job: Job) -> tuple[Entry | None, str]:
        def look(connection: Connection) -> tuple[Entry | None, str]:
            return entries.of_job(connection, job.id), handle_of(connection, job.account)

        return self._examinations.queue.database.run(look, write=False)


class Examined:
    """A hook for `Queue.ends`: what becomes of a model whose examination is over."""

    def __call__(self, connection: Connection, job: Job) -> bool:
        """False: there is nothing new to do."""
        if job.kind == KIND:
            if job.state == "done" and job.result is not None:
                entries.settled(connection, job.id, job.result)
            elif job.state != "done":
                why = job.error or "its examination was taken back"
                entries.settled(connection, job.id, None, why)
        return False


class _Told:
    """Tells those who follow an examination how far it is, and what was found so far."""

    def __init__(self, examinations: Examinations, context: Context) -> None:
        self._queue, self._context = examinations.queue, context
        self._stage, self._at = "", 0.0
        self._findings: list[dict[str, Any]] = []
        self._new = 0
        """Of the findings, those that no event has told yet."""

    def found(self, finding: Finding) -> None:
        """One more; told with how far it is."""
        self._findings.append(asdict(finding))
        self._new += 1

    def at(self, stage: str, done: int, of: int) -> None:
        """How far it is."""
        now = time.monotonic()
        if stage == self._stage and now - self._at < _SELDOM:
            return
        self._stage, self._at = stage, now
        at = {"stage": stage, "done": done, "of": of}
        new, self._new = self._findings[len(self._findings) - self._new :], 0
        writing = partial(self._write, at=at, new=new, now=self._queue.database.clock())
        self._queue.change(writing)

    def _write(
        self, connection: Connection, at: Mapping[str, Any], new: list[dict[str, Any]], now: float
    ) -> None:
        job = self._context.job
        events.add(connection, job, "progress", {**at, "findings": new}, now)
        entries.progressed(connection, job.id, {**at, "findings": self._findings})


def _check_walls(report: Report) -> None:
    """Raises NoSandbox where it is this machine's fault that nothing was tried: the job is taken by
    another worker then, and a model that is ready stays so.
    """
    for one in report.findings:
        if one.code == "trial.sandbox":
            raise NoSandbox(one.reason, REMEDY)


def declared_of(entry: Entry, handle: str) -> Declared:
    """What was said of a model when it came, for verification."""
    said = entry.declared
    return Declared(
        name=f"{handle}/{entry.name}",
        licence=said["licence"],
        task=said["task"],
        reading=None if said["reading"] is None else Reading.of(said["reading"]),
        title=entry.title,
        parts=said["parts"],
        architecture=said.get("architecture", ""),
    )
