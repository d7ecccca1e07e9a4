"""Two files compared: the same values as their pixels, refusals, and notes."""

import json
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from numpy.typing import NDArray
from typer.testing import CliRunner

from printroom.cli.metrics import metrics
from printroom.core.errors import BadOption, BrokenPicture, NotFound, UnknownFormat, Unwritable
from printroom.imaging.vips import pyvips
from printroom.metrics.compare import FSIM_PIXELS, _refusals, compare
from printroom.metrics.fsim import TileStream, fsim, fsimc
from printroom.metrics.gmsd import gmsd
from printroom.metrics.ms_ssim import ms_ssim
from printroom.metrics.pixels import colour
from printroom.metrics.psnr import psnr
from printroom.metrics.ssim import ssim

Pixels = NDArray[Any]
Photo = Callable[..., Pixels]
Worsen = Callable[[Pixels], Pixels]
Save = Callable[..., Path]


def check_values(a: Path, b: Path, first: Pixels, second: Pixels, peak: float = 255) -> None:
    """What `compare` says of the files is what the functions say of the pixels."""
    result = compare(a, b)
    assert result.psnr == pytest.approx(psnr(first, second, peak), abs=1e-9)
    for name, metric in {
        "ssim": ssim,
        "ms_ssim": ms_ssim,
        "gmsd": gmsd,
        "fsim": fsim,
        "fsimc": fsimc,
    }.items():
        assert getattr(result, name) == pytest.approx(metric(first, second), abs=1e-9), name
    tiles = TileStream(*first.shape[:2])
    tiles.add(colour(first), colour(second))
    assert result.fsim_tiles is not None
    assert astuple(result.fsim_tiles) == pytest.approx(astuple(tiles.result()), abs=1e-9)
    assert not result.notes


@pytest.mark.parametrize("size", [(512, 512), (777, 1201), (640, 901)])
def test_files_are_their_pixels(
    size: tuple[int, int], photo: Photo, blur: Worsen, save: Save
) -> None:
    first = photo(*size)
    second = blur(first)
    check_values(save(first, "a.png"), save(second, "b.tif"), first, second)


def test_grey_files_are_their_pixels(photo: Photo, blur: Worsen, save: Save) -> None:
    first = photo(401, 299, "camera")
    second = blur(first)
    check_values(save(first, "a.png"), save(second, "b.png"), first, second)


def test_16_bit_files_are_their_pixels(photo: Photo, blur: Worsen, save: Save) -> None:
    first = photo(301, 299).astype(np.uint16) * 256 + 77
    second = blur(first)
    check_values(save(first, "a.png"), save(second, "b.png"), first, second, peak=65535)


def test_16_bit_says_what_8_bit_says(photo: Photo, blur: Worsen, save: Save) -> None:
    first = photo(301, 299)
    second = blur(first)
    narrow = compare(save(first, "a.png"), save(second, "b.png"))
    wide = [x.astype(np.uint16) * 257 for x in (first, second)]
    same = compare(save(wide[0], "c.png"), save(wide[1], "d.png"))
    assert same.psnr == pytest.approx(narrow.psnr, abs=1e-9)
    assert same.fsimc == pytest.approx(narrow.fsimc, abs=1e-6)
    assert same.ssim == pytest.approx(narrow.ssim, abs=3e-3)  # grey is rounded in 8 bit only


def test_alpha_is_left_out(photo: Photo, blur: Worsen, save: Save) -> None:
    first = photo(200, 210)
    second = blur(first)
    veil = np.full((200, 210, 1), 255, np.uint8)
    veiled = [np.concatenate([x, veil], 2) for x in (first, second)]
    check_values(save(veiled[0], "a.png"), save(veiled[1], "b.png"), first, second)


def test_equal_pictures_have_no_finite_psnr(photo: Photo, save: Save) -> None:
    path = save(photo(200, 200), "a.png")
    result = compare(path, path)
    assert (result.psnr, result.ssim, result.gmsd, result.fsimc) == (None, 1, 0, 1)
    assert result.notes == {"psnr": "infinite: the pictures are equal"}


