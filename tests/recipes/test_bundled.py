"""The models that ship are what their cards say: exact, small, licensed, and as good as stated."""

from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from printroom.catalogue.models import Catalogue
from printroom.imaging.tiling import TileGrid
from printroom.runtimes.onnx.session import OnnxSession

SETS = Path(__file__).parents[3] / "shared" / "data"
MODELS = {model.card.id: model for model in Catalogue().models}
RESTORATION = {
    name: model
    for name, model in MODELS.items()
    if model.card.task in ("upscale", "dejpeg", "denoise", "deblur")
}
DEFAULTS = (("upscale", 2), ("upscale", 4), ("dejpeg", 1), ("denoise", 1), ("deblur", 1))
"""(task, scale) that must be had without naming a model."""
MOST = 20
"""Pictures that a model is examined on, of its smallest test sets; its recipe uses all."""
LARGEST = 2 << 20
"""Bytes of a model in the package."""


@pytest.fixture(scope="module", params=RESTORATION)
def model(request):
    return RESTORATION[request.param]


@pytest.fixture(scope="module")
def session(model):
    loaded = OnnxSession(model.weights)
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def photo():
    """(1, 3, 152, 200) in 0..1."""
    picture = data.coffee()[100:252, 100:300].transpose(2, 0, 1)
    return np.ascontiguousarray(picture[None], np.float32) / np.float32(255)


@pytest.mark.parametrize("name", MODELS)
def test_a_card_says_what_the_model_is_made_of(name):
    card = MODELS[name].card
    assert name == f"printroom/{MODELS[name].weights.parents[1].name}@{card.version}"
    assert card.task != "other"
    assert card.title
    assert card.licence
    assert card.data
    assert all(card.data.values())
    assert "printroom train" in card.command
    assert card.scores
    assert MODELS[name].weights.stat().st_size <= LARGEST
    Catalogue().get(name)  # checks the digest


def test_a_default_model_learnt_from_permitted_pictures_only():
    for task, scale in DEFAULTS:
        card = Catalogue().for_task(task, scale).card
        assert "research" not in card.licence
        assert not any("research" in lic or lic == "unstated" for lic in card.data.values())


def test_costs_are_measured_and_tiles_exact(model):
    card = model.card
    tiles = {side for side in (64, 128, 256) if side >= 2 * card.geometry.least}
    assert tiles
    assert set(card.costs) >= tiles
    assert (card.geometry.exact, card.geometry.tolerance) == (True, 0)


def cut(batch, region):
    """A view of (1, C, H, W)."""
    return batch[:, :, region.top : region.bottom, region.left : region.right]


@pytest.mark.parametrize("side", [64, 70])
def test_tiled_and_whole_are_equal_to_the_last_bit(model, session, photo, side):
    height, width = photo.shape[2:]
    whole = session.run(photo)
    result = np.zeros_like(whole)
    for tile in chain.from_iterable(TileGrid(width, height, model.card.geometry, side, side)):
        part = session.run(np.ascontiguousarray(cut(photo, tile.window)))
        cut(result, tile.target)[:] = cut(part, tile.crop)
    np.testing.assert_array_equal(result, whole)


@pytest.mark.parametrize("shape", [(64, 64), (72, 88)])
def test_a_model_for_mending_leaves_a_clean_photograph_alone(model, session, photo, shape):
    if model.card.geometry.scale != 1:
        pytest.skip("enlarges")
    clean = photo[:, :, : shape[0], : shape[1]]
    error = np.clip(session.run(clean), 0, 1) - clean
    assert -10 * np.log10(np.square(error).mean()) > 34


@pytest.mark.slow
def test_it_scores_what_its_card_says(model, session):
    pytest.importorskip("torch", reason="the exams stand in the recipes (PyTorch)")
    from printroom.recipes import deblur, dejpeg, denoise, photo, upscale

    card = model.card
    if card.is_variant:
        exams = photo.exams(SETS, [])
    elif card.task == "upscale":
        exams = upscale.exams(SETS, [], int(card.geometry.scale), "")
    else:
        recipe = {"dejpeg": dejpeg, "denoise": denoise, "deblur": deblur}[card.task]
        exams = recipe.exams(SETS, [])
    at_hand = {exam.name: exam for exam in exams if exam.pairs}
    if set(at_hand) < set(card.scores):
        pytest.skip("the test sets are not at hand")
    seen = 0
    for name in sorted(card.scores, key=lambda name: len(at_hand[name].pairs)):
        pictures = len(at_hand[name].pairs)
        if seen and seen + pictures > MOST:
            break
        seen += pictures
        score = at_hand[name].score(session.run)
        assert score == pytest.approx(card.scores[name], abs=0.02), name
