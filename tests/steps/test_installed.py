"""Steps of other packages are found by their entry points, all or none."""

from pathlib import Path

import pytest

from printroom.core.errors import BadStep
from printroom.core.settings import Settings
from printroom.steps.installed import installed
from printroom.workshop import Workshop

CODE = '''
import numpy as np
from printroom.pipelines.step import TileStep


class Fog(TileStep):
    """Lifts the blacks."""

    name = "{name}"

    def apply(self, tile, parameters):
        return tile * np.float32(0.9) + np.float32(0.1)
'''


def package(folder: Path, name: str, code: str) -> None:
    """An installed package with one step, as an installer leaves it."""
    (folder / f"{name}_steps.py").write_text(code)
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[printroom.steps]\n{name} = {name}_steps:Fog\n")


def test_a_step_of_a_package_stands_beside_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, "foggy", CODE.format(name="fog"))
    monkeypatch.syspath_prepend(str(tmp_path))
    with Workshop(Settings(data=tmp_path / "data")) as workshop:
        assert workshop.steps.get("fog").description == "Lifts the blacks."
        assert "denoise" in workshop.steps


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise OSError('no licence')", "step dreary of dreary cannot be loaded: OSError"),
        (CODE.format(name="denoise"), "there is a step denoise already"),
    ],
)
def test_one_that_does_not_hold_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, reason: str
) -> None:
    monkeypatch.delitem(__import__("sys").modules, "dreary_steps", raising=False)
    package(tmp_path, "dreary", code)
    monkeypatch.syspath_prepend(str(tmp_path))
    workshop = Workshop(Settings(data=tmp_path / "data"))
    with pytest.raises(BadStep, match=reason):
        _ = workshop.steps


def test_without_packages_there_is_none() -> None:
    assert list(installed()) == []
