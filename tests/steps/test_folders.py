"""Steps in folders: kept by content, called by name, started when they are run."""

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from printroom.core.errors import (
    BadPipeline,
    BadStep,
    EnvironmentFailed,
    NoCard,
    NotFound,
    StepFailed,
)
from printroom.core.settings import Settings
from printroom.isolation.cards import here
from printroom.pipelines.graph import Graph
from printroom.pipelines.spec import PipelineSpec
from printroom.steps.folders import StepFolders
from printroom.workshop import Workshop

HERE = f"3.{sys.version_info[1]}"
STEP = """
    from printroom_step import step

    @step
    def shout(text: str, times: int = 1) -> str:
        '''Says it louder.'''
        return text.upper() * times
"""
PIPELINE = """\
name: loud
inputs: {text: text}
steps:
  louder: {use: USE, with: {text: $text, times: 2}}
"""
ADD = """
import sys
from pathlib import Path
from printroom.steps.folders import StepFolders

data, folder = map(Path, sys.argv[1:])
folders = StepFolders(data)
print("ready", flush=True)
sys.stdin.readline()
print(folders.add(folder).pin)
"""
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Code -> a folder with the step that it marks; it needs no packages."""

    def folder(code: str = STEP, name: str = "shout", below: str = "mine") -> Path:
        home = tmp_path / below / name
        home.mkdir(parents=True, exist_ok=True)
        (home / "step.py").write_text(textwrap.dedent(code))
        (home / "step.toml").write_text(f'name = "{name}"\nentry = "step.py"\npython = "{HERE}"\n')
        return home

    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def workshop(data: Path, models: Path) -> Iterator[Workshop]:
    with Workshop(Settings(data=data, models=(models,), workers=1)) as made:
        yield made


def pipeline(folder: Path, use: str) -> Path:
    """A pipeline file in `folder` that uses the step."""
    file = folder / "loud.yaml"
    file.write_text(PIPELINE.replace("USE", use))
    return file


def said(workshop: Workshop, name: str | Path | Graph, folder: Path) -> Any:
    graph = name if isinstance(name, Graph) else workshop.graph(name)
    return workshop.run_pipeline(graph, {"text": "oh"}, folder)["result"]


def children() -> set[int]:
    return {process.pid for process in psutil.Process().children()}


def kept(data: Path) -> int:
    """How many copies there are, drafts and all."""
    return len(list((data / "steps" / "kept").iterdir()))


def test_an_added_step_is_a_step_like_any_other(
    workshop: Workshop, write: Write, tmp_path: Path
) -> None:
    step = workshop.add_step(write())
    assert step.pin == f"shout@{step.digest}"
    assert "shout" in workshop.steps
    assert workshop.steps.get("shout").description == "Says it louder."
    assert [one.name for one in workshop.steps][-1] == "shout"
    assert said(workshop, pipeline(tmp_path, "shout"), tmp_path) == "OHOH"
    assert said(workshop, pipeline(tmp_path, step.pin), tmp_path) == "OHOH"


def test_it_is_there_after_a_restart_and_starts_nothing_until_it_is_run(
    workshop: Workshop, write: Write, tmp_path: Path, data: Path, models: Path
) -> None:
    workshop.add_step(write())
    file, before = pipeline(tmp_path, "shout"), children()
    with Workshop(Settings(data=data, models=(models,), workers=1)) as later:
        assert "shout" in [step.name for step in later.steps]
        graph = later.graph(file)
        assert children() == before
        assert said(later, graph, tmp_path) == "OHOH"
        (pid,) = children() - before
        assert said(later, later.graph(file), tmp_path) == "OHOH"  # by the same process
        assert children() - before == {pid}
    assert children() == before


def test_a_copy_is_what_counts_and_a_folder_beside_the_file_is_as_it_is_now(
    workshop: Workshop, write: Write, tmp_path: Path
) -> None:
    workshop.add_step(write())
    local = pipeline(tmp_path, "./mine/shout")
    assert said(workshop, local, tmp_path) == "OHOH"
    write(STEP.replace("text.upper()", "(text + '!').upper()"))
    assert said(workshop, local, tmp_path) == "OH!OH!"
    assert said(workshop, pipeline(tmp_path, "shout"), tmp_path) == "OHOH"


def test_what_is_hidden_makes_no_difference(workshop: Workshop, write: Write, data: Path) -> None:
    folder = write()
    step = workshop.add_step(folder)
    (folder / ".notes").write_text("")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "step.pyc").write_bytes(b"")
    assert workshop.add_step(folder).digest == step.digest
    assert sorted(path.name for path in step.folder.iterdir()) == ["step.py", "step.toml"]
    assert kept(data) == 1


def test_names_that_clash_are_told(workshop: Workshop, write: Write, data: Path) -> None:
    first = workshop.add_step(write())
    with pytest.raises(BadStep, match="denoise already, which is installed"):
        workshop.add_step(write(name="denoise"))
    other = write(STEP.replace("upper", "lower"), below="other")
    with pytest.raises(BadStep, match="shout already, with other content: say --replace"):
        workshop.add_step(other)
    assert workshop.steps.pinned("shout") == first.pin
    assert workshop.add_step(other, replaces=True).digest != first.digest
    assert kept(data) == 1  # the former copy is of no use to anybody
    workshop.steps.register(first_of(workshop, write))
    with pytest.raises(BadStep, match="two steps are called shout"):
        workshop.steps.get("shout")


def first_of(workshop: Workshop, write: Write) -> Any:
    """A step of the same name, as a package would bring it."""
    return workshop.folders.at(write(below="third"))


def test_a_published_version_never_changes(
    workshop: Workshop, write: Write, tmp_path: Path, data: Path
) -> None:
    """Neither by what becomes of the folder, nor by what becomes of the name."""
    shelf, local = workshop.shelf, pipeline(tmp_path, "./mine/shout")
    folder = write()
    assert shelf.publish(shelf.find(local).spec).id == "loud@1"
    assert shelf.publish(shelf.find(local).spec).id == "loud@1"
    step = workshop.add_step(folder)
    assert [one.use for one in shelf.store.get("loud@1").spec.steps] == [step.pin]
    write(STEP.replace("upper", "lower"))
    assert shelf.publish(shelf.find(local).spec).id == "loud@2"
    workshop.add_step(folder, replaces=True)
    shutil.rmtree(folder)
    assert workshop.remove_step("shout").name == "shout"
    assert said(workshop, "loud@1", tmp_path) == "OHOH"
    assert said(workshop, "loud@2", tmp_path) == "ohoh"
    assert kept(data) == 2


def test_a_step_is_taken_away(workshop: Workshop, write: Write, tmp_path: Path, data: Path) -> None:
    workshop.add_step(write())
    workshop.remove_step("shout")
    assert kept(data) == 0
    with pytest.raises(NotFound, match="no step 'shout'"):
        workshop.steps.get("shout")
    for name in ("shout", "../kept", "denoise", ""):
        with pytest.raises(NotFound):
            workshop.remove_step(name)


def test_a_copy_that_was_changed_is_not_run(
    workshop: Workshop, write: Write, tmp_path: Path
) -> None:
    step = workshop.add_step(write())
    (step.folder / "step.py").chmod(0o644)
    (step.folder / "step.py").write_text(textwrap.dedent(STEP.replace("upper", "lower")))
    with pytest.raises(BadStep, match="was changed: add it again"):
        said(workshop, pipeline(tmp_path, "shout"), tmp_path)


def test_what_does_not_work_is_not_kept(workshop: Workshop, write: Write, data: Path) -> None:
    with pytest.raises(StepFailed, match="result has no annotation"):
        workshop.add_step(write(STEP.replace("-> str", "")))
    folder = write(STEP.replace("upper", "shouted"))
    toml = folder / "step.toml"
    toml.write_text(toml.read_text() + '[example]\ntext = "a"')
    with pytest.raises(StepFailed, match="no attribute 'shouted'"):
        workshop.add_step(folder)
    assert kept(data) == 0
    assert workshop.folders.names() == []


def test_what_is_wrong_with_a_folder_is_told_at_its_place(
    workshop: Workshop, write: Write, tmp_path: Path
) -> None:
    write()
    file = pipeline(tmp_path, "./mine/shoot")
    file.write_text(file.read_text().replace("times", "tims"))
    with pytest.raises(BadPipeline) as error:
        workshop.graph(file)
    assert error.value.faults == (
        "loud.yaml:4:12: steps.louder.use: there is no folder './mine/shoot' beside the pipeline: "
        "check the name",
    )
    (tmp_path / "mine" / "shout" / "step.toml").write_text("name = 3")
    with pytest.raises(BadPipeline, match=r"loud.yaml:4:12: .*step.toml: name: 3 is not"):
        workshop.graph(pipeline(tmp_path, "./mine/shout"))


def test_only_a_file_may_name_a_folder(workshop: Workshop, write: Write, tmp_path: Path) -> None:
    write()
    for use in ("./mine/shout", "../mine/shout", str(tmp_path / "mine" / "shout")):
        raw = {"name": "loud", "inputs": {"text": "text"}}
        steps = {"a": {"use": use, "with": {"text": "$text"}}}
        spec = PipelineSpec.from_dict(raw | {"steps": steps})
        with pytest.raises(BadPipeline, match="there is no step"):
            workshop.shelf.check(spec)


def test_who_adds_the_same_at_once_gets_the_same(write: Write, data: Path) -> None:
    folder = write()
    adding = [
        subprocess.Popen(
            [sys.executable, "-c", ADD, data, folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    for child in adding:
        assert child.stdout is not None
        child.stdout.readline()
    pins = {child.communicate("\n", timeout=120)[0] for child in adding}
    assert len(pins) == 1
    folders = StepFolders(data)
    assert folders.pinned("shout") == pins.pop().strip()
    assert kept(data) == 1


@pytest.mark.skipif(bool(here()), reason="this machine has graphics cards")
def test_a_step_that_needs_a_card_is_added_where_there_is_none(
    write: Write, workshop: Workshop, tmp_path: Path
) -> None:
    folder = write()
    with (folder / "step.toml").open("a") as file:
        file.write("[resources]\ngpu = 1\n")
    workshop.add_step(folder)
    assert workshop.folders.names() == ["shout"]
    with pytest.raises(NoCard, match="step shout asks for gpu = 1"):
        said(workshop, pipeline(tmp_path, "shout"), tmp_path)


def test_a_step_of_an_image_is_added_in_the_image_and_runs_there_alone(
    write: Write, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, bin_ = "acme/steps:1", tmp_path / "bin"
    bin_.mkdir()
    (bin_ / f"python{HERE}").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    folder = write()
    with (folder / "step.toml").open("a") as file:
        file.write(f'[resources]\nimage = "{image}"\n')
    outside = StepFolders(data)
    with pytest.raises(EnvironmentFailed, match=image):
        outside.add(folder)
    inside = StepFolders(data, image=image)
    pin = inside.add(folder).pin
    step = outside.find(pin)
    assert step is not None
    with pytest.raises(EnvironmentFailed, match=image):
        step.factory()
    ours = inside.find(pin)
    assert ours is not None
    with ours.factory().isolated as running:
        assert running.run({"text": "oh"})["result"] == "OH"
    outside.close()
    inside.close()
