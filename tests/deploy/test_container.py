"""What the container does, done here: its command, as nobody, on a disk that cannot be written.

bubblewrap stands in for the engine: another user, a read-only root, a folder for /data. What needs
an engine (the base images, apt) is not tried.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


TEXT = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ")


def given(name):
    """What the last instruction of that name is given."""
    return re.findall(rf"^{name}\s+(.*)$", TEXT, re.M)[-1]


@pytest.fixture
def boxed(tmp_path):
    """A command in a box like the container -> the process."""
    bwrap = shutil.which("bwrap")
    walls = [
        bwrap or "", "--unshare-user", "--uid", "10001", "--gid", "10001", "--cap-drop", "ALL",
        "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp",
        "--ro-bind", str(ROOT), str(ROOT),  # which may lie below /tmp
        "--die-with-parent",
    ]  # fmt: skip
    if (
        bwrap is None
        or subprocess.run([*walls, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("bubblewrap cannot make a box here")
    data = tmp_path / "data"
    data.mkdir()
    started = []

    def run(command, **more):
        settings = dict(word.partition("=")[::2] for word in shlex.split(given("ENV")))
        settings["PRINTROOM_DATA"] = str(data)
        del settings["PATH"]
        settings |= more
        set_them = [word for pair in settings.items() for word in ("--setenv", *pair)]
        bound = ["--bind", str(data), str(data), "--chdir", str(data), *set_them]
        started.append(
            subprocess.Popen(
                [*walls, *bound, *command],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def test_the_compose_file_fits_the_specification():
    tool = Path(sys.executable).parent / "check-jsonschema"
    done = subprocess.run(
        [str(tool), "--builtin-schema", "vendor.compose-spec", str(DEPLOY / "compose.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def served():
    """The command that the container begins with, on any free port."""
    assert json.loads(given("ENTRYPOINT")) == ["printroom"]
    return [sys.executable, "-m", "printroom", *json.loads(given("CMD")), "--port", "0"]


def test_it_serves_is_healthy_and_stops(boxed):
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    owner = {"PRINTROOM_OWNER_EMAIL": "ann@example.com", "PRINTROOM_OWNER_PASSWORD": "a" * 12}
    assert owner.keys() <= compose["services"]["server"]["environment"].keys()
    server = boxed(served(), **owner)
    line = server.stdout.readline()
    found = re.search(r"http://[\d.]+:(\d+)", line)
    assert found, line + server.stderr.read()
    _, _, asking = given("HEALTHCHECK").partition("CMD ")
    python, *words = (word.replace(":8000/", f":{found[1]}/") for word in json.loads(asking))
    assert python == "python"
    healthy = [sys.executable, *words]
    assert subprocess.run(healthy, check=False, capture_output=True).returncode == 0
    assert given("STOPSIGNAL") == "SIGTERM"
    for child in psutil.Process(server.pid).children():
        child.terminate()
    assert server.wait(60) == 0, server.stderr.read()
    assert subprocess.run(healthy, check=False, capture_output=True).returncode != 0


def test_without_anybody_who_could_sign_in_it_does_not_start(boxed):
    server = boxed(served())
    _, told = server.communicate(timeout=60)
    assert server.returncode != 0
    assert "PRINTROOM_OWNER_EMAIL" in told


def test_what_is_built_has_all_that_runs(tmp_path):
    """The wheel that the first stage installs: made of what is copied there, and nothing else."""
    pytest.importorskip("hatchling", reason="needs hatchling, which pip would fetch")
    for place in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / place, tmp_path / place)
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    done = subprocess.run(
        [*build, "-q", "-w", str(tmp_path / "out"), str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "out").glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path / "installed", "zip")
    installed = tmp_path / "installed"
    for path in (ROOT / "src" / "printroom").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert (installed / "printroom" / path.relative_to(ROOT / "src/printroom")).is_file()
    (points,) = installed.glob("*.dist-info/entry_points.txt")
    assert "printroom = printroom.cli.main:main" in points.read_text()
    version = subprocess.run(
        [sys.executable, "-c", "from printroom.cli.main import main; main()", "version"],
        env={"PYTHONPATH": str(installed)}, cwd=tmp_path,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert version.returncode == 0, version.stderr
    assert "printroom" in version.stdout
