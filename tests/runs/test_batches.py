"""The same for many pictures: each version once, whatever is cut short."""

from dataclasses import replace

import pytest

from printroom.assets.assets import New
from printroom.core.errors import BadOption, NotFound
from printroom.jobs.context import Context
from printroom.jobs.needs import Offer
from printroom.runs.batches import BatchAsked, Batches, Listing
from printroom.runs.inputs import BadInput
from printroom.runs.options import Output
from printroom.runs.runs import Runs
from printroom.storage.book import StoreBook


@pytest.fixture
def runs(workshop):
    return Runs(workshop)


@pytest.fixture
def batches(runs):
    return Batches(runs)


@pytest.fixture
def stores(workshop, tmp_path, tools):
    """Two stores, `photos` with some pictures, `results` with nothing."""
    book = StoreBook(workshop.settings.data)
    for name in ("photos", "results"):
        (tmp_path / name).mkdir()
        book.add(name, f"fs://{tmp_path / name}")
    photos = book.open("photos")
    for number, name in enumerate(["trip/a.png", "trip/b.png", "trip/deep/c.png", "other.png"]):
        photos.put(name, tools.png(seed=number)[0])
    photos.put("trip/notes.txt", b"no picture")
    return photos, book.open("results")


def asked(double, **fields):
    return BatchAsked("local", double, **fields)


def finished(batches, batch, seconds=60):
    """The batch, once it is over."""
    import time

    until = time.monotonic() + seconds
    while (now := batches.get("local", batch.id)).status in ("listing", "running"):
        assert time.monotonic() < until, now
        time.sleep(0.05)
    return now


def test_every_picture_below_a_prefix(batches, double, workshop, stores, tools):
    _, results = stores
    source, there = "store://photos/trip", "store://results/done"
    batch = batches.submit(asked(double, source=source, destination=there, output=Output("png")))
    with tools.working(workshop):
        over = finished(batches, batch)
    assert (over.status, dict(over.counts)) == ("finished", {"done": 3})
    items = batches.items("local", batch.id)
    assert [item.name for item in items] == ["trip/a.png", "trip/b.png", "trip/deep/c.png"]
    assert {one.key for one in results.list()} == {
        "done/a.png", "done/b.png", "done/deep/c.png",
    }  # fmt: skip
    samples = tools.png(seed=0)[1]
    made = tools.pixels(results.read("done/a.png"))
    assert (made == samples.repeat(2, 0).repeat(2, 1)).all()
    page = batches.items("local", batch.id, after=(items[0].name, items[0].version), most=1)
    assert page == items[1:2]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"recursive": False}, ["trip/a.png", "trip/b.png"]),
        ({"pattern": "*c.png"}, ["trip/deep/c.png"]),
        ({"pattern": "nothing"}, []),
    ],
)
def test_what_counts_can_be_said(batches, double, workshop, stores, tools, fields, names):
    batch = batches.submit(asked(double, source="store://photos/trip/", **fields))
    with tools.working(workshop):
        finished(batches, batch)
    assert [item.name for item in batches.items("local", batch.id)] == names


def test_what_fails_is_told_and_the_others_go_on(batches, runs, double, workshop, stores, tools):
    stores[0].put("trip/broken.png", b"no picture at all")
    batch = batches.submit(asked(double, source="store://photos/trip"))
    with tools.working(workshop):
        over = finished(batches, batch)
    assert dict(over.counts) == {"done": 3, "dead": 1}
    (bad,) = [one for one in batches.items("local", batch.id) if one.state == "dead"]
    assert (bad.name, bad.error_code) == ("trip/broken.png", "not_a_picture")
    assert runs.get("local", bad.run).state == "dead"


def test_what_is_larger_than_a_file_may_be_is_not_brought_here(
    batches, double, workshop, stores, tools, monkeypatch
):
    most = stores[0].stat("trip/a.png").size
    monkeypatch.setattr(workshop, "settings", replace(workshop.settings, files_largest=most))
    stores[0].put("trip/large.png", bytes(most + 1))
    batch = batches.submit(asked(double, source="store://photos/trip", pattern="[al]*.png"))
    with tools.working(workshop):
        finished(batches, batch)
    one, large = batches.items("local", batch.id)
    assert (one.state, one.error_code) == ("done", None)
    assert (large.state, large.error_code) == ("dead", "body_too_large")


