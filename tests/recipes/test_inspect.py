"""The recipe of `inspect`, whole, on three photographs: what it writes can be read, and judges."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")
pytest.importorskip("sklearn", reason="training needs the extra `train`")

from printroom.recipes import inspect
from printroom.steps.inspect.router import FAULTS, Router
from printroom.training.sources import PERMITTED

SKIMAGE = tuple(source for source in PERMITTED if source.folder == "scikit-image")


@pytest.mark.slow
def test_it_measures_once_fits_and_examines(tmp_path, monkeypatch, capsys):
    for sets in ("TRAIN", "SECOND", "TEST"):
        monkeypatch.setattr(inspect, sets, SKIMAGE)
    options = inspect.Options(copies=1, rounds=2, draws=1, photos=3, workers=2)
    first = inspect.main(tmp_path / "no data", tmp_path / "out", options)
    said = capsys.readouterr().out
    assert "second" in said
    assert "clean flagged" in said

    read = Router.read(tmp_path / "out" / inspect.ROUTER)
    assert next(iter(read.scores)) == "right"  # by which a search tells the best
    assert read.scores == first.scores
    assert read.card["data"] == {source.folder: source.licence for source in SKIMAGE}
    assert "--photos 3" in read.card["command"]
    assert (read.sure >= read.thresholds).all()
    np.testing.assert_allclose(read.thresholds, first.thresholds, atol=1e-4)

    row = dict(zip(read.names, read.mean.tolist(), strict=True))
    assert set(read.probabilities(row)) == set(FAULTS)
    for fault, chance in first.probabilities(row).items():
        assert read.probabilities(row)[fault] == pytest.approx(chance, abs=0.01)

    measured = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}
    inspect.main(tmp_path / "no data", tmp_path / "out", options)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")} == measured
