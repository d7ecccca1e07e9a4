"""The queue: empty jobs drained, time until a job starts, and until a killed worker's job goes on.

Beside huey on SQLite and procrastinate on PostgreSQL, in turns, each with as many places. All
commits of the PostgreSQL server wait for its disk. Workers are processes of their own.
"""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench import cache
from bench.processes import ROOT, BenchError
from bench.rows import Row, at_least, at_most, paired, percentile
from printroom.core.errors import NotFound
from printroom.database.engine import Database
from printroom.database.own_server import OwnServer
from printroom.jobs.context import Context
from printroom.jobs.model import Job
from printroom.jobs.queue import Queue
from printroom.jobs.submit import Request
from printroom.jobs.worker import Worker, on_signals

PLACES = 32
"""Jobs at once, in one process."""
LEASE = 3.0
FLOORS = {"sqlite": 1500.0, "postgresql": 1000.0}
"""Jobs drained a second."""
PEERS = {
    "huey": ("huey==3.5.4",),
    "procrastinate": ("procrastinate==3.10.0", "psycopg[binary]==3.3.9"),
}


def bench(quick: bool) -> list[Row]:
    jobs, rounds = (2000, 1) if quick else (5000, 3)
    rows: list[Row] = []
    with _folder() as folder:
        file = folder / "queue.db"
        rows += _rows("sqlite", f"sqlite:///{file}", "huey", folder, jobs, rounds)
    try:
        server = OwnServer.start(lasting=True)
    except NotFound as error:
        raise BenchError(str(error)) from error
    with server, _folder() as folder:
        rows += _rows("postgresql", server, "procrastinate", folder, jobs, rounds)
    return rows


def _rows(
    kind: str, where: str | OwnServer, peer: str, folder: Path, jobs: int, rounds: int
) -> list[Row]:
    address = where if isinstance(where, str) else where.create()
    ours, theirs = [], []
    few = jobs if peer == "huey" else jobs // 5
    for _ in range(rounds):
        ours.append(jobs / _drained(address, jobs))
        place = str(folder / f"{secrets.token_hex(4)}.db")
        if isinstance(where, OwnServer):
            place = where.create().replace("+psycopg", "")
        theirs.append(few / _peer(peer, place, few))
    what = f"{jobs} empty jobs, {PLACES} places in one process, median of {rounds}"
    beside = f"{median(ours):.0f} jobs/s over {median(theirs):.0f} of {peer}, {rounds} rounds"
    waits = _starts(address, 200)
    resumed = _resumed(address)
    low = f"200 jobs one by one, 20 ms apart: p50 {percentile(waits, 0.5):.1f} ms"
    late = f"a worker killed in the second of three steps, with a lease of {LEASE:g} s"
    return [
        Row(f"{kind}: jobs drained", median(ours), at_least(FLOORS[kind]), "/s", what),
        Row(f"{kind}: jobs drained / {peer}", paired(ours, theirs), None, "x", beside),
        Row(f"{kind}: start p95", percentile(waits, 0.95), at_most(20.0), "ms", low),
        Row(f"{kind}: resumed after kill -9", resumed, at_most(LEASE + 1), "s", late),
    ]


def _drained(address: str, jobs: int) -> float:
    """Seconds that a worker takes for `jobs` empty jobs."""
    with _queue(address) as queue:
        before = queue.counts().get("done", 0)
        last = queue.submit_all([Request("noop") for _ in range(jobs)])[-1].job
        with _laborer(address, PLACES) as child:
            began = time.perf_counter()
            child.stdin.write("go\n")
            child.stdin.flush()
            while queue.get(last.id).state != "done":  # a cheap look; the last one ends near last
                time.sleep(0.02)
            while queue.counts().get("done", 0) - before < jobs:
                time.sleep(0.02)
            return time.perf_counter() - began


def _starts(address: str, count: int) -> list[float]:
    """Milliseconds from before the submission to the handler, in another process."""
    with _queue(address) as queue, _laborer(address, 1) as child:
        child.stdin.write("go\n")
        child.stdin.flush()
        waits = []
        for index in range(count + 5):
            began = time.time()
            job = queue.submit(Request("now")).job
            started = queue.wait(job.id, 30).result
            if index >= 5:  # the first ones warm up
                waits.append((started - began) * 1000)
            time.sleep(0.02)
        return waits


def _resumed(address: str) -> float:
    """Seconds from the death of a worker to the next attempt at its job."""
    with _queue(address) as queue:
        job = queue.submit(Request("steps")).job
        with _laborer(address, 1, kill=True) as victim:
            victim.stdin.write("go\n")
            victim.stdin.flush()
            for event in queue.follow(job.id, timeout=60):
                if event.kind == "second":
                    break
            with _laborer(address, 1) as heir:
                heir.stdin.write("go\n")
                heir.stdin.flush()
                victim.send_signal(signal.SIGKILL)
                killed = time.time()
                done = queue.wait(job.id, 60)
        starts = [event.at for event in queue.events(job.id) if event.kind == "started"]
        if done.result != 1 or len(starts) != 2:
            raise BenchError(f"the job did not resume at its second step: {done}")
        return starts[1] - killed


@contextmanager
def _queue(address: str) -> Iterator[Queue]:
    database = Database.open(address)
    queue = Queue(database, lease=LEASE)
    yield queue
    queue.close()
    database.close()


@contextmanager
def _laborer(address: str, places: int, kill: bool = False) -> Iterator[Any]:
    """A worker's process; it begins when it is sent a line."""
    command = [sys.executable, "-m", "bench.job_queue", address, str(places)]
    pipe = subprocess.PIPE
    child = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT)
    try:
        if child.stdout is None or child.stdout.readline() != "ready\n":
            raise BenchError("a worker did not start")
        yield child
    finally:
        child.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        child.communicate()


def _peer(name: str, place: str, jobs: int) -> float:
    """Seconds that a peer takes for as many jobs."""
    folder = cache.HERE / "peers" / f".venv-{name}"
    stamp = folder / "requirements.json"
    if not stamp.exists() or json.loads(stamp.read_text()) != list(PEERS[name]):
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        _run([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *PEERS[name]])
        stamp.write_text(json.dumps(PEERS[name]))
    script = str(cache.HERE / "peers" / f"{name}_queue.py")
    command = [str(folder / "bin" / "python"), script, place, str(jobs), str(PLACES)]
    return float(json.loads(_run(command).splitlines()[-1]))


def _run(command: list[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return done.stdout


@contextmanager
def _folder() -> Iterator[Path]:
    folder = cache.folder() / f"queue-{secrets.token_hex(4)}"
    folder.mkdir()
    yield folder
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def _noop(_job: Job, _context: Context) -> None:
    pass


def _now(_job: Job, _context: Context) -> float:
    return time.time()


def _steps(job: Job, context: Context) -> int:
    """Three steps; the first attempt stays in the second one. Returns how many it found done."""
    found = int(context.done("first"))
    context.step("first", lambda: None)
    context.event("second")
    if job.attempt == 1:
        context.cancelled.wait(60)
    context.step("second", lambda: None)
    return found


def _work(address: str, places: int) -> None:
    with _queue(address) as queue, on_signals() as stop:
        worker = Worker(queue, {"noop": _noop, "now": _now, "steps": _steps}, slots=places, grace=1)
        print("ready", flush=True)
        sys.stdin.readline()
        worker.run(stop)


if __name__ == "__main__":
    _work(sys.argv[1], int(sys.argv[2]))
