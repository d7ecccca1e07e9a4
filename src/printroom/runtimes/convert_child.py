"""Weights that spandrel recognises -> an ONNX graph, and what torch makes of random pictures.

    python convert_child.py WEIGHTS FOLDER SIDE FALLBACK

One file, Python 3.8 syntax. It runs inside a sandbox, where torch and spandrel are installed and
printroom is not; of a pickle only the weights are read (`weights_only`). SIDE: the one side of
picture that the graph is to take, 0 = any, or FALLBACK where the network does not take any. It
writes to FOLDER

    model.onnx    report.json    given<n>.bin, made<n>.bin    (float32, shapes in the report)
"""

from __future__ import annotations

import json
import sys
import types
import warnings
from pathlib import Path
from typing import Any

OPSET = 17
SIDES = ((32, 40), (48, 24))
"""(height, width) of the pictures that the graph is compared on, before rounding."""


def stand_in() -> None:
    """For torchvision, whose builds seldom go with torch's; spandrel takes three names from it."""
    for name in ("torchvision", "torchvision.transforms", "torchvision.transforms.functional"):
        sys.modules[name] = types.ModuleType(name)
    functional: Any = sys.modules["torchvision.transforms.functional"]
    functional.rotate, functional.InterpolationMode = None, None

    def normalize(image: Any, mean: Any, std: Any, inplace: bool = False) -> Any:
        """As torchvision's."""
        shape = (-1, 1, 1)
        mean, std = (image.new_tensor(one).view(shape) for one in (mean, std))
        return image.sub_(mean).div_(std) if inplace else (image - mean) / std

    functional.normalize = normalize


def state_of(path: Path) -> Any:
    """The weights by name; nothing else of the file is run or built."""
    import torch

    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(str(path))
    return torch.load(str(path), map_location="cpu", weights_only=True)


def recognised(path: Path) -> Any:
    """The network, as spandrel describes it."""
    from spandrel import (  # type: ignore[import-not-found]
        ModelLoader,
        UnsupportedModelError,
        canonicalize_state_dict,
    )

    try:
        state = canonicalize_state_dict(state_of(path))
        return ModelLoader(device="cpu").load_from_state_dict(state)
    except UnsupportedModelError:
        raise SystemExit("spandrel knows no network with these weights") from None
    except Exception as error:  # whatever the file may hold: one line of it is shown
        reason = " ".join(str(error).split())[:200]
        raise SystemExit(f"{type(error).__name__}: {reason}") from None


def as_module(found: Any) -> Any:
    """The network as it is called: some take more than the picture, which spandrel knows."""
    import torch

    class Called(torch.nn.Module):  # type: ignore[misc]  # torch is not here
        def __init__(self) -> None:
            super().__init__()
            self.model = found.model.float().eval()
            self.call = found._call_fn

        def forward(self, image: Any) -> Any:
            return self.call(self.model, image)

    return Called().eval()


def shown(net: Any, found: Any, side: int) -> tuple[list[Any], list[Any]]:
    """Random pictures, and what the network makes of them."""
    import torch

    least, step = found.size_requirements.minimum, found.size_requirements.multiple_of
    sizes = [[round_up(max(one, least), step) for one in size] for size in SIDES]
    if side:
        sizes = [[round_up(side, step)] * 2] * 2
    given = [torch.rand(1, found.input_channels, *size) for size in sizes]
    return given, [net(one) for one in given]


def main(weights: Path, folder: Path, side: int, fallback: int) -> None:
    """Convert, and say what was found."""
    warnings.simplefilter("ignore")
    stand_in()
    import torch

    torch.set_grad_enabled(False)
    found = recognised(weights)
    net = as_module(found)
    try:
        given, made = shown(net, found, side)
    except RuntimeError:
        if side:
            raise
        side = fallback
        given, made = shown(net, found, side)
    any_size = {0: "n", 2: "h", 3: "w"}
    torch.onnx.export(
        net, (given[0],), str(folder / "model.onnx"), dynamo=False, opset_version=OPSET,
        input_names=["image"], output_names=["result"],
        dynamic_axes=None if side else {"image": any_size, "result": {0: "n", 2: "a", 3: "b"}},
    )  # fmt: skip
    for number, (one, other) in enumerate(zip(given, made)):  # noqa: B905  (Python 3.8)
        one.numpy().tofile(str(folder / f"given{number}.bin"))
        other.contiguous().numpy().tofile(str(folder / f"made{number}.bin"))
    report = {
        "architecture": found.architecture.id,
        "purpose": found.purpose,
        "scale": found.scale,
        "given": [list(one.shape) for one in given],
        "made": [list(one.shape) for one in made],
    }
    (folder / "report.json").write_text(json.dumps(report))


def round_up(value: int, step: int) -> int:
    """The next multiple of `step`."""
    return -(-value // max(1, step)) * max(1, step)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
