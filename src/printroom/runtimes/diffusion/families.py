"""What differs between kinds of diffusion models, behind one interface.

    pipeline of diffusers -> family_of -> Family             BadModel: another kind
    prompts  -> Family.encoded -> Conditions, a row for each
    latents, Conditions, randomness -> Family.loss -> a number to make small

Sources: noise prediction of Ho et al. 2020 and Salimans & Ho 2022 (SD, SDXL), with the schedule of
the folder; rectified flow of Liu et al. 2022 with logit-normal times of Esser et al. 2024 (FLUX).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from printroom.core.errors import BadModel


@dataclass(frozen=True)
class Conditions:
    """Texts as the denoiser takes them."""

    words: Tensor
    """(n, tokens, width)."""
    whole: Tensor | None = None
    """(n, width): of models that also see each text as one vector."""

    def rows(self, chosen: Tensor) -> Conditions:
        """Some of them, in that order."""
        return Conditions(self.words[chosen], None if self.whole is None else self.whole[chosen])

    @classmethod
    def joined(cls, several: Sequence[Conditions]) -> Conditions:
        """All of them, one behind the other."""
        whole = [one.whole for one in several if one.whole is not None]
        return cls(torch.cat([one.words for one in several]), torch.cat(whole) if whole else None)


class Family(Protocol):
    """One kind of model, with its pipeline loaded."""

    pipe: Any
    denoiser: Any
    """The part that draws, and learns."""
    readers: list[tuple[Any, Any]]
    """Tokenizers and encoders of texts that can learn a word."""

    def encoded(self, prompts: Sequence[str]) -> Conditions:
        """With gradients, where they are on."""
        ...

    def loss(self, latents: Tensor, conditions: Conditions, random: torch.Generator) -> Tensor:
        """Mean squared error of what the denoiser foretells at times drawn at random."""
        ...

    def drawn(
        self, conditions: Conditions, randoms: list[torch.Generator], steps: int | None, side: int
    ) -> Tensor:
        """(n, H, W, 3) in 0..1, a row for each of the conditions."""
        ...


def family_of(pipe: Any) -> Family:
    """Raises BadModel for a pipeline that is of none of them."""
    kinds: dict[str, type[Any]] = {
        "StableDiffusionPipeline": StableDiffusion,
        "StableDiffusionXLPipeline": Larger,
        "FluxPipeline": Flux,
    }
    kind = type(pipe).__name__
    if kind not in kinds:
        raise BadModel(f"{kind} is no kind of model that learns people", "take SD, SDXL or FLUX")
    family: Family = kinds[kind](pipe)
    return family


class StableDiffusion:
    """SD 1.x and 2.x: a U-Net that sees the words of one encoder."""

    def __init__(self, pipe: Any) -> None:
        self.pipe, self.denoiser = pipe, pipe.unet
        self.readers = [(pipe.tokenizer, pipe.text_encoder)]

    def encoded(self, prompts: Sequence[str]) -> Conditions:
        return Conditions(self.pipe.encode_prompt(list(prompts), self.pipe.device, 1, False)[0])

    def loss(self, latents: Tensor, conditions: Conditions, random: torch.Generator) -> Tensor:
        schedule = self.pipe.scheduler
        count = schedule.config.num_train_timesteps
        times = torch.randint(count, (len(latents),), generator=random).to(latents.device)
        noise = torch.randn(latents.shape, generator=random).to(latents)
        kept = schedule.alphas_cumprod.to(latents)[times].view(-1, 1, 1, 1)
        seen = kept.sqrt() * latents + (1 - kept).sqrt() * noise
        foretold = self.denoiser(
            seen, times, encoder_hidden_states=conditions.words, **self._more(conditions, latents)
        ).sample
        kind = schedule.config.prediction_type
        if kind == "v_prediction":
            target = kept.sqrt() * noise - (1 - kept).sqrt() * latents
        else:
            target = latents if kind == "sample" else noise
        return torch.nn.functional.mse_loss(foretold, target)

    def drawn(
        self, conditions: Conditions, randoms: list[torch.Generator], steps: int | None, side: int
    ) -> Tensor:
        nothing = self.encoded([""])
        less = Conditions(
            nothing.words.expand_as(conditions.words),
            None if conditions.whole is None else nothing.whole.expand_as(conditions.whole),  # type: ignore[union-attr]
        )
        given = self._given(conditions, less)
        found: Tensor = self.pipe(
            **given,
            generator=randoms,
            height=side,
            width=side,
            output_type="pt",
            **({} if steps is None else {"num_inference_steps": steps}),
        ).images
        return found.permute(0, 2, 3, 1)

    def _more(self, _conditions: Conditions, _latents: Tensor) -> dict[str, Any]:
        return {}

    def _given(self, conditions: Conditions, less: Conditions) -> dict[str, Any]:
        return {"prompt_embeds": conditions.words, "negative_prompt_embeds": less.words}


class Larger(StableDiffusion):
    """SDXL: two encoders, a vector of the whole text, and the size that a picture had."""

    def __init__(self, pipe: Any) -> None:
        super().__init__(pipe)
        self.readers = [
            (pipe.tokenizer, pipe.text_encoder),
            (pipe.tokenizer_2, pipe.text_encoder_2),
        ]

    def encoded(self, prompts: Sequence[str]) -> Conditions:
        words, _, whole, _ = self.pipe.encode_prompt(
            list(prompts), device=self.pipe.device, do_classifier_free_guidance=False
        )
        return Conditions(words, whole)

    def _more(self, conditions: Conditions, latents: Tensor) -> dict[str, Any]:
        side = latents.shape[-1] * self.pipe.vae_scale_factor
        size = torch.tensor([[side, side, 0, 0, side, side]], device=latents.device)
        sizes = size.expand(len(latents), 6).to(latents.dtype)
        return {"added_cond_kwargs": {"text_embeds": conditions.whole, "time_ids": sizes}}

    def _given(self, conditions: Conditions, less: Conditions) -> dict[str, Any]:
        return super()._given(conditions, less) | {
            "pooled_prompt_embeds": conditions.whole,
            "negative_pooled_prompt_embeds": less.whole,
        }


class Flux:
    """FLUX: a transformer that sees words of one encoder, the whole text of another, and flows."""

    def __init__(self, pipe: Any) -> None:
        self.pipe, self.denoiser = pipe, pipe.transformer
        self.readers = [
            (pipe.tokenizer, pipe.text_encoder),
            (pipe.tokenizer_2, pipe.text_encoder_2),
        ]

    def encoded(self, prompts: Sequence[str]) -> Conditions:
        longest = min(512, self.pipe.tokenizer_2.model_max_length)
        words, whole, _ = self.pipe.encode_prompt(
            list(prompts), None, device=self.pipe.device, max_sequence_length=longest
        )
        return Conditions(words, whole)

    def loss(self, latents: Tensor, conditions: Conditions, random: torch.Generator) -> Tensor:
        count, channels, height, width = latents.shape
        noise = torch.randn(latents.shape, generator=random).to(latents)
        times = torch.sigmoid(torch.randn(count, generator=random)).to(latents)
        share = times.view(-1, 1, 1, 1)
        packed = self.pipe._pack_latents(
            (1 - share) * latents + share * noise, count, channels, height, width
        )
        places = self.pipe._prepare_latent_image_ids(
            count, height // 2, width // 2, latents.device, latents.dtype
        )
        told = self.denoiser.config.guidance_embeds
        foretold = self.denoiser(
            hidden_states=packed,
            timestep=times,
            guidance=torch.ones_like(times) if told else None,
            pooled_projections=conditions.whole,
            encoder_hidden_states=conditions.words,
            txt_ids=torch.zeros(conditions.words.shape[1], 3).to(latents),
            img_ids=places,
        ).sample
        target = self.pipe._pack_latents(noise - latents, count, channels, height, width)
        return torch.nn.functional.mse_loss(foretold, target)

    def drawn(
        self, conditions: Conditions, randoms: list[torch.Generator], steps: int | None, side: int
    ) -> Tensor:
        found: Tensor = self.pipe(
            prompt_embeds=conditions.words,
            pooled_prompt_embeds=conditions.whole,
            generator=randoms,
            height=side,
            width=side,
            output_type="pt",
            **({} if steps is None else {"num_inference_steps": steps}),
        ).images
        return found.permute(0, 2, 3, 1)
