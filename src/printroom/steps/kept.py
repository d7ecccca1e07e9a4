"""Steps in folders that are kept: copies that never change, and the names that users gave them.

folder -> KeptSteps.keep -> Kept            renamed into place, whole or not at all
"vignette", "vignette@3f2a..." -> Kept      None: there is none

<data>/steps/kept/<digest>/folder/          the copy; what is hidden is left out
<data>/steps/kept/<digest>/kept.json        its name, ports and lock: listing starts nothing
<data>/steps/names/vignette                 the digest that `use: vignette` means
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from printroom.core.errors import BadStep, NotFound, Unwritable
from printroom.isolation.folder import StepSource
from printroom.pipelines.declare import NAME
from printroom.pipelines.notation import port_from, port_to
from printroom.pipelines.ports import Port
from printroom.pipelines.registry import likely

DIGITS = 32
"""Of a digest, in hex: 128 bits of SHA-256."""
_DIGEST = re.compile(rf"[0-9a-f]{{{DIGITS}}}")


@dataclass(frozen=True)
class Declared:
    """What is known of a step without starting it."""

    description: str
    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]
    lock: str
    """What its environment holds, as a requirements file that names each version."""


@dataclass(frozen=True)
class Kept:
    """A step, as it was when it was kept."""

    name: str
    digest: str
    """Of its folder."""
    folder: Path
    """The copy."""
    declared: Declared

    @property
    def pin(self) -> str:
        """How pipelines call it for good: `name@digest`."""
        return f"{self.name}@{self.digest}"


class KeptSteps:
    """A folder of steps; any number of processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        self._kept, self._names = folder / "kept", folder / "names"

    def keep(self, folder: Path, check: Callable[[StepSource], Declared]) -> Kept:
        """Copy `folder`, and keep the copy if `check` has nothing against it.

        Raises BadStep, Unwritable, and what `check` raises. The same content is kept once.
        """
        source = StepSource.of(folder)
        digest = digest_of(source)
        if found := self._read(digest):
            return found
        with self._draft(digest) as draft:
            copied = _copy(source, draft / "folder")
            if digest_of(copied) != digest:
                raise BadStep(
                    f"{folder} was changed while it was copied, or has links to folders",
                    "try again, with what it needs inside it",
                )
            _write(draft / "kept.json", _text(source.name, check(copied)))
        kept = self._read(digest)
        assert kept is not None
        return kept

    def find(self, use: str) -> Kept | None:
        """The step that is called so, by its name alone or with its digest."""
        name, at, digest = use.partition("@")
        if not NAME.fullmatch(name):
            return None
        found = self._read(digest if at else self._named(name))
        return found if found and found.name == name else None

    def name(self, kept: Kept) -> None:
        """Let its name mean this one from now on. Raises Unwritable."""
        try:
            self._names.mkdir(parents=True, exist_ok=True)
            _write(self._names / kept.name, kept.digest)
        except OSError as error:
            raise _unwritable(self._names, error) from error

    def names(self) -> list[str]:
        """Names that mean something."""
        try:
            return sorted(file.name for file in self._names.iterdir() if NAME.fullmatch(file.name))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def remove(self, name: str, pinned: Container[str]) -> Kept:
        """Let `name` mean nothing; its copy goes too, unless it is among `pinned`.

        Raises NotFound, Unwritable.
        """
        found = self.find(name) if name in self.names() else None
        if found is None:
            raise NotFound(f"no step {name!r} was added", likely(name, self.names()))
        try:
            (self._names / name).unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(self._names, error) from error
        self.drop(found, pinned)
        return found

    def drop(self, kept: Kept, pinned: Container[str]) -> None:
        """Remove a copy that has no name any more, unless it is among `pinned`."""
        if kept.pin in pinned:
            return
        try:
            gone = Path(tempfile.mkdtemp(dir=self._kept, prefix=".gone-"))
            kept.folder.parent.rename(gone / "step")
        except OSError as error:
            raise _unwritable(self._kept, error) from error
        shutil.rmtree(gone, ignore_errors=True)

    def _named(self, name: str) -> str:
        try:
            return (self._names / name).read_text("ascii")
        except (OSError, ValueError):
            return ""

    def _read(self, digest: str) -> Kept | None:
        home = self._kept / digest
        if not _DIGEST.fullmatch(digest) or not home.is_dir():
            return None
        try:
            name, declared = _parsed((home / "kept.json").read_text("utf-8"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadStep(f"{home} does not hold a step: {error}", "remove that folder") from error
        return Kept(name, digest, home / "folder", declared)

    @contextmanager
    def _draft(self, digest: str) -> Iterator[Path]:
        """A folder that takes its place at the end, unless there is one already."""
        try:
            self._kept.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(dir=self._kept, prefix=".draft-"))
            try:
                yield draft
                draft.chmod(0o755)
                if not (self._kept / digest).is_dir():
                    _place(draft, self._kept / digest)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        except OSError as error:
            raise _unwritable(self._kept, error) from error


def digest_of(source: StepSource) -> str:
    """What a step is kept by. Raises BadStep."""
    return source.digest()[:DIGITS]


def _copy(source: StepSource, target: Path) -> StepSource:
    """The same step elsewhere, read-only, without what its digest leaves out."""
    folder = source.folder
    assert folder is not None

    def left_out(where: str, names: list[str]) -> list[str]:
        here = Path(where)
        linked = {one for one in names if (here / one).is_symlink() and (here / one).is_dir()}
        return [one for one in names if one[0] == "." or one == "__pycache__" or one in linked]

    try:
        shutil.copytree(folder, target, ignore=left_out)
    except shutil.Error as error:
        raise BadStep(f"{folder} cannot be copied: {error}", "mend what it names") from error
    for path in target.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
    return StepSource.of(target)


def _place(draft: Path, home: Path) -> None:
    try:
        draft.rename(home)
    except OSError:  # somebody else was faster
        if not home.is_dir():
            raise


def _text(name: str, declared: Declared) -> str:
    written = {
        "name": name,
        "description": declared.description,
        "inputs": {port: port_to(one) for port, one in declared.inputs.items()},
        "outputs": {port: port_to(one) for port, one in declared.outputs.items()},
        "lock": declared.lock,
    }
    return json.dumps(written, indent=1)


def _parsed(text: str) -> tuple[str, Declared]:
    written = json.loads(text)
    inputs, outputs = (
        {port: port_from(one) for port, one in written[part].items()}
        for part in ("inputs", "outputs")
    )
    declared = Declared(written["description"], inputs, outputs, written["lock"])
    return str(written["name"]), declared


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".", delete=False) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)


def _unwritable(place: Path, error: OSError) -> Unwritable:
    return Unwritable(f"{place} cannot be written", error.strerror or str(error))
