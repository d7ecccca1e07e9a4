"""What is agreed before a run may begin: asked for once for each, and nothing begins without."""

import base64

import pytest
from sqlalchemy import func, select

from printroom.assets.assets import New
from printroom.assets.model import ASSETS
from printroom.core.errors import NotAllowed
from printroom.jobs.context import Context
from printroom.jobs.here import Here
from printroom.jobs.needs import Offer
from printroom.runs.batches import BatchAsked, Batches, Listing
from printroom.runs.runs import Asked, Runs


class Book:
    """Agrees to what it is told to, and writes down what begins."""

    def __init__(self):
        self.asked, self.begun = [], []
        self.refuses = self.has_no_credit = False

    def agree(self, asked, target, models, measure):
        self.asked.append((asked.account, target.spec.name))
        if self.refuses:
            raise NotAllowed("it is not yours to run")
        return {"price": 7, "parts": []}

    def begin(self, connection, job):
        assert job.payload["terms"] == {"price": 7, "parts": []}
        if self.has_no_credit:
            raise NotAllowed("there is no credit")
        self.begun.append((job.id, job.events))


@pytest.fixture
def book():
    return Book()


@pytest.fixture
def runs(workshop, book):
    made = Runs(workshop)
    made.queue.ends.remove(made.terms)  # the market's, which knows no such terms
    made.terms = book
    return made


def asked(target, data, **fields):
    picture = "data:image/png;base64," + base64.b64encode(data).decode()
    return Asked("acme", target, {"image": picture}, **fields)


def kept(runs):
    count = select(func.count()).select_from(ASSETS)
    return runs.assets.database.run(lambda c: c.execute(count).scalar_one(), write=False)


def test_what_is_refused_leaves_nothing(runs, book, double, tools):
    wanted = asked(double, tools.png()[0])
    book.refuses = True
    with pytest.raises(NotAllowed):
        runs.submit(wanted)
    assert kept(runs) == 0
    book.refuses, book.has_no_credit = False, True
    here = Here(runs.queue, "run", lambda job, context: None, 1)
    with pytest.raises(NotAllowed):
        runs.submit(wanted)
    with pytest.raises(NotAllowed):
        runs.do(wanted, here, lambda _: None)
    here.close()
    assert runs.list("acme") == []
    assert runs.assets.list("acme") == []


def test_each_run_begins_once_and_again_when_it_is_tried_again(runs, book, double, workshop, tools):
    first = runs.submit(asked(double, b"no picture", key="k"))
    again = runs.submit(asked(double, b"no picture", key="k"))
    assert (first.fresh, again.fresh) == (True, False)
    assert book.begun == [(first.job.id, 1)]
    with tools.working(workshop):
        dead = runs.wait("acme", first.job.id, 60)
        assert dead.state == "dead"
        retried = runs.retry("acme", dead.id)
        runs.wait("acme", dead.id, 60)
    assert book.begun == [(dead.id, 1), (dead.id, retried.events)]


def test_items_of_batches_pass_it_too(runs, book, double, tools):
    files = tuple(
        runs.assets.add(New("acme", tools.png(seed=seed)[0], "upload")).id for seed in range(2)
    )
    batch = Batches(runs).submit(BatchAsked("acme", double, files=files))
    (job,) = runs.queue.jobs(kind="batch")
    book.has_no_credit = True
    with pytest.raises(NotAllowed):
        Listing(runs)(job, Context(runs.queue, job, Offer))
    assert Batches(runs).get("acme", batch.id).status == "failed"
    assert Batches(runs).items("acme", batch.id) == []
    book.has_no_credit = False
    assert Listing(runs)(job, Context(runs.queue, job, Offer)) == 2
    items = Batches(runs).items("acme", batch.id)
    assert {run for run, _ in book.begun} == {item.run for item in items}
    assert book.asked == [("acme", "double")] * 4
