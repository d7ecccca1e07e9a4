"""Versions that never change and aliases that move, with real processes in each other's way."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from printroom.core.errors import BadOption, BadPipeline, NotFound, Unwritable
from printroom.pipelines.registry import Registry
from printroom.pipelines.shelf import Pipelines
from printroom.pipelines.spec import PipelineSpec
from printroom.pipelines.store import PipelineStore

PUBLISH = """
import sys, time
from pathlib import Path
from printroom.pipelines.spec import PipelineSpec
from printroom.pipelines.store import PipelineStore

folder, title, count = sys.argv[1:]
store = PipelineStore(Path(folder))
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(count)):
    raw = {"name": "race", "title": f"{title}{number}", "steps": {"a": {"use": "x"}}}
    print(store.publish(PipelineSpec.from_dict(raw)).version, flush=True)
"""


@pytest.fixture
def store(tmp_path: Path) -> PipelineStore:
    return PipelineStore(tmp_path / "pipelines")


def _spec(title: str = "", name: str = "mine") -> PipelineSpec:
    return PipelineSpec.from_dict({"name": name, "title": title, "steps": {"a": {"use": "haze"}}})


def _race(folder: Path, titles: list[str], count: int) -> list[list[int]]:
    """Versions that processes got which published at the same time."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", PUBLISH, str(folder), title, str(count)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for title in titles
    ]  # fmt: skip
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    found = []
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    for child in children:
        out, _ = child.communicate(timeout=120)
        assert child.returncode == 0
        found.append([int(line) for line in out.split()])
    return found


def test_each_content_has_a_version_and_keeps_it(store: PipelineStore) -> None:
    assert [store.publish(_spec(title)).id for title in "abab"] == [
        "mine@1", "mine@2", "mine@1", "mine@2",
    ]  # fmt: skip
    assert store.versions("mine") == [1, 2]
    assert store.get("mine").version == 2
    assert store.get("mine@latest").version == 2
    assert store.get("mine@1").spec == _spec("a")


def test_an_alias_moves(store: PipelineStore) -> None:
    for title in "ab":
        store.publish(_spec(title))
    for version in (1, 2, 1):
        store.alias("mine", "live", version)
        assert store.get("mine@live").version == version
    assert store.aliases("mine") == {"live": 1}


def test_who_publishes_at_once_gets_versions_of_their_own(tmp_path: Path) -> None:
    first, second = _race(tmp_path, ["a", "b"], 20)
    assert sorted(first + second) == list(range(1, 41))
    store = PipelineStore(tmp_path)
    assert store.get("race@7").spec.title in {f"{one}{n}" for one in "ab" for n in range(20)}


def test_who_publishes_the_same_at_once_gets_the_same_version(tmp_path: Path) -> None:
    first, second = _race(tmp_path, ["a", "a"], 20)
    assert first == second == list(range(1, 21))


def test_a_killed_process_leaves_no_half_version(tmp_path: Path) -> None:
    store = PipelineStore(tmp_path)
    for pause in (0.0, 0.002, 0.005, 0.01, 0.02):
        with subprocess.Popen(
            [sys.executable, "-c", PUBLISH, str(tmp_path), str(pause), "100000"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as child:  # fmt: skip
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdout.readline()
            child.stdin.write("\n")
            child.stdin.flush()
            child.stdout.readline()
            time.sleep(pause)
            child.send_signal(signal.SIGKILL)
        for version in store.versions("race"):
            assert store.get(f"race@{version}").spec.faults == ()
    versions = store.versions("race")
    assert versions == list(range(1, len(versions) + 1))
    assert store.publish(_spec(name="race")).version == len(versions) + 1


@pytest.mark.parametrize(
    "name", ["", "none", "mine@3", "mine@0", "mine@x", "mine@" + "9" * 5000, "../mine", "mine@.."]
)
def test_what_is_not_there_is_not_found(store: PipelineStore, name: str) -> None:
    store.publish(_spec())
    with pytest.raises(NotFound):
        store.get(name)


@pytest.mark.parametrize("name", ["3", "latest", "../live", "", "Live", "a/b"])
def test_an_alias_is_a_plain_word(store: PipelineStore, name: str) -> None:
    store.publish(_spec())
    with pytest.raises(BadOption):
        store.alias("mine", name, 1)


def test_an_alias_needs_a_version_that_is_there(store: PipelineStore) -> None:
    store.publish(_spec())
    with pytest.raises(NotFound):
        store.alias("mine", "live", 2)
    with pytest.raises(BadOption):
        store.alias("../mine", "live", 1)


def test_what_comes_with_printroom_has_no_versions(store: PipelineStore) -> None:
    assert "enhance" in store.names()
    assert store.get("enhance").version is None
    assert store.get("enhance").spec.faults == ()
    for attempt in (
        lambda: store.publish(_spec(name="enhance")),
        lambda: store.alias("enhance", "live", 1),
        lambda: store.get("enhance@1"),
    ):
        with pytest.raises(BadOption, match="comes with printroom"):
            attempt()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unwritable, match="file"):
        PipelineStore(tmp_path / "file").publish(_spec())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_closed_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(Unwritable):
        PipelineStore(tmp_path / "pipelines").publish(_spec())


def test_only_what_holds_is_published(
    store: PipelineStore, registry: Registry, mend: str, tmp_path: Path
) -> None:
    house = Pipelines(store, registry)
    file = tmp_path / "mend.yaml"
    file.write_text(mend)
    assert house.publish(house.find(file).spec).id == "mend@1"
    assert house.graph("mend@1").version == 1
    assert house.graph(str(file)).version is None
    file.write_text(mend.replace("use: denoise", "use: nothing"))
    with pytest.raises(BadPipeline, match=r"mend\.yaml:9:11"):
        house.publish(house.find(file).spec)
    assert store.versions("mend") == [1]
    with pytest.raises(NotFound, match="cannot be read"):
        house.find(tmp_path / "none.yaml")
