"""A run is done once, by whoever is there, and what it made is its account's."""

import base64

import numpy as np
import pytest

from printroom.assets.assets import New
from printroom.core.errors import KeyReused, NotFound, WrongState
from printroom.runs.inputs import BadInput
from printroom.runs.options import Output
from printroom.runs.runs import Asked, Runs
from printroom.runs.view import event_json, run_json
from printroom.workshop import Workshop


@pytest.fixture
def runs(workshop):
    return Runs(workshop)


def inline(data):
    return "data:image/png;base64," + base64.b64encode(data).decode()


def asked(target, value, **fields):
    return Asked("acme", target, {"image": value}, **fields)


def test_a_run_makes_files_of_its_account(runs, double, workshop, tools):
    data, samples = tools.png()
    file = runs.assets.add(New("acme", data, "upload", name="cat.png"))
    job = runs.submit(asked(double, file.id)).job
    with tools.working(workshop):
        done = runs.wait("acme", job.id, 60)
    assert done.state == "done", done.error
    shown = run_json(done)["output"]["image"]
    made = runs.assets.open("acme", shown["file"])
    found = tools.pixels(made.read(0, made.size))
    assert np.array_equal(found, samples.repeat(2, 0).repeat(2, 1))
    assert (shown["width"], shown["height"]) == (2 * 24, 2 * 16)
    assert [one.id for one in runs.list("acme", status="succeeded")] == [job.id]
    assert not runs.list("acme", status="queued")
    with pytest.raises(NotFound):
        runs.assets.open("other", shown["file"])
    for who in (runs.get, runs.cancel, runs.retry, runs.events):
        with pytest.raises(NotFound):
            who("other", job.id)


def test_events_tell_the_story_in_order(runs, double, workshop, tools):
    job = runs.submit(asked(double, inline(tools.png()[0]))).job
    with tools.working(workshop):
        runs.wait("acme", job.id, 60)
    told = [event_json(event) for event in runs.events("acme", job.id)]
    assert [event["number"] for event in told] == list(range(1, len(told) + 1))
    kinds = [event["type"] for event in told]
    assert kinds[:2] == ["queued", "started"]
    assert kinds[-1] == "done"
    assert runs.events("acme", job.id, after=2)[0].number == 3


def test_a_key_is_one_run_and_another_request_with_it_is_refused(runs, double, tools):
    data = tools.png()[0]
    first = runs.submit(asked(double, inline(data), key="k"))
    again = runs.submit(asked(double, inline(data), key="k"))
    assert (first.fresh, again.fresh) == (True, False)
    assert again.job.id == first.job.id
    with pytest.raises(KeyReused):
        runs.submit(asked(double, inline(data), key="k", output=Output("jpeg")))
    other = Asked("else", double, {"image": inline(data)}, key="k")
    assert runs.submit(other).job.id != first.job.id


def test_pictures_that_came_with_the_request_go_with_the_run(runs, double, workshop, tools):
    job = runs.submit(asked(double, inline(tools.png()[0]))).job
    (file,) = [value["file"] for value in job.payload["input"].values()]
    assert runs.assets.find("acme", file).run == job.id
    assert not runs.assets.list("acme")  # not a file that somebody uploaded
    with tools.working(workshop) as labour:
        runs.wait("acme", job.id, 60)
        labour.tidy()
    with pytest.raises(NotFound):
        runs.assets.find("acme", file)


def test_what_expired_goes_with_its_files(settings, double, tools, workshop):
    runs = Runs(workshop)
    runs.queue.keep = 0.0
    job = runs.submit(asked(double, inline(tools.png()[0]))).job
    with tools.working(workshop) as labour:
        done = runs.wait("acme", job.id, 60)
        file = run_json(done)["output"]["image"]["file"]
        assert labour.tidy() == 1
    for gone in (lambda: runs.get("acme", job.id), lambda: runs.assets.get("acme", file)):
        with pytest.raises(NotFound):
            gone()
    assert not list(runs.assets.blobs.store.list())


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        "/etc/passwd",
        "file:///etc/passwd",
        "file_0123",
        "http://example.com/cat.png",
        "https://10.0.0.1/cat.png",
        "https://user@example.com/cat.png",
        "data:image/png;base64,%%%",
        {"store": "hub", "key": "secret", "etag": None},
        ["data:image/png;base64,aGVsbG8="],
    ],
)
def test_pictures_are_files_urls_or_inline_and_nothing_else(runs, double, value):
    with pytest.raises(BadInput) as refused:
        runs.submit(asked(double, value))
    assert refused.value.params == ["input.image"]
    assert runs.queue.counts() == {}


def test_what_cannot_be_done_fails_for_good_and_says_why(runs, double, workshop, tools):
    job = runs.submit(asked(double, inline(b"no picture at all"))).job
    with tools.working(workshop):
        done = runs.wait("acme", job.id, 60)
    assert (done.state, done.attempt) == ("dead", 1)
    error = run_json(done)["error"]
    assert error["code"] == "not_a_picture"
    assert str(workshop.settings.data) not in error["message"]
    assert runs.retry("acme", job.id).state == "queued"
    with pytest.raises(WrongState):
        runs.retry("acme", job.id)


def test_a_run_keeps_the_pipeline_that_it_was_asked_for(
    runs, double, workshop, tools, settings, tmp_path
):
    """Whatever is published later, and on a worker that has never seen it."""
    shared = workshop.assets.blobs.store.name.removeprefix("fs://")
    job = runs.submit(asked("acme/double", inline(tools.png()[0]))).job
    assert run_json(job)["target"] == "acme/double@1"
    tools.publish(workshop, workshop.pipelines.get("double").spec.to_yaml() + "title: another\n")
    assert run_json(runs.submit(asked("double", inline(tools.png()[0]))).job)["target"][-1] == "2"
    far = tools.other(settings, tmp_path, "far")
    far.data.mkdir()
    (far.data / "assets").symlink_to(shared)
    with Workshop(far) as elsewhere, tools.working(elsewhere):
        assert runs.wait("acme", job.id, 60).state == "done"
    with pytest.raises(NotFound):
        runs.submit(asked("printroom/double", inline(tools.png()[0])))


def test_a_run_that_is_taken_back_in_the_queue_never_starts(runs, double, workshop, tools):
    job = runs.submit(asked(double, inline(tools.png()[0]))).job
    assert runs.cancel("acme", job.id).state == "cancelled"
    assert runs.cancel("acme", job.id).state == "cancelled"
    with tools.working(workshop):
        again = runs.submit(asked(double, inline(tools.png()[0]))).job
        runs.wait("acme", again.id, 60)
    assert runs.get("acme", job.id).attempt == 0


def test_runs_are_listed_by_what_their_account_calls_the_pipeline(runs, double, tools):
    mine = runs.submit(asked("double", inline(tools.png()[0]))).job
    runs.submit(Asked("else", "double", {"image": inline(tools.png()[0])}))
    for name in ("double", "acme/double"):
        assert [job.id for job in runs.list("acme", target=name)] == [mine.id]
    assert runs.list("acme", target="enhance") == []
    assert runs.list("acme", target="double", status="succeeded") == []
