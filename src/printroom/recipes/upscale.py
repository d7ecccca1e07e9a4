"""Train `printroom/upscale-x2`: twice the size, true to the photograph.

    photos -> (small, large) patches -> train wide -> collapse -> upscale-x2.onnx + card.json

The net is a plain chain of 3x3 convolutions, 32 channels wide, so that CPUs run it at full speed.
It is trained in a wider form: each kernel is the product of a 256-channel 3x3 expansion, a
projection back, and an identity (SESR, Bhardwaj et al. 2022), folded before every step, so the
wide form costs next to nothing and the shipped graph holds plain convolutions only. A 5x5 layer
that starts as bicubic interpolation runs beside the chain; the chain learns what bicubic misses.
Both end in one depth-to-space, so the receptive radius is that of the chain.

The learning rate is flat, then falls linearly to zero over the last quarter: a run that was
stopped can go on, also with another `--steps`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from torch import Tensor, nn

from printroom.catalogue.card import ModelCard
from printroom.catalogue.importing import import_onnx
from printroom.imaging.bicubic import bicubic
from printroom.metrics.psnr import luma, psnr
from printroom.training.photos import read_folders

SCALE = 2
TRAIN = ("t91", "bsds500_train200", "bsds500_test200", "sun_hays80")
TEST = ("set5", "set14")
LICENCES = {
    "t91": "unstated",
    "bsds500_train200": "non-commercial research",
    "bsds500_test200": "non-commercial research",
    "sun_hays80": "unstated",
}
LICENCE = "LicenseRef-research-only"
"""Of the weights: the strictest of the data's."""
WEIGHTS = "upscale-x2.onnx"
IRRELEVANT = {"report_every", "device", "threads"}
"""Options that do not change what is learnt."""
Array = NDArray[Any]
Pairs = list[tuple[Array, Array]]


@dataclass(frozen=True)
class Options:
    """What a run may vary; kept in the checkpoint and on the card."""

    steps: int = 20_000
    """Optimiser steps in all."""
    batch: int = 8
    """Patches a step."""
    patch: int = 64
    """Side of a low-resolution patch in pixels."""
    rate: float = 1e-3
    """Learning rate of the flat part (Adam)."""
    channels: int = 32
    layers: int = 6
    """3x3 convolutions between the first and the last."""
    seed: int = 0
    report_every: int = 500
    """Steps between checkpoints, each with a score."""
    device: str = "cpu"
    threads: int = 0
    """CPU threads; 0 = torch's default."""


class Collapsed(nn.Module):
    """A 3x3 convolution whose kernel is (project @ expand) + identity."""

    def __init__(self, inputs: int, outputs: int, wide: int = 256) -> None:
        super().__init__()
        self.expand = nn.Parameter(torch.empty(wide, inputs, 3, 3))
        self.project = nn.Parameter(torch.empty(outputs, wide))
        self.bias = nn.Parameter(torch.zeros(outputs))
        nn.init.normal_(self.expand, std=(2 / (9 * inputs)) ** 0.5)
        nn.init.normal_(self.project, std=0.5 * wide**-0.5)
        identity = torch.zeros(outputs, inputs, 3, 3)
        if inputs == outputs:
            identity[range(outputs), range(inputs), 1, 1] = 1
        self.register_buffer("identity", identity, persistent=False)

    def kernel(self) -> Tensor:
        wide = self.expand.shape[0]
        product = self.project @ self.expand.reshape(wide, -1)
        return product.reshape(self.identity.shape) + self.identity

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.kernel(), self.bias, padding=1)


