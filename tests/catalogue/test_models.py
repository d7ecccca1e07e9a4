"""Finding models by name and by scale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from printroom.catalogue.card import ModelCard
from printroom.catalogue.models import Catalogue, digest_of
from printroom.core.errors import BadModel, NotFound, ScaleNotOffered
from printroom.runtimes.reading import Pixels, Reading

AddModel = Callable[..., ModelCard]


def test_a_name_alone_is_the_newest_version(tmp_path: Path, add_model: AddModel) -> None:
    for version in (9, 10, 2):
        add_model(tmp_path, "house/twice", version)
    catalogue = Catalogue([tmp_path])
    assert catalogue.get("house/twice").card.version == 10
    assert catalogue.get("house/twice@2").card.version == 2
    assert catalogue.get("house/twice@2").weights.is_file()


def test_scales_are_offered_in_order(tmp_path: Path, add_model: AddModel) -> None:
    add_model(tmp_path, "house/thrice", 1, 3)
    add_model(tmp_path, "house/half-more", 1, Fraction(3, 2))
    add_model(tmp_path, "house/twice", 1, 2)
    catalogue = Catalogue([tmp_path])
    assert catalogue.scales() == [Fraction(3, 2), 2, 3]
    assert catalogue.for_scale(Fraction(3, 2)).card.name == "house/half-more"
    with pytest.raises(ScaleNotOffered, match=r"by 5: the scales here are: 3/2, 2, 3"):
        catalogue.for_scale(5)


def test_the_first_folder_has_the_word(tmp_path: Path, add_model: AddModel) -> None:
    add_model(tmp_path / "a", "mine/twice", 1)
    add_model(tmp_path / "b", "house/also", 7)
    assert Catalogue([tmp_path / "a", tmp_path / "b"]).for_scale(2).card.name == "mine/twice"
    assert Catalogue([tmp_path / "b", tmp_path / "a"]).for_scale(2).card.name == "house/also"


def test_what_is_not_there_is_named_with_what_is(tmp_path: Path, add_model: AddModel) -> None:
    with pytest.raises(NotFound, match="the models here are: none"):
        Catalogue([tmp_path, tmp_path / "no such folder"]).get("house/twice")
    add_model(tmp_path, "house/twice", 1)
    with pytest.raises(NotFound, match="'house/twice@2': the models here are: house/twice@1"):
        Catalogue([tmp_path]).get("house/twice@2")


def test_weights_that_changed_are_refused(tmp_path: Path, add_model: AddModel) -> None:
    add_model(tmp_path, "house/twice", 1)
    file = tmp_path / "twice" / "1" / "net.onnx"
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(BadModel, match=r"house/twice@1.*install the model again"):
        Catalogue([tmp_path]).for_scale(2)
    file.unlink()
    with pytest.raises(BadModel, match="cannot be read"):
        Catalogue([tmp_path]).get("house/twice")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"geometry": {}}', '{"geometry": 3}'])
def test_a_broken_card_is_named(tmp_path: Path, text: str) -> None:
    home = tmp_path / "twice" / "1"
    home.mkdir(parents=True)
    (home / "card.json").write_text(text)
    with pytest.raises(BadModel, match=r"twice/1/card.json is not a model card"):
        Catalogue([tmp_path]).scales()


def test_a_card_survives_its_file(tmp_path: Path, add_model: AddModel) -> None:
    card = add_model(tmp_path, "house/twice", 1, Fraction(3, 2))
    assert ModelCard.from_json(card.to_json()) == card


def test_a_task_and_a_scale_name_the_default_model(tmp_path: Path, add_model: AddModel) -> None:
    for version in (1, 2):
        add_model(tmp_path, "house/clean", version, 1, "denoise")
    add_model(tmp_path, "house/sharp", 1, 1, "deblur")
    add_model(tmp_path, "house/twice", 1, 2, "upscale")
    catalogue = Catalogue([tmp_path])
    assert catalogue.for_task("denoise").card.id == "house/clean@2"
    assert catalogue.for_task("upscale", 2).card.name == "house/twice"
    with pytest.raises(NotFound, match="'dejpeg' at scale 1: the tasks here are: deblur, denoise"):
        catalogue.for_task("dejpeg")
    with pytest.raises(ScaleNotOffered, match="by 4: the scales here are: 2"):
        catalogue.for_task("upscale", 4)


def test_only_models_that_upscale_offer_a_scale(tmp_path: Path, add_model: AddModel) -> None:
    add_model(tmp_path, "house/clean", 1, 1, "denoise")
    add_model(tmp_path, "house/odd", 1, 2, "deblur")
    add_model(tmp_path, "house/unsaid", 1, 3)
    add_model(tmp_path, "house/unsaid-too", 1, 1)
    assert Catalogue([tmp_path]).scales() == [3]


@pytest.mark.parametrize("variant", ["research", "photo"])
def test_variants_are_taken_by_name_only(tmp_path: Path, add_model: AddModel, variant: str) -> None:
    add_model(tmp_path, f"house/a-{variant}", 3, 2, "upscale")
    add_model(tmp_path, f"house/b-{variant}", 3, 1, "denoise")
    catalogue = Catalogue([tmp_path])
    assert catalogue.get(f"house/a-{variant}").card.version == 3
    assert catalogue.scales() == []
    with pytest.raises(ScaleNotOffered):
        catalogue.for_scale(2)
    with pytest.raises(NotFound):
        catalogue.for_task("denoise")


def test_the_sharp_look_takes_what_no_default_takes(tmp_path: Path, add_model: AddModel) -> None:
    add_model(tmp_path, "house/true", 1, 2, "upscale")
    add_model(tmp_path, "house/bad-photo", 1, 4, "upscale")
    catalogue = Catalogue([tmp_path])
    assert catalogue.for_scale(4, "sharp").card.name == "house/bad-photo"
    assert catalogue.for_scale(2).card.name == "house/true"
    with pytest.raises(
        ScaleNotOffered, match="no sharp model enlarges by 2: the scales here are: 4"
    ):
        catalogue.for_scale(2, "sharp")


def test_a_card_of_before_tasks_has_none_and_an_unknown_one_is_refused(
    tmp_path: Path, add_model: AddModel
) -> None:
    card = add_model(tmp_path, "house/twice", 1, 2, "upscale")
    text = card.to_json()
    old = text.replace(',\n  "task": "upscale"', "")
    assert old != text
    assert ModelCard.from_json(old).task == "other"
    with pytest.raises(ValueError, match="no task 'haiku'"):
        ModelCard.from_json(text.replace('"task": "upscale"', '"task": "haiku"'))


def test_how_a_model_is_read_is_kept_on_its_card(tmp_path: Path, add_model: AddModel) -> None:
    pixels = Pixels(channels="bgr", range=(0, 255), mean=(1.0, 2.0, 3.0))
    reading = Reading(pixels, Pixels(name="y"), constants=(("sigma", 0.1),))
    card = add_model(tmp_path, "house/twice", 1)
    assert "reading" not in card.to_json()
    read = replace(card, reading=reading, runtime="torch", origin={"file": "net.pt2"})
    assert ModelCard.from_json(read.to_json()) == read
    text = read.to_json()
    for good, bad, reason in (
        ('"torch"', '"haiku"', "no runtime 'haiku'"),
        ('"bgr"', '"cmyk"', "'cmyk' is none of"),
        ('"constants"', '"secrets"', "no secrets"),
        (f'"{card.weights}"', '"../net.onnx"', "beside the card"),
    ):
        assert good in text
        with pytest.raises(ValueError, match=reason):
            ModelCard.from_json(text.replace(good, bad))


def test_the_digest_of_a_folder_is_that_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_text("1")
    first = digest_of(tmp_path / "a")
    assert first == digest_of(tmp_path / "a")
    (tmp_path / "a" / "b" / "file").rename(tmp_path / "a" / "b" / "other")
    second = digest_of(tmp_path / "a")
    (tmp_path / "a" / "b" / "other").write_text("2")
    assert len({first, second, digest_of(tmp_path / "a")}) == 3
