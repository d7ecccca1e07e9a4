"""What might be written of a scene, in three short lines.

Scene, random -> the values that are spoken of, and words for them -> a caption

Not all that is seen is said, and what is not there is denied now and then.
"""

from __future__ import annotations

import numpy as np

from printroom.training.scenes.lexicon import READINGS
from printroom.training.scenes.spec import GROUP_OF, Scene

SAID = {"time": 0.45, "season": 0.45}
"""How often what every place has is said."""
OFTEN_SAID = 0.75
"""And all else."""
DENIED = 0.12
NOT = ("no", "without", "not", "never")
LEADS = ("", "the", "a", "one", "my", "this", "such", "again the", "another", "only the", "so much")
JOINS = (
    "and",
    "in the",
    "under the",
    "of the",
    "with the",
    "through the",
    "after the",
    "before the",
)
ENDS = ("", "", "again", "at last", "here", "and I", "even now", "for a while")
NAMING = {
    value: [
        (word, values)
        for word, readings in READINGS.items()
        for values in readings
        if value in values
    ]
    for value in GROUP_OF
}
"""Value -> words that show it, each with all it shows."""


def said_of(scene: Scene, random: np.random.Generator) -> tuple[str, ...]:
    """Values of a scene that a poem speaks of; at least one."""
    said = tuple(
        value for group, value in scene.items() if random.random() < SAID.get(group, OFTEN_SAID)
    )
    return said or (list(scene.values())[int(random.integers(len(scene)))],)


def words_for(
    said: tuple[str, ...], scene: Scene, random: np.random.Generator
) -> tuple[list[str], tuple[str, ...]]:
    """A word or two for each value, and all the values that these words show.

    A word that shows more than was to be said is taken when all of it is true of the scene.
    """
    true = set(scene.values())
    words: list[str] = []
    shown: set[str] = set()
    for value in said:
        fitting = [(word, values) for word, values in NAMING[value] if true.issuperset(values)]
        for _ in range(1 + (random.random() < 0.25)):
            word, values = fitting[int(random.integers(len(fitting)))]
            words.append(word)
            shown.update(values)
    return [words[place] for place in random.permutation(len(words))], tuple(sorted(shown))


def denial(scene: Scene, random: np.random.Generator) -> list[str]:
    """Now and then, what the scene has not: `no moon`."""
    if random.random() >= DENIED:
        return []
    absent = [value for value in GROUP_OF if value not in scene.values()]
    names = NAMING[absent[int(random.integers(len(absent)))]]
    word, _ = names[int(random.integers(len(names)))]
    return [NOT[int(random.integers(len(NOT)))], word]


def in_lines(words: list[str], random: np.random.Generator) -> str:
    """Words as three short lines, with others between them that show nothing."""
    cuts = np.sort(random.integers(0, len(words) + 1, 2))
    lines = [words[: cuts[0]], words[cuts[0] : cuts[1]], words[cuts[1] :]]

    def pick(among: tuple[str, ...]) -> str:
        return among[int(random.integers(len(among)))]

    def spoken(line: list[str]) -> str:
        joined = [part for word in line for part in (word, pick(JOINS))][:-1]
        return " ".join(" ".join([pick(LEADS), *joined, pick(ENDS)]).split())

    return "\n".join(spoken(line) for line in lines)


def caption(scene: Scene, random: np.random.Generator) -> tuple[str, tuple[str, ...]]:
    """A caption, and the values that it names."""
    words, shown = words_for(said_of(scene, random), scene, random)
    return in_lines([*words, *denial(scene, random)], random), shown
