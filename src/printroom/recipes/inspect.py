"""Fit the router of `inspect`: which faults a picture has, from what is measured of it.

    photos -> made worse in known ways -> measured -> filters of grey, regressions -> router.json

Every photograph is taken as it is, changed so slightly that it still counts as clean (JPEG of
quality 88 and more, a little soft, darker, tinted), with each fault alone, and with two of them.
It is measured through the very preview that steps see. One logistic regression a fault is then
fitted by Newton's method. What a photograph gave lies in OUT/measured, so a run that was stopped
goes on.

The filters of grey are fitted to clean photographs as in Barron 2015. So that the regressions see
beliefs about pictures that their filters do not know, the photographs are dealt into two halves,
and each is looked at with the filters of the other; thresholds are set the same way.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from printroom.catalogue.models import Catalogue
from printroom.catalogue.opening import open_model
from printroom.core.errors import NotFound
from printroom.core.session import Session
from printroom.engine.preview import survey
from printroom.engine.rasters import Raster
from printroom.pipelines.step import Preview
from printroom.steps.enhance import colour
from printroom.steps.inspect.cast import BINS, Cast
from printroom.steps.inspect.features import OPINION, coloured, measured
from printroom.steps.inspect.grey import DISTANCE, belief, tint
from printroom.steps.inspect.measure import measure
from printroom.steps.inspect.router import FAULTS, FILTER_UNIT, Router, beyond, terms
from printroom.training.degradations.base import Degradation, Picture, Range
from printroom.training.degradations.blur import DefocusBlur, GaussianBlur, MotionBlur
from printroom.training.degradations.cast import ColourCast
from printroom.training.degradations.compose import Chain, Choice, Maybe
from printroom.training.degradations.compress import Jpeg, from_bytes, to_bytes
from printroom.training.degradations.light import Exposure, Gamma, InLinearLight, low_light
from printroom.training.degradations.noise import (
    CorrelatedNoise,
    Demosaiced,
    GaussianNoise,
    ShotReadNoise,
)
from printroom.training.degradations.resize import Method, Resize, Sized
from printroom.training.sources import PERMITTED, RESEARCH, Source, read_source

Array = NDArray[Any]

PAINTINGS = "generative/paintings"
"""Have colours that no photographer would call balanced."""
TRAIN = (
    *(source for source in PERMITTED if source.folder != PAINTINGS),
    *(source for source in RESEARCH if source.folder in ("bsds500_train200", "t91")),
    Source("sun_hays80", "unstated", sharp=False),
)
TEST = (
    Source("kodak24", "released for unrestricted usage"),
    Source("bsds500_test200", "non-commercial research", ("*0.jpg", "*4.jpg", "*8.jpg")),
)
ROUTER = "router.json"

ANY = Range(0, 180)
METHODS: tuple[Method, ...] = ("area", "bicubic")


def enlarged(small: Method, large: Method, scale: Range) -> Degradation:
    """Shrunk by `scale`, and enlarged again."""
    return Sized(Resize(scale, small), 1.0, large)


FAULTY: dict[str, Degradation] = {
    "blur": Choice(
        GaussianBlur(Range(1, 4)),
        GaussianBlur(Range(1.2, 4), ratio=Range(0.3, 1), angle=ANY),
        DefocusBlur(Range(1.8, 5)),
        MotionBlur(Range(6, 20), angle=ANY, bend=Range(-30, 30)),
        weights=(0.45, 0.15, 0.15, 0.25),
    ),
    "low_resolution": Choice(
        *(enlarged(small, "bicubic", Range(0.25, 0.62)) for small in METHODS),
        *(enlarged(small, "bilinear", Range(0.25, 0.62)) for small in METHODS),
        *(enlarged("bicubic", "bicubic", Range(scale, scale)) for scale in (0.25, 0.5)),
        weights=(0.25, 0.25, 0.15, 0.15, 0.1, 0.1),
    ),
    "dark": Choice(
        low_light(Range(2, 5)),
        low_light(Range(2, 4), shot=Range(1e-4, 1e-3, log=True), read=Range(5e-4, 2e-3)),
        Chain(Gamma(Range(2, 3.5)), InLinearLight(Exposure(Range(0.5, 2))), GaussianNoise(1.5)),
        Chain(Gamma(Range(2, 3)), GaussianNoise(Range(0, 1))),
    ),
    "noise": Choice(
        GaussianNoise(Range(6, 50)),
        GaussianNoise(Range(6, 50), grey=True),
        InLinearLight(ShotReadNoise(Range(1.5e-3, 2e-2, log=True), Range(2e-3, 2e-2))),
        CorrelatedNoise(Range(8, 40), grain=Range(0.3, 0.9), shared=Range(0, 0.9)),
        Demosaiced(GaussianNoise(Range(8, 40))),
        weights=(0.4, 0.15, 0.15, 0.15, 0.15),
    ),
    "jpeg": Choice(
        Jpeg(Range(8, 65)), Jpeg(Range(8, 65), "4:4:4"), Jpeg(Range(8, 65), "4:2:2"),
        weights=(0.6, 0.25, 0.15),
    ),
}  # fmt: skip
"""Each fault, as strong as anybody would call it one; a cast is drawn by `cast`."""
HAPPEN = ("blur", "low_resolution", "dark", "cast", "noise", "jpeg")
"""Faults in the order in which they befall a picture."""
STOPS = Range(0.8, 2.0)
"""Of red over blue, or half as much of green, that make a cast.

