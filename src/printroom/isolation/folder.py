"""A step as it lies on disk: where its code is, what it needs, what it may do.

folder with step.toml -> StepSource -> digest of its content        BadStep: it cannot be read
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from printroom.core.errors import BadStep
from printroom.isolation.environments import EnvironmentSpec
from printroom.isolation.grants import Ask
from printroom.isolation.policy import Policy
from printroom.pipelines.step_toml import StepManifest, read_manifest


@dataclass(frozen=True)
class StepSource:
    """What it takes to run a step in an environment of its own."""

    name: str
    """Lower case letters, digits and dashes."""
    file: Path
    """The Python file that marks it."""
    environment: EnvironmentSpec
    folder: Path | None = None
    """Its folder: it works there and may import what lies there. None = the file stands alone."""
    policy: Policy = field(default_factory=Policy)
    options: Mapping[str, Any] = field(default_factory=dict)
    """Arguments for a step that is a class; JSON values."""
    example: Mapping[str, Any] = field(default_factory=dict)
    """Inputs by port that it is tried on before it takes work; pictures as files in the folder."""

    @classmethod
    def of(cls, folder: Path) -> Self:
        """The step in `folder`, as its `step.toml` says. Raises BadStep."""
        manifest = read_manifest(folder.resolve())
        resources, limits = manifest.resources, manifest.limits
        return cls(
            name=manifest.name,
            file=manifest.entry,
            environment=EnvironmentSpec(
                manifest.python, manifest.requirements, _text(manifest), image=resources.image
            ),
            folder=manifest.folder,
            policy=Policy(
                children=limits.processes,
                cpu=resources.cpu,
                memory=resources.memory,
                cards=Ask(resources.gpu, resources.mig),
                idle=limits.idle,
                timeout=limits.timeout,
                retries=limits.retries,
            ),
            options=manifest.options,
            example=manifest.example,
        )

    def digest(self) -> str:
        """SHA-256 of its code and all that lies beside it, hex. Raises BadStep."""
        digest = hashlib.sha256()
        root = self.folder or self.file.parent
        files = [self.file] if self.folder is None else sorted(_files(root))
        try:
            for path in files:
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{path.relative_to(root)}\0{content}\n".encode())
        except OSError as error:
            raise BadStep(f"step {self.name} cannot be read: {error}") from error
        return digest.hexdigest()


def _text(manifest: StepManifest) -> str | None:
    """Of its lock."""
    if manifest.lock is None:
        return None
    try:
        return manifest.lock.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise BadStep(f"step {manifest.name}: {manifest.lock} cannot be read: {error}") from error


def _files(folder: Path) -> Iterator[Path]:
    """All that a step may depend on; what Python and people's tools keep beside it is left out."""
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and "__pycache__" not in path.parts:
            yield path
