"""Trainings as jobs: real recipes, killed and taken up elsewhere, and what becomes of them."""

import json
import os
import signal
import time
from dataclasses import replace

import psutil
import pytest

pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")

from sqlalchemy import func, select

from printroom.assets.model import ASSETS
from printroom.catalogue import entries
from printroom.core.errors import BadKey, BadOption, NotFound, TrainingFailed
from printroom.imaging.vips import pyvips
from printroom.isolation.walls import bubblewrap
from printroom.runs.training.handler import FOLDER
from printroom.runs.training.process import Asked, carried_out
from printroom.runs.training.trainings import Trainings, Wanted, training_json
from printroom.workshop import Workshop

TINY = {
    "steps": 4,
    "batch": 2,
    "patch": 16,
    "channels": 16,
    "layers": 1,
    "leaves": 1,
    "data_kind": "own",
    "report_every": 2,
    "threads": 1,
}


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of sets, with one of a few small photographs."""
    folder = tmp_path_factory.mktemp("sets")
    (folder / "few").mkdir()
    for place in range(6):
        noise = pyvips.Image.gaussnoise(90, 80, mean=128, sigma=40, seed=place)
        photo = noise.gaussblur(1.5).cast("uchar").bandjoin([noise.cast("uchar"), 40 * place])
        photo.copy(interpretation="srgb").write_to_file(str(folder / f"few/{place}.png"))
    return folder


@pytest.fixture
def workshop(settings, photos):
    with Workshop(replace(settings, training_data=photos, jobs_lease=15)) as made:
        yield made


@pytest.fixture
def trainings(workshop):
    return Trainings(workshop)


def wanted(**changes):
    return Wanted("local", **{"recipe": "dejpeg", "data": "few", "options": TINY} | changes)


def settled(workshop, job, seconds=120):
    found = workshop.queue.wait(job.id, seconds)
    assert found.state == "done", (found.state, found.error)
    return found


@pytest.mark.slow
def test_a_training_is_followed_and_leaves_files_and_a_model(trainings, workshop, tools):
    if bubblewrap() is None:
        pytest.skip("bubblewrap is not here, or may not do its work")
    asked = wanted(
        grid={"seed": [0, 1]}, model="mender", title="Mends", licence="MIT", key="once", by="key_1"
    )
    first = trainings.submit(asked)
    assert not trainings.submit(asked).fresh
    with tools.working(workshop):
        job = settled(workshop, first.job)
        told = training_json(job)
        assert {file["name"] for file in told["files"]} == {"card.json", "dejpeg.onnx"}
        assert set(told["trials"]["trials"]) == {"seed=0", "seed=1"}
        assert told["scores"] == told["trials"]["trials"][told["trials"]["best"]]
        assert (told["options"]["steps"], told["grid"]) == ("4", {"seed": ["0", "1"]})
        kinds = [event.kind for event in workshop.queue.events(job.id)]
        assert {"measure", "log", "progress"} <= set(kinds)
        entry = until(lambda: ready(workshop, "mender"))
    card = json.loads(entry.card_json)
    assert card["scores"] == told["scores"]
    assert card["command"].startswith("printroom train dejpeg")
    assert set(card["data"]) == {"few", "dead leaves"}
    assert (entry.title, entry.key) == ("Mends", f"training:{job.id}")
    trainings.sweep()
    assert not list((workshop.settings.data / FOLDER).iterdir())


def ready(workshop, name):
    entry = workshop.database.run(lambda c: entries.found(c, "local", name, 1), write=False)
    return entry if entry is not None and entry.state == "ready" else None


def until(look, seconds=90):
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)
    return found


@pytest.mark.slow
def test_a_killed_training_goes_on_at_another_machine(trainings, workshop, settings, photos, tools):
    submitted = trainings.submit(wanted(options=TINY | {"steps": 60, "report_every": 20}))
    name = submitted.job.id
    folder = workshop.settings.data / FOLDER / name / "out"
    with tools.working(workshop):
        until((folder / "checkpoint.pt").exists)
        child = until(lambda: [one for one in psutil.Process().children() if trains(one)])[0]
        os.kill(child.pid, signal.SIGKILL)
        until(lambda: workshop.queue.get(name).error_code)
    assert workshop.queue.get(name).error_code == TrainingFailed.code
    elsewhere = replace(settings, data=settings.data.with_name("elsewhere"), training_data=photos)
    elsewhere.data.mkdir()
    (elsewhere.data / "assets").symlink_to(settings.data / "assets")  # the store both have
    with Workshop(elsewhere) as other, tools.working(other):
        job = settled(other, submitted.job)
    lines = [event.data["text"] for event in workshop.queue.events(name) if event.kind == "log"]
    begun = [line.rpartition(" ")[2] for line in lines if "from step" in line]
    assert begun[0] == "0"
    assert int(begun[-1]) >= 20  # where the first one was killed
    assert job.attempt >= 2  # the first worker may have begun again before it was stopped


def trains(process):
    try:
        return "printroom.runs.training.child" in process.cmdline()
    except psutil.Error:
        return False


@pytest.mark.slow
def test_one_that_is_taken_back_ends_and_leaves_nothing(trainings, workshop, tools):
    submitted = trainings.submit(wanted(options=TINY | {"steps": 100_000}))
    with tools.working(workshop):
        until(lambda: [one for one in psutil.Process().children() if trains(one)])
        trainings.cancel("local", submitted.job.id)
        assert workshop.queue.wait(submitted.job.id, 60).state == "cancelled"
        assert not [one for one in psutil.Process().children() if trains(one)]
    workshop.assets.sweep()
    mine = select(func.count()).where(ASSETS.c.run == submitted.job.id)
    assert workshop.database.run(lambda c: c.execute(mine).scalar_one(), write=False) == 0
    trainings.sweep()
    assert not list((workshop.settings.data / FOLDER).iterdir())


def test_what_cannot_be_had_is_refused_before_it_is_queued(trainings, workshop, photos):
    for asked, error in (
        (wanted(recipe="sorcery"), NotFound),
        (wanted(data="none"), NotFound),
        (wanted(data="../few"), BadKey),
        (wanted(data="store://nowhere/x"), NotFound),
        (wanted(options={"start": "/etc/passwd"}), BadOption),
        (wanted(grid={"seed": list(range(99))}), BadOption),
    ):
        with pytest.raises(error):
            trainings.submit(asked)
    (photos / "out").symlink_to("/")
    with pytest.raises(NotFound):
        trainings.submit(wanted(data="out"))
    (photos / "out").unlink()
    assert not workshop.queue.jobs(kind="training")


def test_what_fails_names_no_place_of_the_server(trainings, workshop, photos, tools):
    (photos / "none").mkdir()
    job = trainings.submit(wanted(data="none")).job
    with tools.working(workshop):
        found = workshop.queue.wait(job.id, 60)
    assert (found.state, found.error_code) == ("dead", "bad_option")
    assert found.error == "no readable picture in a file: 0 broken; put photographs there"
    (photos / "none").rmdir()


def test_others_know_nothing_of_it(trainings):
    job = trainings.submit(wanted()).job
    for look in (trainings.get, trainings.cancel, trainings.retry):
        with pytest.raises(NotFound):
            look("else", job.id)
    assert not trainings.list("else")
    assert [one.id for one in trainings.list("local")] == [job.id]


def test_the_process_says_what_is_wrong(photos, tmp_path):
    def train(*words, recipe="dejpeg", data=photos / "few"):
        lines = []
        asked = Asked(recipe, str(data), str(tmp_path / "out"), list(words), [])
        carried_out(asked, lambda _facts: None, lines.append, lambda: None)

    with pytest.raises(BadOption, match="no option --stepz"):
        train("--stepz=1")
    with pytest.raises(BadOption, match="no readable picture"):
        train("--data-kind=own", "--steps=1", data=tmp_path)
