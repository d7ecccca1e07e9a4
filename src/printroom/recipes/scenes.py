"""Train what the step `paint` paints with: a reader of poems, a coder of pictures, a painter.

drawn scenes, below DATA -> coder.pt, reader.pt, painter.pt, critic.pt, judge.pt
                         -> paint/: reader.onnx, painter.onnx, decoder.onnx, critic.onnx,
                                    words.json, card.json
                         -> judge.onnx

The scenes are drawn here, with captions of our own words: no picture and no poem of anybody else is
learnt from. How well the pictures show what was asked for is told by a judge that learns from the
drawn scenes alone, and that has no part in painting. A training that was stopped goes on where it
was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar
from zlib import crc32

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from printroom.training.release import PERMITTED
from printroom.training.scenes import autoencoder, exporting, judge, painter, reader
from printroom.training.scenes.autoencoder import Autoencoder, pictures_at
from printroom.training.scenes.data import Scenes, scenes
from printroom.training.scenes.exam import examine
from printroom.training.scenes.fit import Fit, Training
from printroom.training.scenes.judge import Judge
from printroom.training.scenes.painter import Painter
from printroom.training.scenes.reader import Reader

Net = TypeVar("Net", bound=nn.Module)
CRITIC = 32
"""Channels of the critic."""
CHUNK = 64
"""Pictures that are coded at a time."""


@dataclass(frozen=True)
class Options:
    """What a run may vary."""

    pictures: int = 16_000
    """Scenes drawn to learn from; 49 kB of disk each."""
    aside: int = 200
    """And others, to judge by."""
    reader_steps: int = 500
    coder_steps: int = 1000
    steps: int = 2800
    """Of the painter, which the time goes into."""
    critic_steps: int = 1500
    """Of the small judge that the step asks which of its pictures is best."""
    judge_steps: int = 1700
    """Of the one that gives the scores, which the step never sees."""
    rate: float = 1.5e-3
    """Learning rate of the painter, where it is flat."""
    seed: int = 0
    version: int = 1
    """Of the weights, on their card."""
    threads: int = 1
    report_every: int = 100
    """Steps between checkpoints."""


@dataclass(frozen=True)
class Card:
    """What is known of the weights, as `card.json` beside them."""

    title: str
    version: int
    digest: str
    """SHA-256 of the four graphs, one after the other."""
    parameters: dict[str, int]
    licence: str
    data: dict[str, str]
    """Training set -> its licence."""
    command: str
    scores: dict[str, float]
    """See `training.scenes.exam.examine`."""
    note: str = ""
    """What the command does not say of how these weights came about."""


def main(data: Path, out: Path, options: Options) -> Card:
    """Draw scenes below `data`, train on them, write nets and card to `out`/paint."""
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    drawn = scenes(data / "drawn", options.pictures, options.seed)
    aside = scenes(data / "aside", options.aside, options.seed + 1)
    fit = partial(_fitted, out, options)
    read = fit("reader", Reader, options.reader_steps, 1e-2, reader.loss_on)
    coder = fit(
        "coder", Autoencoder, options.coder_steps, 2e-3, partial(autoencoder.loss_on, drawn)
    )
    codes, middle, spread = coded(coder, drawn)
    learn = partial(painter.loss_on, codes, drawn.marks)
    painted = fit("painter", Painter, options.steps, options.rate, learn)
    judging = fit("judge", Judge, options.judge_steps, 1e-3, partial(judge.loss_on, drawn))
    critic = fit(
        "critic", partial(Judge, CRITIC), options.critic_steps, 2e-3, partial(judge.loss_on, drawn)
    )
    decoder = exporting.Decoder(coder, middle, spread)
    exporting.write(out / "paint", read, painted, decoder, critic)
    exporting.write_judge(out / "judge.onnx", judging)
    card = Card(
        title="Paints pictures of what poems speak of",
        version=options.version,
        digest=_digest(out / "paint"),
        parameters={
            name: sum(weight.numel() for weight in net.parameters())
            for name, net in (
                ("reader", read),
                ("painter", painted),
                ("decoder", coder.decoder),
                ("critic", critic),
            )
        },
        licence=PERMITTED,
        data={"scenes drawn by printroom, with its own captions": PERMITTED},
        command=_command(options),
        scores=examine(judge.asked_of(judging), out / "paint", aside),
    )
    (out / "paint" / "card.json").write_text(json.dumps(asdict(card), indent=2) + "\n", "utf-8")
    print(f"scores: {card.scores}")
    return card


def _fitted(
    out: Path,
    options: Options,
    name: str,
    build: Callable[[], Net],
    steps: int,
    rate: float,
    loss: Callable[[Net, np.random.Generator], Tensor],
) -> Net:
    """One of the nets, trained to its last step."""
    seed = options.seed + crc32(name.encode()) % 1000
    torch.manual_seed(seed)
    net = build().to(memory_format=torch.channels_last)
    fit = Fit(steps, rate, seed=seed, report_every=options.report_every)
    return Training(out / f"{name}.pt", net, fit).run(name, loss)


def coded(coder: Autoencoder, drawn: Scenes) -> tuple[Tensor, Tensor, Tensor]:
    """Codes of all scenes as half floats, with what was taken from each channel, and its spread."""
    chunks = []
    for first in range(0, len(drawn.pictures), CHUNK):
        places = np.arange(first, min(first + CHUNK, len(drawn.pictures)))
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            chunks.append(coder.encode(pictures_at(drawn, places)).half())
    codes = torch.cat(chunks).float()
    middle, spread = codes.mean((0, 2, 3)), codes.std((0, 2, 3))
    even = (codes - middle[:, None, None]) / spread[:, None, None]
    return even.half(), middle, spread


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for name in ("reader", "painter", "decoder", "critic"):
        found.update((folder / f"{name}.onnx").read_bytes())
    return found.hexdigest()


def _command(options: Options) -> str:
    """The command that does the same again."""
    plain, told = asdict(Options()), {"version", "threads", "report_every"}
    words = ["printroom train scenes --data DATA --out OUT"]
    for name, value in asdict(options).items():
        if name not in told and value != plain[name]:
            words.append(f"--{name.replace('_', '-')} {value}")
    return " ".join(words)
