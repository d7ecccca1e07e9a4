import json
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.core.errors import BadOption
from printroom.training.words import parse_options

Printroom = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Options:
    steps: int = 1
    learning_rate: float = 0.5
    device: str = "cpu"


@given(st.integers(), st.floats(allow_nan=False), st.text(), st.booleans())
def test_every_field_of_a_recipe_is_an_option(
    steps: int, rate: float, device: str, joined: bool
) -> None:
    options = Options(steps, rate, device)
    words = []
    for name, value in asdict(options).items():
        flag = f"--{name.replace('_', '-')}"
        words += [f"{flag}={value}"] if joined else [flag, str(value)]
    assert parse_options(Options, words) == options
    assert parse_options(Options, []) == Options()


@pytest.mark.parametrize("words", [["--nope", "1"], ["--steps"], ["--steps", "x"], ["steps=1"]])
def test_other_options_are_refused_by_name(words: list[str]) -> None:
    with pytest.raises(BadOption, match=words[0].split("=")[0]):
        parse_options(Options, words)


def test_models_are_listed_and_shown(printroom: Printroom) -> None:
    listed = printroom("models", "list", "--json")
    first = json.loads(listed.stdout.splitlines()[0])
    assert (first["id"], first["geometry"]["halo"]) == ("test/double@1", 1)
    assert "test/double@1" in printroom("models", "list").stdout
    shown = printroom("models", "show", "test/double")
    assert "CC0-1.0" in shown.stdout
    missing = printroom("models", "show", "no/such")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "no/such" in missing.stderr


def test_an_unknown_recipe_is_told_with_those_there_are(
    printroom: Printroom, tmp_path: Path
) -> None:
    run = printroom("train", "nope", "--data", tmp_path, "--out", tmp_path)
    assert run.returncode == 2
    assert "upscale" in run.stderr


def test_the_version_names_what_a_report_needs(printroom: Printroom) -> None:
    assert {line.split()[0] for line in printroom("version").stdout.splitlines()} == {
        "printroom",
        "onnxruntime",
        "pyvips",
        "python",
    }
