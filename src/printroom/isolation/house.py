"""Where isolated steps are opened, and what is kept of them between runs of printroom.

StepSource -> Isolation.open -> IsolatedStep        EnvironmentFailed BadStep StepFailed StepLost

All of them share the cards of the machine, and end when they have rested.

<data>/cards/               who has how much of which graphics card, over all processes
<data>/environments/        a Python and packages, by digest
<data>/steps/<digest>.json  what a step says of itself, so that listing starts no process
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from printroom.core.errors import EnvironmentFailed
from printroom.isolation.environments import Environment, Environments, EnvironmentSpec
from printroom.isolation.folder import StepSource
from printroom.isolation.grants import CardLedger
from printroom.isolation.isolated import IsolatedStep
from printroom.isolation.launching import Launcher
from printroom.isolation.pythons import Pythons
from printroom.isolation.seats import IDLE, Seats


class Isolation:
    """Opens steps. Safe from many threads and processes."""

    def __init__(
        self,
        data: Path,
        *,
        pythons: Sequence[Path] = (),
        shared: bool = True,
        cards: CardLedger | None = None,
        idle: float = IDLE,
        image: str | None = None,
    ) -> None:
        """`data`: a folder, made when missing; `pythons`: folders to look for Pythons in first.

        `shared`: whether arrays go through shared memory, where the system has it; `cards`: None =
        those of the machine; `idle`: seconds that the processes of a step rest which says nothing
        of that, 0 = for ever; `image`: the container image in which this process runs.
        """
        self._environments = Environments(data / "environments", Pythons(pythons), image)
        self._seats = Seats(cards or CardLedger(data / "cards"), idle)
        self._notes = data / "steps"
        self._shared = shared

    def environment(self, spec: EnvironmentSpec) -> Environment:
        """The environment, made if there is none. Raises EnvironmentFailed, BadOption."""
        return self._environments.get(spec)

    def open(self, source: StepSource) -> IsolatedStep:
        """The step, with its environment made and its ports known; no process runs yet.

        The first time takes as long as its packages do. Raises EnvironmentFailed, BadStep,
        StepFailed, StepLost.
        """
        environment = self._environments.get(source.environment)
        launcher = Launcher(source, environment, shared=self._shared)
        try:
            return IsolatedStep(launcher, self._described(launcher), self._seats)
        except BaseException:
            launcher.close()
            raise

    def _described(self, launcher: Launcher) -> Mapping[str, Any]:
        path = self._notes / f"{launcher.digest}.json"
        try:
            return dict(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            described = launcher.describe()
        try:
            self._notes.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{id(launcher)}.part")
            part.write_text(json.dumps(described), "utf-8")
            part.replace(path)
        except OSError as error:
            raise EnvironmentFailed(f"{self._notes} cannot be written: {error}") from error
        return described
