"""A training on poems that can be killed at any moment and goes on.

Poems, Options -> Training -> OUT/checkpoint.pt, best.pt, written whole          BadOption

All chance of a step is drawn from the seed and the step's number. The learning rate falls to zero
as a cosine. What is shipped is the mean of the weights over time, as it was when its perplexity,
with the lengths of lines told, was lowest.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from torch import nn

from printroom.core.errors import BadOption
from printroom.training.telling import Steps, tell
from printroom.training.trainer import device_of
from printroom.training.verse.net import Verse, loss_of, perplexity
from printroom.training.verse.poems import Batch, Poems, batches

CHECKPOINT, BEST = "checkpoint.pt", "best.pt"
WARM_UP = 200
"""Steps over which the rate rises."""


@dataclass(frozen=True)
class Options:
    """What a run may vary."""

    epochs: int = 8
    batch: int = 64
    """Poems a step."""
    rate: float = 2e-3
    """Learning rate of Adam at its highest."""
    words: int = 8000
    """In the vocabulary, the most frequent ones, with the marks."""
    width: int = 256
    """Of a word's vector."""
    hidden: int = 512
    """Of the first of two LSTM layers."""
    dropout: float = 0.35
    themed: float = 0.5
    """Share of poems of which a theme is told."""
    told: float = 0.7
    """Share of poems of which the lengths of lines are told, and of which the style is."""
    bits: int = 32
    """Of sums; 16 is bfloat16, faster where the processor has it."""
    seed: int = 0
    report_every: int = 500
    """Steps between checkpoints."""
    threads: int = 0
    """CPU threads; 0 = torch's default."""
    device: str = "cpu"
    """Or `cuda`."""


IRRELEVANT = {"report_every", "threads", "device"}
"""Options that do not change what is learnt."""


class Training:
    """The net, the mean of its weights, the optimiser, and how far they are."""

    def __init__(self, poems: Poems, out: Path, options: Options) -> None:
        """Goes on from `out`/checkpoint.pt if it is there; BadOption if that does not fit."""
        if options.bits not in (16, 32):
            raise BadOption(f"sums cannot have {options.bits} bits", "take --bits 16 or 32")
        torch.manual_seed(options.seed)
        if options.threads:
            torch.set_num_threads(options.threads)
        self.poems, self.out, self.options = poems, out, options
        self.device = device_of(options.device)
        shape = (len(poems.words), options.width, options.hidden, options.dropout)
        self.net = Verse(*shape).to(self.device)
        self.mean = Verse(*shape).to(self.device).eval()
        self.mean.load_state_dict(self.net.state_dict())
        self.optimiser = torch.optim.AdamW(self.net.parameters(), options.rate, weight_decay=0.01)
        self.each = math.ceil(len(poems.learnt) / options.batch)
        """Steps of an epoch."""
        self.step, self.seconds, self.best = 0, 0.0, math.inf
        if (out / CHECKPOINT).exists():
            self.load()

    @property
    def steps(self) -> int:
        """In all."""
        return self.each * self.options.epochs

    def load(self) -> None:
        """Go back to the last checkpoint."""
        state = self.read(CHECKPOINT)
        try:
            for name in ("net", "mean", "optimiser"):
                getattr(self, name).load_state_dict(state[name])
            self.step, self.seconds, self.best = (state[n] for n in ("step", "seconds", "best"))
        except (KeyError, RuntimeError, ValueError) as error:
            raise BadOption(
                f"{self.out / CHECKPOINT} is no checkpoint of this net",
                "give the same --words, --width and --hidden, or another --out",
            ) from error

    def read(self, name: str) -> dict[str, Any]:
        """A file of this training. Raises BadOption."""
        try:
            found = torch.load(self.out / name, map_location=self.device, weights_only=True)
            return dict(found)
        except (OSError, EOFError, RuntimeError, UnpicklingError) as error:
            raise BadOption(f"{self.out / name} cannot be read", "give another --out") from error

    def advance(self, given: Batch) -> float:
        """One step; returns the loss."""
        began, options = time.process_time(), self.options
        rise = min(1.0, (self.step + 1) / WARM_UP)
        fall = 0.5 + 0.5 * math.cos(math.pi * self.step / self.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = options.rate * rise * fall
        torch.manual_seed(options.seed * 1_000_003 + self.step)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=options.bits == 16):
            loss = loss_of(self.net, given)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimiser.step()
        pace = min(0.998, self.step / (self.step + 100))
        with torch.no_grad():
            kept, new = (list(net.parameters()) for net in (self.mean, self.net))
            torch._foreach_lerp_(kept, new, 1 - pace)
        self.step += 1
        self.seconds += time.process_time() - began
        return float(loss.detach())

    def report(self) -> tuple[float, float]:
        """Perplexity as it is now, and that with lengths told; keeps all, and what is best."""
        plain, told = (perplexity(self.mean, self.poems.aside, told=told) for told in (False, True))
        self.best = min(self.best, told)
        numbers = {"step": self.step, "seconds": self.seconds, "best": self.best}
        if told == self.best:
            self._save(BEST, {"mean": self.mean.state_dict(), "plain": plain, **numbers})
        state = {name: getattr(self, name).state_dict() for name in ("net", "mean", "optimiser")}
        self._save(CHECKPOINT, state | numbers)
        return plain, told

    def run(self) -> None:
        """To the last step, with a progress bar."""
        options, steps = self.options, Steps()
        columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns) as progress:
            bar = progress.add_task("training", total=self.steps, completed=self.step)
            while self.step < self.steps:
                epoch, done = divmod(self.step, self.each)
                for at, given in enumerate(self._batches(epoch)):
                    if at < done:
                        continue
                    loss = self.advance(given)
                    progress.update(bar, completed=self.step)
                    steps.tell(self.step, self.steps)
                    if self.step % options.report_every == 0 or self.step == self.steps:
                        plain, told = self.report()
                        progress.print(
                            f"step {self.step}  loss {loss:.3f}  perplexity {plain:.1f}, "
                            f"lengths told {told:.1f}  {self.seconds:.0f} CPU-s"
                        )
                        watch = {"watched": "perplexity, lengths told", "score": told}
                        tell(step=self.step, of=self.steps, loss=loss, **watch, saved=True)

    def _batches(self, epoch: int) -> Iterator[Batch]:
        options = self.options
        seed = options.seed * 1000 + epoch
        made = batches(self.poems, options.batch, seed, themed=options.themed, told=options.told)
        return (given.to(self.device) for given in made)

    def _save(self, name: str, state: dict[str, Any]) -> None:
        """Whole or not at all."""
        part = self.out / f"{name}.part"
        with part.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.out / name)
