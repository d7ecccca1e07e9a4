"""Whoever wants to know is told once of each end, signed, and again until he hears it."""

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select, update

from printroom.assets.assets import New
from printroom.core.errors import AddressRefused, BadOption, NotFound
from printroom.runs import webhooks
from printroom.runs.batches import BatchAsked, Batches
from printroom.runs.model import SECRETS, WEBHOOKS
from printroom.runs.runs import Asked, Runs
from printroom.runs.webhooks import Webhooks
from printroom.workshop import Workshop


class Receiver(ThreadingHTTPServer):
    """Keeps what it is told, and answers what it should."""

    def __init__(self):
        receiver = self
        self.heard, self.answers = [], []
        self.told = threading.Condition()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                with receiver.told:
                    receiver.heard.append((dict(self.headers), body))
                    status = receiver.answers.pop(0) if receiver.answers else 200
                    receiver.told.notify_all()
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"

    def wait(self, count):
        with self.told:
            assert self.told.wait_for(lambda: len(self.heard) >= count, 60)


@pytest.fixture
def receiver():
    with Receiver() as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def runs(workshop):
    return Runs(workshop)


@pytest.fixture
def hooks(runs, workshop):
    return Webhooks(runs.queue, workshop.outbound, runs.seal)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(webhooks, "BACKOFF", 0.05)


def ask(runs, target, data, **fields):
    picture = "data:image/png;base64," + base64.b64encode(data).decode()
    return runs.submit(Asked("acme", target, {"image": picture}, **fields)).job


def verified(secret, headers, body):
    """The message, if its signature is right: as the standard says how to look at it."""
    name, at = headers["webhook-id"], headers["webhook-timestamp"]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    assert headers["webhook-signature"].split(",") == ["v1", base64.b64encode(signed).decode()]
    return json.loads(body)


def test_webhooks_are_told_of_the_ends_they_want(runs, hooks, double, workshop, tools, receiver):
    hook = hooks.add("acme", receiver.url, ["run.succeeded"])
    hooks.add("other", receiver.url)
    off = hooks.add("acme", receiver.url)
    hooks.change("acme", off.id, enabled=False)
    with tools.working(workshop):
        runs.wait("acme", ask(runs, double, b"no picture").id, 60)
        good = ask(runs, double, tools.png()[0])
        receiver.wait(1)
        runs.queue.wait(hooks.deliveries("acme", hook.id)[0].id, 60)
    (only,) = receiver.heard
    told = verified(hook.secret, *only)
    assert (told["type"], told["data"]["id"]) == ("run.succeeded", good.id)
    assert told["data"]["output"]["image"]["file"].startswith("file_")
    assert len(hooks.deliveries("acme", hook.id)) == 1


def test_a_run_may_name_its_own(runs, hooks, double, workshop, tools, receiver):
    with tools.working(workshop):
        run = ask(runs, double, b"no picture", webhook=receiver.url)
        receiver.wait(1)
    told = verified(hooks.secret("acme"), *receiver.heard[0])
    assert (told["type"], told["data"]["id"]) == ("run.failed", run.id)
    assert told["data"]["error"]["code"] == "not_a_picture"


def test_one_that_is_taken_back_in_the_queue_is_told_as_well(
    runs, hooks, double, workshop, tools, receiver
):
    hook = hooks.add("acme", receiver.url)
    runs.cancel("acme", ask(runs, double, tools.png()[0]).id)
    with tools.working(workshop):
        receiver.wait(1)
    assert verified(hook.secret, *receiver.heard[0])["type"] == "run.cancelled"


def test_who_does_not_hear_is_told_again_under_the_same_id(
    runs, hooks, double, workshop, tools, receiver
):
    receiver.answers = [500, 302, 404]
    hook = hooks.add("acme", receiver.url)
    with tools.working(workshop):
        ask(runs, double, tools.png()[0])
        receiver.wait(4)
        delivery = runs.queue.wait(hooks.deliveries("acme", hook.id)[0].id, 60)
        assert (delivery.state, delivery.attempt) == ("done", 4)
        again = hooks.replay("acme", hook.id, delivery.id)
        receiver.wait(5)
        assert runs.queue.wait(again.id, 60).state == "done"
    assert len({headers["webhook-id"] for headers, _ in receiver.heard}) == 1
    for headers, body in receiver.heard:
        verified(hook.secret, headers, body)


def test_who_wants_no_more_is_told_no_more(runs, hooks, double, workshop, tools, receiver):
    receiver.answers = [410]
    hook = hooks.add("acme", receiver.url)
    with tools.working(workshop):
        runs.wait("acme", ask(runs, double, tools.png()[0]).id, 60)
        dead = runs.queue.wait(hooks.deliveries("acme", hook.id)[0].id, 60)
        assert dead.state == "dead"
        assert not hooks.get("acme", hook.id).enabled
        runs.wait("acme", ask(runs, double, tools.png()[0]).id, 60)
        assert hooks.replay("acme", hook.id, dead.id).state == "queued"
        receiver.wait(2)
    assert len(receiver.heard) == 2


