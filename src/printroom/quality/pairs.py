"""Tasks whose sets hold both: the picture as it was taken, and as it should be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from printroom.core.errors import BadOption, NotFound, PrintroomError
from printroom.quality import baselines
from printroom.quality.brackets import Bracket, glance, pairs_of, scenes
from printroom.quality.pictures import SUFFIXES, Skipped, as_picture, files_in, printable, read
from printroom.quality.task import Case, Method, Subject, Task, check_size

REAL, MEAN = "_real", "_mean"
"""How the stems of a noisy picture and of its clean counterpart end."""
LOW, HIGH = "low", "high"
"""Folders of dark pictures and of their references, by equal names."""


class Pairs(Task):
    """Cases that lie in files: the last of a subject's two is the truth."""

    def cases(self, subject: Subject) -> Iterator[Case]:
        shown, truth = (read(path) for path in subject.files)
        if shown.shape != truth.shape:
            one, other = (f"{p.shape[1]} x {p.shape[0]} x {p.shape[2]}" for p in (shown, truth))
            raise BadOption(f"the pair is {one} and {other}", "sizes and channels must agree")
        check_size(truth)
        yield Case(subject, None, as_picture(shown), truth)

    def floor(self) -> Method:
        return baselines.none()


class RealNoise(Pairs):
    """A camera's noise: `X_real` against `X_mean`, the mean of many shots."""

    name = "real"
    title = "A camera's noise, against the mean of many shots, PSNR on all samples"

    def subjects(self, folder: Path, set_name: str) -> tuple[list[Subject], list[Skipped]]:
        halves: dict[tuple[str, str], Path] = {}
        skipped = []
        for path in files_in(folder):
            stem, ending = _parted(path.stem)
            if not ending:
                reason = f"its name ends neither in {REAL} nor in {MEAN}"
            elif (stem, ending) in halves:
                reason = f"{printable(halves[stem, ending].name)} is there already"
            else:
                halves[stem, ending] = path
                continue
            skipped.append(Skipped(set_name, printable(path.name), reason))
        found = []
        for (stem, ending), path in halves.items():
            other = halves.get((stem, MEAN if ending == REAL else REAL))
            if other is None:
                skipped.append(Skipped(set_name, printable(path.name), "it has no counterpart"))
            elif ending == REAL:
                found.append(Subject(set_name, printable(stem), (path, other)))
        if not found:
            raise NotFound(
                f"there are no pairs in {printable(folder)}",
                f"name them X{REAL}.png and X{MEAN}.png",
            )
        return found, skipped

    def baselines(self) -> Sequence[Method]:
        return (baselines.non_local_means(),)


class LowLight(Pairs):
    """Dark shots against a well-exposed one of the same scene.

    A folder with `low` and `high` in it pairs files of equal names. Any other folder is taken for
    exposure brackets in order; `printroom.quality.brackets` finds the scenes, and what is dark.
    """

    name = "lowlight"
    title = "Dark shots of brackets, against the best exposed of the scene, PSNR on all samples"

    def subjects(self, folder: Path, set_name: str) -> tuple[list[Subject], list[Skipped]]:
        if (folder / LOW).is_dir() and (folder / HIGH).is_dir():
            return _by_name(folder, set_name)
        seen, skipped = [], []
        for path in files_in(folder):
            try:
                seen.append(Bracket(path, *glance(read(path))))
            except PrintroomError as error:
                skipped.append(Skipped(set_name, printable(path.name), printable(str(error))))
        found = [
            Subject(set_name, f"{printable(dark.path.name)} to {printable(good.path.name)}", files)
            for scene in scenes(seen)
            for dark, good in pairs_of(scene)
            for files in [(dark.path, good.path)]
        ]
        if not found:
            raise NotFound(
                f"there is no dark picture with a brighter one of its scene in {printable(folder)}",
                f"order brackets by name, or make folders {LOW} and {HIGH}",
            )
        return found, skipped

    def baselines(self) -> Sequence[Method]:
        return (baselines.clahe(), baselines.gamma())


def _parted(stem: str) -> tuple[str, str]:
    """What a stem's pair is called, and which half it is; "" where it is none."""
    for ending in (REAL, MEAN):
        if stem.endswith(ending):
            return stem.removesuffix(ending), ending
    return stem, ""


def _by_name(folder: Path, set_name: str) -> tuple[list[Subject], list[Skipped]]:
    found, skipped = [], []
    for path in files_in(folder / LOW):
        truth = folder / HIGH / path.name
        name = printable(path.name)
        if truth.is_file() and truth.suffix.lower() in SUFFIXES:
            found.append(Subject(set_name, name, (path, truth)))
        else:
            skipped.append(Skipped(set_name, f"{LOW}/{name}", f"there is no {HIGH}/{name}"))
    if not found:
        raise NotFound(f"no names agree in {LOW} and {HIGH} of {printable(folder)}", "rename them")
    return found, skipped
