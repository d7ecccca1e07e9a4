"""What jobs are about, so that they can be listed by it; and events by when they came."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column, fill it for runs, and the indexes."""
    op.add_column("jobs", sa.Column("subject", sa.Text))
    jobs = sa.table("jobs", *map(sa.column, ("id", "kind", "payload_json", "subject")))
    bind = op.get_bind()
    runs = sa.select(jobs.c.id, jobs.c.payload_json).where(jobs.c.kind == "run")
    for name, written in bind.execute(runs).all():
        target = str(json.loads(written)["target"]).partition("@")[0]
        bind.execute(jobs.update().where(jobs.c.id == name).values(subject=target))
    about = sa.text("subject IS NOT NULL")
    columns = ["account", "subject", "id"]
    op.create_index("jobs_subject", "jobs", columns, sqlite_where=about, postgresql_where=about)
    op.create_index("job_events_at", "job_events", ["at"])
