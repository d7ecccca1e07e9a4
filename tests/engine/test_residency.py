"""Which models are loaded: once for all who ask, within a budget, never taken from a run."""

import gc
import random
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from printroom.catalogue.card import Model, ModelCard
from printroom.core.errors import BadModel, Cancelled, NeedsMemory
from printroom.core.ledger import Crowded, Ledger
from printroom.engine.order import Order
from printroom.engine.residency import FORGOTTEN, Residency
from printroom.engine.resident import Resident
from printroom.imaging.tiling import Geometry


class Held:
    """A session of so many bytes; it notices when it is used after it was closed."""

    channels = 3

    def __init__(self, shop: "Shop", size: int) -> None:
        self._shop, self.resident_bytes, self.closed = shop, size, False

    def run(self, batch: Any) -> Any:
        assert not self.closed
        result = batch * 2
        assert not self.closed
        return result

    def shrink(self) -> None:
        assert not self.closed

    def close(self) -> None:
        self.closed = True
        self._shop.held(-self.resident_bytes)


class Shop:
    """Loads models of declared sizes, and knows how many bytes there were at most."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self.loads: list[str] = []
        self.now = self.most = 0
        self.gates: dict[str, threading.Event] = {}
        self.faults: dict[str, list[Exception]] = {}
        self._lock = threading.Lock()

    def model(self, name: str, size: int) -> Model:
        """A card; its weights are not here, so that their bytes are told by its parameters."""
        self.sizes[name] = size
        card = ModelCard(name, 1, name, "none", name, Geometry(), size // 12, "CC0-1.0")
        return Model(card, Path("/nonexistent") / name)

    def held(self, size: int) -> None:
        with self._lock:
            self.now += size
            self.most = max(self.most, self.now)

    def __call__(self, model: Model) -> Held:
        name = model.card.name
        with self._lock:
            self.loads.append(name)
            faults = self.faults.get(name)
            fault = faults.pop() if faults else None
        if gate := self.gates.get(name):
            assert gate.wait(60)
        if fault:
            raise fault
        self.held(self.sizes[name])
        return Held(self, self.sizes[name])


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def house(shop: Shop) -> Iterator[Callable[..., Residency]]:
    """Makes residencies over a ledger of so many bytes; `.ledger` is it."""
    made: list[Residency] = []

    def make(total: int, **options: Any) -> Residency:
        def give_way(short: int) -> bool:
            return rooms.make_room(short)

        rooms = Residency(shop, Ledger(total, give_way), **options)
        made.append(rooms)
        return rooms

    yield make
    for one in made:
        one.close()
    assert shop.now == 0
    assert all(one._ledger.kept == 0 for one in made)


def loaded(house: Residency) -> set[str]:
    return {one.model.removesuffix("@1") for one in house.facts() if one.bytes}


def use(house: Residency, *those: Resident) -> None:
    with house.lease(those):
        for one in those:
            assert one.run(np.ones(3)).tolist() == [2, 2, 2]


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_a_model_stands_for_itself(shop: Shop, house: Callable[..., Residency]) -> None:
    rooms, model = house(120), shop.model("a", 12)
    assert rooms.of(model) is rooms.of(Model(model.card, Path("/elsewhere")))
    assert shop.loads == []


def test_concurrent_first_requests_load_once(shop: Shop, house: Callable[..., Residency]) -> None:
    rooms, gate = house(120), threading.Event()
    one = rooms.of(shop.model("a", 12))
    shop.gates["a"] = gate
    with ThreadPoolExecutor(8) as pool:
        uses = [pool.submit(use, rooms, one) for _ in range(8)]
        until(lambda: one.leases == 8)
        gate.set()
        for done in uses:
            done.result(60)
    assert shop.loads == ["a"]


def test_loading_one_does_not_stop_another(shop: Shop, house: Callable[..., Residency]) -> None:
    rooms, gate = house(120), threading.Event()
    slow, other = rooms.of(shop.model("slow", 12)), rooms.of(shop.model("other", 12))
    shop.gates["slow"] = gate
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(use, rooms, slow)
        until(lambda: "slow" in shop.loads)
        use(rooms, other)
        use(rooms, other)
        assert not waiting.done()
        gate.set()
        waiting.result(60)


def test_a_load_that_fails_is_told_to_all_and_tried_anew(
    shop: Shop, house: Callable[..., Residency]
) -> None:
    rooms, gate = house(120), threading.Event()
    one = rooms.of(shop.model("a", 12))
    shop.gates["a"], shop.faults["a"] = gate, [BadModel("it is broken")]
    with ThreadPoolExecutor(4) as pool:
        uses = [pool.submit(use, rooms, one) for _ in range(4)]
        until(lambda: one.leases == 4)
        gate.set()
        for done in uses:
            with pytest.raises(BadModel, match="broken"):
                done.result(60)
    assert rooms._ledger.kept == one.leases == 0
    use(rooms, one)
    assert shop.loads == ["a", "a"]


def test_the_least_recently_used_goes(shop: Shop, house: Callable[..., Residency]) -> None:
    rooms = house(36)
    a, b, c, d = (rooms.of(shop.model(name, 12)) for name in "abcd")
    for one in (a, b, c, a):
        use(rooms, one)
    use(rooms, d)
    assert loaded(rooms) == {"a", "c", "d"}
    assert shop.most <= 36


def test_what_is_pinned_or_in_use_stays(shop: Shop, house: Callable[..., Residency]) -> None:
    rooms = house(48)
    a, b, c, d, e = (rooms.of(shop.model(name, 12)) for name in "abcde")
    use(rooms, a)
    rooms.pin(a)
    with rooms.lease([b]):
        for one in (c, d, e):
            use(rooms, one)
        assert loaded(rooms) == {"a", "b", "d", "e"}
        rooms.let_go()
        assert loaded(rooms) == {"a", "b"}
    rooms.unpin(a)
    rooms.let_go()
    assert loaded(rooms) == set()


def test_what_never_fits_is_refused_with_the_figure(
    shop: Shop, house: Callable[..., Residency]
) -> None:
    """Once it was measured, when nothing else went on, without loading it again."""
    rooms = house(120, most=36, beside=lambda: 1000)
    large, small = rooms.of(shop.model("large", 48)), rooms.of(shop.model("small", 24))
    use(rooms, small)
    for _ in range(2):
        with pytest.raises(NeedsMemory, match=r"48 B .* 36 B") as caught:
            use(rooms, large)
        assert caught.value.needed == 1048
    assert shop.loads == ["small", "large"]
    use(rooms, small)
    assert loaded(rooms) == {"small"}


def test_a_chain_whose_models_do_not_fit_together_is_refused(
    shop: Shop, house: Callable[..., Residency]
) -> None:
    rooms = house(36)
    those = [rooms.of(shop.model(name, 15)) for name in "abc"]
    use(rooms, rooms.of(shop.model("first", 12)))
    for _ in range(2):
        with pytest.raises(NeedsMemory):
            use(rooms, *those)
    use(rooms, *those[:2])


def test_runs_come_before_idle_models(shop: Shop, house: Callable[..., Residency]) -> None:
    rooms = house(120)
    a, b = (rooms.of(shop.model(name, 36)) for name in "ab")
    use(rooms, a)
    use(rooms, b)
    with rooms._ledger.reserve(72):
        assert loaded(rooms) == {"b"}
        with rooms.lease([b]):
            use(rooms, b)
    with rooms.lease([b]), pytest.raises(Crowded), rooms._ledger.reserve(96):
        pass


def test_a_load_waits_for_a_run_and_can_be_taken_back(
    shop: Shop, house: Callable[..., Residency]
) -> None:
    rooms, cancel = house(120), threading.Event()
    one = rooms.of(shop.model("a", 36))

    def ask() -> None:
        with rooms.lease([one], Order(cancel=cancel)):
            pass

    with ThreadPoolExecutor(2) as pool:
        with rooms._ledger.reserve(108):
            taken_back = pool.submit(ask)
            until(lambda: len(rooms._line) == 1)
            cancel.set()
            with pytest.raises(Cancelled):
                taken_back.result(60)
            waiting = pool.submit(use, rooms, one)
            until(lambda: len(rooms._line) == 1)
            assert shop.loads == []
        waiting.result(60)


def test_who_waits_for_a_load_can_be_cancelled_alone(
    shop: Shop, house: Callable[..., Residency]
) -> None:
    rooms, gate, cancel = house(120), threading.Event(), threading.Event()
    one = rooms.of(shop.model("a", 36))
    shop.gates["a"] = gate

    def ask() -> None:
        with rooms.lease([one], Order(cancel=cancel)):
            pass

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(use, rooms, one)
        until(lambda: shop.loads == ["a"])
        second = pool.submit(ask)
        until(lambda: one.leases == 2)
        cancel.set()
        with pytest.raises(Cancelled):
            second.result(60)
        gate.set()
        first.result(60)


def test_a_model_in_constant_use_lets_another_have_its_turn(
    shop: Shop, house: Callable[..., Residency]
) -> None:
    """Under a budget for one, three threads that never let go all at once of their own accord."""
    rooms, over = house(12), threading.Event()
    a, b = (rooms.of(shop.model(name, 12)) for name in "ab")

    def visit() -> None:
        while not over.is_set():
            with rooms.lease([a]):
                over.wait(0.005)

    with ThreadPoolExecutor(3) as pool, ExitStack() as stack:
        stack.callback(over.set)
        visitors = [pool.submit(visit) for _ in range(3)]
        until(lambda: a.leases > 1)
        for _ in range(3):
            use(rooms, b)
    for one in visitors:
        one.result(60)
    assert shop.most == 12


def test_chains_do_not_wait_for_each_other(shop: Shop, house: Callable[..., Residency]) -> None:
    """Each of two at once needs all there is, and begins with a model that the other lacks."""
    rooms = house(24)
    models = {name: rooms.of(shop.model(name, 12)) for name in "abcd"}
    for one in models.values():
        use(rooms, one)  # measured

    def work(names: str) -> None:
        for _ in range(20):
            use(rooms, *(models[name] for name in names))

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work, names) for names in ("ac", "bd", "ca", "ad")]:
            done.result(60)
    assert shop.most <= 24


@pytest.mark.parametrize("seed", range(4))
def test_the_budget_holds_whatever_happens(
    shop: Shop, house: Callable[..., Residency], seed: int
) -> None:
    """Runs and models of many threads within one amount: none fails, nothing is too much."""
    rooms = house(120)
    models = [rooms.of(shop.model(str(size), size)) for size in (12, 24, 36, 48, 60)]
    for one in models:
        use(rooms, one)

    def run(chosen: list[Resident], share: int) -> None:
        with rooms.lease(chosen), rooms._ledger.reserve(share):
            assert shop.now + rooms._ledger.granted <= 120
            for one in chosen:
                one.run(np.ones(1))

    def work(number: int) -> None:
        chance = random.Random(100 * seed + number)
        for _ in range(40):
            chosen = chance.sample(models, chance.choice((1, 1, 2)))
            share = chance.randint(1, 120 - sum(one.bytes for one in chosen))
            try:
                run(chosen, share)
            except Crowded:
                with rooms.alone():
                    run(chosen, share)

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work, number) for number in range(6)]:
            done.result(120)
    assert shop.most <= 120
    assert rooms._ledger.granted == 0


def test_idle_models_go_after_a_while(shop: Shop, house: Callable[..., Residency]) -> None:
    rooms = house(120, ttl=0.1)
    a, b, c = (rooms.of(shop.model(name, 12)) for name in "abc")
    use(rooms, a)
    use(rooms, b)
    rooms.pin(b)
    with rooms.lease([c]):
        until(lambda: loaded(rooms) == {"b", "c"})
    until(lambda: loaded(rooms) == {"b"})
    assert {one.model: one.evictions for one in rooms.facts()} == {"a@1": 1, "b@1": 0, "c@1": 1}


def test_a_session_is_loaded_again_by_whoever_runs_it(
    shop: Shop, house: Callable[..., Residency]
) -> None:
    rooms = house(12)
    a, b = (rooms.of(shop.model(name, 12)) for name in "ab")
    for one in (a, b, a):
        assert one.run(np.ones(1)).tolist() == [2]
    assert shop.loads == ["a", "b", "a"]
    assert a.leases == b.leases == 0


def test_what_was_not_used_for_long_is_forgotten(house: Any, shop: Shop) -> None:
    now = [0.0]
    rooms = house(100, clock=lambda: now[0])
    old, pinned, kept = (rooms.of(shop.model(name, 10)) for name in ("old", "pinned", "kept"))
    rooms.pin(pinned)
    for one in (old, pinned, kept):
        with rooms.lease((one,)):
            pass
    rooms.let_go((old,))
    now[0] = FORGOTTEN - 1
    rooms.of(shop.model("early", 10))
    assert rooms.knows(old)
    now[0] = FORGOTTEN + 1
    rooms.of(shop.model("late", 10))
    assert [rooms.knows(one) for one in (old, pinned, kept)] == [False, True, True]
    assert {one.model for one in rooms.facts()} == {"pinned@1", "kept@1"}
    held = weakref.ref(old)
    del old, one
    gc.collect()
    assert held() is None


@pytest.mark.parametrize("first", ["asked for", "leased"])
def test_what_was_forgotten_is_known_again_when_its_holder_uses_it(
    house: Any, shop: Shop, first: str
) -> None:
    now = [0.0]
    rooms = house(100, clock=lambda: now[0])
    old = rooms.of(shop.model("old", 10))
    with rooms.lease((old,)):
        pass
    rooms.let_go((old,))
    now[0] = FORGOTTEN + 1
    rooms.of(shop.model("new", 10))
    assert not rooms.knows(old)
    if first == "asked for":
        assert rooms.of(shop.model("old", 10)) is old
    with rooms.lease((old,)):
        assert rooms.busy()
    assert rooms.of(shop.model("old", 10)) is old
    assert rooms.let_go()
    assert old.session is None


def test_what_was_just_asked_for_is_not_forgotten(house: Any, shop: Shop) -> None:
    now = [0.0]
    rooms = house(100, clock=lambda: now[0])
    old = rooms.of(shop.model("old", 10))
    now[0] = FORGOTTEN + 1
    assert rooms.of(shop.model("old", 10)) is old
    rooms.of(shop.model("new", 10))
    assert rooms.knows(old)
