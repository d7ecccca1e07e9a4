"""Inputs of a pipeline as words of their own: `printroom run stylise photo.jpg --style sea.jpg`."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from printroom.cli.main import app
from printroom.cli.own_words import own_words
from printroom.cli.run import given
from printroom.core.errors import BadOption
from printroom.pipelines.notation import port_from

PIPELINE = """
name: grown
inputs:
  image: picture
  other: {type: picture, optional: true, default: null}
  fix: {type: text, default: none}
  in_haste: {type: flag, default: false}
steps:
  told: {use: inspect, with: {image: $image, fix: $fix}}
outputs: {why: $told.why}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRINTROOM_DATA", str(tmp_path / "data"))
    cv2.imwrite("photo.png", np.full((40, 40, 3), 120, np.uint8))
    Path("grown.yaml").write_text(PIPELINE)
    return tmp_path


def test_files_and_options_may_follow_as_they_are(folder):
    def run(*words):
        return CliRunner().invoke(app, ["run", "grown.yaml", *words])

    done = run("photo.png", "--fix", "none", "--in-haste")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("why: ")
    assert (folder / "grown").is_dir()
    assert run("--other=photo.png", "photo.png", "--fix=none").exit_code == 0
    assert (folder / "grown-2").is_dir()


def test_a_file_without_a_name_is_for_the_picture_that_is_needed(folder):
    needed, spare = (
        port_from("picture"),
        port_from({"type": "picture", "optional": True, "default": None}),
    )
    ports = {"image": needed, "style": spare}
    assert given(ports, ["photo.png"], ["style=sea.png"]) == {
        "image": ["photo.png"], "style": ["sea.png"],
    }  # fmt: skip
    with pytest.raises(BadOption, match="does not say which input"):
        given({"one": needed, "two": needed}, ["photo.png"], [])


@pytest.mark.parametrize("word", ["-x", "---x", "--", "--=3"])
def test_what_is_no_option_is_refused(word):
    with pytest.raises(BadOption, match="no option"):
        own_words(["photo.png", word])


def test_an_input_that_is_not_there_is_named(folder):
    found = CliRunner().invoke(app, ["run", "grown.yaml", "photo.png", "--fixx", "none"])
    assert found.exit_code != 0
    assert "fixx" in str(found.exception)
