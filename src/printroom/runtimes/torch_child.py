"""A model of PyTorch, run as an isolated step: an exported program (`torch.export.save`, .pt2).

One file, Python 3.8 syntax; it runs where torch is installed and printroom is not.
"""

from __future__ import annotations

from typing import Any

import torch
from printroom_step import Array, step  # type: ignore[import-not-found]


@step
class TorchModel:
    """(n, c, h, w) float32 -> (n, c', h', w') float32."""

    def __init__(self, path: str) -> None:
        """Load the program at `path`."""
        torch.set_grad_enabled(False)
        self._model: Any = torch.export.load(path).module()

    def run(self, batch: Array("float32", (None, None, None, None))) -> Array("float32"):  # type: ignore[valid-type]
        """The network's first result."""
        result = self._model(torch.as_tensor(batch))
        result = result[0] if isinstance(result, (tuple, list)) else result
        return result.to(torch.float32).contiguous().numpy()
