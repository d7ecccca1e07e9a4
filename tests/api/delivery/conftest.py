"""A server with files in it, and nginx before it as the documentation has it."""

import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from printroom.assets.assets import New
from printroom.core.settings import Settings
from printroom.imaging.vips import pyvips
from printroom.workshop import Workshop

PAGE = Path(__file__).parents[3] / "docs/how-to/serve-results-behind-a-cdn.md"
PLACES = "/usr/sbin:/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"


class House:
    """A running server, and a way to put files into it."""

    def __init__(self, server, workshop):
        self.server, self.client, self.workshop = server, server.client, workshop

    def put(self, data, name="", public=False, **about):
        asset = self.workshop.assets.add(New("local", data, "upload", name, **about))
        if public:
            answer = self.client.put(f"/v1/artifacts/{asset.digest}/public")
            assert answer.status_code == 204, answer.text
        return asset.digest

    def link(self, digest, **wanted):
        answer = self.client.post(f"/v1/artifacts/{digest}/links", json=wanted)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="session")
def house(start, tmp_path_factory):
    data = tmp_path_factory.mktemp("house")
    with start(data=data, idle=1.5) as server, Workshop(Settings(data=data)) as workshop:
        yield House(server, workshop)


@pytest.fixture(scope="session")
def photo():
    across = pyvips.Image.xyz(640, 480)
    bands = (across[0] / 3).bandjoin([across[1] / 2, across[0] * 0 + 60])
    made = bands.cast("uchar").copy(interpretation="srgb")
    return bytes(made.write_to_buffer(".jpg", Q=90))


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="session")
def nginx(tmp_path_factory):
    """What is inside `http {}` -> a client of a running nginx; `{port}` and `{folder}` are told."""
    binary = shutil.which("nginx", path=PLACES)
    if binary is None:
        pytest.skip("nginx is not installed")
    running = []

    def run(config):
        folder = tmp_path_factory.mktemp("nginx")
        folder.chmod(0o755)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        text = f"user root; pid {folder}/pid; error_log {folder}/error.log; events {{}}\nhttp {{\n"
        text += f"access_log off; client_body_temp_path {folder}/body;\n"
        text += config.replace("{port}", str(port)).replace("{folder}", str(folder)) + "\n}\n"
        (folder / "nginx.conf").write_text(text)
        command = [binary, "-c", folder / "nginx.conf", "-p", folder, "-g", "daemon off;"]
        child = subprocess.Popen(command, stderr=subprocess.PIPE)
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
        running.append((child, client))
        deadline = time.monotonic() + 60
        while not listens(port):
            assert child.poll() is None, child.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return client, folder

    yield run
    for child, client in running:
        client.close()
        child.terminate()
        child.communicate(timeout=30)


@pytest.fixture(scope="session")
def cdn(house, nginx):
    """A client of nginx, set up as the page says, before the house."""
    config = re.search(r"```nginx\n(.*?)```", PAGE.read_text(), re.S)[1]
    config = config.replace("127.0.0.1:8000", f"127.0.0.1:{house.server.port}")
    config = config.replace("listen 8080", "listen 127.0.0.1:{port}")
    return nginx(config.replace("/var/cache/printroom", "{folder}/cache"))[0]
