"""Portraits are asked for, and styles named.

Wanted -> ask -> Submitted            NotFound WrongState ForbiddenWords BadOption KeyReused
name, prompt -> keep_style            BadOption ForbiddenWords
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from sqlalchemy import Connection, delete

from printroom.core.errors import BadOption, NotFound, WrongState
from printroom.jobs.model import Job
from printroom.jobs.queue import Queue, ready
from printroom.jobs.submit import Request, Submitted, as_job, enter, keyed
from printroom.people import rows
from printroom.people.model import PORTRAIT, STYLES, Version, subject
from printroom.people.portraits import LARGEST_SEED, MOST, Wanted, request_of
from printroom.people.rows import Whole
from printroom.people.words import Words

MOST_STYLES = 100
"""Styles of an account."""


class Asking:
    """Safe from many threads."""

    def __init__(self, queue: Queue, words: Words, check_address: Callable[[str], object]) -> None:
        """`check_address`: raises AddressRefused for a webhook that may not be told."""
        self._queue, self._words, self._check_address = queue, words, check_address

    def ask(self, wanted: Wanted) -> Submitted:
        """Queue a run that draws them.

        Raises NotFound for a person, style or version that there is not, WrongState for a person
        that was not learnt yet, AddressRefused.
        """
        count = len(wanted.seeds) or wanted.count
        if not 1 <= count <= MOST:
            raise BadOption(f"{count} portraits cannot be drawn at once", f"take 1 to {MOST}")
        if not all(0 <= seed <= LARGEST_SEED for seed in wanted.seeds):
            raise BadOption("a seed is out of range", f"take 0 to {LARGEST_SEED}")
        if wanted.webhook is not None:
            self._check_address(wanted.webhook)
        now = self._queue.database.clock()

        def asked(connection: Connection) -> Submitted:
            found = rows.whole(connection, wanted.account, wanted.person, lock=True)
            if wanted.key is not None and (known := self._known(connection, wanted)) is not None:
                return Submitted(known, False)
            own = rows.styles(connection, wanted.account)
            prompt, style = self._words.asked(wanted.prompt, wanted.style, own)
            request = request_of(wanted, _version(found, wanted.version), prompt, style)
            return enter(connection, [as_job(request, now)], now)[0]

        return self._queue.change(asked, ready(PORTRAIT))

    def list(
        self, account: str, person: str, before: str | None = None, most: int = 100
    ) -> Sequence[Job]:
        """Runs that draw a person, the newest first. Raises NotFound."""
        look = partial(rows.person, account=account, name=person)
        self._queue.database.run(look, write=False)
        return self._queue.jobs(
            account=account, kind=PORTRAIT, subject=subject(person), before=before, most=most
        )

    def styles(self, account: str) -> Mapping[str, str]:
        """Name -> prompt, of the account's own."""
        look = partial(rows.styles, account=account)
        return self._queue.database.run(look, write=False)

    def keep_style(self, account: str, name: str, prompt: str) -> None:
        """Name a style, or change it."""
        name, said = self._words.style(name, prompt)
        now = self._queue.database.clock()

        def kept(connection: Connection) -> None:
            own = rows.styles(connection, account)
            if name not in own and len(own) >= MOST_STYLES:
                raise BadOption(f"there are {MOST_STYLES} styles already", "delete one")
            rows.styled(connection, account, name, said, now)

        self._queue.database.run(kept)

    def drop_style(self, account: str, name: str) -> None:
        """Have no such style. Raises NotFound."""
        gone = delete(STYLES).where(STYLES.c.account == account, STYLES.c.name == name)
        if self._queue.database.run(lambda connection: connection.execute(gone).rowcount) != 1:
            raise NotFound(f"you have no style {name[:40]!r}", "list them")

    def _known(self, connection: Connection, wanted: Wanted) -> Job | None:
        """The run that the key stands for already. Raises KeyReused."""
        said = Request(PORTRAIT, key=wanted.key, same=wanted.said).fingerprint
        return keyed(connection, wanted.account, wanted.key, said)


def _version(found: Whole, number: int | None) -> Version:
    ready_ones = [one for one in found.versions if one.state == "ready"]
    if not ready_ones:
        training = found.training is not None
        why = "is being learnt" if training else "was not learnt yet"
        remedy = "wait for it" if training else f"it takes {found.person.needed} pictures"
        raise WrongState(f"{found.person.id} {why}", remedy)
    if number is None:
        return ready_ones[0]
    for one in ready_ones:
        if one.number == number:
            return one
    raise NotFound(f"{found.person.id} has no version {number}", "leave it out for the newest")
