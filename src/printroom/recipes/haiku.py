"""Train `printroom/haiku`: what the step `write` writes its poems with.

    DATA/generative/haiku/*haiku*.tsv.gz -> Poems -> Verse -> haiku.npz + card.json     NotFound

A small net foretells words: half of the time it is told a word that the poem is about, and mostly
how many syllables each line will have, so that it learns to make a line come out even. Perplexity
is that of poems kept aside, without a theme: `plain`, of a net that is told nothing, and `told`, of
one that knows how long the lines are and in which style the poem is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

from printroom.core.errors import BadOption
from printroom.training.release import OWN, PERMITTED
from printroom.training.verse.blocking import blocked
from printroom.training.verse.poems import Poems, read
from printroom.training.verse.shipping import RUN, ship
from printroom.training.verse.training import BEST, IRRELEVANT, Options, Training

__all__ = ["LOWER", "Card", "Options", "main"]
LOWER = True
"""The lower the perplexity, the better."""
FOLDER = Path("generative/haiku")
"""Of the poems, below DATA."""
WEIGHTS, CARD = "haiku.npz", "card.json"
"""Both go into the step's folder."""


@dataclass(frozen=True)
class Card:
    """What was trained, on what, and how good it is."""

    name: str
    title: str
    weights: str
    parameters: int
    licence: str
    data: dict[str, str]
    """What was learnt from -> its licence."""
    poems: dict[str, int]
    """How many were learnt, and kept aside."""
    command: str
    steps: int
    seconds: float
    """CPU seconds."""
    scores: dict[str, float]
    """Perplexities; `unknown`: share of words kept aside that the vocabulary lacks."""
    copies: str
    """What is kept of the poems."""

    def to_json(self) -> str:
        """As it is written."""
        return json.dumps(vars(self), indent=1) + "\n"


def main(data: Path, out: Path, options: Options) -> Card:
    """Train on the poems below `data`, write weights and card to `out`.

    Goes on from `out`/checkpoint.pt if it is there. Raises NotFound, BadOption.
    """
    out.mkdir(parents=True, exist_ok=True)
    folder = data / FOLDER if (data / FOLDER).is_dir() else data
    poems = read(folder, options.words, blocked())
    training = Training(poems, out, options)
    print(f"{len(poems.learnt)} poems, {len(poems.aside)} kept aside, from step {training.step}")
    training.run()
    return release(poems, training, own=folder == data)


def release(poems: Poems, training: Training, *, own: bool = False) -> Card:
    """Write weights and card of the best that a training has left. Raises BadOption."""
    best = training.read(BEST)
    if "mean" not in best:
        raise BadOption(f"{training.out / BEST} has no weights", "give another --out")
    ship(poems, best["mean"], training.out / WEIGHTS)
    scores = {"told": best["best"], "plain": best["plain"], "unknown": poems.unknown}
    card = Card(
        name=f"{'local' if own else 'printroom'}/haiku@1",
        title="Foretells the words of a haiku",
        weights=WEIGHTS,
        parameters=sum(one.numel() for one in best["mean"].values()),
        licence=OWN if own else PERMITTED,
        data=_data(own),
        poems={"learnt": len(poems.learnt), "aside": len(poems.aside)},
        command=command_of(training.options),
        steps=int(best["step"]),
        seconds=round(float(best["seconds"])),
        scores={name: round(score, 4) for name, score in scores.items()},
        copies=f"32-bit digests of all lines and of all {RUN} words in a row; no poem",
    )
    part = training.out / f"{CARD}.part"
    part.write_text(card.to_json(), "utf-8")
    part.replace(training.out / CARD)
    return card


def _data(own: bool) -> dict[str, str]:
    if own:
        return {"poems of one's own": "one's own"}
    return {
        "89,607 English haiku from public repositories": "their poets'; learnt from, not passed on",
        "CMU Pronouncing Dictionary": "BSD-2-Clause",
    }


def command_of(options: Options) -> str:
    """The command that does the same again."""
    words = ["printroom train haiku --data DATA --out OUT"]
    for field in fields(options):
        value = getattr(options, field.name)
        if field.name not in IRRELEVANT and value != field.default:
            words.append(f"--{field.name.replace('_', '-')} {value}")
    return " ".join(words)
