"""The step `stylise`: how near its colours and textures come to a painting's, and what they cost.

paintings, photographs -> Palette, strokes, texture, fast -> rows

The photographs are of scikit-image. Where the data for developing is at hand, foreign paintings are
tried as well, and the results are judged by features of somebody else, trained on ImageNet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.rows import Row, at_least, at_most
from printroom.training.brush.stepcode import STYLISE, part

Array = NDArray[Any]
SIDE = 256
"""Pixels of a side of each photograph, and of the shorter side of a painting."""
SHARED = Path(__file__).parents[2] / "shared"
FOREIGN = SHARED / "data/generative/paintings"
DARKNET = SHARED / "models/style/darknet_reference_conv1_5.safetensors"
JUDGED = (("night", 0), ("howl", 1), ("surge", 2))
"""Paintings, and the photographs that are brought to them."""


def stylise(quick: bool) -> list[Row]:
    """Colours, costs, and textures as somebody else's features see them."""
    photos = photographs()[: 1 if quick else 4]
    rows = [*_colours(photos, quick), *_costs(photos[0])]
    if DARKNET.exists() and not quick:
        rows += _textures(photos)
    return rows


def photographs() -> list[Array]:
    """Four, each (SIDE, SIDE, 3) in 0..1."""
    data: Any = import_module("skimage.data")
    whole = (data.astronaut(), data.coffee(), data.chelsea(), data.rocket())
    return [_fitted(photo)[:SIDE, :SIDE] for photo in whole]


def _fitted(picture: Array) -> Array:
    factor = SIDE / min(picture.shape[:2])
    small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)


def _colours(photos: list[Array], quick: bool) -> Iterator[Row]:
    """How much of the distance between the palettes is left by colours alone, and by each way."""
    palette, strokes = part("palette"), part("strokes")
    folders = [STYLISE / "paintings", *([FOREIGN] if FOREIGN.is_dir() and not quick else [])]
    for folder in folders:
        works = part("works").Works.read(folder).works
        left: dict[str, list[float]] = {"palette": [], "strokes": []}
        for work in works[:3] if quick else works:
            painting = work.picture(SIDE)
            for photo in photos:
                before = palette.distance(photo, painting)
                coloured = palette.Palette.between(photo, painting).apply(photo)
                painted = strokes.painted(coloured, strokes.Manner.of(painting))
                left["palette"].append(palette.distance(coloured, painting) / before)
                left["strokes"].append(palette.distance(painted, painting) / before)
        whose = "its own" if folder.is_relative_to(STYLISE) else "foreign"
        for way, values in left.items():
            nearer = 1 - np.array(values)
            detail = f"{len(values)} pairs with {whose} paintings; the least {nearer.min():.2f}"
            name = f"stylise: colours nearer, {way}, {whose}"
            yield Row(name, float(nearer.mean()), at_least(0.7), "", detail)


def _costs(photo: Array) -> Iterator[Row]:
    """CPU seconds of each way, the palette among them, on one thread."""
    work = part("works").Works.read(STYLISE / "paintings").named("night")
    painting, brushes = work.picture(SIDE), part("brushes").Brushes.read(STYLISE / "brushes.npz")
    features = _own_features()
    strokes, texture, palette = part("strokes"), part("texture"), part("palette")

    def recoloured(picture: Array) -> Array:
        found: Array = palette.Palette.between(picture, painting).apply(picture)
        return found

    ways: dict[str, Callable[[Array], Array]] = {
        "strokes": lambda picture: strokes.painted(picture, strokes.Manner.of(painting)),
        "texture": lambda picture: texture.textured(picture, painting, features),
        "fast": lambda picture: recoloured(brushes.painted(picture, "night")),
    }
    for way, paint in ways.items():
        began = time.process_time()
        paint(recoloured(photo))
        cost = time.process_time() - began
        yield Row(f"stylise: {way}", cost, at_most(15), "CPU-s", f"{SIDE} px, one thread")


def _textures(photos: list[Array]) -> Iterator[Row]:
    """What is left of the difference that Darknet's features see, by ours and by random ones."""
    ours, judge = _own_features(), _darknet()
    random = np.random.default_rng(1)
    noise = [random.standard_normal(k.shape) * np.sqrt(2 / k.shape[1]) for k in ours.kernels]
    kernels = tuple(kernel.astype(np.float32) for kernel in noise)
    tried = {"ours": ours, "random": type(ours)(kernels, ours.biases), "Darknet's": judge}
    works = part("works").Works.read(STYLISE / "paintings")
    texture, palette = part("texture"), part("palette")
    left: dict[str, list[float]] = {name: [] for name in tried}
    for name, number in JUDGED:
        painting = works.named(name).picture(SIDE)
        coloured = palette.Palette.between(photos[number], painting).apply(photos[number])
        before = _seen(judge, coloured, painting)
        for which, features in tried.items():
            made = texture.textured(coloured, painting, features)
            left[which].append(float(np.mean(_seen(judge, made, painting) / before)))
    shown = ", ".join(f"{which} {np.mean(values):.2f}" for which, values in left.items())
    ratio = float(np.mean(left["ours"]) / np.mean(left["random"]))
    detail = f"left of what Darknet's features see: {shown}"
    yield Row("stylise: texture, our features / random", ratio, at_most(0.8), "x", detail)


def _seen(features: Any, picture: Array, painting: Array) -> Array:
    """How far the correlations of each layer are off."""
    texture = part("texture")
    maps = [features.forward(texture.planes(one)) for one in (picture, painting)]
    scales = [texture.scale(there) for there in maps[1]]
    grams = [
        [texture.gram(texture.flat(m / s)) for m, s in zip(each, scales, strict=True)]
        for each in maps
    ]
    pairs = zip(*grams, strict=True)
    return np.array([float(np.sqrt(np.square(a - b).mean())) for a, b in pairs])


def _own_features() -> Any:
    with np.load(STYLISE / "features.npz") as file:
        parts = {name: file[name].astype(np.float32) for name in file.files}
    return part("net").Features.of(parts)


def _darknet() -> Any:
    """Darknet's first five layers, the normalisation in their kernels."""
    from safetensors.numpy import load_file

    raw, parts = load_file(DARKNET), {}
    for layer in range(5):
        gain = raw[f"bn{layer}.gamma"] / np.sqrt(raw[f"bn{layer}.var"] + 1e-3)
        parts[f"kernel{layer}"] = raw[f"conv{layer}.weight"] * gain[:, None, None, None]
        parts[f"bias{layer}"] = raw[f"bn{layer}.beta"] - raw[f"bn{layer}.mean"] * gain
    return part("net").Features.of(parts)
