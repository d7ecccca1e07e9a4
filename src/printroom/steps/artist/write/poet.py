"""Writes a haiku: several drafts at once, each word under a mask of what still fits its line.

    theme, temperature, seed -> Poet.write -> Poem

Words that fit are drawn as the net foretells them, told how long the line is to be. Then it is
asked how readily it would have ended the line there, had nobody told it: that is what a draft is
worth, and a little how likely its words are. After each line drafts are drawn anew by that, so that
lines end where a phrase does. The likeliest poem is not looked for: it is dull.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from copies import Copies
from numpy.typing import NDArray
from verse import END, LINE, UNTOLD, Floats, State, Verse, Whole
from vocabulary import Vocabulary

FILE = Path(__file__).parent / "haiku.npz"
METRE = (5, 7, 5)
"""Syllables of each line."""
DRAFTS = 12
EASE = 0.4
"""Share of the likelihood of its words in what a line is worth; at 1 all poems are alike."""
TAIL = 0.02
"""A word is not drawn that is so much less likely than the likeliest one."""
NEARER, ASTRAY = 2.0, 4.0
"""What the word of the theme gains, in nats, until it is said; and what it costs not to say it."""
_TRIES = 20
"""For a line of which all drafts were copies; then the poem is begun again."""
MOST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Poem:
    """What was written."""

    text: str
    """Three lines."""
    seed: int
    """That writes it again."""


@dataclass
class _Draft:
    """A poem that is being written."""

    words: list[int] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """The words as copies are looked for."""
    line: list[str] = field(default_factory=list)
    """Those of this line."""
    left: int = METRE[0]
    """Syllables that are missing in it."""
    worth: float = 0.0
    """Of its last line, in nats: as in the text above; minus infinity for a copy."""
    ease: float = 0.0
    """Log of the likelihood of that line's words."""

    stale: bool = False
    """Whether a run of its words is a copy."""

    def copy(self) -> _Draft:
        return replace(self, words=[*self.words], said=[*self.said], line=[*self.line])


