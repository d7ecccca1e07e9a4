"""Models that accounts have: counted, kept, found by those who may, read out of the store."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, inspect

from printroom.accounts import handles, people
from printroom.accounts.audit import CONSOLE, Actor
from printroom.accounts.book import Accounts
from printroom.assets.assets import Assets, New
from printroom.catalogue import breaches, entries
from printroom.catalogue.card import ModelCard
from printroom.catalogue.entries import Draft
from printroom.catalogue.model import METADATA, Entry
from printroom.catalogue.models import digest_of
from printroom.catalogue.owned import OwnedModels, Unpaid
from printroom.core.errors import BadModel, BadOption, KeyReused, NotFound, TooManyAtOnce
from printroom.core.visible import Lending, Loan
from printroom.database.engine import Database
from printroom.imaging.tiling import Geometry
from printroom.storage.disk import DiskStore

WEIGHTS = b"weights of a net" * 1000
SAID = {"licence": "MIT", "task": None, "reading": None, "parts": {}, "suffix": ".onnx"}


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    opened = Database.open(address)
    yield opened
    opened.close()


class House:
    """Two accounts, `acme` and `bolt`, on one database and one store."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.accounts = Accounts(database)
        self.assets = Assets(database, DiskStore(folder / "store"))
        self.lending: Lending = lambda *_: Loan("no")
        self.owned = self.machine("one")
        self.acme, self.bolt = (
            self.accounts.do(people.create_account, CONSOLE, name).id for name in ("acme", "bolt")
        )

    def machine(self, name: str) -> OwnedModels:
        """What another machine, with a folder of its own, has of the models."""
        return OwnedModels(self.assets, self.folder / name, lambda: self.lending)

    def run(self, work: Any, **given: Any) -> Any:
        return self.database.run(partial(work, **given))

    def give(self, account: str, name: str = "ink", **more: Any) -> tuple[Entry, bool]:
        file = self.assets.add(New(account, WEIGHTS, "upload", "ink.onnx"))
        return self.enter(Draft(account, name, declared=SAID, **more), file)

    def enter(self, draft: Draft, file: Any) -> tuple[Entry, bool]:
        job = f"job-{draft.account}-{file.id}"
        now = self.database.clock()
        entered: tuple[Entry, bool] = self.run(
            entries.entered, now=now, draft=draft, file=file, job=job
        )
        return entered

    def ready(self, entry: Entry) -> None:
        card = ModelCard(
            "any/name", 1, "", "model.onnx", entry.digest, Geometry(Fraction(2), 1), 10, "MIT"
        )
        self.settle(entry, json.loads(card.to_json()))
        self.owned.forget()

    def settle(self, entry: Entry, card: Any = None, verdict: str = "passed") -> None:
        now = self.database.clock()
        report = {
            "verdict": verdict, "card": card, "fingerprint": "like", "rules": "1",
            "expires_at": now + 2 * entries.SOON,
        }  # fmt: skip
        self.run(entries.settled, job=entry.job, report=report)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[House]:
    made = House(database, tmp_path)
    yield made
    made.owned.close()


def test_the_migrations_make_the_table_that_is_known(house: House) -> None:
    with house.database.read() as connection:
        ours = {
            "compare_type": True,
            "include_name": lambda name, kind, _: kind != "table" or name in METADATA.tables,
        }
        context = MigrationContext.configure(connection, opts=ours)
        assert compare_metadata(context, METADATA) == []
        found = inspect(connection)
        for table in METADATA.tables.values():
            columns = [column["name"] for column in found.get_columns(table.name)]
            assert columns == [column.name for column in table.columns]
            names = {index["name"] for index in found.get_indexes(table.name)}
            assert {index.name for index in table.indexes} <= names


def test_versions_count_up_and_a_removed_number_is_not_used_again(house: House) -> None:
    made = [house.give(house.acme)[0] for _ in range(2)]
    assert [one.version for one in made] == [1, 2]
    house.run(entries.removed, entry=made[1])
    assert house.give(house.acme)[0].version == 3
    assert house.give(house.bolt)[0].version == 1
    left = house.run(entries.versions, account=house.acme, name="ink", before=None, most=9)
    assert [one.version for one in left] == [3, 1]


def test_those_who_give_at_once_get_a_version_each(house: House) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: house.give(house.acme)[0].version, range(8)))
    assert sorted(made) == list(range(1, 9))


