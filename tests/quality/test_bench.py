"""A run: what is measured, what is skipped, and that it repeats."""

import json
import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from printroom.core.errors import Cancelled, NotFound
from printroom.quality.bench import Results, difference, run
from printroom.quality.published import FIGURES, published
from printroom.quality.task import Conditions
from printroom.quality.tasks import TASKS, task_for

Folder = Callable[..., Path]
Scene = Callable[..., Any]
Method = Callable[..., Any]
DATA = Path(__file__).parents[2] / ".." / "shared" / "data"


def soft(picture: Any) -> Any:
    """Half way to the picture's mean colour."""
    return (picture + picture.mean((0, 1), keepdims=True)) / 2


@pytest.fixture
def results(folder: Folder, scene: Scene, method: Method) -> Results:
    home = folder({"a.png": scene(0), "b.png": scene(1), "broken.png": b"no"})
    task = task_for("jpeg", Conditions(strengths=(10, 90)))
    return run(task, [home], [method("soft", soft)])


def test_every_method_meets_every_case(results: Results) -> None:
    assert len(results.scores) == 2 * 2 * 2
    assert [group.strength for group in results.groups] == [10, 90]
    for group in results.groups:
        assert group.pictures == ["a.png", "b.png"]
        for name, values in group.means.items():
            figures = [s.values["psnr"] for s in group.scores if s.method == name]
            assert values["psnr"] == pytest.approx(np.mean(figures))
    low, high = (group.means["none"]["psnr"] for group in results.groups)
    assert high > low + 3


def test_what_cannot_be_read_is_named_and_passed_over(results: Results) -> None:
    assert [(row.set, row.file) for row in results.skipped] == [("set", "broken.png")]
    assert results.skipped[0].reason


def test_gains_are_over_the_floor(results: Results) -> None:
    group = results.groups[0]
    gains = results.gains(group)
    assert set(gains["none"].values()) == {0.0}
    for picture, gain in gains["soft"].items():
        of = {s.method: s.values["psnr"] for s in group.scores if s.picture == picture}
        assert gain == of["soft"] - of["none"]


def test_the_json_is_plain_and_complete(results: Results) -> None:
    text = json.dumps(results.as_json(), allow_nan=False)
    found = json.loads(text)
    assert set(found) == {
        "task", "protocol", "scale", "seed", "grey", "metrics",
        "methods", "means", "published", "pictures", "skipped",
    }  # fmt: skip
    assert len(found["pictures"]) == 8
    assert set(found["means"][0]) == {"set", "strength", "pictures", "method", "psnr", "ssim"}


def test_a_method_that_gives_the_truth_is_infinite_and_null(
    folder: Folder, scene: Scene, method: Method
) -> None:
    picture = scene()
    home = folder({"a.png": picture})
    perfect = method("perfect", lambda _: picture.astype(np.float32) / 255)
    results = run(task_for("deblur", Conditions()), [home], [perfect])
    assert math.isinf(results.groups[0].means["perfect"]["psnr"])
    rows = [row for row in results.as_json()["means"] if row["method"] == "perfect"]
    assert [row["psnr"] for row in rows] == [None]


def test_two_runs_agree(folder: Folder, scene: Scene) -> None:
    home = folder({"a.png": scene(0), "b.png": scene(1)})
    task = task_for("denoise", Conditions())
    first, second = (run(task, [home], task.baselines()).as_json() for _ in range(2))
    assert first == second


def test_sets_stay_apart(folder: Folder, scene: Scene) -> None:
    one, other = folder({"a.png": scene(0)}, "one"), folder({"a.png": scene(1)}, "other")
    results = run(task_for("deblur", Conditions()), [other, one], [])
    assert [group.set for group in results.groups] == ["other", "one"]


def test_a_folder_of_broken_files_is_an_error_that_names_one(folder: Folder) -> None:
    with pytest.raises(NotFound, match=r"broken\.png"):
        run(task_for("jpeg", Conditions()), [folder({"broken.png": b"no"})], [])


def test_it_can_be_stopped(folder: Folder, scene: Scene) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        run(task_for("jpeg", Conditions()), [folder({"a.png": scene()})], [], cancel=stop)


@pytest.mark.parametrize("name", TASKS)
def test_baselines_keep_the_shape(name: str, scene: Scene) -> None:
    task = task_for(name, Conditions())
    for bands in (1, 3):
        if name == "colour" and bands == 1:
            continue
        picture = scene(0, 40, 56, bands).astype(np.float32) / 255
        for method in (task.floor(), *task.baselines()):
            made = method.restore(picture, None if name == "real" else 15.0)
            assert made.shape == (40 * task.scale, 56 * task.scale, bands)
            assert made.dtype == np.float32
            assert np.isfinite(made).all()


@pytest.mark.parametrize("name", ["denoise", "deblur"])
def test_baselines_help(name: str, folder: Folder, scene: Scene) -> None:
    task = task_for(name, Conditions(strengths=(25,) if name == "denoise" else ()))
    results = run(task, [folder({"a.png": scene(0, 128, 128)})], task.baselines())
    means = results.groups[0].means
    floor = means.pop("none")["psnr"]
    assert all(values["psnr"] > floor + 0.5 for values in means.values())


def test_better_is_positive_whichever_way_a_figure_runs() -> None:
    assert difference("psnr", 30, 28) == 2
    assert difference("angle", 3, 5) == 2
    assert difference("psnr", math.inf, math.inf) == 0


def test_published_figures_are_found_by_the_folders_name() -> None:
    assert published("sr", "Set5", 2.0) == published("sr", "set-5", 2.0) != []
    assert published("sr", "mine", 2.0) == []
    assert {row.task for row in FIGURES} <= set(TASKS)
    assert len({row[:4] for row in FIGURES}) == len(FIGURES)


@pytest.mark.parametrize(
    ("name", "sets", "conditions", "expected"),
    [
        ("sr", "set5", Conditions(scale=2), [33.68]),
        ("sr", "set5", Conditions(scale=3), [30.40]),
        ("sr", "set5", Conditions(scale=4), [28.43]),
        ("jpeg", "classic5", Conditions(), [27.82, 30.12, 31.48, 32.43]),
        ("denoise", "classic5", Conditions(strengths=(25,)), [20.26]),
    ],
)
def test_the_floor_is_the_published_one(
    name: str, sets: str, conditions: Conditions, expected: list[float]
) -> None:
    if not (DATA / sets).is_dir():
        pytest.skip(f"the test set {sets} is not at hand")
    task = task_for(name, conditions)
    results = run(task, [DATA / sets], [])
    floor = [group.means[task.floor().name]["psnr"] for group in results.groups]
    assert floor == pytest.approx(expected, abs=0.006)


def test_brackets_of_a_real_series_make_scenes() -> None:
    if not (DATA / "sice_multiexp").is_dir():
        pytest.skip("the brackets are not at hand")
    subjects, skipped = task_for("lowlight", Conditions()).subjects(DATA / "sice_multiexp", "sice")
    assert skipped == []
    starts = [1, 2, 9, 18, 27, 34, 43, 50, 57, 64, 71, 78, 87]  # looked at, picture by picture
    for subject in subjects:
        dark, good = (int(path.stem) for path in subject.files)
        assert max(s for s in starts if s <= dark) == max(s for s in starts if s <= good)
