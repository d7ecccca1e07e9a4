"""What is over is forgotten in time, files first."""

import pytest
from sqlalchemy import func, select

from printroom.core.errors import HandlerFailed, NotFound
from printroom.jobs import lease
from printroom.jobs.lease import Presence
from printroom.jobs.model import CHECKPOINTS, EVENTS, WORKERS
from printroom.jobs.needs import Offer


def over(hand, how="done", **fields):
    job = hand.submit(retries=0, **fields)
    (taken,) = hand.claim()
    hand.settle(taken, how, error=HandlerFailed("no"))
    return job


def test_jobs_are_forgotten_when_their_time_is_up(hand):
    done, dead, short = over(hand), over(hand, "failed"), over(hand, keep=1)
    waiting = hand.submit()
    gone = []
    assert hand.queue.expire(gone.append) == 0
    hand.clock.now += 2
    assert hand.queue.expire(gone.append) == 1
    hand.clock.now += hand.queue.keep
    assert hand.queue.expire(gone.append) == 2
    assert {job.id for job in gone} == {done.id, dead.id, short.id}
    assert [job.id for job in hand.queue.jobs()] == [waiting.id]
    with pytest.raises(NotFound):
        hand.queue.get(done.id)


def test_nothing_of_a_forgotten_job_is_left(hand):
    over(hand)
    hand.clock.now += 1000
    hand.queue.expire()
    with hand.queue.database.read() as connection:
        for table in (EVENTS, CHECKPOINTS):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


def test_a_job_whose_files_cannot_be_deleted_is_kept_for_the_next_time(hand):
    bad, good = over(hand), over(hand)
    hand.clock.now += 1000

    def discard(job):
        if job.id == bad.id:
            raise OSError("in use")

    assert hand.queue.expire(discard) == 1
    assert [job.id for job in hand.queue.jobs()] == [bad.id]
    assert hand.queue.expire() == 1
    assert good.id != bad.id


def test_a_key_is_free_again_when_its_job_is_forgotten(hand):
    first = over(hand, key="k", payload=1)
    assert hand.submit(key="k", payload=1, retries=0).id == first.id
    hand.clock.now += 1000
    hand.queue.expire()
    assert hand.submit(key="k", payload=2).id != first.id


def test_workers_that_are_long_gone_are_forgotten(hand):
    with hand.queue.database.write() as connection:
        lease.present(connection, Presence("w", "host", 1, 1, 0), Offer(), hand.clock.now)
    hand.clock.now += 10
    assert hand.queue.workers() == []
    hand.clock.now += 10_000
    hand.queue.expire()
    with hand.queue.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(WORKERS)).scalar() == 0
