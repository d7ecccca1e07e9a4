"""Workers, for real: threads and processes that take jobs, are told to stop, and leave."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import event, text

from printroom.core.errors import (
    BadOption,
    BadPipeline,
    Cancelled,
    DiskFull,
    LeaseLost,
    StepFailed,
    StepLost,
)
from printroom.jobs.limits import Limit
from printroom.jobs.needs import Needs, Offer
from printroom.jobs.submit import Request
from printroom.jobs.worker import Worker

LABORER = Path(__file__).parent / "laborer.py"


@pytest.fixture
def workers(queue):
    """Starts workers in threads; ended, and seen to end, after the test."""
    started = []

    def start(handler, **options):
        worker = Worker(queue, {"work": handler}, **{"grace": 5} | options)
        stop = threading.Event()
        thread = threading.Thread(target=worker.run, args=(stop,))
        thread.start()
        started.append((worker, stop, thread))
        return worker, stop, thread

    yield start
    for worker, stop, thread in started:
        stop.set()
        worker.wake()
        thread.join(30)
        assert not thread.is_alive()


def submit(queue, payload=None, **fields):
    return queue.submit(Request("work", payload, **{"backoff": 0} | fields)).job


def kinds(queue, job):
    return [event.kind for event in queue.events(job.id)]


def test_a_job_is_done(queue, workers):
    workers(lambda job, context: job.payload * 2)
    job = queue.wait(submit(queue, 21).id, 30)
    assert (job.state, job.result, job.attempt, job.failures) == ("done", 42, 1, 0)
    assert kinds(queue, job) == ["queued", "started", "done"]


def test_as_many_at_once_as_there_are_slots(queue, workers):
    together = threading.Barrier(4, timeout=30)
    workers(lambda job, context: together.wait() and None, slots=4)
    jobs = [submit(queue) for _ in range(8)]
    assert {queue.wait(job.id, 30).state for job in jobs} == {"done"}


def test_a_failure_is_tried_again_behind_what_was_kept(queue, workers):
    ran = []

    def handler(job, context):
        one = context.step("one", lambda: ran.append("one") or {"value": 1})
        ran.append("two")
        if job.attempt < 3:
            raise StepLost("not yet")
        return one

    workers(handler)
    job = queue.wait(submit(queue).id, 30)
    assert (job.state, job.result, job.attempt, job.failures) == ("done", {"value": 1}, 3, 2)
    assert ran == ["one", "two", "two", "two"]
    assert kinds(queue, job).count("failed") == 2


@pytest.mark.parametrize(
    ("error", "attempts", "code"),
    [
        (StepFailed("broken"), 1, "step_failed"),
        (StepFailed("broken", memory=True), 3, "step_failed"),
        (StepLost("broken"), 3, "step_lost"),
        (ValueError("broken\0"), 3, "handler_failed"),
        (KeyboardInterrupt("broken"), 3, "handler_failed"),
        (Cancelled("broken"), 3, "cancelled"),
        (BadPipeline("broken"), 1, "bad_pipeline"),
    ],
)
def test_what_fails_for_good_is_a_dead_letter(queue, workers, error, attempts, code):
    def handler(job, context):
        raise error

    workers(handler)
    job = queue.wait(submit(queue, retries=2).id, 30)
    assert (job.state, job.attempt, job.error_code) == ("dead", attempts, code)
    assert "broken" in job.error
    assert [dead.id for dead in queue.jobs(state="dead")] == [job.id]


def test_a_result_that_is_no_json_fails_for_good(queue, workers):
    workers(lambda job, context: object())
    job = queue.wait(submit(queue).id, 30)
    assert (job.state, job.error_code, job.attempt) == ("dead", "bad_option", 1)


def test_events_and_checkpoints_of_a_handler(queue, workers):
    def handler(job, context):
        assert context.event("progress", {"done": 1, "of": 2}) == 3
        context.checkpoint("half", [1, 2])
        with pytest.raises(BadOption):
            context.event("bad", {"x": object()})
        with pytest.raises(BadOption):
            context.checkpoint("", 1)
        assert context.done("half")
        assert not context.done("other")
        return context.kept("half")

    workers(handler)
    job = queue.wait(submit(queue).id, 30)
    assert (job.state, job.result) == ("done", [1, 2])
    assert kinds(queue, job) == ["queued", "started", "progress", "done"]
    assert queue.events(job.id)[2].data == {"done": 1, "of": 2}


def until_told(entered):
    """A handler that works until it is told to stop."""

    def handler(job, context):
        entered.set()
        context.cancelled.wait(30)
        context.check()

    return handler


def test_a_running_job_is_taken_back(queue, workers):
    entered = threading.Event()
    workers(until_told(entered))
    job = submit(queue)
    entered.wait(30)
    assert queue.cancel(job.id).state == "running"
    job = queue.wait(job.id, 30)
    assert (job.state, job.failures) == ("cancelled", 0)
    assert kinds(queue, job) == ["queued", "started", "cancelling", "cancelled"]


def test_a_deadline_ends_a_job(queue, workers):
    entered = threading.Event()
    workers(until_told(entered))
    running, waiting = submit(queue, deadline=0.5), submit(queue, deadline=0.1, delay=60)
    for job in (running, waiting):
        over = queue.wait(job.id, 30)
        assert (over.state, over.error_code) == ("dead", "deadline_passed")


def test_a_delayed_job_starts_in_time(queue, workers):
    workers(lambda job, context: None)
    job = queue.wait(submit(queue, delay=0.3).id, 30)
    assert job.state == "done"
    assert job.started_at >= job.ready_at


def test_a_limited_account_goes_on_when_there_is_room(queue, workers):
    """Two workers; what one of them ends makes room that the other is told of."""
    queue.set_limit("ann", Limit(running=1))
    for _ in range(2):
        workers(lambda job, context: None)
    jobs = [submit(queue, account="ann") for _ in range(20)]
    assert {queue.wait(job.id, 60).state for job in jobs} == {"done"}


def test_what_comes_next_may_need_another_worker(queue, workers):
    def handler(job, context):
        first = context.step("first", lambda: context.job.worker)
        context.need(Needs(frozenset({"cuda"}), 10))
        return [first, context.job.worker]

    plain, _, _ = workers(handler)
    job = submit(queue)
    queue.wait(job.id, 1)
    waiting = queue.get(job.id)
    assert (waiting.state, waiting.labels, waiting.failures) == ("queued", "cuda", 0)
    gpu, _, _ = workers(handler, offer=lambda: Offer(devices=("cuda:0",), bytes=20))
    job = queue.wait(job.id, 30)
    assert (job.state, job.result) == ("done", [plain.id, gpu.id])


def test_workers_say_that_they_are_there(queue, workers):
    offer = Offer(frozenset({"eu"}), ("cuda:0",), 20, frozenset({"m"}))
    worker, stop, thread = workers(lambda job, context: None, slots=3, offer=lambda: offer)
    queue.wait(submit(queue).id, 30)
    (seen,) = queue.workers()
    assert (seen.id, seen.slots, seen.offer["models"]) == (worker.id, 3, ["m"])
    assert seen.offer["labels"] == ["cuda", "cuda:0", "eu"]
    stop.set()
    worker.wake()
    thread.join()
    assert queue.workers() == []


def test_a_worker_that_ends_waits_for_what_it_has(queue, workers):
    entered, go = threading.Event(), threading.Event()

    def handler(job, context):
        entered.set()
        go.wait(30)
        return "whole"

    worker, stop, thread = workers(handler)
    job, other = submit(queue), submit(queue)
    entered.wait(30)
    stop.set()
    worker.wake()
    go.set()
    thread.join(30)
    assert (queue.get(job.id).result, queue.get(other.id).state) == ("whole", "queued")


def test_a_worker_that_ends_hands_back_what_takes_too_long(queue, workers):
    entered = threading.Event()
    worker, stop, thread = workers(until_told(entered), grace=0.2)
    job = submit(queue)
    entered.wait(30)
    stop.set()
    worker.wake()
    thread.join(30)
    job = queue.get(job.id)
    assert (job.state, job.failures) == ("queued", 0)
    assert kinds(queue, job)[-1] == "released"


def test_a_worker_that_was_given_up_is_told_and_fenced_off(queue, workers):
    """Its job is given to another one behind its back, as after a long sleep of its machine."""
    entered, seen = threading.Event(), []

    def handler(job, context):
        if job.attempt > 1:
            return "second"
        entered.set()
        context.cancelled.wait(30)
        for tried in (
            context.check,
            lambda: context.checkpoint("late"),
            lambda: context.event("x"),
        ):
            with pytest.raises(LeaseLost):
                tried()
            seen.append(tried)
        return "first"

    workers(handler, slots=2)
    job = submit(queue)
    entered.wait(30)
    with queue.database.write() as connection:
        connection.execute(text("UPDATE jobs SET lease_until = 1"))
    job = queue.wait(job.id, 30)
    assert (job.result, job.attempt, job.failures, job.error_code) == ("second", 2, 1, None)
    while len(seen) < 3:
        time.sleep(0.01)
    assert queue.get(job.id) == job
    assert kinds(queue, job) == ["queued", "started", "lost", "started", "done"]


def test_sigterm_drains(queue, address, tmp_path):
    command = [sys.executable, str(LABORER), address, str(tmp_path / "log"), "10", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        job, other = [submit(queue, {"value": 1, "seconds": 0.3}) for _ in range(2)]
        while queue.get(job.id).state == "queued":
            time.sleep(0.01)
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=30)
    assert child.returncode == 0
    assert (queue.get(job.id).state, queue.get(other.id).state) == ("done", "queued")


def test_a_full_disk_holds_a_worker_up_and_loses_nothing(queue, workers, monkeypatch):
    """The pages of the file are limited for real; the handler's work is done meanwhile."""
    if not queue.database.sqlite:
        pytest.skip("only SQLite can be told that its disk is full")
    entered, go = threading.Event(), threading.Event()

    def handler(job, context):
        entered.set()
        go.wait(30)
        return "x" * 100_000

    jobs = [submit(queue) for _ in range(3)]
    workers(handler, slots=3)
    entered.wait(30)
    limit_pages(queue, full=True)
    go.set()
    with pytest.raises(DiskFull):
        queue.database.run(fill, patience=0)
    time.sleep(0.5)
    limit_pages(queue, full=False)
    assert {queue.wait(job.id, 30).state for job in jobs} == {"done"}
    assert {queue.get(job.id).attempt for job in jobs} == {1}


def fill(connection):
    for _ in range(100):
        connection.execute(
            text(
                "INSERT INTO job_limits (account, burst, arrival)"
                " VALUES (hex(randomblob(50000)), 1, 0)"
            )
        )


def limit_pages(queue, full):
    """Let the file not grow, through any connection; or let it again."""

    def limit(connection, _record=None, _proxy=None):
        pages = connection.execute("PRAGMA page_count").fetchone()[0] if full else 2**30
        connection.execute(f"PRAGMA max_page_count = {pages}")

    queue.database.engine.dispose()
    event.listen(queue.database.engine, "checkout", limit)
