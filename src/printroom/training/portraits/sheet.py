"""A contact sheet: people that a generator learnt, in every style.

generator, people -> one picture: photos above, then a row for each style
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from printroom.core.errors import UnknownFormat
from printroom.runtimes.generation import STYLES, Asked, Picture
from printroom.runtimes.mini.generator import Mini
from printroom.training.portraits.look import OURS, look
from printroom.training.portraits.people import somebody
from printroom.training.portraits.styles import render

PHOTOS = 15
ENLARGED = 2


def sheet(generator: Mini, people: int, seed: int) -> Picture:
    """People drawn at random, each learnt from a few photos."""
    random = np.random.default_rng(seed)
    photos, learnt = [], []
    for who in range(people):
        person = somebody(random)
        taken = [render(person, "photo", look(OURS, random), generator.size) for _ in range(PHOTOS)]
        photos.append(taken[0])
        learnt.append(generator.load(generator.personalise(taken, seed=who)))
    rows = [photos]
    for style in STYLES:
        asked = [Asked("a person", style, seed + who, one) for who, one in enumerate(learnt)]
        rows.append(generator.generate(asked))
    whole = np.concatenate([np.concatenate(row, axis=1) for row in rows])
    return whole.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)


def write(picture: Picture, path: Path) -> None:
    """As the ending of the name says. Raises UnknownFormat."""
    try:
        known, content = cv2.imencode(path.suffix, picture[:, :, ::-1])
    except cv2.error as error:
        raise UnknownFormat(f"{path.name} has no ending of pictures", "call it .png") from error
    if not known:
        raise UnknownFormat(f"{path.name} cannot be encoded", "call it .png")
    path.write_bytes(content.tobytes())