By Planck's law between 600 and 450 nm, the light of neutral white lamps (4000 K) under a daylight
setting (5500 K) is 0.8 stops off, that of bulbs (2850 K) 1.95. Open shade (7500 K) is 0.56: that
much is left to photographers' taste."""
MILD = Choice(
    Chain(),
    Jpeg(Range(88, 98)),
    Jpeg(Range(90, 98), "4:4:4"),
    GaussianBlur(Range(0.2, 0.45)),
    GaussianNoise(Range(0.3, 2)),
    Gamma(Range(0.75, 1.3)),
    InLinearLight(Exposure(Range(-0.3, 0.6))),
    InLinearLight(ColourCast(Range(-0.2, 0.2), Range(-0.1, 0.1))),
)
"""What leaves a picture clean."""
LEAST, MOST = 0.2, 0.95
"""Probability from which a fault may count as found, and from which it always does."""
GRAVE = np.array([0.9 if fault == "noise" else 0.0 for fault in FAULTS])
"""(faults,): the probability below which nothing is mended unasked. Fur and grass look like noise,
and what is taken away with it is gone."""
AHEAD = 8
"""Clean pictures that one step of a threshold may cost."""
SMALLER = Maybe(0.4, Resize(Range(0.6, 0.95)))
"""Photographs come in all sizes."""
SAVED = Maybe(0.3, Jpeg(Range(88, 97)))
"""Most files are JPEG."""


@dataclass(frozen=True)
class Options:
    """What a run may vary."""

    copies: int = 1
    """Pictures of each fault made of a photograph; twice as many of clean ones."""
    photos: int = 0
    """Taken of each set; 0 = all."""
    ridge: float = 10.0
    """Weight of the squares of the regressions' weights, 0 and more."""
    clean: float = 0.075
    """Share of clean pictures, of the half that was not fitted to, that anything may be found on,
    0..1. Of the pictures of TEST it is half as many."""
    harmed: float = 0.05
    """Share of them on which anything may be found that `--fix auto` would mend, 0..1."""
    seed: int = 0
    workers: int = 2
    """Processes that measure."""


@dataclass(frozen=True)
class Table:
    """Pictures that were made and measured, a row each."""

    photos: Array
    """(n,) which photograph each was made of."""
    faults: Array
    """(n, faults) bool."""
    values: Array
    """(n, features) of `measured`, by name."""
    casts: Array
    """(n, 5) the numbers of `Cast`."""
    histograms: Array
    """(n, 3, BINS, BINS) of `Cast`."""
    ends: Array
    """(n, 7, 3) of `Cast`."""
    opinions: Array
    """(n, 3) of the network OPINION."""
    names: tuple[str, ...]

    def __getitem__(self, rows: Array) -> Table:
        return Table(
            self.photos[rows],
            self.faults[rows],
            self.values[rows],
            self.casts[rows],
            self.histograms[rows],
            self.ends[rows],
            self.opinions[rows],
            self.names,
        )

    @property
    def clean(self) -> Array:
        """(n,) bool."""
        return np.asarray(~self.faults.any(1))

    def features(self, filters: Array) -> tuple[Array, tuple[str, ...]]:
        """(n, all features), and their names."""
        seen = [
            coloured(_cast(numbers, histograms, ends), tint(histograms, filters), opinion)
            for numbers, histograms, ends, opinion in zip(
                self.casts, self.histograms, self.ends, self.opinions, strict=True
            )
        ]
        rows = np.array([list(row.values()) for row in seen])
        return np.hstack([self.values, rows]), (*self.names, *seen[0])


