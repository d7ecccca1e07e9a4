"""A queue is used at random, and its laws hold at every moment."""

from contextlib import suppress
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete

from printroom.core.errors import HandlerFailed, KeyReused, WrongState
from printroom.jobs import submit
from printroom.jobs.limits import Limit
from printroom.jobs.model import JOBS, LIMITS, Job
from printroom.jobs.states import ARROWS, OVER

CAPS = {"one": 1, "two": 2}
ACCOUNTS = st.sampled_from(["", "free", *CAPS])
WORKERS = st.sampled_from(["w1", "w2", "w3"])


def reachable(state):
    """All states that may follow, after however many arrows."""
    found = {state}
    while more := {after for before in found for after in ARROWS[before]} - found:
        found |= more
    return found


class Machine(RuleBasedStateMachine):
    """The queue is real; what is remembered is only what was seen of it."""

    hand = None

    def __init__(self):
        super().__init__()
        self.queue = self.hand.queue
        with self.queue.database.write() as connection:
            connection.execute(delete(JOBS))
            connection.execute(delete(LIMITS))
        for account, cap in CAPS.items():
            self.queue.set_limit(account, Limit(running=cap))
        self.seen = {}
        self.keys = {}
        self.held = []
        self.submitted = 0

    @rule(
        account=ACCOUNTS,
        priority=st.integers(-1, 1),
        delay=st.sampled_from([0, 0, 3]),
        deadline=st.sampled_from([None, None, 8]),
        retries=st.integers(0, 2),
    )
    def submit(self, **fields):
        self.hand.submit(backoff=1, **fields)
        self.submitted += 1

    @rule(account=ACCOUNTS, key=st.sampled_from("ab"), payload=st.integers(0, 1))
    def submit_with_a_key(self, account, key, payload):
        known = self.keys.get((account, key))
        try:
            job = self.hand.submit(account=account, key=key, payload=payload)
        except KeyReused:
            assert known is not None
            assert known.payload != payload
            return
        assert known is None or (known.id, known.payload) == (job.id, payload)
        self.keys.setdefault((account, key), job)
        self.submitted += known is None

    @rule(worker=WORKERS, most=st.integers(1, 4))
    def claim(self, worker, most):
        jobs = self.hand.claim(worker, most)
        assert len(jobs) <= most
        assert jobs == sorted(jobs, key=lambda job: (-job.priority, job.ready_at, job.id))
        assert all(self.queue.get(job.id) == job for job in jobs)
        self.held += jobs
        if len(jobs) < most:
            left = [job for job in self.queue.jobs(state="queued") if not job.deadline]
            assert all(self.full(job.account) for job in left)

    def full(self, account):
        running = [job for job in self.queue.jobs(state="running") if job.account == account]
        return len(running) >= CAPS.get(account, 10**9)

    @rule(data=st.data(), how=st.sampled_from(["done", "failed", "cancelled", "released", "moved"]))
    def settle(self, data, how):
        """An attempt ends, at its time or long after."""
        if not self.held:
            return
        job = data.draw(st.sampled_from(self.held))
        before = self.queue.get(job.id)
        fields = {"error": HandlerFailed("no")} if how == "failed" else {}
        counted = self.hand.settle(job, how, **fields)
        after = self.queue.get(job.id)
        mine = before.state == "running" and before.attempt == job.attempt
        assert bool(counted) == mine
        assert mine or after == before

    @rule(data=st.data())
    def settle_as_somebody_else(self, data):
        if self.held:
            job = data.draw(st.sampled_from(self.held))
            before = self.queue.get(job.id)
            assert self.hand.settle(job, worker="stranger") == []
            assert self.queue.get(job.id) == before

    @rule(worker=WORKERS)
    def renew(self, worker):
        self.hand.renew(worker, [job for job in self.held if job.worker == worker])

    @rule(seconds=st.sampled_from([0.1, 1, 5, 11]))
    def pass_time(self, seconds):
        self.hand.clock.now += seconds

    @rule()
    def sweep(self):
        self.hand.sweep()
        now = self.hand.clock.now
        for job in self.queue.jobs(state="running"):
            assert job.lease_until >= now
        for job in self.queue.jobs(state="delayed"):
            assert job.ready_at > now

    @rule(data=st.data())
    def cancel(self, data):
        if self.seen:
            name = data.draw(st.sampled_from(sorted(self.seen)))
            before = self.queue.get(name)
            after = self.queue.cancel(name)
            assert after.cancel or before.state in OVER
            waiting = before.state in ("queued", "delayed")
            assert after.state == ("cancelled" if waiting else before.state)

    @rule(data=st.data())
    def retry(self, data):
        if self.seen:
            name = data.draw(st.sampled_from(sorted(self.seen)))
            dead = self.queue.get(name).state == "dead"
            with suppress(WrongState):
                assert self.queue.retry(name).state == "queued"
                assert dead

    @invariant()
    def laws_hold(self):
        jobs = {job.id: job for job in self.queue.jobs(most=10_000)}
        assert len(jobs) == self.submitted  # none lost, none twice
        for name, job in jobs.items():
            self.lawful(job, self.seen.get(name, job))
        for account, cap in CAPS.items():
            running = [j for j in jobs.values() if (j.account, j.state) == (account, "running")]
            assert len(running) <= cap
        self.seen = jobs

    def lawful(self, job: Job, before: Job):
        assert job.state in reachable(before.state)
        assert job.attempt >= before.attempt
        assert job.events >= before.events
        assert job == before or before.state not in ("done", "cancelled")
        assert (job.lease_until is not None) == (job.state == "running")
        assert (job.finished_at is not None) == (job.state in OVER)

    def teardown(self):
        for name, job in self.seen.items():
            numbers = [event.number for event in self.queue.events(name)]
            assert numbers == list(range(1, job.events + 1))


@pytest.mark.slow
def test_the_laws_hold(hand, monkeypatch):
    """Ids decide between jobs that are equal otherwise; by chance, no failure could be repeated."""
    machine, numbers = type("Machine", (Machine,), {"hand": hand}), count()
    monkeypatch.setattr(submit, "new_id", lambda _now: f"{next(numbers):032}")
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
