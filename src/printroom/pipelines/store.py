"""Published pipelines: versions that never change, and aliases that move.

    PipelineSpec -> "name@3"                               BadOption: a name that is taken
    "name@3", "name@live", "name" -> PipelineSpec, 3       NotFound BadOption

    <folder>/<name>/3/pipeline.yaml, digest                renamed into place, whole or not at all
    <folder>/<name>/aliases/live                           the number of a version

Publishing the same content again gives the version that holds it. Pipelines that come with
printroom have no versions: they are what this printroom does.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from printroom.core.errors import BadOption, NotFound, Unwritable
from printroom.pipelines.declare import NAME
from printroom.pipelines.registry import likely
from printroom.pipelines.spec import PipelineSpec

SHIPPED = Path(__file__).parent / "shipped"
"""The pipelines that come with the package."""
LATEST = "latest"
"""Alias of the newest version; it cannot be moved."""
_VERSION = re.compile(r"[1-9][0-9]{0,8}")
_TEXT, _DIGEST, _ALIASES = "pipeline.yaml", "digest", "aliases"


@dataclass(frozen=True)
class Published:
    """A pipeline out of the store."""

    spec: PipelineSpec
    version: int | None
    """None = it comes with printroom."""

    @property
    def id(self) -> str:
        return self.spec.name if self.version is None else f"{self.spec.name}@{self.version}"


class PipelineStore:
    """A folder of pipelines; any number of processes may use it at once."""

    def __init__(self, folder: Path, shipped: Path = SHIPPED) -> None:
        self._folder = folder
        self._shipped = shipped

    def publish(self, spec: PipelineSpec) -> Published:
        """Keep `spec`, which has been checked, as the next version of its name.

        Raises BadOption for the name of a pipeline that comes with printroom, and Unwritable.
        """
        _check_name(spec.name)
        if self._shipped_file(spec.name).exists():
            raise BadOption(f"{spec.name} comes with printroom", "publish under another name")
        home, digest = self._folder / spec.name, spec.digest
        try:
            home.mkdir(parents=True, exist_ok=True)
            while True:
                versions = self.versions(spec.name)
                for version in versions:
                    if (home / str(version) / _DIGEST).read_text() == digest:
                        return Published(spec, version)
                version = max(versions, default=0) + 1
                if _place(home, version, {_TEXT: spec.to_yaml(), _DIGEST: digest}):
                    return Published(spec, version)
        except OSError as error:
            why = error.strerror or str(error)
            raise Unwritable(f"{home} cannot be written", why) from error

    def get(self, name: str) -> Published:
        """`name@3`, `name@alias`, or `name` for the newest version. Raises NotFound, BadOption."""
        plain, _, wanted = name.partition("@")
        if not NAME.fullmatch(plain) or plain not in self.names():
            raise NotFound(f"there is no pipeline {name!r}", likely(plain, self.names()))
        if (shipped := self._shipped_file(plain)).exists():
            if wanted:
                raise BadOption(f"{plain} comes with printroom, without versions", f"say {plain}")
            return Published(_read(shipped, shipped.stat().st_mtime_ns, shipped.name), None)
        version = self._version(plain, wanted)
        file = self._folder / plain / str(version) / _TEXT
        return Published(_read(file, file.stat().st_mtime_ns, f"{plain}@{version}"), version)

    def alias(self, name: str, alias: str, version: int) -> None:
        """Let `name@alias` mean `version` from now on. Raises NotFound, BadOption, Unwritable."""
        _check_name(name)
        if not NAME.fullmatch(alias) or alias == LATEST:
            raise BadOption(
                f"{alias!r} cannot be an alias", "take a word in lower case, but not 'latest'"
            )
        if self._shipped_file(name).exists():
            raise BadOption(f"{name} comes with printroom, without versions", f"say {name}")
        version = self._version(name, str(version))
        folder = self._folder / name / _ALIASES
        try:
            folder.mkdir(exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=folder, prefix=".", delete=False) as file:
                file.write(str(version))
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(folder / alias)
        except OSError as error:
            why = error.strerror or str(error)
            raise Unwritable(f"{folder} cannot be written", why) from error

    def names(self) -> list[str]:
        """All pipelines: those that come with printroom, then the published ones."""
        shipped = sorted(file.stem for file in self._shipped.glob("*.yaml"))
        return shipped + sorted(
            home.name for home in _below(self._folder) if self.versions(home.name)
        )

    def versions(self, name: str) -> list[int]:
        """Published versions of `name`, ascending."""
        found = (entry.name for entry in _below(self._folder / name))
        return sorted(int(text) for text in found if _VERSION.fullmatch(text))

    def aliases(self, name: str) -> dict[str, int]:
        """Alias -> version."""
        files = (file for file in _below(self._folder / name / _ALIASES) if file.name[0] != ".")
        return {file.name: int(file.read_text()) for file in sorted(files)}

    def used(self) -> set[str]:
        """All that steps of published versions `use`: what must stay, for them to be run."""
        found = (
            self.get(f"{home.name}@{version}").spec.steps
            for home in _below(self._folder)
            for version in self.versions(home.name)
        )
        return {step.use for steps in found for step in steps}

    def _version(self, name: str, wanted: str) -> int:
        versions, aliases = self.versions(name), self.aliases(name)
        if wanted in ("", LATEST) and versions:
            return versions[-1]
        if wanted in aliases:
            return aliases[wanted]
        if _VERSION.fullmatch(wanted) and int(wanted) in versions:
            return int(wanted)
        offered = [*map(str, versions), *aliases]
        raise NotFound(f"there is no pipeline '{name}@{wanted}'", likely(wanted, offered))

    def _shipped_file(self, name: str) -> Path:
        return self._shipped / f"{name}.yaml"


@lru_cache(maxsize=256)
def _read(file: Path, _stamp: int, name: str) -> PipelineSpec:
    """What `file` holds; reading YAML takes ten times as long as checking what it says."""
    return PipelineSpec.from_yaml(file.read_bytes(), name)


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise BadOption(f"{name!r} is not a name", "take lower case letters, digits and dashes")


def _below(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except (FileNotFoundError, NotADirectoryError):
        return


def _place(home: Path, version: int, files: dict[str, str]) -> bool:
    """Make the folder `version` with `files` in it, at once; False if there is one already."""
    draft = Path(tempfile.mkdtemp(dir=home, prefix=".draft-"))
    try:
        for name, text in files.items():
            with (draft / name).open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        draft.chmod(0o755)
        try:
            draft.rename(home / str(version))  # never onto a folder with something in it
        except OSError:
            if (home / str(version)).is_dir():
                return False
            raise
        _sync(home)
        return True
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Have the names in `folder` outlast a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
