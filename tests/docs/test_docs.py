"""The documentation runs: every `sh` and `python` block, and it is complete."""

import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SAMPLE = ROOT / "src/printroom/samples/cat.jpg"


def blocks(language):
    """(page, number, code) of each fenced block in `language`."""
    for page in PAGES:
        found = re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.M | re.S)
        for number, code in enumerate(found):
            yield pytest.param(code, id=f"{page.relative_to(ROOT)}-{number}")


@pytest.fixture
def place(tmp_path, monkeypatch, models):
    """A folder as the documentation supposes it: `photo.jpg`, `album/`, `model.onnx`.

    Each YAML block that begins with the name of a file, as `# print.yaml`, lies there, too.
    """
    shutil.copy(SAMPLE, tmp_path / "photo.jpg")
    (tmp_path / "album" / "trip").mkdir(parents=True)
    shutil.copy(SAMPLE, tmp_path / "album" / "one.jpg")
    shutil.copy(SAMPLE, tmp_path / "album" / "trip" / "two.jpg")
    shutil.copy(models / "double" / "1" / "double.onnx", tmp_path / "model.onnx")
    for page in PAGES:
        for text, name in re.findall(
            r"^```yaml\n((# \S+\n).*?)^```", page.read_text(), re.M | re.S
        ):
            (tmp_path / name[2:-1]).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRINTROOM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("code", list(blocks("sh")))
def test_shell_runs(code, place, server):
    lines = [line.split("#")[0].strip() for line in code.splitlines()]
    if verbs := [line.split()[1] for line in lines if line.startswith("make ")]:
        makefile = (ROOT / "Makefile").read_text()
        assert all(re.search(rf"^{verb}:", makefile, re.M) for verb in verbs)
        return
    if "curl " in code and shutil.which("curl") is None:
        pytest.skip("the example needs curl")
    code = code.replace("http://127.0.0.1:8000", server)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("code", list(blocks("python")))
def test_python_runs(code, place, server):
    code = code.replace("http://127.0.0.1:8000", server)
    done = subprocess.run(
        [sys.executable, "-W", "ignore::ResourceWarning", "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_error_code_is_explained():
    from printroom.core import errors

    page = (ROOT / "docs/reference/errors.md").read_text()
    codes = [thing.code for thing in vars(errors).values() if isinstance(thing, type)]
    assert [code for code in codes if f"`{code}`" not in page] == []


def test_every_setting_is_explained():
    from printroom.core.settings import Settings

    page = (ROOT / "docs/reference/settings.md").read_text()
    names = [f"PRINTROOM_{field.name.upper()}" for field in fields(Settings)]
    assert [name for name in names if f"`{name}`" not in page] == []


def test_links_between_pages_lead_somewhere():
    for page in [*PAGES, ROOT / "ARCHITECTURE.md", ROOT / "CHANGELOG.md"]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_operator_is_listed():
    import printroom.runtimes.onnx.geometry  # noqa: F401 (enters the rules)
    from printroom.runtimes.onnx.rules import BIT_EQUAL, RULES

    page = (ROOT / "docs/reference/exactness.md").read_text()
    equal, loose = page.split("Within 1e-4")[:2]
    assert set(re.findall(r"`(\w+)`", equal.split("## Operators")[1])) == BIT_EQUAL
    assert set(re.findall(r"`(\w+)`", loose.split("each only")[0])) == set(RULES) - BIT_EQUAL
