"""A painted head -> a picture in one of the five styles.

Person, style, Look, side -> (side, side, 3) uint8
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from printroom.runtimes.generation import Picture
from printroom.training.portraits.face import Painted, paint
from printroom.training.portraits.look import Look
from printroom.training.portraits.people import Person
from printroom.training.portraits.shapes import Colour, Plane, bump, cover, rgb

LUMA = rgb(0.3, 0.59, 0.11)


def render(person: Person, style: str, look: Look, side: int) -> Picture:
    """Draw it."""
    painted = paint(person, look, side, big_eyes=style == "3d")
    out = STYLED[style](painted, look, np.random.default_rng(look.seed + 1))
    levels = np.clip(out, 0, 1).transpose(1, 2, 0) * 255
    picture: Picture = np.rint(levels).astype(np.uint8)
    return picture


def photo(painted: Painted, look: Look, random: np.random.Generator) -> Colour:
    """A lens that darkens the corners, and grain."""
    corner = 1.02 - 0.10 * (painted.wide**2 + painted.high**2)
    grain = random.standard_normal(painted.colour.shape, np.float32) * np.float32(look.grain)
    inked = painted.colour * (1 - 0.10 * painted.ink)
    return np.asarray(((inked - 0.5) * 0.95 + 0.49) * corner + grain)


def rendered(painted: Painted, look: Look, random: np.random.Generator) -> Colour:  # noqa: ARG001
    """Vivid, smooth and glossy; the eyes are large."""
    grey = _luma(painted.colour)
    vivid = ((painted.colour - grey) * 1.4 + grey) * 1.08
    gloss = bump(painted.x, painted.y, look.light * 0.35, -0.33, 0.02) * cover(painted.head, 0.04)
    rim = 0.10 * cover(np.abs(painted.head) - 0.01, 0.015) * (painted.x * -np.sign(look.light) > 0)
    return np.asarray(np.clip(vivid + 0.30 * gloss + rim, 0, 1) * 0.94 + 0.05)


def comic(painted: Painted, look: Look, random: np.random.Generator) -> Colour:  # noqa: ARG001
    """Few tones, black lines, printed dots on what is not too light."""
    steps = look.levels
    grey = _luma(painted.colour)
    vivid = np.clip((painted.colour - grey) * 1.4 + grey, 0, 1)
    tone = np.clip(grey * 1.1, 0.02, 1)
    flat = np.clip(vivid * (np.rint(tone * steps + 0.2) / steps) / tone, 0, 1)
    dots = np.sin(painted.wide * look.dots * np.pi) * np.sin(painted.high * look.dots * np.pi) > 0.5
    flat = ((flat - 0.5) * 1.1 + 0.56) * (1 - 0.14 * dots * painted.empty)
    return np.asarray(flat * (1 - 0.95 * painted.ink))


def watercolour(painted: Painted, look: Look, random: np.random.Generator) -> Colour:
    """Light washes that pool at edges, on paper whose rim stays white."""
    side = painted.ink.shape[0]
    broad, fine = _noise(side, 10, random), _noise(side, 36, random)
    soft = _blurred(painted.colour, side / 60)
    grey = _luma(soft)
    wash = ((soft - grey) * 1.15 + grey) * 0.66 + 0.33
    wash = wash + look.wash * (0.14 * (broad - 0.5) + 0.07 * (fine - 0.5))
    wash = wash + 0.16 * painted.empty - 0.34 * _blurred(painted.ink[None], side / 90)
    rim = np.hypot(painted.wide, painted.high) + 0.35 * (broad - 0.5) - 0.95
    white = np.clip(rim, 0, 0.25) * 4
    return np.asarray(wash * (1 - white) + white * rgb(0.97, 0.97, 0.95))


def pencil(painted: Painted, look: Look, random: np.random.Generator) -> Colour:
    """Hatched both ways where it is dark, on grainy paper."""
    grey = _luma(painted.colour)[0]
    slant, turns = look.slant, look.hatch * np.pi / (1 + look.slant) * 2
    one = np.sin((painted.wide + slant * painted.high) * turns) > grey * 2.2 - 0.9
    two = np.sin((painted.wide - slant * painted.high) * turns) > grey * 3.2 - 0.4
    paper = 0.96 - 0.04 * look.wash * _noise(painted.ink.shape[0], 36, random)
    shade = 0.15 * one + 0.15 * two + 0.45 * (1 - grey)
    drawn = paper - shade * (1 - 0.85 * painted.empty) - 0.62 * painted.ink
    return np.asarray(np.broadcast_to(drawn, painted.colour.shape) * rgb(1.0, 0.995, 0.98))


STYLED: dict[str, Callable[[Painted, Look, np.random.Generator], Colour]] = {
    "photo": photo,
    "3d": rendered,
    "comic": comic,
    "watercolour": watercolour,
    "pencil": pencil,
}


def _luma(colour: Colour) -> Colour:
    return np.asarray((colour * LUMA).sum(0, keepdims=True))


def _noise(side: int, cells: int, random: np.random.Generator) -> Plane:
    coarse = random.random((cells, cells), np.float32)
    smooth: Plane = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    return smooth


def _blurred(colour: Colour, sigma: float) -> Colour:
    channels = np.ascontiguousarray(colour.transpose(1, 2, 0))
    soft = cv2.GaussianBlur(channels, (0, 0), sigma)
    return np.asarray(soft.reshape(channels.shape).transpose(2, 0, 1))
