"""Train the decoder again, on latents as the denoiser leaves them.

    denoiser, decoder, latents, people, pictures -> the decoder, which draws lines where they belong

What is drawn of noise is never quite what a codec would make of a picture: edges are soft and have
haloes. So latents are covered with noise half the way, the denoiser clears them as it would in use,
and the decoder learns to draw the true picture of what is left. A critic learns along what true
pictures look like close by: without it, whatever is uncertain would be drawn blurred.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call

from printroom.runtimes.generation import STYLES
from printroom.training.portraits.album import POSES
from printroom.training.portraits.codec import BATCH, Floats, apart
from printroom.training.portraits.flow import said_of
from printroom.training.portraits.loop import Course, Say, fit, half
from printroom.training.portraits.nets import Decoder, Denoiser
from printroom.training.portraits.people import Person

COVERED = (0.25, 0.9)
"""How far along the flow clearing begins."""
CLEARING = 3
"""Steps of it."""
GUIDANCE = 1.5
CRITIC = 0.03
"""Weight of what the critic says, beside the difference from the truth."""


class Duel(nn.Module):  # type: ignore[misc]
    """A decoder and its critic, trained in the same steps, each with its own aim."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder = decoder
        self.critic = nn.Sequential(
            nn.Conv2d(3, 32, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(32, 64, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(64, 1, 3, 1, 1),
        )

    def adverse(self, made: Tensor, truth: Tensor) -> Tensor:
        """Hinge losses: the critic's own, and the decoder's, for which the critic stands still."""
        real, false = self.critic(torch.cat([truth, made.detach()])).chunk(2)
        still = {name: value.detach() for name, value in self.critic.named_parameters()}
        felt = functional_call(self.critic, still, (made,))
        own = F.relu(1 - real).mean() + F.relu(1 + false).mean()
        return own - CRITIC * felt.mean()


def polish(
    decoder: Decoder,
    denoiser: Denoiser,
    latents: Floats,
    people: list[Person],
    pictures: NDArray[np.uint8],
    course: Course,
    kept: Path,
    say: Say,
) -> Decoder:
    """`latents`: (people, poses, latents); `pictures`: (people, poses, side, side, 3)."""
    said = said_of(people)
    styles = np.eye(len(STYLES), dtype=np.float32)[[STYLES.index(pose) for pose in POSES]]

    duel = Duel(decoder)

    def loss(random: np.random.Generator) -> Tensor:
        who = random.integers(len(pictures), size=BATCH)
        pose = random.integers(len(POSES), size=BATCH)
        z = torch.from_numpy(latents[who, pose])
        words = torch.from_numpy(np.concatenate([said[who], styles[pose]], 1))
        truth = torch.from_numpy(pictures[who, pose]).permute(0, 3, 1, 2).float() / 255
        with half():
            made = duel.decoder(cleared(denoiser, z, words))
            adverse = duel.adverse(made, truth)
        return apart(made.float(), truth) + adverse.float()

    trained: Decoder = fit(duel, loss, course, kept, say).decoder
    return trained


@torch.no_grad()  # type: ignore[untyped-decorator]
def cleared(denoiser: Denoiser, z: Tensor, words: Tensor) -> Tensor:
    """Covered, and cleared again as in use."""
    n = len(z)
    nobody = words.new_zeros(2 * n, denoiser.person.out_features)
    condition = denoiser.condition(torch.cat([words, torch.zeros_like(words)]), nobody)
    t = torch.empty(n).uniform_(*COVERED)
    step = (1 - t) / CLEARING
    x = torch.lerp(torch.randn_like(z), z, t[:, None])
    for _ in range(CLEARING):
        here, anywhere = denoiser(torch.cat([x, x]), t.repeat(2), condition).float().chunk(2)
        x = x + (anywhere + GUIDANCE * (here - anywhere)) * step[:, None]
        t = t + step
    return x
