"""Versions that never change and aliases that move, with real processes in each other's way."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from printroom.core.errors import BadOption, BadPipeline, NotAllowed, NotFound
from printroom.database.engine import Database
from printroom.pipelines.bundled import Shipped
from printroom.pipelines.model import METADATA
from printroom.pipelines.registry import Registry
from printroom.pipelines.rows import Rows
from printroom.pipelines.shelf import Pipelines
from printroom.pipelines.spec import PipelineSpec
from printroom.pipelines.store import PipelineStore

PUBLISH = """
import sys
from printroom.database.engine import Database
from printroom.pipelines.spec import PipelineSpec
from printroom.pipelines.store import PipelineStore

address, title, count = sys.argv[1:]
database = Database.open(address)
store = PipelineStore(lambda: database, lambda: None)
store.names()
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(count)):
    raw = {"name": "race", "title": f"{title}{number}", "steps": {"a": {"use": "x"}}}
    print(store.publish(PipelineSpec.from_dict(raw)).version, flush=True)
"""


class Owners:
    """Two accounts, and the installation's."""

    handles: ClassVar = {"local": "local", "acc_1": "acme", "acc_2": "zoo"}

    def handle(self, account: str) -> str:
        return self.handles[account]

    def holder(self, handle: str) -> str | None:
        return {name: account for account, name in self.handles.items()}.get(handle)


@pytest.fixture
def store(address: str) -> Iterator[PipelineStore]:
    database = Database.open(address)
    yield PipelineStore(lambda: database, Owners)
    database.close()


def _spec(title: str = "", name: str = "mine") -> PipelineSpec:
    return PipelineSpec.from_dict({"name": name, "title": title, "steps": {"a": {"use": "haze"}}})


def _race(address: str, titles: list[str], count: int) -> list[list[int]]:
    """Versions that processes got which published at the same time."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", PUBLISH, address, title, str(count)],
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


def test_the_migrations_make_the_tables_that_are_known(address: str) -> None:
    database = Database.open(address)
    Rows(database)
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert [
            entry
            for entry in compare_metadata(context, METADATA)
            if not (entry[0] == "remove_table" and entry[1].name == "pipelines_version")
        ] == []
    database.close()


def test_each_content_has_a_version_and_keeps_it(store: PipelineStore) -> None:
    published = [store.publish(_spec(title)) for title in "abab"]
    assert [one.id for one in published] == ["mine@1", "mine@2", "mine@1", "mine@2"]
    assert [one.fresh for one in published] == [True, True, False, False]
    assert [one.version for one in store.versions("mine")] == [1, 2]
    assert store.get("mine").version == store.get("mine@latest").version == 2
    assert store.get("mine@1").spec == _spec("a")
    assert store.has_any("local")


def test_an_alias_moves_and_goes(store: PipelineStore) -> None:
    for title in "ab":
        store.publish(_spec(title))
    for version in (1, 2, 1):
        store.alias("mine", "live", version)
        assert store.get("mine@live").version == version
    assert store.aliases("local", ["mine"]) == {"mine": {"live": 1}}
    store.unalias("mine", "live")
    for attempt in (lambda: store.get("mine@live"), lambda: store.unalias("mine", "live")):
        with pytest.raises(NotFound):
            attempt()


def test_who_publishes_at_once_gets_versions_of_their_own(address: str) -> None:
    first, second = _race(address, ["a", "b"], 20)
    assert sorted(first + second) == list(range(1, 41))
    first, second = _race(address, ["c", "c"], 20)
    assert first == second == list(range(41, 61))  # the same content is the same version


def test_a_killed_process_leaves_no_half_version(store: PipelineStore, address: str) -> None:
    for pause in (0.0, 0.01):
        with subprocess.Popen(
            [sys.executable, "-c", PUBLISH, address, str(pause), "100000"],
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
    versions = [one.version for one in store.versions("race")]
    assert versions == list(range(1, len(versions) + 1))
    assert all(one.spec.faults == () for one in store.versions("race"))
    assert store.publish(_spec(name="race")).version == len(versions) + 1


def test_what_is_not_there_is_not_found(store: PipelineStore) -> None:
    store.publish(_spec())
    for name in (
        *("", "none", "mine@3", "mine@0", "mine@x", "mine@" + "9" * 5000, "../mine", "mine@.."),
        *("a/b/mine", "/mine", "nobody/mine", "acme/mine", "printroom/mine", "mine@1\n", "MINE"),
    ):
        with pytest.raises(NotFound):
            store.get(name)
    for alias in ("3", "latest", "../live", "", "Live", "a/b"):
        with pytest.raises(BadOption):
            store.alias("mine", alias, 1)


def test_an_alias_needs_a_version_that_is_there(store: PipelineStore) -> None:
    store.publish(_spec())
    for name, version in (("mine", 2), ("mine", 0), ("mine", 10**12), ("../mine", 1), ("no", 1)):
        with pytest.raises(NotFound):
            store.alias(name, "live", version)


def test_what_comes_with_printroom_has_no_versions(store: PipelineStore) -> None:
    assert "enhance" in store.names()
    assert store.get("enhance").spec == store.get("printroom/enhance").spec
    assert store.get("enhance").version is None
    assert store.versions("enhance") == []
    for attempt in (
        lambda: store.publish(_spec(name="enhance"), "acc_1"),
        lambda: store.alias("enhance", "live", 1),
        lambda: store.get("enhance@1"),
    ):
        with pytest.raises(BadOption, match="comes with printroom"):
            attempt()


def test_what_comes_with_printroom_opens_no_database() -> None:
    def never() -> Database:
        raise AssertionError("a database was opened")

    store = PipelineStore(never, Owners)
    assert store.get("enhance", "acc_1").id == "enhance"
    assert [one.id for one in store.bundled()] == Shipped().names()


def test_what_comes_with_printroom_loads_no_database() -> None:
    code = """
