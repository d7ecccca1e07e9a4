"""Which network weights are of, told by their names and shapes alone."""

from __future__ import annotations

from printroom.runtimes.onnx.ours.chain import PREFIX, RESTORER, UPSCALER, chain_of
from printroom.runtimes.onnx.ours.network import Network, Shapes
from printroom.runtimes.onnx.ours.unet import FIRST, UNET, unet_of

ARCHITECTURES = (UPSCALER, RESTORER, UNET)


def told_apart(shapes: Shapes) -> Network:
    """The network that weights of those names and shapes are of. Raises ValueError."""
    chain, unet = f"{PREFIX}.0.weight", f"{FIRST}.weight"
    if chain in shapes:
        return chain_of(shapes)
    if unet in shapes:
        return unet_of(shapes)
    raise ValueError(f"there is neither {chain} nor {unet}")
