"""Streams of events: of a run, and of all of an account, over lines that break."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.client import AsyncClient, Client, Event
from printroom.client import following as following_module
from printroom.client.following import Parser, Stream
from printroom.core.errors import DeadlinePassed, FetchFailed

RUN = Stream("/v1/runs/x/events", "run x")
ALL = Stream("/v1/events", "the account", ends=False)


def test_events_come_whole_over_a_line_that_breaks(
    client: Client, breaking: Callable[..., Any]
) -> None:
    run = client.run("draw", {"prompt": "x"})
    whole = list(client.events(run))
    line = breaking(lambda number: 250 * number)
    with Client(line.url) as broken:
        assert list(broken.events(run)) == whole
    assert line.connections > 1


def until_done(events: Iterator[Event], runs: list[str]) -> list[Event]:
    """Those of `runs`, until all of them are over."""
    left, found = set(runs), []
    for event in events:
        if event.run_id in runs:
            found.append(event)
        if event.run is not None:
            left.discard(event.run.id)
        if not left:
            return found
    raise AssertionError("the stream ended")


def now() -> int:
    """The id of an event that is told now."""
    return int(time.time() * 1e6)


def test_all_runs_are_told_by_one_line(client: Client) -> None:
    start = now()
    runs = [client.run("count", {"text": str(number)}) for number in range(3)]
    with closing(client.all_events(after=start)) as events:
        found = until_done(events, [run.id for run in runs])
    for run in runs:
        told = [event for event in found if event.run_id == run.id]
        alone = [event for event in client.events(run) if event.number]
        assert [(one.number, one.kind, one.data, one.run) for one in told] == [
            (one.number, one.kind, one.data, one.run) for one in alone
        ]


def test_all_runs_are_told_once_over_a_line_that_breaks(
    client: Client, breaking: Callable[..., Any]
) -> None:
    start = now()
    runs = [client.run("count", {"text": str(number)}).id for number in range(4)]
    line = breaking(lambda number: 4000 * number)
    with Client(line.url) as broken, closing(broken.all_events(after=start)) as events:
        found = until_done(events, runs)
    assert line.connections > 1
    for run in runs:
        numbers = [event.number for event in found if event.run_id == run]
        assert numbers == list(range(1, len(numbers) + 1))


async def test_all_runs_are_told_on_an_event_loop(url: str) -> None:
    start = now()
    async with AsyncClient(url) as other, aclosing(other.all_events(after=start)) as events:
        run = await other.run("count", {"text": "loop"})
        async for event in events:
            if event.run is not None and event.run.id == run.id:
                assert event.run == run
                return


def told(name: str, number: int, run: str = "", at: int = 0) -> list[str]:
    data = {"number": number, "type": name, "data": {}} | ({"run_id": run} if run else {})
    return [f"id: {at or number}", f"event: {name}", f"data: {json.dumps(data)}", ""]


def taken(parser: Parser, lines: list[str]) -> list[tuple[str, int]]:
    return [(event.run_id, event.number) for line in lines for event in parser.line(line)]


def test_what_is_told_again_is_known() -> None:
    parser = Parser(ALL, after=50)
    assert parser.headers == {"Last-Event-ID": "50"}
    lines = [*told("queued", 1, "a", 60), *told("queued", 1, "b", 70), *told("done", 2, "a", 80)]
    assert taken(parser, lines) == [("a", 1), ("b", 1), ("a", 2)]
    assert (parser.headers, parser.over) == ({"Last-Event-ID": "80"}, False)
    parser.broke("cut")
    assert taken(parser, [*lines, *told("done", 2, "b", 75)]) == [("b", 2)]
    assert parser.headers == {"Last-Event-ID": "80"}
    [gap] = [one for line in ("event: gap", "data: {}", "") for one in parser.line(line)]
    assert (gap.kind, gap.number, gap.id) == ("gap", 0, 0)


def test_a_stream_that_breaks_before_its_first_event_goes_on_at_its_date() -> None:
    parser = Parser(ALL)
    assert parser.headers == {}
    parser.begins("no date")
    assert parser.headers == {}
    parser.begins("Sun, 06 Nov 1994 08:49:37 GMT")
    assert parser.headers == {"Last-Event-ID": "784111777000000"}
    assert taken(parser, told("queued", 1, "a", 784111778000000)) == [("a", 1)]
    parser.begins("Sun, 06 Nov 1994 08:59:37 GMT")
    assert parser.headers == {"Last-Event-ID": "784111778000000"}
    of_a_run = Parser(RUN)
    of_a_run.begins("Sun, 06 Nov 1994 08:49:37 GMT")
    assert of_a_run.headers == {}


def test_a_line_that_breaks_for_ever_is_given_up_and_one_that_holds_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parser = Parser(ALL)
    for _ in range(following_module.BREAKS):
        assert taken(parser, [": hello", ""]) == []
        parser.broke("cut")
    with pytest.raises(FetchFailed, match="cut"):
        parser.broke("cut")
    monkeypatch.setattr(following_module, "STEADY", -1.0)
    parser = Parser(ALL)
    for _ in range(2 * following_module.BREAKS):
        assert taken(parser, [": alive", ""]) == []
        parser.broke("cut")


def test_what_was_over_and_is_tried_again_is_not_over() -> None:
    parser = Parser(RUN)
    assert taken(parser, told("dead", 1) + told("retried", 2)) == [("", 1), ("", 2)]
    assert not parser.over
    run = {"id": "x", "status": "succeeded", "target": "y", "output": {}}
    data = json.dumps({"number": 3, "type": "done", "data": {}, "run": run})
    assert taken(parser, ["id: 3", "event: done", f"data: {data}", ""]) == [("", 3)]
    assert parser.over


def test_patience_ends_in_time() -> None:
    assert Parser(RUN).patience == 90
    assert Parser(RUN, timeout=3).patience <= 3
    with pytest.raises(DeadlinePassed, match="run x is not over after -1 s"):
        Parser(RUN, timeout=-1).broke("nothing came")


@given(st.lists(st.tuples(st.integers(1, 9), st.text(max_size=20)), max_size=9), st.integers(0, 60))
def test_a_stream_that_breaks_anywhere_gives_each_event_once(
    said: list[tuple[int, str]], cut: int
) -> None:
    events = [
        {"number": number, "type": "log", "data": {"text": text}}
        for number, (_, text) in enumerate(said, 1)
    ]
    lines = [
        line
        for event in events
        for line in (f"id: {event['number']}", "event: log", f"data: {json.dumps(event)}", "")
    ]
    parser = Parser(RUN)
    found = [event for line in lines[:cut] for event in parser.line(line)]
    parser.broke("cut")
    rest = lines[parser.after * 4 :]
    found += [event for line in rest for event in parser.line(line)]
    assert [event.number for event in found] == list(range(1, len(events) + 1))
    assert [event.data["text"] for event in found] == [text for _, text in said]


@given(st.text(max_size=200))
def test_any_line_is_taken(line: str) -> None:
    parser = Parser(RUN)
    list(parser.line(line))
    list(parser.line(""))
