"""A model proves itself before it takes pictures: its example, or a picture made for it."""

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from printroom.catalogue.card import Model, ModelCard
from printroom.catalogue.models import Catalogue
from printroom.core.errors import BadModel, ModelFailed, NeedsMemory
from printroom.core.settings import Settings
from printroom.engine.floor import Floor
from printroom.engine.trial import trial
from printroom.imaging.tiling import Geometry
from printroom.imaging.vips import pyvips


class Twice:
    """Repeats each pixel; `spoil` is what becomes of the result."""

    resident_bytes = 0

    def __init__(self, channels: int = 3, spoil: Callable[[Any], Any] = lambda made: made) -> None:
        self.channels, self.spoil = channels, spoil
        self.shown: list[Any] = []

    def run(self, batch: Any) -> Any:
        self.shown.append(batch)
        return self.spoil(batch.repeat(2, 2).repeat(2, 3))

    def shrink(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def model(tmp_path: Path) -> Model:
    card = ModelCard("a/b", 1, "", "w", "", Geometry(Fraction(2)), 0, "CC0-1.0")
    return Model(card, tmp_path / "w")


def changed(model: Model, **fields: Any) -> Model:
    return Model(replace(model.card, **fields), model.weights)


@pytest.fixture
def example(model: Model) -> Model:
    """With a picture of 100 x 80 beside its card."""
    pixels = np.random.default_rng(0).integers(0, 256, (80, 100, 3), np.uint8)
    pyvips.Image.new_from_array(pixels).write_to_file(str(model.weights.parent / "try.png"))
    return changed(model, example="try.png")


@pytest.mark.parametrize(
    ("geometry", "size"),
    [
        (Geometry(Fraction(2)), (64, 64)),
        (Geometry(Fraction(2), align=48), (96, 96)),
        (Geometry(Fraction(2), least=100), (100, 100)),
        (Geometry(Fraction(2), fixed=(24, 30)), (24, 30)),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_of_a_size_that_the_model_takes(
    model: Model, example: Model, geometry: Geometry, size: tuple[int, int], channels: int
) -> None:
    for card in (model.card, example.card):
        session = Twice(channels)
        trial(session, Model(replace(card, geometry=geometry), model.weights))
        (shown,) = session.shown
        assert shown.shape == (1, channels, *size)
        assert shown.dtype == np.float32
        assert 0 <= shown.min() < shown.max() <= 1


def wrong_size(made: Any) -> Any:
    return made[:, :, 1:]


def not_finite(made: Any) -> Any:
    made[0, 0, 3, 3] = np.nan
    return made


def failing(_: Any) -> Any:
    raise ModelFailed("an operator is missing")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (wrong_size, r"127, 128\) where \(1, 3, 128, 128\)"),
        (not_finite, "1 of its values are not finite"),
        (failing, "an operator is missing"),
        (lambda made: made[:0], "where"),
    ],
)
def test_what_is_wrong_is_named(model: Model, spoil: Callable[[Any], Any], why: str) -> None:
    with pytest.raises(BadModel, match=f"a/b@1 failed its trial on a made picture: .*{why}"):
        trial(Twice(spoil=spoil), model)


def test_no_memory_is_not_the_models_fault(model: Model) -> None:
    def hungry(_: Any) -> Any:
        raise MemoryError

    with pytest.raises(NeedsMemory, match="1x3x64x64"):
        trial(Twice(spoil=hungry), model)


def test_a_model_may_answer_with_numbers(model: Model) -> None:
    trial(Twice(spoil=lambda made: made.mean(axis=(2, 3))), changed(model, task="colour"))


def test_the_example_must_become_what_its_folder_says(example: Model) -> None:
    session, file = Twice(), example.weights.parent / "try.png.npy"
    trial(session, example)
    due = session.shown[0].repeat(2, 2).repeat(2, 3)
    np.save(file, due + 4e-4)
    trial(session, example)
    np.save(file, due + 0.01)
    with pytest.raises(BadModel, match=r"try.png: its result is 0.01 off, 0.001 is allowed"):
        trial(session, example)
    np.save(file, due[:, :, 1:])
    with pytest.raises(BadModel, match="result of"):
        trial(session, example)
    file.write_bytes(b"\x93NUMPY nothing")
    with pytest.raises(BadModel, match=r"try\.png\.npy"):
        trial(session, example)


@pytest.mark.parametrize(
    "name", ["../try.png", "/etc/passwd", "a sentence", "x" * 5000, "a\0b", ""]
)
def test_a_card_names_no_other_file(model: Model, name: str) -> None:
    """It is taken for a sentence then."""
    (model.weights.parent.parent / "try.png").write_bytes(b"not a picture")
    trial(Twice(), changed(model, example=name))


def test_an_example_that_is_no_picture(model: Model) -> None:
    (model.weights.parent / "try.png").write_bytes(b"not a picture")
    with pytest.raises(BadModel, match=r"try\.png"):
        trial(Twice(), changed(model, example="try.png"))


def test_a_link_out_of_the_folder_is_not_followed(model: Model, tmp_path: Path) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(b"not a picture")
    (folder / "try.png").symlink_to(tmp_path / "secret.png")
    trial(Twice(), Model(replace(model.card, example="try.png"), folder / "w"))


@pytest.fixture
def wrong(models: Path, tmp_path: Path) -> Path:
    """A folder with `test/wrong`, whose example is said to become black."""
    home = tmp_path / "models" / "wrong" / "1"
    home.mkdir(parents=True)
    source = Catalogue((models,)).get("test/double")
    raw = json.loads(source.card.to_json()) | {"name": "test/wrong", "example": "try.png"}
    (home / "card.json").write_text(json.dumps(raw))
    (home / source.card.weights).write_bytes(source.weights.read_bytes())
    pyvips.Image.black(64, 64, bands=3).linear(1, 200).cast("uchar").write_to_file(
        str(home / "try.png")
    )
    np.save(home / "try.png.npy", np.zeros((1, 3, 128, 128), np.float32))
    return home.parent.parent


def test_a_server_does_not_use_a_model_that_fails(wrong: Path, tmp_path: Path) -> None:
    floor = Floor(Settings(data=tmp_path, models=(wrong,)), serving=True)
    model = floor.model("test/wrong")
    for again in (floor.link, floor.warm, floor.link):
        with pytest.raises(BadModel, match=r"test/wrong@1 failed its trial on try.png"):
            again(model)
    assert floor.residency.facts() == []
    assert floor.ledger.kept == 0
    floor.close()


def test_one_picture_pays_for_no_trial(wrong: Path, tmp_path: Path) -> None:
    """Its own run shows whether the model works; who warms up first has it tried."""
    floor = Floor(Settings(data=tmp_path, models=(wrong,)))
    model = floor.model("test/wrong")
    floor.link(model)
    with pytest.raises(BadModel):
        floor.warm(model)
    floor.close()


def test_weights_that_were_exchanged_are_noticed(models: Path, tmp_path: Path) -> None:
    """Also at the second load."""
    folder = tmp_path / "models"
    home = folder / "double" / "1"
    home.mkdir(parents=True)
    source = Catalogue((models,)).get("test/double")
    (home / "card.json").write_text(source.card.to_json())
    weights = home / source.card.weights
    weights.write_bytes(source.weights.read_bytes())
    floor = Floor(Settings(data=tmp_path, models=(folder,)))
    link = floor.link(floor.model("test/double"))
    floor.residency.let_go()
    weights.write_bytes(weights.read_bytes() + b"\0")
    with pytest.raises(BadModel, match="is not the file"):
        link.session.run(np.zeros((1, 3, 32, 32), np.float32))
    floor.close()
