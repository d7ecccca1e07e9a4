"""A queue on each kind of database, with a clock that the tests move."""

import pytest

from printroom.database.engine import Database
from printroom.jobs import lease
from printroom.jobs.claim import claim
from printroom.jobs.needs import Offer
from printroom.jobs.queue import Queue
from printroom.jobs.settle import Outcome, settle
from printroom.jobs.submit import Request


@pytest.fixture
def database(address):
    opened = Database.open(address)
    yield opened
    opened.close()


@pytest.fixture
def queue(database):
    """A queue with leases of 10 s, in real time."""
    made = Queue(database, lease=10, keep=100)
    yield made
    made.close()


class Ticker:
    """Time that passes when told to."""

    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


class Hand:
    """What workers do, one transaction each, by hand, at a time that is told."""

    def __init__(self, queue):
        self.queue = queue
        self.clock = queue.database.clock = Ticker()

    def submit(self, kind="work", **fields):
        return self.queue.submit(Request(kind, **fields)).job

    def claim(self, worker="w1", most=1, offer=None, kinds=("work",)):
        with self.queue.database.write() as connection:
            taken = claim(
                connection, worker, offer or Offer(), kinds, most, self.clock.now, self.queue.lease
            )
        return taken.jobs

    def settle(self, job, how="done", worker=None, **fields):
        outcome = Outcome(job.id, job.attempt, how, **fields)
        with self.queue.database.write() as connection:
            who = worker or job.worker
            return settle(connection, who, [outcome], self.clock.now, self.queue.keep)

    def renew(self, worker, jobs):
        with self.queue.database.write() as connection:
            ids = {job.id for job in jobs}
            lease.renew(connection, worker, ids, self.clock.now + self.queue.lease)

    def sweep(self):
        with self.queue.database.write() as connection:
            return lease.sweep(connection, self.clock.now, self.queue.lease, self.queue.keep)


@pytest.fixture
def hand(queue):
    return Hand(queue)
