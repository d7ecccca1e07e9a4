"""Tasks whose input is made from good pictures, the way the field makes it.

Each class is one protocol: `cases` says how the input comes about, `judged` what is compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from printroom.core.errors import BadOption
from printroom.imaging.bicubic import bicubic
from printroom.metrics.psnr import luma
from printroom.quality import baselines
from printroom.quality.light import LUMA, cast_angle, measurable, to_light, to_srgb
from printroom.quality.pictures import Picture, Pixels, as_grey, as_picture, as_pixels, read
from printroom.quality.task import Case, Conditions, Method, Samples, Subject, Task, check_size

SMALLEST_VIEW = 11
"""Pixels on the short side that SSIM needs."""


class SuperResolution(Task):
    """MATLAB's bicubic LR, rounded; PSNR and SSIM on Y of BT.601, cropped by the scale.

    A grey file counts as RGB with equal channels, as in today's evaluation codes; the older
    MATLAB codes left it in 0..255, where a picture's Y ends at 235.
    """

    name = "sr"
    title = "Super-resolution of MATLAB's bicubic, PSNR on Y, border cropped by the scale"
    scales = True

    def __init__(self, conditions: Conditions) -> None:
        super().__init__(conditions)
        if conditions.scale not in (2, 3, 4):
            raise BadOption(f"sr has no scale {conditions.scale}", "take 2, 3 or 4")

    def cases(self, subject: Subject) -> Iterator[Case]:
        scale, large = self.scale, read(subject.files[0])
        height, width = (side - side % scale for side in large.shape[:2])
        large = large[:height, :width]
        check_size(large, SMALLEST_VIEW + 2 * scale)
        small = np.rint(np.clip(bicubic(large, 1 / scale), 0, 255)).astype(np.uint8)
        yield Case(subject, None, as_picture(small), large)

    def floor(self) -> Method:
        return baselines.bicubic(self.scale)

    def baselines(self) -> Sequence[Method]:
        return (baselines.lanczos(self.scale),)

    def judged(self, pixels: Pixels) -> Samples:
        inner = slice(self.scale, -self.scale)
        return luma(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))[inner, inner]


class Jpeg(Task):
    """A grey JPEG by libjpeg-turbo (OpenCV's), of the file's grey or of its rounded Y."""

    name = "jpeg"
    title = "JPEG artefacts of grey pictures (libjpeg), PSNR on grey"
    unit = "q{}"
    usual = (10.0, 20.0, 30.0, 40.0)
    range = (1, 100)

    def cases(self, subject: Subject) -> Iterator[Case]:
        pixels = read(subject.files[0])
        check_size(pixels)
        if pixels.shape[2] == 3:
            pixels = np.rint(luma(pixels)).astype(np.uint8)[..., None]
        for quality in self.strengths:
            yield Case(subject, quality, as_picture(_jpeg(pixels, round(quality))), pixels)

    def floor(self) -> Method:
        return baselines.none()


class Denoise(Task):
    """White Gaussian noise of known sigma, neither clipped nor rounded, on grey or on RGB."""

    name = "denoise"
    title = "White Gaussian noise, unclipped, PSNR on all samples"
    unit = "sigma {}"
    usual = (15.0, 25.0, 50.0)
    range = (0, 255)
    greys = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        pixels = _maybe_grey(read(subject.files[0]), self.conditions)
        for sigma in self.strengths:
            noise = self.random(subject).standard_normal(pixels.shape, np.float32)
            shown = as_picture(pixels) + np.float32(sigma / 255) * noise
            yield Case(subject, sigma, shown, pixels)

    def floor(self) -> Method:
        return baselines.none()

    def baselines(self) -> Sequence[Method]:
        return (baselines.non_local_means(),)


class Deblur(Task):
    """A round Gaussian blur over 25 x 25 pixels, borders mirrored, rounded to 8 bit."""

    name = "deblur"
    title = "Gaussian blur, rounded to 8 bit, PSNR on all samples"
    unit = "sigma {}"
    usual = (1.6,)
    range = (0.1, 4)
    greys = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        pixels = _maybe_grey(read(subject.files[0]), self.conditions)
        for sigma in self.strengths:
            soft = cv2.GaussianBlur(
                as_picture(pixels), (25, 25), sigma, borderType=cv2.BORDER_REFLECT
            )
            yield Case(subject, sigma, _stored(np.asarray(soft), pixels), pixels)

    def floor(self) -> Method:
        return baselines.none()

    def baselines(self) -> Sequence[Method]:
        return (baselines.unsharp_mask(),)


class Colour(Task):
    """A colour cast in linear light, of a given strength in a direction drawn per picture.

    With strength s and a random angle a, red over blue is off by s cos(a) stops and green over
    the other two by s sin(a) / 2; luminance is kept; the result is clipped and rounded to 8 bit.
    """

    name = "colour"
    title = "Colour casts in linear light, angular error of the cast that is left"
    unit = "{} EV"
    usual = (0.5, 1.0, 1.5, 2.0)
    range = (0, 3)
    primary = "angle"

    def cases(self, subject: Subject) -> Iterator[Case]:
        pixels = read(subject.files[0])
        check_size(pixels)
        if pixels.shape[2] == 1:
            raise BadOption("a grey picture has no colour", "leave it out")
        angle = self.random(subject).uniform(0, 2 * np.pi)
        for stops in self.strengths:
            shift = 2.0 ** (stops * np.cos(angle) / 2), 2.0 ** (stops * np.sin(angle) / 2)
            gains = np.array([shift[0], shift[1], 1 / shift[0]])
            light = to_light(as_picture(pixels)) * (gains / (LUMA @ gains))
            case = Case(subject, stops, _stored(to_srgb(light.astype(np.float32)), pixels), pixels)
            if not _where(case).any():
                raise BadOption("all of it is black or clipped", "leave it out")
            yield case

    def floor(self) -> Method:
        return baselines.none()

    def baselines(self) -> Sequence[Method]:
        return (baselines.grey_world(),)

    def score(self, result: Pixels, case: Case) -> dict[str, float]:
        return {"angle": cast_angle(result, case.truth, _where(case))} | super().score(result, case)


def _where(case: Case) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Pixels whose colour is known in truth and input; the same for all methods."""
    return measurable(case.truth) & measurable(as_pixels(case.shown))


def _stored(picture: Picture, like: Pixels) -> Picture:
    """What an 8-bit file keeps of `picture`."""
    return as_picture(as_pixels(picture.reshape(like.shape)))


def _maybe_grey(pixels: Pixels, conditions: Conditions) -> Pixels:
    check_size(pixels)
    return as_grey(pixels) if conditions.grey else pixels


def _jpeg(pixels: Pixels, quality: int) -> Pixels:
    """(H, W, 1) written and read again by libjpeg; raises BadOption beyond its 65,500 a side."""
    written, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if written else None
    if decoded is None:
        raise BadOption(f"JPEG does not hold {pixels.shape[:2]} pixels", "leave it out")
    return np.asarray(decoded, np.uint8).reshape(pixels.shape)
