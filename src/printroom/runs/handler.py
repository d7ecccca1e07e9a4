"""Does jobs of the kind "run": a pipeline, on what the job names, by this worker's workshop.

    job, context -> {"output": ..., "usage": ...}        whatever the pipeline raises

Steps that run whole leave checkpoints; an attempt behind one that was killed begins at the step
that that one was in.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from printroom.core.errors import BadPipeline, NotFound, PrintroomError
from printroom.core.logs import telling
from printroom.core.scratch import Scratch
from printroom.jobs.context import Context
from printroom.jobs.model import Job
from printroom.people.model import PORTRAIT
from printroom.pipelines.telling import hidden, retell
from printroom.runs.following import Following, step_needs
from printroom.runs.inputs import Local
from printroom.runs.options import Output
from printroom.runs.outputs import settled
from printroom.runs.target import Target, Targets
from printroom.runs.terms import paid_of
from printroom.workshop import Workshop

KIND = "run"
KINDS = (KIND, PORTRAIT)
"""Of jobs that are runs: of pipelines, and those that draw people."""


class RunHandler:
    """A handler for `printroom.jobs.worker.Worker`."""

    def __init__(self, workshop: Workshop, targets: Targets, scratch: Scratch) -> None:
        self._workshop, self._targets, self._scratch = workshop, targets, scratch

    def __call__(self, job: Job, context: Context) -> Any:
        """The result of the run."""
        try:
            return self._ran(job, context)
        except PrintroomError as error:
            retell(error, lambda text: hidden(self._scratch.hide(text)))
            raise

    def _ran(self, job: Job, context: Context) -> Any:
        target = self._target(job, context)
        local = Local(self._workshop, job, context, self._scratch)
        folder = self._scratch.path("run")
        try:
            following = Following(job, context, target, self._workshop.assets)
            with telling(following.log):
                values = local.values(target.graph)
                outputs = self._outputs(target, job, values, folder, following, context)
            following.finish()
            context.check()
            return settled(self._workshop, job, outputs)
        finally:
            for path in (folder, *local.paths):
                self._scratch.discard(path)

    def _outputs(
        self,
        target: Target,
        job: Job,
        values: Mapping[str, Any],
        folder: Path,
        following: Following,
        context: Context,
    ) -> Mapping[str, Any]:
        try:
            return self._workshop.run_pipeline(
                target.graph,
                values,
                folder,
                following.progress,
                context.cancelled,
                pixels=self._workshop.settings.http_pixels,
                saving=Output.of(job.payload).saving,
                keeper=following,
                account=job.account,
                owner=target.account or "",
                paid=paid_of(job.payload.get("terms")),
            )
        except Exception:
            with suppress(PrintroomError):  # what it said last may tell why
                following.finish()
            raise

    def _target(self, job: Job, context: Context) -> Target:
        """The pipeline; where a step is not at hand, it may be where others are needed."""
        try:
            return self._targets.again(job.payload)
        except (BadPipeline, NotFound):
            for needs in step_needs(job).values():
                context.need(needs)
            raise
