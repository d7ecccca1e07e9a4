"""The pipelines that come with printroom: files of the package, without versions.

Named -> PipelineSpec, or None          NotFound BadOption: it has no versions
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from printroom.core.errors import BadOption, NotFound
from printroom.pipelines.names import SHIPPED, Named
from printroom.pipelines.registry import likely
from printroom.pipelines.spec import PipelineSpec

FOLDER = Path(__file__).parent / "shipped"
"""Where they lie."""


class Shipped:
    """A folder of pipelines, `<name>.yaml`."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """All of them, sorted."""
        return sorted(file.stem for file in self._folder.glob("*.yaml"))

    def __contains__(self, name: str) -> bool:
        return self._file(name).exists()

    def all(self) -> list[PipelineSpec]:
        """By name."""
        return [_read(self._file(name)) for name in self.names()]

    def find(self, named: Named) -> PipelineSpec | None:
        """What is named; None = it is not of this folder. Raises NotFound, BadOption."""
        if named.owner not in (None, SHIPPED):
            return None
        if named.name not in self:
            if named.owner is None:
                return None
            raise NotFound(f"there is no pipeline {str(named)!r}", likely(named.name, self.names()))
        if named.version:
            raise unversioned(named.name)
        return _read(self._file(named.name))

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.yaml"


def unversioned(name: str) -> BadOption:
    """Why a version of it cannot be had, or made."""
    return BadOption(f"{name} comes with printroom, without versions", f"say {name}")


def _read(file: Path) -> PipelineSpec:
    return _read_once(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _read_once(file: Path, _stamp: int) -> PipelineSpec:
    """What `file` holds; reading YAML takes ten times as long as checking what it says."""
    return PipelineSpec.from_yaml(file.read_bytes(), file.name)
