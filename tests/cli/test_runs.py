"""`printroom runs` and `printroom work`: what is in the database, and who does it."""

import json
import os
import signal
import subprocess
import sys

import pytest

from printroom.assets.assets import New
from printroom.core.settings import Settings
from printroom.imaging.vips import pyvips
from printroom.pipelines.spec import PipelineSpec
from printroom.runs.runs import Asked, Runs
from printroom.workshop import Workshop

PIPELINE = """
name: double
inputs: {image: picture}
steps:
  up: {use: upscale, with: {image: $image, net: test/double@1, scale: 2}}
"""


@pytest.fixture
def asked(tmp_path, models):
    """Two runs in the queue, of which one will fail."""
    with Workshop(Settings(data=tmp_path / "data", models=(models,))) as workshop:
        workshop.shelf.publish(PipelineSpec.from_yaml(PIPELINE))
        runs = Runs(workshop)
        good = pyvips.Image.black(8, 8, bands=3).copy(interpretation="srgb").write_to_buffer(".png")
        files = [runs.assets.add(New("local", data, "upload")).id for data in (good, b"nothing")]
        return [runs.submit(Asked("local", "double", {"image": file})).job.id for file in files]


@pytest.fixture
def command(tmp_path, models):
    environment = os.environ | {
        "PRINTROOM_DATA": str(tmp_path / "data"),
        "PRINTROOM_MODELS": str(models),
        "PRINTROOM_WORKERS": "1",
    }

    def run(*arguments, status=0):
        done = subprocess.run(
            [sys.executable, "-m", "printroom", *arguments],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        return done.stdout if status == 0 else done.stderr

    run.environment = environment
    return run


def test_runs_are_looked_at_done_and_tried_again(asked, command):
    good, bad = asked
    listed = [json.loads(line) for line in command("runs", "list", "--json").splitlines()]
    assert [run["id"] for run in listed] == [bad, good]
    assert {run["status"] for run in listed} == {"queued"}
    assert json.loads(command("runs", "show", good))["position"] == 0
    with subprocess.Popen(
        [sys.executable, "-m", "printroom", "work", "--slots", "1", "--labels", "a, b"],
        env=command.environment, stdout=subprocess.PIPE, text=True,
    ) as worker:  # fmt: skip
        assert "works for" in worker.stdout.readline()
        told = command("runs", "events", good, "--follow").splitlines()
        command("runs", "events", bad, "--follow")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
    assert json.loads(told[0])["type"] == "queued"
    assert json.loads(told[-1])["type"] == "done"
    table = command("runs", "list")
    assert table.splitlines()[0].split()[:3] == ["RUN", "STATUS", "TARGET"]
    assert "succeeded" in table
    assert "failed" in table
    failed = command("runs", "list", "--status", "failed", "--json").splitlines()
    assert [json.loads(line)["id"] for line in failed] == [bad]
    assert command("runs", "retry", bad) == "queued\n"
    assert command("runs", "cancel", bad) == "cancelled\n"
    assert command("runs", "cancel", good) == "succeeded\n"


@pytest.mark.parametrize(
    "arguments",
    [("show", "0123"), ("list", "--status", "odd"), ("retry", "zzz"), ("cancel", "%")],
)
def test_what_is_not_there_is_said(asked, command, arguments):
    assert command("runs", *arguments, status=2).startswith("printroom: ")


def test_ids_may_be_cut_short_if_they_are_clear(asked, command):
    alike = next(at for at, (one, other) in enumerate(zip(*asked, strict=True)) if one != other)
    assert "several" in command("runs", "show", asked[0][:alike], status=2)
    assert json.loads(command("runs", "show", asked[0][: alike + 1]))["id"] == asked[0]


@pytest.mark.parametrize("labels", ["Upper", "a b", ",".join(f"l{number}" for number in range(20))])
def test_labels_that_are_none_are_refused(command, labels):
    assert command("work", "--labels", labels, status=2).startswith("printroom: ")
