"""Servers and workers are killed at random under load: no run is lost, none is done twice."""

import os
import random
import signal
import threading
import time
from collections import Counter

import httpx
import psutil
import pytest
from sqlalchemy import select

from printroom.accounts.model import USAGE_RUNS
from printroom.assets.model import ASSETS, BLOBS, DRAFTS
from printroom.database.engine import Database
from printroom.jobs.model import EVENTS, JOBS

SECONDS = float(os.environ.get("PRINTROOM_CHAOS_SECONDS", "15"))
"""How long they are killed."""


class Customer(threading.Thread):
    """Asks for runs, each with a key, until it was told that the run is there."""

    def __init__(self, installation, number, data, until):
        super().__init__()
        self.installation, self.number, self.data, self.until = installation, number, data, until
        self.runs: dict[str, str] = {}
        """Key -> the run that it was told of."""
        self.lies: list[str] = []
        """Keys that stood for two runs."""

    def run(self):
        count = 0
        while time.monotonic() < self.until:
            count += 1
            self.ask(f"customer-{self.number}-{count}")
            time.sleep(random.uniform(0, 0.2))

    def ask(self, key):
        body = {"target": "double", "input": {"image": self.data}}
        for again in range(2):  # the second time as if the answer had been lost
            run = self.told(key, body)
            if self.runs.setdefault(key, run) != run:
                self.lies.append(key)
            if again == 0 and random.random() < 0.7:
                return

    def told(self, key, body):
        headers = {"idempotency-key": key}
        if random.random() < 0.3:
            headers["prefer"] = "wait=1"
        while True:
            try:
                url = self.installation.url
                answer = httpx.post(f"{url}/v1/runs", json=body, headers=headers, timeout=20)
                if answer.status_code == 201:
                    return answer.json()["id"]
            except httpx.HTTPError:
                pass
            time.sleep(0.1)


def tree(process):
    return [process, *psutil.Process(process.pid).children(recursive=True)]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'runs.db'}"
    return request.getfixturevalue("postgres").create()


def kill_somebody(made, workers):
    """A server with all that belongs to it, its worker alone, or a worker of its own."""
    victim = random.choice(["server", "beside", "worker"])
    if victim == "server":
        made.server.send_signal(signal.SIGKILL)  # its worker sees that, and goes
        made.server.wait()
        made.url = str(made.serve().base_url).rstrip("/")
    elif victim == "beside":
        for child in psutil.Process(made.server.pid).children():
            child.kill()
    else:
        at = random.randrange(len(workers))
        workers[at].send_signal(signal.SIGKILL)
        workers[at].wait()
        workers[at] = made.run("work")
    return victim


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 280)
def test_the_books_balance_whoever_is_killed(tmp_path, models, tools, url):
    data = tmp_path / "data"
    tools.publish(data, models, url=url)
    settings = {"database_url": url, "jobs_slots": "2"}
    with tools.Installation(data, models, **settings) as made:
        made.url = str(made.serve().base_url).rstrip("/")
        workers = [made.run("work")]
        picture = tools.upload(made.clients[-1], tools.png()[0])
        until = time.monotonic() + SECONDS
        customers = [Customer(made, number, picture, until) for number in range(3)]
        for customer in customers:
            customer.start()
        kills = Counter()
        while time.monotonic() < until:
            time.sleep(random.uniform(0.3, 2))
            kills[kill_somebody(made, workers)] += 1
        for customer in customers:
            customer.join()
        asked = {run for customer in customers for run in customer.runs.values()}
        assert not [key for customer in customers for key in customer.lies]
        client = made.clients[-1]
        for run in asked:
            place, wait = f"/v1/runs/{run}", {"prefer": "wait=60"}
            seen = client.get(place, headers=wait).json()
            assert seen["status"] == "succeeded", seen
            content = client.get(f"/v1/files/{seen['output']['image']['file']}/content")
            assert content.status_code == 200
        assert made.stop(made.server) == 0
        for worker in workers:
            assert made.stop(worker) == 0
    attempts = balance(url, asked)
    print(f"{len(asked)} runs, kills {dict(kills)}, {attempts} attempts")


def balance(url, asked):
    """Each run done once, counted once; each file has its bytes. Returns attempts."""
    database = Database.open(url)
    with database.read() as connection:
        rows = connection.execute(select(JOBS.c.id, JOBS.c.state, JOBS.c.attempt)).all()
        done = connection.execute(select(EVENTS.c.job).where(EVENTS.c.kind == "done")).scalars()
        ended = Counter(done)
        charged = Counter(connection.execute(select(USAGE_RUNS.c.run)).scalars())
        results = connection.execute(
            select(ASSETS.c.run, ASSETS.c.place).where(ASSETS.c.kind == "result")
        ).all()
        places = set(connection.execute(select(BLOBS.c.place)).scalars())
        drafts = set(connection.execute(select(DRAFTS.c.place)).scalars())
    database.close()
    assert {row.id for row in rows} == asked
    assert {row.state for row in rows} == {"done"}
    assert ended == Counter(asked)
    assert charged == Counter(asked)
    assert Counter(run for run, _ in results) == Counter(asked)
    assert {place for _, place in results} <= places
    assert not places & drafts
    return sum(row.attempt for row in rows)
