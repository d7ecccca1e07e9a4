"""One net, trained in steps that can be killed at any of them.

net, loss of a step, Fit -> checkpoint, written whole; the mean of the weights over time: BadOption

All chance of a step comes from the seed and its number. The learning rate is flat, then falls to
zero over the last part, so that a training can be made longer, or be brought to its end early.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Generic, TypeVar

import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from torch import Tensor, nn

from printroom.core.errors import BadOption

WARM_UP = 100
"""Steps over which the rate rises."""
LOSS_PACE = 0.99
"""How slowly the loss that is shown follows the last one."""
Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True)
class Fit:
    """How one net is trained."""

    steps: int
    rate: float
    """Of AdamW, where it is flat."""
    falling: float = 0.35
    """Share of the steps over which the rate falls to zero."""
    seed: int = 0
    report_every: int = 200
    """Steps between checkpoints."""


def rate_at(step: int, fit: Fit) -> float:
    """Learning rate: warm-up, flat, linear to zero."""
    remaining = (fit.steps - step) / (fit.steps * fit.falling)
    return fit.rate * max(0.0, min(1.0, (step + 1) / WARM_UP, remaining))


class Training(Generic[Net]):
    """A net, the mean of its weights, its optimiser, and how far they are."""

    def __init__(self, checkpoint: Path, net: Net, fit: Fit) -> None:
        """Go on from `checkpoint` if it is there; BadOption if it is of another net."""
        self.checkpoint, self.net, self.fit = checkpoint, net, fit
        self.mean = copy.deepcopy(net).eval().requires_grad_(False)
        self.optimiser = torch.optim.AdamW(net.parameters(), lr=fit.rate, weight_decay=0.01)
        self.step, self.seconds, self.loss = 0, 0.0, 0.0
        if checkpoint.exists():
            self._load()

    def run(self, title: str, loss_of: Callable[[Net, np.random.Generator], Tensor]) -> Net:
        """Train to the last step, with a progress bar; returns the mean."""
        columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns) as progress:
            bar = progress.add_task(title, total=self.fit.steps, completed=self.step)
            while self.step < self.fit.steps:
                self.advance(loss_of)
                progress.update(bar, completed=self.step)
                if self.step % self.fit.report_every == 0 or self.step == self.fit.steps:
                    self.save()
                    progress.print(
                        f"{title} {self.step}: loss {self.loss:.4f}, {self.seconds:.0f} CPU-s"
                    )
        mean: Net = self.mean
        return mean

    def advance(self, loss_of: Callable[[Net, np.random.Generator], Tensor]) -> None:
        """One step on the loss that `loss_of` makes for it."""
        began = time.process_time()
        random = np.random.default_rng([self.fit.seed, self.step])
        torch.manual_seed(int(random.integers(2**31)))
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.step, self.fit)
        loss = loss_of(self.net, random)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self._average()
        value = float(loss.detach())
        self.loss = value if self.step == 1 else value + LOSS_PACE * (self.loss - value)
        self.seconds += time.process_time() - began

    def _average(self) -> None:
        """Bring the mean nearer to the net, the more so the earlier it is."""
        pace = min(0.998, self.step / (self.step + 60))
        with torch.no_grad():
            torch._foreach_lerp_(
                list(self.mean.parameters()), list(self.net.parameters()), 1 - pace
            )

    def save(self) -> None:
        """Write the checkpoint whole or not at all."""
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        part = self.checkpoint.with_suffix(".part")
        state = {name: getattr(self, name).state_dict() for name in ("net", "mean", "optimiser")}
        with part.open("wb") as file:
            torch.save(
                state | {"step": self.step, "seconds": self.seconds, "loss": self.loss}, file
            )
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.checkpoint)

    def _load(self) -> None:
        try:
            state = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
            for name in ("net", "mean", "optimiser"):
                getattr(self, name).load_state_dict(state[name])
        except (OSError, EOFError, KeyError, RuntimeError, ValueError, UnpicklingError) as error:
            raise BadOption(
                f"{self.checkpoint} is no checkpoint of this net ({type(error).__name__})",
                "take another --out",
            ) from error
        self.step, self.seconds, self.loss = state["step"], state["seconds"], state["loss"]
