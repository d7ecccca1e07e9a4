"""People of all accounts: consent, pictures, training, and that they are forgotten.

    who agrees -> create -> Whole                        NoConsent BadOption
    bytes      -> add    -> what was found of each       NotFound; at the fifteenth training begins
    person     -> train  -> Whole                        TooFewPictures PicturesDiffer WrongState
    person     -> forget -> Erased                       NotFound; again after a kill: `tidy`

Portraits are asked for in `printroom.people.asking`. What belongs to another account is not found.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection, delete

from printroom.accounts.audit import Actor, note
from printroom.accounts.credentials import new_id
from printroom.assets.assets import Assets, New, drop
from printroom.assets.blobs import Swept, doom
from printroom.assets.model import ASSETS, Asset
from printroom.core.errors import (
    BadOption,
    NotFound,
    PicturesDiffer,
    TooFewPictures,
    Unwritable,
    WrongState,
)
from printroom.database.migrate import migrate
from printroom.jobs.queue import READY, Queue, ready
from printroom.jobs.submit import Request, as_job
from printroom.jobs.submit import enter as enter_job
from printroom.people import erasing, rows
from printroom.people.adapters import Adapters
from printroom.people.adding import Answer, Brought, Offered, odd_of, taken
from printroom.people.checking import Checker, Seen
from printroom.people.consent import Given
from printroom.people.erasing import Erased
from printroom.people.files import Files
from printroom.people.keeping import TOPIC, Keeping
from printroom.people.model import (
    PICTURES,
    TRAINING,
    Consent,
    Person,
    Version,
    subject,
)
from printroom.people.rows import Whole
from printroom.people.training import PRIORITY, RETRIES, Trained, payload_of

MOST = 200
"""Pictures of a person."""
MOST_NEEDED = 100
_TRIES = 3
"""Times that bytes are written which are swept before they are vouched for."""


class People:
    """Safe from many threads and processes; close it."""

    def __init__(
        self,
        queue: Queue,
        assets: Assets,
        files: Files,
        checker: Callable[[], Checker],
        needed: int,
        forget_delivered: Callable[[], None],
    ) -> None:
        """Migrates the tables first. `checker`: made when the first picture comes; `needed`:
        accepted pictures at which training begins; `forget_delivered`: empties the caches of what
        was given out, on this machine.
        """
        migrate(queue.database, erasing.TABLES)
        self.queue, self.assets, self.files = queue, assets, files
        self._checker, self._needed, self._forget_delivered = checker, needed, forget_delivered
        if not any(isinstance(end, Trained) for end in queue.ends):
            queue.ends.append(Trained())

    def close(self) -> None:
        """Let go of the cache."""
        self.files.close()

    def create(self, actor: Actor, name: str, given: Given, needed: int | None = None) -> Whole:
        """A new person, with what they agreed to."""
        if not (0 < len(name.strip()) <= 200 and name.isprintable()):
            raise BadOption("a person's name has 1 to 200 characters", "choose another")
        if needed is not None and not 1 <= needed <= MOST_NEEDED:
            raise BadOption(f"nobody is learnt from {needed} pictures", f"take 1 to {MOST_NEEDED}")
        now = self.queue.database.clock()
        consent = Consent(
            new_id("con", now), new_id("ps", now), actor.account, given.who.strip(),
            actor.user or actor.key or "", given.digest, given.text, now, None,
        )  # fmt: skip
        made = Person(
            consent.person, actor.account, name.strip(), needed or self._needed, consent.id, now
        )

        def entered(connection: Connection) -> Whole:
            rows.entered(connection, made, consent)
            note(connection, now, actor, "person.created", made.id, consent=given.digest)
            return Whole(made, consent, (), ())

        return self.queue.database.run(entered)

    def get(self, account: str, person: str) -> Whole:
        """Raises NotFound."""
        look = partial(rows.whole, account=account, name=person)
        return self.queue.database.run(look, write=False)

    def list(self, account: str, before: str | None = None, most: int = 100) -> Sequence[Whole]:
        """The newest first."""
        look = partial(rows.listed, account=account, before=before, most=most)
        return self.queue.database.run(look, write=False)

    def add(
        self, actor: Actor, person: str, brought: Sequence[Brought]
    ) -> tuple[Sequence[Answer], Whole]:
        """Look at pictures and keep the good ones; training begins when there are enough.

        What was found says which to replace. Raises NotFound, BadOption for too many.
        """
        if len(self.get(actor.account, person).pictures) + len(brought) > MOST:
            raise BadOption("these are too many pictures", f"{MOST} of a person are the most")
        checker = self._checker()
        seen = [checker.look(one.data) for one in brought]
        for tried in range(_TRIES):
            try:
                return self._kept(actor, person, brought, seen, anew=tried > 0)
            except Swept:
                continue
        raise Unwritable("the store of files loses what is written", "see PRINTROOM_ASSETS")

    def remove(self, actor: Actor, person: str, picture: str) -> Whole:
        """Have one picture less. Raises NotFound, WrongState while it is learnt from."""

        def removed(connection: Connection) -> Whole:
            found = rows.whole(connection, actor.account, person, lock=True)
            if picture not in [one.asset for one in found.pictures]:
                raise NotFound(f"there is no picture {picture[:64]!r}", "see the person's pictures")
            if found.training is not None:
                raise WrongState(f"{person} is being learnt", "wait for it, or take it back")
            connection.execute(delete(PICTURES).where(PICTURES.c.asset == picture))
            row = connection.execute(ASSETS.select().where(ASSETS.c.id == picture)).first()
            if row is not None:
                drop(connection, [Asset.of(row)])
            return rows.whole(connection, actor.account, person)

        found = self.queue.database.run(removed)
        self.assets.blobs.sweep()
        return found

    def train(self, actor: Actor, person: str, *, anyway: bool = False) -> Whole:
        """Learn the person, once more if they were learnt before.

        `anyway`: though some pictures seem to show somebody else. Raises NotFound, TooFewPictures,
        PicturesDiffer, WrongState while they are being learnt.
        """
        now = self.queue.database.clock()

        def begun(connection: Connection) -> Whole:
            found = rows.whole(connection, actor.account, person, lock=True)
            if found.training is not None:
                raise WrongState(f"{person} is being learnt already", "follow its events")
            if (there := len(found.pictures)) < found.person.needed:
                raise TooFewPictures(
                    f"there are {there} pictures of {person}, and it takes {found.person.needed}",
                    "add more",
                )
            if not anyway and (odd := odd_of(found)):
                raise PicturesDiffer(
                    f"{', '.join(odd)} seem to show somebody else than the other pictures",
                    "replace them, or train `anyway`",
                    pictures=tuple(odd),
                )
            self._begin(connection, actor, found, now)
            return rows.whole(connection, actor.account, person)

        return self.queue.change(begun, ready(TRAINING))

    def stop(self, actor: Actor, person: str) -> Whole:
        """Take the training back; the pictures stay. Raises NotFound, WrongState: there is none."""
        found = self.get(actor.account, person)
        if found.training is None:
            raise WrongState(f"{person} is not being learnt", "there is nothing to take back")
        self.queue.cancel(found.training.job)
        return self.get(actor.account, person)

    def forget(self, actor: Actor, person: str) -> Erased:
        """Have nothing of a person: pictures, versions, portraits, jobs, caches. Raises NotFound.

        When it returns, all of it is gone from tables and stores; if it is cut off after its first
        step, `tidy` goes on.
        """
        now = self.queue.database.clock()

        def gone(connection: Connection) -> Erased:
            found = erasing.begun(connection, actor.account, person, now)
            note(connection, now, actor, "person.forgotten", person)
            return found

        erased = self.queue.change(gone, TOPIC, READY)
        self.assets.blobs.sweep()
        self._clear(person, last=False)
        self.forget_here()
        return erased

    def keeping(self, adapters: Adapters | None = None) -> Keeping:
        """What a process runs to hear of who is forgotten; `adapters`: of one that draws."""
        return Keeping(self.queue, self.files.mark, self.forget_here, adapters)

    def forget_here(self) -> None:
        """Empty the caches of this machine, since somebody was forgotten."""
        self.files.forget()
        self._forget_delivered()

    def tidy(self) -> None:
        """Go on with what was cut off, and look again where somebody may have been writing."""
        database = self.queue.database
        for one in database.run(erasing.open_ones, write=False):
            database.run(partial(doom, digests=one.digests))
            self.assets.blobs.sweep()
            over = database.clock() - one.begun_at > max(60.0, 4 * self.queue.lease)
            self._clear(one.person, last=over)

    def _clear(self, person: str, *, last: bool) -> None:
        self.files.erase(person)
        now = self.queue.database.clock()
        self.queue.database.run(partial(erasing.cleared, person=person, now=now, last=last))
        self.queue.database.scrub()

    def _kept(
        self,
        actor: Actor,
        person: str,
        brought: Sequence[Brought],
        seen: Sequence[Seen],
        *,
        anew: bool,
    ) -> tuple[Sequence[Answer], Whole]:
        """Those that are good, in the store and entered. Raises Swept."""
        good = [place for place, one in enumerate(seen) if one.good]
        made = {
            place: self.assets.write(
                New(actor.account, brought[place].data, "person", brought[place].name), anew=anew
            )
            for place in good
        }
        pairs = list(zip(brought, seen, strict=True))
        now = self.queue.database.clock()

        def entered(connection: Connection) -> tuple[Sequence[Answer], Whole]:
            found = rows.whole(connection, actor.account, person, lock=True)
            offered = [Offered(*pair, made.get(at)) for at, pair in enumerate(pairs)]
            answers = taken(connection, found, offered, now)
            after = rows.whole(connection, actor.account, person)
            if self._due(after):
                self._begin(connection, actor, after, now)
                after = rows.whole(connection, actor.account, person)
            return answers, after

        try:
            return self.queue.change(entered, ready(TRAINING))
        except Exception:
            lost = [written.digest for _, written in made.values()]
            self.queue.database.run(partial(doom, digests=lost))
            raise

    def _due(self, found: Whole) -> bool:
        """Whether training begins by itself."""
        done = any(one.state != "failed" for one in found.versions)
        return not done and len(found.pictures) >= found.person.needed and not odd_of(found)

    def _begin(self, connection: Connection, actor: Actor, found: Whole, now: float) -> None:
        """In a transaction that has the person locked."""
        person, pictures = found.person, [one.asset for one in found.pictures]
        number = rows.next_number(connection, person.id)
        version = Version(
            person.id, number, "training", "", len(pictures), secrets.randbelow(2**31), "", "", 0,
            "{}", None, now, None,
        )  # fmt: skip
        request = Request(
            TRAINING, payload_of(version, pictures), account=actor.account, priority=PRIORITY,
            retries=RETRIES, subject=subject(person.id),
        )  # fmt: skip
        job = as_job(request, now)
        rows.begun(connection, replace(version, job=job.id))
        enter_job(connection, [job], now)
        note(connection, now, actor, "person.training", person.id, version=number)
