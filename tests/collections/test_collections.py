"""What goes in is found again, the nearest first, by its account alone; on both databases."""

from __future__ import annotations

import threading
from itertools import count
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData

from printroom.collections import rows
from printroom.collections.collections import Collections
from printroom.collections.items import Item, unit
from printroom.collections.looking import Index
from printroom.collections.model import METADATA
from printroom.core.errors import AlreadyThere, BadOption, NotAPicture, NotFound
from printroom.imaging.vips import pyvips

NAMES = count()


def vectors(items: int, length: int = 8, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=(items, length)).astype(np.float32)


def filled(collections: Collections, values: Any, account: str = "ann") -> str:
    """The name of a new collection; the payload of each vector is its place."""
    name = f"c{next(NAMES)}"
    collections.make(account, name, values.shape[1])
    if len(values):
        collections.add(account, name, [Item.of_vector(at, one) for at, one in enumerate(values)])
    return name


def test_tables_are_those_of_the_migrations(collections: Collections, database: Any) -> None:
    found = MetaData()
    found.reflect(database.engine, only=list(METADATA.tables))
    for name, table in METADATA.tables.items():
        assert set(found.tables[name].c.keys()) == set(table.c.keys())
        ours = {(one.name, bool(one.unique)) for one in table.indexes}
        assert ours <= {(one.name, bool(one.unique)) for one in found.tables[name].indexes}


def test_the_nearest_are_those_with_the_smallest_angles(collections: Collections) -> None:
    values = vectors(200)
    name = filled(collections, values)
    asked = vectors(1, seed=9)[0]
    cosines = values @ asked / np.linalg.norm(values, axis=1) / np.linalg.norm(asked)
    expected = np.argsort(-cosines)[:7]
    near = collections.nearest("ann", name, asked * 1e-20, 7)  # its length means nothing
    assert [one.payload for one in near] == expected.tolist()
    assert np.allclose([one.distance for one in near], 1 - cosines[expected], atol=1e-6)
    assert collections.nearest("ann", name, values[3], 1)[0].distance < 1e-6


def test_what_comes_and_goes_is_seen_at_once(collections: Collections) -> None:
    values = vectors(20)
    name = filled(collections, values[:10])
    assert collections.nearest("ann", name, values[12], 1)[0].distance > 1e-3
    collections.add("ann", name, [Item.of_vector({"at": at}, values[at]) for at in (11, 12)])
    (found,) = collections.nearest("ann", name, values[12], 1)
    assert (found.payload, found.distance < 1e-6) == ({"at": 12}, True)
    collections.drop("ann", name, found.id)
    assert collections.nearest("ann", name, values[12], 1)[0].payload != {"at": 12}
    assert collections.get("ann", name).size == 11
    with pytest.raises(NotFound):
        collections.drop("ann", name, found.id)
    assert collections.get("ann", name).size == 11
    page = collections.items("ann", name, 8, 50)
    assert [row.number for row in page] == [9, 10, 11]
    collections.remove("ann", name)
    for look in (collections.get, collections.items, collections.remove):
        with pytest.raises(NotFound):
            look("ann", name)
    again = collections.make("ann", name, 3)
    assert (again.size, collections.nearest("ann", name, np.ones(3), 5)) == (0, [])


def test_nobody_sees_anothers(collections: Collections) -> None:
    name = filled(collections, vectors(3))
    calls = (
        lambda: collections.get("bob", name),
        lambda: collections.nearest("bob", name, np.ones(8), 1),
        lambda: collections.add("bob", name, [Item.of_vector("x", np.ones(8))]),
        lambda: collections.items("bob", name),
        lambda: collections.remove("bob", name),
    )
    for call in calls:
        with pytest.raises(NotFound):
            call()
    assert name not in [one.name for one in collections.listed("bob")]
    assert name in [one.name for one in collections.listed("ann")]
    collections.make("bob", name, 2)
    assert collections.get("ann", name).size == 3
    assert [one.name for one in collections.listed("bob", name[:-1])][:1] == [name]


def test_all_of_a_closed_account_go(collections: Collections) -> None:
    names = [filled(collections, vectors(2), "gone") for _ in range(2)]
    kept = filled(collections, vectors(2), "stays")
    collections._database.run(lambda connection: rows.closed(connection, "gone"))
    assert (collections.listed("gone"), collections.get("stays", kept).size) == ([], 2)
    for name in names:
        with pytest.raises(NotFound):
            collections.items("gone", name)


def test_what_is_none_is_refused_whole(collections: Collections, monkeypatch: Any) -> None:
    name = filled(collections, vectors(2))
    good = Item.of_vector("good", np.ones(8))
    with pytest.raises(BadOption, match="8 numbers"):
        collections.add("ann", name, [good, Item.of_vector("bad", np.ones(7))])
    monkeypatch.setattr(rows, "ITEMS_MOST", 3)
    with pytest.raises(BadOption, match="would have 4 items"):
        collections.add("ann", name, [good, Item.of_vector("more", np.ones(8))])
    assert (collections.get("ann", name).size, len(collections.items("ann", name))) == (2, 2)
    with pytest.raises(AlreadyThere):
        collections.make("ann", name, 8)
    for odd in ("", "Upper", "a/b", "../x", "x" * 64, "-a"):
        with pytest.raises(BadOption, match="cannot be called"):
            collections.make("ann", odd)
    for length in (0, -1, 4096):
        with pytest.raises(BadOption, match="numbers"):
            collections.make("ann", "odd", length)
    with pytest.raises(BadOption, match="of 8 numbers, not of 3"):
        collections.nearest("ann", name, np.ones(3), 1)
    with pytest.raises(BadOption):
        collections.add("ann", name, [])


