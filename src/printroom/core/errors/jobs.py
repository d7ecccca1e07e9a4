"""A job cannot do what was asked, or did not end well."""

from __future__ import annotations

from printroom.core.errors.base import PrintroomError


class JobError(PrintroomError):
    """A job cannot do what was asked of it, or did not end well."""

    code = "job_error"


class KeyReused(JobError):
    """An idempotency key that came before, with something else in the request."""

    code, status = "idempotency_key_reused", 422


class WrongState(JobError):
    """The job is not in the state that this needs."""

    code, status = "wrong_state", 409


class DeadlinePassed(JobError):
    """The job was not done by its deadline."""

    code, status = "deadline_passed", 504


class WorkerLost(JobError):
    """The workers that had the job died, more often than it may be tried again."""

    code = "worker_lost"


class HandlerFailed(JobError):
    """The code that does the job failed, more often than it may be tried again."""

    code = "handler_failed"


class TrainingFailed(JobError):
    """A recipe failed in its own code."""

    code = "training_failed"
