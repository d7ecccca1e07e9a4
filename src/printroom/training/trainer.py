"""A training that can be killed at any moment and goes on as if nothing had been.

Options, a net, pairs -> Trainer -> checkpoint.pt, written whole, and a score shown: BadOption
  pairs, made ahead by processes of their own or on the device -> a step

All chance of a step is drawn from the seed and the step's number, so a training that goes on gives
the weights of one that never stopped (on a CPU, with as many threads). The learning rate is flat,
then falls linearly to zero over the last half: a finished run can go on too, with more `--steps`.
The loss is absolute, so that odd pixels and hard pictures do not rule: the papers' mean of PSNRs
counts easy pictures as much. A net whose pictures should look sharp rather than be near has an
adversary from some step on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from printroom.core.errors import BadOption
from printroom.training.adversary import SLOWER, Adversary
from printroom.training.judging import Array, Run
from printroom.training.pairs import MakePair, batch
from printroom.training.shrunk import Shrunk
from printroom.training.telling import Steps, tell

CHECKPOINT = "checkpoint.pt"
WARM_UP = 200
"""Steps over which the rate rises."""
FALLING = 0.5
"""Share of the steps over which the rate falls."""
FINE = 0.05
"""Share of the steps, the last, that compute with all bits."""
SLOWLY = 0.05
"""Rate of Adam over Muon's beside it."""
WIDTHS = (16, 32)
"""Bits of numbers that a chain may compute with."""
LUMA = (0.299, 0.587, 0.114)
AHEAD = 4
"""Batches that each worker may be ahead."""


@dataclass(frozen=True)
class Options:
    """What a run may vary. A recipe has its own defaults; the card names what differs from them."""

    steps: int = 10_000
    """Optimiser steps in all."""
    batch: int = 4
    """Patches a step."""
    patch: int = 96
    """Side of an input patch in pixels."""
    rate: float = 0.003
    """Learning rate of the flat part: Muon's, or Adam's of nets that are not learnt by it."""
    channels: int = 48
    """A multiple of 16 is fastest."""
    layers: int = 6
    """3x3 convolutions between the first and the last."""
    data_kind: str = "permitted"
    """`permitted`, `wide`, `research` (names the model ...-research) or `own`."""
    leaves: int = 500
    """Dead leaves pictures drawn."""
    fabrics: int = 0
    """Pictures of cloth drawn."""
    start: str = ""
    """A checkpoint whose weights to start from; empty = from nothing. The net may be deeper."""
    version: int = 1
    """Of the model, on its card."""
    seed: int = 0
    report_every: int = 500
    """Steps between checkpoints, each with a score."""
    device: str = "cpu"
    """Or `cuda`."""
    bits: int = 32
    """Of the numbers that a chain computes with: 32, or 16 (bfloat16), but for the last steps."""
    threads: int = 0
    """CPU threads; 0 = torch's default."""
    workers: int = 0
    """Processes that make pairs ahead, for a fast `device`; 0 = made between the steps. Pairs that
    are `Shrunk` are made on the device in any case."""


IRRELEVANT = {"report_every", "device", "threads", "workers", "version"}
"""Options that do not change what is learnt."""


def rate_at(step: int, options: Options) -> float:
    """Learning rate: warm-up, flat, linear to zero."""
    remaining = (options.steps - step) / (options.steps * FALLING)
    return options.rate * max(0.0, min(1.0, (step + 1) / WARM_UP, remaining))


def loss_of(result: Tensor, target: Tensor) -> Tensor:
    """Error of luma plus half of that of RGB: the eye, and the papers, judge luma."""
    error = result - target
    on_luma = (error * error.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1)
    return on_luma.abs().mean() + 0.5 * error.abs().mean()


MakeBatch = Callable[[int, np.random.Generator], tuple[Tensor, Tensor]]
"""(how many, random) -> pairs."""
Loss = Callable[[Tensor, Tensor], Tensor]
"""(result, target) -> a number to make small."""


class Watched(Protocol):
    """What the progress shows: an `Exam`, or another test with a name."""

    @property
    def name(self) -> str: ...

    def score(self, run: Run) -> float:
        """In dB; `run` is the net as it is now."""


