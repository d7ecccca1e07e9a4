"""What a picture is nearest to, in the collection of whose pipeline it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from printroom.accounts import people
from printroom.accounts.audit import CONSOLE
from printroom.collections.items import Item
from printroom.core.errors import BadOption, BadPipeline, NotFound
from printroom.imaging.vips import pyvips
from printroom.pipelines.spec import PipelineSpec
from printroom.workshop import Workshop

PIPELINE: dict[str, Any] = {
    "name": "like",
    "inputs": {"image": "picture"},
    "steps": {
        "near": {"use": "nearest", "with": {"image": "$image", "collection": "looks", "most": 2}}
    },
    "outputs": {name: f"$near.{name}" for name in ("best", "distance", "payloads", "distances")},
}


def stripes(side: int, colour: int, across: bool) -> bytes:
    """A picture of soft stripes of a colour."""
    wave = np.sin(np.linspace(0, 20, side))[None, :, None] * np.ones((side, 1, 3)) * 90 + 120
    wave[..., colour] += 40
    levels = np.clip(wave if across else wave.transpose(1, 0, 2), 0, 255).astype(np.uint8)
    picture = pyvips.Image.new_from_array(np.ascontiguousarray(levels))
    return bytes(picture.copy(interpretation="srgb").write_to_buffer(".png"))


@pytest.fixture
def accounts(workshop: Workshop) -> list[str]:
    """A seller and a buyer, each with a collection of that name: what is in them differs."""
    made = []
    for name in ("Sam", "Ann"):
        account = workshop.accounts.do(people.create_account, CONSOLE, name).id
        workshop.collections.make(account, "looks")
        items = [
            Item.of_picture({"of": name, "colour": colour}, stripes(90, colour, colour == 1))
            for colour in range(3)
        ]
        workshop.collections.add(account, "looks", items)
        made.append(account)
    return made


def test_a_sold_pipeline_reads_its_owners_collection(
    workshop: Workshop, accounts: list[str], tmp_path: Path
) -> None:
    seller, buyer = accounts
    graph = workshop.shelf.sent(PipelineSpec.from_dict(PIPELINE), seller)
    picture = {"image": stripes(400, 1, True)}
    for account, owner, of in ((buyer, seller, "Sam"), (seller, "", "Sam"), (buyer, "", "Ann")):
        found = workshop.run_pipeline(graph, picture, tmp_path, account=account, owner=owner)
        assert found["best"] == f'{{"of": "{of}", "colour": 1}}'
        assert found["distance"] == found["distances"][0] < 0.02
        assert len(found["payloads"]) == 2
        assert found["distances"] == sorted(found["distances"])
    workshop.collections.remove(seller, "looks")  # and the buyer's does not take its place
    with pytest.raises(NotFound):
        workshop.run_pipeline(graph, picture, tmp_path, account=buyer, owner=seller)


def test_it_streams(workshop: Workshop, accounts: list[str]) -> None:
    graph = workshop.shelf.sent(PipelineSpec.from_dict(PIPELINE), accounts[0])
    assert graph.nodes[0].step.shape.value == "look"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nothing", "no collection 'nothing'"),
        ("$which", "written in the pipeline"),
        ({"secret": "WHICH"}, "written in the pipeline"),
    ],
)
def test_a_collection_is_written_and_there(
    workshop: Workshop, accounts: list[str], name: Any, reason: str
) -> None:
    steps = {"near": {"use": "nearest", "with": {"image": "$image", "collection": name}}}
    inputs = {"image": "picture", "which": "text"}
    spec = PipelineSpec.from_dict({"name": "like", "inputs": inputs, "steps": steps})
    with pytest.raises(BadPipeline, match=reason):
        workshop.shelf.sent(spec, accounts[0])


def test_vectors_of_ones_own(workshop: Workshop, accounts: list[str], tmp_path: Path) -> None:
    (owner, _) = accounts
    workshop.collections.make(owner, "words", 3)
    steps = {"n": {"use": "nearest-vector", "with": {"vector": "$v", "collection": "words"}}}
    raw = {"name": "v", "inputs": {"v": {"type": "tensor"}}, "steps": steps}
    graph = workshop.shelf.sent(PipelineSpec.from_dict(raw), owner)

    def near(*numbers: float) -> Any:
        vector = np.array(numbers, np.float32)
        return workshop.run_pipeline(graph, {"v": vector}, tmp_path, account=owner)

    assert near(1, 0, 0) == {"best": "", "distance": 2.0, "payloads": [], "distances": []}
    values = {"x": (1, 0, 0), "y": (0, 2, 0), "z": (0, 0, -3)}
    items = [Item.of_vector(name, numbers) for name, numbers in values.items()]
    workshop.collections.add(owner, "words", items)
    found = near(0, 5, 0.5)
    assert found["payloads"] == ["y", "x", "z"]
    assert np.allclose(found["distances"], [0.004963, 1, 1.0995], atol=1e-4)
    with pytest.raises(BadOption, match="of 3 numbers, not of 2"):
        near(1, 2)
    with pytest.raises(BadOption, match="no direction"):
        near(0, 0, 0)
