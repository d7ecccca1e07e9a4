"""Models of other people from the command line: imported, shown, corrected, refused."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

Printroom = Callable[..., subprocess.CompletedProcess[str]]


def imported(printroom: Printroom, models: Path, tmp_path: Path, *words: str) -> str:
    shutil.copy(next(models.rglob("*.onnx")), tmp_path / "Twice.onnx")
    done = printroom("models", "import", "Twice.onnx", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_a_file_is_imported_and_corrected(
    printroom: Printroom, models: Path, tmp_path: Path
) -> None:
    said = imported(printroom, models, tmp_path, "--name", "me/twice", "--licence", "MIT")
    assert "me/twice@1" in said
    assert "rgb 0..1" in said
    done = printroom("models", "correct", "me/twice", "--range", "0..255", "--json")
    card = json.loads(done.stdout)
    assert (card["id"], card["licence"]) == ("me/twice@2", "MIT")
    assert card["reading"]["input"]["range"] == card["reading"]["output"]["range"] == [0, 255]
    home = tmp_path / "data" / "models" / "me--twice"
    assert (home / "1" / "model.onnx").samefile(home / "2" / "model.onnx")


def test_what_makes_no_sense_is_refused(printroom: Printroom, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"none")
    for words, reason in (
        (("net.onnx",), "not an ONNX model"),
        (("net.onnx", "--range", "1"), "0..255"),
        (("net.onnx", "--task", "haiku"), "the tasks are"),
    ):
        done = printroom("models", "import", *words)
        assert done.returncode != 0
        assert reason in done.stderr
        assert "Traceback" not in done.stderr
