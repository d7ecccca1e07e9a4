"""Trainings through the clients: asked for, followed to the end, and their files fetched."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from printroom.client import AsyncClient, Client, Event
from printroom.core.errors import (
    BadOption,
    Cancelled,
    DeadlinePassed,
    KeyReused,
    NotFound,
    WrongState,
)

pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")

TINY = {
    "steps": 4, "batch": 2, "patch": 16, "channels": 16, "layers": 1, "leaves": 1,
    "data_kind": "own", "report_every": 2, "threads": 1,
}  # fmt: skip


@pytest.mark.slow
def test_a_training_is_followed_and_its_files_are_fetched(
    client: Client, breaking: Callable[..., Any], tmp_path: Path
) -> None:
    asked = client.submit_training("dejpeg", data="few", options=TINY, key="one")
    assert (asked.recipe, asked.files, asked.over) == ("dejpeg", [], False)
    assert client.submit_training("dejpeg", data="few", options=TINY, key="one").id == asked.id
    with pytest.raises(KeyReused):
        client.submit_training("dejpeg", options=TINY, key="one")
    events: list[Event] = []
    done = client.wait_training(asked, progress=events.append)
    assert (done.status, done.error, events[-1].training) == ("succeeded", None, done)
    assert {"queued", "started", "measure", "progress", "log"} <= {one.kind for one in events}
    whole = [event for event in events if event.number]
    assert list(client.training_events(asked, after=2)) == whole[2:]
    line = breaking(lambda number: 2000 * number)
    with Client(line.url) as broken:
        assert list(broken.training_events(done.id)) == whole
    assert line.connections > 1
    assert done.raw["options"]["steps"] == "4"
    paths = [client.save(one, tmp_path / one.name) for one in done.files]
    assert [path.stat().st_size for path in paths] == [one.bytes for one in done.files]
    assert json.loads((tmp_path / "card.json").read_text())["scores"] == done.scores
    assert client.wait_training(done.id) == client.training(done) == done
    assert next(client.trainings()).id == done.id
    with pytest.raises(WrongState):
        client.retry_training(done)
    assert client.cancel_training(done) == done


def test_a_training_that_is_taken_back(client: Client) -> None:
    asked = client.submit_training(
        "dejpeg", data="few", options=TINY | {"steps": 1_000_000}, grid={"seed": [1, 2]}
    )
    assert asked.raw["grid"] == {"seed": ["1", "2"]}
    with pytest.raises(DeadlinePassed, match=f"training {asked.id} is not over"):
        client.wait_training(asked, timeout=-1)
    client.cancel_training(asked.id)
    with pytest.raises(Cancelled, match=f"training {asked.id} was taken back"):
        client.wait_training(asked)


def test_what_cannot_be_had_is_refused(client: Client) -> None:
    assert "dejpeg" in client.recipes()
    with pytest.raises(NotFound, match="the recipes are"):
        client.submit_training("sorcery")
    with pytest.raises(NotFound):
        client.submit_training("dejpeg", data="none")
    with pytest.raises(BadOption):
        client.submit_training("dejpeg", data="few", options={"start": "x.pt"})
    for ask in (client.training, client.wait_training, client.cancel_training):
        with pytest.raises(NotFound):
            ask("no-such-training")


async def test_the_same_on_an_event_loop(url: str) -> None:
    async with AsyncClient(url) as client:
        assert "dejpeg" in await client.recipes()
        asked = await client.submit_training("dejpeg", data="few", options=TINY, deadline=3600)
        await client.cancel_training(asked)
        with pytest.raises(Cancelled):
            await client.wait_training(asked)
        last = [event async for event in client.training_events(asked)][-1]
        assert last.training == await client.training(asked)
        assert asked.id in [one.id async for one in client.trainings()]