def test_small_pictures_have_what_can_be_said(photo: Photo, blur: Worsen, save: Save) -> None:
    first = photo(175, 300)
    small = compare(save(first, "a.png"), save(blur(first), "b.png"))
    assert small.ms_ssim is None
    assert None not in (small.ssim, small.gmsd, small.fsim, small.fsim_tiles)
    assert small.notes == {"ms_ssim": "needs 176 pixels on the short side, the pictures have 175"}
    first = photo(12, 300)
    thin = compare(save(first, "a.png"), save(blur(first), "b.png"))
    assert thin.ssim == pytest.approx(ssim(first, blur(first)), abs=1e-9)
    assert set(thin.notes) == {"ms_ssim"}
    first = photo(10, 300)
    tiny = compare(save(first, "a.png"), save(blur(first), "b.png"))
    assert tiny.psnr is not None
    assert set(tiny.notes) == {"ssim", "ms_ssim", "gmsd", "fsim", "fsimc", "fsim_tiles"}
    assert all(value is None for name, value in tiny.as_json().items() if name in tiny.notes)


def test_a_strip_of_film_is_too_long_for_fsim() -> None:
    assert set(_refusals(300, FSIM_PIXELS // 300 + 1)) == {"fsim", "fsimc"}
    assert not _refusals(30_000, 30_000)


@pytest.mark.parametrize(
    ("other", "figures"),
    [
        (np.zeros((21, 20, 3), np.uint8), "size: .*a.png has 20 x 20 pixels, .*b.png has 20 x 21"),
        (np.zeros((20, 20), np.uint8), "channels: .*a.png has RGB, .*b.png has grey"),
        (np.zeros((20, 20, 3), np.uint16), "depth: .*a.png has 8 bit, .*b.png has 16 bit"),
    ],
)
def test_unlike_pictures_are_refused(other: Pixels, figures: str, save: Save) -> None:
    with pytest.raises(BadOption, match=figures):
        compare(save(np.zeros((20, 20, 3), np.uint8), "a.png"), save(other, "b.png"))


def test_files_that_cannot_be_read_are_named(photo: Photo, save: Save, tmp_path: Path) -> None:
    good = save(photo(300, 300), "a.png")
    with pytest.raises(NotFound, match=r"none\.png"):
        compare(good, tmp_path / "none.png")
    broken = tmp_path / "broken.png"
    broken.write_bytes(good.read_bytes()[:50_000])
    with pytest.raises(BrokenPicture, match=r"broken\.png"):
        compare(good, broken)


def test_the_map_shows_the_place(photo: Photo, save: Save, tmp_path: Path) -> None:
    first = photo(200, 300)
    second = first.copy()
    second[50:60, 220:230] ^= 128
    target = tmp_path / "map.png"
    compare(save(first, "a.png"), save(second, "b.png"), target)
    bright = pyvips.Image.new_from_file(str(target)).numpy().astype(int).sum(2)
    assert bright.shape == (200, 300)
    y, x = np.nonzero(bright > bright.max() / 2)
    assert (y.min() > 40, y.max() < 70, x.min() > 210, x.max() < 240) == (True,) * 4


def test_a_map_that_cannot_be_written_leaves_nothing(
    photo: Photo, save: Save, tmp_path: Path
) -> None:
    path = save(photo(40, 40), "a.png")
    with pytest.raises(UnknownFormat):
        compare(path, path, tmp_path / "map.txt")
    with pytest.raises(Unwritable):
        compare(path, path, tmp_path / "none" / "map.png")
    small = save(photo(10, 40), "b.png")
    with pytest.raises(BadOption, match="a map needs 11"):
        compare(small, small, tmp_path / "map.png")
    assert {item.name for item in tmp_path.iterdir()} == {"a.png", "b.png"}


def command() -> typer.Typer:
    app = typer.Typer()
    app.command()(metrics)
    return app


def test_the_command_prints_json(photo: Photo, blur: Worsen, save: Save, tmp_path: Path) -> None:
    first = photo(200, 220)
    a, b = save(first, "a.png"), save(blur(first), "b.png")
    words = [str(a), str(b), "--json", "--map", str(tmp_path / "map.png")]
    done = CliRunner().invoke(command(), words)
    assert done.exit_code == 0
    assert json.loads(done.stdout) == json.loads(json.dumps(compare(a, b).as_json()))
    assert list(json.loads(done.stdout)) == [
        "psnr",
        "ssim",
        "ms_ssim",
        "gmsd",
        "fsim",
        "fsimc",
        "fsim_tiles",
    ]
    assert (tmp_path / "map.png").exists()


def test_the_command_prints_a_table(photo: Photo, blur: Worsen, save: Save) -> None:
    first = photo(100, 120)
    done = CliRunner().invoke(
        command(), [str(save(first, "a.png")), str(save(blur(first), "b.png"))]
    )
    assert done.exit_code == 0
    assert "SSIM" in done.stdout
    assert "ms_ssim: needs 176 pixels" in done.stdout
