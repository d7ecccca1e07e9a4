"""`printroom bench quality`, as model makers run it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Printroom = Callable[..., subprocess.CompletedProcess[str]]
Photo = Callable[..., object]


def test_a_model_beside_baselines_as_json(
    printroom: Printroom, photo: Photo, tmp_path: Path
) -> None:
    photo(tmp_path / "set" / "a.png", 64, 48)
    (tmp_path / "set" / "broken.png").write_bytes(b"no picture")
    words = ("bench", "quality", "--set", "set", "--task", "sr", "--model", "test/double")
    run = printroom(*words, "--baselines", "--json")
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert [m["name"] for m in found["methods"]] == ["bicubic", "test/double@1", "Lanczos"]
    assert [row["file"] for row in found["skipped"]] == ["broken.png"]
    assert "broken.png is skipped" in run.stderr
    assert printroom(*words, "--baselines", "--json").stdout == run.stdout


def test_tables_and_a_report(
    printroom: Printroom, photo: Photo, models: Path, tmp_path: Path
) -> None:
    photo(tmp_path / "set" / "[red]a.png", 64, 48)
    model = models / "double" / "1" / "double.onnx"
    (tmp_path / "mine.onnx").write_bytes(model.read_bytes())
    run = printroom(
        "bench", "quality", "--set", "set", "--task", "sr", "--model", "mine.onnx",
        "--each", "--out", "out",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "mine.onnx" in run.stdout
    assert "[red]a.png" in run.stdout
    assert (tmp_path / "out" / "report.html").is_file()


def test_wrong_usage_is_told_in_a_sentence(
    printroom: Printroom, photo: Photo, tmp_path: Path
) -> None:
    photo(tmp_path / "set" / "a.png")
    (tmp_path / "empty").mkdir()
    for words, said in [
        (("--set", "set", "--task", "nope"), "the tasks are sr"),
        (("--set", "empty", "--task", "jpeg", "--baselines"), "no pictures in empty"),
        (("--set", "set", "--task", "sr", "--model", "no/such"), "no/such"),
        (("--set", "set", "--task", "sr", "--scale", "4", "--model", "test/double"), "by 2"),
        (("--set", "set", "--task", "sr", "--scale", "3"), "no model enlarges by 3"),
    ]:
        run = printroom("bench", "quality", *words)
        assert (run.returncode, run.stdout) == (2, "")
        assert said in run.stderr
        assert "Traceback" not in run.stderr


def test_niqe_judges_one_picture(printroom: Printroom, photo: Photo, tmp_path: Path) -> None:
    photo(tmp_path / "a.png", 200, 200)
    run = printroom("metrics", "--niqe", "a.png", "--json")
    assert json.loads(run.stdout)["niqe"] > 10
    assert "NIQE" in printroom("metrics", "--niqe", "a.png").stdout
    for words in (("--niqe", "a.png", "a.png"), ("a.png",)):
        assert printroom("metrics", *words).returncode == 2
