"""`DiffusionGenerator`: a folder of diffusers as a `PersonalizableGenerator`.

    folder, device -> DiffusionGenerator       BadModel NotFound

Loaded from this machine alone: nothing is fetched. No weights of others come with printroom.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from diffusers import DiffusionPipeline
from numpy.typing import NDArray
from torch import Tensor

from printroom.core.errors import BadModel, BadOption, NotFound, WrongBase
from printroom.runtimes.diffusion.families import Conditions, family_of
from printroom.runtimes.diffusion.lessons import SAID, Lessons, Plan
from printroom.runtimes.diffusion.persons import RANK, Persons
from printroom.runtimes.generation import STYLES, Adapter, Asked, Picture, Told

MOST_STEPS = 100
_WEIGHTS = ("*.safetensors", "*.bin", "*.json", "*.txt", "*.model")


class DiffusionGenerator:
    """A base, loaded. Safe from many threads: one pass at a time."""

    def __init__(
        self,
        folder: Path,
        *,
        device: str = "cpu",
        size: int | None = None,
        plan: Plan | None = None,
    ) -> None:
        """`size`: side of pictures in pixels; None = what the base was made for.

        Raises NotFound for no such folder, BadModel for one that holds no SD, SDXL or FLUX.
        """
        if not (folder / "model_index.json").is_file():
            raise NotFound(f"{folder} is no folder of diffusers", "it has a model_index.json")
        try:
            pipe = DiffusionPipeline.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                dtype=torch.float16 if device.startswith("cuda") else torch.float32,
                **_unneeded(folder),
            ).to(device)
        except (OSError, ValueError, KeyError, TypeError) as error:
            why = str(error).splitlines()[0]
            raise BadModel(f"{folder.name} cannot be loaded: {why}", "see diffusers") from error
        pipe.set_progress_bar_config(disable=True)
        self.name = folder.name
        self.base = digest_of(folder)
        self.family = family_of(pipe)
        self.persons = Persons(self.family, self.base)
        unit = pipe.vae_scale_factor * (2 if type(pipe).__name__ == "FluxPipeline" else 1)
        self.size = size or self._made_for(unit)
        if self.size % unit or self.size < unit:
            raise BadOption(f"{self.size} pixels do not fit the base", f"take a multiple of {unit}")
        self.plan = plan or Plan()
        self._lock = threading.Lock()

    def personalise(
        self,
        pictures: Sequence[Picture],
        *,
        seed: int = 0,
        told: Told | None = None,
        checkpoint: Path | None = None,
    ) -> bytes:
        """As the protocol has it."""
        if not pictures:
            raise BadOption("there are no pictures to learn from", "give it 15 of one person")
        with self._lock:
            latents = torch.cat([self._latents(_square(one, self.size)) for one in pictures])
            lessons = Lessons(self.family, self.persons, self.plan, seed, self._drawn_latents)
            words, lora = lessons.learnt(latents, told or _silent, checkpoint)
            return self.persons.written(words, lora, RANK)

    def load(self, file: bytes | Path) -> Adapter:
        """As the protocol has it."""
        return self.persons.read(file)

    def generate(self, asked: Sequence[Asked]) -> list[Picture]:
        """As the protocol has it; one pass for each number of steps."""
        for one in asked:
            _check(one, self.base)
        found: dict[int, Picture] = {}
        passes: defaultdict[int | None, list[int]] = defaultdict(list)
        for place, one in enumerate(asked):
            passes[one.steps].append(place)
        with self._lock:
            for steps, places in passes.items():
                pictures = self._pass([asked[place] for place in places], steps)
                found |= dict(zip(places, pictures, strict=True))
        return [found[place] for place in range(len(asked))]

    def familiar(self, picture: Picture) -> float:
        """1: such a base has seen photographs of everything."""
        del picture
        return 1.0

    def traits(self, picture: Picture) -> NDArray[np.float32]:
        """What the base sees in it, coarsely: it tells pictures apart that are nothing alike,
        not one face from another: nothing in such a folder does.
        """
        with self._lock:
            latents = self._latents(_square(picture, self.size))
        coarse = torch.nn.functional.adaptive_avg_pool2d(latents, 4).flatten()
        return np.asarray(coarse.cpu().numpy(), np.float32)

    def close(self) -> None:
        """Give the memory back."""
        self.family.pipe.to("meta")

    def _pass(self, asked: Sequence[Asked], steps: int | None) -> list[Picture]:
        randoms = [torch.Generator().manual_seed(one.seed) for one in asked]
        with torch.inference_mode(), self.persons.drawing([one.adapter for one in asked]):
            conditions = Conditions.joined([self._read(one) for one in asked])
            drawn = self.family.drawn(conditions, randoms, steps, self.size)
        pixels: Any = (drawn.float().clamp(0, 1) * 255).round().byte().cpu().numpy()
        return list(pixels)

    def _read(self, asked: Asked) -> Conditions:
        """The words of one picture, with the person's meanings while they are read."""
        prompt = asked.prompt
        if asked.style is not None:
            prompt = f"{SAID[asked.style]} {prompt}"
        if asked.adapter is None:
            return self.family.encoded([prompt])
        with self.persons.speaking(self.persons.meanings(asked.adapter)):
            return self.family.encoded([self.persons.spoken(prompt)])

    def _latents(self, picture: Picture) -> Tensor:
        """(1, channels, h, w), as the denoiser knows them."""
        vae = self.family.pipe.vae
        seen = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.no_grad():
            mean = vae.encode(seen.to(vae.device, vae.dtype)).latent_dist.mode()
        shift = getattr(vae.config, "shift_factor", None) or 0.0
        found: Tensor = (mean - shift) * vae.config.scaling_factor
        return found.float()

    def _drawn_latents(
        self, prompts: list[str], seeds: list[int], words: Sequence[Tensor] | None
    ) -> Tensor:
        """What the base draws, with a person's words or without, to learn from."""
        said = prompts if words is None else [self.persons.spoken(one) for one in prompts]
        randoms = [torch.Generator().manual_seed(seed) for seed in seeds]
        with torch.no_grad(), self.persons.speaking(words or []):
            conditions = self.family.encoded(said)
            drawn = self.family.drawn(conditions, randoms, self.plan.drawing, self.size)
        pixels = (drawn.float().clamp(0, 1) * 255).round().byte().cpu().numpy()
        return torch.cat([self._latents(one) for one in pixels])

    def _made_for(self, unit: int) -> int:
        config, pipe = self.family.denoiser.config, self.family.pipe
        sample = getattr(config, "sample_size", None) or getattr(pipe, "default_sample_size", 64)
        side: int = sample * pipe.vae_scale_factor // unit * unit
        return side


