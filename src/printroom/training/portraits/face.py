"""A person's head and shoulders, painted part over part.

    Person, Look, side, big eyes or not -> Painted: colours, ink of the outlines, where the head is

Coordinates run from -1 to 1, y downwards; the head's own are tilted and shifted with it. Every
part is a signed distance, so edges are smooth at any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from printroom.training.portraits.look import Look
from printroom.training.portraits.people import Person
from printroom.training.portraits.shapes import FAR, Colour, Plane, box, bump, cover, ellipse, rgb

SKIN = (
    (0.98, 0.86, 0.77),
    (0.94, 0.76, 0.61),
    (0.80, 0.59, 0.41),
    (0.60, 0.41, 0.27),
    (0.41, 0.27, 0.18),
)
HAIR = (
    (0.07, 0.06, 0.08),
    (0.36, 0.20, 0.10),
    (0.88, 0.70, 0.34),
    (0.70, 0.23, 0.08),
    (0.70, 0.71, 0.74),
    (0.90, 0.38, 0.66),
)
IRIS = ((0.33, 0.18, 0.08), (0.16, 0.45, 0.85), (0.14, 0.58, 0.28), (0.42, 0.46, 0.52))
HEADS = ((0.50, 0.54), (0.43, 0.63), (0.47, 0.60))
"""Half axes of a round, an oval and a square face."""
LIPS, WHITE, FRAME = rgb(0.72, 0.27, 0.27), rgb(0.97, 0.97, 0.96), rgb(0.09, 0.08, 0.11)
BLUSH = rgb(0.93, 0.42, 0.38)


@dataclass
class Painted:
    """What the styles work on."""

    colour: Colour
    """(3, H, W)."""
    ink: Plane
    """Outlines that nothing was painted over, 0..1."""
    empty: Plane
    """Where nobody is, 0..1."""
    head: Plane
    """Signed distance of the face."""
    x: Plane
    y: Plane
    """The head's coordinates."""
    wide: Plane
    high: Plane
    """The picture's."""


@lru_cache(maxsize=4)
def grid(side: int) -> tuple[Plane, Plane]:
    """The picture's coordinates at the middles of its pixels."""
    line = ((np.arange(side, dtype=np.float32) + 0.5) / side) * 2 - 1
    high, wide = np.meshgrid(line, line, indexing="ij")
    return wide, high


def paint(person: Person, look: Look, side: int, big_eyes: bool = False) -> Painted:
    """Paint it, `side` pixels square."""
    return _Painter(person, look, side, big_eyes).done()


