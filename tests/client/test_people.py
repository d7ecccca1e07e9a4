"""People through the clients: from consent to forgetting."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from printroom.client import AsyncClient, Client, Event, Person
from printroom.client.calls.people import AT_ONCE
from printroom.core.errors import (
    BadOption,
    Cancelled,
    DeadlinePassed,
    ForbiddenWords,
    NoConsent,
    NotFound,
    TooFewPictures,
    WrongState,
)
from printroom.imaging.vips import pyvips
from printroom.training.portraits.look import OURS, look
from printroom.training.portraits.people import somebody
from printroom.training.portraits.styles import render


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Pictures of one person who never lived."""
    folder, random = tmp_path_factory.mktemp("ann"), np.random.default_rng(1)
    person, paths = somebody(random), []
    for number in range(6):
        pixels = render(person, "photo", look(OURS, random), 64)
        paths.append(folder / f"{number}.png")
        picture = pyvips.Image.new_from_array(pixels).copy(interpretation="srgb")
        picture.write_to_file(str(paths[-1]))
    return paths


@pytest.fixture
def ann(client: Client) -> Person:
    return client.create_person("Ann", consent="Ann Smith", pictures_needed=5)


def test_nobody_is_entered_without_consent(client: Client) -> None:
    with pytest.raises(NoConsent):
        client.create_person("Ann", consent="")
    with pytest.raises(BadOption):
        client.create_person("Ann", consent="Ann Smith", pictures_needed=0)
    entered = client.create_person("Ann", consent="Ann Smith", text="Portraits, for a year.")
    assert (entered.name, entered.state, entered.version) == ("Ann", "collecting", None)
    assert entered.raw["consent"]["text"] == "Portraits, for a year."
    assert client.person(entered) == client.person(entered.id) == entered
    assert entered.id in [one.id for one in client.people()]


def test_pictures_come_as_what_they_are(client: Client, ann: Person, photos: list[Path]) -> None:
    file = client.upload(photos[2])
    added = client.add_pictures(
        ann, [photos[0], photos[1].read_bytes(), file, b"some text", photos[0]]
    )
    assert [one.id is not None for one in added.pictures] == [True, True, True, False, False]
    assert [one.name for one in added.pictures][:3] == ["0.png", "", "2.png"]
    assert added.refused == list(added.pictures[3:])
    assert all(one.reasons for one in added.refused)
    assert added.pictures[4].findings[-1]["code"] == "twin"
    assert (added.person.state, added.person.pictures) == ("collecting", 3)
    kept = client.person_pictures(ann)
    assert [one.id for one in kept] == [one.id for one in added.pictures[:3]]
    assert client.remove_picture(ann, kept[0]).pictures == 2
    assert client.add_pictures(ann, []).person.pictures == 2
    with pytest.raises(NotFound, match="was refused"):
        client.remove_picture(ann, added.refused[0])
    with pytest.raises(TooFewPictures, match="it takes 5"):
        client.train_person(ann)
    for ask in (client.cancel_person_training, client.draw):
        with pytest.raises(WrongState):
            ask(ann)
    with pytest.raises(NotFound):
        client.wait_person(ann)
    with pytest.raises(NotFound):
        client.add_pictures(ann, [Path("/no/such/picture.jpg")])


def test_more_pictures_than_a_request_takes(client: Client, ann: Person) -> None:
    many = [f"picture {number}".encode() for number in range(AT_ONCE + 2)]
    assert len(client.add_pictures(ann, many).refused) == len(many)


def test_from_the_last_picture_to_portraits_and_to_nothing(
    client: Client,
    ann: Person,
    photos: list[Path],
    breaking: Callable[..., Any],
    tmp_path: Path,
) -> None:
    assert client.add_pictures(ann, photos[:5]).person.state == "training"
    events: list[Event] = []
    ready = client.wait_person(ann, progress=events.append)
    assert (ready.state, ready.version) == ("ready", 1)
    assert events[-1].person == ready == client.person(ann)
    assert "progress" in [event.kind for event in events]
    whole = [event for event in events if event.number]
    assert list(client.person_events(ann)) == whole
    line = breaking(lambda number: 250 * number)
    with Client(line.url) as broken:
        assert list(broken.person_events(ann)) == whole
    assert line.connections > 1

    run = client.draw(ann, style="comic", seeds=[1, 2], format="jpeg")
    pictures = run.pictures["pictures"]
    assert [one.media_type for one in pictures] == ["image/jpeg"] * 2
    saved = client.save(pictures[0], tmp_path / "ann.jpg")
    assert pyvips.Image.new_from_file(str(saved)).width == pictures[0].width
    first = client.submit_portraits(ann, "a person with glasses", count=1, key="once")
    assert client.submit_portraits(ann, "a person with glasses", count=1, key="once").id == first.id
    assert client.wait(first).status == "succeeded"
    listed = list(client.portraits(ann))
    assert [one.id for one in listed] == [first.id, run.id]
    assert [len(one.raw["links"]) for one in listed] == [1, 2]
    with pytest.raises(ForbiddenWords):
        client.draw(ann, "a nude person")
    with pytest.raises(NotFound):
        client.draw(ann, style="nothing")

    gone = client.forget(ann)
    assert (gone["pictures"], gone["versions"], gone["portraits"]) == (5, 1, 2)
    for ask in (client.person, client.forget, client.draw):
        with pytest.raises(NotFound):
            ask(ann)
    with pytest.raises(NotFound):
        client.read(pictures[0])


def test_a_training_that_is_taken_back(client: Client, ann: Person, photos: list[Path]) -> None:
    client.add_pictures(ann, photos[:5])
    with pytest.raises(DeadlinePassed, match="the training of"):
        client.wait_person(ann, timeout=-1)
    client.cancel_person_training(ann)
    with pytest.raises(Cancelled):
        client.wait_person(ann)
    assert client.train_person(ann, anyway=True).state == "training"
    assert client.wait_person(ann).version == 2


def test_styles_of_ones_own(client: Client) -> None:
    assert client.set_style("sketchbook", "a pencil sketch")["own"] is True
    known = {one["name"]: one["own"] for one in client.styles()}
    assert (known["comic"], known["sketchbook"]) == (False, True)
    with pytest.raises(ForbiddenWords):
        client.set_style("bare", "nude")
    with pytest.raises(BadOption):
        client.set_style("comic", "mine")
    client.delete_style("sketchbook")
    with pytest.raises(NotFound):
        client.delete_style("sketchbook")


async def test_the_same_on_an_event_loop(url: str, photos: list[Path]) -> None:
    async with AsyncClient(url) as client:
        person = await client.create_person("Bob", consent="Bob Jones", pictures_needed=5)
        added = await client.add_pictures(person, photos)
        assert (len(added.pictures), added.person.state) == (6, "training")
        assert (await client.wait_person(person)).state == "ready"
        last = [event async for event in client.person_events(person)][-1]
        assert last.person == await client.person(person)
        run = await client.draw(person, count=1, progress=lambda _: None)
        assert [one.id async for one in client.portraits(person)] == [run.id]
        assert person.id in [one.id async for one in client.people()]
        await client.forget(person)
        with pytest.raises(NotFound):
            await client.person(person)
