"""A PostgreSQL server of one's own, for tests and benches: started here, on loopback, then gone.

    OwnServer.start() -> OwnServer        NotFound: no PostgreSQL is installed
    server.create() -> URL of a new, empty database
    server.stop(), server.begin()         as if the machine had been switched off, and on again

The server refuses to run as root; started by root, it runs as `nobody`. It takes a password made
for the occasion, from this machine only.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from printroom.core.errors import DatabaseUnavailable, NotFound

_INSTALLED = Path("/usr/lib/postgresql")
_PATIENCE = 30.0
"""Seconds in which a server must have started."""
_USER = "printroom"


class OwnServer:
    """A server; as a context manager it is gone at the end, with all that it held."""

    def __init__(self, binaries: Path, folder: Path, port: int, *, lasting: bool) -> None:
        self.port = port
        self._binaries = binaries
        self._folder = folder
        self._lasting = lasting
        self._password = secrets.token_urlsafe(16)
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(cls, *, lasting: bool = False) -> OwnServer:
        """A server with nothing in it. `lasting`: whether its commits wait for the disk.

        Raises NotFound when there are no binaries, DatabaseUnavailable when it does not start.
        """
        binaries = _binaries()
        folder = Path(tempfile.mkdtemp(prefix="printroom-postgres-"))
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        server = cls(binaries, folder, _free_port(), lasting=lasting)
        try:
            server._make()
            server.begin()
        except BaseException:
            server.close()
            raise
        return server

    def create(self) -> str:
        """The URL of a new, empty database."""
        import psycopg

        name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg{self._address(name).removeprefix('postgresql')}"

    def begin(self) -> None:
        """Start it (again); returns when it answers. Raises DatabaseUnavailable."""
        with (self._folder / "log").open("ab") as log:
            command = [*_as_nobody(), str(self._binaries / "postgres"), *self._options()]
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self._folder, start_new_session=True
            )
        until = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                said = (self._folder / "log").read_text(errors="replace")[-1000:]
                raise DatabaseUnavailable("PostgreSQL does not start", said)
            time.sleep(0.05)

    def stop(self) -> None:
        """End it at once, in the middle of whatever it does; what was committed stays."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """End it and delete all it held."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> OwnServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _make(self) -> None:
        password = self._folder / "password"
        password.write_text(self._password)
        password.chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(password, "nobody")
        command = [*_as_nobody(), str(self._binaries / "initdb"), "--no-sync", "-E", "UTF8"]
        command += ["--locale=C", "-U", _USER, "-A", "scram-sha-256"]
        command += ["--pwfile", str(password), "-D", str(self._folder / "data")]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=self._folder
        )
        password.unlink()
        if done.returncode:
            raise DatabaseUnavailable("PostgreSQL cannot be set up", done.stderr[-1000:])

    def _options(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "fsync": "on" if self._lasting else "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return ["-D", str(self._folder / "data"), *options]

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self._address("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _address(self, name: str) -> str:
        return f"postgresql://{_USER}:{self._password}@127.0.0.1:{self.port}/{name}"


def _binaries() -> Path:
    """Where the newest PostgreSQL is. Raises NotFound."""
    found = [path.parent for path in _INSTALLED.glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda path: int(path.parent.name.partition(".")[0]))
    on_path = shutil.which("initdb")
    if on_path is None:
        raise NotFound("no PostgreSQL server is installed", "install the package postgresql")
    return Path(on_path).resolve().parent


def _as_nobody() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
