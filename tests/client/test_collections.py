"""Collections through the clients: what is put in is found."""

from pathlib import Path

import numpy as np
import pytest

from printroom.client import AsyncClient, Client
from printroom.client.calls import collections as module
from printroom.core.errors import AlreadyThere, BadOption, NotAPicture, NotFound
from printroom.imaging.vips import pyvips

COLOURS = ("red", "green", "blue")


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pictures that are half of one colour."""
    folder, found = tmp_path_factory.mktemp("plain"), {}
    for channel, colour in enumerate(COLOURS):
        levels = np.full((40, 50, 3), 30, np.uint8)
        levels[:, :25, channel] = 220
        found[colour] = folder / f"{colour}.png"
        picture = pyvips.Image.new_from_array(levels).copy(interpretation="srgb")
        picture.write_to_file(str(found[colour]))
    return found


def test_pictures_that_are_put_in_are_found(client: Client, plain: dict[str, Path]) -> None:
    made = client.create_collection("looks")
    assert (made.name, made.pictures, made.size) == ("looks", True, 0)
    assert client.add_items("looks", []) == made
    file = client.upload(plain["blue"])
    told = client.add_items(
        "looks", [(plain["red"], "red"), (plain["green"].read_bytes(), "green"), (file, {"is": 3})]
    )
    assert told.size == client.collection("looks").size == 3
    for sought in (plain["blue"], plain["blue"].read_bytes(), file, file.id):
        near, far = client.search_collection("looks", sought, most=2)
        assert near.payload == {"is": 3}
        assert (near.distance, far.distance) == (pytest.approx(0, abs=1e-6), far.distance)
        assert far.distance is not None
        assert far.distance > 0.05
    items = list(client.items("looks"))
    assert [one.payload for one in items] == ["red", "green", {"is": 3}]
    assert {one.distance for one in items} == {None}
    client.delete_item("looks", items[0])
    assert [one.payload for one in client.items("looks")] == ["green", {"is": 3}]
    client.delete_collection("looks")
    with pytest.raises(NotFound):
        client.collection("looks")


def test_what_is_large_is_uploaded_first(
    client: Client, plain: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "INLINE", 10)
    client.create_collection("large")
    assert client.add_items("large", [(plain["red"], "red"), (plain["green"], "green")]).size == 2
    assert client.search_collection("large", plain["green"], most=1)[0].payload == "green"


def test_more_vectors_than_a_request_takes(client: Client) -> None:
    client.create_collection("vectors", 2)
    angles = np.linspace(0, 1, 2 * module.AT_ONCE + 1)
    pairs = [(np.array([np.cos(one), np.sin(one)]), number) for number, one in enumerate(angles)]
    assert client.add_items("vectors", pairs).size == len(angles)
    assert [one.payload for one in client.items("vectors")] == list(range(len(angles)))
    found = client.search_collection("vectors", (1, 0), most=3)
    assert [one.payload for one in found] == [0, 1, 2]
    assert "vectors" in [one.name for one in client.collections()]


def test_what_is_refused(client: Client, plain: dict[str, Path]) -> None:
    client.create_collection("narrow", length=3)
    with pytest.raises(AlreadyThere):
        client.create_collection("narrow")
    with pytest.raises(BadOption, match="of vectors of one's own"):
        client.add_items("narrow", [(plain["red"], "red")])
    with pytest.raises(BadOption):
        client.add_items("narrow", [([1.0, 2.0], "two numbers")])
    client.create_collection("pictures")
    with pytest.raises(NotAPicture):
        client.add_items("pictures", [(plain["red"], "red"), (b"some text", "none")])
    assert client.collection("pictures").size == 0
    with pytest.raises(NotFound, match="no/such"):
        client.search_collection("pictures", Path("/no/such.png"))
    with pytest.raises(NotFound):
        client.delete_item("pictures", "itm_0")
    with pytest.raises(NotFound):
        client.search_collection("nothing", [1.0])


async def test_the_same_on_an_event_loop(url: str, plain: dict[str, Path]) -> None:
    async with AsyncClient(url) as client:
        await client.create_collection("later")
        pairs = [(plain[colour], colour) for colour in COLOURS]
        assert (await client.add_items("later", pairs)).size == 3
        assert [one.payload async for one in client.items("later")] == list(COLOURS)
        [nearest] = await client.search_collection("later", plain["red"], most=1)
        assert nearest.payload == "red"
        await client.delete_collection("later")
        assert "later" not in [one.name async for one in client.collections()]
