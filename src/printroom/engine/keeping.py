"""What `run` steps leave, kept where it outlasts the process, so that another one can go on.

    outputs of a step -> packed -> JSON, and files at the keeper's     DiskFull, or what that raises
    JSON -> unpacked -> outputs, the same bits

Only steps that want pictures as a whole are kept. What streams is computed again: it is cheap to
begin, and takes no room in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Protocol

import numpy as np

from printroom.core.errors import DiskFull
from printroom.engine.channels import FLOATS
from printroom.engine.flow import Desk, Flow
from printroom.engine.rasters import Raster
from printroom.imaging.encode import PictureSpec
from printroom.pipelines.graph import Node
from printroom.pipelines.step import Planes

_WHAT = "$"
"""Key of the objects that stand for what JSON has no word for."""
_PIECE = 1 << 20
"""Samples of a picture that are in memory at once."""


class Keeper(Protocol):
    """Follows a run, and keeps what its steps leave. Any call may raise, which ends the run."""

    @property
    def previews(self) -> bool:
        """Whether it wants to see pictures."""

    def shown(self, name: str, planes: Planes) -> None:
        """A small picture (1, 1 or 3, h, w) of what a node of the graph gives."""

    def begins(self, node: Node) -> None:
        """A step is about to be executed: not skipped, and not kept."""

    def kept(self, name: str) -> Any:
        """What was kept under that name, JSON; None = nothing."""

    def keep(self, name: str, value: Any) -> None:
        """Keep JSON; when this returns, it outlasts this process."""

    def store(self, path: Path) -> str:
        """Keep a file; its name from now on."""

    def fetch(self, file: str, path: Path) -> None:
        """Write the file of that name to `path`."""


def packed(outputs: Mapping[str, Any], keeper: Keeper, desk: Desk) -> dict[str, Any]:
    """JSON that stands for the outputs of a step."""
    return {name: _pack(value, keeper, desk) for name, value in outputs.items()}


def unpacked(
    kept: Mapping[str, Any], keeper: Keeper, desk: Desk, like: Raster | None
) -> dict[str, Any]:
    """The outputs again; pictures have format and metadata of `like`."""
    return {name: _unpack(value, keeper, desk, like) for name, value in kept.items()}


def _pack(value: Any, keeper: Keeper, desk: Desk) -> Any:
    if isinstance(value, list):
        return [_pack(one, keeper, desk) for one in value]
    if isinstance(value, Flow):
        raster, spec = value.raster(), value.spec
        with NamedTemporaryFile(dir=desk.folder) as file:
            _written(raster, file)
            name = keeper.store(Path(file.name))
        return {_WHAT: "picture", "file": name} | asdict(spec)
    if isinstance(value, np.ndarray):
        with NamedTemporaryFile(dir=desk.folder) as file:
            np.save(file, value, allow_pickle=False)
            file.flush()
            return {_WHAT: "array", "file": keeper.store(Path(file.name))}
    return value.item() if isinstance(value, np.generic) else value


def _written(raster: Raster, file: Any) -> None:
    try:
        with raster.open() as reader:
            left = raster.spec.height
            while left:
                rows = reader.read(max(1, _PIECE // (raster.spec.width * raster.spec.bands)))
                file.write(np.ascontiguousarray(rows, FLOATS).data)
                left -= len(rows)
        file.flush()
    except OSError as error:
        raise DiskFull("no room for what a step left", "free some") from error


def _unpack(value: Any, keeper: Keeper, desk: Desk, like: Raster | None) -> Any:
    if isinstance(value, list):
        return [_unpack(one, keeper, desk, like) for one in value]
    if not isinstance(value, dict):
        return value
    with NamedTemporaryFile(dir=desk.folder) as file:
        path = Path(file.name)
        keeper.fetch(value["file"], path)
        if value[_WHAT] == "array":
            return np.load(path, allow_pickle=False)
        spec = PictureSpec(**{one.name: value[one.name] for one in fields(PictureSpec)})
        return Flow(desk, _read(path, spec, desk, like))


def _read(path: Path, spec: PictureSpec, desk: Desk, like: Raster | None) -> Raster:
    scratch = desk.scratch(spec, like)
    line = spec.width * spec.bands
    step = max(1, _PIECE // line)
    with path.open("rb") as file:
        for top in range(0, spec.height, step):
            count = min(step, spec.height - top)
            data = np.fromfile(file, FLOATS, count * line)
            scratch.write(data.reshape(count, spec.bands, spec.width))
    return scratch.finish()
