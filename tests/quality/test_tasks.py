"""Each protocol is what it says, and the same every time."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from printroom.core.errors import BadOption, NotFound
from printroom.imaging.bicubic import bicubic
from printroom.quality.pictures import as_picture, as_pixels
from printroom.quality.task import Case, Conditions, Subject, Task
from printroom.quality.tasks import TASKS, task_for

Folder = Callable[..., Path]
Scene = Callable[..., Any]
MADE = ["sr", "jpeg", "denoise", "deblur", "colour"]


def cases(task: Task, home: Path) -> list[Case]:
    subjects, _ = task.subjects(home, "set")
    return [case for subject in subjects for case in task.cases(subject)]


@pytest.mark.parametrize("name", MADE)
def test_the_truth_scores_best_and_the_floor_less(name: str, folder: Folder, scene: Scene) -> None:
    task = task_for(name, Conditions())
    for case in cases(task, folder({"a.png": scene()})):
        best = task.score(case.truth, case)
        floor = task.floor().restore(case.shown, case.strength)
        found = task.score(as_pixels(floor), case)
        assert list(best) == list(task.metrics)
        assert math.isinf(best["psnr"])
        assert best["ssim"] == pytest.approx(1)
        assert math.isfinite(found["psnr"])
        assert found["ssim"] < 1
        if name == "colour":
            assert best["angle"] == pytest.approx(0, abs=1e-4)
            assert found["angle"] > 1


@pytest.mark.parametrize("name", MADE)
def test_cases_repeat(name: str, folder: Folder, scene: Scene) -> None:
    home = folder({"a.png": scene(0), "b.png": scene(1)})
    first, second = (cases(task_for(name, Conditions()), home) for _ in range(2))
    alone = cases(task_for(name, Conditions()), folder({"b.png": scene(1)}, "alone"))
    for one, two in zip(first, second, strict=True):
        assert np.array_equal(one.shown, two.shown)
    for one, two in zip(first[len(first) // 2 :], alone, strict=True):
        assert np.array_equal(one.shown, two.shown)  # whatever else is in the folder


@pytest.mark.parametrize("name", ["denoise", "colour"])
def test_the_seed_is_the_only_chance(name: str, folder: Folder, scene: Scene) -> None:
    home = folder({"a.png": scene()})
    one, two = (cases(task_for(name, Conditions(seed=seed)), home)[0] for seed in (0, 1))
    assert not np.array_equal(one.shown, two.shown)


def test_super_resolution_is_that_of_the_papers(folder: Folder, scene: Scene) -> None:
    picture = scene(height=67, width=83)
    task = task_for("sr", Conditions(scale=4))
    (case,) = cases(task, folder({"a.png": picture}))
    assert np.array_equal(case.truth, picture[:64, :80])
    expected = np.rint(np.clip(bicubic(picture[:64, :80], 1 / 4), 0, 255)).astype(np.uint8)
    assert np.array_equal(as_pixels(case.shown), expected)
    edge = case.truth.copy()
    edge[:4] = 0
    assert math.isinf(task.score(edge, case)["psnr"])  # the border is not judged
    edge[4] = 0
    assert math.isfinite(task.score(edge, case)["psnr"])


def test_noise_is_neither_clipped_nor_rounded(folder: Folder) -> None:
    white = np.full((128, 128, 3), 255, np.uint8)
    (case,) = cases(task_for("denoise", Conditions(strengths=(25,))), folder({"w.png": white}))
    error = (case.shown - as_picture(white)) * 255
    assert case.shown.max() > 1
    assert float(error.std()) == pytest.approx(25, rel=0.01)
    assert float(error.mean()) == pytest.approx(0, abs=0.5)


def test_grey_is_asked_for_only_where_it_means_something(folder: Folder, scene: Scene) -> None:
    home = folder({"a.png": scene()})
    for name in ("denoise", "deblur"):
        assert cases(task_for(name, Conditions(grey=True)), home)[0].truth.shape[2] == 1
    for name in set(TASKS) - {"denoise", "deblur"}:
        with pytest.raises(BadOption, match="grey"):
            task_for(name, Conditions(grey=True))


def test_a_cast_keeps_luminance_and_grows_with_its_strength(folder: Folder) -> None:
    home = folder({"grey.png": np.full((40, 40, 3), 128, np.uint8)})
    task = task_for("colour", Conditions(strengths=(0, 0.5, 1, 2)))
    found = cases(task, home)
    angles = [task.score(as_pixels(case.shown), case)["angle"] for case in found]
    assert angles[0] == pytest.approx(0, abs=1e-4)
    assert angles == sorted(angles)
    assert angles[-1] > 15


@pytest.mark.parametrize(
    ("name", "conditions", "said"),
    [
        ("nope", Conditions(), "tasks are sr"),
        ("sr", Conditions(scale=5), "2, 3 or 4"),
        ("sr", Conditions(strengths=(1,)), "no strength"),
        ("jpeg", Conditions(strengths=(0,)), "1 to 100"),
        ("denoise", Conditions(strengths=(math.nan,)), "0 to 255"),
        ("real", Conditions(strengths=(3,)), "no strength"),
    ],
)
def test_what_is_not_offered_is_refused(name: str, conditions: Conditions, said: str) -> None:
    with pytest.raises(BadOption, match=said):
        task_for(name, conditions)


def test_pictures_that_cannot_be_judged_are_refused(folder: Folder, scene: Scene) -> None:
    home = folder({"tiny.png": scene(height=8, width=9), "grey.png": scene(bands=1)})
    black = folder({"black.png": np.zeros((40, 40, 3), np.uint8)}, "black")
    for name, path in [("jpeg", home / "tiny.png"), ("sr", home / "tiny.png")]:
        with pytest.raises(BadOption, match="too few"):
            list(task_for(name, Conditions()).cases(Subject("set", "x", (path,))))
    for path in (home / "grey.png", black / "black.png"):
        with pytest.raises(BadOption):
            list(task_for("colour", Conditions()).cases(Subject("set", "x", (path,))))


def test_real_noise_comes_in_pairs(folder: Folder, scene: Scene) -> None:
    one, other = scene(0), scene(1)
    names = ["x_real.png", "y_real.png", "z.png", "w_mean.png", "x_real.tiff"]
    home = folder(dict.fromkeys(names, one) | {"x_mean.png": other})
    task = task_for("real", Conditions())
    subjects, skipped = task.subjects(home, "set")
    assert [subject.name for subject in subjects] == ["x"]
    assert {row.file for row in skipped} == {"y_real.png", "z.png", "w_mean.png", "x_real.tiff"}
    (case,) = task.cases(subjects[0])
    assert np.array_equal(case.truth, other)
    assert np.array_equal(as_pixels(case.shown), one)


def test_a_pair_must_agree_in_size(folder: Folder, scene: Scene) -> None:
    home = folder({"x_real.png": scene(), "x_mean.png": scene(height=70)})
    task = task_for("real", Conditions())
    subjects, _ = task.subjects(home, "set")
    with pytest.raises(BadOption, match="80 x 64 x 3 and 80 x 70 x 3"):
        list(task.cases(subjects[0]))


def test_no_pairs_are_told(folder: Folder, scene: Scene) -> None:
    home = folder({"x.png": scene()})
    for name, said in (("real", "_real.png"), ("lowlight", "low and high")):
        with pytest.raises(NotFound, match=said):
            task_for(name, Conditions()).subjects(home, "set")


def test_brackets_are_found_by_scene_and_exposure(folder: Folder, scene: Scene) -> None:
    files = {}
    for number, (seed, light) in enumerate(
        [(5, 0.5), (5, 0.1), (5, 0.03), (5, 1.0), (6, 0.25), (6, 1.0), (7, 1.0)]
    ):
        dark = (as_picture(scene(seed, 96, 96)) ** 2 * light) ** 0.5
        files[f"{number}.png"] = as_pixels(dark.astype(np.float32))
    task = task_for("lowlight", Conditions())
    subjects, skipped = task.subjects(folder(files | {"x.png": b"broken"}), "set")
    found = [tuple(path.name for path in subject.files) for subject in subjects]
    assert found == [("1.png", "3.png"), ("2.png", "3.png"), ("4.png", "5.png")]
    assert [row.file for row in skipped] == ["x.png"]


def test_low_and_high_pair_by_name(folder: Folder, scene: Scene) -> None:
    folder({"a.png": scene(0), "b.png": scene(0)}, "lol/low")
    folder({"a.png": scene(1)}, "lol/high")
    home = folder({}, "lol")
    subjects, skipped = task_for("lowlight", Conditions()).subjects(home, "lol")
    assert [subject.name for subject in subjects] == ["a.png"]
    assert [row.file for row in skipped] == ["low/b.png"]
