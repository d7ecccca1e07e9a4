"""A critic that learns to tell results from photographs, and what a net learns from it.

result, target -> how much of a fake it looks, and how different it looks to the critic

Mean errors punish guessed detail that lies a pixel off as hard as none, so nets that minimise them
blur what they are not sure of. A critic sees only whether detail is like that of photographs
(Ledig et al. 2017). It judges each pixel and each region (a U-Net: Schoenfeld et al. 2020), and
spectral normalisation keeps its slope bounded, as in Wang et al. 2021 (Real-ESRGAN). What it sees
on the way, on the result and on the target, is compared too (feature matching: Wang et al. 2018);
so closeness is judged by features that were learnt here, not by a net made of other people's
pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

SLOWER = 0.2
"""Of its own pace a net learns beside the critic: what it chases moves."""
DEPTH = 3
"""Times that the critic halves what it sees: sides must be multiples of 8."""
SLOPE = 0.2


class Critic(nn.Module):  # type: ignore[misc]
    """(N, 3, H, W) in 0..1 -> (N, 1, H, W), above zero where it looks like a photograph."""

    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        widths = [channels * 2**level for level in range(DEPTH + 1)]
        self.first = nn.Conv2d(3, channels, 3, padding=1)
        self.down = nn.ModuleList(
            spectral_norm(nn.Conv2d(one, two, 4, stride=2, padding=1, bias=False))
            for one, two in pairwise(widths)
        )
        self.up = nn.ModuleList(
            spectral_norm(nn.Conv2d(two, one, 3, padding=1, bias=False))
            for one, two in pairwise(widths)
        )
        self.last = nn.Sequential(
            spectral_norm(nn.Conv2d(channels, channels, 3, padding=1, bias=False)),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(channels, 1, 3, padding=1),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The verdict, and what was seen on the way."""
        seen = [F.leaky_relu(self.first(x), SLOPE)]
        for layer in self.down:
            seen.append(F.leaky_relu(layer(seen[-1]), SLOPE))
        x = seen[-1]
        features = list(seen)
        for layer, skip in zip(reversed(self.up), reversed(seen[:-1]), strict=True):
            larger = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = F.leaky_relu(layer(larger), SLOPE) + skip
            features.append(x)
        return self.last(x), features


class Adversary:
    """The critic and its optimiser."""

    def __init__(
        self,
        after: float = 0.5,
        rate: float = 1e-4,
        weight: float = 0.1,
        matching: float = 1.0,
        share: float = 0.5,
        seed: int = 0,
    ) -> None:
        """`after`: share of the steps after which it joins in; `weight` of its verdict and of
        `matching`, beside a mean error in 0..1; `share` of what was learnt with it in the end.
        """
        self.after, self.weight, self.matching, self.share = after, weight, matching, share
        self.before: dict[str, Tensor] = {}
        """The net's weights when it joined in."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.critic = Critic()
        self.optimiser = torch.optim.Adam(self.critic.parameters(), lr=rate, betas=(0.9, 0.99))

    def to(self, device: torch.device) -> Self:
        self.critic.to(device)
        return self

    def joins(self, step: int, steps: int) -> bool:
        """Whether it has a say in this step."""
        return step >= self.after * steps

    def loss(self, result: Tensor, target: Tensor) -> Tensor:
        """What the net should make small. Teaches the critic nothing."""
        with self._still():
            verdict, seen = self.critic(result)
            with torch.no_grad():
                _, wanted = self.critic(target)
        fooled = F.softplus(-verdict).mean()
        pairs = zip(seen, wanted, strict=True)
        apart = [(one - two).abs().mean() / two.abs().mean().clamp_min(1e-3) for one, two in pairs]
        return self.weight * fooled + self.matching * torch.stack(apart).mean()

    def learn(self, result: Tensor, target: Tensor) -> None:
        """One step of the critic."""
        verdicts, _ = self.critic(torch.cat([result, target]))
        fake, real = verdicts.chunk(2)
        loss = F.softplus(fake).mean() + F.softplus(-real).mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()

    def blend(self, net: nn.Module) -> None:
        """Make the weights of `net` a mixture of those before and those learnt with the critic.

        What a net learns last is how to please a critic at any price; half of the way there keeps
        most of the looks and little of the dots (network interpolation: Wang et al. 2018, ESRGAN).
        """
        with torch.no_grad():
            for name, value in net.state_dict().items():
                value.lerp_(self.before.get(name, value), 1 - self.share)

    def state_dict(self) -> dict[str, Any]:
        parts = {"critic": self.critic.state_dict(), "optimiser": self.optimiser.state_dict()}
        return parts | {"before": self.before}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.critic.load_state_dict(state["critic"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.before = state["before"]

    @contextmanager
    def _still(self) -> Iterator[None]:
        """The critic passes gradients on and takes none."""
        self.critic.requires_grad_(False)
        try:
            yield
        finally:
            self.critic.requires_grad_(True)
