"""Agreement with what the metrics' authors' own code says of eight pairs of pictures."""

import csv
from pathlib import Path

import pytest

from printroom.metrics.compare import compare

PAIRS = Path(__file__).parents[2] / ".." / "shared" / "data" / "metric_pairs"
COLUMNS = {
    "psnr": ("psnr_rgb", 1e-4),
    "ssim": ("ssim_gray_full", 1e-5),
    "ms_ssim": ("msssim_gray", 1e-5),
    "gmsd": ("gmsd_gray", 1e-6),
    "fsim": ("fsim", 1e-5),
    "fsimc": ("fsimc", 1e-5),
}
"""Our name -> column, and how far from it we may be."""


def rows() -> list[dict[str, str]]:
    table = PAIRS / "reference_values.csv"
    if not table.exists():
        return []
    with table.open() as file:
        return list(csv.DictReader(file))


@pytest.mark.skipif(not PAIRS.exists(), reason="the pairs are not part of the repository")
@pytest.mark.parametrize("row", rows(), ids=lambda row: row["dist"])
def test_it_agrees_with_the_authors(row: dict[str, str]) -> None:
    result = compare(PAIRS / row["ref"], PAIRS / row["dist"])
    for name, (column, tolerance) in COLUMNS.items():
        assert getattr(result, name) == pytest.approx(float(row[column]), abs=tolerance), name
