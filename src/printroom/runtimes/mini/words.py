"""A prompt -> the features that the small generator knows, and a style.

    "a pencil sketch of a person with long brown hair and no glasses"
        -> "pencil", ("hair long", "colour brown", "glasses none")

An adjective belongs to the next noun, so `brown` is told apart in hair, eyes and skin; a comma or
a full stop ends its reach. Words that are not known change nothing.
"""

from __future__ import annotations

import re
from itertools import chain

from printroom.runtimes.generation import STYLES

KINDS: dict[str, tuple[str, ...]] = {
    "hair": ("bald", "short", "long", "curly", "bun", "mohawk"),
    "colour": ("black", "brown", "blond", "red", "grey", "pink"),
    "skin": ("pale", "fair", "tan", "brown", "dark"),
    "eyes": ("brown", "blue", "green", "grey"),
    "glasses": ("none", "round", "square", "sunglasses"),
    "beard": ("none", "moustache", "full"),
    "face": ("round", "oval", "square"),
    "nose": ("small", "big"),
    "brows": ("thin", "thick"),
    "mouth": ("narrow", "wide"),
    "apart": ("close", "wide"),
}
"""What can be said of a person, by kind."""
FEATURES = tuple(f"{kind} {value}" for kind, values in KINDS.items() for value in values)
"""All of it, in the order of the generator's vectors."""
LONGEST = 2_000
"""Characters of a prompt that are read."""
NOUNS: dict[str, tuple[str, ...]] = {
    "hair": ("hair", "colour"),
    "head": ("hair",),
    "skin": ("skin",),
    "eyes": ("eyes", "apart"),
    "glasses": ("glasses",),
    "beard": ("beard",),
    "face": ("face",),
    "nose": ("nose",),
    "brows": ("brows",),
    "mouth": ("mouth",),
}
"""Which kinds a noun's adjectives may be of."""
BY_ITSELF = {
    "bald": "hair bald",
    "bun": "hair bun",
    "mohawk": "hair mohawk",
    "sunglasses": "glasses sunglasses",
    "moustache": "beard moustache",
}
"""Words that need no noun."""
SAME = {
    "blonde": "blond",
    "gray": "grey",
    "ginger": "red",
    "white": "pale",
    "mustache": "moustache",
    "eyebrows": "brows",
    "large": "big",
    "spectacles": "glasses",
    "bearded": "beard",
    "nothing": "none",
    "no": "none",
    "without": "none",
    "shades": "sunglasses",
    "clean-shaven": "shaven",
}
STYLE_WORDS = {
    "photo": "photo",
    "photograph": "photo",
    "3d": "3d",
    "render": "3d",
    "cartoon": "comic",
    "comic": "comic",
    "watercolour": "watercolour",
    "watercolor": "watercolour",
    "aquarelle": "watercolour",
    "pencil": "pencil",
    "sketch": "pencil",
}


def style_of(prompt: str) -> str | None:
    """The style that a prompt names first; None when it names none."""
    found = (STYLE_WORDS[word] for word in _words(prompt) if word in STYLE_WORDS)
    return next(found, None)


def features_of(prompt: str) -> tuple[str, ...]:
    """What a prompt says of the person: at most one of each kind, the last said."""
    said: dict[str, str] = {}
    waiting: list[str] = []
    for word in _words(prompt):
        if word == ".":
            waiting = []
        elif word in NOUNS:
            said |= _bound(word, waiting)
            waiting = []
        elif word in BY_ITSELF and "none" not in waiting:
            kind, value = BY_ITSELF[word].split()
            said[kind] = value
        elif word == "shaven":
            said["beard"] = "none"
        else:
            waiting.append(word)
    return tuple(f"{kind} {value}" for kind, value in said.items())


def _bound(noun: str, adjectives: list[str]) -> dict[str, str]:
    """What a noun is said to be by the words before it."""
    known = {kind: [w for w in adjectives if w in KINDS[kind]] for kind in NOUNS[noun]}
    said = {kind: words[-1] for kind, words in known.items() if words}
    if noun == "beard" and not said:
        said = {"beard": "full"}
    if noun == "glasses" and not said:
        said = {"glasses": "round"}
    return said


def _words(prompt: str) -> list[str]:
    found = re.findall(r"[a-z0-9][a-z0-9-]*|[,.;:]", prompt[:LONGEST].lower())
    return [SAME.get(word, word) if word[0].isalnum() else "." for word in found]


KNOWN = frozenset(chain(STYLE_WORDS, SAME, NOUNS, BY_ITSELF, *KINDS.values(), STYLES))
"""Every word that changes a picture."""