class Trainer:
    """The net, the mean of its weights over time, the optimiser, and how far they are."""

    def __init__(
        self,
        out: Path,
        build: Callable[[], nn.Module],
        options: Options,
        loss: Loss = loss_of,
        adversary: Adversary | None = None,
    ) -> None:
        """Train what `build` makes; go on from `out`/checkpoint.pt if it is there.

        Raises BadOption if the checkpoint does not fit the net, or for other `bits`.
        """
        if options.bits not in WIDTHS:
            raise BadOption(f"there are no numbers of {options.bits} bits", "take --bits 16 or 32")
        torch.manual_seed(options.seed)
        cv2.setNumThreads(1)
        if options.threads:
            torch.set_num_threads(options.threads)
        self.options, self.loss = options, loss
        self.checkpoint = out / CHECKPOINT
        self.device = device_of(options.device)
        self.net = build().to(self.device)
        self.mean = build().to(self.device)
        """Exponential moving average of the weights: the one that is shipped."""
        self.chains = [part for part in self.net.modules() if hasattr(part, "halved")]
        on_gpu = self.device.type == "cuda"
        torch.backends.cuda.matmul.allow_tf32 = on_gpu  # as its convolutions do of themselves
        torch.backends.cudnn.benchmark = on_gpu  # batches are all of one size
        self.optimisers = optimisers_of(self.net, on_gpu)
        self.adversary = None if adversary is None else adversary.to(self.device)
        self.step, self.seconds = 0, 0.0
        if self.checkpoint.exists():
            self.load()
        elif options.start:
            self.net.load_state_dict(self.state(Path(options.start), deeper=True)["mean"])
        if not self.step:
            self.mean.load_state_dict(self.net.state_dict())

    def state(self, checkpoint: Path, deeper: bool = False) -> dict[str, Any]:
        """A checkpoint's parts, after a look at whether they fit the net, or one less `deeper`.

        What the mean of weights lacks for that is zero: convolutions that pass values on.
        """
        try:
            state: dict[str, Any] = torch.load(
                checkpoint, map_location=self.device, weights_only=True
            )
            own = self.mean.state_dict().items()
            lacking = {name: torch.zeros_like(value) for name, value in own} if deeper else {}
            state["mean"] = lacking | state["mean"]
            self.mean.load_state_dict(state["mean"])
        except (OSError, EOFError, KeyError, RuntimeError, UnpicklingError) as error:
            raise BadOption(
                f"{checkpoint} is no checkpoint of this net ({type(error).__name__})",
                "give the options it was trained with, or another --out; those of older versions, "
                "whose weights had another form, do not go on",
            ) from error
        return state

    def load(self) -> None:
        """Go back to the last checkpoint."""
        state = self.state(self.checkpoint)
        for name, part in self.parts().items():
            part.load_state_dict(state[name])
        self.step, self.seconds = state["step"], state["seconds"]

    def parts(self) -> dict[str, Any]:
        """What a checkpoint holds the state of."""
        names = ("net", "mean", *(("adversary",) if self.adversary else ()))
        return {name: getattr(self, name) for name in names} | self.optimisers

    def save(self) -> None:
        """Write the checkpoint whole or not at all."""
        part = self.checkpoint.with_suffix(".part")
        state = {name: part.state_dict() for name, part in self.parts().items()}
        with part.open("wb") as file:
            torch.save(state | {"step": self.step, "seconds": self.seconds}, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.checkpoint)

    def batches(self, make: MakePair | Shrunk) -> Iterator[tuple[Tensor, Tensor]]:
        """The pairs of the steps to come, each (n, 3, h, w) and (n, 3, s h, s w)."""
        options, steps = self.options, range(self.step, self.options.steps)
        made: MakeBatch
        if isinstance(make, Shrunk):
            made, workers, elsewhere = make.to(self.device).batch, 0, False
        else:
            made, workers = partial(batch, make), options.workers
            elsewhere = self.device.type == "cuda"
        loader: DataLoader[tuple[Tensor, Tensor]] = DataLoader(
            _Batches(made, options.batch, options.seed),
            batch_size=None,
            sampler=steps,
            num_workers=workers,
            prefetch_factor=AHEAD if workers else None,
            pin_memory=elsewhere,
        )
        batches = iter(loader)
        for _ in steps:
            began = time.process_time()
            source, target = next(batches)
            self.seconds += time.process_time() - began
            yield source, target

    def advance(self, source: Tensor, target: Tensor) -> Tensor:
        """One step on a batch; returns the loss, still on the device."""
        began = time.process_time()
        adversary = self.adversary
        if adversary is not None and not adversary.joins(self.step, self.options.steps):
            adversary = None
        if adversary is not None and not adversary.before:
            adversary.before = {name: v.clone() for name, v in self.mean.state_dict().items()}
        rate = rate_at(self.step, self.options) * (SLOWER if adversary else 1)
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = rate * group["pace"]
        source, target = (part.to(self.device, non_blocking=True) for part in (source, target))
        fine = self.step >= self.options.steps * (1 - FINE)
        for chain in self.chains:
            chain.halved = self.options.bits == 16 and not fine
        result = self.net(source)
        loss = self.loss(result, target)
        if adversary:
            loss = loss + adversary.loss(result, target)
        self.net.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 0.5)
        for optimiser in self.optimisers.values():
            optimiser.step()
        if adversary:
            adversary.learn(result.detach(), target)
        self.step += 1
        self.average()
        self.seconds += time.process_time() - began
        return loss.detach()

    def average(self) -> None:
        """Bring the mean nearer to the net, the more so the earlier it is."""
        pace = min(0.999, self.step / (self.step + 100))
        kept, new = (list(net.parameters()) for net in (self.mean, self.net))
        with torch.no_grad():
            torch._foreach_lerp_(kept, new, 1 - pace)

    def run(self, pictures: Array) -> Array:
        """What the mean makes of a batch; a `judging.Run`."""
        with torch.inference_mode():
            batch = torch.from_numpy(pictures).to(self.device)
            result: Array = self.mean(batch).cpu().numpy()
        return result