def bicubic_kernel() -> Tensor:
    """(12, 3, 5, 5): the four phases of x2 bicubic interpolation, a channel at a time."""
    impulse = np.zeros((9, 9))
    impulse[4, 4] = 1
    response = bicubic(impulse, SCALE)  # (18, 18), the impulse's own pixel at 8..9
    kernel = torch.zeros(3 * SCALE**2, 3, 5, 5)
    for phase in range(SCALE**2):
        taps = response[phase // SCALE :: SCALE, phase % SCALE :: SCALE][2:7, 2:7]
        flipped = torch.from_numpy(taps[::-1, ::-1].copy())
        for colour in range(3):
            kernel[colour * SCALE**2 + phase, colour] = flipped
    return kernel


class Upscaler(nn.Module):
    """(N, 3, H, W) RGB in 0..1 -> (N, 3, 2H, 2W), unclipped."""

    def __init__(self, channels: int, layers: int) -> None:
        super().__init__()
        out = 3 * SCALE**2
        self.chain = nn.ModuleList(
            [Collapsed(3, channels)]
            + [Collapsed(channels, channels) for _ in range(layers)]
            + [Collapsed(channels, out)]
        )
        nn.init.zeros_(self.chain[-1].project)
        self.skip = nn.Parameter(bicubic_kernel())

    def forward(self, x: Tensor) -> Tensor:
        features = x
        for layer in self.chain[:-1]:
            features = F.leaky_relu(layer(features), 0.1)
        mixed = self.chain[-1](features) + F.conv2d(x, self.skip, padding=2)
        return F.pixel_shuffle(mixed, SCALE)


def to_onnx(net: Upscaler) -> onnx.ModelProto:
    """The collapsed net as a plain ONNX graph, input `image`, output `upscaled`, any size."""
    nodes, weights, value = [], [], "image"

    def conv(name: str, source: str, kernel: Tensor, bias: Tensor | None) -> str:
        tensors = {f"{name}.weight": kernel} | ({f"{name}.bias": bias} if bias is not None else {})
        for key, tensor in tensors.items():
            weights.append(numpy_helper.from_array(tensor.detach().cpu().numpy(), key))
        pads = [kernel.shape[-1] // 2] * 4
        nodes.append(helper.make_node("Conv", [source, *tensors], [name], name=name, pads=pads))
        return name

    for position, layer in enumerate(net.chain):
        value = conv(f"conv{position}", value, layer.kernel(), layer.bias)
        if position < len(net.chain) - 1:
            nodes.append(helper.make_node("LeakyRelu", [value], [f"act{position}"], alpha=0.1))
            value = f"act{position}"
    skip = conv("skip", "image", net.skip, None)
    nodes.append(helper.make_node("Add", [value, skip], ["mixed"]))
    nodes.append(
        helper.make_node("DepthToSpace", ["mixed"], ["upscaled"], blocksize=SCALE, mode="CRD")
    )
    graph = helper.make_graph(
        nodes,
        "upscale-x2",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("upscaled", TensorProto.FLOAT, ["n", 3, "2h", "2w"])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def shrink(pictures: Iterable[Array]) -> Pairs:
    """(small, large) uint8 pairs; small by MATLAB's bicubic, rounded, as the field does it."""
    return [
        (np.clip(np.rint(bicubic(large, 1 / SCALE)), 0, 255).astype(np.uint8), large)
        for large in pictures
    ]


def sample(pairs: Pairs, options: Options, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A batch of aligned patches in 0..1, turned and mirrored at random."""
    side = options.patch
    small = np.empty((options.batch, side, side, 3), np.uint8)
    large = np.empty((options.batch, side * SCALE, side * SCALE, 3), np.uint8)
    for item in range(options.batch):
        low, high = pairs[random.integers(len(pairs))]
        top, left = (int(random.integers(extent - side + 1)) for extent in low.shape[:2])
        turn, mirror = int(random.integers(4)), bool(random.integers(2))
        for target, source, factor in ((small, low, 1), (large, high, SCALE)):
            y, x, extent = top * factor, left * factor, side * factor
            patch = np.rot90(source[y : y + extent, x : x + extent], turn)
            target[item] = patch[:, ::-1] if mirror else patch
    tensors = [torch.from_numpy(part).permute(0, 3, 1, 2).float() / 255 for part in (small, large)]
    return tensors[0], tensors[1]


def loss_of(result: Tensor, target: Tensor) -> Tensor:
    """L1 on luma plus half of L1 on RGB: the eye, and the papers, judge luma."""
    error = result - target
    weights = error.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    return (error * weights).sum(1).abs().mean() + 0.5 * error.abs().mean()


def evaluate(net: Upscaler, pairs: Pairs) -> float:
    """Mean PSNR in dB on luma, `SCALE` border pixels cropped."""
    scores = []
    device = net.skip.device
    for small, large in pairs:
        with torch.inference_mode():
            batch = torch.from_numpy(small).permute(2, 0, 1)[None].to(device).float() / 255
            result = net(batch)[0].clamp(0, 1).mul(255).round().permute(1, 2, 0).cpu().numpy()
        inner = (slice(SCALE, -SCALE), slice(SCALE, -SCALE))
        scores.append(psnr(luma(large)[inner], luma(result)[inner]))
    return float(np.mean(scores))


def rate_at(step: int, options: Options) -> float:
    """Learning rate: warm-up over 200 steps, flat, linear to zero over the last quarter."""
    remaining = (options.steps - step) / (options.steps / 4)
    return options.rate * max(0.0, min(1.0, (step + 1) / 200, remaining))


class Trainer:
    """A training that can be killed at any moment and goes on from its last checkpoint."""

    def __init__(self, out: Path, options: Options) -> None:
        torch.manual_seed(options.seed)
        if options.threads:
            torch.set_num_threads(options.threads)
        self.options = options
        self.checkpoint = out / "checkpoint.pt"
        self.net = Upscaler(options.channels, options.layers).to(options.device)
        self.mean = Upscaler(options.channels, options.layers).to(options.device)
        """Exponential moving average of the weights: the one that is shipped."""
        self.mean.load_state_dict(self.net.state_dict())
        self.optimiser = torch.optim.Adam(self.net.parameters(), betas=(0.9, 0.99))
        self.step, self.seconds = 0, 0.0
        if self.checkpoint.exists():
            self.load()
        self.random = np.random.default_rng([options.seed, self.step])

    def load(self) -> None:
        state = torch.load(self.checkpoint, map_location=self.options.device, weights_only=True)
        for part in ("net", "mean", "optimiser"):
            getattr(self, part).load_state_dict(state[part])
        self.step, self.seconds = state["step"], state["seconds"]

    def save(self) -> None:
        """Write the checkpoint whole or not at all."""
        part = self.checkpoint.with_suffix(".part")
        state = {name: getattr(self, name).state_dict() for name in ("net", "mean", "optimiser")}
        torch.save(state | {"step": self.step, "seconds": self.seconds}, part)
        part.replace(self.checkpoint)

    def advance(self, pairs: Pairs) -> float:
        """One step; returns the loss."""
        began = time.process_time()
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.step, self.options)
        batch = sample(pairs, self.options, self.random)
        small, large = (part.to(self.options.device) for part in batch)
        loss = loss_of(self.net(small), large)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 0.5)
        self.optimiser.step()
        self.step += 1
        pace = min(0.999, self.step / (self.step + 100))
        with torch.no_grad():
            for kept, new in zip(self.mean.parameters(), self.net.parameters(), strict=True):
                kept.lerp_(new, 1 - pace)
        self.seconds += time.process_time() - began
        return float(loss.detach())


def train(trainer: Trainer, pairs: Pairs, test: Pairs) -> None:
    """Run to the last step, with a progress bar, a checkpoint and a score every so often."""
    options = trainer.options
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        bar = progress.add_task("training", total=options.steps, completed=trainer.step)
        while trainer.step < options.steps:
            loss = trainer.advance(pairs)
            progress.update(bar, completed=trainer.step)
            if trainer.step % options.report_every == 0 or trainer.step == options.steps:
                trainer.save()
                score = evaluate(trainer.mean, test)
                progress.print(
                    f"step {trainer.step}  loss {loss:.4f}  {next(iter(TEST))} {score:.2f} dB  "
                    f"{trainer.seconds:.0f} CPU-s"
                )


def write_card(out: Path, options: Options, scores: dict[str, float]) -> ModelCard:
    """Write card.json beside the weights: geometry and memory costs as an import finds them."""
    with TemporaryDirectory() as cache:
        found = import_onnx(out / WEIGHTS, Path(cache)).card
    flags = [
        f"--{field.name.replace('_', '-')} {getattr(options, field.name)}"
        for field in fields(options)
        if field.name not in IRRELEVANT and getattr(options, field.name) != field.default
    ]
    card = replace(
        found,
        name="printroom/upscale-x2",
        title="Twice the size, true to the photograph",
        weights=WEIGHTS,
        licence=LICENCE,
        data=LICENCES,
        command=" ".join(["printroom train upscale --data DATA --out OUT", *flags]),
        scores=scores,
        example="any photograph",
    )
    (out / "card.json").write_text(card.to_json(), "utf-8")
    return card


def main(data: Path, out: Path, options: Options) -> ModelCard:
    """Train on `data`/<set> for each set in TRAIN, write weights and card to `out`.

    Goes on from `out`/checkpoint.pt if it is there. Raises NotFound when a set is missing or
    holds no readable picture; broken pictures are skipped and counted.
    """
    out.mkdir(parents=True, exist_ok=True)
    photos = read_folders([data / name for name in TRAIN], SCALE)
    tests = {name: shrink(read_folders([data / name], SCALE).pictures) for name in TEST}
    enough = options.patch * SCALE
    pairs = shrink(picture for picture in photos.pictures if min(picture.shape[:2]) >= enough)
    trainer = Trainer(out, options)
    print(f"{len(pairs)} photos, {len(photos.skipped)} broken, from step {trainer.step}")
    train(trainer, pairs, tests["set5"])
    scores = {name: round(evaluate(trainer.mean, test), 2) for name, test in tests.items()}
    print(f"PSNR on luma, dB: {scores}")
    onnx.save(to_onnx(trainer.mean), out / WEIGHTS)
    return write_card(out, options, scores)
