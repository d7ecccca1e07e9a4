"""Runs: asked for, looked at, taken back, tried again. What does them: `printroom.runs.work`.

    Asked -> submit -> Submitted            NotFound BadPipeline BadInput KeyReused UnknownFormat
    id, account -> get, cancel, retry       NotFound: also for what is another account's; WrongState

A run is a job of the kind "run"; its id is the job's. What must happen exactly once when it ends
happens in the transaction that ends it: see `printroom.runs.ending`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from printroom.assets.assets import give_to
from printroom.core.errors import KeyReused, NotFound
from printroom.database.migrate import migrate
from printroom.imaging.formats import format_for
from printroom.jobs.events import Event
from printroom.jobs.model import JOBS, Job
from printroom.jobs.queue import ready
from printroom.jobs.submit import Request, Submitted, as_job, enter
from printroom.runs.ending import Ending
from printroom.runs.handler import KIND
from printroom.runs.inputs import Intake
from printroom.runs.model import SCRIPTS
from printroom.runs.target import Target, Targets
from printroom.runs.view import STATUS
from printroom.workshop import Workshop

RETRIES = 2
"""Failures that are followed by another attempt."""


@dataclass(frozen=True)
class Asked:
    """A run that somebody wants."""

    account: str
    target: str
    """`enhance`, `name@version`, `owner/name@version`."""
    input: Mapping[str, Any] = field(default_factory=dict)
    """By port; pictures as `file_...`, `https://...` or `data:...`."""
    format: str | None = None
    """Of pictures among the outputs; None = that of the input."""
    webhook: str | None = None
    """URL that is told when it is over."""
    key: str | None = None
    """Idempotency key."""
    priority: int = 0
    deadline: float | None = None
    """Seconds until it must be over."""
    by: str | None = None
    """Id of the key it was asked with, for what is counted."""
    end_user: str = ""
    """The account's own customer that it is for."""
    dialect: Mapping[str, str] | None = None
    """In whose words `webhook` is told: `name`, and the `base` of addresses; None = ours."""

    @property
    def said(self) -> dict[str, Any]:
        """What must be the same when the key comes again."""
        return {
            "target": self.target,
            "input": dict(self.input),
            "format": self.format,
            "webhook": self.webhook,
            "priority": self.priority,
            "deadline": self.deadline,
            "end_user": self.end_user,
        }


class Runs:
    """The runs of all accounts. Safe from many threads."""

    def __init__(self, workshop: Workshop) -> None:
        """Migrates the tables first, and sees to what runs cause when they end.

        Make one before the first worker of a process. Raises what the workshop's database does.
        """
        self.workshop = workshop
        self.queue, self.assets = workshop.queue, workshop.assets
        migrate(workshop.database, [SCRIPTS])
        self.targets = Targets(workshop)
        if not any(isinstance(end, Ending) for end in self.queue.ends):
            self.queue.ends.append(Ending())

    def submit(self, asked: Asked) -> Submitted:
        """Put a run into the queue."""
        target = self.targets.find(asked.target)
        if asked.format is not None:
            format_for(asked.format)
        if asked.webhook is not None:
            self.workshop.outbound.check(asked.webhook)
        if (known := self._known(asked)) is not None:
            return known
        intake = Intake(asked.account, self.assets, self.workshop.outbound)
        values, files = intake.kept(intake.checked(target.graph, asked.input))
        job = as_job(self.request(asked, target, values), self.queue.database.clock())
        return self.queue.change(partial(_entered, job=job, files=files), ready(KIND))

    def request(self, asked: Asked, target: Target, values: Mapping[str, Any]) -> Request:
        """The job of a run whose inputs were checked and kept."""
        payload = {
            **target.to_json(),
            "input": dict(values),
            "format": asked.format,
            "webhook": asked.webhook,
            "key": asked.by,
            "end_user": asked.end_user,
            "dialect": None if asked.dialect is None else dict(asked.dialect),
            "needs": {
                name: {"labels": sorted(needs.labels), "bytes": needs.bytes}
                for name, needs in self.targets.needs(target).items()
            },
        }
        return Request(
            KIND,
            payload,
            account=asked.account,
            priority=asked.priority,
            deadline=asked.deadline,
            retries=RETRIES,
            needs=self.targets.first_needs(target),
            key=asked.key,
            same=asked.said,
        )

    def get(self, account: str, run: str) -> Job:
        """The run as it is now. Raises NotFound."""
        return owned(self.queue.get(run), account)

    def list(
        self,
        account: str,
        *,
        status: str | None = None,
        before: str | None = None,
        most: int = 100,
    ) -> Sequence[Job]:
        """Runs, the newest first; `before`: an id, for the next page."""
        states = [state for state, name in STATUS.items() if name == status]
        return self.queue.jobs(
            account=account,
            kind=KIND,
            state=states if status is not None else None,
            before=before,
            most=most,
        )

    def events(self, account: str, run: str, after: int = 0) -> Sequence[Event]:
        """What happened, behind event number `after`. Raises NotFound."""
        self.get(account, run)
        return self.queue.events(run, after)

    def wait(self, account: str, run: str, seconds: float) -> Job:
        """The run when it is over, or as it is after `seconds`. Raises NotFound."""
        self.get(account, run)
        return self.queue.wait(run, seconds)

    def cancel(self, account: str, run: str) -> Job:
        """Take it back; one that is over stays as it is. Raises NotFound."""
        self.get(account, run)
        return self.queue.cancel(run)

    def retry(self, account: str, run: str) -> Job:
        """Give one that failed its attempts again, behind its checkpoints.

        Raises NotFound, WrongState.
        """
        self.get(account, run)
        return self.queue.retry(run)

    def _known(self, asked: Asked) -> Submitted | None:
        """The run that the key stands for already. Raises KeyReused."""
        if asked.key is None:
            return None
        query = select(JOBS).where(JOBS.c.account == asked.account, JOBS.c.key == asked.key)
        row = self.queue.database.run(lambda c: c.execute(query).first(), write=False)
        if row is None:
            return None
        job, said = Job.of(row), Request(KIND, key=asked.key, same=asked.said)
        if job.fingerprint != said.fingerprint:
            reason = f"the idempotency key {asked.key!r} came before, with another request"
            raise KeyReused(reason, "take a new key for a new request")
        return Submitted(job, False)


def owned(job: Job, account: str) -> Job:
    """`job`, if it is a run of `account`. Raises NotFound."""
    if job.kind != KIND or job.account != account:
        raise NotFound(f"there is no run {job.id!r}", "it may have been forgotten")
    return job


def _entered(connection: Connection, job: Job, files: Sequence[str]) -> Submitted:
    (submitted,) = enter(connection, [job], job.created_at)
    if submitted.fresh:
        give_to(connection, files, job.id)
    return submitted
