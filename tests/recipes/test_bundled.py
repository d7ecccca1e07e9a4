"""The weights that ship are what their card says, through the whole path from file to file."""

from pathlib import Path

import numpy as np
import pytest
import pyvips

import printroom
from printroom.catalogue.models import Catalogue
from printroom.imaging.bicubic import bicubic
from printroom.metrics.psnr import luma, psnr
from printroom.training.photos import read_rgb

SETS = Path(__file__).parents[3] / "shared" / "data"
AT_LEAST = {"set5": 37.2, "set14": 32.8}


def test_the_upscaler_is_small_exact_and_says_where_it_comes_from():
    model = Catalogue().get("printroom/upscale-x2@1")
    card = model.card
    assert card.parameters <= 120_000
    assert model.weights.stat().st_size <= 2 << 20
    assert (card.geometry.scale, card.geometry.exact, card.geometry.tolerance) == (2, True, 0)
    assert card.licence
    assert card.data
    assert card.command
    assert set(card.costs) >= {64, 128, 256, 512}


@pytest.mark.slow
@pytest.mark.parametrize("name", AT_LEAST)
def test_it_scores_what_its_card_says(name):
    if not (SETS / name).is_dir():
        pytest.skip(f"the test set {name} is not at hand")
    scores = []
    for path in sorted((SETS / name).glob("*.png")):
        large = read_rgb(path)
        large = large[: large.shape[0] // 2 * 2, : large.shape[1] // 2 * 2]
        small = np.clip(np.rint(bicubic(large, 0.5)), 0, 255).astype(np.uint8)
        sent = pyvips.Image.new_from_array(small, interpretation="srgb").pngsave_buffer()
        data = printroom.enhance(sent, scale=2, format="png").data
        result = pyvips.Image.new_from_buffer(data, "").numpy()
        inner = (slice(2, -2), slice(2, -2))
        scores.append(psnr(luma(large)[inner], luma(result)[inner]))
    score = float(np.mean(scores))
    assert score >= AT_LEAST[name]
    assert score == pytest.approx(
        Catalogue().get("printroom/upscale-x2@1").card.scores[name], abs=0.01
    )
