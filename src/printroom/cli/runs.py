"""`printroom runs`: look at the runs of the database of this installation, and change them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from printroom.cli.tables import table
from printroom.core.errors import BadOption, NotFound
from printroom.core.settings import Settings

if TYPE_CHECKING:
    from printroom.jobs.model import Job
    from printroom.runs.runs import Runs

runs = typer.Typer(no_args_is_help=True)
"""The group of verbs about runs."""
Id = Annotated[str, typer.Argument(help="Of a run; its first letters do, if no other has them.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, one object a line.")]
_MOST = 1000


@runs.callback()
def about() -> None:
    """Look at runs, follow them, take them back, try them again."""


@runs.command("list")
def list_runs(
    status: Annotated[
        str | None,
        typer.Option(help="queued, running, succeeded, failed or cancelled. [all]"),
    ] = None,
    most: Annotated[int, typer.Option(min=1, max=_MOST, help="Of the newest.")] = 20,
    as_json: AsJson = False,
) -> None:
    """The newest runs first."""
    from printroom.runs.handler import KINDS
    from printroom.runs.view import STATUS, run_json

    if status not in (None, *STATUS.values()):
        raise BadOption(f"there is no status {status!r}", f"there is {_words(STATUS.values())}")
    states = [state for state, name in STATUS.items() if status in (None, name)]
    with _opened() as opened:
        found = opened.queue.jobs(kind=KINDS, state=states, most=most)
    if as_json:
        for job in found:
            typer.echo(json.dumps(run_json(job)))
        return
    header = ("RUN", "STATUS", "TARGET", "SINCE", "WHY")
    rows = [(one["id"], one["status"], one["target"], one["created_at"][:19], _why(one))
            for one in map(run_json, found)]  # fmt: skip
    typer.echo(table([header, *rows]))


@runs.command("show")
def show(run: Id) -> None:
    """All that is known of a run, as JSON."""
    from printroom.runs.view import run_json

    with _opened() as opened:
        job = _found(opened, run)
        typer.echo(json.dumps(run_json(job, opened.queue.position(job.id)), indent=1))


@runs.command("events")
def events(
    run: Id,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Until it is over.")] = False,
) -> None:
    """What happened to a run, one JSON object a line."""
    from printroom.runs.view import event_json

    with _opened() as opened:
        job = _found(opened, run)
        found = opened.queue.follow(job.id, timeout=None if follow else 0)
        for event in found:
            typer.echo(json.dumps(event_json(event)))


@runs.command("cancel")
def cancel(run: Id) -> None:
    """Take a run back; one that is over stays as it is."""
    with _opened() as opened:
        _tell(opened.queue.cancel(_found(opened, run).id))


@runs.command("retry")
def retry(run: Id) -> None:
    """Try a run that failed again, from the step that it was in."""
    with _opened() as opened:
        _tell(opened.queue.retry(_found(opened, run).id))


@contextmanager
def _opened() -> Iterator[Runs]:
    from printroom.runs.runs import Runs
    from printroom.workshop import Workshop

    with Workshop(Settings.read()) as workshop:
        yield Runs(workshop)


def _found(opened: Runs, name: str) -> Job:
    """The one run whose id begins so. Raises NotFound, BadOption."""
    from printroom.runs.handler import KINDS

    near = opened.queue.jobs(kind=KINDS, starts=name, most=2)
    if not near:
        raise NotFound(f"there is no run {name!r}", "`printroom runs list` shows them")
    if len(near) > 1 and near[0].id != name:
        raise BadOption(f"several runs begin with {name!r}", "write more of it")
    return near[0]


def _tell(job: Job) -> None:
    from printroom.runs.view import run_json

    typer.echo(run_json(job)["status"])


def _why(run: dict[str, Any]) -> str:
    return run["error"]["message"] if run["error"] else ""


def _words(words: Any) -> str:
    return ", ".join(dict.fromkeys(words))
