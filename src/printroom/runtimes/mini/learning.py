"""Learn one person: a word first, then that person's own styles, then corrections.

    latents and readings of photos -> the word, begun at what the reader tells (textual inversion)
        -> the person in the other styles, drawn with the word (style replay)
        -> corrections of every layer, from photos and replays together (LoRA)

Without the replays, corrections learnt from photos make everything a photo. Each step's random
numbers come of the seed and the step's number, so learning that stops goes on as if it had not.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from printroom.core.errors import BadModel
from printroom.runtimes.generation import STYLES, Told
from printroom.runtimes.mini.denoiser import Denoiser, Floats
from printroom.runtimes.mini.gradients import Batch, Learnt, loss_of
from printroom.runtimes.mini.tensors import checked, read, written
from printroom.runtimes.mini.words import FEATURES

WORD_STEPS, CORRECTION_STEPS = 120, 120
WORD_RATE, CORRECTION_RATE = 1e-2, 1.5e-3
PULL = 2e-3
"""How much a word is drawn back to what the reader told."""
WORD_BATCH, PHOTO_BATCH, REPLAY_BATCH = 32, 24, 20
REPLAYS = 6
"""Of each style but the photo."""
BETAS = 0.9, 0.999
EVERY = 20
"""Steps between two checkpoints."""
Replay = Callable[[Floats, Floats, Floats], Floats]
"""Words said, the person's vector for each, noise -> latents drawn with them."""


@dataclass
class Course:
    """Where learning stands."""

    learnt: Learnt
    step: int = 0
    means: Learnt = field(default_factory=dict)
    squares: Learnt = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Nothing is left to learn."""
        return self.step >= WORD_STEPS + CORRECTION_STEPS

    def move(self, slopes: Learnt, rate: float, turn: int) -> None:
        """One step of Adam along the slopes."""
        first, second = BETAS
        for name, slope in slopes.items():
            mean = self.means.setdefault(name, np.zeros_like(slope))
            square = self.squares.setdefault(name, np.zeros_like(slope))
            mean += (1 - first) * (slope - mean)
            square += (1 - second) * (slope**2 - square)
            step = mean / (1 - first**turn) / (np.sqrt(square / (1 - second**turn)) + 1e-8)
            self.learnt[name] -= np.float32(rate) * step


@dataclass(frozen=True)
class Lesson:
    """What there is to learn from."""

    denoiser: Denoiser
    shapes: dict[str, tuple[int, ...]]
    """Of what is learnt, by name."""
    latents: Floats
    start: Floats
    """The person's vector, as the reader tells it."""
    replay: Replay
    seed: int
    key: str
    """Names the pictures, the seed and the base: whose checkpoint it is."""

    def learn(self, told: Told, checkpoint: Path | None) -> Learnt:
        """All of it; goes on from the checkpoint."""
        course = resumed(checkpoint, self) or Course({"person": self.start.copy()})
        total = WORD_STEPS + CORRECTION_STEPS
        while course.step < WORD_STEPS:
            self._word(course)
            self._tell(course, told, total, checkpoint, "word")
        if not course.done:
            replays = self._replays(course.learnt["person"])
            if course.step == WORD_STEPS:
                course.learnt |= self._corrections()
                course.means, course.squares = {}, {}
            while not course.done:
                self._correct(course, replays)
                self._tell(course, told, total, checkpoint, "corrections")
        return course.learnt

    def _word(self, course: Course) -> None:
        random = np.random.default_rng((self.seed, course.step))
        chosen = random.integers(len(self.latents), size=WORD_BATCH)
        batch = self._batch(random, self.latents[chosen], said("photo", WORD_BATCH))
        _, slopes = loss_of(self.denoiser, batch, course.learnt)
        slope = slopes["person"] + PULL * (course.learnt["person"] - self.start)
        course.step += 1
        course.move({"person": slope}, WORD_RATE * _falling(course.step, WORD_STEPS), course.step)

    def _correct(self, course: Course, replays: Floats) -> None:
        random = np.random.default_rng((self.seed, course.step))
        photos = random.integers(len(self.latents), size=PHOTO_BATCH)
        style = random.integers(len(replays), size=REPLAY_BATCH)
        drawn = replays[style, random.integers(REPLAYS, size=REPLAY_BATCH)]
        words = np.concatenate([said("photo", PHOTO_BATCH), OTHERS[style]])
        batch = self._batch(random, np.concatenate([self.latents[photos], drawn]), words)
        _, slopes = loss_of(self.denoiser, batch, course.learnt)
        del slopes["person"]
        course.step += 1
        turn = course.step - WORD_STEPS
        course.move(slopes, CORRECTION_RATE * _falling(turn, CORRECTION_STEPS), turn)

    def _batch(self, random: np.random.Generator, z: Floats, words: Floats) -> Batch:
        noise = random.standard_normal(z.shape, np.float32)
        t = 1 / (1 + np.exp(-random.standard_normal(len(z), np.float32)))
        return Batch(z, noise, t, words)

    def _replays(self, person: Floats) -> Floats:
        """(styles but the photo, REPLAYS, latents)."""
        words = np.repeat(OTHERS, REPLAYS, axis=0)
        random = np.random.default_rng((self.seed, 2**31))
        noise = random.standard_normal((len(words), self.latents.shape[1]), np.float32)
        drawn = self.replay(words, np.tile(person, (len(words), 1)), noise)
        return drawn.reshape(len(OTHERS), REPLAYS, -1)

    def _corrections(self) -> Learnt:
        """At first they change nothing: one of the two matrices is 0."""
        random = np.random.default_rng((self.seed, 2**31 + 1))
        made: Learnt = {}
        for name, shape in sorted(self.shapes.items()):
            if name.endswith(".thin"):
                made[name] = random.standard_normal(shape, np.float32) / np.float32(shape[0] ** 0.5)
            elif name.endswith(".wide"):
                made[name] = np.zeros(shape, np.float32)
        return made

    def _tell(
        self, course: Course, told: Told, total: int, checkpoint: Path | None, what: str
    ) -> None:
        if checkpoint is not None and course.step % EVERY == 0 and not course.done:
            keep(checkpoint, course, self.key)
        told(course.step / total, what)


