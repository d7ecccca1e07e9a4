"""The steps in folders that come with printroom: each in an environment of its own, as yours are.

printroom/steps/<category>/<step>/step.toml, declared.json -> Bundled          BadStep

`declared.json` is what the step says of itself when it is asked: it lies beside the step so that
its ports are known before there is an environment to ask it in. Writing it anew:

    python -m printroom.steps.bundled
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from printroom.core.errors import BadStep
from printroom.pipelines.declare import StepType
from printroom.pipelines.notation import described_step
from printroom.pipelines.step import Step
from printroom.pipelines.step_toml import FILE

FOLDER = Path(__file__).parent
"""Where they lie, by category."""
DECLARED = "declared.json"
"""Of each step, beside its `step.toml`."""


@dataclass(frozen=True)
class Bundled:
    """One of them."""

    folder: Path
    """Its name is the step's."""

    @property
    def name(self) -> str:
        """As pipelines call it."""
        return self.folder.name

    @property
    def group(self) -> str:
        """Where it stands in a menu: its category."""
        return self.folder.parent.name

    def described(self) -> Mapping[str, Any]:
        """What it says of itself. Raises BadStep."""
        file = self.folder / DECLARED
        try:
            return dict(json.loads(file.read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise BadStep(f"{file} cannot be read: {error}", "install printroom again") from error

    def step_type(self, factory: Callable[..., Step]) -> StepType:
        """As a step of pipelines; no process is started before `factory` is called."""
        return replace(described_step(self.described(), self.name, factory), group=self.group)


@lru_cache(maxsize=1)
def bundled() -> Mapping[str, Bundled]:
    """All of them by name, in the order of categories and names."""
    folders = sorted(file.parent for file in FOLDER.glob(f"*/*/{FILE}"))
    return {folder.name: Bundled(folder) for folder in folders if (folder / DECLARED).exists()}


def declare(folder: Path, data: Path) -> None:
    """Ask the step in `folder` what it is, in its environment below `data`, and write that down."""
    from printroom.isolation.environments import Environments
    from printroom.isolation.folder import StepSource
    from printroom.isolation.launching import Launcher

    source = StepSource.of(folder)
    environment = Environments(data / "environments").get(source.environment)
    launcher = Launcher(source, environment, shared=False)
    try:
        text = json.dumps(launcher.describe(), indent=1)
    finally:
        launcher.close()
    (folder / DECLARED).write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    from printroom.core.settings import Settings

    for step in sorted(FOLDER.glob(f"*/*/{FILE}")):
        declare(step.parent, Settings.read().data)
        sys.stdout.write(f"{step.parent.name}\n")