import sys
from printroom.workshop import Workshop
with Workshop() as workshop:
    workshop.graph("enhance")
assert not {"sqlalchemy", "alembic"} & set(sys.modules), "it takes longer to begin"
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_each_account_has_its_own(store: PipelineStore) -> None:
    for account in ("acc_1", "acc_2", "local"):
        assert store.publish(_spec(account), account).version == 1
    assert store.get("mine", "acc_1").id == store.get("acme/mine", "acc_1").id == "acme/mine@1"
    assert store.get("mine", "acc_2").spec.title == "acc_2"
    assert store.get("mine").id == "mine@1"
    assert store.names("acc_1") == [*Shipped().names(), "mine"]
    assert [one.id for one in store.listed("acc_2")] == ["zoo/mine@1"]
    store.alias("mine", "live", 1, "acc_1")
    for name, account in (("zoo/mine", "acc_1"), ("local/mine", "acc_1"), ("mine@live", "acc_2")):
        with pytest.raises(NotFound):
            store.get(name, account)
    assert sorted(one.id for one in store.newest(9)) == ["acme/mine@1", "mine@1", "zoo/mine@1"]


def test_anothers_is_there_for_whom_it_is_opened_and_stays_theirs(store: PipelineStore) -> None:
    store.publish(_spec(), "acc_1", "usr_1")
    store.publish(_spec(name="other"), "acc_1")
    store.visible = lambda account, owner, name: (
        (account, owner, name) == ("acc_2", "acc_1", "mine")
    )
    found = store.get("acme/mine@1", "acc_2")
    assert (found.id, found.own, found.account) == ("acme/mine@1", False, "acc_1")
    assert [one.version for one in store.versions("acme/mine", "acc_2")] == [1]
    for attempt in (
        lambda: store.get("acme/mine", "local"),
        lambda: store.get("acme/other", "acc_2"),
        lambda: store.get("mine", "acc_2"),
        lambda: store.alias("acme/mine", "live", 1, "acc_2"),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_a_change_and_what_tells_of_it_are_there_together(store: PipelineStore) -> None:
    told: list[str] = []

    def refuses(_: Connection, name: str) -> None:
        told.append(name)
        raise NotAllowed("no")

    store.publish(_spec("a"))
    for attempt in (
        lambda: store.publish(_spec("b"), witness=refuses),
        lambda: store.alias("mine", "live", 1, witness=refuses),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert told == ["mine@2", "mine@live"]
    assert len(store.versions("mine")) == 1
    assert store.aliases("local", ["mine"]) == {"mine": {}}
    store.publish(_spec("a"), witness=refuses)  # nothing is changed, so nothing is told


def test_a_page_of_names_goes_on_behind_the_last(store: PipelineStore) -> None:
    for name in ("d", "a", "c", "b"):
        store.publish(_spec(name=name))
        store.publish(_spec("again", name=name))
    first = store.listed(most=2)
    assert [one.id for one in first] == ["a@2", "b@2"]
    assert [one.id for one in store.listed(after="b", most=2)] == ["c@2", "d@2"]


def test_steps_that_are_kept_are_known(store: PipelineStore) -> None:
    for use in ("x@2", "y", "x@2", "z@1"):
        raw = {"name": "mine", "title": use, "steps": {"a": {"use": use}, "b": {"use": "x@1"}}}
        store.publish(PipelineSpec.from_dict(raw), "acc_1")
    assert store.used() == {"x@1", "x@2", "z@1"}


def test_where_an_editor_draws_things_makes_no_version(store: PipelineStore) -> None:
    raw = _spec().to_dict()
    first = store.publish(PipelineSpec.from_dict(raw | {"view": {"steps.a": [4, -2.5]}}))
    second = store.publish(PipelineSpec.from_dict(raw | {"view": {"steps.a": [5, 0]}}))
    assert (first.version, second.version) == (1, 1)
    assert store.get("mine").spec.view == {"steps.a": (4, -2.5)}


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
    assert len(store.versions("mend")) == 1
    with pytest.raises(NotFound, match="cannot be read"):
        house.find(tmp_path / "none.yaml")


def test_what_is_sent_names_no_secrets_unless_they_are_its_own(
    store: PipelineStore, registry: Registry
) -> None:
    raw = {
        "name": "sheets",
        "inputs": {"images": {"type": "list", "item": "picture"}},
        "steps": {
            "all": {"use": "sheet", "with": {"images": "$images", "key": {"secret": "PASSWORD"}}}
        },
    }
    house, spec = Pipelines(store, registry), PipelineSpec.from_dict(raw)
    with pytest.raises(BadPipeline, match="secrets are those of the installation"):
        house.accept(spec, "acc_1")
    with pytest.raises(BadPipeline, match="secrets are those of the installation"):
        house.sent(spec, "acc_2")
    assert house.accept(spec, "local").id == "sheets@1"
