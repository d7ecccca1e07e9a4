"""Train the small generator of people: `--size 64`, or `--size 32` for tests.

    people that never lived, drawn in five styles -> reader, guard -> codec, decoder -> denoiser
        -> portraits-<size>.safetensors + card.json

No picture of anybody is needed, and DATA may be an empty folder: everything is drawn. Each stage
keeps a checkpoint in OUT. The judge of `printroom bench people` is made by `--judge yes`, at each
size; it learns from an album with other looks, of which no generator sees anything.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np
import torch

from printroom.core.errors import BadOption
from printroom.runtimes.mini.tensors import written
from printroom.training.portraits.album import Album, album
from printroom.training.portraits.codec import Codec, codec_of, train_decoder
from printroom.training.portraits.flow import held, train_denoiser
from printroom.training.portraits.look import OTHER
from printroom.training.portraits.loop import Course
from printroom.training.portraits.nets import SHAPES, Decoder, Denoiser, Recogniser
from printroom.training.portraits.polish import polish
from printroom.training.portraits.reading import (
    PHOTOS,
    tensor,
    train_guard,
    train_judge,
    train_reader,
    wrong,
)
from printroom.training.portraits.saving import Floats, generator_arrays, judge_arrays, known

ASIDE = 26
"""One to examine with for so many to learn from."""
SAMPLE = 10_000
"""Pictures that the codec is made from."""


@dataclass(frozen=True)
class Options:
    """What a run may vary."""

    size: int = 64
    """Side of the pictures: 64, or 32."""
    judge: str = "no"
    """`yes`: train a judge of such pictures, and no generator."""
    people: int = 6500
    """In the album."""
    large: int = 2500
    """Of them, whose pictures the decoder learns from."""
    judged: int = 2000
    """People in the judges' album."""
    reader_steps: int = 1200
    guard_steps: int = 600
    decoder_steps: int = 3000
    steps: int = 6000
    """Of the denoiser."""
    polish_steps: int = 800
    """Of the decoder, once there is a denoiser."""
    judge_steps: int = 2000
    threads: int = 1
    """Of torch; more change the last digits."""


@dataclass(frozen=True)
class Made:
    """What came of it."""

    digest: str
    scores: dict[str, float]
    """On people that were not learnt from: `loss` of the flow, or the share of what a judge names
    that is `wrong`."""


LOWER = True
"""The best has the lowest score."""


def main(data: Path, out: Path, options: Options) -> Made:  # noqa: ARG001  nothing is read
    """Train, and write weights and card to `out`; goes on where a run was stopped."""
    if options.size not in SHAPES or options.judge not in {"yes", "no"}:
        raise BadOption("there is no such generator", "--size is 32 or 64, --judge is yes or no")
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(0)
    name, arrays, scores = (_judge if options.judge == "yes" else _generator)(out, options)
    content = written(arrays, {"made": _command(options)})
    part = out / f"{name}.part"
    part.write_bytes(content)
    part.replace(out / f"{name}.safetensors")
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    card = {
        "name": name,
        "digest": digest,
        "parameters": sum(array.size for array in arrays.values()),
        "licence": "LicenseRef-printroom",
        "data": {"people that never lived, drawn by printroom": "LicenseRef-printroom"},
        "command": _command(options),
        "scores": scores,
    }
    (out / f"{name}.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")
    print(f"{name}: {card['parameters']:,} numbers, {len(content):,} bytes")
    return Made(digest, scores)


def _judge(out: Path, options: Options) -> tuple[str, dict[str, Floats], dict[str, float]]:
    seen = album(out / "other", options.judged, options.judged, 1, OTHER)
    course = Course(options.judge_steps, 1.5e-3)
    net = train_judge(seen, options.size, course, out / f"judge-{options.size}.pt", print)
    aside = max(1, options.judged // ASIDE)
    fresh = album(out / "aside", aside, aside, 3, OTHER)
    return f"judge-{options.size}", judge_arrays(net), {"wrong": wrong(net, fresh, options.size)}


def _generator(out: Path, options: Options) -> tuple[str, dict[str, Floats], dict[str, float]]:
    shape = SHAPES[options.size]
    drawn = album(out / "album", options.people, options.large)
    reader = train_reader(drawn, Course(options.reader_steps, 1.5e-3), out / "reader.pt", print)
    guard = train_guard(drawn, Course(options.guard_steps, 1.5e-3), out / "guard.pt", print)
    small = drawn.small.reshape(-1, 32, 32, 3)
    sample = np.random.default_rng(0).permutation(len(small))[:SAMPLE]
    codec = codec_of(small[sample], shape.latents)
    latents, told = encoded(codec, drawn), read(reader, drawn)
    denoiser = train_denoiser(
        latents,
        told,
        drawn.people,
        shape,
        Course(options.steps, 1.2e-3, decay=0.02, warm=200),
        out / f"denoiser-{options.size}.pt",
        print,
    )
    decoder = _decoder(out, options, drawn, codec, latents, denoiser)
    fresh = album(out / "aside", max(1, options.people // ASIDE), 0, 2)
    scores = {"loss": held(denoiser, encoded(codec, fresh), fresh.people)}
    arrays = generator_arrays(reader, guard, codec, decoder, denoiser) | known(codec, told, drawn)
    return f"portraits-{options.size}", arrays, scores


def _decoder(
    out: Path, options: Options, drawn: Album, codec: Codec, latents: Floats, denoiser: Denoiser
) -> Decoder:
    """From the pictures' own latents, then from what the denoiser makes of them."""
    size, shape = options.size, SHAPES[options.size]
    pictures = drawn.large if size == 64 else drawn.small[: options.large]
    shown = latents[: len(pictures)]
    decoder = train_decoder(
        codec,
        shown.reshape(-1, shape.latents),
        pictures.reshape(-1, size, size, 3),
        shape,
        Course(options.decoder_steps, 2e-3),
        out / f"decoder-{size}.pt",
        print,
    )
    course = Course(options.polish_steps, 1e-3)
    kept = out / f"polish-{size}.pt"
    return polish(decoder, denoiser, shown, drawn.people, pictures, course, kept, print)


def encoded(codec: Codec, drawn: Album) -> Floats:
    """(people, poses, latents)."""
    flat = codec.encode(drawn.small.reshape(-1, 32, 32, 3))
    return flat.reshape(*drawn.small.shape[:2], -1)


@torch.no_grad()  # type: ignore[untyped-decorator]
def read(reader: Recogniser, drawn: Album) -> Floats:
    """(people, photos, READ): what the reader tells of all photos."""
    photos = drawn.small[:, :PHOTOS].reshape(-1, 32, 32, 3)
    parts = [reader(tensor(photos[at : at + 1024])).numpy() for at in range(0, len(photos), 1024)]
    return np.concatenate(parts).reshape(len(drawn.people), PHOTOS, -1)


def _command(options: Options) -> str:
    flags = [
        f"--{field.name.replace('_', '-')} {getattr(options, field.name)}"
        for field in fields(options)
        if getattr(options, field.name) != field.default
    ]
    return " ".join(["printroom train portraits --data DATA --out OUT", *flags])
