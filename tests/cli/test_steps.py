"""Steps of one's own by the command line: written, added, used, replaced, taken away."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Printroom = Callable[..., subprocess.CompletedProcess[str]]

SHOUT = """\
from printroom_step import Number, step


@step
def shout(text: str, times: Number(1, 9, integer=True) = 1) -> str:
    return text.upper() * times
"""
LOUD = """\
name: loud
inputs: {text: text}
steps:
  louder: {use: USE, with: {text: $text, times: 2}}
outputs:
  said: $louder.result
"""


@pytest.fixture
def shout(printroom: Printroom, tmp_path: Path) -> Path:
    """A step that needs no packages."""
    assert printroom("steps", "new", "shout").returncode == 0
    manifest = tmp_path / "shout" / "step.toml"
    manifest.write_text(manifest.read_text().replace('"numpy"', ""))
    (tmp_path / "shout" / "step.py").write_text(SHOUT)
    return tmp_path / "shout"


def test_a_step_is_added_used_and_taken_away(
    printroom: Printroom, shout: Path, tmp_path: Path
) -> None:
    added = printroom("steps", "add", "shout")
    assert added.returncode == 0, added.stderr
    name, _, digest = added.stdout.strip().partition("@")
    assert (name, len(digest)) == ("shout", 32)
    (line,) = [one for one in printroom("steps", "list").stdout.splitlines() if "shout" in one]
    assert line.split()[:3] == ["shout", "run", digest[:8]]
    rows = map(json.loads, printroom("steps", "list", "--json").stdout.splitlines())
    (row,) = [row for row in rows if row["name"] == "shout"]
    assert (row["digest"], row["shape"]) == (digest, "run")
    shown = printroom("steps", "show", name).stdout
    assert "whole number from 1 to 9" in shown
    assert "1,000,000,000" in shown  # of memory, that it may take
    (tmp_path / "loud.yaml").write_text(LOUD.replace("USE", "shout"))
    run = printroom("run", "loud.yaml", "-p", "text=oh", "-o", "out")
    assert run.stdout == "said: OHOH\n", run.stderr
    assert printroom("steps", "remove", "shout").stdout == f"shout@{digest} is removed\n"
    gone = printroom("steps", "remove", "shout")
    assert (gone.returncode, "no step 'shout' was added" in gone.stderr) == (2, True)


def test_a_published_pipeline_keeps_its_step(
    printroom: Printroom, shout: Path, tmp_path: Path
) -> None:
    (tmp_path / "loud.yaml").write_text(LOUD.replace("USE", "./shout"))
    assert printroom("pipelines", "check", "loud.yaml").returncode == 0
    assert printroom("pipelines", "publish", "loud.yaml").stdout == "loud@1\n"
    (shout / "step.py").write_text(SHOUT.replace("upper", "lower"))
    for pipeline, said in (("loud.yaml", "ohoh"), ("loud@1", "OHOH")):
        run = printroom("pipelines", "run", pipeline, "-p", "text=Oh", "-o", f"out-{said}")
        assert run.stdout == f"said: {said}\n", run.stderr


def test_names_that_clash(printroom: Printroom, shout: Path) -> None:
    assert printroom("steps", "add", "shout").returncode == 0
    (shout / "step.py").write_text(SHOUT.replace("upper", "lower"))
    clash = printroom("steps", "add", "shout")
    assert (clash.returncode, "say --replace" in clash.stderr) == (1, True)
    assert printroom("steps", "add", "shout", "--replace").returncode == 0
    manifest = shout / "step.toml"
    manifest.write_text(manifest.read_text().replace('"shout"', '"upscale"'))
    clash = printroom("steps", "add", "shout")
    assert (clash.returncode, "which is installed" in clash.stderr) == (1, True)
