"""Paints an abstract picture of a poem."""

from pathlib import Path
from typing import NamedTuple

from printroom_step import Choice, Number, Picture, Refused, step
from vision import Vision, enlarged


class Painted(NamedTuple):
    image: Picture
    seen: str


@step
class Paint:
    """Paints a picture of what a poem speaks of: its hour and season, weather, land, mood, colour.

    The same poem, seed and guidance give the same picture. A poem without a word that it knows
    gives a picture all the same. `seen` names what was read in the poem.
    """

    def __init__(self):
        self.vision = Vision(Path(__file__).parent)

    def run(
        self,
        poem: str,
        seed: Number(0, 2**31 - 1, integer=True) = 0,
        guidance: Number(1, 6) = 2.5,
        size: Choice(128, 256, 512) = 128,
    ) -> Painted:
        try:
            seen = self.vision.seen(poem)
        except ValueError as error:
            raise Refused(str(error)) from None
        picture = self.vision.paint(poem, seen, int(seed), float(guidance))
        return Painted(enlarged(picture, int(size)), ", ".join(seen))
