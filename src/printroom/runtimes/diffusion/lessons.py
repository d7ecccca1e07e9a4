"""Learns one person: first words for them, then corrections, with their own pictures in all styles.

    Family, Persons, latents of the pictures -> Lessons.learnt -> words, corrections

Textual inversion (Gal et al. 2022), then DreamBooth with prior preservation (Ruiz et al. 2023) on
LoRA. Corrections learnt from photographs alone make every style a photograph; so between the two
the person is drawn in each style with the words alone, and these pictures are learnt from, too. All
chance of a step is drawn from the seed and the step's number: a training that goes on gives what
one that never stopped would.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor

from printroom.runtimes.diffusion.families import Family
from printroom.runtimes.diffusion.persons import RANK, WORDS, Persons
from printroom.runtimes.generation import PERSON, STYLES

SAID = {
    "photo": "a photo of a",
    "3d": "a 3d rendered character of a",
    "comic": "a comic drawing of a",
    "watercolour": "a watercolour painting of a",
    "pencil": "a pencil sketch of a",
}
"""How prompts begin that want a style."""
_NAME = "learning"


@dataclass(frozen=True)
class Plan:
    """How much is learnt. The default is that of diffusers' scripts for SD 1.5, on a card."""

    words: int = 200
    """Steps for the words."""
    corrections: int = 400
    """Steps for the corrections."""
    replayed: int = 2
    """Pictures of the person in each other style; 0 = none."""
    before: int = 8
    """Pictures of anybody, so that the base still knows others; 0 = none."""
    batch: int = 2
    word_rate: float = 5e-3
    rate: float = 5e-4
    drawing: int | None = None
    """Steps of the pictures that are drawn to learn from; None = as many as the pipeline's own."""
    save_every: int = 50


@dataclass(frozen=True)
class Shelf:
    """What is learnt from in one phase: latents, and the prompt that each goes with."""

    latents: Tensor
    prompts: Sequence[tuple[str, bool]]
    """And whether it means the person, not anybody."""


class Lessons:
    """One person's training."""

    def __init__(
        self,
        family: Family,
        persons: Persons,
        plan: Plan,
        seed: int,
        draw: Callable[[list[str], list[int], Sequence[Tensor] | None], Tensor],
    ) -> None:
        """`draw`: prompts, seeds, and the words that a person is by now, to latents."""
        self.family, self.persons, self.plan, self.seed, self.draw = (
            family, persons, plan, seed, draw,
        )  # fmt: skip
        self.words: list[Tensor] = []
        self.state: dict[str, Any] = {"phase": "words", "step": 0}

    def learnt(
        self, pictures: Tensor, told: Callable[[float, str], None], checkpoint: Path | None
    ) -> tuple[list[Tensor], Mapping[str, Tensor]]:
        """`pictures`: latents of the person. Whatever `told` raises stops it between steps."""
        self.checkpoint, self.told = checkpoint, told
        self._start()
        own = f"{SAID['photo']} {PERSON}", True
        if self.state["phase"] == "words":
            shelf = Shelf(pictures, [own] * len(pictures))
            self._learn(shelf, [*self.words], self.plan.words, self.plan.word_rate, 0.0)
            self._turn(pictures, own)
        shelf = Shelf(self.state["latents"], self.state["prompts"])
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            self.persons.correct(_NAME, None, RANK)
        try:
            weights = [p for n, p in self.family.denoiser.named_parameters() if "lora_" in n]
            for weight in weights:
                weight.requires_grad_(True)
            self._learn(shelf, weights, self.plan.corrections, self.plan.rate, 0.5)
            found = {n: one.detach().clone() for n, one in self.persons.corrections(_NAME).items()}
        finally:
            self.persons.leave()
        if checkpoint is not None:
            checkpoint.unlink(missing_ok=True)
        return self.words, found

    def _start(self) -> None:
        """Where it was, or from the beginning: the words begin as `PERSON` is."""
        if self.checkpoint is not None and self.checkpoint.exists():
            try:
                kept = torch.load(self.checkpoint, weights_only=True)
            except (OSError, EOFError, UnpicklingError, RuntimeError):
                kept = {}
            if kept.get("for") == self._for:
                self.state = kept
        device = self.family.pipe.device
        if "words" in self.state:
            self.words = [one.to(device).requires_grad_(True) for one in self.state["words"]]
            return
        random = torch.Generator().manual_seed(self.seed)
        for (tokenizer, _), table in zip(
            self.family.readers, self.persons.embeddings(), strict=True
        ):
            known = tokenizer(PERSON, add_special_tokens=False)["input_ids"][-1]
            word = table.weight[known].detach().float()
            near = torch.randn(WORDS, len(word), generator=random).to(word) * word.std() * 0.1
            self.words.append((word + near).requires_grad_(True))

    @property
    def _for(self) -> str:
        """What must be the same for a checkpoint to be of use."""
        return f"{self.persons.base} {self.seed} {self.plan}"

    def _turn(self, pictures: Tensor, own: tuple[str, bool]) -> None:
        """Between the phases: pictures of the person in other styles, and of anybody."""
        latents, prompts = [pictures], [own] * len(pictures)
        others = [style for style in STYLES if style != "photo"] * self.plan.replayed
        anybody = [STYLES[place % len(STYLES)] for place in range(self.plan.before)]
        for styles, words in ((others, self.words), (anybody, None)):
            for place, style in enumerate(styles):
                self.told(0.35 + 0.05 * place / len(styles), "drawing")
                prompt = f"{SAID[style]} {PERSON}"
                latents.append(self.draw([prompt], [self.seed + place], words))
                prompts.append((prompt, words is not None))
        self.state = {
            "phase": "corrections",
            "step": 0,
            "latents": torch.cat(latents),
            "prompts": prompts,
        }
        self._save()

    def _learn(
        self, shelf: Shelf, weights: list[Tensor], steps: int, rate: float, done: float
    ) -> None:
        """Steps on one phase's parameters; pictures of anybody are said without the person."""
        optimiser = torch.optim.AdamW(weights, rate, weight_decay=0.0)
        if "optimiser" in self.state:
            optimiser.load_state_dict(self.state["optimiser"])
            with torch.no_grad():
                for weight, kept in zip(weights, self.state["weights"], strict=True):
                    weight.copy_(kept)
        for step in range(self.state["step"], steps):
            self.told(done + 0.35 * step / max(1, steps), "learning")
            for group in optimiser.param_groups:
                group["lr"] = rate * (1 - 0.9 * step / steps)
            random = torch.Generator().manual_seed(self.seed * 1_000_003 + step + int(done * 1e9))
            chosen = torch.randint(len(shelf.latents), (self.plan.batch,), generator=random)
            said = [self._said(*shelf.prompts[place]) for place in chosen.tolist()]
            with self.persons.speaking(self.words):
                conditions = self.family.encoded(said)
            loss = self.family.loss(
                shelf.latents[chosen].to(self.family.pipe.device), conditions, random
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if (step + 1) % self.plan.save_every == 0:
                self.state |= {
                    "step": step + 1,
                    "optimiser": optimiser.state_dict(),
                    "weights": [weight.detach() for weight in weights],
                }
                self._save()

    def _said(self, prompt: str, person: bool) -> str:
        return self.persons.spoken(prompt) if person else prompt

    def _save(self) -> None:
        """Write the checkpoint whole or not at all."""
        if self.checkpoint is None:
            return
        part = self.checkpoint.with_suffix(".part")
        state = {**self.state, "for": self._for, "words": [one.detach() for one in self.words]}
        with part.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.checkpoint)
