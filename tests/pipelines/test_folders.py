"""A user's step: its step.toml, and the template that works as it is written."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printroom.core.errors import BadOption, BadStep, Unwritable
from printroom.isolation import child
from printroom.pipelines.step_toml import Limits, Resources, read_manifest
from printroom.pipelines.template import write_template

VENDORED = Path(child.__path__[0]) / "printroom_step.py"
SOUND = """\
name = "soften"
entry = "step.py"
python = "3.8"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "soften"
    home.mkdir()
    (home / "step.py").write_text("")
    (home / "some.lock").write_text("numpy==1.0\n")
    return home


def test_what_step_toml_says(folder: Path) -> None:
    (folder / "step.toml").write_text(
        SOUND
        + """
lock = "some.lock"
[resources]
cpu = 2
memory = "1.5GB"
gpu = 0.25
image = "ghcr.io/me/soften:1"
[limits]
processes = 3
timeout = 60
retries = 0
[options]
radius = 2
[example]
strength = 0.5
"""
    )
    found = read_manifest(folder)
    assert (found.name, found.python, found.requirements) == ("soften", "3.8", ())
    assert found.entry == folder / "step.py"
    assert found.lock == folder / "some.lock"
    assert found.resources == Resources(2, 1_500_000_000, 0.25, "", "ghcr.io/me/soften:1")
    assert found.limits == Limits(3, 60.0, 0)
    assert (found.options, found.example) == ({"radius": 2}, {"strength": 0.5})


def test_what_is_left_out_has_a_default(folder: Path) -> None:
    (folder / "step.toml").write_text(SOUND + '[resources]\nmig = "1g.10gb"')
    found = read_manifest(folder)
    assert found.resources == Resources(mig="1g.10gb")
    assert found.limits == Limits()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["name is missing", "entry is missing", "python is missing"]),
        ('titel = "x"', ["titel is no key here: there is name"]),
        ('name = "A b"', ["name: 'A b' is not"]),
        ("python = 3.11", ["python: 3.11 is not a version"]),
        ('python = "2.7"', ["3.8 to 3.13"]),
        ('entry = "../other.py"', ["entry: '../other.py' is not a file in the folder"]),
        ('entry = "/etc/passwd"', ["is not a file in the folder"]),
        ('entry = "none.py"', ["is not a file in the folder"]),
        ('requirements = ["--index-url=x"]', ["is not a requirement"]),
        ('requirements = ["a\\n-r b"]', ["is not a requirement"]),
        ('requirements = "numpy"', ["not a list of texts"]),
        ('requirements = []\nlock = "some.lock"', ["keep one"]),
        ("resources = 3", ["resources: it is not a table"]),
        ('[resources]\ngpu = 0.5\nmig = "1g.10gb"', ["keep one"]),
        ("[resources]\ngpu = 1.5", ["neither a part of one nor a whole number"]),
        ('[resources]\ncpu = 0\nmemory = "much"\nmig = "big"', ["cpu", "memory", "mig"]),
        ('[resources]\nimage = "a b; rm"', ["container image"]),
        ("[limits]\ntimeout = true\nretries = 99\ntries = 1", ["timeout", "retries", "tries"]),
        ("name = ", ["is not TOML"]),
        ("a = " + "[" * 2000, ["is not TOML"]),
        ("# " + "a" * 70000, ["too long"]),
    ],
)
def test_all_that_is_wrong_with_step_toml_is_said(folder: Path, text: str, said: list[str]) -> None:
    (folder / "step.toml").write_text(text)
    with pytest.raises(BadStep) as error:
        read_manifest(folder)
    for words in (*said, "step.toml"):
        assert words in str(error.value)


@given(st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_read_or_refused(folder: Path, text: str) -> None:
    (folder / "step.toml").write_text(SOUND + text, encoding="utf-8", errors="replace")
    try:
        read_manifest(folder)
    except BadStep as error:
        assert "step.toml" in str(error)


def test_a_folder_without_step_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadStep, match=r"step\.toml cannot be read"):
        read_manifest(tmp_path)


def test_the_template_works_as_it_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "My_Soft-focus"
    files = write_template(folder, VENDORED)
    assert [file.name for file in files] == [
        "step.py", "step.toml", "test_step.py", "printroom_step.py",
    ]  # fmt: skip
    manifest = read_manifest(folder)
    assert (manifest.name, manifest.requirements) == ("my-soft-focus", ("numpy",))
    assert tomllib.loads((folder / "step.toml").read_text())["resources"]["memory"] == "1GB"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    assert "2 passed" in run.stdout


def test_nothing_is_overwritten_by_the_template(tmp_path: Path) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "file").write_text("")
    for name in ("used", "used/file", "3d"):
        with pytest.raises(BadOption):
            write_template(tmp_path / name, VENDORED)
    with pytest.raises(Unwritable):
        write_template(tmp_path / "used" / "file" / "new", VENDORED)
