"""Environments are made once, whole, from where pip's configuration says."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import zipfile

import pytest

from printroom.core.errors import BadOption, EnvironmentFailed
from printroom.isolation.environments import Environments, EnvironmentSpec
from printroom.isolation.pythons import Pythons

HERE = f"3.{sys.version_info[1]}"


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A folder with the package `oneliner` 1.0, where pip, by its configuration, looks alone."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    info = "oneliner-1.0.dist-info"
    with zipfile.ZipFile(folder / "oneliner-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("oneliner.py", "LINE = 'one'\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: oneliner\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\n"
                       "Root-Is-Purelib: true\nTag: py3-none-any\n")  # fmt: skip
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return folder


@pytest.fixture
def environments(tmp_path):
    return Environments(tmp_path / "environments")


def output(environment, code):
    command = [environment.python, "-I", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_requirements_become_a_lock_and_an_environment(environments, wheels):
    environment = environments.get(EnvironmentSpec(HERE, ("oneliner",)))
    assert environment.lock.startswith("oneliner==1.0 \\\n    --hash=sha256:")
    assert output(environment, "import oneliner; print(oneliner.LINE)") == "one"
    assert environments.get(EnvironmentSpec(HERE, ("oneliner",))) == environment


def test_a_lock_is_the_environment_whatever_it_was_made_from(environments, wheels):
    environment = environments.get(EnvironmentSpec(HERE, ("oneliner>=0.5",)))
    assert environments.get(EnvironmentSpec(HERE, lock=environment.lock)) == environment
    shutil.rmtree(wheels)
    assert environments.get(EnvironmentSpec(HERE, ("oneliner>=0.5",))) == environment


def test_a_package_that_is_not_the_locked_one_is_refused(environments, wheels):
    lock = f"oneliner==1.0 --hash=sha256:{'0' * 64}\n"
    with pytest.raises(EnvironmentFailed, match=r"[Hh]ash"):
        environments.get(EnvironmentSpec(HERE, lock=lock))


@pytest.mark.parametrize(
    ("requirement", "reason"),
    [
        ("nothing-of-the-kind", "was not found"),
        ("oneliner==2", "no version"),
        ("???", "requirement"),
    ],
)
def test_a_requirement_that_cannot_be_had_is_named(environments, wheels, requirement, reason):
    with pytest.raises(EnvironmentFailed, match=reason):
        environments.get(EnvironmentSpec(HERE, (requirement,)))


def test_other_pythons_have_other_environments(environments, others):
    if not others:
        pytest.skip("there is one Python here")
    for version in (HERE, others[0]):
        environment = environments.get(EnvironmentSpec(version))
        assert environment.version.startswith(version + ".")
        found = output(environment, "import sys; print(sys.version.split()[0])")
        assert found == environment.version


def test_an_environment_whose_python_went_away_is_made_again(environments):
    environment = environments.get(EnvironmentSpec(HERE))
    environment.python.unlink()
    assert environments.get(EnvironmentSpec(HERE)) == environment
    assert output(environment, "print(7)") == "7"


GET = """
    from pathlib import Path
    from printroom.isolation.environments import Environments, EnvironmentSpec

    print(Environments(Path({folder!r})).get(EnvironmentSpec({python!r}, ("oneliner",))).python)
"""


@pytest.fixture
def start(tmp_path):
    """A process that asks for an environment."""
    code = textwrap.dedent(GET.format(folder=str(tmp_path / "environments"), python=HERE))

    def begin():
        return subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    return begin


def test_processes_that_ask_at_once_get_the_same(start, wheels, tmp_path):
    processes = [start() for _ in range(3)]
    found = {process.communicate(timeout=120)[0] for process in processes}
    assert len(found) == 1
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert list((tmp_path / "environments").glob(".new-*")) == []


def test_what_a_killed_process_left_is_not_used(start, wheels, environments, tmp_path, eventually):
    folder = tmp_path / "environments"
    with start() as process:
        eventually(lambda: list(folder.glob(".new-*")) or process.poll() is not None)
        os.killpg(process.pid, signal.SIGKILL)
    environment = environments.get(EnvironmentSpec(HERE, ("oneliner",)))
    assert output(environment, "import oneliner; print(oneliner.LINE)") == "one"
    assert list(folder.glob(".new-*")) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFailed, match="cannot be written"):
        Environments(tmp_path / "file" / "inside").get(EnvironmentSpec(HERE))


@pytest.mark.parametrize("version", ["3.7", "3.99", "2.7", "three", "3.12; rm", "", "3.12.1"])
def test_what_is_no_version_is_refused(version):
    with pytest.raises(BadOption, match="no version of Python"):
        Pythons().find(version)


def test_a_python_that_is_not_here_is_named_with_those_that_are(monkeypatch, tmp_path, others):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.delenv("UV_PYTHON_SEARCH_PATH", raising=False)
    missing = "3.8" if HERE != "3.8" else "3.9"
    with pytest.raises(EnvironmentFailed) as caught:
        Pythons().find(missing)
    assert f"no Python {missing}" in str(caught.value)
    assert f"({HERE})" in str(caught.value)


def test_a_wrapper_that_finds_nothing_is_passed_by(tmp_path, others, monkeypatch):
    if not others:
        pytest.skip("there is one Python here")
    version = others[0]
    real = Pythons().find(version)
    wrapper = tmp_path / f"python{version}"
    wrapper.write_text("#!/bin/sh\nexit 127\n")
    wrapper.chmod(0o755)
    monkeypatch.setenv("UV_PYTHON_SEARCH_PATH", str(real.path.parent))
    assert Pythons([tmp_path]).find(version).version == real.version
    wrapper.write_text(f'#!/bin/sh\nexec {real.path} "$@"\n')
    assert Pythons([tmp_path]).find(version) == real
