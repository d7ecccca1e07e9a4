"""The books of the market: runs that are charged, a hold when each begins and a capture at its end.

Three processes write at once, as workers do: in each transaction the holds of a few runs of one
buyer, as of a batch, in the next one their captures, each with a fee and two sellers. At the end
the books must add up.

Then searches over many listings, whose words are as frequent as those of a language: one word, or
two, the first page by relevance.
"""

from __future__ import annotations

import random
import secrets
import subprocess
import sys
import time
from contextlib import closing
from tempfile import TemporaryDirectory
from typing import IO, Any

from sqlalchemy import insert, text, update

from bench import cache
from bench.processes import ROOT, BenchError
from bench.rows import Row, at_least, at_most, percentile
from printroom.core.errors import NotFound
from printroom.database.engine import Database
from printroom.database.migrate import migrate
from printroom.database.own_server import OwnServer
from printroom.marketplace import search
from printroom.marketplace.ledger import holds, reading
from printroom.marketplace.ledger.holds import Hold
from printroom.marketplace.ledger.model import FEES, SCRIPTS, earned, outside, wallet
from printroom.marketplace.ledger.posting import Line, Posting, post
from printroom.marketplace.model import LISTINGS, STANDING

PROCESSES, TURN = 3, 16
"""Writers at once, and runs that begin, or end, in one transaction: a busy worker's turn."""
BUYERS, SELLERS = 50, 10
FLOORS = {"sqlite": 1500.0, "postgresql": 1000.0}
PRICE, FEE = 10, 2
VOCABULARY = 50_000
"""Different words in all listings."""


def bench(quick: bool) -> list[Row]:
    runs = 3000 if quick else 12_000
    rows = []
    with TemporaryDirectory(dir=cache.folder()) as folder:
        rows += _rows("sqlite", f"sqlite:///{folder}/market.db", runs)
    try:
        server = OwnServer.start(lasting=True)
    except NotFound as error:
        raise BenchError(str(error)) from error
    with server:
        rows += _rows("postgresql", server.create(), runs)
    return rows


def _rows(kind: str, address: str, runs: int) -> list[Row]:
    with closing(Database.open(address)) as database:
        migrate(database, [SCRIPTS])
        _fill(database, 10 * runs)
        many = _charged(address, runs, TURN)
        single = _charged(address, runs // 4, 1)
        with database.read() as connection:
            faults = reading.audit(connection)
            fees = reading.balance(connection, FEES).balance
    if faults or fees != (runs + runs // 4) * FEE:
        raise BenchError(f"the books do not add up: {faults}, {fees} in fees")
    listings = runs * 100_000 // 12_000
    p95 = _searched(address, listings)
    what = f"{runs} runs by {PROCESSES} processes, hold and capture, {TURN} a transaction"
    alone = "the same, each hold and each capture a transaction of its own"
    return [
        Row(f"{kind}: charged runs", many, at_least(FLOORS[kind]), "/s", what),
        Row(f"{kind}: charged runs, one by one", single, None, "/s", alone),
        Row(f"{kind}: search p95", p95, at_most(50.0), "ms", f"over {listings} listings"),
    ]


def _searched(address: str, count: int) -> float:
    """Milliseconds, 95th percentile."""
    chance = random.Random(0)
    with closing(Database.open(address)) as database:
        with database.write() as connection:
            for start in range(0, count, 1000):
                rows = [_listing(number, chance) for number in range(start, start + 1000)]
                connection.execute(insert(LISTINGS), rows)
                shown = update(LISTINGS).where(LISTINGS.c.state == "draft")
                connection.execute(shown.values(state="listed"))
                zero = {"price": 0, "uses": 0, "seconds": 0.0, "ratings": 0, "stars": 0}
                connection.execute(insert(STANDING), [zero | {"listing": r["id"]} for r in rows])
        if not database.sqlite:
            with database.write() as connection:
                connection.execute(text("ANALYZE market_listings, market_search, market_standing"))
        times = []
        for number in range(200):
            wanted = search.Wanted(" ".join(_words(chance, 1 + number % 2)), most=50)
            began = time.perf_counter()
            with database.read() as connection:
                search.found(connection, 0.0, wanted)
            times.append((time.perf_counter() - began) * 1000)
    return percentile(times, 0.95)


def _words(chance: random.Random, count: int) -> list[str]:
    """As in a language: the tenth word is a tenth as frequent as the first."""
    return [f"{int(VOCABULARY ** chance.random()):05}" for _ in range(count)]


def _listing(number: int, chance: random.Random) -> dict[str, Any]:
    words = _words(chance, 40)
    return {
        "id": f"lst_{number:08}", "owner": f"acc_{number % 1000}", "kind": "pipeline",
        "name": f"n{number}", "state": "draft", "visibility": "public", "offer": 1,
        "title": " ".join(words[:4]), "text": " ".join(words), "tags": ",".join(words[4:6]),
        "examples_json": "[]", "created_at": 0.0, "changed_at": 0.0,
    }  # fmt: skip


def _fill(database: Database, sales: int) -> None:
    with database.write() as connection:
        for number in range(BUYERS):
            lines = (Line(outside("bench"), wallet(f"buyer{number}"), sales * PRICE),)
            post(connection, time.time(), Posting(f"topup:{number}", "topup", lines))


def _charged(address: str, runs: int, turn: int) -> float:
    """Charged runs a second."""
    each = runs // PROCESSES
    command = [sys.executable, "-m", "bench.market", address, str(each), str(turn)]
    pipe = subprocess.PIPE
    children = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT)
        for _ in range(PROCESSES)
    ]
    try:
        for child in children:
            _told(child.stdout, "ready")
        began = time.perf_counter()
        for child in children:
            print("go", file=child.stdin, flush=True)
        ends = [child.wait() for child in children]
        if any(ends):
            raise BenchError("a writer failed")
        return each * PROCESSES / (time.perf_counter() - began)
    finally:
        for child in children:
            child.kill()
            child.wait()


def _told(pipe: IO[str] | None, word: str) -> None:
    if pipe is None or pipe.readline() != f"{word}\n":
        raise BenchError("a writer did not start")


def _write(address: str, runs: int, turn: int) -> None:
    """What each of the processes does."""
    with closing(Database.open(address)) as database:
        print("ready", flush=True)
        sys.stdin.readline()
        names = [secrets.token_hex(16) for _ in range(runs)]
        for start in range(0, runs, turn):
            now, some = database.clock(), names[start : start + turn]
            with database.write(lasting=not database.sqlite) as connection:
                account = wallet(f"buyer{int(some[0][:4], 16) % BUYERS}")
                for name in some:
                    holds.place(connection, now, Hold(name, name, account, PRICE))
            with database.write(lasting=not database.sqlite) as connection:
                for name in some:
                    holds.capture(connection, now, name, _posting)


def _posting(hold: Hold) -> list[Posting]:
    seller = int(hold.subject[4:8], 16) % SELLERS
    each = (PRICE - FEE) // 2
    lines = (
        Line(hold.account, FEES, FEE),
        Line(hold.account, earned(f"seller{seller}"), each),
        Line(hold.account, earned(f"seller{(seller + 1) % SELLERS}"), each),
    )
    return [Posting(f"run:{hold.key}", "run", lines, hold.subject)]


if __name__ == "__main__":
    _write(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
