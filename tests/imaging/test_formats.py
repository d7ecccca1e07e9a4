from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from printroom.core.errors import FormatCannotHold, UnknownFormat
from printroom.imaging.formats import (
    AVIF,
    FORMATS,
    HEIC,
    JPEG,
    PNG,
    TIFF,
    WEBP,
    check_holds,
    format_for,
    format_for_accept,
    sniff,
)

WRITTEN = [each for each in FORMATS if each.writes]


def test_a_format_is_found_by_name_suffix_and_path() -> None:
    for each in WRITTEN:
        assert format_for(each.name) is each
        assert format_for(each.title.upper()) is each
        for suffix in each.suffixes:
            assert format_for(suffix) is each
            assert format_for(Path("holiday.2019") / f"photo{suffix.upper()}") is each


@pytest.mark.parametrize(
    "name", ["", "photo", "photo.gif", "heic", "photo.heic", "pdf", ".", "x.png.exe"]
)
def test_what_we_do_not_write_is_refused_with_what_we_do(name: str) -> None:
    with pytest.raises(UnknownFormat, match="JPEG, PNG, WebP, TIFF and AVIF"):
        format_for(name)


@pytest.mark.parametrize("target", WRITTEN, ids=lambda each: each.name)
def test_our_own_files_are_recognised(target: Any, photo: Any, encode: Any) -> None:
    assert sniff(encode(photo, target.name)) is target


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff",
        b"GIF89a",
        b"%PDF-1.7",
        b"<svg xmlns=",
        b"BM",
        b"MATLAB 5.0",
        b"RIFF\0\0\0\0WAVE",
    ],
)
def test_other_files_are_not(head: bytes) -> None:
    assert sniff(head.ljust(64, b"\0")) is None


@pytest.mark.parametrize(
    ("target", "side", "others"),
    [
        (JPEG, 65_500, "choose PNG or TIFF"),
        (WEBP, 16_383, "choose JPEG, PNG, TIFF or AVIF"),
        (AVIF, 16_384, "choose JPEG, PNG or TIFF"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_container_takes_its_largest_side_and_not_one_more(
    target: Any, side: int, others: str
) -> None:
    check_holds(target, side, 1)
    check_holds(target, 1, side)
    for width, height in ((side + 1, 1), (1, side + 1)):
        with pytest.raises(FormatCannotHold, match=others):
            check_holds(target, width, height)


@pytest.mark.parametrize("target", [JPEG, WEBP, AVIF], ids=lambda each: each.name)
def test_the_largest_side_is_what_the_encoder_really_takes(
    target: Any, encode: Callable[..., bytes]
) -> None:
    rows: NDArray[Any] = np.zeros((8, target.side, 3), np.uint8)
    assert sniff(encode(rows, target.name)) is target


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", PNG),
        ("*/*", PNG),
        ("image/*", PNG),
        ("image/webp", WEBP),
        ("image/heic, image/tiff", TIFF),
        ("image/png;q=0.5, image/jpeg", JPEG),
        ("image/avif,image/webp,*/*;q=0.8", WEBP),
        ("image/*;q=0.2, image/jpeg;q=0.9", JPEG),
        ("image/png;q=0, */*", JPEG),
        ("IMAGE/JPEG ; q=1", JPEG),
        ("text/html, image/jpeg;q=nonsense, image/tiff;q=0.1", TIFF),
    ],
)
def test_accept_chooses_the_most_welcome_format(header: str, expected: Any) -> None:
    assert format_for_accept(header, PNG) is expected


@pytest.mark.parametrize("header", ["text/html", "image/heic", "image/png;q=0"])
def test_accept_that_takes_nothing_we_write_is_refused(header: str) -> None:
    with pytest.raises(UnknownFormat):
        format_for_accept(header, PNG)


def test_heic_is_read_only() -> None:
    assert not HEIC.writes
