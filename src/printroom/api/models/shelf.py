"""Models as accounts see them: those of the server, and their own.

    who, words, cursor -> listed                one of each name, by name
    who, "acme/ink@2" -> one, versions, report, job, alone     NotFound: also for what is another's
    actor, draft, file -> give; change, remove  NotFound AlreadyThere KeyReused WrongState
    who runs the server -> waiting, decide, stop                   NotFound WrongState

In threads: all of it may wait for the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from printroom.accounts.audit import Actor, note
from printroom.accounts.handles import handle_of
from printroom.accounts.principal import Principal
from printroom.api.models.told import of_account, of_server
from printroom.catalogue import entries
from printroom.catalogue.alone import alone
from printroom.catalogue.entries import Draft
from printroom.catalogue.model import Entry
from printroom.catalogue.owned import Seen
from printroom.catalogue.verification.report import Report
from printroom.catalogue.verification.signing import ReportKey
from printroom.core.errors import NotFound, WrongState
from printroom.core.once import once
from printroom.runs.examining import Examinations
from printroom.workshop import Workshop

Json = dict[str, Any]


class ModelShelf:
    """For one server process."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    @once
    def _examinations(self) -> Examinations:
        return Examinations(self._workshop)

    def listed(self, who: Principal, query: str, after: str | None, most: int) -> list[Json]:
        """The newest version of each name behind `after` that has all words of `query`."""
        paces = self._paces()
        found: dict[str, Callable[[], Json]] = {}  # told when its page comes: that reads files
        handle, mine = self._workshop.owned.of(who.account)
        for entry in mine:
            pace = paces.get(Seen(entry, handle, "").id)
            full = entry.verdict != "passed"
            telling = partial(of_account, entry, handle, pace, mine=True, full=full)
            found[f"{handle}/{entry.name}"] = telling
        for model in reversed(self._workshop.catalogue.models):  # earlier folders, newer versions
            found[model.card.name] = partial(of_server, model, paces.get(model.card.id))
        words = query.lower().split()
        told = (found[name]() for name in sorted(found) if after is None or name > after)
        return list(islice((one for one in told if _matches(one, words)), most))

    def one(self, who: Principal, name: str) -> Json:
        """A version, or the newest."""
        for model in self._workshop.catalogue.models:
            if name in (model.card.id, model.card.name):
                return of_server(model, self._paces().get(model.card.id))
        return self._told(who.account, self._looked(who, name), full=who.may("admin"))

    def versions(self, who: Principal, name: str, before: int | None, most: int) -> list[Json]:
        """Versions of a name below `before`, the newest first. Raises NotFound."""
        name, paces = name.partition("@")[0], self._paces()
        here = [model for model in self._workshop.catalogue.models if model.card.name == name]
        if here:
            behind = [one for one in here if before is None or one.card.version < before]
            return [of_server(one, paces.get(one.card.id)) for one in behind[:most]]
        seen = self._seen(who.account, name)
        owner, plain = seen.entry.account, seen.entry.name

        def look(connection: Connection) -> list[Entry]:
            ready = owner != who.account
            return entries.versions(connection, owner, plain, before, most, ready=ready)

        found = self._workshop.database.run(look, write=False)
        return [self._told(who.account, Seen(one, seen.handle, "")) for one in found]

    def report(self, who: Principal, name: str) -> Json:
        """What was found when a model was examined, as it was signed. Raises NotFound."""
        report = self._looked(who, name).entry.report
        if report is None:
            raise NotFound(f"there is no report on {name} yet", "wait until it was examined")
        return report

    def alone(self, who: Principal, name: str) -> Json:
        """The pipeline that does what a model does. Raises NotFound, BadModel."""
        spec = alone(self._workshop.floor.model(name, (who.account,), named=True).card)
        return {"yaml": spec.to_yaml(), "pipeline": spec.to_dict()}

    def key(self) -> str:
        """The public half of what this server signs reports with, base64."""
        return ReportKey.of(self._workshop.settings.data).public

    def job(self, who: Principal, name: str) -> str:
        """What examines a model of one's own. Raises NotFound."""
        return self._own(who.account, name).entry.job

    def give(self, actor: Actor, draft: Draft, file: str) -> tuple[Json, bool]:
        """A new version; whether it is new."""
        entry, fresh = self._examinations.submit(actor, draft, file)
        look = partial(handle_of, account=actor.account)
        handle = self._workshop.database.run(look, write=False)
        return of_account(entry, handle, None, mine=True, full=True), fresh

    def change(self, actor: Actor, name: str, title: str | None, description: str | None) -> Json:
        """Other words for people; None = as they are. Raises NotFound."""
        seen, now = self._own(actor.account, name), self._workshop.database.clock()

        def change(connection: Connection) -> Entry:
            note(connection, now, actor, "model.changed", seen.id)
            return entries.changed(connection, seen.entry, title, description)

        entry = self._workshop.database.run(change)
        self._workshop.owned.forget()
        return self._told(actor.account, Seen(entry, seen.handle, seen.place))

    def waiting(
        self, who: Principal, after: str | None, most: int
    ) -> tuple[list[Json], str | None]:
        """Models of all accounts that a person has to look at, and the last one's id."""
        self._workshop.owned  # noqa: B018  its tables are there

        def look(connection: Connection) -> list[tuple[Entry, str]]:
            return entries.waiting(connection, after, most)

        found = self._workshop.database.run(look, write=False)
        told = [self._told(who.account, Seen(*one, ""), full=True) for one in found]
        return told, found[-1][0].id if found else None

    def decide(self, actor: Actor, name: str, passed: bool, reason: str) -> Json:
        """A person's decision. Raises NotFound, WrongState."""
        now, seen = self._workshop.database.clock(), self._workshop.owned.known(name)
        by = actor.user or actor.key or actor.account
        key = ReportKey.of(self._workshop.settings.data)

        def decide(connection: Connection) -> None:
            found = entries.chosen(connection, seen.entry.account, *seen.named)
            entry = next((one for one in found if one.verdict == "review"), None)
            if entry is None or entry.report_json is None:
                raise WrongState(f"of {seen.id} nothing is to be decided", "see its examination")
            report = Report.from_json(entry.report_json)
            decided = key.sign(report.decided(by, passed=passed, reason=reason, now=now))
            entries.decided(connection, entry, decided.raw())
            note(connection, now, actor, "model.decided", seen.id, passed=passed)

        self._workshop.database.run(decide)
        return self._seen_again(actor, seen.id)

    def stop(self, actor: Actor, name: str, *, again: bool) -> Json:
        """Suspend a version, or let it go on `again`. Raises NotFound, WrongState."""
        now, seen = self._workshop.database.clock(), self._workshop.owned.known(name)

        def stop(connection: Connection) -> None:
            if not entries.suspended(connection, seen.entry.id, again=again):
                wrong = "not suspended" if again else "not ready"
                raise WrongState(f"{seen.id} is {wrong}", "GET it to see its state")
            action = "model.resumed" if again else "model.suspended"
            note(connection, now, actor, action, seen.id)

        self._workshop.database.run(stop)
        return self._seen_again(actor, seen.id)

    def _seen_again(self, actor: Actor, name: str) -> Json:
        self._workshop.owned.forget()
        return self._told(actor.account, self._workshop.owned.known(name), full=True)

    def again(self, actor: Actor, name: str) -> Json:
        """Have a version examined once more. Raises NotFound, WrongState."""
        seen = self._own(actor.account, name)
        entry = self._examinations.again(actor, seen.entry.name, seen.entry.version)
        return self._told(actor.account, Seen(entry, seen.handle, seen.place))

    def remove(self, actor: Actor, name: str) -> None:
        """A version, or all. Raises NotFound, WrongState."""
        self._workshop.market  # noqa: B018  from which what is on sale is not taken
        plain, _, version = self._own(actor.account, name).entry.name, *name.partition("@")[1:]
        self._examinations.remove(actor, plain, int(version) if version else None)

    def _seen(self, account: str, name: str) -> Seen:
        return self._workshop.owned.seen(name, (account,), ready=False)

    def _looked(self, who: Principal, name: str) -> Seen:
        """As `who` may see it: who runs the server sees everything."""
        if who.may("admin"):
            return self._workshop.owned.known(name)
        return self._seen(who.account, name)

    def _own(self, account: str, name: str) -> Seen:
        seen = self._seen(account, name)
        if seen.entry.account != account:
            raise NotFound(f"the model {name} is not yours", "GET /v1/models has yours")
        return seen

    def _told(self, account: str, seen: Seen, *, full: bool = False) -> Json:
        entry, mine = seen.entry, seen.entry.account == account
        pace = self._paces().get(seen.id)
        return of_account(entry, seen.handle, pace, mine=mine, full=mine or full)

    def _paces(self) -> Mapping[str, float]:
        return self._workshop.floor.paces()


def _matches(told: Mapping[str, Any], words: list[str]) -> bool:
    text = " ".join(str(told[name]) for name in ("name", "title", "description", "task")).lower()
    return all(word in text for word in words)
