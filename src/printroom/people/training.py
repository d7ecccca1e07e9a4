"""Learns a person: a job of the kind "person", begun with the pictures that its payload names.

    job, context -> TrainHandler -> the file in the store, the version ready: one transaction
                                     BadOption WrongBase DiskFull what stores raise
    job that is over -> Trained      a version that came to nothing says why: in that transaction

How far it is goes into the store of people every few seconds, so that an attempt behind one that
was killed goes on there, on whatever machine. Of a file that was written by an attempt that was
killed before it could say so, the next one makes the version.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from printroom.assets.assets import Assets
from printroom.core.errors import BadModel, Cancelled, NotFound, PrintroomError, WrongBase
from printroom.core.scratch import Scratch
from printroom.jobs.context import Context, Done
from printroom.jobs.model import Job
from printroom.people import rows
from printroom.people.checking import Pixels, opened
from printroom.people.files import Files
from printroom.people.model import TRAINING, Version
from printroom.runtimes.generation import PersonalizableGenerator

PRIORITY = -10
"""Pictures that somebody waits for go first."""
RETRIES = 2
"""Failures that are followed by another attempt."""
APART = 0.5
"""Seconds between two notes of how far one stage is."""
KEPT = 1.0
"""Seconds between two checkpoints in the store."""


class TrainHandler:
    """A handler for `printroom.jobs.worker.Worker`."""

    def __init__(
        self,
        assets: Assets,
        files: Files,
        generator: Callable[[], PersonalizableGenerator],
        scratch: Scratch,
    ) -> None:
        self._assets, self._files, self._scratch = assets, files, scratch
        self._generator = generator

    def __call__(self, job: Job, context: Context) -> Any:
        """The version, as JSON; None for one that is gone."""
        database = self._assets.database
        version = database.run(partial(rows.of_job, job=job.id), write=False)
        if version is None or version.state != "training":
            return None
        try:
            file = self._learnt(version, context)
        except Exception:
            if isinstance(context.stopped, Cancelled) or job.failures >= job.retries:
                with suppress(PrintroomError):  # nobody goes on from it
                    self._files.done(version)
            raise
        base = self._generator().load(file).base
        context.check()
        values = {
            "state": "ready",
            "base": base,
            "digest": hashlib.sha256(file).hexdigest(),
            "size": len(file),
            "error": None,
            "ready_at": database.clock(),
        }
        self._files.done(version)
        told = {"person": version.person, "version": version.number, "base": base}
        return Done(told, partial(_ready, version=version, values=values))

    def _learnt(self, version: Version, context: Context) -> bytes:
        """The file, which is in the store."""
        generator = self._generator()
        if (there := self._files.written(version)) is not None:
            try:
                generator.load(there)
                return there
            except (BadModel, WrongBase):
                raise BadModel(
                    f"version {version.number} of {version.person} has another file already",
                    "train the person again",
                ) from None
        place = self._scratch.path("person")
        try:
            if (kept := self._files.kept(version)) is not None:
                place.write_bytes(kept)
            told = _Told(self._files, version, context, place)
            pictures = self._pictures(context)
            told(0.0, "begun")
            file = generator.personalise(pictures, seed=version.seed, told=told, checkpoint=place)
            context.check()
            return self._files.write(version, file)
        finally:
            self._scratch.discard(place)

    def _pictures(self, context: Context) -> list[Pixels]:
        job, found = context.job, []
        for name in job.payload["pictures"]:
            context.check()
            content = self._assets.content(self._assets.find(job.account, name))
            found.append(opened(content.read(0, content.size)))
        return found


class Trained:
    """A hook for `Queue.ends`: what becomes of a version whose training is over."""

    def __call__(self, connection: Connection, job: Job) -> bool:
        """False: there is nothing new to do."""
        if job.kind == TRAINING and job.state != "done":
            version = rows.of_job(connection, job.id)
            if version is not None:
                why = job.error or "its training was taken back"
                rows.settled(connection, version, state="failed", error=why)
        return False


class _Told:
    """What the generator tells: events for those who follow, checkpoints for the next attempt."""

    def __init__(self, files: Files, version: Version, context: Context, place: Path) -> None:
        self._files, self._version, self._context, self._place = files, version, context, place
        self._stage, self._at = "", float("-inf")
        self._kept, self._seen = time.monotonic(), self._mark()

    def __call__(self, done: float, stage: str) -> None:
        """Raises what ends the attempt."""
        self._context.check()
        now = time.monotonic()
        if stage != self._stage or now - self._at >= APART:
            self._stage, self._at = stage, now
            self._context.event("progress", {"stage": stage, "done": round(done, 3)})
        if now - self._kept >= KEPT and (mark := self._mark()) != self._seen:
            self._files.keep(self._version, self._place.read_bytes())
            self._kept, self._seen = time.monotonic(), mark

    def _mark(self) -> tuple[int, int] | None:
        try:
            found = self._place.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_size


def _ready(connection: Connection, version: Version, values: dict[str, Any]) -> None:
    """In the transaction that ends the job."""
    if not rows.settled(connection, version, **values):
        raise NotFound(f"{version.person} was forgotten", "nothing is left of it")


def payload_of(version: Version, pictures: list[str]) -> dict[str, Any]:
    """Of the job that trains a version: what it is learnt from does not change meanwhile."""
    return {"person": version.person, "version": version.number, "pictures": pictures}


def scores_of(version: Version) -> dict[str, Any]:
    """What was measured of a version."""
    found: dict[str, Any] = json.loads(version.scores_json)
    return found
