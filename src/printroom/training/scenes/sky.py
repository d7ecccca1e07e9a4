"""Sky, clouds, sun, moon and stars, and the weather before it all."""

from __future__ import annotations

import numpy as np

from printroom.training.scenes.canvas import Canvas, mix, rgb
from printroom.training.scenes.light import Light
from printroom.training.scenes.spec import Scene

STARS = 26


def sky(canvas: Canvas, light: Light, scene: Scene, horizon: float) -> None:
    """The sky down to the horizon and on, with what stands in it."""
    down = np.clip(canvas.y / horizon, 0, 1) ** 1.3
    canvas.over(1.0, light.top)
    canvas.over(down.astype(np.float32), light.horizon)
    weather = scene.get("weather")
    if scene.get("body") == "stars":
        _stars(canvas, horizon)
    elif "body" in scene:
        _body(canvas, scene, horizon)
    if weather in ("clouds", "storm", "rain"):
        _clouds(canvas, light, horizon, weather)


def _stars(canvas: Canvas, horizon: float) -> None:
    places = canvas.random.uniform(0, 1, (STARS, 2)) * (1, horizon - 0.05)
    canvas.over(canvas.dots(places, 0.009), rgb(255, 250, 230))
    canvas.over(canvas.dots(places[:6], 0.016), rgb(255, 252, 240))


def _body(canvas: Canvas, scene: Scene, horizon: float) -> None:
    time, moon = scene["time"], scene["body"] == "moon"
    low = time in ("dawn", "dusk") and not moon
    x = canvas.between(0.22, 0.78)
    y = canvas.between(horizon - 0.2, horizon - 0.06) if low else canvas.between(0.15, 0.28)
    radius = canvas.between(0.09, 0.14) * (1.3 if scene.get("mood") == "awe" else 1)
    colour = rgb(248, 244, 222) if moon else rgb(255, 236, 150)
    if low:
        colour = rgb(255, 120, 60) if time == "dusk" else rgb(255, 170, 110)
    if moon and time != "night":
        colour = rgb(240, 240, 244)
    canvas.light(canvas.glow(x, y, radius * 2.2) * 0.55, mix(colour, rgb(255, 255, 255), 0.2))
    disc = canvas.disc(x, y, radius)
    if moon and canvas.random.random() < 0.35:  # a crescent
        disc = np.clip(disc - canvas.disc(x + radius * 0.5, y - radius * 0.2, radius), 0, 1)
    canvas.over(disc, colour)


def _clouds(canvas: Canvas, light: Light, horizon: float, weather: str) -> None:
    pale = {"clouds": rgb(250, 250, 252), "rain": rgb(120, 130, 146), "storm": rgb(44, 46, 62)}
    colour = mix(pale[weather] * light.lit, light.horizon, 0.15)
    for _ in range(6 if weather == "clouds" else 8):
        x, y = canvas.between(0, 1), canvas.between(0.05, horizon * 0.55)
        wide, high = canvas.between(0.14, 0.26), canvas.between(0.03, 0.06)
        away = ((canvas.x - x) / wide) ** 2 + ((canvas.y - y) / high) ** 2
        canvas.over(np.clip(1.6 - away * 1.6, 0, 0.9).astype(np.float32), colour)


def weather(canvas: Canvas, light: Light, scene: Scene, horizon: float) -> None:
    """What falls, drifts or strikes between the eye and the land."""
    kind = scene.get("weather")
    if kind == "rain":
        canvas.over(0.25, mix(rgb(110, 122, 140) * light.lit, light.horizon, 0.3))
        starts = canvas.random.uniform(-0.1, 1, (46, 2))
        streaks = [[(x, y), (x - 0.035, y + 0.13)] for x, y in starts]
        canvas.over(canvas.lines(*streaks, width=0.008) * 0.6, rgb(216, 226, 240))
    elif kind == "snow":
        places = canvas.random.uniform(0, 1, (44, 2))
        canvas.over(canvas.dots(places, 0.011) * 0.95, rgb(250, 252, 255))
        canvas.over(canvas.dots(places[:14], 0.018) * 0.95, rgb(255, 255, 255))
    elif kind == "mist":
        for height in (horizon - 0.06, horizon + 0.1, 0.9):
            away = (canvas.y - canvas.ridge(height, 0.03)) / canvas.between(0.07, 0.1)
            haze = mix(light.horizon, rgb(236, 238, 240), 0.55)
            canvas.over((0.85 * np.exp(-(away**2))).astype(np.float32), haze)
    elif kind == "wind":
        _gusts(canvas)
    elif kind == "storm":
        _storm(canvas, horizon)


def _gusts(canvas: Canvas) -> None:
    along = np.linspace(0, 1, 16)
    curves = []
    for _ in range(7):
        x, y, long = canvas.between(-0.2, 0.5), canvas.between(0.1, 0.85), canvas.between(0.4, 0.7)
        curl = 0.03 * np.sin(along * 5 + canvas.between(0, 6)) - 0.09 * along**6
        curves.append(np.stack([x + along * long, y + curl], 1).astype(np.float32))
    canvas.over(canvas.lines(*curves, width=0.012) * 0.75, rgb(246, 248, 250))


def _storm(canvas: Canvas, horizon: float) -> None:
    canvas.over(0.45, rgb(26, 28, 42))
    x = canvas.between(0.25, 0.75)
    bolt = [(x, 0.12)]
    for part in range(1, 6):
        x += canvas.between(-0.09, 0.09)
        bolt.append((x, 0.12 + (horizon - 0.1) * part / 5))
    canvas.light(canvas.lines(bolt, width=0.05) * 0.35, rgb(170, 190, 255))
    canvas.over(canvas.lines(bolt, width=0.018), rgb(255, 252, 220))
