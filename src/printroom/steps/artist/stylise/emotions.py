"""The emotions of a text, by a lexicon of our own.

    "spring rain ..." -> felt -> {"happiness": 0.6, "sadness": 0.4}      neutral: no word tells

A word is looked up without its endings; after a negation, within three words, it counts for the
opposite emotion. What stands early in a line of the lexicon counts more than what follows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

EMOTIONS = (
    *("agreeableness", "anger", "anticipation", "arrogance", "disagreeableness", "disgust", "fear"),
    *("gratitude", "happiness", "humility", "love", "optimism", "pessimism", "regret", "sadness"),
    *("shame", "shyness", "surprise", "trust", "neutral"),
)
"""Those of the WikiArt Emotions data set (Mohammad and Kiritchenko 2018)."""
OPPOSITE = {
    "agreeableness": "disagreeableness",
    "anger": "agreeableness",
    "anticipation": "pessimism",
    "arrogance": "humility",
    "disgust": "agreeableness",
    "fear": "trust",
    "happiness": "sadness",
    "gratitude": "regret",
    "love": "sadness",
    "optimism": "pessimism",
    "regret": "gratitude",
    "shame": "arrogance",
    "shyness": "arrogance",
    "surprise": "neutral",
    "trust": "fear",
}
OPPOSITE = {b: a for a, b in OPPOSITE.items() if b != "neutral"} | OPPOSITE
NEGATIONS = frozenset(
    (
        *("no", "not", "never", "without", "neither", "nor", "none"),
        *("hardly", "nobody", "nothing", "cannot", "less"),
    )
)
"""And whatever ends in n't."""
REACH = 3
"""Words after a negation that it turns."""
SECOND = 0.5
"""Weight of the second emotion of a line of the lexicon."""
MOST = 20_000
"""Characters of a text that are read."""
_WORD = re.compile(r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*")
_ENDINGS = ("nesses", "ness", "ingly", "edly", "ings", "ing", "ies", "ied", "ily", "fully", "ful",
            "ely", "ly", "ers", "er", "est", "ed", "es", "y", "s", "e")  # fmt: skip


def felt(text: str) -> dict[str, float]:
    """Emotion -> its share, all together 1; the strongest first."""
    counts: dict[str, float] = {}
    turned = 0
    for word in _WORD.findall(text[:MOST].lower()):
        plain = word.replace("\u2019", "'")
        if plain in NEGATIONS or plain.endswith("n't"):
            turned = REACH
            continue
        found = meanings().get(stem(plain.removesuffix("'s")), {})
        for emotion, weight in found.items():
            meant = OPPOSITE.get(emotion, emotion) if turned else emotion
            counts[meant] = counts.get(meant, 0.0) + weight
        turned = max(0, turned - 1)
    total = sum(counts.values())
    if not total:
        return {"neutral": 1.0}
    strongest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {emotion: weight / total for emotion, weight in strongest}


def stem(word: str) -> str:
    """Without its endings, as long as three letters stay: `weeping`, `weeps` -> `weep`."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    doubled = len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls"
    return word[:-1] if doubled else word


@lru_cache(maxsize=1)
def meanings() -> Mapping[str, Mapping[str, float]]:
    """Stem -> emotion -> weight."""
    table: dict[str, dict[str, float]] = {}
    for line in Path(__file__).with_name("emotions.txt").read_text("utf-8").splitlines():
        names, colon, words = line.partition(":")
        if line.startswith("#") or not colon:
            continue
        for place, emotion in enumerate(names.split(",")):
            for word in words.split():
                entry = table.setdefault(stem(word), {})
                weight = SECOND if place else 1.0
                entry[emotion.strip()] = max(weight, entry.get(emotion.strip(), 0.0))
    return table
