"""The first tables of people. Consents can be added, and withdrawn once; nothing else."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
_WITHDRAWN = (
    "OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL AND NEW.id = OLD.id"
    " AND NEW.given_at = OLD.given_at"
)


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "people",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("needed", sa.Integer, nullable=False),
        sa.Column("consent", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("people_account", "people", ["account", "id"])
    op.create_table(
        "people_consents",
        sa.Column("id", sa.Text, primary_key=True),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("person", "account", "who", "recorded_by", "digest", "text")
        ),
        sa.Column("given_at", sa.Double, nullable=False),
        sa.Column("withdrawn_at", sa.Double),
    )
    _guard()
    op.create_table(
        "people_pictures",
        _person(),
        sa.Column("asset", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("look", sa.LargeBinary, nullable=False),
        sa.Column("traits", sa.LargeBinary, nullable=False),
        sa.Column("findings_json", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    _versions()
    op.create_table(
        "people_styles",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_table(
        "people_erasures",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("marks_json", sa.Text, nullable=False),
        sa.Column("begun_at", sa.Double, nullable=False),
        sa.Column("done_at", sa.Double),
    )


def _versions() -> None:
    op.create_table(
        "people_versions",
        _person(),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("pictures", sa.Integer, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("scores_json", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("ready_at", sa.Double),
    )
    op.create_index("people_versions_job", "people_versions", ["job"])
    one = sa.text("state = 'training'")
    op.create_index(
        "people_versions_training",
        "people_versions",
        ["person"],
        unique=True,
        sqlite_where=one,
        postgresql_where=one,
    )


def _guard() -> None:
    """The database itself refuses to change a consent, or to lose one."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER people_consents_kept BEFORE DELETE ON people_consents BEGIN"
            " SELECT RAISE(ABORT, 'consents can only be withdrawn'); END"
        )
        op.execute(
            "CREATE TRIGGER people_consents_fixed BEFORE UPDATE ON people_consents"
            f" WHEN NOT ({_WITHDRAWN}) BEGIN"
            " SELECT RAISE(ABORT, 'consents can only be withdrawn'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION people_consents_refuse() RETURNS trigger AS $$ BEGIN"
        " RAISE EXCEPTION 'consents can only be withdrawn'; END $$ LANGUAGE plpgsql"
    )
    op.execute(
        "CREATE TRIGGER people_consents_kept BEFORE DELETE OR TRUNCATE ON people_consents"
        " FOR EACH STATEMENT EXECUTE FUNCTION people_consents_refuse()"
    )
    op.execute(
        "CREATE TRIGGER people_consents_fixed BEFORE UPDATE ON people_consents"
        f" FOR EACH ROW WHEN (NOT ({_WITHDRAWN})) EXECUTE FUNCTION people_consents_refuse()"
    )


def _person() -> "sa.Column[str]":
    key = sa.ForeignKey("people.id", ondelete="CASCADE")
    return sa.Column("person", sa.Text, key, primary_key=True)
