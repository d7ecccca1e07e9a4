"""Methods tried on every case of a task: figures for each picture, and their means.

    Task, folders, Methods -> run -> Results          NotFound ModelFailed NeedsMemory Cancelled

A file that cannot be read, or judged, is skipped and named; a method that fails ends the run. The
same call gives the same figures.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from printroom.core.errors import Cancelled, NotFound, PrintroomError
from printroom.quality.pictures import Pixels, Skipped, as_pixels, printable, set_names
from printroom.quality.published import Published, published
from printroom.quality.task import METRICS, Case, Method, Subject, Task

Tell = Callable[[str, int, int], None]
"""Called before each picture: its name, how many are done, how many there are."""


@dataclass(frozen=True)
class Score:
    """The figures of one method on one case."""

    set: str
    picture: str
    strength: float | None
    method: str
    values: dict[str, float]


@dataclass(frozen=True)
class Group:
    """All that is compared with each other: a set at one strength."""

    set: str
    strength: float | None
    means: dict[str, dict[str, float]]
    """Method -> figure -> mean over the pictures."""
    scores: list[Score]

    @property
    def pictures(self) -> list[str]:
        """In the order of the set."""
        return list(dict.fromkeys(score.picture for score in self.scores))


@dataclass
class Results:
    """What came of a run."""

    task: Task
    methods: Sequence[Method]
    """The floor first."""
    scores: list[Score] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    subjects: dict[tuple[str, str], Subject] = field(default_factory=dict)
    """Set and picture -> the picture, to look at it again."""

    @property
    def groups(self) -> list[Group]:
        """Sets in their order, within each the strengths."""
        keys = dict.fromkeys((score.set, score.strength) for score in self.scores)
        made = []
        for name, strength in sorted(keys, key=lambda key: self._rank(*key)):
            scores = [s for s in self.scores if (s.set, s.strength) == (name, strength)]
            made.append(Group(name, strength, self._means(scores), scores))
        return made

    def title(self, group: Group) -> str:
        """`classic5, q10`."""
        label = f"x{self.task.scale}" if self.task.scales else self.task.label(group.strength)
        return f"{group.set}, {label}" if label else group.set

    def published(self, group: Group) -> list[Published]:
        """What others published on this set under this condition."""
        if self.task.conditions.grey:  # figures are of the sets as they are known
            return []
        condition = float(self.task.scale) if self.task.scales else group.strength
        return published(self.task.name, group.set, condition)

    def gains(self, group: Group) -> dict[str, dict[str, float]]:
        """Method -> picture -> how much better the deciding figure is than the floor's."""
        metric, floor = self.task.primary, self.methods[0].name
        values = {(s.method, s.picture): s.values[metric] for s in group.scores}
        return {
            method.name: {
                picture: difference(metric, values[method.name, picture], values[floor, picture])
                for picture in group.pictures
            }
            for method in self.methods
        }

    def as_json(self) -> dict[str, Any]:
        """Plain values; an infinite PSNR, that of an equal picture, is None."""
        task, conditions = self.task, self.task.conditions
        return {
            "task": task.name,
            "protocol": task.title,
            "scale": task.scale,
            "seed": conditions.seed,
            "grey": conditions.grey,
            "metrics": list(task.metrics),
            "methods": [{"name": m.name, "parameters": m.parameters} for m in self.methods],
            "means": [
                {"set": g.set, "strength": g.strength, "pictures": len(g.pictures), "method": name}
                | _plain(values)
                for g in self.groups
                for name, values in g.means.items()
            ],
            "published": [
                {"set": g.set, "strength": g.strength, "name": p.name, "psnr": p.psnr}
                | {"source": p.source}
                for g in self.groups
                for p in self.published(g)
            ],
            "pictures": [
                {"set": s.set, "picture": s.picture, "strength": s.strength, "method": s.method}
                | _plain(s.values)
                for s in self.scores
            ],
            "skipped": [{"set": s.set, "file": s.file, "reason": s.reason} for s in self.skipped],
        }

    def _rank(self, name: str, strength: float | None) -> tuple[int, int]:
        sets = list(dict.fromkeys(score.set for score in self.scores))
        return sets.index(name), 0 if strength is None else self.task.strengths.index(strength)

    def _means(self, scores: Sequence[Score]) -> dict[str, dict[str, float]]:
        return {
            method.name: {
                name: _mean(s.values[name] for s in scores if s.method == method.name)
                for name in self.task.metrics
            }
            for method in self.methods
        }


def run(
    task: Task,
    folders: Sequence[Path],
    methods: Sequence[Method],
    tell: Tell = lambda _name, _done, _all: None,
    cancel: threading.Event | None = None,
) -> Results:
    """Try the task's floor and `methods` on every picture of `folders`.

    Raises NotFound where a folder is missing, or nothing in it could be measured.
    """
    results = Results(task, [task.floor(), *methods])
    subjects: list[Subject] = []
    for folder, name in zip(folders, set_names(folders), strict=True):
        found, skipped = task.subjects(folder, name)
        subjects += found
        results.skipped += skipped
    for done, subject in enumerate(subjects):
        tell(subject.name, done, len(subjects))
        for case in _cases(task, subject, results.skipped):
            for method in results.methods:
                if cancel is not None and cancel.is_set():
                    raise Cancelled("the measurement was cancelled")
                values = task.score(restored(method, case), case)
                key = subject.set, subject.name, case.strength, method.name
                results.scores.append(Score(*key, values))
                results.subjects[subject.set, subject.name] = subject
    _check_measured(results, folders)
    return results


def restored(method: Method, case: Case) -> Pixels:
    """What `method` makes of a case, as a file would hold it."""
    return as_pixels(method.restore(case.shown, case.strength))


def difference(metric: str, value: float, floor: float) -> float:
    """How much better `value` is than `floor`; above 0 = better, whichever way the figure runs."""
    if value == floor:
        return 0.0
    return value - floor if METRICS[metric].higher else floor - value


def _cases(task: Task, subject: Subject, skipped: list[Skipped]) -> Iterator[Case]:
    try:
        yield from task.cases(subject)
    except PrintroomError as error:
        skipped.append(Skipped(subject.set, subject.name, printable(str(error))))


def _check_measured(results: Results, folders: Sequence[Path]) -> None:
    if not results.scores:
        first = results.skipped[0]
        raise NotFound(
            f"nothing in {', '.join(map(printable, folders))} could be measured",
            f"{first.file}: {first.reason}",
        )


def _mean(values: Iterator[float]) -> float:
    found = list(values)
    return math.fsum(found) / len(found)


def _plain(values: dict[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in values.items()}
