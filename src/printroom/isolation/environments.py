"""Environments of steps: a Python and packages, made once by uv, shared by all who want the same.

    EnvironmentSpec -> lock -> Environment         EnvironmentFailed: no such Python, no such
                                                   package, no uv, no room

    <folder>/locks/<digest of requirements and Python>.txt
    <folder>/<digest of lock and Python>/bin/python

An environment is made beside its place and moved there whole: whoever finds one can use it,
whatever happened to who made it. Of two processes that want the same, one waits for the other.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from printroom.core.errors import EnvironmentFailed
from printroom.core.logs import told
from printroom.isolation.indexes import pip_options
from printroom.isolation.pythons import Interpreter, Pythons

_PATIENCE = 3600
"""Seconds that uv may take for one thing; frameworks are gigabytes."""
_SAID = 12
"""Last lines of uv that an error shows."""
_LISTED = 8
"""Packages that are named while they are installed."""


@dataclass(frozen=True)
class EnvironmentSpec:
    """What a step asks for."""

    python: str
    """`3.12`."""
    requirements: tuple[str, ...] = ()
    """As in a requirements file; resolved once, then kept as a lock."""
    lock: str | None = None
    """Text of a requirements file that names each version; takes the place of `requirements`."""
    without: tuple[str, ...] = ()
    """Packages that are not installed although others require them."""
    image: str = ""
    """Container image whose own Python is the environment for whoever runs in it; empty = none."""


@dataclass(frozen=True)
class Environment:
    """One that can be used."""

    python: Path
    """Its interpreter."""
    version: str
    """Of that: `3.12.1`."""
    lock: str
    """What is installed; empty = nothing, or it is that of an image."""
    digest: str
    """Of lock and Python, hex."""


class Environments:
    """The environments in one folder. Safe from many threads and processes."""

    def __init__(
        self, folder: Path, pythons: Pythons | None = None, image: str | None = None
    ) -> None:
        """`folder` is made when missing; `image`: the container image in which we are."""
        self._folder = folder.absolute()  # steps have working directories of their own
        self._pythons = pythons or Pythons()
        self._image = image

    def get(self, spec: EnvironmentSpec) -> Environment:
        """The environment, made if there is none: that takes seconds to minutes.

        Raises EnvironmentFailed, and BadOption when `spec` names no version of Python.
        """
        if spec.image and spec.image == self._image:
            return self._of_image(spec)
        if spec.image and spec.lock is None and not spec.requirements:
            raise EnvironmentFailed(
                f"the packages are in the container image {spec.image}, in which we are not",
                "start a worker in it, with PRINTROOM_IMAGE set to its name; or write down "
                "requirements, too",
            )
        base = self._pythons.find(spec.python)
        lock = self._lock(spec, base) if spec.lock is None else spec.lock
        digest = _digest([lock, *spec.without] if spec.without else lock, base)
        home = self._folder / digest
        python = home / "bin" / "python"
        if not python.exists():
            with self._alone(digest):
                if not python.exists():
                    self._make(home, lock, base, spec.without)
        return Environment(python, base.version, lock, digest)

    def _of_image(self, spec: EnvironmentSpec) -> Environment:
        """The first Python of that version on PATH, with whatever the image has put there."""
        own = self._pythons.on_path(spec.python)
        return Environment(own.path, own.version, "", _digest([spec.image, "image"], own))

    def _lock(self, spec: EnvironmentSpec, base: Interpreter) -> str:
        """What the requirements came to mean when they were first asked for here."""
        if not spec.requirements:
            return ""
        wanted = sorted(spec.requirements) + [f"-{name}" for name in sorted(spec.without)]
        path = self._folder / "locks" / f"{_digest(wanted, base)}.txt"
        if not path.exists():
            with self._alone(path.stem):
                if not path.exists():
                    _write(path, self._resolve(spec, base))
        return path.read_text("utf-8")

    def _resolve(self, spec: EnvironmentSpec, base: Interpreter) -> str:
        with tempfile.TemporaryDirectory() as scratch:
            wanted = Path(scratch) / "requirements.in"
            wanted.write_text("\n".join(spec.requirements) + "\n", "utf-8")
            return self._uv(
                "pip", "compile", wanted, "--python", base.path, *self._options,
                *_overrides(spec.without, Path(scratch)),
                "--generate-hashes", "--no-header", "--no-annotate", "--emit-index-annotation",
                cwd=scratch,
            )  # fmt: skip

    def _make(self, home: Path, lock: str, base: Interpreter, without: Sequence[str]) -> None:
        """The environment at `home`, whole or not at all; what an earlier try left is removed."""
        told(f"making an environment: Python {base.version}{_named(lock)}")
        for left in [*self._folder.glob(f".new-{home.name}-*"), *[home] * home.exists()]:
            shutil.rmtree(left, ignore_errors=True)
        made = Path(tempfile.mkdtemp(dir=self._folder, prefix=f".new-{home.name}-"))
        try:
            self._uv("venv", "--relocatable", "--allow-existing", "--python", base.path, made)
            if lock.strip():
                (made / "lock.txt").write_text(lock, "utf-8")
                python = made / "bin" / "python"
                self._uv(
                    "pip", "install", "--python", python, "-r", made / "lock.txt",
                    *self._options, *_overrides(without, made),
                )  # fmt: skip
            made.rename(home)
        except OSError as error:
            raise EnvironmentFailed(f"an environment cannot be made in {home}: {error}") from error
        finally:
            shutil.rmtree(made, ignore_errors=True)

    @cached_property
    def _options(self) -> list[str]:
        return pip_options()

    def _uv(self, *arguments: str | Path, cwd: str | None = None) -> str:
        """What uv prints. Raises EnvironmentFailed."""
        command = [
            find_uv(),
            *arguments,
            "--no-progress",
            "--no-python-downloads",
            "--color=never",
        ]
        try:
            done = subprocess.run(
                command, cwd=cwd, capture_output=True, text=True, timeout=_PATIENCE, check=False
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise EnvironmentFailed(f"uv cannot be run: {error}", "install it again") from error
        if done.returncode:
            said = " ".join(" ".join(done.stderr.splitlines()[-_SAID:]).split())
            raise EnvironmentFailed(f"uv cannot make the environment: {said}", _remedy(said))
        return done.stdout

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """No other thread or process is in here for `name`; a killed one counts no more."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = os.open(self._folder / f".{name}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise EnvironmentFailed(f"{self._folder} cannot be written: {error}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)


def _named(lock: str) -> str:
    r"""What a lock installs, for people.

    >>> _named("numpy==1.26.4 \\\n    --hash=sha256:0\n# more\nsix==1.17.0\n")
    ', numpy 1.26.4, six 1.17.0'
    """
    found = re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==([\w.+!-]+)", lock, re.MULTILINE)
    return "".join(f", {name} {version}" for name, version in found[:_LISTED])


def _overrides(without: Sequence[str], folder: Path) -> list[str | Path]:
    """Options of uv: for no Python there is, these packages are required."""
    if not without:
        return []
    path = folder / "overrides.txt"
    path.write_text("".join(f"{name}; python_version < '3'\n" for name in without), "utf-8")
    return ["--override", path]


def find_uv() -> str:
    try:
        import uv

        return str(uv.find_uv_bin())
    except (ImportError, FileNotFoundError):
        if found := shutil.which("uv"):
            return found
    raise EnvironmentFailed("there is no uv here", "install it: pip install uv")


def _remedy(said: str) -> str:
    if "not found in the package registry" in said or "no version of" in said:
        return "mend the requirement, or tell pip's configuration where it is to be had"
    if "error sending request" in said or "Failed to fetch" in said:
        return "see to the network, or to the index in pip's configuration"
    return "mend the requirements"


def _digest(wanted: object, base: Interpreter) -> str:
    known = json.dumps([wanted, base.version, str(base.path)])
    return hashlib.sha256(known.encode()).hexdigest()[:32]


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(text, "utf-8")
    part.replace(path)