def main(data: Path, out: Path, options: Options) -> Router:
    """Fit on the sets of TRAIN, examine on those of TEST, write `out`/router.json.

    Raises NotFound when a set is missing; broken pictures are skipped and counted.
    """
    train = _measured("train", TRAIN, data, out, options)
    test = _measured("test", TEST, data, out, options)
    fitted = fit(train, options)
    examined = examine(fitted, test)
    print(examined.table())
    router = _with_card(fitted, options, examined)
    part = out / f"{ROUTER}.part"
    part.write_text(router.to_json(), "utf-8")
    part.replace(out / ROUTER)
    return router


def _measured(kind: str, sets: Sequence[Source], data: Path, out: Path, options: Options) -> Table:
    """All pictures made of the photographs of `sets`; those at hand from earlier runs are read."""
    folder = out / "measured" / f"{kind}-{options.copies}-{options.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    jobs: list[tuple[Path, Array, int]] = []
    for source in sets:
        photos = read_source(source, data)
        print(f"{source.folder}: {len(photos.pictures)} photos, {len(photos.skipped)} broken")
        named = list(zip(photos.names, photos.pictures, strict=True))
        for name, picture in named[: options.photos or None]:
            place = folder / f"{source.folder.replace('/', '-')}-{name}.npz"
            jobs.append((place, picture if source.sharp else _halved(picture), len(jobs)))
    missing = [job for job in jobs if not job[0].exists()]
    work = partial(_measure_photo, copies=options.copies, seed=options.seed)
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        for _ in track(pool.map(work, missing), f"measuring {kind}", len(missing)):
            pass
    return _joined([job[0] for job in jobs])


def _cast(numbers: Array, histograms: Array, ends: Array) -> Cast:
    grey_world, shades, edges, white_patch, neutral = numbers.tolist()
    return Cast(grey_world, shades, edges, white_patch, neutral, histograms, ends)


def _halved(picture: Array) -> Array:
    """Files that were compressed hard show no blocks at half their size."""
    return to_bytes(Resize(0.5)(from_bytes(picture), np.random.default_rng(0)))


def _measure_photo(job: tuple[Path, Array, int], copies: int, seed: int) -> None:
    """Write what one photograph gives, whole or not at all."""
    import cv2

    cv2.setNumThreads(1)  # the processes take the cores
    place, picture, number = job
    random = np.random.default_rng([seed, number])
    rows = []
    for faults, made in variants(from_bytes(picture), copies, random):
        preview = _preview(_cropped(made, random))
        measures, opinion = measure(preview), colour.seen(_network(), preview.thumbnail)
        *numbers, histograms, ends = (
            getattr(measures.cast, field.name) for field in fields(measures.cast)
        )
        rows.append((faults, measured(measures), numbers, histograms, ends, opinion))
    part = place.with_suffix(".part")
    with part.open("wb") as file:
        np.savez_compressed(
            file,
            faults=[[fault in row[0] for fault in FAULTS] for row in rows],
            values=[list(row[1].values()) for row in rows],
            names=list(rows[0][1]),
            casts=[row[2] for row in rows],
            histograms=np.array([row[3] for row in rows], np.float32),
            ends=[row[4] for row in rows],
            opinions=[row[5] for row in rows],
        )
    part.replace(place)


@cache
def _network() -> Session:
    return open_model(Catalogue().get(OPINION))


def _joined(places: Sequence[Path]) -> Table:
    parts = []
    for number, place in enumerate(places):
        with np.load(place) as part:
            parts.append({name: part[name] for name in part} | {"photo": number})
    if not parts:
        raise NotFound("no photograph to fit on", "put some into the folders of the sets")
    columns = {
        name: np.concatenate([part[name] for part in parts])
        for name in ("faults", "values", "casts", "histograms", "ends", "opinions")
    }
    photos = np.concatenate([np.full(len(part["faults"]), part["photo"]) for part in parts])
    return Table(photos=photos, names=tuple(parts[0]["names"].tolist()), **columns)


def variants(
    picture: Picture, copies: int, random: np.random.Generator
) -> Iterator[tuple[tuple[str, ...], Picture]]:
    """`picture` clean, with each fault, and with two: (faults, picture)."""
    yield (), picture
    for _ in range(copies):
        yield (), _sized(picture, random)
        two = random.choice(FAULTS, 2, replace=False)
        for faults in (*((fault,) for fault in FAULTS), tuple(f for f in HAPPEN if f in two)):
            made = SMALLER(picture, random)
            for fault in faults:
                made = (FAULTY.get(fault) or cast(random))(made, random)
            yield faults, made if "jpeg" in faults else SAVED(made, random)