class _Painter:
    """Paints from back to front."""

    def __init__(self, person: Person, look: Look, side: int, big: bool) -> None:
        self.person, self.look, self.big = person, look, big
        self.wide, self.high = grid(side)
        x, y = (self.wide - look.across) / look.scale, (self.high - look.down) / look.scale
        self.level = x, y
        cos, sin = np.float32(np.cos(look.tilt)), np.float32(np.sin(look.tilt))
        self.x, self.y = x * cos + y * sin, y * cos - x * sin
        self.soft = 0.6 / side
        self.line = 1.5 / min(side, 96) * look.line
        self.a, self.b = HEADS[person.face]
        if big:
            self.a += 0.03
        self.skin, self.hair = rgb(*SKIN[person.skin]), rgb(*HAIR[person.colour])
        self.ink = np.zeros_like(x)
        self.empty = np.ones_like(x)
        self.colour = self.backdrop()

    def done(self) -> Painted:
        strands = (
            1 + 0.10 * np.sin(self.x * 34 + 5 * self.y) + 0.05 * np.sin(self.x * 61 - 9 * self.y)
        )
        self.locks = (
            self.hair * strands * self.lit(0, -0.15, self.a * 1.4, self.b * 1.25, 0.5, 0.75)
        )
        self.hair_behind()
        self.body()
        self.head = self.face()
        self.beard()
        self.mouth()
        self.nose()
        for side in (-1, 1):
            self.eye(side)
        self.hair_before()
        if self.person.glasses:
            self.glasses()
        colour = np.clip(self.colour, 0, 1)
        return Painted(
            colour, self.ink, self.empty, self.head, self.x, self.y, self.wide, self.high
        )

    def put(self, distance: Plane, colour: Colour, outline: float = 1) -> None:
        """Cover what lies inside; an outline, so many lines wide, hides the ink below."""
        inside = cover(distance, self.soft)
        self.colour = self.colour + inside * (colour - self.colour)
        self.empty = self.empty * (1 - inside)
        if outline:
            edge = np.exp(-((distance / (self.line * outline)) ** 2))
            self.ink = np.maximum(self.ink * (1 - inside), edge)

    def tint(self, amount: Plane, colour: Colour) -> None:
        self.colour = self.colour + amount * (colour - self.colour)

    def lit(self, cx: float, cy: float, a: float, b: float, dark: float, gain: float) -> Plane:
        """Light on a ball, from above and the side."""
        nx, ny = (self.x - cx) / a, (self.y - cy) / b
        nz = np.sqrt(np.maximum(1 - nx**2 - ny**2, 0) + 0.02)
        lx, ly, lz = self.look.light, -0.55, 0.84
        facing = (nx * lx + ny * ly + nz * lz) / np.sqrt(nx**2 + ny**2 + nz**2)
        shade: Plane = dark + gain * np.maximum(facing, 0) / np.sqrt(lx**2 + ly**2 + lz**2)
        return shade

    def backdrop(self) -> Colour:
        colour, wide, high = rgb(*self.look.behind), self.wide, self.high
        base = colour * (1.04 - 0.20 * high)
        kind = self.look.backdrop
        if kind == 1:
            base = base * (1 + 0.16 * np.tanh(4 * (wide * np.sign(self.look.light) + 0.3 * high)))
        elif kind == 2:
            spots = np.random.default_rng(self.look.seed).uniform(-1, 1, (5, 2))
            for cx, cy in spots:
                base = base + 0.18 * cover(ellipse(wide, high, cx, cy, 0.22, 0.22), 0.04)
        elif kind == 3:
            base = base * (1 + 0.12 * np.sign(np.sin(wide * 9)))
        elif kind == 4:
            base = base * (1 - 0.3 * (high > 0.1))
        return np.broadcast_to(base, (3, *wide.shape)).astype(np.float32)

    def hair_behind(self) -> None:
        x, y, a, b = self.x, self.y, self.a, self.b
        kind = self.person.hair
        if kind == 2:
            shape = box(x, y, 0, 0.22, a + 0.14, 0.74, 0.32) + 0.012 * np.sin(x * 22)
        elif kind == 3:
            waves = 0.04 * np.sin(13.5 * np.arctan2(y + 0.12, x))
            shape = ellipse(x, y, 0, -0.12, a + 0.27, b + 0.15) + waves
        elif kind == 4:
            shape = ellipse(x, y, 0, -0.80, 0.21, 0.19)
        elif kind == 5:
            shape = ellipse(x, y, 0, -0.60, 0.15, 0.37)
        else:
            return
        self.put(shape, self.locks * (1.0 if kind in {4, 5} else 0.8))

    def body(self) -> None:
        x, y = self.level
        clothes = rgb(*self.look.clothes)
        fold = 0.88 + 0.22 * self.look.light * x - 0.10 * (y - 0.8)
        self.put(box(x, y, 0, 1.06, 0.80, 0.34, 0.28), clothes * fold)
        neck = 0.86 - 0.22 * bump(self.x, self.y, 0, 0.56, 0.05)
        self.put(box(self.x, self.y, 0, 0.62, 0.17, 0.32, 0.08), self.skin * neck)
        self.put(np.abs(ellipse(x, y, 0, 0.80, 0.27, 0.16)) - 0.028, clothes * 0.72, outline=0)

    def face(self) -> Plane:
        x, y, a, b = self.x, self.y, self.a, self.b
        for side in (-1, 1):
            cx = side * (a + 0.01)
            self.put(ellipse(x, y, cx, 0.04, 0.075, 0.12), self.skin * 0.92)
            self.tint(0.35 * bump(x, y, cx, 0.04, 0.002), self.skin * 0.6)
        square = self.person.face == 2
        head = box(x, y, 0, 0.02, a, b, 0.28) if square else ellipse(x, y, 0, 0, a, b)
        self.shade = self.lit(0, 0, a * 1.12, b * 1.08, 0.60, 0.54)
        self.put(head, self.skin * self.shade)
        for side in (-1, 1):
            self.tint(0.22 * bump(x, y, side * 0.27, 0.20, 0.014), BLUSH * 0.95)
            self.tint(0.16 * bump(x, y, side * 0.19, -0.06, 0.014), self.skin * 0.55)
        return head

    def beard(self) -> None:
        x, y, turn = self.x, self.y, self.look.turn
        hair = self.hair * (1 + 0.12 * np.sin(self.x * 30 + 2)) * self.shade * 0.9
        over = box(x, y, turn * 0.6, 0.285, 0.17, 0.040, 0.03)
        if self.person.beard == 2:
            open_part = ellipse(x, y, 0, -0.08, self.a * 0.80, self.b * 0.60)
            full = np.where(y > 0.08, np.maximum(self.head - 0.012, -open_part), FAR)
            self.put(np.minimum(full, over), hair)
        elif self.person.beard == 1:
            self.put(over, hair)

    def mouth(self) -> None:
        x = self.x - self.look.turn * 0.6
        half = 0.13 + 0.09 * self.person.mouth
        y = self.y - (0.40 - self.look.smile * (x / half) ** 2 * 0.8)
        taper = 0.026 * np.sqrt(np.maximum(1 - (x / half) ** 2, 0.05))
        self.put(np.maximum(np.abs(y) - taper, np.abs(x) - half), LIPS * self.shade, outline=0)
        self.put(np.maximum(np.abs(y) - 0.007, np.abs(x) - half * 0.92), LIPS * 0.45, outline=0)

    def nose(self) -> None:
        cx, size = self.look.turn * 0.9, 0.05 + 0.05 * self.person.nose
        x, y = self.x, self.y
        side = np.float32(-np.sign(self.look.light) or 1)
        bridge = bump((x - cx - side * 0.035) * 2.4, (y - 0.02) * 0.8, 0, 0, 0.012)
        self.tint(0.25 * bridge, self.skin * 0.62)
        self.put(ellipse(x, y, cx, 0.165, size, 0.055), self.skin * 0.93 * self.shade, outline=0)
        self.tint(0.35 * bump(x, y, cx, 0.15, 0.0015), WHITE)
        for edge in (-1, 1):
            self.tint(0.6 * bump(x, y, cx + edge * size * 0.55, 0.205, 0.0007), self.skin * 0.35)

    def eye(self, side: int) -> None:
        x, y, turn = self.x, self.y, self.look.turn
        cx, cy = self.across(side)
        r = 0.085 + 0.06 * self.big
        self.put(ellipse(x, y, cx, cy, r * 1.25, r * (0.72 + 0.30 * self.big)), WHITE, outline=0.55)
        ix, iris = cx + turn * 0.25, rgb(*IRIS[self.person.eyes])
        self.put(ellipse(x, y, ix, cy, r * 0.70, r * 0.70), iris, outline=0)
        self.put(ellipse(x, y, ix, cy, r * 0.33, r * 0.33), iris * 0.12, outline=0)
        self.put(ellipse(x, y, ix - r * 0.24, cy - r * 0.26, r * 0.18, r * 0.18), WHITE, outline=0)
        lid = np.maximum(
            np.abs(ellipse(x, y, cx, cy, r * 1.3, r * (0.76 + 0.30 * self.big))) - 0.014, y - cy
        )
        self.put(lid, self.skin * 0.28, outline=0)
        bend = y + 0.8 * (x - cx) ** 2
        thick = 0.016 + 0.028 * self.person.brow
        brow = box(x, bend, cx, cy - 0.15 - 0.05 * self.big, 0.12, thick, 0.014)
        self.put(brow, self.hair * 0.75, outline=0)

    def across(self, side: int) -> tuple[float, float]:
        """The middle of an eye."""
        apart = 0.19 + 0.06 * self.person.spacing
        return side * apart + self.look.turn * 0.5, -0.05 + 0.02 * self.big

    def hair_before(self) -> None:
        x, y, a, b = self.x, self.y, self.a, self.b
        kind = self.person.hair
        if kind in {1, 2, 4}:
            skull = ellipse(x, y, 0, -0.03, a + 0.055, b + 0.065)
            top = np.maximum(skull, y + 0.26 - 0.10 * np.cos(x * 5) - 0.03 * np.sin(x * 17))
            sides = np.maximum(
                np.maximum(skull, a * 0.86 - np.abs(x)), y - (0.02 if kind != 2 else 0.3)
            )
            shape = top if kind == 4 else np.minimum(top, sides)
        elif kind == 3:
            curls = ellipse(x, y, 0, -0.40, a + 0.14, 0.34) + 0.03 * np.sin(x * 26)
            shape = np.maximum(curls, y + 0.20)
        elif kind == 5:
            shape = np.maximum(ellipse(x, y, 0, -0.62, 0.12, 0.28), y + 0.40)
        else:
            self.tint(0.4 * bump(x, y, self.look.light * 0.3, -0.42, 0.02), WHITE)
            return
        self.put(shape, self.locks)

    def glasses(self) -> None:
        x, y, kind = self.x, self.y, self.person.glasses
        for side in (-1, 1):
            cx, cy = self.across(side)
            lens = (
                ellipse(x, y, cx, cy, 0.168, 0.168)
                if kind == 1
                else box(x, y, cx, cy, 0.168, 0.128, 0.03)
            )
            if kind == 3:
                gleam = 1 + 2.5 * np.clip(x - cx - y + cy + 0.1, 0, 1)
                self.put(lens, FRAME * 0.8 * gleam, outline=0)
            self.put(np.abs(lens) - 0.020, FRAME, outline=0)
        bridge = box(
            x, y, self.look.turn * 0.5, cy, 0.06 + 0.06 * self.person.spacing, 0.014, 0.005
        )
        self.put(bridge, FRAME, outline=0)
