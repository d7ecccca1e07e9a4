"""The tables of people, and their rows as values.

    people --< people_pictures      what a person is learnt from; the bytes are hidden files
       |   --< people_versions      what was learnt: one file each in the store of people
       |   --- people_consents      who agreed, when, to which text; added to, and withdrawn once
    people_styles                   prompts that accounts named
    people_erasures                 what is still to be cleared up behind somebody who was forgotten

When a person is forgotten, all rows go but that of the consent, of which is left that it was given,
and withdrawn, and when. `people/migrations` makes these tables; a test holds the two together.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

from printroom.database.migrate import Scripts

SCRIPTS = Scripts("people", Path(__file__).parent / "migrations")
METADATA = MetaData()
TRAINING, PORTRAIT = "person", "portrait"
"""Kinds of jobs: learning a person, and drawing them. The latter are runs like any others."""
TARGET = "people/portrait"
"""What the target of such a run is called; no account may have that handle."""
State = Literal["training", "ready", "failed"]
"""Of a version."""


def _person() -> Column[str]:
    key = ForeignKey("people.id", ondelete="CASCADE")
    return Column("person", Text, key, primary_key=True)


PEOPLE = Table(
    "people",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("needed", Integer, nullable=False),
    Column("consent", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)
Index("people_account", PEOPLE.c.account, PEOPLE.c.id)
CONSENTS = Table(
    "people_consents",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("given_at", Double, nullable=False),
    Column("withdrawn_at", Double),
)
PICTURES = Table(
    "people_pictures",
    METADATA,
    _person(),
    Column("asset", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("look", LargeBinary, nullable=False),
    Column("traits", LargeBinary, nullable=False),
    Column("findings_json", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)
VERSIONS = Table(
    "people_versions",
    METADATA,
    _person(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("job", Text, nullable=False),
    Column("pictures", Integer, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("base", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("scores_json", Text, nullable=False),
    Column("error", Text),
    Column("created_at", Double, nullable=False),
    Column("ready_at", Double),
)
Index("people_versions_job", VERSIONS.c.job)
Index(
    "people_versions_training",
    VERSIONS.c.person,
    unique=True,
    sqlite_where=text("state = 'training'"),
    postgresql_where=text("state = 'training'"),
)
STYLES = Table(
    "people_styles",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("prompt", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)
ERASURES = Table(
    "people_erasures",
    METADATA,
    Column("person", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("marks_json", Text, nullable=False),
    Column("begun_at", Double, nullable=False),
    Column("done_at", Double),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of whom pictures are drawn, as the row was when it was read."""

    id: str
    """`ps_` and hexadecimal digits, that sort by the time it was made."""
    account: str
    """Whose it is."""
    name: str
    """For people; never goes into a picture or a file."""
    needed: int
    """Accepted pictures at which training begins by itself."""
    consent: str
    """Id of the consent."""
    created_at: float


@dataclass(frozen=True, slots=True)
class Consent:
    """That somebody agreed."""

    id: str
    person: str
    account: str
    who: str
    """Who agreed, in their own words: a name, an address."""
    recorded_by: str
    """The user or key that recorded it; empty = the local owner."""
    digest: str
    """SHA-256 of the text."""
    text: str
    given_at: float
    withdrawn_at: float | None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a person is learnt from."""

    person: str
    asset: str
    """Id of the hidden file."""
    name: str
    digest: str
    look: bytes
    """See `printroom.people.looks`."""
    traits: bytes
    """See `printroom.people.likeness`."""
    findings_json: str
    created_at: float

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What was looked at when it came."""
        found: list[dict[str, Any]] = json.loads(self.findings_json)
        return found


@dataclass(frozen=True, slots=True)
class Version:
    """What was learnt of a person, once."""

    person: str
    number: int
    """From 1."""
    state: State
    job: str
    """Which trains it."""
    pictures: int
    """How many it was learnt from."""
    seed: int
    base: str
    """`sha256:...` of the generator's weights; empty until it is ready."""
    digest: str
    """SHA-256 of its file; likewise."""
    size: int
    """Bytes of its file."""
    scores_json: str
    error: str | None
    created_at: float
    ready_at: float | None

    @property
    def key(self) -> str:
        """Of its file in the store of people."""
        return f"{prefix(self.person)}{self.number}.safetensors"

    @property
    def model(self) -> str:
        """What workers that hold it call it."""
        return model_name(self.person, self.number)


def prefix(person: str) -> str:
    """Where all lies that is kept of a person in the store of people."""
    return f"people/{person}/"


def model_name(person: str, number: int) -> str:
    """What workers that hold a version call it."""
    return f"people/{person}/{number}"


def subject(person: str) -> str:
    """What all jobs about a person are listed by."""
    return f"people/{person}"


def columns(table: Table, row: Sequence[Any]) -> dict[str, Any]:
    """A row of a whole table, by name."""
    return dict(zip(table.c.keys(), row, strict=True))


for _table, _value in (
    (PEOPLE, Person), (CONSENTS, Consent), (PICTURES, Picture), (VERSIONS, Version),
):  # fmt: skip
    if tuple(_table.c.keys()) != tuple(field.name for field in fields(_value)):
        raise AssertionError(f"{_table.name} and its value have come apart")
