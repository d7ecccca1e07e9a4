"""Draws the edges of a picture in ink. PyTorch, with weights that make.py wrote."""

import platform
from typing import NamedTuple

import torch
from printroom_step import Number, Picture, step
from safetensors.torch import load_file
from torch.nn.functional import conv2d, pad


class Drawn(NamedTuple):
    image: Picture
    made_by: str


@step
class Ink:
    """Draws the edges of a picture in ink, over its colours."""

    def __init__(self):
        weights = load_file("ink.safetensors")
        self.fine, self.coarse, self.slope = (weights[name] for name in ("fine", "coarse", "slope"))

    @torch.inference_mode()
    def run(self, image: Picture, strength: Number(0, 1) = 0.7) -> Drawn:
        grey = torch.as_tensor(image).mean(2)[None, None]
        radius = self.fine.shape[-1] // 2
        around = pad(grey, (radius,) * 4, mode="replicate")
        edge = conv2d(around, self.fine) - 0.98 * conv2d(around, self.coarse)
        ink = 1 + torch.tanh(self.slope * edge).clamp(max=0)  # 1 = paper, 0 = ink
        paper = 1 - strength * (1 - ink[0, 0, :, :, None])
        made_by = f"PyTorch {torch.__version__}, Python {platform.python_version()}"
        return Drawn((torch.as_tensor(image) * paper).numpy(), made_by)
