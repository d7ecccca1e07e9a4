"""Steps in folders that come with printroom: known at once, their environments made when wanted."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from printroom.cli.main import app
from printroom.core.errors import BadStep, EnvironmentFailed
from printroom.core.logs import telling
from printroom.core.settings import Settings
from printroom.pipelines.declare import StepShape
from printroom.pipelines.step_toml import read_manifest
from printroom.steps.bundled import DECLARED, Bundled, bundled, declare
from printroom.workshop import Workshop

STEPS = sorted(bundled())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where their environments are made, once."""
    return tmp_path_factory.mktemp("bundled")


@pytest.fixture
def workshop(data: Path) -> Iterator[Workshop]:
    with Workshop(Settings(data=data, workers=1)) as made:
        yield made


@pytest.mark.parametrize("name", STEPS)
def test_what_is_written_of_a_step_is_what_it_says(name: str, data: Path, tmp_path: Path) -> None:
    folder, copy = bundled()[name].folder, tmp_path / name
    shutil.copytree(folder, copy)
    (copy / DECLARED).unlink()
    try:
        declare(copy, data)
    except EnvironmentFailed as error:
        pytest.skip(f"the environment of {name} cannot be had here: {error}")
    assert (copy / DECLARED).read_text() == (folder / DECLARED).read_text(), (
        "python -m printroom.steps.bundled"
    )


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_at_hand_before_there_is_an_environment(name: str, tmp_path: Path) -> None:
    with Workshop(Settings(data=tmp_path / "data", workers=1)) as fresh:
        step = fresh.steps.get(name)
        assert step.group == "artist"
        assert step.shape is StepShape.RUN
        assert step.description
        assert fresh.steps.pinned(name) == name
        needed = fresh.folders.manifest(name)
    assert needed is not None
    assert needed == read_manifest(bundled()[name].folder)
    assert not (tmp_path / "data" / "environments").exists()


def test_a_name_of_theirs_is_taken(workshop: Workshop, tmp_path: Path) -> None:
    folder = tmp_path / "write"
    folder.mkdir()
    (folder / "step.py").write_text("")
    (folder / "step.toml").write_text('name = "write"\nentry = "step.py"\npython = "3.11"\n')
    with pytest.raises(BadStep, match="a step write already, which is installed"):
        workshop.add_step(folder)


def test_making_an_environment_is_told_once(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    file = tmp_path / "poem.yaml"
    file.write_text("name: poem\nsteps: {poem: {use: write, with: {seed: 7}}}\n")
    fresh = Settings(data=tmp_path / "data", workers=1)

    def written() -> Any:
        with Workshop(fresh) as made, telling(lines.append):
            return made.run_pipeline(made.graph(file), {}, tmp_path)

    try:
        first = written()
    except EnvironmentFailed as error:
        pytest.skip(f"the environment cannot be had here: {error}")
    assert written() == first
    making = [line for line in lines if line.startswith("making an environment")]
    assert len(making) == 1
    assert "numpy 1.26.4" in making[0]


def test_one_without_a_declaration_is_none(tmp_path: Path) -> None:
    with pytest.raises(BadStep, match=r"declared\.json cannot be read"):
        Bundled(tmp_path).described()
    (tmp_path / DECLARED).write_text(json.dumps([1, 2]))
    with pytest.raises(BadStep, match="cannot be read"):
        Bundled(tmp_path).described()


def test_it_is_checked_by_its_name(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRINTROOM_DATA", str(data))
    done = CliRunner().invoke(app, ["steps", "check", "write"])
    if isinstance(done.exception, EnvironmentFailed):
        pytest.skip(f"the environment cannot be had here: {done.exception}")
    assert done.exit_code == 0, done.output
    assert done.output == "write: theme, temperature, seed -> poem, seed, nothing is wrong\n"
