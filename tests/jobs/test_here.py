"""Jobs that are done where they are asked for: once, like all others, whatever dies meanwhile."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from printroom.core.errors import DatabaseUnavailable, KeyReused, NeedsMemory
from printroom.database.engine import Database
from printroom.jobs.context import Done
from printroom.jobs.here import Here
from printroom.jobs.limits import Limit
from printroom.jobs.needs import Needs
from printroom.jobs.queue import Queue
from printroom.jobs.submit import Request, as_job, enter
from printroom.jobs.worker import Worker

ASKER = Path(__file__).parent / "asker.py"


def entering(connection, job):
    return enter(connection, [job], job.created_at)[0]


@pytest.fixture
def made(queue):
    """Makes a Here with a handler; ended afterwards."""
    all_made = []

    def make(handler, places=2):
        all_made.append(Here(queue, "work", handler, places))
        return all_made[-1]

    yield make
    for one in all_made:
        one.close()


def do(queue, here, entered=lambda _: None, **fields):
    request = Request("work", **{"payload": {"value": 1}, **fields})
    return here.do(as_job(request, queue.database.clock()), entering, entered)


def test_a_job_is_entered_done_and_told_at_once(queue, made):
    over, wrote, seen = [], [], []
    queue.ends.append(lambda _connection, job: over.append(job.id) or False)

    def handler(job, context):
        assert seen, "it is told before the work begins"
        assert queue.get(job.id).state == "running"
        return Done(job.payload["value"] + 1, lambda _connection: wrote.append(job.id))

    job = do(queue, made(handler), seen.append)
    assert (job.state, job.result, job.attempt) == ("done", 2, 1)
    assert queue.get(job.id) == job
    assert [event.kind for event in queue.events(job.id)] == ["queued", "started", "done"]
    assert (over, wrote) == ([job.id], [job.id])
    assert [one.job.id for one in seen] == [job.id]


def test_what_is_not_for_it_is_left_alone(queue, made):
    here = made(lambda job, context: 1)
    assert do(queue, here, needs=Needs(frozenset({"gpu"}))) is None
    queue.set_limit("ann", Limit(running=0))
    assert do(queue, here, account="ann") is None
    queue.submit(Request("work", {}, account="bob"))
    assert do(queue, here, account="bob") is None  # somebody of his waits already
    assert do(queue, here, account="cat").state == "done"
    assert len(queue.jobs()) == 2


def test_a_key_is_one_job_here_as_well(queue, made):
    here = made(lambda job, context: job.payload["value"])
    first = do(queue, here, account="ann", key="k")
    told = []
    again = do(queue, here, told.append, account="ann", key="k")
    assert again == first
    assert [one.fresh for one in told] == [False]
    with pytest.raises(KeyReused):
        do(queue, here, account="ann", key="k", payload={"value": 2})
    assert len(queue.jobs()) == 1


def test_where_there_is_no_room_a_worker_does_it(queue, made):
    def crowded(job, context):
        raise NeedsMemory("it is too much for this place", needed=1)

    job = do(queue, made(crowded))
    assert (job.state, job.failures) == ("queued", 0)
    stop = threading.Event()
    worker = Worker(queue, {"work": lambda job, context: "there"})
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    done = queue.wait(job.id, 30)
    stop.set()
    worker.wake()
    thread.join()
    assert (done.result, done.attempt) == ("there", 2)


def test_it_hears_that_the_job_was_taken_back(queue, made):
    begun = threading.Event()

    def handler(job, context):
        begun.set()
        assert context.cancelled.wait(30)
        context.check()

    found = []
    here = made(handler)
    thread = threading.Thread(target=lambda: found.append(do(queue, here)))
    thread.start()
    assert begun.wait(30)
    (running,) = queue.jobs(state="running")
    queue.cancel(running.id)
    thread.join(30)
    assert [job.state for job in found] == ["cancelled"]


def test_when_its_process_ends_the_job_goes_back(queue, made):
    begun = threading.Event()

    def handler(job, context):
        begun.set()
        assert context.cancelled.wait(30)
        context.check()

    found = []
    here = made(handler)
    thread = threading.Thread(target=lambda: found.append(do(queue, here)))
    thread.start()
    assert begun.wait(30)
    here.close()
    thread.join(30)
    assert [(job.state, job.failures) for job in found] == [("queued", 0)]


def test_a_place_is_free_again_whatever_happens(queue, made):
    def handler(job, context):
        raise RuntimeError("a mistake")

    here = made(handler, places=1)
    for _ in range(3):
        assert do(queue, here, retries=0).state == "dead"


def test_a_killed_process_loses_nothing(address, queue, tmp_path):
    """The worker that goes on finds the first step done."""
    log = tmp_path / "log"
    command = [sys.executable, str(ASKER), address, str(log), "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asker:
        assert asker.stdout.readline() == "begun\n"
        asker.send_signal(signal.SIGKILL)
    (job,) = queue.jobs()
    assert job.state == "running"
    brief = Queue(queue.database, lease=1)
    over, stop = [], threading.Event()
    brief.ends.append(lambda _connection, one: over.append(one.id) or False)

    def handler(job, context):
        assert context.done("0")
        return context.kept("0") + 1

    worker = Worker(brief, {"work": handler})
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    done = brief.wait(job.id, 30)
    stop.set()
    worker.wake()
    thread.join()
    brief.close()
    assert (done.state, done.result, done.attempt) == ("done", 6, 2)
    assert over == [job.id]
    assert [event.kind for event in queue.events(job.id)] == [
        "queued", "started", "lost", "started", "done",
    ]  # fmt: skip


def test_a_job_that_is_not_entered_yet_is_not_taken_for_lost(queue, made):
    """Its process looks after what it holds while the transaction that enters it is still open."""

    def slowly(connection, job):
        time.sleep(1)  # longer than a look takes
        return entering(connection, job)

    def handler(job, context):
        context.check()
        time.sleep(0.5)
        context.check()

    here = made(handler)
    job = as_job(Request("work", {}), queue.database.clock())
    assert here.do(job, slowly, lambda _: None).state == "done"


def test_an_end_that_cannot_be_written_is_written_when_the_database_is_back(postgres):
    database = Database.open(postgres.create(), patience=0.1)
    queue, calls = Queue(database, lease=60), []

    def handler(job, context):
        calls.append(job.id)
        postgres.stop()
        return 7

    here = Here(queue, "work", handler, 1)
    job = as_job(Request("work", {}), queue.database.clock())
    with pytest.raises(DatabaseUnavailable):
        here.do(job, entering, lambda _: None)
    postgres.begin()
    database.patience = 30
    done = queue.wait(job.id, 30)
    assert (done.state, done.result, done.attempt, calls) == ("done", 7, 1, [job.id])
    here.close()
    queue.close()
    database.close()