def test_the_same_key_gives_the_same_version(house: House) -> None:
    file = house.assets.add(New(house.acme, WEIGHTS, "upload", "ink.onnx"))
    draft = Draft(house.acme, "ink", declared=SAID, key="k")
    first, fresh = house.enter(draft, file)
    again, anew = house.enter(draft, file)
    assert (first, fresh, anew) == (again, True, False)
    with pytest.raises(KeyReused):
        house.enter(replace(draft, title="Another"), file)
    assert house.enter(replace(draft, account=house.bolt), file)[1]


def test_weights_outlast_the_file_they_came_in_and_are_no_file_of_the_account(
    house: House,
) -> None:
    file = house.assets.add(New(house.acme, WEIGHTS, "upload", "ink.onnx"))
    entry, _ = house.enter(Draft(house.acme, "ink", declared=SAID), file)
    house.ready(entry)
    house.assets.delete(house.acme, file.id)
    house.assets.sweep()
    assert house.assets.list(house.acme) == []
    with pytest.raises(NotFound):
        house.assets.get(house.acme, entry.file)
    with pytest.raises(NotFound):
        house.assets.by_digest(entry.digest)
    with house.owned.here(house.owned.find("acme/ink", [house.acme])) as path:
        assert path.read_bytes() == WEIGHTS
    house.run(entries.removed, entry=entry)
    house.assets.sweep()
    assert not [one for one in (house.folder / "store").rglob("*") if one.is_file()]


def test_a_file_that_has_gone_cannot_be_given(house: House) -> None:
    file = house.assets.add(New(house.acme, WEIGHTS, "upload", "ink.onnx"))
    house.assets.delete(house.acme, file.id)
    with pytest.raises(NotFound, match="upload it again"):
        house.enter(Draft(house.acme, "ink", declared=SAID), file)
    assert house.run(entries.listed, account=house.acme) == []


def test_another_machine_reads_it_out_of_the_store(house: House) -> None:
    entry, _ = house.give(house.acme)
    house.ready(entry)
    there = house.machine("two")
    model = there.find("acme/ink@1", [house.acme])
    assert (model.card.id, model.card.title, model.trusted) == ("acme/ink@1", "ink", False)
    assert not model.in_process
    with there.here(model) as path:
        assert (path.name, digest_of(path)) == ("model.onnx", entry.digest)
    there.close()


def test_weights_that_are_not_those_of_the_card_are_refused(house: House) -> None:
    entry, _ = house.give(house.acme)
    house.ready(entry)
    (blob,) = [one for one in (house.folder / "store").rglob("*") if one.is_file()]
    blob.write_bytes(WEIGHTS[::-1])
    model = house.owned.find("acme/ink", [house.acme])
    with pytest.raises(BadModel, match="is not the file"), house.owned.here(model):
        pass


def test_it_can_be_used_when_it_is_ready_and_by_its_owner_alone(house: House) -> None:
    entry, _ = house.give(house.acme)
    with pytest.raises(BadModel, match="still being examined"):
        house.owned.find("acme/ink", [house.acme])
    for name in ("acme/ink", "acme/ink@1"):
        with pytest.raises(NotFound):
            house.owned.find(name, [house.bolt])
    house.ready(entry)
    assert house.owned.find("acme/ink", [house.acme]).card.id == "acme/ink@1"
    for name in ("acme/ink", "acme/ink@1", "acme/other", "bolt/ink", "ink", "../ink", "a" * 999):
        with pytest.raises(NotFound, match="there is no model"):
            house.owned.find(name, [house.bolt])
    assert house.owned.find("acme/ink", [house.bolt, house.acme]).card.version == 1


def test_whatever_is_asked_for_is_not_found(house: House) -> None:
    house.ready(house.give(house.acme)[0])

    @given(st.text() | st.from_regex(r"[a-z/@0-9.-]{1,30}", fullmatch=True))
    @settings(max_examples=60)
    @example("acme/ink@01")
    @example("acme/ink@99999999999")
    @example("acme/ink\n")
    @example("acme/ínk")
    def check(name: str) -> None:
        with pytest.raises(NotFound):
            house.owned.find(name, [house.acme])

    check()


def test_the_newest_that_is_ready_is_meant_where_no_version_is_named(house: House) -> None:
    house.ready(house.give(house.acme)[0])
    house.give(house.acme)
    assert house.owned.find("acme/ink", [house.acme]).card.version == 1
    assert house.owned.seen("acme/ink", [house.acme], ready=False).entry.version == 2


