"""Foretells the next word of a poem, told what is to become of it or not.

    Batch -> Verse -> what comes after each word (n, t, words), unnormalised

Two LSTM layers over vectors of words, which are also what words are foretold by. What is told
(the theme, syllables that the line still wants, the style) is added to the vector of each word; the
theme also to what is foretold, as far as a gate lets it: a net need not remember a word to say it.
All of that begins as nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from printroom.training.verse.poems import MOST_LEFT, PAD, STYLES, Batch, Poem, batch


class Verse(nn.Module):  # type: ignore[misc]
    """The net."""

    def __init__(self, words: int, width: int, hidden: int, dropout: float) -> None:
        """`words`: of the vocabulary; `width`: of a word's vector; `hidden`: of the first layer."""
        super().__init__()
        self.vectors = nn.Embedding(words, width)
        nn.init.normal_(self.vectors.weight, 0, 0.1)
        self.first = nn.LSTM(width, hidden, batch_first=True)
        self.second = nn.LSTM(hidden, width, batch_first=True)
        self.bias = nn.Parameter(torch.zeros(words))
        self.left = nn.Embedding(MOST_LEFT + 2, width)
        self.style = nn.Embedding(max(STYLES.values()) + 1, width)
        self.themed = nn.Linear(width, width, bias=False)
        self.pointed = nn.Linear(width, width, bias=False)
        self.gate = nn.Linear(width, 1)
        for part in (self.left, self.style, self.themed, self.pointed):
            nn.init.zeros_(part.weight)
        self.share = dropout

    def forward(self, given: Batch) -> Tensor:
        """Of all words but the last one of each row."""
        words = given.words[:, :-1]
        theme = self.vectors(words[:, :1]) * (words[:, :1] != PAD).unsqueeze(2)
        seen = self.vectors(words) + self.left(given.left[:, :-1])
        seen = self.dropped(seen + self.style(given.style)[:, None] + self.themed(theme))
        seen, _ = self.first(seen)
        seen, _ = self.second(self.dropped(seen))
        seen = self.dropped(seen) + torch.sigmoid(self.gate(seen)) * self.pointed(theme)
        return seen @ self.vectors.weight.T + self.bias

    def dropped(self, seen: Tensor) -> Tensor:
        """Without some features, the same ones at every word of a poem (Gal, Ghahramani 2016)."""
        if not self.training or not self.share:
            return seen
        mask = torch.rand(len(seen), 1, seen.shape[2], device=seen.device) >= self.share
        return seen * mask / (1 - self.share)


def loss_of(net: nn.Module, given: Batch, reduction: str = "mean") -> Tensor:
    """Cross-entropy of the words behind `BEGIN`."""
    foretold = net(given)[:, 1:].transpose(1, 2).float()
    return nn.functional.cross_entropy(
        foretold, given.words[:, 2:], ignore_index=PAD, reduction=reduction
    )


def perplexity(net: nn.Module, poems: Sequence[Poem], *, told: bool = False) -> float:
    """Of words and ends of lines, words that the vocabulary lacks as one word; without a theme.

    `told`: with the lengths of lines and the style.
    """
    was, total, count = net.training, 0.0, 0
    device = next(net.parameters()).device
    net.eval()
    with torch.inference_mode():
        ordered = sorted(poems, key=lambda poem: len(poem.words))
        for cut in range(0, len(ordered), 256):
            some = ordered[cut : cut + 256]
            given = batch(some, [PAD] * len(some), [told] * len(some), [told] * len(some))
            total += loss_of(net, given.to(device), "sum").item()
            count += sum(len(poem.words) for poem in some)
    net.train(was)
    return math.exp(total / count)
