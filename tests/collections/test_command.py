"""`printroom collections`, from an empty data folder on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from printroom.cli.main import app
from printroom.core.errors import BadOption, NotFound
from printroom.imaging.vips import pyvips


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PRINTROOM_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def said(*words: str) -> str:
        done = CliRunner().invoke(app, ["collections", *words])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    return said


def test_pictures_from_a_folder_are_found(say: Any, tmp_path: Path) -> None:
    folder = tmp_path / "album"
    folder.mkdir()
    (folder / "notes.txt").write_text("no picture")
    for channel, colour in enumerate(("red", "green", "blue")):
        levels = np.full((30, 40, 3), 20, np.uint8)
        levels[:15, :, channel] = 230
        picture = pyvips.Image.new_from_array(levels).copy(interpretation="srgb")
        picture.write_to_file(str(folder / f"{colour}.png"))
        picture.write_to_file(str(tmp_path / f"{colour}.jpg"))
    say("create", "album")
    assert "3 added" in say("add", "album", "album")
    say("add", "album", "red.jpg", "--payload", "again")
    (line,) = say("list", "--json").splitlines()
    told = {"name": "album", "length": 112, "pictures": True, "size": 4}
    assert json.loads(line) == told
    found = [json.loads(one) for one in say("search", "album", "blue.jpg", "--json").splitlines()]
    assert (found[0]["payload"], len(found)) == ("blue.png", 4)
    say("remove", "album", found[0]["id"])
    assert "blue.png" not in say("search", "album", "blue.jpg")
    say("remove", "album")
    assert say("list", "--json") == ""
    with pytest.raises(NotFound, match="no collection"):
        say("search", "album", "blue.jpg")


def test_vectors_from_lines(say: Any, tmp_path: Path) -> None:
    lines = [{"vector": [1, 0], "payload": {"a": 1}}, {"vector": [0, 1], "payload": "up"}]
    (tmp_path / "v.jsonl").write_text("\n".join(map(json.dumps, lines)))
    say("create", "words", "--length", "2")
    say("add", "words", "v.jsonl")
    assert "up" in say("search", "words", "0,3", "-n", "1")
    for odd in ("[1]", '{"vector": "x"}', '{"payload": 1}', "{", '{"vector": [0, 0]}'):
        (tmp_path / "odd.jsonl").write_text(f'{{"vector": [1, 1], "payload": 1}}\n{odd}\n')
        with pytest.raises(BadOption):
            say("add", "words", "odd.jsonl")
    assert json.loads(say("list", "--json"))["size"] == 2  # all of a hundred, or none
    with pytest.raises(NotFound, match="no account"):
        say("list", "--account", "nobody")