def said(style: str, rows: int) -> Floats:
    """Nothing but a style, `rows` times."""
    row = np.zeros((rows, len(FEATURES) + len(STYLES)), np.float32)
    row[:, len(FEATURES) + STYLES.index(style)] = 1
    return row


OTHERS = np.concatenate([said(style, 1) for style in STYLES if style != "photo"])


def keep(path: Path, course: Course, key: str) -> None:
    """Write where learning stands."""
    groups = {"learnt": course.learnt, "mean": course.means, "square": course.squares}
    arrays = {
        f"{group} {name}": array for group, part in groups.items() for name, array in part.items()
    }
    partial = path.with_suffix(".part")
    partial.write_bytes(written(arrays, {"key": key, "step": str(course.step)}))
    partial.replace(path)


def resumed(path: Path | None, lesson: Lesson) -> Course | None:
    """From a checkpoint; None when there is none, or one of something else."""
    if path is None or not path.exists():
        return None
    with contextlib.suppress(BadModel, KeyError, ValueError):
        arrays, notes = read(path.read_bytes())
        if notes.get("key") == lesson.key:
            course = Course({}, int(notes["step"]))
            groups = {"learnt": course.learnt, "mean": course.means, "square": course.squares}
            shapes = {name: lesson.shapes[name.partition(" ")[2]] for name in arrays}
            for name, array in checked(arrays, shapes).items():
                group, _, what = name.partition(" ")
                groups[group][what] = array
            return course
    return None


def _falling(turn: int, turns: int) -> float:
    return 1 - 0.9 * turn / turns
