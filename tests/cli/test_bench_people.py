"""`printroom bench people`, as somebody runs it who wonders whether it is any good."""

import json

import pytest

from printroom.imaging.vips import pyvips

FEW = ("--size", "32", "--people", "1", "--photos", "6", "--drawn", "3")


@pytest.mark.slow
def test_what_was_learnt_is_judged(printroom):
    run = printroom("bench", "people", *FEW, "--json")
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    rows = {(row["method"], row["style"]): row for row in found["rows"]}
    assert len(rows) == 6 * 5
    learnt = [row["first"] for (method, _), row in rows.items() if method == "learnt"]
    nothing = [row["first"] for (method, _), row in rows.items() if method == "nothing"]
    assert sum(learnt) / 5 > 0.6
    assert sum(nothing) / 5 < 0.2
    assert min(row["styled"] for row in rows.values()) > 0.6
    assert not found["leak"]
    assert found["apart"] < 1e-5
    assert found["bytes"] < 200_000
    assert found["gain"] > 0.5


@pytest.mark.slow
def test_a_sheet_shows_them(printroom, tmp_path):
    run = printroom("bench", "people", "--size", "32", "--sheet", "people.webp")
    assert run.returncode == 0, run.stderr
    sheet = pyvips.Image.new_from_file(str(tmp_path / "people.webp"))
    assert (sheet.width, sheet.height) == (8 * 64, 6 * 64)
    assert printroom("bench", "people", "--size", "48").returncode != 0
