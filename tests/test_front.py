import os
import subprocess
import sys
from pathlib import Path

import pytest

import printroom
from printroom.imaging.vips import pyvips


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("printroom", {"numpy", "onnxruntime", "pyvips", "typer", "printroom.workshop"}),
        ("printroom.cli.main", {"numpy", "onnxruntime", "pyvips", "rich", "fastapi"}),
        ("printroom.workshop", {"onnx", "torch", "rich", "fastapi", "uvicorn"}),
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(module: str, heavy: set[str]) -> None:
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_picture_is_enlarged_in_one_line(
    monkeypatch: pytest.MonkeyPatch, models: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("PRINTROOM_MODELS", str(models))
    photo = tmp_path / "photo.png"
    pyvips.Image.black(30, 20).write_to_file(str(photo))
    try:
        beside = printroom.enhance(str(photo), scale=2)
        assert beside.path == tmp_path / "photo@2x.png"
        named = printroom.enhance(photo, tmp_path / "b.jpg", quality=50)
        assert (named.format, named.width, named.height) == ("jpeg", 60, 40)
        data = printroom.enhance(photo.read_bytes(), format="webp").data
        assert data is not None
        assert data.startswith(b"RIFF")
    finally:
        printroom._made().close()
        printroom._made.cache_clear()


def test_nobody_elsewhere_is_told_of_it(models: Path, tmp_path: Path) -> None:
    """onnxruntime keeps what it is about to tell its makers below the home folder."""
    told = ("CI", "GITHUB_ACTIONS", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")
    plain = {name: value for name, value in os.environ.items() if name not in told}
    pyvips.Image.black(30, 20).write_to_file(str(tmp_path / "photo.png"))
    subprocess.run(
        [sys.executable, "-m", "printroom", "enhance", "photo.png", "--scale", "2"],
        env=plain | {"HOME": str(tmp_path), "PRINTROOM_MODELS": str(models)},
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert (tmp_path / "photo@2x.png").exists()
    assert not list(tmp_path.rglob("*nnxruntime*"))
