"""The tables of files, and a file as one value.

    assets >-- blobs        what a file is called and whose it is; the bytes, once for each content
    asset_uploads --< asset_upload_parts    files that are not all here yet
    asset_drafts            places in the store whose bytes nobody vouches for yet, or any more

A blob's place never changes its content. Bytes are written to a place that is listed as a draft;
the transaction that makes it a blob takes it off that list. So whatever dies when, each object in
the store is a blob's, or on the list of what may be swept.
"""

from __future__ import annotations

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
)

from printroom.database.migrate import Scripts

SCRIPTS = Scripts("assets", Path(__file__).parent / "migrations")
METADATA = MetaData()
Kind = Literal["upload", "result", "part", "model", "person"]
"""`upload` came from somebody, `result` from a run. Never shown: a `part`, which is a run's own,
the weights of a `model`, and what a `person` is learnt from."""

BLOBS = Table(
    "blobs",
    METADATA,
    Column("place", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
)
Index("blobs_digest", BLOBS.c.digest)
ASSETS = Table(
    "assets",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("run", Text),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("place", Text, ForeignKey("blobs.place"), nullable=False),
)
Index("assets_account", ASSETS.c.account, ASSETS.c.id)
Index("assets_place", ASSETS.c.place)
Index("assets_run", ASSETS.c.run)
Index("assets_expiry", ASSETS.c.expires_at)
DRAFTS = Table(
    "asset_drafts",
    METADATA,
    Column("place", Text, primary_key=True),
    Column("until", Double, nullable=False),
)
Index("asset_drafts_until", DRAFTS.c.until)
UPLOADS = Table(
    "asset_uploads",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
)
Index("asset_uploads_expiry", UPLOADS.c.expires_at)
PARTS = Table(
    "asset_upload_parts",
    METADATA,
    Column("upload", Text, ForeignKey("asset_uploads.id", ondelete="CASCADE"), primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("place", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file, as it was when it was read."""

    id: str
    """`file_` and 32 hexadecimal digits."""
    account: str
    """Whose it is."""
    kind: Kind
    name: str
    """What it was called where it came from; it leads nowhere. May be empty."""
    media_type: str
    """As its content says, where that is a picture; else as it was told."""
    digest: str
    """SHA-256 of its bytes, hexadecimal."""
    size: int
    """Bytes."""
    width: int | None
    """Pixels of a picture; None = it is none, or was not looked at."""
    height: int | None
    run: str | None
    """The job that made it, with which it goes; None = it was uploaded."""
    created_at: float
    """Seconds since 1970, by the database's clock."""
    expires_at: float | None
    """When it goes; None = with its run, or when it is deleted."""
    place: str
    """The key of its bytes in the store of assets."""

    @property
    def told(self) -> dict[str, Any]:
        """A picture among the outputs of a run, as JSON."""
        return {
            "file": self.id,
            "name": self.name,
            "media_type": self.media_type,
            "bytes": self.size,
            "width": self.width,
            "height": self.height,
            "digest": self.digest,
        }

    @classmethod
    def of(cls, row: Sequence[Any]) -> Asset:
        """From a row of `ASSETS`, whose columns have the order of the fields."""
        return cls(*row)


if tuple(ASSETS.c.keys()) != tuple(field.name for field in fields(Asset)):
    raise AssertionError("Asset and its table have come apart")