def _sized(picture: Picture, random: np.random.Generator) -> Picture:
    """Clean still; one in eight without colour."""
    made = SMALLER(picture, random)
    if random.random() < 1 / 8:
        made = np.repeat(made.mean(2, keepdims=True), 3, 2)
    return MILD(made, random)


def cast(random: np.random.Generator) -> Degradation:
    """A light of any colour, more often between orange and blue than between green and magenta."""
    direction, stops = random.uniform(0, 2 * math.pi), STOPS.draw(random)
    light = ColourCast(stops * math.cos(direction), stops / 2 * math.sin(direction))
    return InLinearLight(light)


def _cropped(picture: Picture, random: np.random.Generator) -> Array:
    """As bytes; the grid of JPEG starts anywhere."""
    top, left = random.integers(0, 8, 2)
    return to_bytes(picture)[top:, left:]


def _preview(picture: Array) -> Preview:
    lines = np.ascontiguousarray(from_bytes(picture).transpose(0, 2, 1))
    return survey(Raster.of_lines(lines), lambda: None)


def fit(table: Table, options: Options) -> Router:
    """Filters, regressions and thresholds. The card is empty."""
    half = table.photos % 2 == 0
    folds = [(rows, fit_filters(table[~rows & table.clean].histograms)) for rows in (half, ~half)]
    features = np.empty((len(table.photos), 0))
    names: tuple[str, ...] = ()
    for rows, filters in folds:
        found, names = table[rows].features(filters)
        features = features if features.size else np.empty((len(table.photos), len(names)))
        features[rows] = found
    mean, deviation = features.mean(0), features.std(0) + 1e-9
    rows = terms(features, mean, deviation)
    odds = np.empty(table.faults.shape)
    for seen, _ in folds:
        odds[seen] = rows[seen] @ _regressions(rows[~seen], table.faults[~seen], options.ridge).T
    thresholds = spend(odds, table.faults, options.clean)
    surer = np.maximum(spend(odds, table.faults, options.harmed), GRAVE)
    return Router(
        card={},
        names=names,
        mean=mean,
        deviation=deviation,
        weights=_regressions(rows, table.faults, options.ridge),
        thresholds=thresholds,
        sure=np.maximum(thresholds, surer),
        filters=np.rint(fit_filters(table[table.clean].histograms) / FILTER_UNIT) * FILTER_UNIT,
    )


def _regressions(rows: Array, faults: Array, ridge: float) -> Array:
    return np.stack([regression(rows, fault, ridge) for fault in faults.T.astype(float)])


def regression(rows: Array, truth: Array, ridge: float) -> Array:
    """Weights (terms,) of the logistic regression of `truth` (n,), by Newton's method."""
    weights = np.zeros(rows.shape[1])
    damping = ridge * np.eye(rows.shape[1])
    damping[0, 0] = 1e-6  # the bias is free
    for _ in range(50):
        chance = _logistic(rows @ weights)
        slope = rows.T @ (chance - truth) + damping @ weights
        curvature = (rows * (chance * (1 - chance))[:, None]).T @ rows + damping
        step = np.linalg.solve(curvature, slope)
        weights -= step
        if abs(step).max() < 1e-6:
            break
    return weights


