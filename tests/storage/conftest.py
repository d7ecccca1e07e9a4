"""Real servers on loopback, started when a test first asks; without the program, it skips."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

collect_ignore_glob = ["servers/*"]  # programs, not modules
HERE = Path(__file__).parent
PLACES = [Path(sys.executable).parent, HERE.parents[1] / "var/servers/node_modules/.bin"]
"""Where programs are, beside PATH: pip's, and those of `npm install --prefix var/servers`."""
KEYS = {"access_key_id": "accesskey", "secret_access_key": "secretkey12"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(command, port, **options):
    """A server that listens on `port`; ended afterwards."""
    with subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        **options,
    ) as child:
        try:
            deadline = time.monotonic() + 60
            while not listens(port):
                assert child.poll() is None, f"{command[0]} ended with {child.returncode}"
                assert time.monotonic() < deadline, f"{command[0]} does not listen"
                time.sleep(0.05)
            yield child
        finally:
            child.kill()


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def program(name):
    """The path of a program; skips the test without it."""
    places = [*map(str, PLACES), os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(scope="session")
def rclone_s3(tmp_path_factory):
    """(endpoint, folder): S3 that checks signatures and expiry, and ignores conditions."""
    folder, port = tmp_path_factory.mktemp("rclone"), free_port()
    (folder / "bucket").mkdir()
    with _s3(folder, port):
        yield f"http://127.0.0.1:{port}", folder / "bucket"


def _s3(folder, port):
    command = [program("rclone"), "serve", "s3", "--addr", f"127.0.0.1:{port}", "--config"]
    return running([*command, "/dev/null", "--auth-key", ",".join(KEYS.values()), folder], port)


@pytest.fixture(scope="session")
def coming_s3():
    """(endpoint, start): an S3 that is not there yet; `with start(folder):` it is."""
    port = free_port()
    return f"http://127.0.0.1:{port}", lambda folder: _s3(folder, port)


@pytest.fixture(scope="session")
def keys():
    """What opens these S3."""
    return KEYS


@pytest.fixture(scope="session")
def moto_s3():
    """Endpoint of an S3 that heeds conditions, and takes any signature."""
    if importlib.util.find_spec("moto") is None:
        pytest.skip("moto is not installed")
    port = free_port()
    with running([program("moto_server"), "-H", "127.0.0.1", "-p", port], port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def azurite(tmp_path_factory):
    """Endpoint of Azure's own emulator of its blob store."""
    port = free_port()
    command = [
        program("azurite-blob"),
        "--silent",
        "--blobPort",
        port,
        "--location",
        tmp_path_factory.mktemp("azurite"),
    ]
    with running([*command, "--skipApiVersionCheck"], port):
        yield f"http://127.0.0.1:{port}/devstoreaccount1"


@pytest.fixture(scope="session")
def webdav(tmp_path_factory):
    """(endpoint, folder) of a WebDAV server with a password."""
    if importlib.util.find_spec("wsgidav") is None:
        pytest.skip("wsgidav is not installed")
    folder, port = tmp_path_factory.mktemp("webdav"), free_port()
    with running([sys.executable, HERE / "servers" / "webdav.py", port, folder], port):
        yield f"http://127.0.0.1:{port}", folder


@pytest.fixture(scope="session")
def gcs():
    """Endpoint of a small Google Cloud Storage."""
    port = free_port()
    with running([sys.executable, HERE / "servers" / "gcs.py", port], port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def nginx(tmp_path_factory):
    """(endpoint, folder) of nginx: ranges and ETags as S3 has them, 50 MB/s a connection."""
    binary = program("nginx")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    (folder / "bucket").mkdir()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port))
    folder.chmod(0o755)
    with running([binary, "-c", config, "-p", folder, "-g", "daemon off;"], port):
        yield f"http://127.0.0.1:{port}", folder / "bucket"


NGINX = """
user root;
pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log; client_body_temp_path {folder}/body;
    server {{ listen 127.0.0.1:{port}; root {folder}; limit_rate 50m; }}
}}
"""


@pytest.fixture(scope="session")
def faulty_s3():
    """Endpoint of an S3 that does wrong what its keys say."""
    port = free_port()
    with running([sys.executable, HERE / "servers" / "faulty.py", port], port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def drives(tmp_path_factory):
    """(port, certificate of its authority) of a proxy that plays three drives."""
    folder, port = tmp_path_factory.mktemp("drives"), free_port()
    with running([sys.executable, HERE / "servers" / "drives.py", port, folder], port):
        yield port, folder / "ca.pem"