def test_a_listing_that_is_done_again_enters_nothing_twice(batches, runs, double, stores):
    """As when its worker is killed before it could say that it is done."""
    batch = batches.submit(asked(double, source="store://photos/trip"))
    (job,) = runs.queue.jobs(kind="batch")
    listing = Listing(runs)
    assert [listing(job, Context(runs.queue, job, Offer)) for _ in range(3)] == [3, 0, 0]
    assert len(batches.items("local", batch.id)) == 3
    assert len(runs.list("local")) == 3
    photos, _ = stores
    photos.put("trip/a.png", b"another version")
    assert listing(job, Context(runs.queue, job, Offer)) == 1


def test_a_picture_that_was_replaced_meanwhile_is_not_taken_for_the_old_one(
    batches, runs, double, workshop, stores, tools
):
    batch = batches.submit(asked(double, source="store://photos/trip", pattern="a.png"))
    (job,) = runs.queue.jobs(kind="batch")
    Listing(runs)(job, Context(runs.queue, job, Offer))
    stores[0].put("trip/a.png", tools.png(seed=9)[0])
    with tools.working(workshop):
        run = batches.items("local", batch.id)[0].run
        assert runs.wait("local", run, 60).error_code == "object_changed"


def test_files_one_by_one(batches, runs, double, workshop, tools):
    files = [runs.assets.add(New("local", tools.png(seed=n)[0], "upload")).id for n in range(3)]
    batch = batches.submit(asked(double, files=tuple(files)))
    with tools.working(workshop):
        over = finished(batches, batch)
    assert dict(over.counts) == {"done": 3}
    assert {item.name for item in batches.items("local", batch.id)} == set(files)


def test_a_file_that_is_named_twice_is_one_item(batches, double, workshop, tools):
    file = workshop.assets.add(New("local", tools.png()[0], "upload")).id
    batch = batches.submit(asked(double, files=(file, file)))
    with tools.working(workshop):
        over = finished(batches, batch)
    assert (over.status, dict(over.counts)) == ("finished", {"done": 1})


def test_what_is_taken_back_stops(batches, runs, double, stores, workshop, tools):
    batch = batches.submit(asked(double, source="store://photos/trip"))
    (job,) = runs.queue.jobs(kind="batch")
    Listing(runs)(job, Context(runs.queue, job, Offer))
    assert batches.cancel("local", batch.id).status == "cancelled"
    assert {run.state for run in runs.list("local")} == {"cancelled"}
    assert dict(batches.get("local", batch.id).counts) == {"cancelled": 3}


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, BadOption),
        ({"source": "store://photos", "files": ("file_1",)}, BadOption),
        ({"source": "photos/trip"}, BadOption),
        ({"source": "store://nowhere/trip"}, NotFound),
        ({"source": "store://photos/../.."}, Exception),
        ({"files": ("file_nobody",)}, BadInput),
        ({"files": ("data:image/png;base64,aGVsbG8=",)}, BadInput),
        ({"source": "store://photos", "input": {"surprise": 1}}, BadInput),
        ({"source": "store://photos", "destination": "results"}, BadOption),
    ],
)
def test_what_cannot_be_is_refused_at_once(batches, double, stores, fields, error):
    with pytest.raises(error):
        batches.submit(asked(double, **fields))
    with pytest.raises(NotFound):
        batches.get("local", "batch_nothing")


def test_the_stores_of_one_account_are_not_anothers(batches, double, stores):
    for places in (
        {"source": "store://photos/trip"},
        {"files": ("https://pictures.example/a.png",), "destination": "store://results/done"},
    ):
        with pytest.raises(NotFound, match="there is no store"):
            batches.submit(BatchAsked("acme", double, **places))
