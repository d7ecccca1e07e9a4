"""Fit the router of `inspect`: which faults a picture has, from what is measured of it.

    photos -> made worse in known ways -> measured -> filters of grey, two judges -> router.json

Every photograph is graded as if by other hands, prints and slides (`faults.TASTE`), and then
changed so slightly that it still counts as clean (JPEG of quality 88 and more, a little soft,
darker, tinted), given each fault alone, and two of them. Those of the examinations are not graded.
What a photograph gave lies in OUT/measured, so a run that was stopped goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from printroom.steps.inspect.router import FAULTS, Router
from printroom.training.degradations.compress import from_bytes, to_bytes
from printroom.training.degradations.resize import Resize
from printroom.training.routing.examining import Examined, examine
from printroom.training.routing.faults import TASTE, Making
from printroom.training.routing.fitting import fit
from printroom.training.routing.table import Kept, Table, joined, measure
from printroom.training.sources import CAMERAS, CID22, KODAK, WIDE, Source, read_source

Array = NDArray[Any]

PAINTINGS = "generative/paintings"
"""Have colours that no photographer would call balanced."""
TRAIN = (CAMERAS, KODAK, CID22, *(source for source in WIDE if source.folder != PAINTINGS))
SECOND = (Source("bsds500_train200", "non-commercial research"),)
"""Examined beside TEST: what one set says by luck, two seldom do."""
TEST = (
    Source("kodak24", "released for unrestricted usage"),
    Source("bsds500_test200", "non-commercial research", ("*0.jpg", "*4.jpg", "*8.jpg")),
)
ROUTER = "router.json"
HUGE = 1200
"""Pixels of the shorter side from which a photograph is halved: more shows no more."""


@dataclass(frozen=True)
class Options:
    """What a run may vary."""

    copies: int = 3
    """Pictures of each fault made of a photograph to fit to; three times as many of clean ones."""
    rounds: int = 2
    """Times that they are made."""
    draws: int = 3
    """Times that the pictures of examinations are made: one draw alone swings by a point."""
    photos: int = 0
    """Taken of each set; 0 = all."""
    ridge: float = 5.0
    """Weight of the squares of the regressions' weights, 0 and more."""
    likely: float = 0.4
    """Probability from which a fault is found, 0..1."""
    tinted: float = 0.006
    """Share of clean pictures, of the half that was not fitted to, that a cast may be found on."""
    harmed: float = 0.01
    """Share of them on which a fault may be found that `--fix auto` would mend, for each fault."""
    seed: int = 0
    workers: int = 2
    """Processes that measure, and grow trees."""


def main(data: Path, out: Path, options: Options) -> Router:
    """Fit on the sets of TRAIN, examine on those of TEST, write `out`/router.json.

    Raises NotFound when a set is missing; broken pictures are skipped and counted.
    """
    making = Making(options.copies, TASTE, clean=3)
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        measured = partial(_measured, data=data, out=out, options=options, pool=pool)
        train = measured("train", TRAIN, making=making, draws=options.rounds)
        fitted = fit(train, options.ridge, options.likely, options.tinted, options.harmed, pool.map)
        second, test = (
            examine(fitted, measured(kind, sets, making=Making(), draws=options.draws))
            for kind, sets in (("second", SECOND), ("test", TEST))
        )
    print(f"second\n{second.table()}\ntest\n{test.table()}")
    router = _with_card(fitted, options, test)
    part = out / f"{ROUTER}.part"
    part.write_text(router.to_json(), "utf-8")
    part.replace(out / ROUTER)
    return router


def _measured(
    kind: str,
    sets: Sequence[Source],
    *,
    making: Making,
    draws: int,
    data: Path,
    out: Path,
    options: Options,
    pool: Executor,
) -> Table:
    """All pictures made of the photographs of `sets`; those at hand from earlier runs are read."""
    folders = {
        seed: out / "measured" / f"{kind}-{making.copies}-{seed}"
        for seed in range(options.seed, options.seed + draws)
    }
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    jobs: list[tuple[Kept, Array, bool, int]] = []
    number = 0
    for source in sets:
        photos = read_source(source, data)
        print(f"{source.folder}: {len(photos.pictures)} photos, {len(photos.skipped)} broken")
        named = list(zip(photos.names, photos.pictures, strict=True))
        for name, picture in named[: options.photos or None]:
            file = f"{source.folder.replace('/', '-')}-{name}.npz"
            jobs += [
                (Kept(folder / file, number, source.graded), picture, source.sharp, seed)
                for seed, folder in folders.items()
            ]
            number += 1
    missing = [job for job in jobs if not job[0].place.exists()]
    work = pool.map(partial(_measure, making=making), missing)
    for _ in track(work, f"measuring {kind}", len(missing)):
        pass
    return joined(job[0] for job in jobs)


def _measure(job: tuple[Kept, Array, bool, int], making: Making) -> None:
    """As `measure`, of a picture that may not be sharp, or huge.

    Files that were compressed hard show no blocks at half their size; and more than HUGE shows no
    more.
    """
    kept, picture, sharp, seed = job
    while not sharp or min(picture.shape[:2]) >= HUGE:
        picture = to_bytes(Resize(0.5)(from_bytes(picture), np.random.default_rng(0)))
        sharp = True
    measure(kept, picture, making, seed)


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
