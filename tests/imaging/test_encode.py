"""A result appears whole, or not at all."""

from __future__ import annotations

import io
import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.core.errors import DiskFull, FormatCannotHold, Unwritable
from printroom.imaging import encode as encoding
from printroom.imaging import tiff
from printroom.imaging.encode import Encoder, PictureSpec, encoder_bytes
from printroom.imaging.formats import FORMATS, JPEG, PNG, TIFF, format_for
from printroom.imaging.image import Image
from printroom.imaging.metadata import Metadata
from printroom.imaging.savers import saver
from printroom.imaging.sinks import WholeSink
from printroom.imaging.small_jpeg import SmallJpegSink

WRITTEN = [each for each in FORMATS if each.writes]
SPEC = PictureSpec(150, 120, 3, 8)


@pytest.fixture(params=["whole", "piped"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways through the encoder: collected, and fed through the pipe."""
    if request.param == "piped":
        monkeypatch.setattr(encoding, "WHOLE", 0)


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file may grow larger, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("target", WRITTEN, ids=lambda each: each.name)
def test_a_file_holds_what_the_bytes_hold(
    target: Any, way: None, tmp_path: Path, photo: Any, encode: Any
) -> None:
    path = tmp_path / f"out{target.suffixes[0]}"
    with Encoder(path, SPEC, target) as encoder:
        encoder.write(photo)
        assert encoder.finish() == path
    assert path.read_bytes() == encode(photo, target.name)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("target", WRITTEN, ids=lambda each: each.name)
@pytest.mark.parametrize("interruption", [RuntimeError, KeyboardInterrupt])
def test_nothing_is_left_of_what_was_not_finished(
    interruption: Any, target: Any, way: None, tmp_path: Path, photo: Any
) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"what was there before")

    def work() -> None:
        with Encoder(path, SPEC, target) as encoder:
            encoder.write(photo[:50])
            raise interruption

    with pytest.raises(interruption):
        work()
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"what was there before"


def test_leaving_without_finishing_leaves_nothing(way: None, tmp_path: Path, photo: Any) -> None:
    with Encoder(tmp_path / "out.png", SPEC, PNG) as encoder:
        encoder.write(photo)
    assert list(tmp_path.iterdir()) == []


def test_the_part_is_hidden_and_beside_its_place(tmp_path: Path, photo: Any) -> None:
    with Encoder(tmp_path / "out.tif", SPEC, TIFF) as encoder:
        encoder.write(photo)
        (part,) = tmp_path.iterdir()
        assert part.name.startswith(".out.tif.part-")
        encoder.finish()


def test_a_new_file_has_the_usual_permissions(tmp_path: Path, photo: Any) -> None:
    usual = tmp_path / "usual"
    usual.touch()
    with Encoder(tmp_path / "out.png", SPEC, PNG) as encoder:
        encoder.write(photo)
        encoder.finish()
    assert (tmp_path / "out.png").stat().st_mode == usual.stat().st_mode


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
@pytest.mark.parametrize("target", [JPEG, PNG, TIFF], ids=lambda each: each.name)
def test_a_full_disk_is_told_and_leaves_nothing(target: Any, way: None, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    path = tmp_path / "out"

    def work() -> None:
        with Encoder(path, PictureSpec(400, 400, 3, 8), target) as encoder:
            for top in range(0, 400, 10):
                encoder.write(noise[top : top + 10])
            encoder.finish()

    with files_of_at_most(20_000), pytest.raises(DiskFull, match="out was not written: free some"):
        work()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, photo: Any) -> None:
    with pytest.raises(Unwritable, match=r"absent/out\.png cannot be written \(No such file"):
        Encoder(tmp_path / "absent" / "out.png", SPEC, PNG)
    (tmp_path / "file").touch()
    with pytest.raises(Unwritable):
        Encoder(tmp_path / "file" / "out.png", SPEC, PNG)


def test_a_folder_is_not_replaced(tmp_path: Path, photo: Any) -> None:
    folder = tmp_path / "out.png"
    folder.mkdir()
    with Encoder(folder, SPEC, PNG) as encoder:
        encoder.write(photo)
        with pytest.raises(Unwritable, match="directory"):
            encoder.finish()
    assert list(tmp_path.iterdir()) == [folder]


def test_too_large_a_result_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(FormatCannotHold):
        Encoder(tmp_path / "out.jpg", PictureSpec(70_000, 10, 3, 8), JPEG)
    assert list(tmp_path.iterdir()) == []


def test_what_an_encoder_holds_is_known_beforehand() -> None:
    low, high = (PictureSpec(10_000, height, 3, 8) for height in (20_000, 40_000))
    for target in (JPEG, PNG, TIFF):  # these stream: the height does not matter
        assert encoder_bytes(low, target) == encoder_bytes(high, target) < low.raw_bytes / 10
    for target in WRITTEN:
        if not target.streams:
            assert encoder_bytes(high, target) == 2 * encoder_bytes(low, target) >= high.raw_bytes
    assert encoder_bytes(SPEC, PNG) >= SPEC.raw_bytes  # small ones are collected


def test_rows_must_be_as_promised(photo: Any) -> None:
    for wrong in (photo[:, 1:], photo[..., :1], photo.astype(np.uint16)):
        with pytest.raises(ValueError, match="expected"), Encoder(None, SPEC, PNG) as encoder:
            encoder.write(wrong)
    with pytest.raises(ValueError, match="more rows"), Encoder(None, SPEC, PNG) as encoder:
        encoder.write(np.concatenate([photo, photo]))
    with pytest.raises(ValueError, match="0 rows came"), Encoder(None, SPEC, PNG) as encoder:
        encoder.finish()


@pytest.mark.parametrize("depth", [8, 16])
def test_bigtiff_where_offsets_outgrow_32_bits(
    depth: int, variant: Any, encode: Any, decode: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = variant(4, depth)
    monkeypatch.setattr(tiff, "CLASSIC", 0)
    monkeypatch.setattr(tiff, "STRIP", 1000)
    data = encode(rows, "tiff")
    assert data.startswith(b"II+\0")
    np.testing.assert_array_equal(decode(data), rows)


def test_other_readers_agree_on_our_tiff(variant: Any, encode: Any) -> None:
    tifffile = pytest.importorskip("tifffile")
    import io

    for bands in (1, 2, 3, 4):
        for depth in (8, 16):
            rows = variant(bands, depth)
            read = tifffile.imread(io.BytesIO(encode(rows, "tiff")))
            np.testing.assert_array_equal(read.reshape(rows.shape), rows)


def test_a_very_long_name(tmp_path: Path, photo: Any) -> None:
    path = tmp_path / ("x" * 250 + ".png")
    with Encoder(path, SPEC, format_for(path)) as encoder:
        encoder.write(photo)
        encoder.finish()
    assert Image.open(path).width == 150


@settings(max_examples=60)
@given(st.integers(1, 90), st.integers(1, 90), st.sampled_from([1, 3]), st.integers(1, 100))
def test_small_jpegs_have_the_bytes_of_any_other(
    height: int, width: int, bands: int, quality: int
) -> None:
    noise = np.random.default_rng(quality).integers(0, 256, (height, width, bands))
    rows = cv2.blur(noise.astype(np.uint8), (3, 3)).reshape(noise.shape)
    spec = PictureSpec(width, height, bands, 8)
    made = []
    for sink in (SmallJpegSink, by_libvips):
        file = io.BytesIO()
        encoder = sink(file, spec, quality)
        encoder.write(rows)
        encoder.finish()
        made.append(file.getvalue())
    assert made[0] == made[1]


def by_libvips(file: io.BytesIO, spec: PictureSpec, quality: int) -> WholeSink:
    return WholeSink(file, spec, saver(JPEG, quality, Metadata(), spec))
