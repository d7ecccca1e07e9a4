"""Workers are killed at random, the database goes away: no job is lost, none is done twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from printroom.database.engine import Database
from printroom.jobs.model import CHECKPOINTS, EVENTS
from printroom.jobs.queue import Queue
from printroom.jobs.submit import Request

SECONDS = float(os.environ.get("PRINTROOM_CHAOS_SECONDS", "20"))
"""How long workers are killed."""
AWAY = float(os.environ.get("PRINTROOM_CHAOS_AWAY", "4"))
"""How long the database is away."""
LEASE = 1.0
LABORER = Path(__file__).parent / "laborer.py"


class Crew:
    """Workers in processes, replaced when they are killed."""

    def __init__(self, address, log, size, slots=4, lease=LEASE):
        arguments = [address, str(log), str(lease), str(slots)]
        self.command = [sys.executable, str(LABORER), *arguments]
        self.starting = []
        self.members = [self.hire() for _ in range(size)]

    def hire(self):
        member = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        self.starting.append(member)
        return member

    def started(self):
        """Wait until all can be asked to stop: before, a signal ends them as it ends anyone."""
        for member in self.starting:
            if member in self.members:
                assert member.stdout.readline() == "ready\n"
        self.starting = []

    def kill_one(self):
        place = random.randrange(len(self.members))
        self.members[place].send_signal(signal.SIGKILL)
        self.members[place].communicate()
        self.members[place] = self.hire()

    def __enter__(self):
        self.started()
        return self

    def __exit__(self, *_):
        self.started()
        for member in self.members:
            member.terminate()
        for member in self.members:
            member.communicate(timeout=60)
        assert all(member.returncode == 0 for member in self.members)


@pytest.fixture
def queue(address):
    database = Database.open(address, patience=60)
    made = Queue(database, lease=LEASE)
    yield made
    made.close()
    database.close()


@pytest.fixture
def log(tmp_path):
    return tmp_path / "steps.log"


def submit(queue, number):
    payloads = [{"value": number + i, "seconds": random.choice([0, 0.01, 0.1])} for i in range(20)]
    requests = [
        Request("work", payload, retries=100, priority=random.randint(0, 2)) for payload in payloads
    ]
    return [entry.job for entry in queue.submit_all(requests)]


def all_over(queue, jobs, seconds=120):
    until = time.monotonic() + seconds
    for job in jobs:
        queue.wait(job.id, max(0, until - time.monotonic()))


def balance(queue, jobs, log):
    """The books: each job done once, with the right result, and no step after its checkpoint."""
    assert queue.counts() == {"done": len(jobs)}
    for job in jobs:
        assert queue.get(job.id).result == 3 * job.payload["value"] + 3
    with queue.database.read() as connection:
        done = connection.execute(select(EVENTS.c.job).where(EVENTS.c.kind == "done")).scalars()
        assert Counter(done) == Counter(job.id for job in jobs)
        rows = connection.execute(
            select(CHECKPOINTS.c.job, CHECKPOINTS.c.name, CHECKPOINTS.c.attempt)
        )
        kept = {(job, name): attempt for job, name, attempt in rows}
    assert len(kept) == 3 * len(jobs)
    for line in log.read_text().splitlines():
        name, step, attempt = line.split()
        assert int(attempt) <= kept[name, step]


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 280)
def test_the_books_balance_when_workers_are_killed(queue, address, log):
    jobs, kills = [], 0
    with Crew(address, log, 3) as crew:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            if queue.counts().get("queued", 0) < 100:
                jobs += submit(queue, len(jobs))
            time.sleep(random.uniform(0, 1))
            crew.kill_one()
            kills += 1
        all_over(queue, jobs)
    balance(queue, jobs, log)
    attempts = sum(queue.get(job.id).attempt for job in jobs)
    assert attempts > len(jobs)  # the kills hit
    print(f"{len(jobs)} jobs, {kills} kills, {attempts} attempts")


@pytest.mark.slow
@pytest.mark.timeout(AWAY + 280)
def test_the_books_balance_when_the_database_goes_away(postgres, tmp_path, log):
    address = postgres.create()
    database = Database.open(address, patience=AWAY + 60)
    queue = Queue(database, lease=LEASE)
    with Crew(address, log, 2) as crew:
        jobs = submit(queue, 0) + submit(queue, 20)
        postgres.stop()
        time.sleep(AWAY)
        crew.kill_one()
        postgres.begin()
        jobs += submit(queue, 40)
        all_over(queue, jobs)
    balance(queue, jobs, log)
    queue.close()
    database.close()


@pytest.mark.slow
def test_a_killed_workers_job_resumes_at_its_step(queue, address, log):
    """Within its lease and a second, plus what a loaded machine takes to notice."""
    with Crew(address, log, 2, slots=1) as crew:
        job = queue.submit(Request("work", {"value": 0, "seconds": 1.5})).job
        for event in queue.follow(job.id, timeout=30):
            if event.kind == "started":
                break
        while "1" not in {line.split()[1] for line in log.read_text().splitlines()}:
            time.sleep(0.02)
        holder = {worker.id: worker.pid for worker in queue.workers()}[queue.get(job.id).worker]
        (victim,) = [member for member in crew.members if member.pid == holder]
        victim.send_signal(signal.SIGKILL)
        killed = time.time()
        victim.communicate()
        crew.members.remove(victim)
        done = queue.wait(job.id, 60)
    resumed = [event.at for event in queue.events(job.id) if event.kind == "started"][1]
    print(f"resumed {resumed - killed:.2f} s after the kill, with a lease of {LEASE} s")
    assert (done.state, done.attempt, done.result) == ("done", 2, 3)
    ran = [tuple(line.split()[1:]) for line in log.read_text().splitlines()]
    assert ran == [("0", "1"), ("1", "1"), ("1", "2"), ("2", "2")]
