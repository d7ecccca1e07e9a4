"""The step as a screen of verification."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from printroom.catalogue.verification.content import looked
from printroom.core.errors import BadOption
from printroom.steps.moderate.screens import screens

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, reddish: tuple[Path, str]) -> Write:
    """A file of one screen, with some of its lines as said."""
    model, digest = reddish

    def made(**lines: str) -> Path:
        usual = {
            "name": '"red 1"', "subject": '"unsafe"', "model": f'"{model}"',
            "digest": f'"{digest}"', "classes": '"other,red"', "flag": '"red"', "width": "8",
            "height": "8", "scores": '"logits"',
        }  # fmt: skip
        path = tmp_path / "screens.toml"
        text = "\n".join(f"{key} = {value}" for key, value in (usual | lines).items() if value)
        path.write_text(f"[[screen]]\n{text}\n")
        return path

    return made


def test_what_it_flags_is_for_a_person(write: Write) -> None:
    found = screens(write())
    grey = np.full((1, 3, 32, 32), 0.5, np.float32)
    red = grey * np.array([1.9, 0.1, 0.1], np.float32).reshape(1, 3, 1, 1)
    unsafe, likeness = looked({"grey": grey * 0}, found)
    assert (unsafe.verdict, likeness.verdict) == ("review", "unchecked")  # 50 %: at the threshold
    unsafe, _likeness = looked({"blue": np.flip(red, 1).copy()}, found)
    assert unsafe.verdict == "passed"
    unsafe, _likeness = looked({"blue": np.flip(red, 1).copy(), "red": red}, found)
    assert unsafe.verdict == "review"
    assert "red" in unsafe.evidence["red 1: red"]


def test_a_classifier_that_is_not_the_one_that_was_meant_checks_nothing(write: Write) -> None:
    (found,) = screens(write(digest=f'"{"0" * 64}"'))
    unsafe, _likeness = looked({"one": np.zeros((1, 3, 8, 8), np.float32)}, [found])
    assert unsafe.verdict == "unchecked"
    assert "no classifier" in unsafe.reason


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ({"subject": '"taste"'}, "looks for nothing"),
        ({"name": ""}, "has no name"),
        ({"model": ""}, "has no model"),
        ({"magic": "1"}, "no parameter 'magic'"),
        ({"width": "0"}, "width is below 1"),
        ({"width": "eight"}, "cannot be read"),
    ],
)
def test_what_is_wrong_with_the_file_is_said(
    write: Write, lines: dict[str, str], said: str
) -> None:
    with pytest.raises(BadOption, match=said):
        screens(write(**lines))


def test_no_file_is_no_screen(tmp_path: Path) -> None:
    assert screens(None) == []
    with pytest.raises(BadOption, match="cannot be read"):
        screens(tmp_path / "none.toml")
    (tmp_path / "odd.toml").write_text("screen = [1]")
    with pytest.raises(BadOption, match="lists no screens"):
        screens(tmp_path / "odd.toml")
