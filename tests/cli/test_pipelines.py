import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
from numpy.typing import NDArray

from printroom.imaging.vips import pyvips

Printroom = Callable[..., subprocess.CompletedProcess[str]]
Photo = Callable[..., NDArray[Any]]

LARGE = """\
name: large
title: Enlarges twice as wide
inputs:
  image: picture
  scale: {type: choice, of: [1, 2], default: 2}
steps:
  large: {use: upscale, with: {image: $image, scale: $scale}, when: $scale > 1}
"""
SHOUT = """\
from printroom_step import Number, step


@step
def shout(text: str, times: Number(1, 9, integer=True) = 1) -> str:
    return text.upper() * times
"""


@pytest.fixture
def large(tmp_path: Path) -> Path:
    file = tmp_path / "large.yaml"
    file.write_text(LARGE)
    return file


def test_a_pipeline_is_published_aliased_and_shown(printroom: Printroom, large: Path) -> None:
    assert printroom("pipelines", "publish", large, "--alias", "live").stdout == "large@1\n"
    assert printroom("pipelines", "publish", large).stdout == "large@1\n"
    large.write_text(LARGE.replace("default: 2", "default: 1"))
    assert printroom("pipelines", "publish", large).stdout == "large@2\n"
    assert "live@1" in printroom("pipelines", "list").stdout
    rows = [json.loads(row) for row in printroom("pipelines", "list", "--json").stdout.splitlines()]
    assert {"id": "large@2", "title": "Enlarges twice as wide", "aliases": {"live": 1}} in rows
    assert printroom("pipelines", "alias", "large@2", "live").returncode == 0
    told = printroom("pipelines", "versions", "large", "--json").stdout.splitlines()
    rows = [json.loads(row) for row in told]
    assert [(row["id"], row["aliases"]) for row in rows] == [("large@2", ["live"]), ("large@1", [])]
    shown = printroom("pipelines", "show", "large@live").stdout
    assert "large@2  Enlarges twice as wide" in shown
    assert "choice of 1, 2" in shown
    written = json.loads(printroom("pipelines", "show", "large@1", "--json").stdout)
    assert written["inputs"]["scale"]["default"] == 2


def test_every_fault_is_told_with_its_place(printroom: Printroom, large: Path) -> None:
    assert "nothing is wrong" in printroom("pipelines", "check", large).stdout
    large.write_text(LARGE.replace("upscale", "upscal").replace("$scale >", "$skale >"))
    for verb in ("check", "publish"):
        run = printroom("pipelines", verb, large)
        assert (run.returncode, run.stdout) == (1, "")
        assert "large.yaml:7:11: steps.large.use: there is no step 'upscal'" in run.stderr
        assert "large.yaml:7:62: steps.large.when: there is no input $skale" in run.stderr
    assert printroom("pipelines", "show", "large").returncode == 2


def test_a_pipeline_is_drawn(printroom: Printroom, large: Path, tmp_path: Path) -> None:
    assert printroom("pipelines", "draw", large).stdout.startswith("flowchart TD\n")
    assert printroom("pipelines", "draw", large, "-o", "large.svg").returncode == 0
    assert Xml.parse(tmp_path / "large.svg").getroot().tag.endswith("svg")
    assert printroom("pipelines", "draw", large, "-o", "large.png").returncode == 2


def test_a_pipeline_is_run_on_files(
    printroom: Printroom, large: Path, tmp_path: Path, photo: Photo
) -> None:
    pixels = photo(tmp_path / "photo.png")
    run = printroom("run", large, "-i", "photo.png", "-o", "out")
    assert run.stdout == "image: out/image.png\n", run.stderr
    result = pyvips.Image.new_from_file(str(tmp_path / "out/image.png")).numpy()
    np.testing.assert_array_equal(result, pixels.repeat(2, 0).repeat(2, 1))
    again = printroom("run", large, "-i", "image=photo.png", "-o", "out")
    assert (again.returncode, "in use" in again.stderr) == (1, True)
    run = printroom(
        "run", large, "-i", "image=photo.png", "-p", "scale=1", "-o", "out", "--overwrite", "--json"
    )
    assert json.loads(run.stdout) == {"image": "out/image.png"}
    passed = pyvips.Image.new_from_file(str(tmp_path / "out/image.png")).numpy()
    np.testing.assert_array_equal(passed, pixels)
    wishes = ["--format", "webp", "--quality", "30", "--metadata", "strip"]
    run = printroom("run", large, "-i", "photo.png", "-o", "webp", *wishes)
    assert run.stdout == "image: webp/image.webp\n", run.stderr
    run = printroom("run", large, "-i", "photo.png", "-o", "none", "--metadata", "some")
    assert (run.returncode, "keep or strip or copyright" in run.stderr) == (2, True), run.stderr


def test_inputs_that_do_not_fit_are_refused_before_anything_is_made(
    printroom: Printroom, large: Path, tmp_path: Path
) -> None:
    run = printroom("run", large, "-p", "scale=3", "-p", "scael=1", "-o", "out")
    assert run.returncode == 2
    for words in ("scale: '3' is not one of 1, 2", "'scael'", "image: a picture must be given"):
        assert words in run.stderr
    assert not (tmp_path / "out").exists()


def test_the_schema_is_json(printroom: Printroom) -> None:
    assert json.loads(printroom("pipelines", "schema").stdout)["title"] == "printroom pipeline"


def test_steps_are_listed_and_shown(printroom: Printroom) -> None:
    assert "upscale" in printroom("steps", "list").stdout
    names = [
        json.loads(row)["name"] for row in printroom("steps", "list", "--json").stdout.splitlines()
    ]
    assert len(set(names)) == len(names) > 1
    assert "choice of 1, 2, 4" in printroom("steps", "show", "upscale").stdout
    shown = json.loads(printroom("steps", "show", "upscale", "--json").stdout)
    assert shown["outputs"] == {"image": "picture"}
    unknown = printroom("steps", "show", "upscal")
    assert (unknown.returncode, "'upscale'" in unknown.stderr) == (2, True)


@pytest.mark.slow
def test_a_new_step_is_checked_in_an_environment_of_its_own(
    printroom: Printroom, tmp_path: Path
) -> None:
    assert printroom("steps", "new", "shout").returncode == 0
    assert printroom("steps", "new", "shout").returncode == 2
    manifest = tmp_path / "shout" / "step.toml"
    manifest.write_text(manifest.read_text().replace('"numpy"', ""))  # needs no network
    (tmp_path / "shout" / "step.py").write_text(SHOUT)
    checked = printroom("steps", "check", "shout")
    assert checked.stdout == "shout: text, times -> result, nothing is wrong\n", checked.stderr
    assert "whole number from 1 to 9" in printroom("steps", "show", "shout").stdout
    manifest.write_text(manifest.read_text().replace("cpu", "cpus"))
    run = printroom("steps", "check", "shout")
    assert (run.returncode, "resources.cpus" in run.stderr) == (1, True)
