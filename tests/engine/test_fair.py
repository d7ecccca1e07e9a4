from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from printroom.engine.fair import FairQueue, Flow

WEIGHTS = st.floats(0.5, 32)
COSTS = st.floats(0.1, 10)


def one(queue: FairQueue[Any]) -> Any:
    """Take a single item."""
    (item,) = queue.take(key=id, wanted=lambda _: 1)
    return item


def several(queue: FairQueue[Any], size: int) -> list[Any]:
    """Take up to `size` items whose first part is even, or odd."""
    return queue.take(key=lambda item: item[0] % 2, wanted=lambda _: size) if size else []


@given(st.lists(WEIGHTS, min_size=2, max_size=5), st.data())
def test_flows_are_served_in_proportion_to_their_weights(weights: list[float], data: Any) -> None:
    """The published bound: two busy flows differ by at most the largest cost over each weight."""
    queue: FairQueue[tuple[int, float]] = FairQueue()
    flows = [Flow[tuple[int, float]](weight) for weight in weights]
    for number, flow in enumerate(flows):
        for cost in data.draw(st.lists(COSTS, min_size=40, max_size=40)):
            queue.push(flow, (number, cost), cost)
    served = [0.0] * len(flows)
    while all(flow.items for flow in flows):
        number, cost = one(queue)
        served[number] += cost / weights[number]
        for i, j in combinations(range(len(flows)), 2):
            assert abs(served[i] - served[j]) <= 10 / weights[i] + 10 / weights[j] + 1e-6


@given(st.lists(st.tuples(st.integers(0, 3), COSTS)), st.lists(st.integers(0, 3)))
def test_each_flow_keeps_its_order_and_nothing_is_lost(
    pushes: list[tuple[int, float]], takes: list[int]
) -> None:
    queue: FairQueue[tuple[int, int]] = FairQueue()
    flows = [Flow[tuple[int, int]](weight) for weight in (1, 2, 4, 16)]
    taken: list[tuple[int, int]] = []
    sizes = dict(enumerate(takes))
    for serial, (number, cost) in enumerate(pushes):
        queue.push(flows[number], (number, serial), cost)
        taken += several(queue, sizes.get(serial, 0))
    while queue.size:
        taken.append(one(queue))
    assert sorted(serial for _, serial in taken) == list(range(len(pushes)))
    for number in range(4):
        mine = [serial for flow, serial in taken if flow == number]
        assert mine == sorted(mine)


def test_a_newcomer_waits_for_nothing_that_is_queued() -> None:
    queue: FairQueue[str] = FairQueue()
    large, small = Flow[str](1), Flow[str](1)
    for _ in range(100):
        queue.push(large, "large", 1.0)
    for _ in range(50):
        one(queue)
    queue.push(small, "small", 1.0)
    assert one(queue) == "small"


def test_one_who_was_away_is_not_repaid() -> None:
    queue: FairQueue[str] = FairQueue()
    busy, away = Flow[str](1), Flow[str](1)
    queue.push(away, "away", 1.0)
    for _ in range(60):
        queue.push(busy, "busy", 1.0)
    for _ in range(31):
        one(queue)
    for _ in range(20):
        queue.push(away, "away", 1.0)
    assert [one(queue) for _ in range(20)].count("away") in (10, 11)


def test_what_is_put_back_goes_before_the_rest_of_its_line() -> None:
    queue: FairQueue[str] = FairQueue()
    flow = Flow[str](1)
    queue.push(flow, "first", 1.0)
    queue.push(flow, "second", 1.0)
    queue.put_back(flow, one(queue))
    assert [one(queue), one(queue)] == ["first", "second"]


def test_a_batch_is_of_one_kind_and_passes_over_few() -> None:
    queue: FairQueue[str] = FairQueue()
    flows = [Flow[str](1) for _ in range(6)]
    for flow, item in zip(flows, ["a1", "b1", "a2", "b2", "b3", "a3"], strict=True):
        queue.push(flow, item, 1.0)
    assert queue.take(key=lambda item: item[0], wanted=lambda _: 8, most=2) == ["a1", "a2"]
    assert queue.take(key=lambda item: item[0], wanted=lambda _: 2, most=2) == ["b1", "b2"]
    assert queue.take(key=lambda item: item[0], wanted=lambda _: 8, most=2) == ["b3"]
    assert queue.take(key=lambda item: item[0], wanted=lambda _: 8, most=2) == ["a3"]
    assert queue.take(key=lambda item: item[0], wanted=lambda _: 8, most=2) == []


def test_a_shared_batch_is_charged_to_each_run() -> None:
    queue: FairQueue[str] = FairQueue()
    flows = {name: Flow[str](1) for name in "ab"}
    for name, flow in flows.items():
        for _ in range(40):
            queue.push(flow, name, 1.0)
    for _ in range(10):
        batch = queue.take(key=lambda _: "same", wanted=lambda _: 4)
        assert sorted(batch) == ["a", "a", "b", "b"]


def test_clearing_frees_a_line_and_leaves_the_others() -> None:
    queue: FairQueue[str] = FairQueue()
    gone, stays = Flow[str](16), Flow[str](1)
    for _ in range(3):
        queue.push(gone, "gone", 1.0)
        queue.push(stays, "stays", 1.0)
    assert queue.clear(gone) == ["gone"] * 3
    assert queue.size == 3
    assert [one(queue) for _ in range(3)] == ["stays"] * 3
    assert queue.take(key=id, wanted=lambda _: 1) == []