def test_addresses_that_cannot_be(runs, hooks):
    for url in ("https://10.0.0.1/", "http://example.com/", "nonsense"):
        with pytest.raises(AddressRefused):
            hooks.add("acme", url)
    with pytest.raises(BadOption):
        hooks.add("acme", "https://example.com/", ["run.exploded"])
    made = hooks.add("acme", "https://example.com/")
    for touch in (hooks.get, hooks.delete, hooks.deliveries):
        with pytest.raises(NotFound):
            touch("other", made.id)
    for _ in range(15):
        hooks.add("acme", "https://example.com/")
    with pytest.raises(BadOption):
        hooks.add("acme", "https://example.com/")


def test_accounts_sign_with_secrets_of_their_own(hooks):
    assert hooks.secret("acme") == hooks.secret("acme") != hooks.secret("other")


def kept(runs):
    """The secrets as they are in the database."""
    tables = (WEBHOOKS, SECRETS)

    def look(connection):
        return [
            text for one in tables for text in connection.execute(select(one.c.secret)).scalars()
        ]

    return runs.queue.database.run(look, write=False)


def test_secrets_are_sealed_and_those_of_before_go_on(
    runs, hooks, double, workshop, tools, receiver
):
    hook = hooks.add("acme", receiver.url)
    own = hooks.secret("acme")
    assert len(kept(runs)) == 2
    assert not any(text.startswith("whsec_") for text in kept(runs))
    old = webhooks.new_secret()  # as an earlier printroom kept it
    runs.queue.database.run(
        lambda c: c.execute(update(WEBHOOKS).where(WEBHOOKS.c.id == hook.id).values(secret=old))
    )
    with tools.working(workshop):
        ask(runs, double, tools.png()[0])
        receiver.wait(1)
        verified(old, *receiver.heard[0])
        runs.queue.database.run(lambda c: webhooks.seal_plain(c, runs.seal))  # a server starts
        assert not any(text.startswith("whsec_") for text in kept(runs))
        ask(runs, double, tools.png()[0], webhook=receiver.url)
        receiver.wait(3)
    by_hook, by_run = receiver.heard[1:]
    if not matches(old, *by_hook):
        by_hook, by_run = by_run, by_hook
    verified(old, *by_hook)
    verified(own, *by_run)


def matches(secret, headers, body):
    try:
        verified(secret, headers, body)
    except AssertionError:
        return False
    return True


def test_a_worker_with_another_key_leaves_webhooks_to_others(
    runs, hooks, double, workshop, settings, tmp_path, tools, receiver
):
    hook = hooks.add("acme", receiver.url)
    other = tools.other(settings, tmp_path, "elsewhere")
    with Workshop(other) as elsewhere, tools.working(elsewhere) as labour:
        with pytest.raises(BadOption, match="no key that opens"):
            webhooks.opened(labour.runs.seal, hooks.get("acme", hook.id).secret)
        run = ask(runs, double, b"no picture")
        assert runs.wait("acme", run.id, 60).state == "dead"
        runs.queue.wait(hooks.deliveries("acme", hook.id)[0].id, 2)
        assert receiver.heard == []
    with tools.working(workshop):
        receiver.wait(1)
    verified(hook.secret, *receiver.heard[0])


def test_a_batch_is_told_once_when_all_of_it_is_over(
    runs, hooks, double, workshop, tools, receiver
):
    hook = hooks.add("acme", receiver.url, ["batch.finished"])
    files = [
        runs.assets.add(New("acme", data, "upload", name="x.png")).id
        for data in (b"no picture", *(tools.png(seed=seed)[0] for seed in range(3)))
    ]
    batches = Batches(runs)
    with tools.working(workshop, slots=4):
        batch = batches.submit(BatchAsked("acme", double, files=tuple(files)))
        own = batches.submit(BatchAsked("acme", double, files=(files[1],), webhook=receiver.url))
        receiver.wait(3)
        for job in runs.queue.jobs(kind="webhook"):
            runs.queue.wait(job.id, 60)
        # Who tries a failed item again is not told anew.
        (failed,) = runs.list("acme", status="failed")
        runs.retry("acme", failed.id)
        runs.wait("acme", failed.id, 60)
    told = [json.loads(body) for _, body in receiver.heard]
    assert {one["type"] for one in told} == {"batch.finished"}
    assert sorted(one["data"]["id"] for one in told) == sorted([batch.id, own.id, own.id])
    (mine,) = [one["data"] for one in told if one["data"]["id"] == batch.id]
    assert (mine["status"], mine["total"]) == ("finished", 4)
    assert (mine["counts"]["succeeded"], mine["counts"]["failed"]) == (3, 1)
    assert len(hooks.deliveries("acme", hook.id)) == 2


def test_a_batch_that_is_taken_back_is_told_as_well(runs, hooks, double, workshop, tools, receiver):
    hooks.add("acme", receiver.url, ["batch.finished"])
    batches = Batches(runs)
    file = runs.assets.add(New("acme", tools.png()[0], "upload")).id
    batch = batches.submit(BatchAsked("acme", double, files=(file,)))
    assert batches.cancel("acme", batch.id).status == "cancelled"
    with tools.working(workshop):
        receiver.wait(1)
    (one,) = [json.loads(body)["data"] for _, body in receiver.heard]
    assert (one["id"], one["status"]) == (batch.id, "cancelled")
