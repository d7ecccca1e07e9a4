"""Measures as numbers that a linear judge can weigh.

    Measures, filters of grey, the network's opinion of the light -> {name: number}

Sizes that span orders of magnitude enter as logarithms. Names are those that `router.json` weighs.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.steps.inspect.cast import ENDS, Cast, angle, to_light
from printroom.steps.inspect.grey import Tint, tint
from printroom.steps.inspect.light import PERCENTILES
from printroom.steps.inspect.measure import Measures
from printroom.steps.inspect.sharpness import BANDS

OPINION = "printroom/colour@1"
"""The network whose opinion of the light is heard; the router was fitted to that version."""


def features(
    measures: Measures, filters: NDArray[Any], opinion: NDArray[Any]
) -> tuple[dict[str, float], Tint]:
    """The features, and the belief about the light that some of them come from.

    `opinion`: (3,) of `enhance.colour.seen` by OPINION.
    """
    light = tint(measures.cast.histograms, filters)
    return measured(measures) | coloured(measures.cast, light, opinion), light


def measured(measures: Measures) -> dict[str, float]:
    """Those that nothing fitted goes into."""
    blocks, noise, sharpness = measures.blocks, measures.noise, measures.sharpness
    values = {
        "block ratio": blocks.ratio,
        "block zeros": blocks.zeros,
        "block comb": blocks.comb,
        "block scale": math.log(blocks.scale + 0.1),
        "texture": noise.spread,
        "re-blur": sharpness.reblur,
        "laplacian": sharpness.laplacian,
        "edge width": math.log(sharpness.width + 0.3),
        "typical edge width": math.log(sharpness.typical_width + 0.3),
        "uneven": sharpness.uneven,
        "cliff": sharpness.cliff,
        "cliff at": sharpness.cliff_at,
        "rebound": sharpness.rebound,
        "beats": sharpness.beats,
        "beat at 1/2": sharpness.half,
        "beat at 1/4": sharpness.quarter,
        "beat at 1/8": sharpness.eighth,
        "mean luma": math.sqrt(measures.light.mean),
        "black": math.sqrt(measures.light.black),
        "white": math.sqrt(measures.light.white),
    }
    for name in ("flat", "coarse", "colour", "colour_coarse", "window"):
        values[f"noise {name.replace('_', ' ')}"] = math.log(getattr(noise, name) + 0.5)
    for high, level in zip(BANDS[2:], sharpness.bands, strict=True):
        values[f"power up to {high:g}"] = level
    for percent, level in zip(PERCENTILES, measures.light.percentiles, strict=True):
        values[f"luma at {percent} %"] = math.sqrt(level)
    return values


def coloured(cast: Cast, light: Tint, opinion: NDArray[Any]) -> dict[str, float]:
    """Those about the colour of the light."""
    red, green, blue = opinion.tolist()
    opinions = {
        "grey world": cast.grey_world,
        "shades of grey": cast.shades,
        "grey edges": cast.edges,
        "white patch": cast.white_patch,
        "tint": light.angle,
    }
    values = {name: math.log(degrees + 1.5) for name, degrees in opinions.items()}
    return values | {
        "neutral": math.sqrt(cast.neutral),
        "slightly tinted": light.slight,
        "strongly tinted": light.strong,
        "sure of tint": light.sure,
        "warm": light.red - light.blue,
        "green": -light.red - light.blue,
        "net light": math.log(math.hypot(red, green, blue) + 0.05),
        "net warm": red - blue,
        "net green": green,
        **_ends(cast),
    }


def _ends(cast: Cast) -> dict[str, float]:
    """Where the channels begin and end, against each other."""
    values = {}
    for percent, levels in zip(ENDS, cast.ends, strict=True):
        at = f"at {percent:g} %"
        if percent < 50:
            seen = levels
            values[f"darkest {at}"] = float(levels.min())
            values[f"darks apart {at}"] = float(np.ptp(levels))
        else:
            light = to_light(levels) + 1e-4
            seen = np.log2(light)
            values[f"brights off grey {at}"] = math.log(angle(light) + 1.5)
        red, green, blue = seen.tolist()
        values[f"warm {at}"] = red - blue
        values[f"green {at}"] = green - (red + blue) / 2
    *_, nearly, top = cast.ends
    return values | {
        "lowest top": float(top.min()),
        "lowest nearly top": float(nearly.min()),
        "lonely top": float((top - nearly).max()),
    }
