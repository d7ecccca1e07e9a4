"""Does jobs of the kind "training": a recipe, or a search over some of its options.

    job, context -> {"scores", "files", "model", "trials"}       whatever the recipe raises

The recipe runs in a process of its own. Its folder outlives attempts: whoever goes on begins at its
last checkpoint, on another machine at the last one that was kept. What it made becomes files of the
account, and a model of it the next version of a name, to be examined as any other: all in the
transaction that ends the job.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from printroom.accounts.audit import Actor
from printroom.assets.assets import New, enter_results, new_id
from printroom.catalogue.entries import Draft
from printroom.core.errors import PrintroomError
from printroom.jobs.context import Context, Done
from printroom.jobs.model import Job
from printroom.pipelines.telling import hidden, retell
from printroom.runs.examining import Examinations
from printroom.runs.training.kept import Kept
from printroom.runs.training.process import Asked, carried_out
from printroom.runs.training.sets import brought
from printroom.training.search import SCORES, SEARCH

KIND = "training"
FOLDER = "trainings"
"""In the data folder."""
LINES, LETTERS = 500, 500
"""Lines of an attempt that are kept, and letters of each."""
_RARE = 0.5
"""Seconds between two events of progress, at least."""


class TrainingHandler:
    """A handler for `printroom.jobs.worker.Worker`."""

    def __init__(self, examinations: Examinations) -> None:
        self._examinations = examinations
        self._workshop = examinations.workshop

    def __call__(self, job: Job, context: Context) -> Any:
        """What came of it."""
        try:
            return self._done(job, context)
        except PrintroomError as error:
            retell(error, hidden)
            raise

    def _done(self, job: Job, context: Context) -> Done:
        place = self._workshop.settings.data / FOLDER / job.id
        place.mkdir(parents=True, exist_ok=True)
        kept = Kept(job, context, self._workshop.assets, place / "out")
        kept.restore()
        payload = job.payload
        data = brought(self._workshop, job.account, payload["data"], place / "data", context.check)
        told = _Told(context)
        asked = Asked(
            payload["recipe"], str(data), str(kept.folder), payload["words"], payload["grid"]
        )

        def check() -> None:
            context.check()
            told.write()
            kept.now_and_then()

        try:
            carried_out(asked, told.heard, told.said, check)
        finally:
            with suppress(PrintroomError):  # it may be because of this that the attempt failed
                told.write(last=True)
                kept.keep()
        context.check()
        return self._settled(job, kept)

    def _settled(self, job: Job, kept: Kept) -> Done:
        """The result; what it made is in the store, and enters with the end of the job."""
        assets, now = self._workshop.assets, self._workshop.database.clock()
        made = {}
        for path in kept.results():
            new = New(
                job.account, path, "result", path.name, run=job.id,
                id=new_id(job.created_at, f"{job.id}/{path.name}"),
            )  # fmt: skip
            made[path.name] = assets.write(new)
        card = _json(kept.folder / "card.json")
        weights = made.get(str(card.get("weights", "")))
        result: dict[str, Any] = {
            "scores": card.get("scores") or _json(kept.folder / SCORES),
            "files": [
                {"file": one.id, "name": one.name, "bytes": one.size, "digest": one.digest}
                for one, _ in made.values()
            ],
            "trials": _json(kept.folder / SEARCH) or None,
            "model": None,
        }
        wanted = job.payload["model"]
        given = None
        if wanted and weights is not None:
            given = self._given(job, wanted, card), weights[0]
            result["model"] = wanted["name"]

        def entering(connection: Connection) -> None:
            enter_results(connection, list(made.values()), now)
            if given is not None:
                actor = Actor(job.account, key=job.payload["by"])
                self._examinations.give(connection, actor, *given)

        return Done(result, entering)

    def _given(self, job: Job, wanted: Mapping[str, Any], card: Mapping[str, Any]) -> Draft:
        """The version that it is to be; what was measured and learnt from stays on its card."""
        made = {name: card[name] for name in ("data", "command", "scores") if name in card}
        declared = {
            "licence": wanted["licence"] or card["licence"],
            "task": card["task"],
            "reading": None,
            "parts": {},
            "made": made,
        }
        return Draft(
            job.account, wanted["name"], wanted["title"] or card["title"], "", declared,
            f"training:{job.id}", job.payload["by"],
        )  # fmt: skip


class _Told:
    """Tells those who follow a training how far it is; its lines are written now and then."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._now: dict[str, Any] = {}
        self._fresh = False
        self._events: list[tuple[str, dict[str, Any]]] = []
        self._lines, self._at = 0, 0.0

    def heard(self, facts: Mapping[str, Any]) -> None:
        """Of `training.telling`: how far it is, or a measure of how good."""
        with self._lock:
            if "trial" in facts:
                self._now = {}
            measured = {name: facts[name] for name in ("loss", "score", "watched") if name in facts}
            self._now |= {name: value for name, value in facts.items() if name != "saved"}
            self._fresh = True
            if measured:
                self._events.append(("measure", dict(self._now)))

    def said(self, line: str) -> None:
        """A line that it prints."""
        with self._lock:
            self._lines += 1
            if line and self._lines <= LINES:
                whole = self._lines < LINES
                text = hidden(line[: 4 * LETTERS])[:LETTERS] if whole else "(no more is kept)"
                self._events.append(("log", {"step": None, "text": text}))

    def write(self, *, last: bool = False) -> None:
        """Write down what came since. Raises LeaseLost, and what the database does."""
        if not last and time.monotonic() - self._at < _RARE:
            return
        with self._lock:
            events, self._events = self._events, []
            if self._fresh:
                events.append(("progress", dict(self._now)))
            self._fresh = False
        if events:
            self._context.events(events)
        self._at = time.monotonic()


def _json(path: Path) -> dict[str, Any]:
    with suppress(FileNotFoundError):
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return found
    return {}


def forget(data: Path, job: str) -> None:
    """A training is over: its folder goes. Fine if it is not there."""
    shutil.rmtree(data / FOLDER / job, ignore_errors=True)
