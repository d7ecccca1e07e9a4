"""`printroom people`: pictures of somebody, a model of them, portraits; in this installation.

Whoever has the database at hand acts for any account. Learning and drawing are done here and now,
unless a worker of the same database was quicker.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from printroom.cli.tables import table
from printroom.core.errors import BadOption, NoConsent, NotFound, PrintroomError

if TYPE_CHECKING:
    from printroom.accounts.audit import Actor
    from printroom.jobs.model import Job
    from printroom.people.rows import Whole
    from printroom.workshop import Workshop

people = typer.Typer(no_args_is_help=True)
"""The group of verbs about people."""
Who = Annotated[str, typer.Argument(help="A person: the id, or the name if only one has it.")]
Account = Annotated[str, typer.Option(help="Whose they are; the handle of an account.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, one object per line.")]
_MOST = 1000


@people.callback()
def about() -> None:
    """Learn somebody from a few pictures, with their consent, and draw portraits of them."""


@people.command("add")
def add(
    who: Annotated[str, typer.Argument(help="A person's name, or id; a new name makes one.")],
    pictures: Annotated[list[Path], typer.Argument(help="Files.")],
    consent: Annotated[
        str, typer.Option(help="Who agrees that this person is learnt; for a new one.")
    ] = "",
    text: Annotated[
        Path | None, typer.Option(help="A file with what they agreed to. [printroom's own text]")
    ] = None,
    account: Account = "local",
) -> None:
    """Add pictures, and say of each what was found; when there are enough, training begins."""
    from printroom.people.adding import Brought
    from printroom.people.consent import TEXT, Given

    with _opened() as workshop:
        me = _actor(workshop, account)
        try:
            person = _found(workshop, me.account, who).person.id
        except NotFound:
            if not consent:
                raise NoConsent(f"nobody says that {who} agrees", "name them: --consent") from None
            agreed = TEXT if text is None else _read(text).decode("utf-8", "replace")
            person = workshop.people.create(me, who, Given(consent, agreed)).person.id
        brought = [Brought(_read(path), path.name) for path in pictures]
        answers, whole = workshop.people.add(me, person, brought)
        for answer in answers:
            why = [one.reason for one in answer.findings if one.verdict in ("refused", "noted")]
            typer.echo(f"{answer.name}: {'taken' if answer.picture else 'refused'}"
                       f"{': ' if why else ''}{'; '.join(why)}")  # fmt: skip
        typer.echo(person)
        if whole.training is not None:
            _learn(workshop, whole)


@people.command("train")
def train(
    who: Who,
    anyway: Annotated[
        bool, typer.Option(help="Though some pictures seem to show somebody else.")
    ] = False,
    account: Account = "local",
) -> None:
    """Learn a person from all pictures that there are, and wait for it."""
    with _opened() as workshop:
        me = _actor(workshop, account)
        found = _found(workshop, me.account, who)
        if found.training is None:
            found = workshop.people.train(me, found.person.id, anyway=anyway)
        _learn(workshop, found)


@people.command("generate")
def generate(
    who: Who,
    folder: Annotated[Path, typer.Argument(help="Where the pictures go.")] = Path(),
    prompt: Annotated[str, typer.Option(help="What else is in the picture.")] = "",
    style: Annotated[
        str | None, typer.Option(help="photo, 3d, comic, watercolour, pencil. [as the prompt says]")
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=16, help="Pictures.")] = 1,
    seed: Annotated[
        list[int] | None, typer.Option(help="One for each picture, in place of --count.")
    ] = None,
    account: Account = "local",
) -> None:
    """Draw portraits of a person, and wait for them."""
    from printroom.people.portraits import Wanted

    with _opened() as workshop:
        me = _actor(workshop, account)
        person = _found(workshop, me.account, who).person.id
        wanted = Wanted(me.account, person, prompt, style, count, tuple(seed or ()))
        job = _done(workshop, workshop.asking.ask(wanted).job)
        folder.mkdir(parents=True, exist_ok=True)
        for drawn, number in zip(job.result["output"]["pictures"], _seeds(job), strict=True):
            path = folder / f"{Path(drawn['name']).stem}-{number}{Path(drawn['name']).suffix}"
            workshop.assets.open(me.account, drawn["file"]).save(path)
            typer.echo(path)


@people.command("list")
def listed(account: Account = "local", as_json: AsJson = False) -> None:
    """All of an account, the newest first."""
    from printroom.api.people.told import person_json

    with _opened() as workshop:
        found = workshop.people.list(_actor(workshop, account).account, most=_MOST)
    shown = [person_json(one) for one in found]
    if as_json:
        for one in shown:
            typer.echo(json.dumps(one))
        return
    rows = [
        (one["id"], one["name"], one["state"], str(one["pictures"]), str(one["version"] or ""))
        for one in shown
    ]
    typer.echo(table([("PERSON", "NAME", "STATE", "PICTURES", "VERSION"), *rows]))


@people.command("show")
def show(who: Who, account: Account = "local") -> None:
    """All that is known of a person, as JSON."""
    from printroom.api.people.told import person_json, picture_json

    with _opened() as workshop:
        found = _found(workshop, _actor(workshop, account).account, who)
    told = person_json(found) | {"seen": [picture_json(one) for one in found.pictures]}
    typer.echo(json.dumps(told, indent=1))


@people.command("forget")
def forget(
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    account: Account = "local",
) -> None:
    """Delete all of a person: pictures, models, portraits, runs, caches."""
    from printroom.api.people.told import erased_json

    with _opened() as workshop:
        me = _actor(workshop, account)
        found = _found(workshop, me.account, who)
        if not yes:
            typer.confirm(f"Delete all of {found.person.name}?", abort=True)
        typer.echo(json.dumps(erased_json(workshop.people.forget(me, found.person.id))))


@contextmanager
def _opened() -> Iterator[Workshop]:
    from printroom.core.settings import Settings
    from printroom.workshop import Workshop

    with Workshop(Settings.read()) as workshop:
        yield workshop


def _actor(workshop: Workshop, handle: str) -> Actor:
    """Raises NotFound for a handle that nobody has."""
    from printroom.accounts.audit import Actor

    account = workshop.accounts.holder(handle)
    if account is None:
        raise NotFound(f"nobody has the handle {handle!r}", "`printroom accounts list`")
    return Actor(account)


def _found(workshop: Workshop, account: str, who: str) -> Whole:
    """The person of that id or name. Raises NotFound, BadOption."""
    with suppress(NotFound):
        return workshop.people.get(account, who)
    named = [one for one in workshop.people.list(account, most=_MOST) if one.person.name == who]
    if not named:
        raise NotFound(f"there is no person {who!r}", "`printroom people list` shows them")
    if len(named) > 1:
        raise BadOption(f"several people are called {who!r}", "give the id of one")
    return named[0]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(f"{path} cannot be read", error.strerror or str(error)) from error


def _learn(workshop: Workshop, found: Whole) -> None:
    version = found.training
    assert version is not None
    _done(workshop, workshop.queue.get(version.job))
    typer.echo(f"version {version.number} of {found.person.name} is ready", err=True)


def _done(workshop: Workshop, job: Job) -> Job:
    """The job when it is done, here or elsewhere. Raises what it failed with."""
    from printroom.jobs.states import OVER

    with _working(workshop):
        while (now := workshop.queue.wait(job.id, 1.0)).state not in OVER:
            pass
    if now.state != "done":
        raise PrintroomError(now.error or f"job {job.id} was {now.state}")
    return now


@contextmanager
def _working(workshop: Workshop) -> Iterator[None]:
    """Meanwhile what is queued about people is done here, too."""
    from printroom.core.scratch import Scratch
    from printroom.jobs.context import Handler
    from printroom.jobs.worker import Worker
    from printroom.people.hands import Hands
    from printroom.people.model import PORTRAIT, TRAINING
    from printroom.runs.runs import Runs

    Runs(workshop)  # what runs cause when they end
    settings, scratch, stop = workshop.settings, Scratch(workshop.settings.data), threading.Event()
    hands = Hands(
        workshop.people, workshop.loaded_generator, scratch, settings.people_memory,
        settings.people_ttl,
    )  # fmt: skip
    handlers: dict[str, Handler] = {TRAINING: hands.train, PORTRAIT: hands.draw}
    worker = Worker(workshop.queue, handlers, offer=hands.offer)
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        worker.wake()
        thread.join()
        scratch.close()


def _seeds(job: Job) -> list[int]:
    return list(job.payload["input"]["seeds"])
