"""What a scene shows, in a few dozen words.

random -> Scene: at most one value of each group

A value that is not there is shown by nothing: a scene without water has none, and a poem that does
not speak of water leaves it open.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

Scene = Mapping[str, str]
"""Group -> value; groups that are absent show nothing."""

GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "time": ("dawn", "day", "dusk", "night"),
        "season": ("spring", "summer", "autumn", "winter"),
        "weather": ("rain", "snow", "mist", "wind", "storm", "clouds"),
        "body": ("sun", "moon", "stars"),
        "land": ("mountain", "hills", "field", "forest", "city"),
        "water": ("sea", "river", "pond"),
        "flora": ("tree", "blossom", "flowers", "grass", "leaves"),
        "fauna": ("birds", "butterfly", "fireflies"),
        "thing": ("boat", "house", "lantern", "path", "person", "animal"),
        "mood": ("calm", "joy", "sorrow", "longing", "fear", "awe"),
        "motion": ("still", "flow", "swirl", "falling"),
        "colour": ("red", "orange", "gold", "green", "blue", "violet", "pink", "white", "black"),
    }
)
VALUES: tuple[str, ...] = tuple(value for group in GROUPS.values() for value in group)
GROUP_OF: Mapping[str, str] = MappingProxyType(
    {value: group for group, values in GROUPS.items() for value in values}
)
ABSTRACT = 0.16
"""Share of pictures that show no place, but mood, motion and colour alone."""
OFTEN = {"land": 0.5, "water": 0.35, "flora": 0.42, "fauna": 0.2, "thing": 0.28}
"""How often a scene has these; at most SUBJECTS of them at a time."""
SUBJECTS = 3
BODIES = {
    "dawn": ("sun", "sun", "moon"),
    "day": ("sun",),
    "dusk": ("sun", "sun", "moon"),
    "night": ("moon", "moon", "stars"),
}
HIDES_BODY = ("rain", "storm", "clouds", "snow")


def draw_scene(random: np.random.Generator) -> Scene:
    """One scene, or now and then an abstraction, whose parts go together."""
    if random.random() < ABSTRACT:
        return _abstraction(random)
    scene = {group: _one(random, GROUPS[group]) for group in ("time", "season")}
    wanted = [group for group, share in OFTEN.items() if random.random() < share]
    for group in random.permutation(wanted)[:SUBJECTS]:
        scene[str(group)] = _one(random, GROUPS[str(group)])
    _maybe(random, scene, "weather", 0.5)
    if random.random() < (0.2 if scene.get("weather") in HIDES_BODY else 0.65):
        scene["body"] = _one(random, BODIES[scene["time"]])
    _maybe(random, scene, "mood", 0.45)
    _maybe(random, scene, "motion", 0.12)
    _maybe(random, scene, "colour", 0.22)
    return _agreed(scene, random)


def _abstraction(random: np.random.Generator) -> Scene:
    scene: dict[str, str] = {}
    for group, share in (("mood", 0.8), ("motion", 0.5), ("colour", 0.6)):
        _maybe(random, scene, group, share)
    return scene or {"mood": _one(random, GROUPS["mood"])}


def _agreed(scene: dict[str, str], random: np.random.Generator) -> Scene:
    """What cannot be seen together is mended: snow falls in winter, boats need water."""
    if scene.get("weather") == "snow":
        scene["season"] = "winter"
    if scene.get("thing") == "boat":
        scene["water"] = _one(random, ("sea", "sea", "pond"))
    if scene.get("fauna") == "fireflies" and scene["time"] != "night":
        scene["time"] = _one(random, ("night", "dusk"))
    if scene.get("thing") == "lantern" and scene["time"] == "day":
        scene["time"] = _one(random, ("night", "dusk"))
    if "body" in scene and scene["body"] not in BODIES[scene["time"]]:
        scene["body"] = _one(random, BODIES[scene["time"]])
    if scene.get("flora") == "blossom" and scene.get("weather") != "snow":
        scene["season"] = _one(random, ("spring", "spring", "summer"))
    if scene.get("flora") in ("leaves", "flowers") and scene.get("weather") == "snow":
        del scene["flora"]
    if scene.get("flora") == "leaves":
        scene["season"] = "autumn"
    if scene.get("flora") == "flowers" and scene["season"] == "winter":
        scene["season"] = _one(random, ("spring", "summer"))
    if scene.get("water") == "sea" and scene.get("land") in ("field", "forest"):
        scene["land"] = _one(random, ("mountain", "hills"))
    return scene


def _maybe(random: np.random.Generator, scene: dict[str, str], group: str, share: float) -> None:
    if random.random() < share:
        scene[group] = _one(random, GROUPS[group])


def _one(random: np.random.Generator, values: tuple[str, ...]) -> str:
    return values[int(random.integers(len(values)))]
