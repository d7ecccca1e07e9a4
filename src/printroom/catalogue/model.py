"""The table of models that accounts have, and an entry as one value.

    models >-- assets        an entry's weights are a file of kind "model" in the store of assets
      |  --< model_breaches  limits that it crossed when it was run

A version is counted by us and never changes; one that was deleted leaves its number behind. Times
are seconds since 1970 by the database's clock. `migrations` makes the table; a test holds the two
together.
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
    MetaData,
    Table,
    Text,
    text,
)

from printroom.catalogue.card import ModelCard
from printroom.database.migrate import Scripts

State = Literal["verifying", "ready", "refused", "suspended", "removed"]
"""`verifying`: it is being examined, and nobody can use it; `ready`: it can be used; `refused`: it
did not pass; `suspended`: it was ready, and was stopped; `removed`: only its number is left."""
SCRIPTS = Scripts("catalogue", Path(__file__).parent / "migrations")
METADATA = MetaData()

MODELS = Table(
    "models",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("declared_json", Text, nullable=False),
    Column("card_json", Text),
    Column("report_json", Text),
    Column("verdict", Text),
    Column("likeness", Text),
    Column("progress_json", Text),
    Column("error", Text),
    Column("file", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("job", Text, nullable=False),
    Column("key", Text),
    Column("fingerprint", Text),
    Column("created_at", Double, nullable=False),
    Column("by", Text),
    Column("rules", Text),
    Column("expires_at", Double),
    Column("tried_at", Double),
)
Index("models_expiry", MODELS.c.state, MODELS.c.expires_at)
Index("models_job", MODELS.c.job)
Index("models_verdict", MODELS.c.verdict, MODELS.c.id)
Index("models_name", MODELS.c.account, MODELS.c.name, MODELS.c.version, unique=True)
BREACHES = Table(
    "model_breaches",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("model", Text, ForeignKey("models.id", ondelete="CASCADE"), nullable=False),
    Column("at", Double, nullable=False),
    Column("limit", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
Index("model_breaches_model", BREACHES.c.model, BREACHES.c.at)
_KEYED: dict[str, Any] = {
    "sqlite_where": text("key IS NOT NULL"),
    "postgresql_where": text("key IS NOT NULL"),
}
Index("models_key", MODELS.c.account, MODELS.c.key, unique=True, **_KEYED)


@dataclass(frozen=True, slots=True)
class Entry:
    """A version of an account's model, as it was when it was read."""

    id: str
    account: str
    """Whose it is: the id of an account."""
    name: str
    """Behind the handle of its account and a slash."""
    version: int
    """1 and up, counted for each name."""
    state: State
    title: str
    description: str
    declared_json: str
    """What was said of it when it came: licence, task, reading."""
    card_json: str | None
    """Once it was examined and found good."""
    report_json: str | None
    """What was found, once it was examined."""
    verdict: str | None
    """Of the report: `passed`, `refused`, `review`."""
    likeness: str | None
    """What its results are like, to be compared with those of others' models."""
    progress_json: str | None
    """While it is examined: stage, done, of, findings."""
    error: str | None
    """Why it could not be examined to the end."""
    file: str
    """The asset with its weights."""
    digest: str
    """SHA-256 of the weights, hexadecimal."""
    size: int
    """Bytes of the weights."""
    job: str
    """What examines it."""
    key: str | None
    """Idempotency key that it came with."""
    fingerprint: str | None
    """Digest of the request that came with the key."""
    created_at: float
    by: str | None
    """Id of the key or person that gave it."""
    rules: str | None
    """Revision of the rules that its report was made by."""
    expires_at: float | None
    """Of its report."""
    tried_at: float | None
    """When its latest examination was asked for."""

    @property
    def declared(self) -> dict[str, Any]:
        """What was said of it."""
        found: dict[str, Any] = json.loads(self.declared_json)
        return found

    @property
    def report(self) -> dict[str, Any] | None:
        """What was found."""
        return None if self.report_json is None else json.loads(self.report_json)

    @property
    def progress(self) -> dict[str, Any]:
        """How far its examination is; empty = it was not begun, or is over."""
        return {} if self.progress_json is None else json.loads(self.progress_json)

    def card(self, handle: str) -> ModelCard | None:
        """Its card, under the name that its account has now; None before it was found good."""
        if self.card_json is None:
            return None
        named = json.loads(self.card_json) | {
            "name": f"{handle}/{self.name}",
            "version": self.version,
            "title": self.title,
        }
        return ModelCard.from_json(json.dumps(named))

    @classmethod
    def of(cls, row: Sequence[Any]) -> Entry:
        """From a row of `MODELS`, whose columns have the order of the fields."""
        return cls(*row)


if tuple(MODELS.c.keys()) != tuple(field.name for field in fields(Entry)):
    raise AssertionError("Entry and its table have come apart")