def _logistic(odds: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


def spend(odds: Array, faults: Array, share: float) -> Array:
    """(faults,) probabilities from which a fault counts as found.

    `odds` and `faults` are (n, faults). Each threshold begins above all clean pictures. Then the
    one is lowered, again and again, that finds most more of its fault for each clean picture more
    on which anything is found, until these are a `share` of the clean ones.
    """
    clean, alone = ~faults.any(1), faults.sum(1) == 1
    guilty = [np.sort(odds[alone & fault, place]) for place, fault in enumerate(faults.T)]
    innocent = odds[clean]
    floor, top = (math.log(chance / (1 - chance)) for chance in (LEAST, MOST))
    limits = np.clip(innocent.max(0), floor, top)
    left = int(share * len(innocent)) - int((innocent > limits).any(1).sum())
    while left > 0:
        kept = innocent[(innocent <= limits).all(1)]
        best = (0.0, 0, 0, 0.0)
        for place, found in enumerate(guilty):
            steps = np.sort(kept[:, place])[::-1][: min(left, AHEAD) + 1]
            for cost, limit in enumerate(steps[1:], 1):
                more = np.searchsorted(found, limits[place]) - np.searchsorted(found, limit)
                if more / len(found) / cost > best[0] and limit >= floor:
                    best = (more / len(found) / cost, cost, place, float(limit))
        if not best[1]:
            break
        _, cost, place, limits[place] = best
        left -= cost
    return _logistic(limits + 1e-6)


def fit_filters(histograms: Array, rounds: int = 300) -> Array:
    """(3, BINS, BINS) filters with which clean pictures vote for grey.

    Minimises the cross-entropy to a small disc around no shift, and the filters' size and
    roughness, with Adam. Turned lights need no pictures of their own: a shift of the histogram
    shifts the votes, and nothing else.
    """
    aim = np.exp(-((DISTANCE * 8) ** 2) / (2 * 0.8**2))
    aim /= aim.sum()
    wave = 2 - 2 * np.cos(2 * np.pi * np.arange(BINS) / BINS)
    price = 3e-5 + 3e-4 * (wave[:, None] + wave)
    seen = np.fft.fft2(histograms.astype(np.float64))
    filters = np.zeros(histograms.shape[1:])
    drift, scale = np.zeros_like(filters), np.zeros_like(filters)
    for turn in range(rounds):
        miss = np.fft.fft2((belief(histograms, filters) - aim) / len(histograms))
        pull = (np.conj(miss)[:, None] * seen).sum(0) + price * np.fft.fft2(filters)
        slope = np.fft.ifft2(pull).real
        drift = 0.9 * drift + 0.1 * slope
        scale = 0.99 * scale + 0.01 * slope**2
        mean, root = drift / (1 - 0.9 ** (turn + 1)), np.sqrt(scale / (1 - 0.99 ** (turn + 1)))
        filters -= 0.05 * (1 - turn / rounds) * mean / (root + 1e-9)
    return filters


@dataclass(frozen=True)
class Examined:
    """How a router did on photographs it does not know."""

    confusion: Array
    """(faults + 1, faults + 1) pictures with one fault or none: the truth down, the main fault
    found across; clean last."""
    exact: float
    """Share of those pictures of which just what is true was found."""
    flagged: float
    """Share of clean pictures on which anything was found."""
    calibration: float
    """Mean distance of probability and frequency, over tenths of probability."""

    @property
    def right(self) -> float:
        """Mean over the classes of the share that is right."""
        return float((np.diag(self.confusion) / self.confusion.sum(1)).mean())

    def table(self) -> str:
        """For people."""
        head = [*FAULTS, "clean"]
        lines = [" " * 15 + "".join(f"{name[:8]:>9}" for name in head)]
        lines += [
            f"{name:15}" + "".join(f"{count:9}" for count in row)
            for name, row in zip(head, self.confusion, strict=True)
        ]
        return "\n".join(lines) + (
            f"\nright {self.right:.1%}, exactly {self.exact:.1%}, "
            f"clean flagged {self.flagged:.1%}, calibration error {self.calibration:.3f}"
        )


def examine(router: Router, table: Table) -> Examined:
    """Look at pictures with one fault or none."""
    table = table[table.faults.sum(1) <= 1]
    features, _ = table.features(router.filters)
    chance = _logistic(terms(features, router.mean, router.deviation) @ router.weights.T)
    over = beyond(chance, router.thresholds)
    found = over >= 0
    main = np.where(found.any(1), over.argmax(1), len(FAULTS))
    truth = np.where(table.clean, len(FAULTS), table.faults.argmax(1))
    confusion = np.zeros((len(FAULTS) + 1,) * 2, int)
    np.add.at(confusion, (truth, main), 1)
    return Examined(
        confusion=confusion,
        exact=float((found == table.faults).all(1).mean()),
        flagged=float(found[table.clean].any(1).mean()),
        calibration=_calibration(chance, table.faults),
    )


def _calibration(chance: Array, truth: Array) -> float:
    tenths = np.minimum((chance * 10).astype(int), 9).ravel()
    gaps = np.bincount(tenths, (chance - truth).ravel(), 10)
    return float(abs(gaps).sum() / len(tenths))


def _with_card(router: Router, options: Options, examined: Examined) -> Router:
    flags = [
        f"--{field.name} {getattr(options, field.name)}"
        for field in fields(options)
        if field.name != "workers" and getattr(options, field.name) != field.default
    ]
    card = {
        "title": "Which faults a picture has",
        "data": {source.folder: source.licence for source in TRAIN},
        "examined_on": {source.folder: source.licence for source in TEST},
        "command": " ".join(["printroom train inspect --data DATA --out OUT", *flags]),
        "scores": {
            "right": round(examined.right, 4),
            "exact": round(examined.exact, 4),
            "clean_flagged": round(examined.flagged, 4),
            "calibration_error": round(examined.calibration, 4),
        },
        "confusion": examined.confusion.tolist(),
        "order": [*FAULTS, "clean"],
    }
    return replace(router, card=card)
