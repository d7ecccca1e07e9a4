"""Train `printroom/upscale-x2` or `-x4` (--scale): larger, true to the photograph.

    pictures -> shrunk by MATLAB's bicubic -> train -> upscale-x2.onnx + card.json

What the field measures: the small picture is the large one shrunk, and nothing else, so pairs are
made where the net learns, which is what a GPU needs (`--device cuda --bits 16 --batch 64`). With
`--after MODEL` the small one also gets the fault that MODEL mends and goes through MODEL, frozen,
so that the net learns on what the earlier step of a chain leaves; start it from a finished training
(`--start`), and both are examined on such pictures, side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from printroom.catalogue.card import ModelCard
from printroom.core.errors import BadOption
from printroom.recipes import dejpeg, denoise
from printroom.training.degradations.base import Degradation
from printroom.training.degradations.compose import Chain
from printroom.training.degradations.compress import EightBits, Jpeg
from printroom.training.degradations.noise import GaussianNoise
from printroom.training.degradations.resize import Resize
from printroom.training.frozen import Restored
from printroom.training.judging import Exam, exam, pictures_of
from printroom.training.pairs import Degraded
from printroom.training.photos import cropped
from printroom.training.release import Recipe, carry_out
from printroom.training.shrunk import Shrunk
from printroom.training.sources import Array, Pictures
from printroom.training.trainer import Options as Common

SCALES = {
    2: "Twice the size, true to the photograph",
    4: "Four times the size, true to the photograph",
}
EARLIER: dict[str, tuple[Degradation, Degradation]] = {
    "dejpeg": (dejpeg.FAULTS, Jpeg(30)),
    "denoise": (denoise.FAULTS, GaussianNoise(15)),
}
"""Name of an earlier model -> the faults that it mends, and one of them to examine with."""

TRIES = 3
"""Crops, of which the one with the most detail is learnt from."""


@dataclass(frozen=True)
class Options(Common):
    """What a run may vary."""

    scale: int = 2
    """2 or 4."""
    patch: int = 48
    channels: int = 32
    rate: float = 0.01
    after: str = ""
    """An earlier model of a chain, `printroom/dejpeg` or `printroom/denoise`; empty = none."""


def before(after: str, place: int) -> Degradation:
    """The faults to learn on (0) or to examine with (1), and the earlier model; nothing for ""."""
    if not after:
        return Chain()
    name = after.partition("@")[0].rpartition("/")[2]
    if name not in EARLIER:
        raise BadOption(f"no chain begins with {after!r}", f"take one of {', '.join(EARLIER)}")
    return Chain(EightBits(), EARLIER[name][place], EightBits(), Restored(after))


def exams(data: Path, aside: list[Array], scale: int, after: str) -> list[Exam]:
    """The field's test sets, as many border pixels left out as the scale says."""
    shrunk = Chain(Resize(1 / scale), before(after, 1))
    ending = f" after {after}" if after else ""
    sets = {name: pictures_of(data, name, scale) for name in ("set5", "set14")}
    sets["aside"] = [cropped(picture, scale) for picture in aside]
    return [exam(f"{name}{ending}", p, shrunk, scale, "luma") for name, p in sets.items()]


def main(data: Path, out: Path, options: Options) -> ModelCard:
    """Train on `data`, write weights and card to `out`; see `training.release.carry_out`."""
    scale = options.scale
    if scale not in SCALES:
        raise BadOption(f"no recipe enlarges by {scale}", "take --scale 2 or 4")
    faults = Chain(Resize(1 / scale), before(options.after, 0))

    def pairs(pictures: Pictures) -> Degraded | Shrunk:
        if options.after:
            return Degraded(pictures, faults, options.patch, scale, tries=TRIES)
        return Shrunk.of(pictures, options.patch, scale, TRIES)

    ending = f"-after-{options.after.partition('@')[0].rpartition('/')[2]}" if options.after else ""
    recipe = Recipe(
        command="upscale",
        model=f"upscale-x{scale}{ending}",
        task="upscale",
        title=SCALES[scale],
        pairs=pairs,
        exams=lambda pictures: exams(data, pictures.aside, scale, options.after),
        scale=scale,
    )
    return carry_out(recipe, data, out, options)
