"""Runs: asked for, looked at, taken back, tried again. What does them: `printroom.runs.work`.

    Asked -> submit -> Submitted            NotFound BadPipeline BadInput KeyReused UnknownFormat
    id, account -> get, cancel, retry       NotFound: also for what is another account's; WrongState

A run is a job of the kind "run"; its id is the job's. What must happen exactly once when it ends
happens in the transaction that ends it: see `printroom.runs.ending`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection

from printroom.assets.assets import give_to
from printroom.core.errors import NotFound, TermsChanged
from printroom.database.migrate import migrate
from printroom.jobs.events import Event
from printroom.jobs.here import Here
from printroom.jobs.model import Job
from printroom.jobs.queue import ready
from printroom.jobs.submit import Request, Submitted, as_job, enter, keyed
from printroom.people.model import PORTRAIT, TARGET
from printroom.runs.ending import Ending
from printroom.runs.handler import KIND, KINDS
from printroom.runs.inputs import Intake
from printroom.runs.model import SCRIPTS
from printroom.runs.options import Output
from printroom.runs.target import Target, Targets, said
from printroom.runs.terms import Terms
from printroom.runs.view import STATUS
from printroom.storage.sealing import Seal
from printroom.workshop import Workshop

LIGHT = 4 * 10**6
"""Pixels of all pictures of a run that is small."""
RETRIES = 2
"""Failures that are followed by another attempt."""


@dataclass(frozen=True)
class Asked:
    """A run that somebody wants."""

    account: str
    target: str = ""
    """`enhance`, `name@version`, `owner/name@version`; empty = `pipeline`."""
    input: Mapping[str, Any] = field(default_factory=dict)
    """By port; pictures as `file_...`, `https://...` or `data:...`."""
    output: Output = field(default_factory=Output)
    """How results are written."""
    pipeline: Mapping[str, Any] | None = None
    """A pipeline that is not published, as JSON; None = `target`."""
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
    trial: bool = False
    """Whether it is one of the free tries of what somebody sells."""
    most: int | None = None
    """Credits that it may cost; None = whatever it does."""

    @property
    def said(self) -> dict[str, Any]:
        """What must be the same when the key comes again."""
        return {
            "target": self.target,
            "input": dict(self.input),
            "output": self.output.to_json(),
            "pipeline": self.pipeline,
            "webhook": self.webhook,
            "priority": self.priority,
            "deadline": self.deadline,
            "end_user": self.end_user,
            **({"trial": True} if self.trial else {}),
            **({} if self.most is None else {"most": self.most}),
        }


@dataclass(frozen=True)
class _Prepared:
    """A run that may be entered."""

    job: Job
    files: Sequence[str]
    """Those that were made of what came with the request."""
    light: bool
    """Whether it is what the hot path does, too."""


class Runs:
    """The runs of all accounts. Safe from many threads."""

    def __init__(self, workshop: Workshop) -> None:
        """Migrates the tables first, and sees to what runs cause when they end.

        Make one before the first worker of a process. Raises what the workshop's database does.
        """
        self.workshop = workshop
        self.queue, self.assets = workshop.queue, workshop.assets
        migrate(workshop.database, [SCRIPTS])
        self.seal = Seal(workshop.settings.data)
        """What secrets of webhooks are sealed with."""
        self.targets = Targets(workshop)
        self.terms: Terms = workshop.terms
        """What is agreed before a run may begin."""
        if not any(isinstance(end, Ending) for end in self.queue.ends):
            self.queue.ends.append(Ending())

    def submit(self, asked: Asked) -> Submitted:
        """Put a run into the queue.

        Raises NotFound, BadPipeline, BadInput, BadOption, KeyReused, AddressRefused, and what
        `terms` refuse.
        """
        found = self._prepared(asked)
        return found if isinstance(found, Submitted) else self._queued(found)

    def do(self, asked: Asked, here: Here, entered: Callable[[Submitted], None]) -> Job:
        """The same, and do it here and now if it is small and there is a place; the run as it is
        then. `entered` is told of it before that. Raises as `submit` does.
        """
        found = self._prepared(asked)
        if not isinstance(found, Submitted):
            enter = partial(self._entered, files=found.files)
            if found.light and (job := here.do(found.job, enter, entered)) is not None:
                return job
            found = self._queued(found)
        entered(found)
        return found.job

    def _queued(self, found: _Prepared) -> Submitted:
        entering = partial(self._entered, job=found.job, files=found.files)
        return self.queue.change(entering, ready(KIND))

    def _prepared(self, asked: Asked) -> Submitted | _Prepared:
        """What is to be entered, or is there already."""
        target = self.targets.wanted(asked.account, asked.target, asked.pipeline)
        if asked.webhook is not None:
            self.workshop.outbound.check(asked.webhook)
        if (known := self._known(asked)) is not None:
            return known
        intake = Intake(asked.account, self.assets, self.workshop.outbound)
        checked = intake.checked(target.graph, asked.input)
        terms = self.agreed(asked, target)
        values, files = intake.kept(checked)
        request = self.request(asked, target, values, terms, intake.files)
        job = as_job(request, self.queue.database.clock())
        return _Prepared(job, files, target.light and _small(values, intake.files))

    def agreed(self, asked: Asked, target: Target) -> Mapping[str, Any] | None:
        """What the payload of the run has as `terms`. Raises what refuses it, and TermsChanged."""
        from printroom.runs.quotes import measured  # which asks for runs itself

        models = self.targets.others(target, asked.input)
        terms = self.terms.agree(asked, target, models, partial(measured, self, asked, target))
        if terms is not None and asked.most is not None and terms["quote"] > asked.most:
            reason = f"the run costs {terms['quote']} credits, and may cost {asked.most}"
            raise TermsChanged(reason, "ask for a quote again")
        return terms

    def begin(self, connection: Connection, job: Job) -> None:
        """In the transaction that enters the run, or enters it again. Raises what refuses it."""
        if job.payload.get("terms") is not None:
            self.terms.begin(connection, job)

    def request(
        self,
        asked: Asked,
        target: Target,
        values: Mapping[str, Any],
        terms: Mapping[str, Any] | None,
        files: Mapping[str, Any],
    ) -> Request:
        """The job of a run whose inputs were checked and kept."""
        needed = self.targets.needs(target)
        payload = {
            **target.raw,
            "input": dict(values),
            "files": dict(files),
            "output": asked.output.to_json(),
            "webhook": asked.webhook,
            "key": asked.by,
            "end_user": asked.end_user,
            "dialect": None if asked.dialect is None else dict(asked.dialect),
            "needs": {
                name: {"labels": sorted(needs.labels), "bytes": needs.bytes}
                for name, needs in needed.items()
            },
            "terms": None if terms is None else dict(terms),
        }
        return Request(
            KIND,
            payload,
            account=asked.account,
            priority=asked.priority,
            deadline=asked.deadline,
            retries=RETRIES,
            needs=self.targets.first_needs(target, needed),
            key=asked.key,
            subject=subject_of(target.id),
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
        target: str | None = None,
        before: str | None = None,
        most: int = 100,
    ) -> Sequence[Job]:
        """Runs, the newest first; `target`: of all versions of a pipeline, as runs name it;
        `before`: an id, for the next page.
        """
        states = [state for state, name in STATUS.items() if name == status]
        return self.queue.jobs(
            account=account,
            kind=PORTRAIT if target == TARGET else KINDS,
            state=states if status is not None else None,
            subject=None if target in (None, TARGET) else self._subjects(str(target), account),
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
        return self.queue.retry(run, begin=self.begin)

    def _subjects(self, target: str, account: str) -> Sequence[str]:
        """What runs of a pipeline are listed by that `account` calls so."""
        plain = subject_of(said(target, account))
        if "/" in plain:
            return [plain]
        with suppress(NotFound):  # an account without a handle has nothing of its own
            return [plain, f"{self.workshop.accounts.handle(account)}/{plain}"]
        return [plain]

    def _known(self, asked: Asked) -> Submitted | None:
        """The run that the key stands for already. Raises KeyReused."""
        if asked.key is None:
            return None
        said = Request(KIND, key=asked.key, same=asked.said).fingerprint
        job = self.queue.database.run(
            lambda c: keyed(c, asked.account, asked.key, said), write=False
        )
        return None if job is None else Submitted(job, False)

    def _entered(self, connection: Connection, job: Job, files: Sequence[str]) -> Submitted:
        (submitted,) = enter(connection, [job], job.created_at)
        if submitted.fresh:
            give_to(connection, files, job.id)
            self.begin(connection, submitted.job)
        return submitted


def subject_of(target: str) -> str:
    """What a run is listed by: its pipeline, whatever version."""
    return target.partition("@")[0][:255]


def _small(values: Mapping[str, Any], files: Mapping[str, Any]) -> bool:
    """Whether all pictures are here, and are not large together."""
    pictures = [one for value in values.values() for one in _pictures(value)]
    known = [files.get(one.get("file", "")) or {} for one in pictures]
    sizes = [(one.get("width") or 0) * (one.get("height") or 0) for one in known]
    return all(sizes) and sum(sizes) <= LIGHT


def _pictures(value: Any) -> list[dict[str, Any]]:
    several = value if isinstance(value, list) else [value]
    return [one for one in several if isinstance(one, dict)]


def owned(job: Job, account: str) -> Job:
    """`job`, if it is a run of `account`. Raises NotFound."""
    if job.kind not in KINDS or job.account != account:
        raise NotFound(f"there is no run {job.id!r}", "it may have been forgotten")
    return job
