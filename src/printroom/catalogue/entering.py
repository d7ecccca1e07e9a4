"""The folder of imported models: entries are added, corrected, and never changed.

    file, name, wishes -> study -> <folder>/<owner>--<name>/<version>/card.json, weights
    a model, wishes    -> the next version: the same weights, read otherwise

        NotFound BadModel BadOption ConversionFailed EnvironmentFailed Unwritable

An entry appears whole or not at all. The same file, read in the same way, is the same entry.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from printroom.catalogue.card import Model, ModelCard, Task
from printroom.catalogue.importing import slug
from printroom.catalogue.models import digest_of, read_model
from printroom.catalogue.studying import Say, Studied, study
from printroom.catalogue.wishes import Wishes
from printroom.core.errors import BadModel, BadOption, Unwritable
from printroom.isolation.house import Isolation
from printroom.runtimes.adapted import bytes_per_pixel, check_scale, fitting
from printroom.runtimes.onnx.cost import TILES

LARGEST = 8 * 2**30
"""Bytes of a model."""
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*/[a-z0-9]+(?:[-.][a-z0-9]+)*")
_TRIES = 100


@dataclass(frozen=True)
class About:
    """What somebody says of a model, for its card; empty = not said."""

    name: str = ""
    """`owner/name`; else `local/` and the name of the file."""
    task: Task | None = None
    """Else what it seemed to do when it was tried."""
    title: str = ""
    licence: str = ""


def enter(
    path: Path,
    folder: Path,
    isolation: Isolation,
    about: About | None = None,
    wishes: Wishes | None = None,
    say: Say = lambda _line: None,
    tiles: Sequence[int] = TILES,
) -> Model:
    """Study the model at `path` and enter it in `folder`; `say` is told what is found.

    `tiles`: sides of which the memory is measured.
    """
    about, path = about or About(), path.absolute()
    name = checked_name(about.name or f"local/{slug(path.stem)}")
    _check_files(path)
    digest = digest_of(path) if path.exists() else ""
    studied = study(path, wishes or Wishes(), isolation, say, tiles)
    card = ModelCard(
        name=name,
        version=1,
        title=about.title or f"Imported from {path.name}",
        weights=f"model{studied.suffix}" if studied.suffix else "model",
        digest="",
        geometry=studied.geometry,
        parameters=studied.parameters,
        licence=about.licence or "unknown",
        costs=studied.costs,
        task=about.task or studied.task,
        runtime=studied.runtime,
        reading=studied.reading,
        origin={"file": path.name, "digest": digest} | studied.origin,
    )
    return _entered(card, folder, lambda place: _put(studied, place))


def correct(
    model: Model,
    folder: Path,
    wishes: Wishes,
    about: About | None = None,
) -> Model:
    """The model read as `wishes` say, as its next version in `folder`.

    Raises BadOption when it cannot be read so, or is not one of `folder`.
    """
    card, about = model.card, about or About()
    if not model.weights.is_relative_to(folder):
        raise BadOption(f"{card.id} was not imported", "import it under a name of its own")
    if wishes.fixed is not None or wishes.layout is not None:
        raise BadOption("size and layout decide how a model is tried", "import it again with them")
    reading = wishes.applied(card.reading)
    try:
        if not reading.generates:
            check_scale(reading, card.geometry.scale)
    except ValueError as error:
        raise BadOption(f"{card.id} cannot be read so: {error}") from error
    if reading.input.planes != card.reading.input.planes:
        raise BadOption(f"{card.id} takes {card.reading.input.planes} channels")
    scale = card.geometry.scale
    more = bytes_per_pixel(reading, scale) - bytes_per_pixel(card.reading, scale)
    corrected = replace(
        card,
        reading=reading,
        costs={side: cost + more * side * side for side, cost in card.costs.items()},
        geometry=fitting(card.geometry, reading),
        task=about.task or card.task,
        title=about.title or card.title,
        licence=about.licence or card.licence,
        origin=card.origin | {"corrected": f"from version {card.version}"},
    )
    return _entered(corrected, folder, lambda place: _link(model.weights, place))


def checked_name(name: str) -> str:
    """The name, if a model can have it. Raises BadOption."""
    if not _NAME.fullmatch(name) or len(name) > 100:
        raise BadOption(f"{name!r} is no name of a model", "write it as owner/name, lower case")
    return name


def _entered(card: ModelCard, folder: Path, put: Callable[[Path], None]) -> Model:
    """The entry, or the equal one that is there already."""
    home = folder / card.name.replace("/", "--")
    try:
        home.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder, prefix=".new-"))
    except OSError as error:
        raise Unwritable(f"{home} cannot be written: {error.strerror}") from error
    try:
        put(made / card.weights)
        card = replace(card, digest=digest_of(made / card.weights))
        for _try in range(_TRIES):
            versions = _versions(home)
            newest = versions[0] if versions else None
            if newest is not None and replace(newest.card, version=1, costs=card.costs) == replace(
                card, version=1
            ):
                return newest
            card = replace(card, version=newest.card.version + 1 if newest else 1)
            (made / "card.json").write_text(card.to_json(), "utf-8")
            try:
                made.rename(home / str(card.version))
            except OSError:
                if (home / str(card.version)).exists():  # another process was faster
                    continue
                raise
            return read_model(home / str(card.version) / "card.json")
        raise Unwritable(f"no version of {card.name} is free in {folder}", "try again")
    except OSError as error:
        raise Unwritable(f"{home} cannot be written: {error}") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _versions(home: Path) -> list[Model]:
    """The newest first."""
    found = [read_model(card) for card in home.glob("*/card.json")]
    return sorted(found, key=lambda model: -model.card.version)


def _put(studied: Studied, place: Path) -> None:
    if isinstance(studied.weights, bytes):
        place.write_bytes(studied.weights)
    elif studied.weights.is_dir():
        shutil.copytree(studied.weights, place)
    else:
        shutil.copyfile(studied.weights, place)


def _link(weights: Path, place: Path) -> None:
    """The same weights without another copy; they never change."""
    if weights.is_dir():
        shutil.copytree(weights, place, copy_function=os.link)
    else:
        os.link(weights, place)


def _check_files(path: Path) -> None:
    """What may be copied: plain files, and not too many bytes. Raises BadModel."""
    files = [path, *path.rglob("*")] if path.is_dir() else [path]
    if any(file.is_symlink() for file in files[1:]):
        raise BadModel(f"there are links in {path}", "put the files themselves there")
    if odd := next(
        (file for file in files if file.exists() and not file.is_file() | file.is_dir()), None
    ):
        raise BadModel(f"{odd} is neither a file nor a folder", "name the file of a model")
    if sum(file.stat().st_size for file in files if file.is_file()) > LARGEST:
        raise BadModel(f"{path} has more than {LARGEST} bytes", "use a smaller model")
