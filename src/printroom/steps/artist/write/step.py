"""Writes a haiku, word by word, under a mask of syllables: 5, 7, 5."""

from typing import NamedTuple, Optional

from poet import Poet
from printroom_step import Number, step


class Written(NamedTuple):
    poem: str
    seed: Number(0, 2**31 - 1, integer=True)


@step
class Write:
    """Writes a haiku: three lines of five, seven and five syllables, about a theme if one is given.

    The same theme, temperature and seed give the same poem; without a seed, one is drawn.
    """

    def __init__(self):
        self.poet = Poet.load()

    def run(
        self,
        theme: str = "",
        temperature: Number(0.3, 1.5) = 0.8,
        seed: Optional[Number(0, 2**31 - 1, integer=True)] = None,
    ) -> Written:
        poem = self.poet.write(theme, temperature, seed)
        print(poem.text, flush=True)  # who follows a run reads it before the picture is there
        return Written(poem.text, poem.seed)
