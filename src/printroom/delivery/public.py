"""The files of accounts as artifacts, and which of them are public.

    digest -> Artifact            a file that has that content    NotFound
    account, digest -> public     all files of the account that have it, until they are deleted

A content is public when anybody's file that has it was made public: it is the same to the last bit.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Connection, Double, MetaData, Table, Text, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from printroom.assets.assets import SHOWN, Assets
from printroom.assets.model import ASSETS, BLOBS, Asset
from printroom.core.errors import NotFound
from printroom.database.migrate import Scripts, migrate
from printroom.delivery.artifact import Artifact

SCRIPTS = Scripts("delivery", Path(__file__).parent / "migrations")
METADATA = MetaData()
PUBLIC = Table(
    "public_assets",
    METADATA,
    Column("asset", Text, primary_key=True),
    Column("since", Double, nullable=False),
)


class PublicAssets:
    """Finds artifacts among the files of all accounts. Safe from many threads."""

    def __init__(self, assets: Assets) -> None:
        """Migrates the table first. Raises DatabaseMismatch, DatabaseUnavailable."""
        migrate(assets.database, [SCRIPTS])
        self._assets, self._database = assets, assets.database

    def artifact(self, digest: str, account: str | None = None) -> Artifact:
        """The artifact of that digest, public if it may be; of `account`, None = of anybody.

        Raises NotFound.
        """
        asset, public = self._files(digest, account)[0]
        return Artifact(
            digest=digest,
            store=self._assets.blobs.store,
            key=asset.place,
            size=asset.size,
            media_type=asset.media_type,
            public=public,
        )

    def publish(self, account: str, digest: str, public: bool) -> None:
        """Let everybody have it who knows its digest, or nobody any more without a signed address.

        Caches that have it go on giving it out. Raises NotFound.
        """
        ids = [asset.id for asset, _ in self._files(digest, account)]
        now = self._database.clock()

        def write(connection: Connection) -> None:
            if not public:
                connection.execute(delete(PUBLIC).where(PUBLIC.c.asset.in_(ids)))
                return
            dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
            rows = [{"asset": name, "since": now} for name in ids]
            connection.execute(dialect.insert(PUBLIC).values(rows).on_conflict_do_nothing())

        self._database.run(write)

    def _files(self, digest: str, account: str | None) -> list[tuple[Asset, bool]]:
        """Public ones first, then the oldest. Raises NotFound."""
        now = self._database.clock()
        query = (
            select(*ASSETS.c, PUBLIC.c.asset.is_not(None).label("public"))
            .join(BLOBS, BLOBS.c.place == ASSETS.c.place)
            .outerjoin(PUBLIC, PUBLIC.c.asset == ASSETS.c.id)
            .where(BLOBS.c.digest == digest, SHOWN)
            .where(or_(ASSETS.c.expires_at.is_(None), ASSETS.c.expires_at > now))
            .order_by(PUBLIC.c.asset.is_(None), ASSETS.c.created_at, ASSETS.c.id)
        )
        if account is not None:
            query = query.where(ASSETS.c.account == account)

        def read(connection: Connection) -> list[tuple[Asset, bool]]:
            return [(Asset.of(row[:-1]), bool(row[-1])) for row in connection.execute(query)]

        if found := self._database.run(read, write=False):
            return found
        raise NotFound(f"there is no artifact {digest}", "it may have expired, or been deleted")
