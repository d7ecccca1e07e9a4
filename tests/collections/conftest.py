"""Collections on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from printroom.collections.collections import Collections
from printroom.database.engine import Database


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
def database(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    if request.param == "sqlite":
        file: Path = tmp_path_factory.mktemp("collections") / "test.db"
        address = f"sqlite:///{file}"
    else:
        address = request.getfixturevalue("postgres").create()
    opened = Database.open(address)
    yield opened
    opened.close()


@pytest.fixture(scope="package")
def collections(database: Database) -> Collections:
    return Collections(database)
