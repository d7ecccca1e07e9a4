import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from printroom.core.errors import (
    BadOption,
    Cancelled,
    FormatCannotHold,
    NeedsMemory,
    NotFound,
    ScaleNotOffered,
    TooManyPixels,
    Unwritable,
)
from printroom.core.settings import Settings
from printroom.engine.enhancement import EnhanceOptions, chosen_format, default_format
from printroom.engine.plan import resident
from printroom.imaging.formats import JPEG, PNG, TIFF
from printroom.imaging.vips import pyvips
from printroom.workshop import Workshop

MIB = 2**20


@pytest.fixture(scope="module")
def settings(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    data = tmp_path_factory.mktemp("data")
    return Settings(data=data, models=(models,), workers=2, memory=resident() + 1024 * MIB)


@pytest.fixture(scope="module")
def workshop(settings: Settings) -> Iterator[Workshop]:
    with Workshop(settings, serving=True) as made:
        yield made


@pytest.fixture(scope="module")
def pixels() -> NDArray[Any]:
    return np.random.default_rng(0).integers(0, 256, (150, 200, 3), np.uint8)


@pytest.fixture(scope="module")
def picture(pixels: NDArray[Any]) -> bytes:
    return bytes(picture_of(pixels).write_to_buffer(".png"))


def picture_of(pixels: NDArray[Any]) -> Any:
    return pyvips.Image.new_from_array(pixels).copy(interpretation="srgb")


def decoded(data: bytes | None) -> NDArray[Any]:
    assert data is not None
    return np.asarray(pyvips.Image.new_from_buffer(data, "").numpy())


def test_bytes_in_bytes_out(workshop: Workshop, picture: bytes, pixels: NDArray[Any]) -> None:
    seen: list[tuple[int, int]] = []
    result = workshop.enhance(picture, progress=lambda *done: seen.append(done))
    assert np.array_equal(decoded(result.data), pixels.repeat(2, 0).repeat(2, 1))
    assert (result.format, result.media_type, result.path) == ("png", "image/png", None)
    assert (result.width, result.height, result.model) == (400, 300, "test/double@1")
    assert seen == [(done + 1, result.tiles) for done in range(result.tiles)]


def test_a_file_becomes_a_file(workshop: Workshop, picture: bytes, tmp_path: Path) -> None:
    source, target = tmp_path / "a.png", tmp_path / "b.tif"
    source.write_bytes(picture)
    result = workshop.enhance(source, target)
    assert (result.path, result.data, result.format) == (target, None, "tiff")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.tif"]


def test_what_is_proposed_is_what_comes(workshop: Workshop, picture: bytes) -> None:
    options = EnhanceOptions(format="webp")
    proposal, result = workshop.propose(picture, options), workshop.enhance(picture, None, options)
    assert (proposal.width, proposal.height) == (result.width, result.height)
    assert proposal.model is not None
    assert (proposal.format.name, proposal.model.card.id) == (result.format, result.model)
    assert proposal.beside(Path("a/photo.png")) == Path("a/photo@2x.webp")


def test_an_onnx_file_is_a_model(workshop: Workshop, picture: bytes, models: Path) -> None:
    own = next(models.glob("*/*/*.onnx"))
    result = workshop.enhance(picture, None, EnhanceOptions(model=own))
    assert result.data == workshop.enhance(picture).data


def test_an_onnx_file_is_read_again_once_it_is_another(
    workshop: Workshop, models: Path, tmp_path: Path
) -> None:
    file = tmp_path / "net.onnx"
    double = next(models.glob("double/*/*.onnx")).read_bytes()
    file.write_bytes(double)
    options = EnhanceOptions(model=file)
    first = workshop.model_for(options)
    assert first is not None
    assert workshop.model_for(options) is first
    another = onnx.load_from_string(double)
    another.producer_name = "another"
    onnx.save_model(another, file)
    assert workshop.model_for(options).card.digest != first.card.digest


def test_many_runs_at_once_stay_within_the_memory(settings: Settings, picture: bytes) -> None:
    limit = (resident() + 100 * MIB) * 8 // 7  # an eighth is for what is sent and received
    with Workshop(replace(settings, memory=limit), serving=True) as workshop:
        workshop.warm()
        most = 0

        def watch(done: int, tiles: int) -> None:
            nonlocal most
            most = max(most, workshop.floor.base + workshop.floor.ledger.granted)

        with ThreadPoolExecutor(6) as pool:
            runs = [
                pool.submit(workshop.enhance, picture, None, EnhanceOptions(), watch)
                for _ in range(12)
            ]
            results = {run.result().data for run in runs}
    assert len(results) == 1
    assert 0 < most <= limit
    assert workshop.floor.ledger.granted == 0


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (EnhanceOptions(scale=3), ScaleNotOffered),
        (EnhanceOptions(model="printroom/colour@1"), BadOption),
        (EnhanceOptions(model="no/such"), NotFound),
        (EnhanceOptions(model="test/double@1", scale=4), ScaleNotOffered),
        (EnhanceOptions(pixels=29_999), TooManyPixels),
        (EnhanceOptions(memory=MIB), NeedsMemory),
    ],
)
def test_what_cannot_be_done_is_refused(
    workshop: Workshop, picture: bytes, options: EnhanceOptions, error: type[Exception]
) -> None:
    tiles = workshop.scheduler.snapshot().tiles
    with pytest.raises(error):
        workshop.enhance(picture, None, options)
    assert workshop.scheduler.snapshot().tiles == tiles


def test_a_container_too_small_is_refused_by_name(workshop: Workshop) -> None:
    wide = bytes(pyvips.Image.black(33_000, 1).write_to_buffer(".png"))
    with pytest.raises(FormatCannotHold, match="PNG"):
        workshop.enhance(wide, None, EnhanceOptions(format="jpeg"))


def test_the_memory_that_is_named_is_enough(workshop: Workshop, picture: bytes) -> None:
    with pytest.raises(NeedsMemory) as caught:
        workshop.enhance(picture, None, EnhanceOptions(memory=MIB))
    workshop.enhance(picture, None, EnhanceOptions(memory=caught.value.needed))


def test_a_cancelled_run_leaves_no_file(workshop: Workshop, tmp_path: Path) -> None:
    cancel = threading.Event()
    large = bytes(pyvips.Image.black(1500, 4000, bands=3).write_to_buffer(".png"))  # many tiles
    with pytest.raises(Cancelled):
        workshop.enhance(large, tmp_path / "a.png", progress=lambda *_: cancel.set(), cancel=cancel)
    assert list(tmp_path.iterdir()) == []
    assert workshop.scheduler.snapshot().runs == 0


def test_only_files_are_replaced(workshop: Workshop, picture: bytes, tmp_path: Path) -> None:
    with pytest.raises(Unwritable, match="not a file"):
        workshop.enhance(picture, tmp_path)


def test_the_format_is_that_of_the_name_the_target_or_the_input() -> None:
    assert chosen_format("png", None) is PNG
    assert chosen_format(None, Path("a.TIF")) is TIFF
    assert chosen_format("jpeg", Path("a.tmp")) is JPEG
    assert chosen_format(None, Path("a")) is None
    with pytest.raises(BadOption, match=r"a\.png"):
        chosen_format("jpeg", Path("a.png"))
    assert default_format("jpeg", JPEG.side, 1) is JPEG
    assert default_format("jpeg", JPEG.side + 1, 1) is PNG
    assert default_format("heic", 8_000, 6_000) is PNG
    assert default_format("heic", 16_000, 16_000) is TIFF
