"""Train one net for a number of steps, and go on where a run was stopped.

net, the loss of a step -> the net with its weights averaged over the last steps
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

EVERY = 100
"""Steps between two checkpoints."""
Say = Callable[[str], None]
Net = TypeVar("Net", bound=nn.Module)
StepLoss = Callable[[np.random.Generator], Tensor]
"""Draws a batch with the random numbers given and returns its loss."""


@dataclass(frozen=True)
class Course:
    """How long, and how fast."""

    steps: int
    rate: float
    decay: float = 0.01
    warm: int = 100
    """Steps in which the rate rises; then it falls along half a cosine."""

    def at(self, step: int) -> float:
        """The rate of a step."""
        rest = 0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * step / self.steps))
        return self.rate * min(1.0, (step + 1) / self.warm) * rest


def fit(net: Net, loss: StepLoss, course: Course, kept: Path, say: Say) -> Net:
    """Train; `kept` holds the checkpoint, and the end result."""
    mean = copy.deepcopy(net)
    optimiser = torch.optim.AdamW(net.parameters(), lr=course.rate, weight_decay=course.decay)
    step = _resumed(kept, net, mean, optimiser)
    total, started = 0.0, time.process_time()
    while step < course.steps:
        for group in optimiser.param_groups:
            group["lr"] = course.at(step)
        torch.manual_seed(step)
        value = loss(np.random.default_rng(step))
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        step += 1
        _follow(mean, net, min(0.998, (1 + step) / (10 + step)))
        total += float(value.detach())
        if step % EVERY == 0 or step == course.steps:
            used = time.process_time() - started
            say(f"{kept.stem}: step {step}, loss {total / EVERY:.4f}, {used:.0f} CPU-s")
            total = 0.0
            _keep(kept, net, mean, optimiser, step)
    mean.eval()
    return mean


def half() -> torch.autocast:
    """Numbers of 16 bits inside: on CPUs that have them a third of the time, and no worse."""
    return torch.autocast("cpu", torch.bfloat16)


@torch.no_grad()  # type: ignore[untyped-decorator]
def _follow(mean: nn.Module, net: nn.Module, share: float) -> None:
    old, new = list(mean.parameters()), list(net.parameters())
    torch._foreach_lerp_(old, new, 1 - share)


def _keep(
    kept: Path, net: nn.Module, mean: nn.Module, optimiser: torch.optim.Optimizer, step: int
) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    state = {"net": net.state_dict(), "mean": mean.state_dict(), "step": step}
    partial = kept.with_suffix(".part")
    torch.save(state | {"optimiser": optimiser.state_dict()}, partial)
    partial.replace(kept)


def _resumed(kept: Path, net: nn.Module, mean: nn.Module, optimiser: torch.optim.Optimizer) -> int:
    if not kept.exists():
        return 0
    state = torch.load(kept, weights_only=True)
    net.load_state_dict(state["net"])
    mean.load_state_dict(state["mean"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"])
