"""Who gets which job."""

import threading

import pytest

from printroom.core.errors import BadOption
from printroom.jobs import lease
from printroom.jobs.claim import claim
from printroom.jobs.lease import Presence
from printroom.jobs.limits import Limit
from printroom.jobs.lines import PATIENCE
from printroom.jobs.needs import Needs, Offer
from printroom.jobs.settle import Outcome, settle
from printroom.jobs.submit import Request

GPU = Offer(frozenset({"eu"}), ("cuda:0",), 1000)


def ids(jobs):
    return [job.id for job in jobs]


def test_priority_then_time(hand):
    first = hand.submit()
    hand.clock.now += 1
    second, urgent, lazy = hand.submit(), hand.submit(priority=5), hand.submit(priority=-5)
    assert ids(hand.claim(most=3)) == ids([urgent, first, second])
    assert ids(hand.claim(most=3)) == [lazy.id]
    assert hand.claim() == []


def test_only_kinds_that_the_worker_does(hand):
    hand.submit("play")
    assert hand.claim() == []
    assert hand.claim(kinds=["work", "play"])


def test_nothing_before_its_time(hand):
    job = hand.submit(delay=5)
    hand.clock.now += 4.9
    hand.sweep()
    assert hand.claim() == []
    hand.clock.now += 0.2
    hand.sweep()
    assert ids(hand.claim()) == [job.id]


@pytest.mark.parametrize(
    ("needs", "fits"),
    [
        (Needs(), True),
        (Needs(frozenset({"cuda"})), True),
        (Needs(frozenset({"cuda:0", "eu"}), 1000), True),
        (Needs(frozenset({"cuda:1"})), False),
        (Needs(frozenset({"cuda", "us"})), False),
        (Needs(bytes=1001), False),
    ],
)
def test_needs_are_met(hand, needs, fits):
    hand.submit(needs=needs)
    assert GPU.satisfies(needs) == fits
    assert bool(hand.claim(offer=GPU)) == fits


def test_a_plain_worker_passes_over_what_it_cannot_do(hand):
    for _ in range(30):
        hand.submit(priority=1, needs=Needs(frozenset({"cuda"})))
    plain = hand.submit()
    assert ids(hand.claim(most=5)) == [plain.id]


def test_bytes_are_for_all_jobs_of_a_claim_together(hand):
    for size in (600, 600, 300):
        hand.clock.now += 1
        hand.submit(needs=Needs(bytes=size))
    assert [job.bytes for job in hand.claim(most=3, offer=GPU)] == [600, 300]


@pytest.mark.parametrize("label", ["", "Cuda", "a b", "a,b", "x" * 64])
def test_labels_are_words(label):
    with pytest.raises(BadOption):
        Needs(frozenset({label}))


def test_too_many_labels_are_refused():
    with pytest.raises(BadOption, match="too many"):
        Offer(frozenset("abcdefghijklmnop"))


def present(hand, worker, models, until=100.0):
    who = Presence(worker, "host", 1, 1, hand.clock.now)
    with hand.queue.database.write() as connection:
        lease.present(connection, who, Offer(models=frozenset(models)), hand.clock.now + until)


def test_who_holds_the_model_goes_first_for_a_while(hand):
    present(hand, "holder", {"m"})
    job = hand.submit(needs=Needs(model="m"))
    other = hand.submit(needs=Needs(model="nobody has it"))
    assert ids(hand.claim("w1", most=5)) == [other.id]
    hand.clock.now += PATIENCE / 2
    assert hand.claim("w1") == []
    assert ids(hand.claim("holder", offer=Offer(models=frozenset({"m"})))) == [job.id]


def test_nobody_waits_for_a_holder_for_long(hand):
    present(hand, "holder", {"m"})
    job = hand.submit(needs=Needs(model="m"))
    assert hand.claim("w1") == []
    hand.clock.now += PATIENCE
    assert ids(hand.claim("w1")) == [job.id]


def test_nobody_waits_for_a_holder_that_is_gone(hand):
    present(hand, "holder", {"m"}, until=1)
    present(hand, "changed", {"m"})
    present(hand, "changed", {"n"})
    job = hand.submit(needs=Needs(model="m"))
    hand.clock.now += 1.5
    assert ids(hand.claim("w1")) == [job.id]


def test_accounts_have_so_many_at_once(hand):
    hand.queue.set_limit("ann", Limit(running=2))
    for _ in range(4):
        hand.submit(account="ann", priority=1)
    bob = hand.submit(account="bob")
    taken = hand.claim(most=5)
    assert [job.account for job in taken] == ["ann", "ann", "bob"]
    assert bob.id in ids(taken)
    assert hand.claim(most=5) == []
    hand.settle(taken[0])
    assert [job.account for job in hand.claim(most=5)] == ["ann"]
    hand.queue.set_limit("ann", Limit())
    assert hand.queue.get_limit("ann") == Limit()
    assert len(hand.claim(most=5)) == 1


def test_places_that_a_limit_leaves_go_to_whoever_is_next(hand):
    hand.queue.set_limit("ann", Limit(running=1))
    accounts = ("zoe", "ann", "bob", "ann", "bob")
    waiting = [hand.submit(account=name, priority=-turn) for turn, name in enumerate(accounts)]
    taken = hand.claim(most=4)
    assert [job.id for job in taken] == [waiting[place].id for place in (0, 1, 2, 4)]


def test_a_backlog_over_the_limit_does_not_hide_others(hand):
    hand.queue.set_limit("ann", Limit(running=0))
    for _ in range(50):
        hand.submit(account="ann", priority=1)
    bob = hand.submit(account="bob")
    assert ids(hand.claim(most=2)) == [bob.id]


def test_accounts_start_so_many_a_second(hand):
    hand.queue.set_limit("ann", Limit(rate=2, burst=3))
    for _ in range(20):
        hand.submit(account="ann")
    assert len(hand.claim(most=9)) == 3  # after a quiet time
    starts = 0
    for _ in range(100):
        hand.clock.now += 0.05
        starts += len(hand.claim(most=9))
    assert starts == 10  # 5 s at 2 a second
    hand.clock.now += 100
    assert len(hand.claim(most=9)) == 3


@pytest.mark.parametrize(
    "bad", [{"running": -1}, {"rate": 0}, {"rate": float("nan")}, {"burst": 0}]
)
def test_limits_that_cannot_be(bad):
    with pytest.raises(BadOption):
        Limit(**bad)


def test_limits_hold_and_each_job_goes_once_when_many_claim_at_once(queue):
    """Threads that claim and settle for real, with a cap that they fight for."""
    cap, jobs = 3, 60
    queue.set_limit("ann", Limit(running=cap))
    queue.submit_all([Request("work", account="ann") for _ in range(jobs)])
    taken, over, lock = [], [], threading.Lock()

    def work(worker):
        now = queue.database.clock
        while True:
            with queue.database.write() as connection:
                mine = claim(connection, worker, Offer(), ["work"], 2, now(), 60).jobs
            counts = queue.counts()
            if counts.get("running", 0) > cap:
                over.append(counts)
            with lock:
                taken.extend(mine)
                if len(taken) >= jobs:
                    return
            for job in mine:
                with queue.database.write() as connection:
                    outcome = Outcome(job.id, job.attempt, "done")
                    assert settle(connection, worker, [outcome], now(), 60)

    threads = [threading.Thread(target=work, args=(f"w{i}",)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert over == []
    assert len(set(ids(taken))) == len(taken) == jobs
