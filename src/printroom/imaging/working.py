"""The working space: what every picture is before a network sees it.

    any libvips picture -> 1..4 bands, 8 or 16 bit, grey or RGB, alpha last     NotAPicture

    grey, RGB               as they are, and so is their profile
    palette, 1 to 4 bit     expanded to 8 bit (by the loader)
    CMYK, Lab               sRGB, through the embedded profile where there is one
    32 bit whole numbers    their upper 16 bits
    float                   16 bit: 0 is black, 1 is white, what lies outside is clipped; no gamma
    10, 12 bit (HEIF)       16 bit, white stays white
    more bands              colour and the first of the others, taken for alpha

Nothing is decoded here: libvips works it out as rows are asked for.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from printroom.core.errors import NotAPicture
from printroom.imaging.metadata import blob
from printroom.imaging.vips import pyvips

LAB = ("lab", "labs")
_ASKED = ("width", "height", "bands", "format", "interpretation")
"""Properties of a libvips picture that make its Shape."""
_SPACES = {1: b"GRAY", 3: b"RGB "}


class Shape(NamedTuple):
    """What libvips says of a picture. Asked once: each question takes microseconds."""

    width: int
    height: int
    bands: int
    sample: str
    """Type of a sample: "uchar"."""
    space: str
    """What the bands mean: "srgb"."""

    @classmethod
    def of(cls, picture: Any) -> Shape:
        """Ask libvips."""
        get = pyvips.VipsObject.get  # quicker than looking for an attribute first
        return cls(*(get(picture, name) for name in _ASKED))


def to_working(picture: Any, shape: Shape, label: str) -> Any:
    """The same picture in the working space; lazily, no pixel is read."""
    if shape.space == "cmyk":
        return _converted(picture, 4, _from_cmyk)
    if shape.space in LAB:
        return _converted(picture, 3, _from_lab)
    most = 4 if shape.bands >= 3 else 2
    return _whole(picture if shape.bands <= most else picture[0:most], shape.sample, label)


def working_profile(picture: Any, shape: Shape) -> bytes | None:
    """The profile of `to_working(picture, shape)`; None = none, or one of other bands."""
    if shape.space in {"cmyk", *LAB}:
        return srgb_profile()
    profile = blob(picture, "icc-profile-data")
    colours = 3 if shape.bands >= 3 else 1
    return profile if profile and profile[16:20] == _SPACES[colours] else None


@cache
def srgb_profile() -> bytes:
    """The sRGB profile that results carry whose colours we converted."""
    return bytes(pyvips.Operation.call("profile_load", "srgb"))


def _converted(picture: Any, colours: int, convert: Any) -> Any:
    """`convert` the colour bands to RGB; the next band, if any, goes along as alpha."""
    result = convert(picture[0:colours] if picture.bands > colours else picture)
    if picture.bands > colours:
        alpha = picture[colours]
        if alpha.format == "short":  # in 16 bit Lab all bands pass for signed, alpha wrongly
            alpha = alpha.copy(format="ushort")
        result = result.bandjoin(alpha.cast(result.format))
    return result


def _from_lab(colour: Any) -> Any:
    """Lab of files is seen under D50, as in ICC profiles; libvips' own conversion takes D65."""
    depth = 16 if colour.format == "short" else 8
    return colour.colourspace("lab").icc_export(
        output_profile="srgb", pcs="lab", intent="relative", depth=depth
    )


def _from_cmyk(colour: Any) -> Any:
    depth = 16 if colour.format == "ushort" else 8
    return colour.icc_transform(
        "srgb",
        embedded=True,
        input_profile="cmyk",
        intent="relative",
        black_point_compensation=True,
        depth=depth,
    )


def _whole(picture: Any, sample: str, label: str) -> Any:
    """Samples as unsigned whole numbers of 8 or 16 bit."""
    if sample == "uchar":
        return picture
    if sample == "ushort":
        return _white_at_top(picture)
    if sample == "uint":
        return (picture >> 16).cast("ushort")
    if sample in {"float", "double"}:
        return picture.linear(65535, 0.5).cast("ushort")
    raise NotAPicture(
        f"{label} has samples of type {sample}, for which black and white are not defined",
        "convert it to 8 or 16 bit",
    )


def _white_at_top(picture: Any) -> Any:
    """HEIF's 10 and 12 bits come shifted up, which leaves white a little below 65,535."""
    bits = picture.get("heif-bitdepth") if picture.get_typeof("heif-bitdepth") else 16
    if bits >= 16:
        return picture
    white = 65536 - (1 << (16 - bits))
    return picture.linear(65535 / white, 0.5).cast("ushort")
