"""Findings as sentences: fault, whether it was found, its estimate -> a reason."""

from __future__ import annotations

import numpy as np

from printroom.steps.inspect.grey import Tint

FOUND = {
    "jpeg": "Detail is rounded off in blocks of 8 x 8, as by JPEG of quality {:.0f}.",
    "noise": "Flat areas vary by {:.1f} levels of 255.",
    "blur": "The sharpest edges are as soft as under a blur of {:.1f} pixels.",
    "dark": "Half of the picture is below {:.0%} of the range.",
    "low_resolution": "Detail ends as it does in a picture that was enlarged {:.1f} times.",
}
ABSENT = FOUND | {
    "jpeg": "Its JPEG, of quality {:.0f}, hardly shows.",
    "low_resolution": "Detail does not end as it does in enlarged pictures.",
}
UNKNOWN = {
    ("jpeg", True): "The edges of blocks of 8 x 8 stand out.",
    ("jpeg", False): "There is no trace of JPEG.",
    ("blur", True): "Fine detail is missing.",
    ("blur", False): "There is no strong edge to judge by.",
}
HUES = {-20: "red", 20: "orange", 75: "green", 150: "cyan", 200: "blue", 270: "magenta", 340: "red"}
"""From so many degrees of hue on."""
FAINT = 2.0
"""Degrees below which a tint has no name."""


def reason(fault: str, found: bool, estimate: float | None, light: Tint) -> str:
    """One sentence."""
    if estimate is None:
        return UNKNOWN[fault, found]
    if fault == "cast":
        towards = f" towards {hue(light)}" if estimate >= FAINT else ""
        return f"Greys seem {estimate:.0f} degrees off{towards}."
    return (FOUND if found else ABSENT)[fault].format(estimate)


def hue(light: Tint) -> str:
    """Name of the colour of the light."""
    red, green, blue = light.red, 0.0, light.blue
    along, across = red - (green + blue) / 2, np.sqrt(3) / 2 * (green - blue)
    turn = (np.degrees(np.arctan2(across, along)) + 20) % 360 - 20
    return HUES[max(start for start in HUES if start <= turn)]
