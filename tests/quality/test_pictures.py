"""Folders and names that were not made for us."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.core.errors import NotFound, PictureError
from printroom.quality.pictures import (
    as_picture,
    as_pixels,
    files_in,
    printable,
    read,
    set_names,
)

Folder = Callable[..., Path]
Scene = Callable[..., Any]


@given(st.text())
def test_a_printable_name_steers_no_terminal_and_can_be_written(name: str) -> None:
    shown = printable(name)
    assert all(c.isprintable() for c in shown)
    shown.encode("utf-8")
    assert printable(shown) == shown


def test_numbers_in_names_count_as_numbers(folder: Folder) -> None:
    names = ["10.png", "9.png", "a2.png", "a10.png", "1.png"]
    found = files_in(folder(dict.fromkeys(names, b"x")))
    assert [path.name for path in found] == ["1.png", "9.png", "10.png", "a2.png", "a10.png"]


def test_hidden_and_other_files_are_passed_over(folder: Folder) -> None:
    home = folder({".hidden.png": b"", "notes.txt": b"", "a.PNG": b""})
    (home / "folder.png").mkdir()
    os.mkfifo(home / "pipe.png")
    assert [path.name for path in files_in(home)] == ["a.PNG"]


@pytest.mark.parametrize("files", [{}, {"notes.txt": b""}])
def test_a_folder_without_pictures_is_told(folder: Folder, files: dict[str, bytes]) -> None:
    home = folder(files)
    with pytest.raises(NotFound, match=r"no pictures in .*set"):
        files_in(home)
    with pytest.raises(NotFound, match="no folder"):
        files_in(home / "missing")


def test_sets_of_one_name_are_told_apart(tmp_path: Path) -> None:
    one, two, three = tmp_path / "a" / "set5", tmp_path / "b" / "set5", tmp_path / "set14"
    names = set_names([one, two, three])
    assert len(set(names)) == 3
    assert names[2] == "set14"


def test_sixteen_bit_and_alpha_become_eight_bit_colour(tmp_path: Path) -> None:
    deep = np.full((12, 13, 4), 40_000, np.uint16)
    cv2.imwrite(str(tmp_path / "deep.png"), deep)
    pixels = read(tmp_path / "deep.png")
    assert pixels.shape == (12, 13, 3)
    assert pixels.dtype == np.uint8
    assert (pixels == round(40_000 / 257)).all()


def test_grey_stays_grey(folder: Folder, scene: Scene) -> None:
    grey = scene(bands=1)
    assert np.array_equal(read(folder({"g.png": grey}) / "g.png"), grey)


def test_what_is_no_picture_is_refused(folder: Folder) -> None:
    home = folder({"a.png": b"no picture", "b.png": b""})
    for name in ("a.png", "b.png"):
        with pytest.raises(PictureError):
            read(home / name)


def test_bytes_survive_the_way_to_floats_and_back() -> None:
    every = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    assert np.array_equal(as_pixels(as_picture(every)), every)


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX only")
def test_names_need_not_be_text(folder: Folder, scene: Scene) -> None:
    home = folder({})
    data = bytes(cv2.imencode(".png", scene(bands=1))[1])
    (home / os.fsdecode(b"\xff\xfe.png")).write_bytes(data)
    assert printable(files_in(home)[0].name).isprintable()
