"""How the pictures among the outputs of a pipeline are written.

Flow, name -> Writer.written -> a file in a folder, or Encoded: bytes, if it is small
                                FormatCannotHold DiskFull Unwritable, and what computing raises
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from printroom.core.errors import BadOption
from printroom.engine.enhancement import PictureFile, default_format
from printroom.engine.flow import Flow
from printroom.imaging.formats import Format, check_holds, format_for
from printroom.imaging.metadata import Keep, keep_of


@dataclass(frozen=True)
class Saving:
    """What whoever runs a pipeline may choose."""

    choose: Callable[[Format], Format] | None = None
    """The format to write, from the one that would be written; None = that one."""
    quality: int | None = None
    """1 to 100, for lossy formats; None = the format's own default."""
    metadata: Keep = "keep"
    """What goes with the picture; the colour profile always does."""
    held: int = 0
    """Samples up to which a picture becomes bytes, not a file."""


def saving_of(
    format: str | None,  # noqa: A002  the same word as everywhere
    quality: int | None,
    metadata: str,
    held: int = 0,
) -> Saving:
    """From what people say. Raises UnknownFormat, and BadOption for what cannot be."""
    if quality is not None and not 1 <= quality <= 100:
        raise BadOption(f"quality {quality} is out of range", "take 1 to 100")
    chosen = None if format is None else format_for(format)
    if chosen is not None and not chosen.writes:
        raise BadOption(f"{chosen.title} cannot be written", "take png, or another one")
    choose = None if chosen is None else lambda _default: chosen
    return Saving(choose, quality, keep_of(metadata), held)


@dataclass(frozen=True)
class Encoded:
    """A small picture, written."""

    data: bytes
    format: Format
    width: int
    height: int


@dataclass(frozen=True)
class Writer:
    """Writes pictures into a folder, which is made when it is needed."""

    folder: Path
    saving: Saving

    def written(self, value: Any, name: str) -> Any:
        """A value of a pipeline, its pictures as files `<name>.<suffix>`, or as `Encoded`."""
        if isinstance(value, Flow):
            return self._file(value, name)
        if isinstance(value, list):
            return [self.written(one, f"{name}-{number}") for number, one in enumerate(value, 1)]
        return value

    def _file(self, flow: Flow, name: str) -> Path | Encoded:
        origin, spec, saving = flow.origin, flow.spec, self.saving
        found = default_format(origin.format, spec.width, spec.height)
        if saving.choose is not None:
            found = saving.choose(found)
            check_holds(found, spec.width, spec.height)
        target = None
        if spec.width * spec.height * spec.bands > saving.held:
            self.folder.mkdir(parents=True, exist_ok=True)
            target = self.folder / f"{name}{found.suffixes[0]}"
        metadata = origin.metadata.only(saving.metadata)
        made = flow.send(PictureFile(target, spec, found, saving.quality, metadata))
        if isinstance(made, bytes):
            return Encoded(made, found, spec.width, spec.height)
        return made
