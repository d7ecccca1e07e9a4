"""What an older attempt still wants to write is refused, even from the same worker."""

import pytest

from printroom.core.errors import HandlerFailed, LeaseLost
from printroom.jobs import checkpoints, events, lease


@pytest.fixture
def two(hand):
    """Two attempts at one job by one worker: the first lost its lease, the second has it."""
    hand.submit(retries=5)
    (first,) = hand.claim("w1")
    hand.clock.now += hand.queue.lease + 1
    hand.sweep()
    (second,) = hand.claim("w1")
    assert (first.id, first.attempt, second.attempt) == (second.id, 1, 2)
    return first, second


@pytest.mark.parametrize("how", ["done", "failed", "cancelled", "released", "moved"])
def test_a_late_end_changes_nothing(hand, two, how):
    first, second = two
    assert hand.settle(first, how, error=HandlerFailed("no")) == []
    assert hand.queue.get(first.id) == second
    assert hand.settle(second) != []
    over = hand.queue.get(first.id)
    assert hand.settle(second, how, error=HandlerFailed("no")) == []
    assert hand.queue.get(first.id) == over


def test_a_late_checkpoint_and_a_late_event_are_refused(hand, two):
    first, second = two
    for job, refused in ((first, True), (second, False)):
        for write in (
            lambda c, job=job: checkpoints.put(c, job, "step", job.attempt, 0.0),
            lambda c, job=job: events.add(c, job, "said", {}, 0.0),
        ):
            if refused:
                with pytest.raises(LeaseLost, match="attempt 1"):
                    hand.queue.database.run(write)
            else:
                hand.queue.database.run(write)
    with hand.queue.database.read() as connection:
        assert checkpoints.load(connection, first.id) == {"step": 2}
    assert [event.kind for event in hand.queue.events(first.id)][-1] == "said"


def test_a_lease_is_renewed_by_its_holder_only(hand):
    hand.submit()
    (job,) = hand.claim("w1")
    hand.clock.now += 5
    hand.renew("w2", [job])
    assert hand.queue.get(job.id).lease_until == job.lease_until
    hand.renew("w1", [job])
    assert hand.queue.get(job.id).lease_until == hand.clock.now + hand.queue.lease
    hand.clock.now += hand.queue.lease - 1
    assert hand.sweep() == []


def test_what_a_worker_never_heard_of_is_handed_back(hand):
    """The answer to the commit of its claim was lost."""
    for _ in range(2):
        hand.submit()
    known, unknown = hand.claim("w1", most=2)
    hand.submit()
    (other,) = hand.claim("w2")
    with hand.queue.database.write() as connection:
        kept = {(known.id, known.attempt), (unknown.id, unknown.attempt + 1)}
        back = lease.strays(connection, "w1", kept, hand.clock.now, 100)
    assert [job.id for job in back] == [unknown.id]
    states = [hand.queue.get(job.id).state for job in (known, unknown, other)]
    assert states == ["running", "queued", "running"]


def test_a_running_job_past_its_deadline_is_given_up_a_lease_later(hand):
    job = hand.submit(deadline=5)
    (taken,) = hand.claim()
    hand.clock.now += 6
    hand.renew("w1", [taken])
    hand.sweep()
    assert hand.queue.get(job.id).state == "running"
    hand.clock.now += hand.queue.lease
    hand.renew("w1", [taken])
    hand.sweep()
    assert hand.queue.get(job.id).error_code == "deadline_passed"
    assert hand.settle(taken) == []


def test_a_job_that_kills_its_workers_is_dead_in_the_end(hand):
    job = hand.submit(retries=2)
    for attempt in (1, 2, 3):
        (taken,) = hand.claim()
        assert taken.attempt == attempt
        hand.clock.now += hand.queue.lease + 1
        hand.sweep()
    dead = hand.queue.get(job.id)
    assert (dead.state, dead.error_code, dead.failures) == ("dead", "worker_lost", 3)
