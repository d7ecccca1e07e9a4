"""What can be asked of a server about people; portraits of them: `portraits`.

who agrees -> create_person -> Person                      NoConsent
pictures   -> add_pictures -> Added: what became of each   NotFound BodyTooLarge
Person     -> train_person                                 TooFewPictures PicturesDiffer WrongState
           -> wait_person, person_events                   why it failed; DeadlinePassed
           -> forget -> what went                          NotFound
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Self

from printroom.client.asking import Ask, Call, Follow, Page, asked, given, paged, place
from printroom.client.faults import error_of, strange
from printroom.client.following import Parser, Progress, Stream
from printroom.client.model import Event, File, Person, name_of
from printroom.client.sources import Source, source_of
from printroom.core.errors import Cancelled, NotFound

AT_ONCE = 30
"""Pictures of one request."""
LARGEST = 64 * 2**20
"""Bytes behind which a request takes no further picture."""


@dataclass(frozen=True)
class Looked:
    """What became of a picture of a person."""

    id: str | None
    """None = it was refused: replace it."""
    name: str
    findings: Sequence[Mapping[str, str]]
    """What was looked at: `code`, `verdict` and `reason` of each."""

    @classmethod
    def of(cls, raw: Any) -> Self:
        """From JSON. Raises FetchFailed."""
        try:
            name = None if raw["id"] is None else str(raw["id"])
            return cls(name, str(raw["name"]), list(raw["findings"]))
        except (KeyError, TypeError):
            raise strange("a picture of a person") from None

    @property
    def reasons(self) -> list[str]:
        """Why it was refused; empty = it was not."""
        return [one["reason"] for one in self.findings if one["verdict"] == "refused"]


@dataclass(frozen=True)
class Added:
    """What became of pictures that were sent."""

    pictures: Sequence[Looked]
    """In their order."""
    person: Person
    """Afterwards."""

    @property
    def refused(self) -> list[Looked]:
        """Those to replace."""
        return [one for one in self.pictures if one.id is None]


def create_person(
    name: str, *, consent: str, text: str | None = None, pictures_needed: int | None = None
) -> Call[Person]:
    """Enter somebody who agrees. Raises NoConsent, BadOption.

    `consent`: who agrees, which is kept with the time and cannot be changed; `text`: to what, None
    = the server's own text; `pictures_needed`: accepted pictures at which training begins, None =
    as the server is set.
    """
    agreed = {"who": consent, **given(text=text)} if consent else None
    body = {"name": name, **given(consent=agreed, pictures_needed=pictures_needed)}
    return Person.of((yield from asked(Ask("POST", place("people"), json=body))).json())


def people(after: str | None) -> Call[Page[Person]]:
    """All of the account, the newest first."""
    return paged(place("people"), Person.of, "people", after=after)


def person(person: Person | str) -> Call[Person]:
    """The person as they are now. Raises NotFound."""
    return Person.of((yield from asked(Ask("GET", place("people", name_of(person))))).json())


def add_pictures(
    person: Person | str, pictures: Iterable[Path | bytes | File | str]
) -> Call[Added]:
    """Send pictures of a person: paths, bytes, and files, or their ids, that were uploaded before.

    Each is looked at, and those that are refused say why. Training begins by itself when there are
    enough for the first time. Thirty go at once; where a request fails, those before it are there,
    and sent again they are refused as twins. Raises NotFound, BodyTooLarge.
    """
    path = place("people", name_of(person), "pictures")
    looked: list[Looked] = []
    told: Person | None = None
    for ask in _asks(path, pictures):
        raw = (yield from asked(ask)).json()
        try:
            looked += [Looked.of(one) for one in raw["data"]]
            told = Person.of(raw["person"])
        except (KeyError, TypeError):
            raise strange("what became of pictures") from None
    if told is None:
        told = Person.of((yield from asked(Ask("GET", place("people", name_of(person))))).json())
    return Added(looked, told)


def person_pictures(person: Person | str) -> Call[list[Looked]]:
    """Those that were accepted, the oldest first. Raises NotFound."""
    found = (yield from asked(Ask("GET", place("people", name_of(person), "pictures")))).json()
    try:
        return [Looked.of(one) for one in found["data"]]
    except (KeyError, TypeError):
        raise strange("a list of pictures") from None


def remove_picture(person: Person | str, picture: Looked | str) -> Call[Person]:
    """Have one picture less. Raises NotFound, WrongState while it is learnt from."""
    name = picture if isinstance(picture, str) else picture.id
    if name is None:
        raise NotFound("the picture was refused", "there is nothing to remove")
    path = place("people", name_of(person), "pictures", name)
    return Person.of((yield from asked(Ask("DELETE", path))).json())


def train_person(person: Person | str, *, anyway: bool = False) -> Call[Person]:
    """Learn the person from all pictures there are now, as the next version.

    `anyway`: though some pictures seem to show somebody else. Raises NotFound, TooFewPictures,
    PicturesDiffer, WrongState while they are being learnt.
    """
    path = place("people", name_of(person), "train")
    reply = yield from asked(Ask("POST", path, json={"anyway": anyway}))
    return Person.of(reply.json())


def cancel_person_training(person: Person | str) -> Call[Person]:
    """Take the training back that is in progress; the pictures stay. Raises NotFound, WrongState
    where there is none.
    """
    ask = Ask("DELETE", place("people", name_of(person), "train"), again=False)
    return Person.of((yield from asked(ask)).json())


def wait_person(
    person: Person | str, *, timeout: float | None = None, progress: Progress | None = None
) -> Call[Person]:
    """The person when their newest training has succeeded.

    Raises why it did not, NotFound where none has begun yet, and DeadlinePassed.
    """
    last = yield Follow(Parser(_stream(person), 0, timeout), progress)
    if not isinstance(last, Event) or last.person is None:
        raise strange("the end of a training")
    if last.kind == "cancelled":
        raise Cancelled(f"the training of {name_of(person)} was taken back")
    if last.kind != "done":
        raise error_of(str(last.data.get("code")), str(last.data.get("reason")), {})
    return last.person


def person_events(person: Person | str, after: int = 0) -> Parser:
    """What happens in the newest training of a person, behind event number `after`, until it is
    over. Raises NotFound where none has begun yet.

    A stream that breaks is taken up again where it broke.
    """
    return Parser(_stream(person), after)


def forget(person: Person | str) -> Call[dict[str, Any]]:
    """Have nothing left of a person: pictures, what was learnt, portraits, copies of all of it.

    What went, in numbers; nothing brings it back. Raises NotFound.
    """
    reply = yield from asked(Ask("DELETE", place("people", name_of(person)), again=False))
    found = reply.json()
    if not isinstance(found, dict):
        raise strange("what was forgotten")
    return found


def _stream(person: Person | str) -> Stream:
    name = name_of(person)
    return Stream(place("people", name, "events"), f"the training of {name}")


def _asks(path: str, pictures: Iterable[Path | bytes | File | str]) -> Iterator[Ask]:
    """Requests that send them, in order: forms of what is here, lists of what is there."""
    for here, several in groupby(pictures, lambda one: isinstance(one, Path | bytes)):
        if here:
            sources = [source_of(one) for one in several if isinstance(one, Path | bytes)]
            for form in _batches(sources):
                yield Ask("POST", path, form=[("picture", one) for one in form])
        else:
            names = [name_of(one) for one in several if not isinstance(one, Path | bytes)]
            for start in range(0, len(names), AT_ONCE):
                yield Ask("POST", path, json={"pictures": names[start : start + AT_ONCE]})


def _batches(sources: Iterable[Source]) -> Iterator[list[Source]]:
    batch: list[Source] = []
    for one in sources:
        if len(batch) == AT_ONCE or sum(each.size for each in batch) > LARGEST:
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch
