"""What a stranger's file may do while it is opened: next to nothing, and not for long."""

import socket
import sys
import textwrap
from pathlib import Path

import pytest

from printroom.core.errors import ConversionFailed
from printroom.isolation.sandbox import Sandbox
from printroom.isolation.walls import bubblewrap, homes

PYTHON = Path(sys.executable)


@pytest.fixture(params=["walled", "limits"])
def wall(request, monkeypatch, tmp_path):
    """With bubblewrap, and without it."""
    bubblewrap.cache_clear()
    if request.param == "limits":
        monkeypatch.setenv("PATH", str(tmp_path))
    elif bubblewrap() is None:
        pytest.skip("there is no bubblewrap here")
    yield request.param
    bubblewrap.cache_clear()


@pytest.fixture
def run(tmp_path):
    """Code -> what it printed in a sandbox."""
    folder, inside = tmp_path / "script", tmp_path / "inside"
    folder.mkdir()
    inside.mkdir()

    def done(code, *arguments, reads=(), **limits):
        script = folder / "script.py"
        script.write_text(textwrap.dedent(code))
        return Sandbox(**limits).run(PYTHON, script, arguments, reads=reads, writes=inside)

    return done


def test_it_reads_what_it_is_given_and_writes_where_it_may(run, tmp_path, wall):
    given = tmp_path / "given.txt"
    given.write_text("hello")
    code = """
        import pathlib, sys
        text = pathlib.Path(sys.argv[1]).read_text()
        pathlib.Path("made.txt").write_text(text.upper())
        print(text)
    """
    assert run(code, given, reads=[given]).strip() == "hello"
    assert (tmp_path / "inside" / "made.txt").read_text() == "HELLO"


def test_it_has_no_secrets_of_ours(run, monkeypatch, wall):
    monkeypatch.setenv("PRINTROOM_SECRET_KEY", "sesame")
    code = "import os; print(sorted(os.environ), os.environ.get('HOME'), os.getcwd())"
    said = run(code)
    assert "SECRET" not in said
    home, cwd = said.split()[-2:]
    assert home == cwd


def test_behind_the_wall_there_is_no_network_and_there_are_no_other_files(run, tmp_path):
    if bubblewrap() is None:
        pytest.skip("there is no bubblewrap here")
    secret = tmp_path / "secret.txt"
    secret.write_text("sesame")
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = """
            import os, pathlib, socket, sys
            print("file", pathlib.Path(sys.argv[1]).exists())
            try:
                socket.create_connection(("127.0.0.1", int(sys.argv[2])), 2)
                print("network True")
            except OSError:
                print("network False")
            try:
                pathlib.Path("/usr/printroom").write_text("")
                print("write True")
            except OSError:
                print("write False")
            print("processes", len([one for one in os.listdir("/proc") if one.isdigit()]) > 4)
        """
        said = run(code, secret, server.getsockname()[1])
    assert said.split("\n")[:4] == ["file False", "network False", "write False", "processes False"]
    assert "no network" in Sandbox().walls


def test_no_python_brings_the_whole_machine_with_it(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "pyvenv.cfg").write_text("home = /bin\n")
    (tmp_path / "bin" / "python").symlink_to(PYTHON)
    assert tmp_path in homes(tmp_path / "bin" / "python")
    assert Path("/") not in homes(tmp_path / "bin" / "python")
    assert Path("/") not in homes(Path("/bin/python"))


def test_without_the_wall_it_says_so(monkeypatch, tmp_path):
    bubblewrap.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "within its reach" in Sandbox().walls
    bubblewrap.cache_clear()


def test_it_is_ended_when_it_takes_too_long(run, wall, children):
    code = """
        import subprocess, sys
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        while True:
            pass
    """
    with pytest.raises(ConversionFailed, match=r"longer than 1 s|SIG(KILL|XCPU)"):
        run(code, seconds=1)
    assert not children(recursive=True)


def test_it_cannot_take_all_memory_or_fill_the_disk(run, wall):
    with pytest.raises(ConversionFailed, match="MemoryError"):
        run("bytearray(2**31)", memory=2**29)
    with pytest.raises(ConversionFailed, match=r"File too large|SIGXFSZ"):
        run("open('big', 'wb').truncate(2**30)", memory=2**29)


def test_what_it_says_last_is_the_reason(run, wall):
    with pytest.raises(ConversionFailed, match="no such network"):
        run("raise SystemExit('no such network')")
    with pytest.raises(ConversionFailed, match=r"SIGKILL|status 137"):
        run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
