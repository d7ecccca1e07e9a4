"""`printroom doctor` sees what is wrong, on a machine where it is."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from printroom.core.settings import Settings
from printroom.database.engine import Database
from printroom.jobs.worker import Worker
from printroom.operations import machine, parts, services
from printroom.operations.doctor import examine
from printroom.operations.finding import Finding
from printroom.workshop import Workshop


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


@pytest.fixture
def port() -> Iterator[int]:
    """One that is taken."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def of(findings: Any, subject: str) -> Finding:
    [found] = [one for one in findings if one.subject == subject]
    assert isinstance(found, Finding)
    return found


def test_every_part_is_looked_at(settings: Settings, port: int) -> None:
    findings = list(examine(settings, None, "127.0.0.1", port))
    subjects = [one.subject for one in findings]
    expected = ["settings", "python", "memory", "data folder", "disk", "open files", "clock"]
    expected += ["libvips", "onnxruntime", "device", "bubblewrap", "uv"]
    assert subjects == [*expected, "database", "stores", "address"]
    assert all(one.remedy for one in findings if one.verdict != "good")
    assert of(findings, "address").verdict == "fault"  # what listens there is no printroom
    assert of(findings, "libvips").verdict == "good"


def test_a_printroom_at_the_address_is_no_fault(settings: Settings) -> None:
    environment = os.environ | {"PRINTROOM_DATA": str(settings.data)}
    command = [sys.executable, "-m", "printroom", "serve", "--port", "0"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline().split(":")[2].split()[0])
            [found] = machine.address("127.0.0.1", port)
        finally:
            server.terminate()
    assert (found.verdict, "where a printroom answers" in found.told) == ("good", True)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    [found] = machine.folder(Settings(data=tmp_path / "file"))
    assert found.verdict == "fault"
    assert str(tmp_path / "file") in found.told


def test_too_little_memory() -> None:
    assert of(machine.memory(Settings(memory=2**20)), "memory").verdict == "fault"
    assert of(machine.memory(Settings(memory=2**50)), "memory").verdict == "warning"


def test_few_open_files(settings: Settings) -> None:
    """In a process of its own: limits cannot be raised again."""
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 512))\n"
        "from printroom.operations.machine import files\n"
        "print(*[one.verdict for one in files(None)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["warning"]


def test_a_device_that_is_not_here() -> None:
    found = of(parts.device(Settings(device="cuda:77")), "device")
    assert found.verdict == "fault"
    assert "cuda:77" in found.told


def test_the_database(settings: Settings) -> None:
    assert of(services.database(settings), "database").told.startswith("none yet")
    with Workshop(settings) as workshop:
        assert workshop.queue.counts() == {}
    findings = list(services.database(settings))
    assert of(findings, "database").verdict == of(findings, "tables").verdict == "good"
    assert "when a server starts" in of(findings, "tables").told  # others' tables are not there yet


def test_a_server_without_workers(settings: Settings) -> None:
    with Workshop(settings) as workshop:
        assert workshop.queue.counts() == {}
        assert [one.subject for one in services.database(settings)] == ["database", "tables"]
        alone = replace(settings, http_worker=False)
        assert of(services.database(alone), "workers").verdict == "warning"
        worker, stop = Worker(workshop.queue, {"nothing": lambda *_: None}), threading.Event()
        thread = threading.Thread(target=worker.run, args=(stop,))
        thread.start()
        while not workshop.queue.workers():
            assert thread.is_alive()
        assert of(services.database(alone), "workers").verdict == "good"
        stop.set()
        worker.wake()
        thread.join()


def test_tables_of_a_newer_printroom(settings: Settings) -> None:
    with Workshop(settings) as workshop:
        assert workshop.queue.counts() == {}
        database: Database = workshop.database
        with database.write() as connection:
            connection.exec_driver_sql("UPDATE jobs_version SET version_num = 'v9999'")
    found = of(services.database(settings), "tables")
    assert found.verdict == "fault"
    assert "jobs" in found.told


def test_a_database_that_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"postgresql+psycopg://somebody:topsecret@127.0.0.1:{port}/none"
    [found] = services.database(Settings(database_url=url))
    assert found.verdict == "fault"
    assert "topsecret" not in found.told + found.remedy


def test_stores(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert of(services.stores(settings), "stores").told == "none"
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("PRINTROOM_STORE_HERE", f"fs://{tmp_path}/here")
    monkeypatch.setenv("PRINTROOM_STORE_ODD", "nothing://at/all")
    found = {one.told.partition(" ")[0].rstrip(":"): one for one in services.stores(settings)}
    assert (found["here"].verdict, found["odd"].verdict) == ("good", "fault")


def test_a_file_of_secrets_that_others_may_read(tmp_path: Path) -> None:
    path = tmp_path / "printroom.toml"
    path.write_text("[secrets]\nhub = 'x'\n")
    path.chmod(0o644)
    assert of(services.config(path), "settings").verdict == "warning"
    path.chmod(0o600)
    assert of(services.config(path), "settings").verdict == "good"


def doctor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "printroom", "doctor", *arguments]
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )


def test_the_command(tmp_path: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = str(listener.getsockname()[1])
    done = doctor("--json", "--port", free, PRINTROOM_DATA=str(tmp_path))
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    faults = [one for one in findings if one["verdict"] == "fault"]
    assert (done.returncode, faults) == (0, [])
    done = doctor("--port", str(port), PRINTROOM_DATA=str(tmp_path))
    assert done.returncode == 1
    assert "FAULT" in done.stdout
    assert "choose another --host or --port" in done.stdout
    done = doctor(PRINTROOM_MEMORY="much")
    assert done.returncode == 2
    assert "PRINTROOM_MEMORY" in done.stderr
