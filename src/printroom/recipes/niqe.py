"""Estimate what NIQE takes for good: the Gaussian of sharp patches of good photographs.

    photos -> half the size -> a camera's grain -> 36 features of sharp patches -> niqe.json

The photos are means of many shots of still scenes, whose licence lets anybody use what is made of
them. Such means are soft and without any grain, unlike good photographs: by themselves they would
rank a slight blur above the original. Halved they are crisp, and a little noise, half of it common
to all colours, gives the grain back.

Sharp are the patches of a picture whose mean local deviation is over a part of the greatest there
(Mittal, Soundararajan, Bovik 2013, section 2.3). Patches overlap by half. Raises NotFound.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption, NotFound
from printroom.imaging.bicubic import bicubic
from printroom.metrics.niqe import FEATURES, PATCH, NiqeStream, Pristine
from printroom.metrics.pixels import grey
from printroom.training.photos import read_folders

LICENCES = {"polyu_noisy": "BSD-style"}
"""Of the sets that are known."""
Array = NDArray[Any]


@dataclass(frozen=True)
class Options:
    """What a run may vary."""

    sets: str = "polyu_noisy"
    """Folders below DATA, separated by commas."""
    names: str = "_mean"
    """Only pictures with this in their names."""
    scale: float = 0.5
    """Of the photos before they are looked at; 1 = as they are."""
    grain_from: float = 1.0
    """Least standard deviation of the grain in levels of 255; 0 = none."""
    grain_to: float = 3.0
    sharp: float = 0.5
    """Least sharpness of a patch over the greatest of its picture, 0..1; .75 in the paper."""
    seed: int = 0


def main(data: Path, out: Path, options: Options) -> Pristine:
    """Write `out`/niqe.json: parameters, data and command.

    Raises NotFound when a set is missing, or there are too few patches for a Gaussian.
    """
    sets = options.sets.split(",")
    photos = read_folders([data / name for name in sets], wanted=lambda n: options.names in n)
    random = np.random.default_rng(options.seed)
    found = [sharp_patches(prepared(p, options, random), options.sharp) for p in photos.pictures]
    features = np.concatenate(found)
    if len(features) <= FEATURES:
        raise NotFound(
            f"{len(features)} sharp patches are too few for a Gaussian of {FEATURES} features",
            f"give it more photographs, or larger ones: patches are {PATCH} pixels a side",
        )
    pristine = Pristine.of(
        features,
        data={name: LICENCES.get(name, "unstated") for name in sets},
        pictures=len(photos.pictures),
        command=" ".join(["printroom train niqe --data DATA --out OUT", *_flags(options)]),
    )
    out.mkdir(parents=True, exist_ok=True)
    part = out / "niqe.json.part"
    part.write_text(pristine.to_json(), "utf-8")
    part.replace(out / "niqe.json")
    counts = f"{pristine.patches} sharp patches of {pristine.pictures} photos"
    print(f"{counts}, {len(photos.skipped)} broken")
    return pristine


def prepared(picture: Array, options: Options, random: np.random.Generator) -> Array:
    """A photo made smaller, with grain of one strength drawn for it: uint8 (H, W, 3)."""
    small = bicubic(picture, options.scale) if options.scale != 1 else picture
    strength = random.uniform(options.grain_from, options.grain_to)
    height, width = small.shape[:2]
    own = random.standard_normal((height, width, 3))
    common = random.standard_normal((height, width, 1))
    noisy = small + strength / 2 * (own + common)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def sharp_patches(picture: Array, sharp: float) -> NDArray[np.float64]:
    """Features (n, 36) of the patches that are sharp for their picture; none of a small one."""
    half = PATCH // 2
    found = [patches(picture[top:, left:]) for top in (0, half) for left in (0, half)]
    features = np.concatenate([part for part, _ in found])
    sharpness = np.concatenate([part for _, part in found])
    return np.asarray(features[sharpness > sharp * max(sharpness, default=0.0)])


def patches(picture: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Features and sharpness of all patches, from the top left."""
    try:
        stream = NiqeStream(*picture.shape[:2])
    except BadOption:  # it holds no two
        return np.empty((0, FEATURES)), np.empty(0)
    stream.add(grey(np.ascontiguousarray(picture)))
    return stream.patches()


def _flags(options: Options) -> list[str]:
    return [
        f"--{field.name.replace('_', '-')} {getattr(options, field.name)}"
        for field in fields(options)
        if getattr(options, field.name) != field.default
    ]
