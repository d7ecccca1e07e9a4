"""An installation with something in it, on SQLite and on PostgreSQL."""

from collections.abc import Callable
from pathlib import Path

import pytest

from printroom.core.settings import Settings
from printroom.jobs.submit import Request
from printroom.workshop import Workshop


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Settings]:
    """Name -> settings of an installation with nothing in it."""

    def make(name: str) -> Settings:
        url = None
        if request.param == "postgresql":
            url = request.getfixturevalue("postgres").create()
        return Settings(data=tmp_path / name, database_url=url)

    return make


FILES = {
    "stores.key": b"secret",
    "pipelines/print/1.yaml": b"name: print",
    "assets/ab/abcd": bytes(range(256)) * 999,
    "models/empty": b"",
}


@pytest.fixture
def filled(fresh: Callable[[str], Settings]) -> Settings:
    """One with files, what is not worth keeping, and three jobs."""
    settings = fresh("here")
    beside = {"tmp/http-1/body": b"x", "cache/block": b"y", "environments/e/bin": b"z"}
    for name, content in (FILES | beside).items():
        path = settings.data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (settings.data / "link").symlink_to("/etc/hostname")
    with Workshop(settings) as workshop:
        for number in range(3):
            workshop.queue.submit(Request("nothing", {"number": number}, account="acme"))
    return settings


@pytest.fixture
def files() -> dict[str, bytes]:
    """Those of `filled` that are worth keeping."""
    return FILES


@pytest.fixture
def jobs() -> Callable[[Settings], list[str]]:
    """Settings -> what the jobs of that installation were given."""

    def read(settings: Settings) -> list[str]:
        with Workshop(settings) as workshop:
            return sorted(job.payload_json for job in workshop.queue.jobs(most=100_000))

    return read
