"""Putting jobs in, and looking at them."""

import dataclasses
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect

from printroom.core.errors import BadOption, HandlerFailed, KeyReused, NotFound, WrongState
from printroom.jobs.model import METADATA
from printroom.jobs.needs import Needs
from printroom.jobs.submit import Request


def test_the_migrations_make_the_tables_that_are_known(queue):
    with queue.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        known = set(METADATA.tables)
        assert [
            entry
            for entry in compare_metadata(context, METADATA)
            if not (entry[0] == "remove_table" and entry[1].name not in known)
        ] == []
        found = inspect(connection)
        for table in METADATA.tables.values():
            columns = [column["name"] for column in found.get_columns(table.name)]
            assert columns == [column.name for column in table.columns]
            names = {index["name"] for index in found.get_indexes(table.name)}
            assert {index.name for index in table.indexes} <= names


def test_what_is_submitted_is_there(hand):
    payload = {"text": "a\0b\ud800 ü", "list": [1, 2.5, None, True]}
    needs = Needs(frozenset({"cuda", "eu"}), 5, "acme/large@2")
    job = hand.submit(
        "other", payload=payload, account="ann", priority=7, deadline=60, needs=needs, key="k"
    )
    assert hand.queue.get(job.id) == job
    assert (job.state, job.payload, job.result, job.labels) == ("queued", payload, None, "cuda,eu")
    assert (job.deadline, job.created_at) == (hand.clock.now + 60, hand.clock.now)
    assert [event.kind for event in hand.queue.events(job.id)] == ["queued"]


def test_ids_sort_by_time(hand):
    jobs = []
    for _ in range(5):
        hand.clock.now += 0.01
        jobs.append(hand.submit())
    assert [job.id for job in jobs] == sorted(job.id for job in jobs)
    newest = hand.queue.jobs(most=2)
    older = hand.queue.jobs(before=newest[-1].id)
    assert [*newest, *older] == jobs[::-1]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": ""},
        {"kind": "Big Words"},
        {"kind": "a\n"},
        {"priority": 1001},
        {"delay": -1},
        {"delay": float("nan")},
        {"deadline": float("inf")},
        {"retries": 101},
        {"key": ""},
        {"key": "a\0"},
        {"account": "x" * 256},
        {"payload": object()},
        {"payload": float("nan")},
        {"payload": "x" * 2**20},
    ],
)
def test_what_cannot_be_is_refused(hand, fields):
    with pytest.raises(BadOption):
        hand.queue.submit(Request(**{"kind": "work"} | fields))
    assert hand.queue.counts() == {}


def test_all_or_none(hand):
    hand.submit(key="k", payload=1)
    with pytest.raises(KeyReused):
        hand.queue.submit_all([Request("work"), Request("work", key="k", payload=2)])
    assert hand.queue.counts() == {"queued": 1}
    a, b = hand.queue.submit_all([Request("work", key="x"), Request("work", key="x")])
    assert (a.job.id, a.fresh, b.fresh) == (b.job.id, True, False)


def test_the_same_key_is_the_same_job(hand):
    first = hand.queue.submit(Request("work", 1, key="k"))
    again = hand.queue.submit(Request("work", 1, key="k"))
    assert (first.fresh, again.fresh, again.job) == (True, False, first.job)
    assert hand.queue.submit(Request("work", 1, key="k", account="other")).fresh
    for other in (Request("work", 2, key="k"), Request("play", 1, key="k")):
        with pytest.raises(KeyReused, match="'k'"):
            hand.queue.submit(other)


@given(st.data())
def test_every_field_but_the_key_counts(data):
    request = Request("work", 1, key="k")
    changed = data.draw(
        st.sampled_from(
            [
                {"kind": "play"},
                {"payload": 2},
                {"account": "x"},
                {"priority": 1},
                {"delay": 1.0},
                {"deadline": 1.0},
                {"retries": 1},
                {"backoff": 2.0},
                {"keep": 1.0},
                {"needs": Needs(frozenset({"cuda"}))},
                {"needs": Needs(bytes=1)},
                {"needs": Needs(model="m")},
            ]
        )
    )
    assert dataclasses.replace(request, **changed).fingerprint != request.fingerprint
    assert dataclasses.replace(request, key="other").fingerprint == request.fingerprint


def test_one_key_at_once_from_many_is_one_job(queue):
    found = []

    def submit():
        found.append(queue.submit(Request("work", 1, account="a", key="k")))

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({entry.job.id for entry in found}) == 1
    assert sum(entry.fresh for entry in found) == 1
    assert queue.counts() == {"queued": 1}


def test_a_job_that_is_not_there(queue):
    for ask in (queue.get, queue.cancel, queue.retry, queue.position):
        with pytest.raises(NotFound, match="'nothing'"):
            ask("nothing")


def test_the_place_in_the_queue(hand):
    low, high = hand.submit(), hand.submit(priority=1)
    hand.clock.now += 1
    late, delayed = hand.submit(), hand.submit(delay=5)
    places = [hand.queue.position(job.id) for job in (high, low, late, delayed)]
    assert places == [0, 1, 2, None]


def test_dead_letters_can_be_looked_at_and_retried(hand):
    job = hand.submit(retries=0, deadline=50)
    (taken,) = hand.claim()
    with pytest.raises(WrongState, match="running"):
        hand.queue.retry(job.id)
    hand.settle(taken, "failed", error=HandlerFailed("the net broke"))
    (dead,) = hand.queue.jobs(state="dead")
    assert (dead.error_code, dead.error) == ("handler_failed", "the net broke")
    again = hand.queue.retry(job.id)
    assert (again.state, again.failures, again.deadline, again.error) == ("queued", 0, None, None)
    (taken,) = hand.claim()
    assert taken.attempt == 2
    hand.settle(taken)
    kinds = [event.kind for event in hand.queue.events(job.id)]
    assert kinds == ["queued", "started", "dead", "retried", "started", "done"]


def test_events_are_replayed_from_anywhere(hand):
    job = hand.submit(retries=0)
    hand.claim()
    hand.queue.cancel(job.id)
    assert [event.number for event in hand.queue.events(job.id)] == [1, 2, 3]
    assert [event.kind for event in hand.queue.events(job.id, after=2)] == ["cancelling"]
    assert hand.queue.events(job.id, after=3) == []


def test_followers_see_everything_once_and_end_with_the_job(hand):
    job = hand.submit()
    seen = []
    follower = threading.Thread(
        target=lambda: seen.extend(hand.queue.follow(job.id, after=1, timeout=30))
    )
    follower.start()
    (taken,) = hand.claim()
    hand.settle(taken)
    assert hand.queue.wait(job.id, 30).state == "done"
    follower.join()
    assert [(event.number, event.kind) for event in seen] == [(2, "started"), (3, "done")]


def test_following_ends_in_time(hand):
    job = hand.submit()
    assert [event.kind for event in hand.queue.follow(job.id, timeout=0)] == ["queued"]
    assert hand.queue.wait(job.id, 0).state == "queued"
