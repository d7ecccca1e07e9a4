"""The Pythons of this machine, found by their names in the folders where programs lie.

    "3.12" -> Interpreter        EnvironmentFailed: there is none; names those there are

Looked through in this order: the folders of the setting `pythons`, those of the variable
`UV_PYTHON_SEARCH_PATH`, those of `PATH`, and the versions that pyenv keeps. Each candidate is asked
for its version, since a file of that name may be a wrapper that finds nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from printroom.core.errors import BadOption, EnvironmentFailed

OLDEST, NEWEST = 8, 13
"""Of Python 3; what the child is tried with."""
_VERSION = re.compile(r"3\.(\d{1,2})")
_ASK = "import sys; print(sys.implementation.name, *sys.version_info[:3], sys.base_prefix, sep='|')"
_PATIENCE = 20
"""Seconds to answer."""


@dataclass(frozen=True)
class Interpreter:
    """A Python that runs."""

    path: Path
    """Absolute."""
    version: str
    """With all three numbers: `3.12.1`."""


class Pythons:
    """Finds interpreters, each once."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        """`folders` come before all others."""
        self._folders = tuple(folders)
        self._found: dict[str, Interpreter | None] = {}

    def find(self, version: str) -> Interpreter:
        """The first interpreter of `version` ("3.12"). Raises BadOption, EnvironmentFailed."""
        number = _VERSION.fullmatch(version)
        if number is None or not OLDEST <= int(number[1]) <= NEWEST:
            raise BadOption(
                f"{version!r} is no version of Python that steps can have",
                f"write one from 3.{OLDEST} to 3.{NEWEST}",
            )
        if (found := self._look(version)) is not None:
            return found
        raise EnvironmentFailed(
            f"there is no Python {version} here",
            f"install it, or ask for one that is here ({', '.join(self.versions()) or 'none'}); "
            "UV_PYTHON_SEARCH_PATH names folders to look in",
        )

    def on_path(self, version: str) -> Interpreter:
        """The first interpreter of `version` on PATH, with the packages that it sees.

        Raises EnvironmentFailed.
        """
        path = shutil.which(f"python{version}")
        found = None if path is None else self._ask(Path(path), version)
        if path is None or found is None:
            raise EnvironmentFailed(
                f"there is no Python {version} on PATH", "install it in the image, or mend PATH"
            )
        return Interpreter(Path(path).absolute(), found.version)

    def versions(self) -> list[str]:
        """Those that are here: `["3.10", "3.12"]`."""
        names = [f"3.{minor}" for minor in range(OLDEST, NEWEST + 1)]
        return [name for name in names if self._look(name) is not None]

    def _look(self, version: str) -> Interpreter | None:
        if self._found.get(version) is None:
            candidates = (self._ask(path, version) for path in self._candidates(version))
            self._found[version] = next(filter(None, candidates), None)
        return self._found[version]

    def _candidates(self, version: str) -> Iterator[Path]:
        if version == f"3.{sys.version_info[1]}":
            yield Path(sys._base_executable)  # type: ignore[attr-defined]  # beneath any venv
        seen = set()
        for folder in self._places():
            path = folder / f"python{version}"
            if path not in seen and os.access(path, os.X_OK):
                seen.add(path)
                yield path

    def _places(self) -> Iterator[Path]:
        yield from self._folders
        pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
        for variable in ("UV_PYTHON_SEARCH_PATH", "PATH"):
            folders = map(Path, filter(None, os.environ.get(variable, "").split(os.pathsep)))
            yield from (folder for folder in folders if folder != pyenv / "shims")
        if (kept := pyenv / "versions").is_dir():
            yield from sorted((version / "bin" for version in kept.iterdir()), reverse=True)

    def _ask(self, path: Path, version: str) -> Interpreter | None:
        """The interpreter at `path`, if it is one of that version and no part of a venv."""
        try:
            done = subprocess.run(
                [path, "-I", "-c", _ASK],
                capture_output=True, text=True, timeout=_PATIENCE, check=True,
            )  # fmt: skip
            name, major, minor, micro, prefix = done.stdout.strip().split("|")
        except (OSError, ValueError, subprocess.SubprocessError):
            return None
        if name != "cpython" or f"{major}.{minor}" != version:
            return None
        base = Path(prefix) / "bin" / f"python{version}"
        return Interpreter(base if base.exists() else path.absolute(), f"{version}.{micro}")
