"""Pipelines that a picture goes through before it is given out: those that presets name.

    name -> mark               what a result depends on beside the picture      NotFound BadPipeline
    name, picture -> a file, whole or not at all            BadOption, and what the pipeline raises

A name is looked up once, for the installation's own account: what an address means stays as it is
for as long as the server runs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from printroom.core.errors import BadOption
from printroom.core.scratch import Scratch
from printroom.pipelines.graph import Graph

Find = Callable[[str], Graph]
Run = Callable[[Graph, Mapping[str, Any], Path], Mapping[str, Any]]
"""Graph, values, a folder -> its outputs; pictures are files in the folder."""


@dataclass(frozen=True)
class _Known:
    graph: Graph
    port: str
    """The input that takes the picture."""
    mark: str


class Passage:
    """Implements `printroom.delivery.variants.Through`. Safe from many threads."""

    def __init__(self, find: Find, run: Run, folder: Path) -> None:
        """`folder`: for files on their way, on the disk where results are kept."""
        self._find, self._run, self._folder = find, run, folder
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def mark(self, pipeline: str) -> str:
        """Which version it is; of one that comes with printroom, printroom's."""
        return self._found(pipeline).mark

    def write(self, pipeline: str, source: Path, target: Path) -> None:
        """Write what it makes of the picture, without loss."""
        known = self._found(pipeline)
        with closing(Scratch(self._folder)) as scratch:
            folder = scratch.path("picture")
            made = self._run(known.graph, {known.port: source}, folder)
            found = [value for value in made.values() if isinstance(value, Path)]
            if not found:
                raise BadOption(f"{known.graph.id} gave no picture", "name another in the preset")
            found[0].replace(target)

    def _found(self, pipeline: str) -> _Known:
        with self._lock:
            if pipeline not in self._known:
                graph = self._find(pipeline)
                shipped = f"{graph.id} {version('printroom')}"
                mark = shipped if graph.version is None else graph.id
                self._known[pipeline] = _Known(graph, graph.picture_input(), mark)
            return self._known[pipeline]