def test_the_same_items_come_once(collections: Collections) -> None:
    """The answer to a commit may be lost: then it is done again."""
    name = filled(collections, vectors(2))
    items = [Item.of_vector("again", np.ones(8))]
    for _ in range(2):
        assert collections.add("ann", name, items).size == 3


def test_many_at_once_lose_nothing(collections: Collections) -> None:
    name = filled(collections, vectors(0))
    values, faults = vectors(40), list[Exception]()

    def add(part: int) -> None:
        try:
            for at in range(part, 40, 4):
                collections.add("ann", name, [Item.of_vector(at, values[at])])
                found = collections.nearest("ann", name, values[at], 1)[0]
                assert found.payload == at
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=add, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    collection = collections.get("ann", name)
    assert (collection.size, collection.last) == (40, 40)
    assert [row.number for row in collections.items("ann", name)] == list(range(1, 41))


def test_two_that_make_the_same_at_once(collections: Collections) -> None:
    name, outcomes, ready = f"c{next(NAMES)}", list[str](), threading.Barrier(4)

    def make() -> None:
        ready.wait()
        try:
            outcomes.append(collections.make("ann", name, 3).name)
        except AlreadyThere:
            outcomes.append("there")

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == sorted([name, "there", "there", "there"])


def test_an_account_has_so_many_and_no_more(collections: Collections, monkeypatch: Any) -> None:
    monkeypatch.setattr(rows, "MOST", 2)
    for name in ("a", "b"):
        collections.make("full", name)
    with pytest.raises(BadOption, match="remove one"):
        collections.make("full", "c")
    collections.remove("full", "a")
    collections.make("full", "c")
    assert [one.name for one in collections.listed("full", most=9)] == ["b", "c"]


def test_pictures_are_found_by_their_looks(collections: Collections) -> None:
    name = f"c{next(NAMES)}"
    collections.make("ann", name)
    random = np.random.default_rng(1)
    looks = {}
    for colour in ("red", "green", "blue"):
        levels = np.zeros((60, 80, 3), np.uint8)
        levels[..., ("red", "green", "blue").index(colour)] = 200
        levels += random.integers(0, 40, levels.shape).astype(np.uint8)
        looks[colour] = pyvips.Image.new_from_array(levels).copy(interpretation="srgb")
    png = {colour: bytes(one.write_to_buffer(".png")) for colour, one in looks.items()}
    collections.add("ann", name, [Item.of_picture(colour, data) for colour, data in png.items()])
    for colour, picture in looks.items():
        jpeg = bytes(picture.resize(0.7).write_to_buffer(".jpg", Q=60))
        vector = np.frombuffer(Item.of_picture("?", jpeg).vector, np.float32)
        near = collections.nearest("ann", name, vector, 3)
        assert near[0].payload == colour
        assert near[0].distance < near[1].distance / 2
    with pytest.raises(NotAPicture):
        Item.of_picture("?", b"no picture")


@settings(max_examples=60)
@given(st.lists(st.floats(width=32), min_size=1, max_size=5))
def test_a_vector_has_a_direction_or_is_refused(numbers: list[float]) -> None:
    try:
        made = unit(numbers)
    except BadOption:
        assert not np.isfinite(numbers).all() or not np.any(numbers)
    else:
        assert abs(float(np.linalg.norm(made)) - 1) < 1e-5


@pytest.mark.parametrize("payload", [float("nan"), b"x", "x" * 5000, {"a": "\ud800"}])
def test_a_payload_is_json_and_short(payload: Any) -> None:
    with pytest.raises(BadOption):
        Item.of_vector(payload, [1.0])


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=20),
                            lambda inner: st.lists(inner, max_size=3), max_leaves=5))  # fmt: skip
def test_a_payload_comes_back_as_it_was(collections: Collections, payload: Any) -> None:
    name = f"c{next(NAMES)}"
    collections.make("eve", name, 1)
    collections.add("eve", name, [Item.of_vector(payload, [1.0])])
    assert collections.nearest("eve", name, np.ones(1), 1)[0].payload == payload
    collections.remove("eve", name)


def test_little_is_kept_in_memory(collections: Collections) -> None:
    reads: list[str] = []

    def read(collection: Any, after: int) -> Any:
        reads.append(f"{collection.name} {after}")
        return collections._read(collection, after)

    names = [filled(collections, vectors(100)) for _ in range(3)]
    index = Index(read, kept=2 * 100 * 8 * 4)
    for name in (*names, names[2], names[0]):
        index.nearest(collections.get("ann", name), unit(np.ones(8)), 1)
    assert reads == [f"{name} 0" for name in (*names, names[0])]
