"""The arrows, and nothing but the arrows."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from printroom.core.errors import BadOption, DeadlinePassed, HandlerFailed
from printroom.jobs import states
from printroom.jobs.submit import Request, as_job

NOW, KEEP = 1000.0, 60.0
JOBS = st.builds(
    lambda retries, failures, backoff, cancel, attempt: replace(
        as_job(Request("work", retries=retries, backoff=backoff), NOW),
        failures=min(failures, retries),
        cancel=cancel,
        attempt=attempt,
    ),
    st.integers(0, 100),
    st.integers(0, 100),
    st.floats(0, 1e6),
    st.booleans(),
    st.integers(0, 1000),
)


def running(job):
    return states.start(job, "w", NOW, NOW + 10)


WAYS = [
    lambda job: states.finish(job, "1", NOW, KEEP),
    lambda job: states.fail(job, HandlerFailed("no"), False, NOW, KEEP),
    lambda job: states.fail(job, BadOption("no"), True, NOW, KEEP),
    lambda job: states.lose(job, NOW, KEEP),
    lambda job: states.release(job, NOW, KEEP),
    lambda job: states.move(job, "cuda", 5, "m", NOW, KEEP),
    lambda job: states.cancelled(job, NOW, KEEP),
    lambda job: states.overdue(job, DeadlinePassed("late"), NOW, KEEP),
]


@given(JOBS, st.sampled_from(WAYS))
def test_a_running_job_goes_where_it_may(job, way):
    began = running(job)
    ended = way(began)
    assert states.may(began, ended.state)
    assert (began.attempt, ended.attempt) == (job.attempt + 1, job.attempt + 1)
    assert (ended.finished_at is not None) == (ended.state in states.OVER)
    assert (ended.expires_at is not None) == (ended.state in states.OVER)
    assert ended.lease_until is None
    assert not (ended.state in ("queued", "delayed") and ended.cancel)


@given(JOBS)
def test_a_job_fails_as_often_as_it_may_and_is_dead_then(job):
    job = replace(job, cancel=False, failures=0)
    pauses = []
    while job.state != "dead":
        job = states.fail(running(job), HandlerFailed("no"), False, NOW, KEEP)
        pauses.append(job.ready_at - NOW)
        job = states.due(job) if job.state == "delayed" else job
    assert job.failures == job.retries + 1
    assert job.attempt >= job.failures
    waits = pauses[:-1]
    assert waits == sorted(waits)
    assert all(0 <= pause <= states.LONGEST for pause in waits)


@given(JOBS)
def test_what_is_handed_back_is_no_failure(job):
    began = running(replace(job, cancel=False))
    assert states.release(began, NOW, KEEP).failures == job.failures
    assert states.lose(began, NOW, KEEP).failures == job.failures + 1


def test_no_arrow_leaves_what_is_over():
    assert states.ARROWS["done"] == states.ARROWS["cancelled"] == ()
    assert states.ARROWS["dead"] == ("queued",)


@given(st.text())
def test_any_message_can_be_kept(message):
    job = running(as_job(Request("work"), NOW))
    said = states.fail(job, HandlerFailed(message), True, NOW, KEEP).error
    assert "\0" not in said
    assert len(said.encode()) <= 8000
