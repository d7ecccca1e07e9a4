import json
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from printroom.imaging.vips import pyvips

Printroom = Callable[..., subprocess.CompletedProcess[str]]
Starter = Callable[..., subprocess.Popen[str]]
Photo = Callable[..., NDArray[Any]]


def read(path: Path) -> NDArray[Any]:
    return np.asarray(pyvips.Image.new_from_file(str(path)).numpy())


def twice(pixels: NDArray[Any]) -> NDArray[Any]:
    return pixels.repeat(2, 0).repeat(2, 1)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_one_picture_is_enlarged_beside_itself(
    printroom: Printroom, photo: Photo, tmp_path: Path
) -> None:
    pixels = photo(tmp_path / "photo.png")
    run = printroom("enhance", "photo.png")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("photo.png -> photo@2x.png  80 x 60,")
    assert np.array_equal(read(tmp_path / "photo@2x.png"), twice(pixels))


def test_a_tree_is_kept_and_a_bad_file_stops_no_other(
    printroom: Printroom, photo: Photo, tmp_path: Path
) -> None:
    for name in ("a.png", "b.jpg", "deep/c.png", "deep/c.jpg"):
        photo(tmp_path / "in" / name)
    (tmp_path / "in" / "broken.jpg").write_text("not a picture at all")
    (tmp_path / "in" / "notes.txt").touch()
    words = ("enhance", "in", "-o", "out", "-r", "--format", "png", "--json", "--resume")
    run = printroom(*words)
    assert run.returncode == 1
    assert files(tmp_path / "out") == ["a.png", "b.png", "deep/c.jpg.png", "deep/c.png"]
    told = [json.loads(line) for line in run.stdout.splitlines()]
    assert [line["status"] for line in told] == ["done", "done", "failed", "done", "done"]
    assert told[0]["output"] == "out/a.png"
    assert (told[0]["width"], told[0]["height"], told[0]["model"]) == (80, 60, "test/double@1")
    assert (told[2]["source"], told[2]["code"]) == ("in/broken.jpg", "not_a_picture")
    assert "in/broken.jpg" in run.stderr
    assert "Traceback" not in run.stderr

    (tmp_path / "out" / "a.png").unlink()
    again = [json.loads(line)["status"] for line in printroom(*words).stdout.splitlines()]
    assert again == ["done", "skipped", "failed", "skipped", "skipped"]


def test_a_result_is_replaced_only_when_asked(
    printroom: Printroom, photo: Photo, tmp_path: Path
) -> None:
    photo(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("precious")
    refused = printroom("enhance", "a.png", "-o", "b.png")
    assert refused.returncode == 1
    assert "--overwrite" in refused.stderr
    assert (tmp_path / "b.png").read_text() == "precious"
    assert printroom("enhance", "a.png", "-o", "b.png", "--overwrite").returncode == 0
    assert read(tmp_path / "b.png").shape == (60, 80, 3)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("missing.png",), "missing.png"),
        (("a.png", "--format", "bmp"), "JPEG"),
        (("a.png", "--scale", "3"), "the scales here are: 2"),
        (("a.png", "--memory", "lots"), "512MiB"),
        (("a.png", "--device", "abacus"), "abacus"),
        (("a.png", "--model", "no/such"), "no/such"),
        (("a.png", "--quality", "101"), "--quality"),
        (("a.png", "-o", "x.jpg", "--format", "png"), "x.jpg"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_done(
    printroom: Printroom, photo: Photo, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    photo(tmp_path / "a.png")
    run = printroom("enhance", *words)
    assert run.returncode == 2
    assert told in run.stderr
    assert "Traceback" not in run.stderr
    assert files(tmp_path) == ["a.png"]


def test_a_full_disk_leaves_nothing_behind(
    printroom: Printroom, photo: Photo, tmp_path: Path
) -> None:
    photo(tmp_path / "a.png", 300, 300)

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    run = printroom("enhance", "a.png", "-o", "b.tif", preexec_fn=small_files)
    assert run.returncode == 1
    assert "b.tif" in run.stderr
    assert "Traceback" not in run.stderr
    assert files(tmp_path) == ["a.png"]


@pytest.mark.parametrize("target", ["/dev/full", "a.png/b.png"])
def test_a_result_that_has_no_place_is_refused(
    printroom: Printroom, photo: Photo, tmp_path: Path, target: str
) -> None:
    photo(tmp_path / "a.png")
    run = printroom("enhance", "a.png", "-o", target, "--overwrite")
    assert run.returncode == 1
    assert target.removesuffix("/b.png") in run.stderr
    assert "Traceback" not in run.stderr
    assert files(tmp_path) == ["a.png"]
    assert Path("/dev/full").is_char_device()


def test_a_picture_that_the_container_cannot_hold_is_refused_at_once(
    printroom: Printroom, photo: Photo, tmp_path: Path
) -> None:
    photo(tmp_path / "wide.png", 40_000, 1)
    run = printroom("enhance", "wide.png", "--format", "jpeg")
    assert run.returncode == 1
    assert "PNG" in run.stderr
    assert files(tmp_path) == ["wide.png"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_work_in_order(
    start: Starter, photo: Photo, tmp_path: Path, number: signal.Signals
) -> None:
    photo(tmp_path / "large.png", 4000, 4000)
    with start("enhance", "large.png", "-o", "out/large.tif") as process:
        while not list(tmp_path.glob("out/.*")) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(number)
        _, trouble = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "0 done" in trouble
    assert "Traceback" not in trouble
    assert files(tmp_path) == ["large.png"]


def test_a_reader_that_goes_away_is_no_error(start: Starter, photo: Photo, tmp_path: Path) -> None:
    photo(tmp_path / "a.png")
    with start("enhance", "a.png") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
