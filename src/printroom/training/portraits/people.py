"""People that never lived: what is fixed about each, and the words for it.

    random numbers -> Person
    Person, style, random numbers -> caption

Half of the people wear no glasses. Captions leave words out at random, so that a generator learns
what each word means by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

SKINS = ("pale", "fair", "tan", "brown", "dark")
COLOURS = ("black", "brown", "blond", "red", "grey", "pink")
HAIRS = ("bald", "short", "long", "curly", "bun", "mohawk")
EYES = ("brown", "blue", "green", "grey")
GLASSES = ("none", "round", "square", "sunglasses")
BEARDS = ("none", "moustache", "full")
FACES = ("round", "oval", "square")
OPENINGS = {
    "photo": "a photo of",
    "3d": "a 3d render of",
    "comic": "a comic of",
    "watercolour": "a watercolour of",
    "pencil": "a pencil sketch of",
}
"""How a caption begins."""


@dataclass(frozen=True)
class Person:
    """One of them. Names of places in the tuples above, and four measures, 0..1 each."""

    skin: int
    hair: int
    colour: int
    """Of the hair, the brows and the beard."""
    eyes: int
    glasses: int
    beard: int
    face: int
    nose: float
    brow: float
    mouth: float
    spacing: float
    """Between the eyes."""


CHOICES = {
    "skin": len(SKINS),
    "hair": len(HAIRS),
    "colour": len(COLOURS),
    "eyes": len(EYES),
    "glasses": len(GLASSES),
    "beard": len(BEARDS),
    "face": len(FACES),
}
"""How many kinds there are of each discrete attribute."""
MEASURES = tuple(field.name for field in fields(Person) if field.name not in CHOICES)


def somebody(random: np.random.Generator) -> Person:
    """A person drawn at random."""
    chosen = {name: int(random.integers(count)) for name, count in CHOICES.items()}
    if random.random() < 0.5:
        chosen["glasses"] = 0
    return Person(**chosen, **_measures(random))


def _measures(random: np.random.Generator) -> dict[str, Any]:
    return {name: float(random.random()) for name in MEASURES}


def phrases(person: Person) -> list[str]:
    """Everything about a person that has words."""
    glasses, beard = GLASSES[person.glasses], BEARDS[person.beard]
    said = [
        "bald head" if person.hair == 0 else f"{HAIRS[person.hair]} hair",
        f"{COLOURS[person.colour]} hair" if person.hair or person.beard else "",
        f"{SKINS[person.skin]} skin",
        f"{EYES[person.eyes]} eyes" if glasses != "sunglasses" else "",
        f"{FACES[person.face]} face",
        {"none": "no glasses", "sunglasses": "sunglasses"}.get(glasses, f"{glasses} glasses"),
        {"none": "no beard", "moustache": "moustache", "full": "full beard"}[beard],
        _measure(person.nose, "small nose", "big nose"),
        _measure(person.brow, "thin brows", "thick brows"),
        _measure(person.mouth, "narrow mouth", "wide mouth"),
        _measure(person.spacing, "close eyes", "wide eyes"),
    ]
    return [phrase for phrase in said if phrase]


def caption(person: Person, style: str, random: np.random.Generator, drop: float = 0.25) -> str:
    """Words for a picture; each phrase is left out with probability `drop`."""
    said = [phrase for phrase in phrases(person) if random.random() >= drop]
    random.shuffle(said)
    return f"{OPENINGS[style]} a person" + (f" with {', '.join(said)}" if said else "")


def _measure(value: float, little: str, much: str) -> str:
    return little if value < 0.3 else much if value > 0.7 else ""