def digest_of(folder: Path) -> str:
    """`sha256:` over names and contents of the files that make a base what it is."""
    whole = hashlib.sha256()
    for path in sorted({path for kind in _WEIGHTS for path in folder.rglob(kind)}):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{path.relative_to(folder).as_posix()}\0{digest}\0".encode())
    return f"sha256:{whole.hexdigest()}"


def _unneeded(folder: Path) -> dict[str, None]:
    """Parts of a folder that nobody asks for here: what looks at results is a step of its own."""
    index = json.loads((folder / "model_index.json").read_text("utf-8"))
    return {name: None for name in ("safety_checker", "feature_extractor") if name in index}


def _check(asked: Asked, base: str) -> None:
    if asked.style is not None and asked.style not in STYLES:
        raise BadOption(f"there is no style {asked.style[:40]!r}", f"take {', '.join(STYLES)}")
    if not 0 <= asked.seed < 2**32:
        raise BadOption(f"{asked.seed} is no seed", "take 0 to 4294967295")
    if asked.steps is not None and not 1 <= asked.steps <= MOST_STEPS:
        raise BadOption(f"{asked.steps} steps cannot be", f"take 1 to {MOST_STEPS}")
    if asked.adapter is not None and asked.adapter.base != base:
        raise WrongBase(f"the person was learnt on {asked.adapter.base}", "train again")


def _square(picture: Picture, side: int) -> Picture:
    """The middle of a picture, `side` pixels wide and high."""
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise BadOption("a picture to learn from is (H, W, 3) bytes", "decode it first")
    height, width = picture.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    middle = picture[top : top + edge, left : left + edge]
    shrinks = edge > side
    return np.asarray(
        cv2.resize(
            middle, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        )
    )


def _silent(_done: float, _what: str) -> None:
    pass
