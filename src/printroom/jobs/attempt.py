"""One attempt at a job: a handler is called, and whatever comes of it becomes an outcome.

returned JSON, or Done                 -> done
Cancelled, after it was told to stop   -> cancelled, or released when its worker ends
Elsewhere                              -> moved
an error that is the request's fault,
  or that a step made of these inputs  -> failed, for good: it would fail again
any other exception                    -> failed: another attempt may do better
"""

from __future__ import annotations

import logging

from printroom.core.errors import HandlerFailed, PrintroomError, StepFailed, Stopped
from printroom.jobs.context import Context, Done, Elsewhere, Handler
from printroom.jobs.events import dumped
from printroom.jobs.settle import How, Outcome

_log = logging.getLogger(__name__)


class Ending(Stopped):
    """The worker ends: the job goes back to the queue."""


def attempt(handler: Handler, context: Context) -> Outcome:
    """Never raises."""
    job = context.job
    try:
        made = handler(job, context)
        value, enter = (made.result, made.enter) if isinstance(made, Done) else (made, None)
        result = dumped(value, "the result")
    except Elsewhere as elsewhere:
        return Outcome(job.id, job.attempt, "moved", needs=elsewhere.needs)
    except BaseException as error:
        return _failed(context, error)
    return Outcome(job.id, job.attempt, "done", result, enter=enter)


def _failed(context: Context, error: BaseException) -> Outcome:
    job = context.job
    if isinstance(error, Stopped) and context.stopped is not None:
        how: How = "released" if isinstance(context.stopped, Ending) else "cancelled"
        return Outcome(job.id, job.attempt, how)
    if isinstance(error, PrintroomError):
        final = _final(error)
        return Outcome(job.id, job.attempt, "failed", error=error, final=final)
    _log.error("job %s, attempt %s, failed", job.id, job.attempt, exc_info=error)
    failure = HandlerFailed(f"{job.kind} failed: {type(error).__name__}: {error}")
    return Outcome(job.id, job.attempt, "failed", error=failure)


def _final(error: PrintroomError) -> bool:
    """Whether another attempt would fail as well. A step that lacked memory may find some."""
    if isinstance(error, StepFailed):
        return not error.memory
    return error.status < 500 and not isinstance(error, Stopped)
