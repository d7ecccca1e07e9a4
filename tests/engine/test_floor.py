"""What runs share: one link for each model, models by id and by file, and memory."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from printroom.core.errors import NeedsMemory, NotFound, ScaleNotOffered
from printroom.core.settings import Settings
from printroom.engine.channels import Rows
from printroom.engine.enhancement import PictureFile
from printroom.engine.floor import Floor
from printroom.engine.order import Order
from printroom.engine.plan import resident
from printroom.engine.rasters import Raster
from printroom.imaging.encode import PictureSpec
from printroom.imaging.formats import PNG

MIB = 1 << 20


def picture(width: int, height: int) -> Raster:
    lines = np.random.default_rng(0).random((height, 3, width)).astype(np.float32)
    return Raster.of_lines(lines)


def test_a_model_is_loaded_once(floor: Floor) -> None:
    model = floor.model("test/denoise")
    assert floor.link(model) is floor.link(floor.model("test/denoise@1"))


def test_a_file_is_a_model_and_goes_by_its_id_afterwards(floor: Floor, shelf: Path) -> None:
    file = shelf / "deblur" / "1" / "net.onnx"
    model = floor.model(str(file))
    assert model.card.id == "local/net@1"
    assert floor.model("local/net@1") is model
    assert floor.model(file) is model


def test_who_serves_takes_no_files_by_text(shelf: Path, tmp_path: Path) -> None:
    """Strangers must not name files of the server."""
    file = shelf / "deblur" / "1" / "net.onnx"
    floor = Floor(Settings(data=tmp_path, models=(shelf,)), serving=True)
    with pytest.raises(NotFound):
        floor.model(str(file))
    assert floor.model(file).card.id == "local/net@1"
    floor.close()


def test_a_scale_that_nobody_offers(floor: Floor) -> None:
    with pytest.raises(ScaleNotOffered):
        floor.best(3)


def test_a_picture_through_no_link_is_itself(floor: Floor) -> None:
    raster = picture(90, 70)
    target = PictureFile(None, replace(raster.spec, depth=16), PNG)
    sent = floor.send(raster, (), target, Order())
    assert isinstance(sent.result, bytes)


def test_what_runs_hold_is_given_back(floor: Floor) -> None:
    links = [floor.link(floor.model(f"test/{task}")) for task in ("denoise", "deblur")]
    raster = picture(300, 200)
    before = floor.ledger.granted
    held: list[int] = []
    order = Order(progress=lambda *_: held.append(floor.ledger.granted))
    floor.send(raster, links, PictureFile(None, raster.spec, PNG), order)
    plan = floor.plan(raster, links, 8, 0)
    assert min(held) >= before + plan.bytes - floor.base - 48 * MIB
    assert floor.ledger.granted == before


def test_a_chain_that_does_not_fit_is_refused_before_its_first_tile(
    shelf: Path, tmp_path: Path
) -> None:
    floor = Floor(Settings(data=tmp_path, models=(shelf,), memory=resident() + 20 * MIB))
    links = [floor.link(floor.model(f"test/{task}")) for task in ("denoise", "deblur")]
    raster = picture(300, 200)
    with pytest.raises(NeedsMemory) as caught:
        floor.send(raster, links, PictureFile(None, raster.spec, PNG), Order())
    assert floor.scheduler.snapshot().tiles == 0
    assert caught.value.needed > floor.budget
    floor.close()


def test_a_picture_of_which_only_rows_are_known(floor: Floor) -> None:
    """Two readers at once, each from the top."""
    raster = picture(50, 40)
    with raster.open() as one, raster.open() as other:
        first: Rows = one.read(10)
        np.testing.assert_array_equal(first, other.read(10))
        assert len(one.read(100)) == 30
    assert raster.spec == PictureSpec(50, 40, 3, 8)
