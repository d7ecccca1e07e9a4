"""Real environments, kept for the whole session, and steps written by each test."""

import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from printroom.core.errors import EnvironmentFailed
from printroom.isolation.environments import EnvironmentSpec
from printroom.isolation.folder import StepSource
from printroom.isolation.house import Isolation
from printroom.isolation.policy import Policy
from printroom.isolation.pythons import Pythons

HERE = f"3.{sys.version_info[1]}"
OTHERS = [version for version in ("3.8", "3.9", "3.10", "3.12", "3.13") if version != HERE]


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """Where environments are kept."""
    return tmp_path_factory.mktemp("isolation")


@pytest.fixture(scope="session")
def others():
    """Versions of Python that are here beside the one that runs the tests."""
    return [version for version in Pythons().versions() if version in OTHERS]


@pytest.fixture
def isolation(request, data):
    """Where steps are opened; arrays go over the socket where the parameter says so."""
    return Isolation(data, shared=getattr(request, "param", "shared") == "shared")


@pytest.fixture
def source(tmp_path) -> Callable[..., StepSource]:
    """Code -> the step that it marks, in a folder of its own."""

    def write(code, *, python=HERE, requirements=(), policy=None, **fields):
        folder = tmp_path / f"step{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "step.py").write_text(textwrap.dedent(code))
        return StepSource(
            name="tried",
            file=folder / "step.py",
            environment=EnvironmentSpec(python, tuple(requirements)),
            folder=folder,
            policy=policy or Policy(backoff=0),
            **fields,
        )

    return write


@pytest.fixture
def opened(isolation, source):
    """Code -> the step, opened; closed after the test."""
    steps = []

    def make(code, **options):
        try:
            steps.append(isolation.open(source(code, **options)))
        except EnvironmentFailed as error:
            if "fetch" in error.reason or "not found in the package" in error.reason:
                pytest.skip(f"no package index: {error}")
            raise
        return steps[-1]

    yield make
    for step in steps:
        step.close()


@pytest.fixture
def eventually():
    """Wait until something is so; fails when it is not within a minute."""

    def wait(true: Callable[[], bool]) -> None:
        until = time.monotonic() + 60
        while not true():
            assert time.monotonic() < until
            time.sleep(0.01)

    return wait


@pytest.fixture
def gone(eventually):
    """Wait until a process is no more (or dead, and waiting for its parent)."""

    def is_gone(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    return lambda pid: eventually(lambda: is_gone(pid))


@pytest.fixture
def open_files():
    """How many files this process has open."""
    return lambda: len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def children():
    """The processes that this one has started since the test began, and theirs.

    Servers of other tests may run on, and start processes of their own.
    """
    before = {process.pid for process in psutil.Process().children()}

    def started(recursive=False):
        found = [one for one in psutil.Process().children() if one.pid not in before]
        deeper = [child for one in found for child in one.children(recursive=True)]
        return found + deeper if recursive else found

    return started
