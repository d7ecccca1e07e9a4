"""The net that foretells the next word of a poem, in plain numpy.

    haiku.npz -> Verse -> start(theme), read(words, left) -> State -> logits of all words

Two LSTM layers over vectors of words, which are also what words are foretold by. It is told what
the poem is about, how many syllables its line still wants, and in which manner it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
UNTOLD = -1
"""In place of syllables that are left."""
FREE = 1
"""The style of poems that were not written by rule."""
Whole = NDArray[np.int64]
PAD, UNKNOWN, BEGIN, LINE, END = range(5)
"""The first of the vocabulary: no theme, a rare word, the poem begins, a line ends, all ends."""


@dataclass(frozen=True)
class State:
    """What was read so far, for each of n poems."""

    memories: tuple[tuple[Floats, Floats], ...]
    """(output, cell) of each layer, (n, width)."""
    told: Floats
    """Theme and manner, added to each word that is read; (width,)."""
    pointed: Floats
    """The theme, added to what is foretold."""

    def taken(self, places: Whole) -> State:
        """Of the poems at these places."""
        return replace(self, memories=tuple((a[places], b[places]) for a, b in self.memories))

    def put(self, places: Whole, other: State) -> State:
        """With that of `other` at these places."""
        memories = []
        for mine, theirs in zip(self.memories, other.memories, strict=True):
            out, cell = (part.copy() for part in mine)
            out[places], cell[places] = theirs
            memories.append((out, cell))
        return replace(self, memories=tuple(memories))


class Verse:
    """The net; read-only, so safe from many threads."""

    def __init__(self, weights: Mapping[str, NDArray[np.generic]]) -> None:
        """`weights`: as PyTorch names them; fp16 is made fp32 once."""
        plain = {name: np.asarray(weights[name], np.float32) for name in weights}
        self.vectors: Floats = plain["vectors.weight"]
        self._bias, self._left = plain["bias"], plain["left.weight"]
        self._style = plain["style.weight"][FREE]
        self._themed, self._pointed = plain["themed.weight"].T, plain["pointed.weight"].T
        self._gate, self._ajar = plain["gate.weight"][0], plain["gate.bias"][0]
        self._layers = [_Layer(plain, name) for name in ("first", "second")]

    def start(self, theme: int | None, left: Whole) -> State:
        """The beginning of poems, one for each of `left`; None = about anything."""
        about = self.vectors[theme] if theme is not None else np.zeros_like(self.vectors[PAD])
        zeros = [np.zeros((len(left), layer.width), np.float32) for layer in self._layers]
        told = self._style + about @ self._themed
        state = State(tuple((one, one) for one in zeros), told, about @ self._pointed)
        opening = np.full(len(left), PAD if theme is None else theme)
        state = self.read(opening, np.full(len(left), UNTOLD), state)
        return self.read(np.full(len(left), BEGIN), left, state)

    def read(self, words: Whole, left: Whole, state: State) -> State:
        """One more word of each poem, after which its line wants `left` syllables, or `UNTOLD`."""
        told = np.minimum(left + 1, len(self._left) - 1)
        seen: Floats = self.vectors[words] + self._left[told] + state.told
        memories = []
        for layer, memory in zip(self._layers, state.memories, strict=True):
            seen, cell = layer.after(seen, memory)
            memories.append((seen, cell))
        return replace(state, memories=tuple(memories))

    def logits(self, state: State) -> Floats:
        """What may come next, (n, words)."""
        out = state.memories[-1][0]
        share = _sigmoid(out @ self._gate + self._ajar)[:, None]
        return (out + share * state.pointed) @ self.vectors.T + self._bias


class _Layer:
    """One LSTM layer, its gates in PyTorch's order: in, forget, cell, out."""

    def __init__(self, weights: Mapping[str, Floats], name: str) -> None:
        both = [weights[f"{name}.weight_{part}_l0"] for part in ("ih", "hh")]
        self._matrix = np.ascontiguousarray(np.concatenate(both, axis=1).T)
        self._bias = weights[f"{name}.bias_ih_l0"] + weights[f"{name}.bias_hh_l0"]
        self.width = both[1].shape[1]

    def after(self, seen: Floats, memory: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
        """Output and cell."""
        out, cell = memory
        gates = np.concatenate([seen, out], axis=1) @ self._matrix + self._bias
        entry, kept, new, shown = np.split(gates, 4, axis=1)
        cell = _sigmoid(kept) * cell + _sigmoid(entry) * np.tanh(new)
        return _sigmoid(shown) * np.tanh(cell), cell


def _sigmoid(x: Floats) -> Floats:
    found: Floats = (0.5 + 0.5 * np.tanh(0.5 * x)).astype(np.float32)
    return found
