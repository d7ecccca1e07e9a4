"""A run's line to the queue: what its steps leave, how far it is, and whether to go on elsewhere.

    Following is the engine's Keeper: checkpoints in the database, files with the assets
    step, progress -> events of the job, at most one in half a second but for steps that run whole
    pictures, lines of steps -> events `preview` and `log`

Raises what the context raises: Cancelled, LeaseLost; and `Elsewhere`, where a step needs a worker
that has more.
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from printroom.assets.assets import Assets, New
from printroom.engine.glimpse import as_webp
from printroom.jobs.context import Context
from printroom.jobs.model import Job
from printroom.jobs.needs import Needs
from printroom.pipelines.declare import StepShape
from printroom.pipelines.graph import Node
from printroom.pipelines.step import Planes
from printroom.pipelines.telling import hidden
from printroom.runs.options import Output
from printroom.runs.target import Target

RARE = 0.5
"""Seconds between two events of progress, at least."""
LINES, LETTERS = 200, 500
"""Lines that the steps of one attempt may say, and letters of each."""
_QUICK = 0.2
"""Seconds for which lines are collected, at most, while more of them come."""


class Following:
    """One attempt at a run."""

    def __init__(self, job: Job, context: Context, target: Target, assets: Assets) -> None:
        self._job, self._context, self._assets = job, context, assets
        self._needs = step_needs(job)
        self._numbers = {node.name: at for at, node in enumerate(target.graph.nodes, 1)}
        self._now: Mapping[str, Any] = {}
        self._told = time.monotonic()
        self.previews = Output.of(job.payload).previews
        """Whether whoever asked wants to see what steps give."""
        self._shown = {data["step"] for data in context.told("preview")} if self.previews else set()
        self._said: list[dict[str, Any]] = []
        self._lines, self._wrote = 0, 0.0

    def begins(self, node: Node) -> None:
        """Goes on at another worker if this one lacks what the step needs."""
        self._context.check()
        self.finish()  # what the step before has said, whoever does this one
        self._now = {
            "step": node.name,
            "number": self._numbers[node.name],
            "of": len(self._numbers),
        }
        if node.step.shape is StepShape.RUN:
            self._context.need(self._needs.get(node.name, Needs()))
        self._tell("step", self._now, always=node.name in self._needs)

    def kept(self, name: str) -> Any:
        """What an earlier attempt left of a step."""
        mark = f"step:{name}"[:255]
        return self._context.kept(mark) if self._context.done(mark) else None

    def keep(self, name: str, value: Any) -> None:
        """Raises LeaseLost, and BadOption for more than a checkpoint can be."""
        self._context.check()
        self._context.checkpoint(f"step:{name}"[:255], value)

    def shown(self, name: str, planes: Planes) -> None:
        """What a step gives, once for each step, however often the run is tried."""
        if name not in self._shown:
            self._shown.add(name)
            image = b64encode(as_webp(planes)).decode()
            data = {"step": name, "image": f"data:image/webp;base64,{image}"}
            self._context.event("preview", data)

    def log(self, text: str) -> None:
        """A line that the step says that is being done; written soon, or with `finish`."""
        self._lines += 1
        if self._lines > LINES:
            return
        line = hidden(text[: 4 * LETTERS])[:LETTERS] if self._lines < LINES else "(no more is kept)"
        self._said.append({"step": self._now.get("step"), "text": line})
        if time.monotonic() - self._wrote >= _QUICK:
            self.finish()

    def finish(self) -> None:
        """Write down what was said and is not written yet."""
        if self._said:
            lines, self._said = self._said, []
            self._context.events([("log", one) for one in lines])
            self._wrote = time.monotonic()

    def store(self, path: Path) -> str:
        """A file that goes with the run."""
        new = New(self._job.account, path, "part", run=self._job.id)
        return self._assets.add(new).id

    def fetch(self, file: str, path: Path) -> None:
        """Raises NotFound."""
        self._assets.content(self._assets.find(self._job.account, file)).save(path)

    def progress(self, done: int, tiles: int) -> None:
        """Tiles done, of all; called by the engine."""
        self._context.check()
        self._tell("progress", {**self._now, "done": done, "tiles": tiles})

    def _tell(self, kind: str, data: Mapping[str, Any], *, always: bool = False) -> None:
        now = time.monotonic()
        if always or now - self._told >= RARE:
            self._told = now
            self.finish()
            self._context.event(kind, dict(data))


def step_needs(job: Job) -> dict[str, Needs]:
    """What the workers of steps that were added must have, by name of the step in the pipeline."""
    return {
        name: Needs(frozenset(one["labels"]), one["bytes"])
        for name, one in job.payload["needs"].items()
    }
