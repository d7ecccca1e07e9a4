"""The tables of published pipelines, and the scripts that make them.

    pipelines --< pipeline_aliases       a version, and the words that stand for it

A row of `pipelines` never changes. Accounts are named by their ids; what they are is not for this
package to know.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Double, ForeignKeyConstraint, Index, Integer, MetaData, Table, Text

from printroom.database.migrate import Scripts

SCRIPTS = Scripts("pipelines", Path(__file__).parent / "migrations")
METADATA = MetaData()

PIPELINES = Table(
    "pipelines",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("spec_json", Text, nullable=False),
    Column("uses", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("by", Text),
)
Index("pipelines_digest", PIPELINES.c.account, PIPELINES.c.name, PIPELINES.c.digest, unique=True)
ALIASES = Table(
    "pipeline_aliases",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("alias", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    ForeignKeyConstraint(
        ["account", "name", "version"], ["pipelines.account", "pipelines.name", "pipelines.version"]
    ),
)