def test_the_door_lets_others_in_to_what_is_ready(house: House) -> None:
    entry, _ = house.give(house.acme)
    asked = []

    def lending(account: str, owner: str, name: str) -> Loan:
        asked.append((account, owner, name))
        return Loan("yes" if name == "ink" else "no")

    house.lending = lending
    with pytest.raises(NotFound):
        house.owned.find("acme/ink", [house.bolt])
    house.ready(entry)
    assert house.owned.find("acme/ink", [house.bolt]).card.id == "acme/ink@1"
    assert set(asked) == {(house.bolt, house.acme, "ink")}
    house.give(house.acme)
    assert house.owned.seen("acme/ink", [house.bolt], ready=False).entry.version == 1
    with pytest.raises(NotFound):
        house.owned.seen("acme/ink@2", [house.bolt], ready=False)


def test_what_is_sold_by_the_run_is_named_by_all_and_used_by_who_pays(house: House) -> None:
    entry, _ = house.give(house.acme)
    house.ready(entry)
    house.lending = lambda *_: Loan("sold")
    with pytest.raises(Unpaid, match="acme/ink@1"):
        house.owned.find("acme/ink", [house.bolt])
    assert house.owned.find("acme/ink", [house.bolt], named=True).card.id == "acme/ink@1"
    assert house.owned.find("acme/ink", [house.bolt, f"{house.acme}/ink"]).card.version == 1
    with pytest.raises(Unpaid):
        house.owned.find("acme/ink", [house.bolt, f"{house.acme}/other", f"{house.bolt}/ink"])


def test_the_version_that_is_offered_is_found_and_no_other(house: House) -> None:
    for _ in range(2):
        house.ready(house.give(house.acme)[0])
    for lent, accounts in (("yes", [house.bolt]), ("no", [house.bolt, f"{house.acme}/ink@1"])):
        house.lending = lambda *_, lent=lent: Loan(lent, 1)
        for name in ("acme/ink", "acme/ink@1"):
            assert house.owned.find(name, accounts).card.version == 1
        with pytest.raises(NotFound):
            house.owned.find("acme/ink@2", accounts)
    house.lending = lambda *_: Loan("yes")
    assert house.owned.find("acme/ink", [house.bolt]).card.version == 2


def test_what_was_suspended_stops_and_goes_on(house: House) -> None:
    entry, _ = house.give(house.acme)
    assert not house.run(entries.suspended, entry=entry.id)
    house.ready(entry)
    assert house.run(entries.suspended, entry=entry.id)
    with pytest.raises(BadModel, match="suspended"):
        house.owned.find("acme/ink", [house.acme])
    assert house.run(entries.suspended, entry=entry.id, again=True)
    assert house.owned.find("acme/ink", [house.acme]).card.version == 1


def test_an_examination_ends_once(house: House) -> None:
    entry, _ = house.give(house.acme)
    house.run(entries.progressed, job=entry.job, progress={"stage": "graph", "done": 1, "of": 5})
    seen = house.owned.seen("acme/ink", [house.acme], ready=False).entry
    assert seen.progress == {"stage": "graph", "done": 1, "of": 5}
    house.run(entries.settled, job=entry.job, report=None, error="it is none")
    house.ready(entry)
    seen = house.owned.seen("acme/ink", [house.acme], ready=False).entry
    assert (seen.state, seen.error, seen.progress) == ("refused", "it is none", {})


def test_examined_again_it_stays_what_it_is_until_it_does_not_pass(house: House) -> None:
    entry, _ = house.give(house.acme)
    house.ready(entry)
    house.run(entries.examined_again, now=1.0, entry=entry, job="second")
    again = house.owned.seen("acme/ink", [house.acme], ready=True).entry
    assert (again.state, again.job) == ("ready", "second")
    house.settle(entry, verdict="refused")  # of the first job: it is too late
    house.settle(again, json.loads(str(again.card_json)) | {"parameters": 11})
    kept = house.owned.find("acme/ink", [house.acme]).card
    assert kept.parameters == 10  # a version never changes
    house.settle(again, verdict="refused")
    house.owned.forget()
    with pytest.raises(BadModel, match="was refused"):
        house.owned.find("acme/ink", [house.acme])


def test_suspended_while_it_is_examined_again_it_stays_suspended(house: House) -> None:
    entry, _ = house.give(house.acme)
    house.ready(entry)
    house.run(entries.examined_again, now=1.0, entry=entry, job="second")
    again = house.owned.seen("acme/ink", [house.acme], ready=True).entry
    assert again.progress["stage"] is None
    assert house.run(entries.suspended, entry=entry.id)
    house.settle(again, json.loads(str(again.card_json)), verdict="refused")
    seen = house.owned.seen("acme/ink", [house.acme], ready=True).entry
    assert (seen.state, seen.verdict, seen.progress) == ("suspended", "passed", {})


