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
from importlib.metadata import version
from pathlib import Path
from typing import Any

from printroom.core.errors import BadOption
from printroom.core.scratch import Scratch
from printroom.pipelines.graph import Graph

Find = Callable[[str], Graph]
Run = Callable[[Graph, Mapping[str, Any], Path], Mapping[str, Any]]
"""Graph, values, a folder -> its outputs; pictures are files in the folder."""


class Passage:
    """Implements `printroom.delivery.variants.Through`. Safe from many threads."""

    def __init__(self, find: Find, run: Run, folder: Path) -> None:
        """`folder`: for files on their way, on the disk where results are kept."""
        self._find, self._run, self._folder = find, run, folder
        self._lock = threading.Lock()
        self._graphs: dict[str, tuple[Graph, str]] = {}

    def mark(self, pipeline: str) -> str:
        """Which version it is; of one that comes with printroom, printroom's."""
        graph, _ = self._known(pipeline)
        return graph.id if graph.version is not None else f"{graph.id} {version('printroom')}"

    def write(self, pipeline: str, source: Path, target: Path) -> None:
        """Write what it makes of the picture, without loss."""
        graph, port = self._known(pipeline)
        with closing(Scratch(self._folder)) as scratch:
            folder = scratch.path("picture")
            made = self._run(graph, {port: source}, folder)
            found = [value for value in made.values() if isinstance(value, Path)]
            if not found:
                raise BadOption(f"{graph.id} gave no picture", "name another in the preset")
            found[0].replace(target)

    def _known(self, pipeline: str) -> tuple[Graph, str]:
        with self._lock:
            if pipeline not in self._graphs:
                graph = self._find(pipeline)
                self._graphs[pipeline] = graph, graph.picture_input()
            return self._graphs[pipeline]
