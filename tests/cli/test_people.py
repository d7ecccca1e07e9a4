"""`printroom people`: by whoever has the database at hand."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from printroom.cli.main import app
from printroom.core.errors import BadOption, NoConsent, NotFound, TooFewPictures
from printroom.imaging.vips import pyvips
from printroom.training.portraits.look import OURS, look
from printroom.training.portraits.people import somebody
from printroom.training.portraits.styles import render


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Arguments -> what stood on standard output; errors are raised."""
    for name, value in (("DATA", tmp_path / "data"), ("PEOPLE_BASE", "mini-32"),
                        ("PEOPLE_PICTURES", 4)):  # fmt: skip
        monkeypatch.setenv(f"PRINTROOM_{name}", str(value))
    random = np.random.default_rng(1)
    person = somebody(random)
    for at in range(4):
        pixels = render(person, "photo", look(OURS, random), 64)
        picture = pyvips.Image.new_from_array(pixels).copy(interpretation="srgb")
        picture.write_to_file(str(tmp_path / f"ann-{at}.png"))
    (tmp_path / "text.jpg").write_text("no picture")
    monkeypatch.chdir(tmp_path)

    def run(*arguments, fails=None):
        result = CliRunner().invoke(app, ["people", *arguments])
        if fails is not None:
            assert isinstance(result.exception, fails), result.output
            return ""
        assert result.exit_code == 0, (result.output, result.exception)
        return result.stdout

    return run


def test_somebody_is_entered_learnt_drawn_and_forgotten(call, tmp_path):
    call("add", "Ann", "ann-0.png", fails=NoConsent)
    said = call("add", "Ann", "ann-0.png", "text.jpg", "ann-0.png", "--consent", "Ann Smith")
    lines = said.splitlines()
    assert lines[0].startswith("ann-0.png: taken")
    assert lines[1].startswith("text.jpg: refused")
    assert "the same picture" in lines[2]
    call("train", "Ann", fails=TooFewPictures)
    call("add", "Ann", "none.png", fails=NotFound)
    call("generate", "Bob", fails=NotFound)
    call("list", "--account", "nobody", fails=NotFound)
    call("add", "Ann", "ann-1.png", "ann-2.png", "ann-3.png")
    (told,) = map(json.loads, call("list", "--json").splitlines())
    assert (told["state"], told["pictures"], told["version"]) == ("ready", 4, 1)
    assert "ready" in call("list")
    drawn = call("generate", "Ann", "out", "--style", "comic", "--seed", "7", "--seed", "8")
    assert drawn.split() == ["out/portrait-1-7.png", "out/portrait-2-8.png"]
    assert (tmp_path / "out/portrait-1-7.png").stat().st_size > 500
    call("generate", "Ann", "--seed", str(2**32), fails=BadOption)
    assert len(json.loads(call("show", told["id"]))["seen"]) == 4
    gone = json.loads(call("forget", "Ann", "--yes"))
    assert (gone["pictures"], gone["versions"], gone["portraits"]) == (4, 1, 1)
    call("show", "Ann", fails=NotFound)
