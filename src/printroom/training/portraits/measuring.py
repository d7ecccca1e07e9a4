"""How well a small generator learns people that it never saw: `printroom bench people`.

    generator, judge, numbers -> Results: rows by method and style, and what else was promised

People, their photos and a gallery of a hundred are drawn afresh. Beside what was learnt stand the
renderer's own pictures (the ceiling), the generator told everything in words (the oracle), and
told nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import psutil

from printroom.runtimes.generation import STYLES, Adapter, Asked, Picture
from printroom.runtimes.mini.generator import Mini
from printroom.training.portraits.judging import Judge
from printroom.training.portraits.look import OURS, look
from printroom.training.portraits.people import OPENINGS, Person, phrases, somebody
from printroom.training.portraits.styles import render

GALLERY = 100
TARGETS = {"photo": 0.85, "3d": 0.84, "comic": 0.55, "watercolour": 0.55, "pencil": 0.55}
"""Share of pictures of which the right one of the gallery is found first."""
STYLE_TARGET, PORTRAIT_TARGET, GAIN_TARGET = 0.90, 0.95, 0.5
CPU_TARGET, SPEED_TARGET, EQUAL_TARGET = 60.0, 5.0, 1e-5
TOGETHER, IN_TURN = 32, 50
"""People in one pass, and one after the other."""
METHODS = ("renderer", "words", "nothing", "glance", "word", "learnt")
"""How people are drawn."""
Say = Callable[[str], None]
Draw = Callable[[str], list[Picture]]
"""A style -> pictures of the person."""


@dataclass(frozen=True)
class Count:
    """How much is measured."""

    people: int = 8
    photos: int = 15
    drawn: int = 8
    """Pictures of each person in each style."""
    seed: int = 99


@dataclass
class Row:
    """Shares of the pictures of one method in one style, 0..1."""

    method: str
    style: str
    first: float
    """Whose person was found first of the gallery."""
    styled: float
    portraits: float


@dataclass
class Results:
    """All of it."""

    rows: list[Row] = field(default_factory=list)
    seconds: float = 0.0
    """CPU time of learning one person."""
    bytes: int = 0
    """Of a person's file."""
    speed: float = 0.0
    """Of many people in one pass, over one by one."""
    apart: float = 0.0
    """Greatest difference of the two, of levels 0..1."""
    leak: bool = False
    """Whether anything of anybody was left in the base."""
    growth: int = 0
    """Bytes by which the process grew over people in turn, after the first ten."""

    def row(self, method: str, style: str) -> Row:
        """One of them."""
        return next(row for row in self.rows if (row.method, row.style) == (method, style))

    @property
    def gain(self) -> float:
        """Found first, over what is found when nothing was learnt: mean of the styles."""
        gains = [self.row("learnt", s).first - self.row("nothing", s).first for s in STYLES]
        return float(np.mean(gains))


def measure(generator: Mini, count: Count, say: Say) -> Results:
    """Measure everything."""
    random = np.random.default_rng(count.seed)
    judge = Judge(generator.size)
    gallery = [somebody(random) for _ in range(GALLERY)]
    results, tallies, files = Results(), dict[tuple[str, str], list[list[float]]](), []
    for who, person in enumerate(gallery[: count.people]):
        photos = renders(person, "photo", generator.size, random, count.photos)
        started = time.process_time()
        file = generator.personalise(photos, seed=who)
        results.seconds += (time.process_time() - started) / count.people
        files.append(file)
        methods = _methods(generator, person, photos, file, count, random)
        for method, draw in methods.items():
            for style in STYLES:
                verdicts = judge(draw(style))
                right = verdicts.styles == STYLES.index(style)
                seen = verdicts.first(gallery, who), right, verdicts.portraits
                tallies.setdefault((method, style), []).append([float(s.mean()) for s in seen])
        say(f"person {who + 1} of {count.people}")
    for (method, style), shares in tallies.items():
        results.rows.append(Row(method, style, *(float(s) for s in np.mean(shares, axis=0))))
    results.bytes = len(files[0])
    people = [generator.load(file) for file in files]
    _together(generator, people, results)
    _in_turn(generator, files, results)
    return results


def renders(
    person: Person, style: str, size: int, random: np.random.Generator, count: int
) -> list[Picture]:
    """The renderer's own pictures."""
    return [render(person, style, look(OURS, random), size) for _ in range(count)]


def _methods(
    generator: Mini,
    person: Person,
    photos: Sequence[Picture],
    file: bytes,
    count: Count,
    random: np.random.Generator,
) -> dict[str, Draw]:
    """How the person may be drawn."""
    learnt = generator.load(file)
    word = {n: a if n == "person" else np.zeros_like(a) for n, a in learnt.arrays.items()}
    everything = f"a person with {', '.join(phrases(person))}"

    def draw(prompt: str, adapter: Adapter | None, style: str) -> list[Picture]:
        return generator.generate(
            [Asked(prompt, style, seed, adapter) for seed in range(count.drawn)]
        )

    return {
        "renderer": lambda style: renders(person, style, generator.size, random, count.drawn),
        "words": partial(draw, everything, None),
        "nothing": partial(draw, "a person", None),
        "glance": partial(draw, "a person", generator.glance(photos)),
        "word": partial(draw, "a person", Adapter(learnt.base, "", learnt.rank, word)),
        "learnt": partial(draw, "a person", learnt),
    }


def _together(generator: Mini, people: Sequence[Adapter], results: Results) -> None:
    """Many people in one pass, and one by one."""
    asked = [
        Asked(f"{OPENINGS[STYLES[n % 5]]} a person", None, n, people[n % len(people)])
        for n in range(TOGETHER)
    ]
    plain = [Asked("a person", "photo", seed) for seed in range(4)]
    before = generator.planes(plain)
    generator.planes(asked[:2])
    speeds = []
    for _ in range(3):
        started = time.perf_counter()
        single = np.concatenate([generator.planes([one]) for one in asked])
        between = time.perf_counter()
        together = generator.planes(asked)
        speeds.append((between - started) / (time.perf_counter() - between))
    results.speed = float(np.median(speeds))
    results.apart = float(abs(single - together).max())
    results.leak = not np.array_equal(before, generator.planes(plain))


def _in_turn(generator: Mini, files: Sequence[bytes], results: Results) -> None:
    """Load people one after the other, as a server does, and look at the process."""
    process, kept = psutil.Process(), 0
    for turn in range(IN_TURN):
        person = generator.load(files[turn % len(files)])
        generator.generate([Asked("a person", "comic", turn, person)])
        if turn == 9:
            kept = process.memory_info().rss
    results.growth = process.memory_info().rss - kept