def optimisers_of(net: nn.Module, on_gpu: bool) -> dict[str, torch.optim.Optimizer]:
    """Name in a checkpoint -> what learns: Adam, and Muon for the matrices of nets that ask for it.

    Muon's steps turn and stretch a kernel alike in all directions (Jordan et al. 2024), so its
    rates are larger.
    """
    matrices, others, pace = [], list(net.parameters()), 1.0
    if getattr(net, "orthogonal", False):
        matrices, others = ([p for p in others if (p.ndim == 2) == two] for two in (True, False))
        pace = SLOWLY
    found: dict[str, torch.optim.Optimizer] = {}
    found["optimiser"] = torch.optim.Adam(
        [{"params": others, "pace": pace}], betas=(0.9, 0.99), fused=on_gpu
    )
    if matrices:
        found["muon"] = torch.optim.Muon([{"params": matrices, "pace": 1.0}], weight_decay=0)
    return found


class _Batches(Dataset[tuple[Tensor, Tensor]]):  # type: ignore[misc]
    """The batch of each step, by its number."""

    def __init__(self, make: MakeBatch, count: int, seed: int) -> None:
        self.make, self.count, self.seed = make, count, seed

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        return self.make(self.count, np.random.default_rng([self.seed, step]))


def device_of(name: str) -> torch.device:
    """Raises BadOption for a device that torch does not have."""
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise BadOption(f"no device {name!r}: {str(error).splitlines()[0]}", "take cpu") from error
    return device


def train(trainer: Trainer, make: MakePair | Shrunk, watched: Watched | None) -> None:
    """Run to the last step, with a progress bar, a checkpoint and a score every so often."""
    options = trainer.options
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    steps = Steps()
    with Progress(*columns) as progress:
        bar = progress.add_task("training", total=options.steps, completed=trainer.step)
        for source, target in trainer.batches(make):
            loss = trainer.advance(source, target)
            progress.update(bar, completed=trainer.step)
            steps.tell(trainer.step, options.steps)
            if trainer.step % options.report_every == 0 or trainer.step == options.steps:
                trainer.save()
                score = watched.score(trainer.run) if watched else None
                shown = f"  {watched.name} {score:.2f} dB" if watched else ""
                progress.print(
                    f"step {trainer.step}  loss {loss:.4f}{shown}  {trainer.seconds:.0f} CPU-s"
                )
                watch = {} if watched is None else {"watched": watched.name, "score": score}
                tell(step=trainer.step, of=options.steps, loss=float(loss), **watch, saved=True)
