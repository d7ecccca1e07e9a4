"""Models in a store: listed by their cards, fetched when they are needed, verified."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from printroom.catalogue.models import Catalogue
from printroom.catalogue.stored import StoredModels
from printroom.core.errors import BadModel, NotFound
from printroom.core.settings import Settings
from printroom.engine.floor import Floor
from printroom.storage.book import StoreBook
from printroom.storage.cache import BlockCache


@pytest.fixture
def bucket(tmp_path: Path, shelf: Path) -> Path:
    """A store `hub` that holds `test/denoise@1` and others below `models/acme`."""
    folder = tmp_path / "bucket"
    shutil.copytree(shelf, folder / "models/acme")
    (folder / "models/other").mkdir()
    (folder / "models/other/card.json").write_text("none")
    StoreBook(tmp_path / "data", {}).add("hub", f"fs://{folder}")
    return folder


@pytest.fixture
def settings(bucket: Path, tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", model_stores=("hub/models/acme",))


def stored(tmp_path: Path) -> StoredModels:
    data = tmp_path / "data"
    book = StoreBook(data, {})
    return StoredModels(["hub/models/acme"], book, BlockCache(data / "cache"), data / "cards")


def test_models_of_a_store_come_after_those_of_folders(settings: Settings) -> None:
    floor = Floor(settings)
    ids = [model.card.id for model in floor.catalogue.models]
    assert "test/denoise@1" in ids
    assert ids.index("test/denoise@1") > ids.index("printroom/upscale-x2@" + str(newest(ids)))
    assert floor.catalogue.for_task("denoise").card.id.startswith("printroom/")
    floor.close()


def newest(ids: list[str]) -> int:
    return max(int(name.partition("@")[2]) for name in ids if "printroom/upscale-x2@" in name)


def test_weights_are_fetched_at_the_first_use_and_run_as_those_of_a_folder(
    settings: Settings, shelf: Path, tmp_path: Path
) -> None:
    picture = np.random.default_rng(0).random((1, 3, 20, 20), np.float32)
    floor, other = Floor(settings), Floor(Settings(data=tmp_path / "other", models=(shelf,)))
    model = floor.model("test/denoise")
    assert not model.weights.exists()
    results = [one.link(one.model("test/denoise")).session.run(picture) for one in (floor, other)]
    assert np.array_equal(*results)
    assert floor.residency.let_go()
    assert np.array_equal(floor.link(model).session.run(picture), results[0])
    floor.close()
    other.close()


def test_weights_that_are_not_those_of_the_card_are_refused(
    settings: Settings, bucket: Path
) -> None:
    (bucket / "models/acme/denoise/1/net.onnx").write_bytes(b"another")
    floor = Floor(settings)
    with pytest.raises(BadModel, match="is not the file"):
        floor.link(floor.model("test/denoise"))
    floor.close()


def test_weights_that_are_gone_are_named(settings: Settings, bucket: Path) -> None:
    floor = Floor(settings)
    model = floor.model("test/denoise")
    (bucket / "models/acme/denoise/1/net.onnx").unlink()
    with pytest.raises(NotFound, match=r"models/acme/denoise/1/net\.onnx"):
        floor.link(model)
    floor.close()


@pytest.mark.parametrize("card", ["{", "[]", "{}"])
def test_a_card_that_is_none_is_an_error(bucket: Path, tmp_path: Path, card: str) -> None:
    (bucket / "models/acme/denoise/1/card.json").write_text(card)
    with pytest.raises(BadModel, match="not a model card"):
        stored(tmp_path).models()


def test_a_store_that_is_away_costs_only_those_who_want_its_models(tmp_path: Path) -> None:
    data = tmp_path / "data"
    book = StoreBook(data, {})
    book.add("away", "s3://bucket?endpoint=http://127.0.0.1:9&region=x")
    models = StoredModels(["away"], book, BlockCache(data / "cache"), data / "cards")
    catalogue = Catalogue(elsewhere=models.models)
    assert catalogue.for_scale(2).card.name == "printroom/upscale-x2"
