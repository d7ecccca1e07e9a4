"""A small search: the same recipe with several values of its options, and the best of them kept.

    ["rate=1e-3,2e-3", "seed=0,1"] -> trials -> four `Trial`s              BadOption
    trials, OUT, train -> search -> the best Trial     OUT/<trial>/..., OUT/search.json

Each trial has a folder of its own, in which it goes on where it was when it was killed; one that is
over is not done again. What is compared is the first score on the card: what the recipe watches
while it trains.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from printroom.core.errors import BadOption, NotFound
from printroom.training.telling import tell

MOST = 32
"""Trials of one search."""
SEARCH = "search.json"
SCORES = "scores.json"
"""In the folder of a trial that is over: name -> number."""
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_PASSING = ("checkpoint", ".part")
"""What is not copied from the best trial: files that begin or end so."""

Train = Callable[["Trial", Path], Mapping[str, float]]
"""Trains in a folder, and returns the scores; the first one counts."""


@dataclass(frozen=True)
class Trial:
    """One choice of options."""

    options: tuple[tuple[str, str], ...]
    """Name and value."""

    @property
    def name(self) -> str:
        """As `rate=1e-3,seed=0`; also the name of its folder."""
        return ",".join(f"{name}={value}" for name, value in self.options)

    @property
    def words(self) -> list[str]:
        """As options of the command line."""
        return [f"--{name.replace('_', '-')}={value}" for name, value in self.options]


def trials(grid: Sequence[str]) -> list[Trial]:
    """Every choice of one value for each name, `NAME=VALUE,VALUE`; the last name varies fastest.

    Raises BadOption.
    """
    axes: dict[str, list[str]] = {}
    for text in grid:
        name, equals, values = text.partition("=")
        several = [value for value in values.split(",") if value]
        if not equals or not _NAME.fullmatch(name) or not several or "/" in values:
            raise BadOption(f"no grid {text!r}", "give it as NAME=VALUE,VALUE, without slashes")
        if name in axes:
            raise BadOption(f"{name} comes twice", "give all its values at once")
        axes[name] = list(dict.fromkeys(several))
    found = [Trial(tuple(zip(axes, one, strict=True))) for one in product(*axes.values())]
    if len(found) > MOST:
        raise BadOption(f"{len(found)} trials are too many", f"a search has at most {MOST}")
    return found


def search(several: Sequence[Trial], out: Path, train: Train, *, lower: bool = False) -> Trial:
    """Do all that are not done yet; what the best one made is in `out` when this returns.

    `lower`: whether a small score is the better one. Raises NotFound for a recipe without scores,
    and what `train` does.
    """
    found: dict[str, Mapping[str, float]] = {}
    for number, trial in enumerate(several, 1):
        tell(trial=number, trials=len(several), options=dict(trial.options))
        found[trial.name] = _scores(trial, out / trial.name, train)
        _write(out / SEARCH, {"trials": found, "best": _best(several[:number], found, lower).name})
    best = _best(several, found, lower)
    for path in (out / best.name).iterdir():
        if path.is_file() and path.name != SCORES and not _passing(path.name):
            shutil.copyfile(path, out / path.name)
    return best


def _scores(trial: Trial, folder: Path, train: Train) -> Mapping[str, float]:
    done = folder / SCORES
    if done.exists():
        kept: dict[str, float] = json.loads(done.read_text("utf-8"))
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    scores = dict(train(trial, folder))
    if not scores:
        raise NotFound(f"nothing tells how good {trial.name} is", "train without a grid")
    _write(done, scores)
    return scores


def _best(several: Sequence[Trial], found: Mapping[str, Mapping[str, float]], lower: bool) -> Trial:
    def first(trial: Trial) -> float:
        score = next(iter(found[trial.name].values()))
        return -score if lower else score

    return max(several, key=first)


def _passing(name: str) -> bool:
    return name.startswith(_PASSING) or name.endswith(_PASSING)


def _write(path: Path, value: object) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(value, indent=2) + "\n", "utf-8")
    part.replace(path)
