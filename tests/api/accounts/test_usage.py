"""What succeeded is counted once, whatever is killed when."""

import base64
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import httpx
import pytest

from printroom.accounts import metering
from printroom.accounts.book import Accounts
from printroom.accounts.credentials import mint
from printroom.accounts.folding import fold
from printroom.accounts.prices import Amounts, Prices
from printroom.database.engine import Database

from .conftest import SETTINGS, bearer, refused, until

PIXELS = 80 * 60
SECONDS = float(os.environ.get("PRINTROOM_CHAOS_SECONDS", "12"))
"""How long servers are killed."""


def test_successes_are_counted_and_nothing_else(guard, picture):
    with guard({"PRINTROOM_PRICES": "picture=2, megapixel=10"}) as guarded:
        one, other = guarded.make_key("images"), guarded.make_key("images")
        for secret in (one["secret"], one["secret"], other["secret"]):
            assert guarded.enhance(picture, secret).status_code == 200
        assert guarded.enhance(b"no picture", one["secret"]).status_code == 415
        until(lambda: sum(row["runs"] for row in guarded.usage()) == 3, "not counted")
        rows = {row["key"]: row for row in guarded.usage("key", "target")}
        assert rows[one["id"]]["runs"] == rows[one["id"]]["pictures"] == 2
        assert rows[one["id"]]["megapixels"] == pytest.approx(2 * PIXELS / 1e6)
        assert rows[one["id"]]["units"] == pytest.approx(2 * 2.048)
        assert rows[other["id"]]["target"] == "enhance"
        assert rows[other["id"]]["seconds"] >= 0
        wrong = guarded.owner.get("/v1/usage", params={"from": "2026-02-01", "to": "2026-01-01"})
        refused(wrong, 422, "bad_option")
        refused(guarded.owner.get("/v1/usage", params={"by": "colour"}), 422, "bad_option")


def test_pipelines_are_counted_by_their_name_and_tokens_by_their_end_user(guard, picture):
    with guard() as guarded:
        data = {"fix": "none", "scale": "2"}
        answer = guarded.owner.post("/v1/pipelines/enhance", files={"image": picture}, data=data)
        assert answer.status_code == 200, answer.text
        wish = {"end_user": "customer-7", "target": "enhance", "scopes": ["images"]}
        token = guarded.owner.post("/v1/tokens", json=wish).json()["token"]
        assert guarded.enhance(picture, token).status_code == 200
        until(lambda: sum(row["runs"] for row in guarded.usage()) == 2, "not counted")
        rows = guarded.usage("end_user", "target")
        assert {row["end_user"] for row in rows} == {"", "customer-7"}
        assert {row["pictures"] for row in rows} == {1}
        assert sum(row["megapixels"] for row in rows) == pytest.approx(2 * PIXELS / 1e6)


@contextmanager
def worker(data, models):
    """`printroom work` beside a server."""
    environment = os.environ | {"PRINTROOM_DATA": str(data), "PRINTROOM_MODELS": str(models)}
    command = [sys.executable, "-m", "printroom", "work"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline()
        yield
        child.terminate()


def test_queued_runs_are_counted_once_when_they_are_done(guard, models, picture):
    with guard() as guarded, worker(guarded.server.data, models):
        key = guarded.make_key("runs:write", "runs:read")
        client = httpx.Client(base_url=guarded.url, headers=bearer(key["secret"]), timeout=60)
        scopes = ["runs:write", "runs:read"]
        wish = {"end_user": "customer-7", "target": "enhance", "scopes": scopes}
        token = client.post("/v1/tokens", json=wish).json()["token"]
        image = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
        good = {"image": image, "fix": "none", "scale": 2}
        bad = {"image": "data:image/png;base64,AAAA"}
        found = []
        for values, headers in ((good, {}), (good, bearer(token)), (bad, {})):
            body = {"target": "enhance", "input": values}
            answer = client.post("/v1/runs", json=body, headers={"Prefer": "wait=50", **headers})
            assert answer.status_code == 201, answer.text
            found.append(answer.json()["status"])
        assert found == ["succeeded", "succeeded", "failed"]
        rows = guarded.usage("key", "end_user", "target")
        assert {row["key"] for row in rows} == {key["id"]}
        assert sorted(row["end_user"] for row in rows) == ["", "customer-7"]
        assert {row["pictures"] for row in rows} == {1}
        assert sum(row["megapixels"] for row in rows) == pytest.approx(2 * PIXELS / 1e6)
        refused(client.get("/v1/runs", headers=bearer(token)), 403, "not_allowed")
        client.close()


class Customers:
    """Clients that note each answer that they had whole."""

    def __init__(self, picture, secret):
        self.answered = 0
        self.sent = 0
        self._picture, self._secret = picture, secret
        self._lock, self.over = threading.Lock(), threading.Event()
        self.port = 0
        self._threads = [threading.Thread(target=self._buy) for _ in range(4)]
        for thread in self._threads:
            thread.start()

    def _buy(self):
        while not self.over.is_set():
            port = self.port
            if not port:
                time.sleep(0.01)
                continue
            with self._lock:
                self.sent += 1
            try:
                answer = httpx.post(
                    f"http://127.0.0.1:{port}/v1/images/enhance",
                    content=self._picture, headers=bearer(self._secret),
                )  # fmt: skip
            except httpx.TransportError:
                continue
            if answer.status_code == 200:
                with self._lock:
                    self.answered += 1

    def stop(self):
        self.over.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_the_books_balance_though_servers_are_killed(start, picture, tmp_path, processes):
    data, secret = tmp_path / "data", mint("live")
    customers = Customers(picture, secret)
    kills, end = 0, time.monotonic() + SECONDS
    try:
        while time.monotonic() < end:
            with pytest.MonkeyPatch.context() as patch:
                for name, value in (SETTINGS | {"PRINTROOM_OWNER_KEY": secret}).items():
                    patch.setenv(name, value)
                server = start(data, processes)
            with server:
                customers.port = server.port
                time.sleep(random.uniform(0.3, 1.5))
                victims = server.children() if processes > 1 else []
                for victim in victims:
                    victim.kill()
                customers.port = 0
                server.process.send_signal(signal.SIGKILL)
                server.process.wait()
                kills += 1
    finally:
        customers.stop()
    database = Database.open(f"sqlite:///{data / 'printroom.db'}")
    book = Accounts(database)
    # The last children may outlive their parent for a moment.
    until(lambda: (fold(database, data / "usage"), not list((data / "usage").glob("*.uses")))[1],
          "journals are left")  # fmt: skip
    (row,) = book.look(metering.usage, "local", "2000-01-01", "2100-01-01", [])
    cost = Prices.parse("").cost("enhance", Amounts(1, PIXELS))
    print(
        f"{kills} kills, {customers.sent} sent, {customers.answered} answered, {row.runs} counted"
    )
    assert customers.answered > kills > 0
    # Each answer is counted; what is counted beyond them was on its way when a server was killed.
    assert customers.answered <= row.runs <= customers.answered + 4 * kills
    assert row.runs <= customers.sent
    assert (row.pictures, row.pixels) == (row.runs, row.runs * PIXELS)
    assert row.cost == row.runs * cost
    database.close()
