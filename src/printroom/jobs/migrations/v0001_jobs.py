"""The first tables of the queue."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    _jobs()
    _beside_jobs()
    _limits_and_workers()


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("fingerprint", sa.Text),
        sa.Column("payload_json", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("retries", sa.Integer, nullable=False),
        sa.Column("backoff", sa.Double, nullable=False),
        sa.Column("keep", sa.Double),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("ready_at", sa.Double, nullable=False),
        sa.Column("deadline", sa.Double),
        sa.Column("labels", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("model", sa.Text),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("worker", sa.Text),
        sa.Column("lease_until", sa.Double),
        sa.Column("started_at", sa.Double),
        sa.Column("finished_at", sa.Double),
        sa.Column("expires_at", sa.Double),
        sa.Column("cancel", sa.Boolean, nullable=False),
        sa.Column("error_code", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("result_json", sa.Text),
        sa.Column("events", sa.Integer, nullable=False),
    )
    _index("jobs_queued", ["line", sa.text("priority DESC"), "ready_at", "id"], "state = 'queued'")
    _index("jobs_delayed", ["ready_at"], "state = 'delayed'")
    _index("jobs_running", ["account", "worker"], "state = 'running'")
    _index("jobs_deadline", ["deadline"], "deadline IS NOT NULL AND finished_at IS NULL")
    _index("jobs_expiry", ["expires_at"], "expires_at IS NOT NULL")
    op.create_index("jobs_account", "jobs", ["account", "id"])
    _index("jobs_key", ["account", "key"], "key IS NOT NULL", unique=True)
    if op.get_bind().dialect.name == "postgresql":
        # Rows change a few times each, within seconds: leave room for it, and sweep often.
        op.execute(
            "ALTER TABLE jobs SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02,"
            " autovacuum_vacuum_cost_delay = 0)"
        )


def _beside_jobs() -> None:
    op.create_table(
        "job_checkpoints",
        _owner("job", "jobs.id"),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value_json", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_table(
        "job_events",
        _owner("job", "jobs.id"),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("data_json", sa.Text, nullable=False),
    )


def _limits_and_workers() -> None:
    op.create_table(
        "job_limits",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("running", sa.Integer),
        sa.Column("rate", sa.Double),
        sa.Column("burst", sa.Integer, nullable=False),
        sa.Column("arrival", sa.Double, nullable=False),
    )
    op.create_table(
        "job_workers",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("slots", sa.Integer, nullable=False),
        sa.Column("offer_json", sa.Text, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
    )
    op.create_table(
        "job_residents",
        _owner("worker", "job_workers.id"),
        sa.Column("model", sa.Text, primary_key=True),
    )
    op.create_index("job_residents_model", "job_residents", ["model"])


def _owner(name: str, target: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, sa.ForeignKey(target, ondelete="CASCADE"), primary_key=True)


def _index(name: str, columns: list[Any], condition: str, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(
        name, "jobs", columns, unique=unique, sqlite_where=where, postgresql_where=where
    )
