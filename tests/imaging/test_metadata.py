"""What a picture carries beside its pixels goes with it, or stays behind, as asked."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from printroom.imaging import ifd
from printroom.imaging.image import Image
from printroom.imaging.metadata import Metadata, neutral, neutral_xmp
from printroom.imaging.working import srgb_profile

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description tiff:Orientation="6">'
    b"<dc:title>Tower</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"
)
NAMES = ("jpeg", "png", "tiff", "webp", "avif")


def tags_of(exif: bytes | None) -> Pillow.Exif:
    """EXIF as another reader sees it."""
    tags = Pillow.Exif()
    tags.load(b"Exif\0\0" + (exif or b""))
    return tags


@pytest.fixture(scope="module")
def full(exif: bytes) -> Metadata:
    return Metadata(exif=exif, xmp=XMP, icc=srgb_profile())


@pytest.mark.parametrize("second", NAMES)
@pytest.mark.parametrize("first", NAMES)
def test_exif_xmp_and_profile_survive_from_any_format_to_any(
    first: str, second: str, full: Metadata, photo: Any, encode: Any
) -> None:
    came = Image.open(encode(photo, first, full)).metadata
    left = Image.open(encode(photo, second, came)).metadata
    tags = tags_of(left.exif)
    assert (tags[271], tags[272]) == ("Printroom", "Box camera")
    assert tags.get_ifd(34665)[33434] == pytest.approx(0.005)
    place = tags.get_ifd(34853)
    assert (place[1], place[2], place[3], place[4]) == ("N", (52, 31, 12), "E", (13, 24, 18))
    assert left.xmp is not None
    assert b"<dc:title>Tower</dc:title>" in left.xmp
    assert left.icc == srgb_profile()


@pytest.mark.parametrize("name", NAMES)
def test_stripped_leaves_nothing_but_the_profile(
    name: str, full: Metadata, photo: Any, encode: Any
) -> None:
    data = encode(photo, name, full.stripped())
    left = Image.open(data).metadata
    assert left == Metadata(icc=srgb_profile())
    for secret in (b"Printroom", b"Box camera", b"Tower"):
        assert secret not in data


def test_who_made_it_and_whose_it_is_can_be_kept_alone(full: Metadata) -> None:
    """Of EXIF in either byte order, and of none at all."""
    for order, mark in (("<", b"II*\0"), (">", b"MM\0*")):
        entry, text = (
            struct.Struct(order + "HHI4s"),
            {271: b"Box\0", 315: b"Ann\0", 33432: b"Bea\0"},
        )
        rows = b"".join(entry.pack(tag, 2, 4, value) for tag, value in text.items())
        head = mark + struct.pack(order + "IH", 8, len(text))
        came = Metadata(head + rows + bytes(4), full.xmp, full.icc)
        kept = came.only("copyright")
        tags = tags_of(kept.exif)
        assert {tag: tags[tag] for tag in tags} == {315: "Ann", 33432: "Bea"}
        assert (kept.xmp, kept.icc) == (None, full.icc)
        assert came.only("keep") == came
        assert came.only("strip") == came.stripped()
    for none in (None, b"", b"no TIFF at all"):
        assert Metadata(none, full.xmp).only("copyright") == Metadata()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_made_up(name: str, photo: Any, encode: Any) -> None:
    assert Image.open(encode(photo, name)).metadata == Metadata()


@pytest.mark.parametrize("name", NAMES)
def test_the_orientation_that_leaves_is_neutral(
    name: str, full: Metadata, photo: Any, encode: Any, pillow: Any
) -> None:
    came = Image.open(pillow(photo, "JPEG", exif=b"Exif\0\0" + (full.exif or b""))).metadata
    assert tags_of(full.exif)[274] == 6
    assert tags_of(came.exif)[274] == 1
    with io.BytesIO(encode(photo, name, came)) as file:
        assert Pillow.open(file).getexif().get(274, 1) == 1


def test_the_orientation_in_xmp_is_neutral_too() -> None:
    assert neutral_xmp(XMP) == XMP.replace(b'tiff:Orientation="6"', b'tiff:Orientation="1"')
    element = b"<tiff:Orientation>8</tiff:Orientation>"
    assert neutral_xmp(element) == b"<tiff:Orientation>1</tiff:Orientation>"
    assert neutral_xmp(None) is None


@pytest.mark.parametrize("name", ["jpeg", "tiff"])
def test_resolution_is_kept(name: str, photo: Any, encode: Any, pillow: Any) -> None:
    tags = Pillow.Exif()
    tags[271], tags[282], tags[283], tags[296] = "Printroom", 300.0, 150.0, 2
    came = Image.open(pillow(photo, "JPEG", exif=tags)).metadata
    left = tags_of(Image.open(encode(photo, name, came)).metadata.exif)
    assert (left[282], left[283], left[296]) == (300, 150, 2)


def test_a_profile_for_other_bands_is_left_out(photo: Any, pillow: Any) -> None:
    grey = pillow(photo[..., :1], "PNG", icc_profile=srgb_profile())
    assert Image.open(grey).metadata.icc is None


@pytest.mark.parametrize("exif", [b"", b"Exif\0\0", b"garbage" * 9, b"II*\0\xff\xff\xff\x7f"])
def test_damaged_exif_is_left_out_of_a_sound_picture(
    exif: bytes, photo: Any, pillow: Any, decode: Any
) -> None:
    data = pillow(photo, "PNG", exif=exif) if exif else pillow(photo, "PNG")
    assert Image.open(data).metadata.exif is None
    np.testing.assert_array_equal(decode(data), photo)


def test_metadata_too_large_for_a_jpeg_segment_does_not_stop_the_result(
    photo: Any, encode: Any, decode: Any
) -> None:
    tags = Pillow.Exif()
    tags[270] = "long " * 20_000
    huge = Metadata(exif=tags.tobytes().removeprefix(b"Exif\0\0"), xmp=b"<x>" + b" " * 100_000)
    assert decode(encode(photo, "jpeg", huge)).shape == photo.shape


NUMBERS = st.lists(st.integers(0, 65535), min_size=1, max_size=9)
ENTRIES = st.dictionaries(
    st.integers(1, 30_000),
    st.one_of(
        NUMBERS.map(lambda numbers: ifd.Entry.of(ifd.SHORT, *numbers)),
        NUMBERS.map(lambda numbers: ifd.Entry.of(ifd.LONG, *numbers)),
        st.binary(min_size=1, max_size=99).map(lambda data: ifd.Entry(ifd.UNDEFINED, data)),
    ),
)


@given(top=ENTRIES, camera=ENTRIES, place=ENTRIES, big=st.booleans())
@settings(deadline=None)
def test_directories_are_read_as_they_were_written(
    top: dict[int, ifd.Entry], camera: dict[int, ifd.Entry], place: dict[int, ifd.Entry], big: bool
) -> None:
    tree = ifd.Directory(top, {ifd.EXIF: ifd.Directory(camera), ifd.GPS: ifd.Directory(place)})
    start = (
        b"II+\0\x08\0\0\0" + (16).to_bytes(8, "little")
        if big
        else b"II*\0" + (8).to_bytes(4, "little")
    )
    again = ifd.read(io.BytesIO(start + ifd.dump(tree, len(start), big)))
    assert _values(again) == _values(tree)


def _values(tree: ifd.Directory) -> Any:
    own = {tag: (entry.kind, entry.value) for tag, entry in tree.entries.items()}
    return own, {tag: _values(child) for tag, child in tree.children.items()}


@given(st.binary(max_size=200), st.sampled_from([b"II*\0", b"MM\0*", b"II+\0", b""]))
@settings(deadline=None)
def test_garbage_never_does_worse_than_value_error(data: bytes, head: bytes) -> None:
    assert neutral(head + data) is None or head


def test_many_tags_that_point_at_the_same_megabyte_are_not_all_read() -> None:
    rows = b"".join(
        tag.to_bytes(2, "little") + b"\7\0" + (2**20).to_bytes(4, "little") + bytes(4)
        for tag in range(4000)
    )
    hostile = b"II*\0\x08\0\0\0" + (4000).to_bytes(2, "little") + rows
    with pytest.raises(ValueError, match="more tags"):
        ifd.read(io.BytesIO(hostile.ljust(2**21, b"\0")))
