"""Reads in words what a picture should show.

(n, MOST_WORDS) places of words, 0 = none -> Reader -> (n, values) logits

Trained on captions of drawn scenes, in seconds. Words that are denied show nothing.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from printroom.training.scenes.captions import NOT, caption
from printroom.training.scenes.lexicon import READINGS
from printroom.training.scenes.spec import VALUES, draw_scene
from printroom.training.scenes.stepcode import MOST_WORDS, tokens_of

KNOWN: dict[str, int] = {word: place for place, word in enumerate(sorted({*READINGS, *NOT}), 1)}
"""Word -> its place; 0 is no word."""
BATCH = 256


class Reader(nn.Module):
    """Says of each word, with its neighbours, what it shows; one that is sure is enough."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.words = nn.Embedding(len(KNOWN) + 1, width, padding_idx=0)
        self.near = nn.Conv1d(width, width, 3, padding=1)
        self.shows = nn.Linear(2 * width, len(VALUES))
        nn.init.constant_(self.shows.bias, -5)

    def forward(self, words: Tensor) -> Tensor:
        told = self.words(words).transpose(1, 2)
        seen = torch.cat([told, F.gelu(self.near(told))], 1)
        silent = (words == 0).float()[:, :, None] * -20
        shown: Tensor = (self.shows(seen.transpose(1, 2)) + silent).logsumexp(1)
        return shown


def padded(places: list[int]) -> list[int]:
    """With zeros to MOST_WORDS."""
    return places[:MOST_WORDS] + [0] * (MOST_WORDS - len(places))


def batch(random: np.random.Generator, count: int = BATCH) -> tuple[Tensor, Tensor]:
    """Captions as words, and the values that each names as ones."""
    words, named = [], np.zeros((count, len(VALUES)), np.float32)
    for row in range(count):
        text, shown = caption(draw_scene(random), random)
        words.append(padded(tokens_of(text, KNOWN)))
        named[row, [VALUES.index(value) for value in shown]] = 1
    return torch.tensor(words), torch.from_numpy(named)


def loss_on(net: Reader, random: np.random.Generator) -> Tensor:
    """Of a batch of fresh captions."""
    words, named = batch(random)
    return F.binary_cross_entropy_with_logits(net(words), named)
