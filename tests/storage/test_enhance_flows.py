"""`printroom enhance` from store to store, killed, and watching; with real services and files."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from printroom.imaging.vips import pyvips
from printroom.storage.opening import open_store


@pytest.fixture
def start(models, tmp_path):
    """Start `printroom enhance ...`, with the stores `in` and `out`."""
    stores = {"IN": f"fs://{tmp_path}/in", "OUT": f"fs://{tmp_path}/out"}

    def run(*words, **more):
        environment = {
            "PATH": os.environ["PATH"],
            "PRINTROOM_MODELS": str(models),
            "PRINTROOM_DATA": str(tmp_path / "data"),
        }
        environment |= {f"PRINTROOM_STORE_{name}": value for name, value in (stores | more).items()}
        return subprocess.Popen(
            [sys.executable, "-m", "printroom", "enhance", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=environment,
            text=True,
        )

    return run


def ended(process):
    out, trouble = process.communicate(timeout=120)
    return process.returncode, [json.loads(line) for line in out.splitlines()], trouble


def photo(seed=0, width=40, height=30):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    picture = pyvips.Image.new_from_array(pixels).copy(interpretation="srgb")
    return bytes(picture.write_to_buffer(".png"))


def size(data):
    picture = pyvips.Image.new_from_buffer(data, "")
    return picture.width, picture.height


WORDS = ("store://in/photos", "-o", "store://out/large", "-r", "--json")


def test_a_second_call_does_only_what_is_new(start, tmp_path):
    source, target = (open_store(f"fs://{tmp_path}/{name}") for name in ("in", "out"))
    for key in ("photos/a.png", "photos/deep/b.png", "photos/.hidden/c.png", "other/d.png"):
        source.put(key, photo())
    source.put("photos/notes.txt", b"text")
    source.put("photos/broken.png", b"no picture")
    status, told, trouble = ended(start(*WORDS))
    assert status == 1
    assert [(line["source"], line["status"]) for line in told] == [
        ("store://in/photos/a.png", "done"),
        ("store://in/photos/broken.png", "failed"),
        ("store://in/photos/deep/b.png", "done"),
    ]
    assert told[0]["output"] == "store://out/large/a.png"
    assert "work-" not in trouble
    assert size(target.read("large/deep/b.png")) == (80, 60)
    assert sorted(stat.key for stat in target.list()) == ["large/a.png", "large/deep/b.png"]
    source.put("photos/broken.png", photo(1))
    source.put("photos/a.png", photo(2))
    before = target.stat("large/deep/b.png")
    status, told, _ = ended(start(*WORDS))
    assert (status, [line["source"][-7:] for line in told]) == (0, ["s/a.png", "ken.png"])
    assert target.stat("large/deep/b.png") == before
    assert ended(start(*WORDS)) == (0, [], "")
    assert [line["status"] for line in ended(start(*WORDS, "--format", "jpeg"))[1]] == ["done"] * 3
    left = list((tmp_path / "data" / "tmp").glob("work-*"))
    assert left == []


def test_from_a_bucket_into_a_folder_of_this_machine(start, tmp_path, rclone_s3, keys):
    endpoint, _ = rclone_s3
    there = open_store(f"s3://bucket/?endpoint={endpoint}&conditions=off", keys)
    there.put("flow/a.png", photo())
    secrets = {f"BUCKET__{name.upper()}": value for name, value in keys.items()}
    bucket = {"BUCKET": f"s3://bucket/?endpoint={endpoint}&conditions=off"} | secrets
    words = ("store://bucket/flow", "-o", "made", "--json")
    status, told, trouble = ended(start(*words, **bucket))
    assert (status, trouble) == (0, "")
    assert told[0]["output"] == "made/a.png"
    assert size((tmp_path / "made" / "a.png").read_bytes()) == (80, 60)
    back = ("made/a.png", "-o", "store://bucket/back", "--json")
    assert ended(start(*back, **bucket))[0] == 0
    assert size(there.read("back/a.png")) == (160, 120)
    one = ("store://bucket/flow/a.png", "-o", "store://bucket/flow/large", "--json")
    assert [line["output"] for line in ended(start(*one, **bucket))[1]] == [
        "store://bucket/flow/large/a.png"
    ]


def test_wrong_wishes_are_told_before_anything_is_done(start, tmp_path):
    (tmp_path / "in").mkdir()
    for words in (
        ("store://in/a", "store://in/b", "-o", "store://out"),
        ("store://in/a",),
        ("store://nowhere/a", "-o", "store://out"),
        ("store://in/../x", "-o", "store://out"),
        ("store://in/a", "-o", "store://in/a/b"),
        ("nothing", "-o", "store://out"),
    ):
        status, told, trouble = ended(start(*words))
        assert status in (1, 2), words
        assert told == []
        assert trouble.startswith("printroom: ")


@pytest.mark.slow
def test_killed_at_any_moment_nothing_is_lost_and_nothing_done_twice(start, tmp_path):
    source, target = (open_store(f"fs://{tmp_path}/{name}") for name in ("in", "out"))
    keys = [f"photos/{number:02}.png" for number in range(12)]
    for number, key in enumerate(keys):
        source.put(key, photo(number, 400, 300))
    chance, seen, kills = random.Random(0), {}, 0
    while len(seen) < len(keys):
        process, enough = start(*WORDS), len(seen) + chance.randint(1, 3)
        while len(list(target.list("large"))) < enough and process.poll() is None:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.1))  # any moment of the next one
        kills += process.poll() is None
        process.kill()
        process.communicate()
        for stat in target.list("large"):  # what was there once is never written again
            assert seen.setdefault(stat.key, stat.etag) == stat.etag
            assert size(target.read(stat.key)) == (800, 600)
    assert kills > 0
    assert ended(start(*WORDS)) == (0, [], "")
    assert {stat.key: stat.etag for stat in target.list("large")} == seen


@pytest.mark.slow
def test_a_folder_that_enlarges_whatever_lands_in_it(start, tmp_path):
    (tmp_path / "in" / "photos").mkdir(parents=True)
    with start(*WORDS, "--watch") as process:
        try:
            (tmp_path / "in/photos/a.png").write_bytes(photo(0))
            assert json.loads(process.stdout.readline())["output"] == "store://out/large/a.png"
            with (tmp_path / "in/photos/slow.png").open("wb") as file:  # a program that takes time
                data = photo(1, 300, 300)
                for at in range(0, len(data), 50_000):
                    file.write(data[at : at + 50_000])
                    file.flush()
                    time.sleep(0.5)
            told = [json.loads(process.stdout.readline())]
            while (
                told[-1]["status"] == "failed"
            ):  # it was looked at half-way, and is looked at again
                told.append(json.loads(process.stdout.readline()))
            assert told[-1]["output"] == "store://out/large/slow.png"
            assert size((tmp_path / "out/large/slow.png").read_bytes()) == (600, 600)
            (tmp_path / "in/photos/a.png").write_bytes(photo(2, 50, 50))
            assert json.loads(process.stdout.readline())["source"].endswith("a.png")
            assert size((tmp_path / "out/large/a.png").read_bytes()) == (100, 100)
            other = ended(start(*WORDS))
            assert other[0] == 2
            assert "another process" in other[2]
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
    assert process.returncode == 143


@pytest.mark.slow
def test_watching_goes_on_when_the_store_comes_back(start, tmp_path, coming_s3, keys):
    endpoint, serve = coming_s3
    (tmp_path / "s3" / "bucket").mkdir(parents=True)
    (tmp_path / "s3" / "bucket" / "a.png").write_bytes(photo())
    bucket = {"BUCKET": f"s3://bucket/?endpoint={endpoint}&patience=1&conditions=off"}
    bucket |= {f"BUCKET__{name.upper()}": value for name, value in keys.items()}
    words = ("store://bucket/", "-o", "made", "--json")
    status, told, trouble = ended(start(*words, **bucket))
    assert (status, told) == (1, [])
    assert "s3://bucket/" in trouble
    with start(*words, "--watch", **bucket) as process:
        try:
            assert "s3://bucket/" in process.stderr.readline()
            with serve(tmp_path / "s3"):
                assert json.loads(process.stdout.readline())["output"] == "made/a.png"
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
    assert process.returncode == 130
