"""Which pictures come in, and where each result goes.

    paths, OUT -> Places.inputs          NotFound BadOption: nothing is begun
    Input, Format -> Places.target       Unwritable: that file alone fails

Guarantees, within one call: a result lies inside its root, whatever links lie in the way; it never
replaces an input, nor another result.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from printroom.core.errors import BadOption, NotFound, Unwritable
from printroom.imaging.formats import FORMATS, Format

_SUFFIXES = {suffix for known in FORMATS for suffix in known.suffixes}


@dataclass(frozen=True)
class Input:
    """One picture, and the name of its result before the format is known."""

    source: Path
    root: Path
    """Folder that the result must not leave."""
    name: Path
    """Below `root`, with the suffix of the source."""
    exact: bool = False
    """Whether the user named the result: then it keeps that name, whatever the format."""


class Places:
    """The inputs that `paths` stand for, and the places of their results.

    A file stands for itself, a folder for the pictures in it (with `recursive`, also those in
    folders below), told by their suffix; hidden files and linked folders are passed over.

    Without `out` results lie beside their inputs: `photo@2x.jpg` beside `photo.jpg`, the folder
    `trip@2x` beside `trip`. `out` is the result of a single file, unless it is a folder or a new
    name without a suffix; else a folder that takes the trees of the inputs: each under its own
    name where there are several paths.
    """

    def __init__(
        self, paths: Sequence[Path], out: Path | None, mark: str, recursive: bool = False
    ) -> None:
        for path in paths:
            if not path.exists():
                raise NotFound(f"there is no file or folder {path}", "check the name")
        self.inputs: list[Input] = []
        """In order of the paths, then of the names."""
        folders = sum(path.is_dir() for path in paths)
        if out is not None and not out.is_dir() and (len(paths) > 1 or folders) and out.exists():
            raise BadOption(f"{out} is a file", "name a folder for the results of several files")
        single = len(paths) == 1
        for path in paths:
            if path.is_dir():
                self.inputs += _tree(path, _root(path, out, mark, single), out, recursive)
            else:
                self.inputs.append(_file(path, out, mark, single))
        self._sources = {_identity(item.source) for item in self.inputs}
        self._stems = Counter((item.root, _stem(item.name)) for item in self.inputs)
        self._taken: set[Path] = set()

    def target(self, item: Input, wanted: Format) -> Path:
        """Where the result of `item`, written as `wanted`, goes; a call claims the name."""
        target = item.root / self._named(item, wanted)
        folder, root = target.parent.resolve(), item.root.resolve()
        if not folder.is_relative_to(root):
            raise Unwritable(f"{target} leads out of {root} through a link", "remove the link")
        place = folder / target.name
        if place.exists() and _identity(place) in self._sources:
            raise Unwritable(f"{target} is one of the pictures to enhance", "name another output")
        if place in self._taken:
            raise Unwritable(f"{target} is already the result of another input", "rename one")
        self._taken.add(place)
        return target

    def _named(self, item: Input, wanted: Format) -> Path:
        """With the source's suffix where it suits; `photo.heic` and `photo.jpg` stay apart."""
        name = item.name
        if item.exact or name.suffix.lower() in wanted.suffixes:
            return name
        alone = self._stems[item.root, _stem(name)] == 1
        return name.with_name((_stem(name) if alone else name).name + wanted.suffixes[0])


def _file(path: Path, out: Path | None, mark: str, single: bool) -> Input:
    if out is None:
        stem = _stem(path).name
        return Input(path, path.parent, Path(f"{stem}{mark}{path.name.removeprefix(stem)}"))
    if single and not out.is_dir() and (out.suffix or out.exists()):
        return Input(path, out.parent, Path(out.name), exact=True)
    return Input(path, out, Path(path.name))


def _root(folder: Path, out: Path | None, mark: str, single: bool) -> Path:
    real = folder.resolve()  # "." and ".." have no names of their own
    if out is not None:
        return out if single else out / real.name
    if not real.name:
        raise BadOption(f"{folder} has no place beside it", "name a folder with --output")
    return real.with_name(real.name + mark)


def _tree(folder: Path, root: Path, out: Path | None, recursive: bool) -> Iterator[Input]:
    found = False
    skip = {root.resolve()} | ({out.resolve()} if out is not None else set())
    for source in _pictures(folder, recursive, skip):
        found = True
        yield Input(source, root, source.relative_to(folder))
    if not found:
        remedy = "name another" if recursive else "--recursive looks into the folders below, too"
        raise BadOption(f"there are no pictures in {folder}", remedy)


def _pictures(folder: Path, recursive: bool, skip: set[Path]) -> Iterator[Path]:
    for name, folders, files in os.walk(folder, onerror=_unreadable):
        here = Path(name)
        folders[:] = [
            below
            for below in sorted(_shown(folders))
            if recursive and (here / below).resolve() not in skip
        ]
        for file in sorted(_shown(files)):
            if Path(file).suffix.lower() in _SUFFIXES:
                yield here / file


def _shown(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if not name.startswith("."))


def _unreadable(error: OSError) -> None:
    raise NotFound(f"{error.filename} cannot be read", error.strerror or str(error)) from error


def _identity(path: Path) -> tuple[int, int] | Path:
    """Equal for all names of one file, links included."""
    try:
        found = path.stat()
    except OSError:
        return path.absolute()
    return found.st_dev, found.st_ino


def _stem(name: Path) -> Path:
    """`name` without a picture's suffix; `scan v1.2` has none."""
    return name.with_suffix("") if name.suffix.lower() in _SUFFIXES else name
