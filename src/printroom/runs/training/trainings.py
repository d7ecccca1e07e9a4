"""Trainings: asked for, looked at, taken back, tried again. What does them: `handler`.

    Wanted -> submit -> Submitted      NotFound BadOption KeyReused AlreadyThere
    id, account -> get, cancel, retry  NotFound: also for what is another account's; WrongState

A training is a job of the kind "training"; its id is the job's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection

from printroom import recipes
from printroom.accounts.handles import handle_of
from printroom.core.errors import AlreadyThere, BadOption, NotFound
from printroom.jobs.model import Job
from printroom.jobs.queue import ready
from printroom.jobs.submit import Request, Submitted, as_job, enter
from printroom.runs.training import sets
from printroom.runs.training.handler import FOLDER, KIND, forget
from printroom.runs.view import STATUS, error_json, moment
from printroom.training.search import trials
from printroom.workshop import Workshop

RETRIES = 2
"""Failures that are followed by another attempt."""
_OURS = ("start",)
"""Options that name files of whoever runs the server."""
_OVER = ("done", "cancelled")


@dataclass(frozen=True)
class Wanted:
    """A training that somebody wants."""

    account: str
    recipe: str
    data: str = ""
    """A folder of the server's sets, empty = all of them, or `store://NAME/PREFIX`."""
    options: Mapping[str, str | int | float] = field(default_factory=dict)
    """Of the recipe."""
    grid: Mapping[str, Sequence[str | int | float]] = field(default_factory=dict)
    """Option -> values to try, each with each; the best are kept."""
    model: str | None = None
    """Name behind the account's handle of which the result is the next version; None = of none."""
    title: str = ""
    licence: str = ""
    """SPDX expression; empty = as the recipe says."""
    deadline: float | None = None
    """Seconds until it must be over."""
    key: str | None = None
    """Idempotency key."""
    by: str | None = None
    """Id of the key or person that asks."""


class Trainings:
    """The trainings of all accounts. Safe from many threads."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop, self.queue = workshop, workshop.queue

    def submit(self, wanted: Wanted) -> Submitted:
        """Put a training into the queue; a worker with PyTorch takes it."""
        if wanted.recipe not in recipes.names():
            offered = ", ".join(recipes.names())
            raise NotFound(f"there is no recipe {wanted.recipe!r}", f"the recipes are: {offered}")
        sets.checked(self.workshop, wanted.account, wanted.data)
        payload = self._payload(wanted)
        request = Request(
            KIND,
            payload,
            account=wanted.account,
            retries=RETRIES,
            deadline=wanted.deadline,
            key=wanted.key,
            subject=wanted.recipe,
            same={name: value for name, value in payload.items() if name != "by"},
        )
        job = as_job(request, self.queue.database.clock())
        return self.queue.change(partial(self._entered, job=job), ready(KIND))

    def get(self, account: str, training: str) -> Job:
        """The training as it is now. Raises NotFound."""
        job = self.queue.get(training)
        if job.kind != KIND or job.account != account:
            raise NotFound(f"there is no training {training!r}", "it may have been forgotten")
        return job

    def list(self, account: str, *, before: str | None = None, most: int = 100) -> Sequence[Job]:
        """Trainings, the newest first; `before`: an id, for the next page."""
        return self.queue.jobs(account=account, kind=KIND, before=before, most=most)

    def cancel(self, account: str, training: str) -> Job:
        """Take it back; one that is over stays as it is. Raises NotFound."""
        self.get(account, training)
        return self.queue.cancel(training)

    def retry(self, account: str, training: str) -> Job:
        """Let one that failed go on at its last checkpoint. Raises NotFound, WrongState."""
        self.get(account, training)
        return self.queue.retry(training)

    def sweep(self) -> None:
        """Folders of this machine go whose trainings are over, or forgotten."""
        data = self.workshop.settings.data
        for place in sorted((data / FOLDER).glob("*")):
            try:
                over = self.queue.get(place.name).state in _OVER
            except NotFound:
                over = True
            if over:
                forget(data, place.name)

    def _payload(self, wanted: Wanted) -> dict[str, Any]:
        model = None
        if wanted.model is not None:
            model = {"name": wanted.model, "title": wanted.title, "licence": wanted.licence}
        grid = [f"{name}={','.join(map(str, some))}" for name, some in wanted.grid.items()]
        trials(grid)
        for name in (*wanted.options, *wanted.grid):
            if name in _OURS:
                raise BadOption(f"{name} names a file of the server", "leave it out")
        words = [f"--{name.replace('_', '-')}={value}" for name, value in wanted.options.items()]
        return {
            "recipe": wanted.recipe,
            "data": wanted.data,
            "words": words,
            "grid": grid,
            "model": model,
            "by": wanted.by,
        }

    def _entered(self, connection: Connection, job: Job) -> Submitted:
        model = job.payload["model"]
        if model is not None:
            name = f"{handle_of(connection, job.account)}/{model['name']}"
            if any(one.card.name == name for one in self.workshop.catalogue.models):
                raise AlreadyThere(f"the server has a model {name}", "take another name")
        (submitted,) = enter(connection, [job], job.created_at)
        return submitted


def training_json(job: Job) -> dict[str, Any]:
    """Every member is always there; null where there is nothing to say yet."""
    payload, result = job.payload, job.result or {}
    place = f"/v1/trainings/{job.id}"
    return {
        "id": job.id,
        "status": STATUS[job.state],
        "recipe": payload["recipe"],
        "data": payload["data"],
        "options": _options(payload["words"]),
        "grid": {name: values.split(",") for name, values in map(_parted, payload["grid"])},
        "model": payload["model"] and payload["model"]["name"],
        "scores": result.get("scores"),
        "trials": result.get("trials"),
        "files": result.get("files"),
        "error": error_json(job),
        "attempt": job.attempt,
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at),
        "finished_at": moment(job.finished_at),
        "expires_at": moment(job.expires_at),
        "urls": {"get": place, "cancel": f"{place}/cancel", "events": f"{place}/events"},
    }


def _options(words: Sequence[str]) -> dict[str, str]:
    pairs = [_parted(word.removeprefix("--")) for word in words]
    return {name.replace("-", "_"): value for name, value in pairs}


def _parted(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value
