"""What is told of a picture, and what is mended unasked."""

from dataclasses import replace

import numpy as np
import pytest

from printroom.catalogue.models import Catalogue
from printroom.catalogue.opening import open_model
from printroom.pipelines.step import Preview, Sample
from printroom.steps.inspect.features import OPINION
from printroom.steps.inspect.report import report
from printroom.steps.inspect.router import FAULTS, Router, router


@pytest.fixture(scope="module")
def opinion():
    return open_model(Catalogue().get(OPINION))


@pytest.fixture(scope="module")
def noisy():
    """A ramp under noise of sigma 25."""
    random = np.random.default_rng(0)
    ramp = np.linspace(0.2, 0.8, 256, dtype=np.float32)[None, None, None]
    planes = ramp + random.normal(0, 25 / 255, (1, 3, 256, 256)).astype(np.float32)
    return Preview(256, 256, planes, (Sample(0, 0, planes),), {})


def strict(fault, found, sure):
    """The router that ships, with other thresholds for one fault."""
    shipped, place = router(), FAULTS.index(fault)
    thresholds, surer = shipped.thresholds.copy(), shipped.sure.copy()
    thresholds[place], surer[place] = found, sure
    return replace(shipped, thresholds=thresholds, sure=surer)


def test_what_is_surely_there_is_mended(noisy, opinion):
    seen = report(noisy, opinion)
    assert seen["noise"].found
    assert "noise" in seen.sure
    assert "ask for it" not in seen.why


def test_what_is_likely_is_told_and_left_to_whoever_asks(noisy, opinion):
    seen = report(noisy, opinion, strict("noise", 0.5, 1.01))
    assert "noise" in seen.found
    assert "noise" not in seen.sure
    assert "ask for it: denoise" in seen.why
    assert seen.as_dict()["faults"]["noise"]["sure"] is False


def test_nothing_is_mended_that_is_not_found(tmp_path):
    shipped = router()
    assert (shipped.sure >= shipped.thresholds).all()
    file = tmp_path / "router.json"
    file.write_text(shipped.to_json(), "utf-8")
    np.testing.assert_array_equal(Router.read(file).sure, shipped.sure)


def lit(high):
    """Nine tenths of it nearly black, under a little grain; the rest as bright as `high`."""
    grain = np.random.default_rng(0).normal(0, 0.004, (1, 3, 320, 320))
    planes = np.full((1, 3, 320, 320), 0.02, np.float32)
    planes[:, :, 100:200, 100:200] = np.linspace(high / 2, high, 100, dtype=np.float32)
    planes = np.clip(planes + grain, 0, 1).astype(np.float32)
    return Preview(320, 320, planes, (Sample(0, 0, planes),), {})


def test_darkness_is_mended_unasked_only_where_bright_parts_are_dark_too(opinion):
    keen = strict("dark", 1e-9, 1e-9)
    failed, meant = (report(lit(high), opinion, keen) for high in (0.3, 0.95))
    assert "dark" in failed.found
    assert "dark" in failed.sure
    assert "dark" in meant.found
    assert "dark" not in meant.sure
    assert "ask for it: lowlight" in meant.why
