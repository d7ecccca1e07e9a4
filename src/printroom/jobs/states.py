"""The states of a job, and all ways between them: pure functions from job to job.

                 later                 due
    submitted ---------> delayed -------------> queued
         |                  ^                    ^  |
         +------------------|--------------------+  | start: attempt + 1
                   again,   |      moved, released, |
                   later    |      lost: again      v
                            +------------------- running ----> done
                                                    |
    queued, delayed, running --- cancel ------------+--------> cancelled
    queued, delayed, running --- overdue -----------+--------> dead ---- retry ----> queued
                                 failed too often --+

`done` and `cancelled` never change again. `dead` waits for somebody to look: it may be retried.
An attempt that failed, or whose worker was lost, counts as a failure; one that was handed back does
not. Each function supposes the state that its arrow leaves; `may` tells beforehand.
"""

from __future__ import annotations

from dataclasses import replace

from printroom.core.errors import PrintroomError, WorkerLost
from printroom.jobs.model import Job, State, line_of

WAITING: tuple[State, ...] = ("delayed", "queued")
OVER: tuple[State, ...] = ("done", "cancelled", "dead")
LONGEST = 600.0
"""Seconds that a job waits for its next attempt, at most."""
ARROWS: dict[State, tuple[State, ...]] = {
    "delayed": ("queued", "cancelled", "dead"),
    "queued": ("running", "cancelled", "dead"),
    "running": ("queued", "delayed", "done", "cancelled", "dead"),
    "done": (),
    "cancelled": (),
    "dead": ("queued",),
}
"""State -> the states that may follow."""


def may(job: Job, state: State) -> bool:
    """Whether `job` can go to `state` from where it is."""
    return state in ARROWS[job.state]


def due(job: Job) -> Job:
    """Its time has come."""
    return replace(job, state="queued")


def start(job: Job, worker: str, now: float, until: float) -> Job:
    """`worker` has it, until `until` at first."""
    return replace(
        job,
        state="running",
        worker=worker,
        attempt=job.attempt + 1,
        started_at=now,
        lease_until=until,
    )


def finish(job: Job, result_json: str, now: float, keep: float) -> Job:
    """It was done, even if somebody took it back too late."""
    done = replace(job, state="done", result_json=result_json, error=None, error_code=None)
    return _over(done, now, keep)


def fail(job: Job, error: PrintroomError, final: bool, now: float, keep: float) -> Job:
    """An attempt failed. `final`: another one would fail as well."""
    said = replace(job, failures=job.failures + 1, error_code=error.code, error=_clean(str(error)))
    if job.cancel:
        return cancelled(said, now, keep)
    if final or said.failures > job.retries:
        return _over(replace(said, state="dead"), now, keep)
    pause = min(job.backoff * 2.0 ** min(job.failures, 60), LONGEST)
    if pause <= 0:
        return _back(said)
    return replace(_back(said), state="delayed", ready_at=now + pause)


def lose(job: Job, now: float, keep: float) -> Job:
    """Its worker was not heard of for too long; it goes again at once, in its old place."""
    error = WorkerLost(f"worker {job.worker} was lost")
    if job.cancel or job.failures >= job.retries:
        return fail(job, error, True, now, keep)
    code, reason = error.code, str(error)
    return replace(_back(job), failures=job.failures + 1, error_code=code, error=reason)


def release(job: Job, now: float, keep: float) -> Job:
    """Its worker hands it back, through no fault of the job."""
    return cancelled(job, now, keep) if job.cancel else _back(job)


def move(job: Job, labels: str, size: int, model: str | None, now: float, keep: float) -> Job:
    """What comes next needs another worker."""
    line = line_of(job.kind, labels, job.account)
    return replace(release(job, now, keep), labels=labels, line=line, bytes=size, model=model)


def take_back(job: Job) -> Job:
    """Nobody wants it any more; its worker will hear of it."""
    return replace(job, cancel=True)


def cancelled(job: Job, now: float, keep: float) -> Job:
    """Nobody wants it any more, and nobody works on it."""
    return _over(replace(job, state="cancelled", cancel=True), now, keep)


def overdue(job: Job, error: PrintroomError, now: float, keep: float) -> Job:
    """Its deadline passed."""
    said = replace(job, state="dead", error_code=error.code, error=str(error))
    return _over(said, now, keep)


def retry(job: Job, now: float, deadline: float | None) -> Job:
    """A dead job gets all its attempts again, and keeps what its steps left."""
    return replace(
        job,
        state="queued",
        ready_at=now,
        deadline=deadline,
        failures=0,
        finished_at=None,
        expires_at=None,
        error=None,
        error_code=None,
    )


def _back(job: Job) -> Job:
    return replace(job, state="queued", lease_until=None)


def _over(job: Job, now: float, keep: float) -> Job:
    seconds = keep if job.keep is None else job.keep
    return replace(job, finished_at=now, expires_at=now + seconds, lease_until=None)


def _clean(message: str) -> str:
    """What any database takes as text, at a length that people read."""
    return message.replace("\0", "").encode("utf-8", "replace").decode()[:2000]