class Poet:
    """Safe from many threads."""

    def __init__(self, verse: Verse, vocabulary: Vocabulary, copies: Copies) -> None:
        self.verse, self.vocabulary, self._copies = verse, vocabulary, copies

    @classmethod
    def load(cls, file: Path = FILE) -> Poet:
        """As a recipe has left it."""
        with np.load(file) as kept:
            words = bytes(kept["words"]).decode().split("\n")
            facts = (kept[name] for name in ("syllables", "own", "plain", "open"))
            vocabulary = Vocabulary(words, *facts)
            copies = Copies(kept["lines"], kept["runs"])
            weights = {name: kept[name] for name in kept.files if "." in name or name == "bias"}
            return cls(Verse(weights), vocabulary, copies)

    def write(self, theme: str = "", temperature: float = 0.8, seed: int | None = None) -> Poem:
        """One poem; of a theme whose words are all unknown, nothing is said."""
        seed = secrets.randbelow(MOST_SEED + 1) if seed is None else seed
        chance = np.random.default_rng(seed)
        about = self.vocabulary.theme(theme)
        while True:
            drafts = [_Draft() for _ in range(DRAFTS)]
            state = self.verse.start(about, np.repeat([METRE[0], UNTOLD], DRAFTS))
            for number in range(len(METRE)):
                found = self._line(drafts, state, number, temperature, about, chance)
                if found is None:
                    break
                drafts, state = found
            else:
                return Poem(self.vocabulary.text(drafts[0].words), seed)

    def _line(
        self,
        before: list[_Draft],
        state: State,
        number: int,
        temperature: float,
        theme: int | None,
        chance: np.random.Generator,
    ) -> tuple[list[_Draft], State] | None:
        """The drafts with one more line, the worthier ones several times; None = all are copies."""
        for _ in range(_TRIES):
            drafts = [draft.copy() for draft in before]
            for draft in drafts:
                draft.line, draft.left, draft.worth, draft.ease = [], METRE[number], 0.0, 0.0
            after = self._written(drafts, state, number, temperature, theme, chance)
            worth = np.array([draft.worth for draft in drafts])
            if theme is not None and number == len(METRE) - 1:
                worth -= [ASTRAY * (theme not in draft.words) for draft in drafts]
            if np.isfinite(worth).any():
                share = np.exp(worth - worth.max())
                chosen = chance.choice(len(drafts), len(drafts), p=share / share.sum())
                return [drafts[at].copy() for at in chosen], after.taken(_both(chosen))
        return None

    def _written(
        self,
        drafts: list[_Draft],
        state: State,
        number: int,
        temperature: float,
        theme: int | None,
        chance: np.random.Generator,
    ) -> State:
        """Write a line of every draft; the state after it.

        A state has the drafts twice: as the net reads them when it is told how long lines are, and
        when it is not.
        """
        ends = LINE if number < len(METRE) - 1 else END
        open_ = np.arange(len(drafts))
        while len(open_):
            some = [drafts[at] for at in open_]
            belief = self._belief(some, state.taken(open_), temperature, theme)
            belief *= np.stack([self._fitting(draft, ends) for draft in some])
            words = _drawn(belief, chance)
            for draft, word, likely in zip(some, words, belief, strict=True):
                draft.ease += float(np.log(likely[word])) if draft.left else 0
            over = open_[words == ends]
            if len(over):
                untold = _softmax(self.verse.logits(state.taken(over + DRAFTS)))[:, ends]
                for at, likely in zip(over, untold, strict=True):
                    drafts[at].worth = float(np.log(max(likely, 1e-30))) + EASE * drafts[at].ease
            for at, word in zip(open_, words, strict=True):
                self._add(drafts[at], int(word))
            left = np.array([drafts[at].left for at in open_])
            left[words == ends] = METRE[(number + 1) % len(METRE)]
            lines = np.concatenate([left, np.full(len(left), UNTOLD)])
            both = _both(open_)
            state = state.put(both, self.verse.read(np.tile(words, 2), lines, state.taken(both)))
            open_ = open_[words != ends]
        return state

    def _belief(
        self, drafts: list[_Draft], state: State, temperature: float, theme: int | None
    ) -> Floats:
        """How likely each word is to come next, (n, words)."""
        logits = self.verse.logits(state) / np.float32(temperature)
        if theme is not None:
            logits[:, theme] += [NEARER * (theme not in draft.words) for draft in drafts]
        return _softmax(logits)

    def _fitting(self, draft: _Draft, ends: int) -> NDArray[np.bool_]:
        """The words that may come next."""
        known = self.vocabulary
        fits: NDArray[np.bool_]
        if not draft.left:
            fits = np.zeros(len(known.words), bool)
            fits[ends] = True
            return fits
        fits = (known.syllables > 0) & (known.syllables <= draft.left)
        if draft.line and (wanted := known.after(draft.line[-1])) is not None:
            fits &= wanted
        fits[draft.words[-1:]] = False
        fits[[word for word in draft.words if not known.plain[word] and word > END]] = False
        fits[known.suffix] = bool(draft.line) and bool(known.own[draft.words[-1]])
        return fits

    def _add(self, draft: _Draft, word: int) -> None:
        draft.words.append(word)
        if word in (LINE, END):
            if draft.stale or self._copies.line(draft.line):
                draft.worth = -np.inf
            return
        draft.left -= int(self.vocabulary.syllables[word])
        for part in self.vocabulary.words[word].replace("'s", " s").split():
            draft.line.append(part)
            draft.said.append(part)
            draft.stale |= self._copies.run(draft.said)


def _softmax(logits: Floats) -> Floats:
    found: Floats = np.exp(logits - logits.max(axis=1, keepdims=True))
    found[:, :LINE] = 0  # what no poem has
    found /= found.sum(axis=1, keepdims=True)
    return found


def _drawn(belief: Floats, chance: np.random.Generator) -> Whole:
    """A word for each draft, of those that are likely enough."""
    likely = np.where(belief < TAIL * belief.max(axis=1, keepdims=True), 0, belief)
    summed = likely.astype(np.float64).cumsum(axis=1)
    points = chance.random(len(belief)) * summed[:, -1]
    words: Whole = (summed <= points[:, None]).sum(axis=1)
    return words


def _both(places: Whole) -> Whole:
    """Of drafts in a state that has them twice."""
    return np.concatenate([places, places + DRAFTS])