def test_reports_that_expire_or_were_made_by_other_rules_are_stale(house: House) -> None:
    entry, _ = house.give(house.acme)
    house.ready(entry)
    made = house.database.clock()

    def stale(later: float, rules: str = "1") -> list[int]:
        found = house.run(entries.stale, now=made + later, rules=rules, most=9)
        return [one.version for one in found]

    assert stale(2 * entries.DAY) == []
    assert stale(2 * entries.DAY, "2") == [1]
    assert stale(entries.DAY / 2, "2") == []  # it was only just examined
    assert stale(1.5 * entries.SOON) == [1]
    house.run(entries.examined_again, now=made + 1.5 * entries.SOON, entry=entry, job="new")
    assert stale(1.5 * entries.SOON + 60) == []


def test_a_person_decides(house: House) -> None:
    entry, _ = house.give(house.acme)
    card = ModelCard("a/b", 1, "", "model.onnx", entry.digest, Geometry(), 1, "MIT")
    house.settle(entry, json.loads(card.to_json()), verdict="review")
    ((waits, handle),) = house.run(entries.waiting, after=None, most=9)
    assert (waits.state, handle) == ("ready", "acme")
    assert house.run(entries.waiting, after=waits.id, most=9) == []
    report = {
        "verdict": "refused", "card": None, "fingerprint": "", "rules": "1", "expires_at": 1.0,
    }  # fmt: skip
    house.run(entries.decided, entry=waits, report=report)
    assert house.run(entries.waiting, after=None, most=9) == []
    with pytest.raises(BadModel, match="suspended"):
        house.owned.find("acme/ink", [house.acme])


def test_one_that_crosses_its_limits_too_often_is_suspended(house: House) -> None:
    entry, _ = house.give(house.acme)
    house.ready(entry)
    old = {"now": house.database.clock() - breaches.DAY, "model": "acme/ink@1"}
    assert not house.run(breaches.noted, **old, limit="cpu", reason="long ago")
    for _ in range(breaches.MOST):
        house.owned.breached("acme/ink@1", "memory", "it needed more than 2048 MiB")
    house.owned.breached("acme/ink@9", "memory", "there is none")
    assert house.owned.find("acme/ink", [house.acme]).card.version == 1
    house.owned.breached("acme/ink@1", "cpu", "it took more than 30 s")
    seen = house.owned.seen("acme/ink", [house.acme], ready=True).entry
    assert seen.state == "suspended"
    assert "6 times within a day, the last time: it took more than 30 s" in str(seen.error)
    assert house.run(entries.suspended, entry=entry.id, again=True)
    house.owned.breached("acme/ink@1", "cpu", "it took more than 30 s")
    seen = house.owned.seen("acme/ink", [house.acme], ready=True).entry
    assert (seen.state, seen.error) == ("ready", None)


def test_no_more_than_some_are_examined_at_once(house: House) -> None:
    first, _ = house.give(house.acme)
    for _ in range(entries.MOST_AT_ONCE - 1):
        house.give(house.acme)
    with pytest.raises(TooManyAtOnce):
        house.give(house.acme)
    house.give(house.bolt)
    house.ready(first)
    house.give(house.acme)


def test_words_change_and_the_model_does_not(house: House) -> None:
    entry, _ = house.give(house.acme)
    house.ready(entry)
    house.run(entries.changed, entry=entry, title="Inks", description=None)
    house.owned.forget()
    card = house.owned.find("acme/ink@1", [house.acme]).card
    assert (card.title, card.digest) == ("Inks", entry.digest)


def test_a_handle_stays_once_a_model_was_given_under_it(house: House) -> None:
    house.accounts.claims.append(house.owned.claimed)
    house.accounts.take_handle(Actor(house.bolt), "nuts")
    house.give(house.bolt)
    with pytest.raises(BadOption, match="published under your handle"):
        house.accounts.take_handle(Actor(house.bolt), "screws")

    def handle(connection: Connection) -> str:
        return handles.handle_of(connection, house.bolt)

    assert house.database.run(handle) == "nuts"


def test_a_card_goes_by_the_name_that_its_account_has(house: House) -> None:
    entry, _ = house.give(house.acme)
    house.ready(entry)
    seen = house.owned.seen("acme/ink", [house.acme], ready=True).entry
    assert json.loads(str(seen.card_json))["name"] == "any/name"
    card = seen.card("pens")
    assert card is not None
    assert card.id == "pens/ink@1"
