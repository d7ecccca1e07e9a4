"""The laws of a store, as tests for every kind.

    class TestMine(StoreSuite):
        @pytest.fixture
        def store(self):
            return MyStore(...)          # empty

Law of all: what was put is what is read, whole or in ranges, until it is put again.
"""

from __future__ import annotations

import io
import pickle
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from printroom.core.errors import (
    BadKey,
    ConditionFailed,
    NotFound,
    NotOffered,
    ObjectChanged,
    OutOfScope,
)
from printroom.storage.disk import DiskStore
from printroom.storage.keys import Prefix
from printroom.storage.scoped import Scoped
from printroom.storage.store import ABSENT, PIECE, Condition, Stat, Store


class StoreSuite:
    """Needs a fixture `store`: an empty store for each test."""

    picklable = True
    """Whether a store can be handed to another process."""
    large = 2 * PIECE + 12345
    """Bytes of an object that is put in pieces."""

    def test_what_is_put_is_read(self, store: Store) -> None:
        data = secrets.token_bytes(10_000)
        stat = store.put("models/acme/net.onnx", data)
        assert (stat.key, stat.size) == ("models/acme/net.onnx", len(data))
        assert store.stat("models/acme/net.onnx").etag == stat.etag
        assert store.read("models/acme/net.onnx") == data

    def test_ranges_are_cuts(self, store: Store) -> None:
        data = secrets.token_bytes(1000)
        etag = store.put("a/b", data).etag
        for start, size in ((0, 1), (0, 1000), (17, 100), (999, 1), (990, 100), (1000, 5), (3, 0)):
            assert store.read("a/b", start, size) == data[start : start + size]
        assert store.read("a/b", 100, 200, etag) == data[100:300]
        assert store.read("a/b", 100, etag=etag) == data[100:]

    def test_empty_objects(self, store: Store) -> None:
        assert store.put("nothing", b"").size == 0
        assert store.read("nothing") == b""
        assert [stat.size for stat in store.list()] == [0]

    def test_streams_are_put_and_read_in_pieces(self, store: Store) -> None:
        data = secrets.token_bytes(self.large)
        store.put("large", io.BytesIO(data))
        assert b"".join(store.stream("large")) == data
        middle = self.large // 2
        assert store.read("large", middle, 1000) == data[middle : middle + 1000]

    def test_an_upload_that_fails_leaves_what_was_there(self, store: Store) -> None:
        def torn() -> Iterator[bytes]:
            yield bytes(self.large)
            raise OSError("the source broke off")

        store.put("kept", b"as it was")
        for key in ("kept", "new"):
            assert _raised(OSError, store.put, key, torn())
        assert store.read("kept") == b"as it was"
        assert [stat.key for stat in store.list()] == ["kept"]

    def test_an_object_that_is_replaced_has_another_etag(self, store: Store) -> None:
        first = store.put("changing", b"one" * 100)
        second = store.put("changing", b"two" * 100)
        assert first.etag != second.etag
        for start, size in ((0, 300), (10, 20)):
            assert _raised(ObjectChanged, store.read, "changing", start, size, first.etag)
        assert store.read("changing", 0, 3, second.etag) == b"two"

    def test_what_is_not_there(self, store: Store) -> None:
        assert _raised(NotFound, store.stat, "no/such")
        assert _raised(NotFound, store.read, "no/such")
        assert _raised(NotFound, store.read, "no/such", 0, 5, '"etag"')
        assert _raised(NotFound, store.copy, "no/such", "other")
        assert not store.exists("no/such")
        store.delete("no/such")
        assert list(store.list("no/")) == []

    def test_a_prefix_is_no_object(self, store: Store) -> None:
        store.put("folder/object", b"x")
        assert _raised(NotFound, store.stat, "folder")
        assert not store.exists("fold")

    def test_lists_what_lies_below(self, store: Store) -> None:
        keys = {"a/one", "a/b/two", "a/b/c/three", "ab", "z"}
        for key in keys:
            store.put(key, key.encode())
        assert sorted(stat.key for stat in store.list()) == sorted(keys)
        below = {str(stat.key): stat for stat in store.list("a/")}
        assert sorted(below) == ["a/b/c/three", "a/b/two", "a/one"]
        assert below["a/b/two"].size == 7
        assert below["a/b/two"].etag == store.stat("a/b/two").etag
        assert sorted(map(_shown, store.children())) == ["a/", "ab", "z"]
        assert sorted(map(_shown, store.children("a/"))) == ["a/b/", "a/one"]

    def test_deleted_is_gone(self, store: Store) -> None:
        store.put("a/b", b"x")
        store.put("a/c", b"y")
        store.delete("a/b")
        assert not store.exists("a/b")
        assert [stat.key for stat in store.list()] == ["a/c"]

    def test_copies(self, store: Store) -> None:
        store.put("source", b"bytes")
        store.put("there/already", b"other")
        for target in ("there/target", "there/already"):
            assert store.copy("source", target).size == 5
            assert store.read(target) == b"bytes"
        assert store.read("source") == b"bytes"

    def test_absent_is_a_condition(self, store: Store) -> None:
        _conditional(store, "if_absent", ABSENT)
        if "if_absent" in store.features:
            store.put("lock", b"mine", ABSENT)
            assert _raised(ConditionFailed, store.put, "lock", b"yours", ABSENT)
            assert store.read("lock") == b"mine"

    def test_conditions_hold_for_large_objects(self, store: Store) -> None:
        if "if_absent" in store.features:
            data = io.BytesIO(bytes(self.large))
            assert store.put("large", data, ABSENT).size == self.large
            data.seek(0)
            assert _raised(ConditionFailed, store.put, "large", data, ABSENT)

    def test_an_etag_is_a_condition(self, store: Store) -> None:
        _conditional(store, "if_match", '"none"')
        if "if_match" in store.features:
            first = store.put("count", b"1")
            second = store.put("count", b"2", first.etag)
            assert _raised(ConditionFailed, store.put, "count", b"3", first.etag)
            assert store.read("count") == b"2"
            assert store.put("count", b"3", second.etag).size == 1

    def test_keys_mean_themselves(self, store: Store) -> None:
        """What other layers take for escapes, queries and patterns is a part of the name."""
        keys = ["a b/c+d", "%2e%2e/x", "100%", "q=1&r", "#1", "ünï/日本", "a..b", ".hidden", "~"]
        for key in keys:
            store.put(key, key.encode())
        for key in keys:
            assert store.read(key) == key.encode()
        assert sorted(stat.key for stat in store.list()) == sorted(keys)
        for key in keys:
            store.delete(key)
        assert list(store.list()) == []

    def test_keys_do_not_escape(self, store: Store) -> None:
        bad = ["../x", "a/../../x", "/etc/passwd", "a//b", "a\\b", "a\0b", "a\nb", "", ".", "a/."]
        bad += ["\u2025/x", "\uff0e\uff0e/x", "a\uff0fb", "a\u202eb", "a/", "e\u0301"]
        for key in bad:
            for verb in (store.stat, store.read, store.delete, store.exists):
                assert _raised(BadKey, verb, key), key
            assert _raised(BadKey, store.put, key, b"x"), key

    def test_a_scoped_handle_keeps_to_its_prefixes(self, store: Store) -> None:
        store.put("models/acme/net", b"net")
        store.put("models/other/net", b"secret")
        handle = Scoped(store, read=["models/acme/"], write=["results/42/"])
        assert handle.read("models/acme/net") == b"net"
        assert handle.put("results/42/out", b"out").size == 3
        refused: list[Callable[[], Any]] = [
            lambda: handle.read("models/other/net"),
            lambda: handle.stat("models/acme2"),
            lambda: handle.put("models/acme/net", b"x"),
            lambda: handle.delete("models/acme/net"),
            lambda: handle.copy("models/other/net", "results/42/stolen"),
            lambda: handle.copy("results/42/out", "results/43/out"),
            lambda: handle.list(""),
        ]
        assert all(_raised(OutOfScope, verb) for verb in refused)
        assert [stat.key for stat in handle.list("results/42/")] == ["results/42/out"]

    def test_many_threads(self, store: Store) -> None:
        def work(number: int) -> bool:
            data = f"{number}".encode() * 500
            store.put(f"threads/{number}", data)
            return store.read(f"threads/{number}") == data

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(work, range(24)))
        assert len(list(store.list("threads/"))) == 24

    def test_only_one_of_many_is_first(self, store: Store) -> None:
        if "if_absent" not in store.features:
            return

        def claim(number: int) -> bool:
            try:
                store.put("claim", f"{number}".encode(), ABSENT)
            except ConditionFailed:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(claim, range(8)))
        assert sum(won) == 1
        assert store.read("claim") == f"{won.index(True)}".encode()

    def test_only_one_of_many_large_ones_is_first(self, store: Store) -> None:
        if "if_absent" not in store.features:
            return

        def claim(number: int) -> bool:
            try:
                store.put("claim", io.BytesIO(bytes([number]) * self.large), ABSENT)
            except ConditionFailed:
                return False
            return True

        with ThreadPoolExecutor(3) as pool:
            won = list(pool.map(claim, range(3)))
        assert sum(won) == 1
        assert store.read("claim") == bytes([won.index(True)]) * self.large

    def test_can_be_handed_to_another_process(self, store: Store) -> None:
        store.put("shared", b"seen by both")
        if self.picklable:
            again = pickle.loads(pickle.dumps(store))
            assert again.read("shared") == b"seen by both"
            assert again.name == store.name
        else:
            assert _raised(TypeError, pickle.dumps, store)

    def test_another_store_can_be_the_source(self, store: Store, tmp_path: Path) -> None:
        other = DiskStore(tmp_path)
        other.put("x", secrets.token_bytes(3 * 10**5))
        store.put("y", other.stream("x"))
        assert store.read("y") == other.read("x")

    def test_a_url_is_for_one_object(self, store: Store) -> None:
        if "presign" not in store.features:
            assert _raised(NotOffered, store.presign, "a", 60)


def _conditional(store: Store, feature: Any, when: Condition) -> None:
    if feature not in store.features:
        assert _raised(NotOffered, store.put, "x", b"x", when)
        assert not store.exists("x")


def _raised(kind: type[Exception], verb: Callable[..., Any], *arguments: Any) -> bool:
    """Whether `verb` raises `kind`. (pytest is no dependency of this module.)"""
    try:
        verb(*arguments)
    except kind:
        return True
    return False


def _shown(child: Stat | Prefix) -> str:
    return child if isinstance(child, str) else child.key
