"""A disk that fills up under a server and its worker: refused, nothing half kept, then it goes on.

The data folder is a small file system of its own, which only the server and its children see.
"""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

ROOM = 24 * 2**20
"""Bytes of the disk."""


class Small:
    """`printroom serve` with a worker beside it, on a disk of `ROOM` bytes."""

    def __init__(self, data: Path, models: Path) -> None:
        way = ["unshare", "--mount"]
        if os.geteuid() != 0:
            way += ["--user", "--map-root-user"]
        mounted = f'mount -t tmpfs -o size={ROOM} tmpfs "$0" && exec "$@"'
        serve = [sys.executable, "-m", "printroom", "serve", "--port", "0"]
        self.process = subprocess.Popen(
            [*way, "sh", "-c", mounted, str(data), *serve],
            env=os.environ
            | {
                "PRINTROOM_DATA": str(data),
                "PRINTROOM_MODELS": str(models),
                "PRINTROOM_PRELOAD": "test/double@1",
                "PRINTROOM_WORKERS": "1",
                "PRINTROOM_MEMORY": "1GiB",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        found = re.search(r"http://\S+?:\d+", self.process.stdout.readline())
        if found is None:
            told = self.process.communicate()[1]
            if "unshare" in told or "mount" in told:
                pytest.skip(f"no file system can be mounted here: {told.strip()[:200]}")
            raise AssertionError(told)
        self.client = httpx.Client(base_url=found[0], timeout=120)
        self.data = Path(f"/proc/{self.process.pid}/root{data}")

    def fill(self) -> None:
        """Leave no room at all."""
        with (self.data / "ballast").open("ab", 0) as ballast:
            for size in (2**20, 2**12, 1):
                try:
                    while True:
                        ballast.write(bytes(size))
                except OSError as error:
                    assert error.errno == errno.ENOSPC

    def free(self) -> None:
        """Give it all back."""
        (self.data / "ballast").unlink()

    def files(self) -> set[str]:
        """What is kept of files, and what is under way."""
        folders = [self.data / name for name in ("assets", "tmp")]
        found = {path for one in folders for path in one.rglob("*") if path.is_file()}
        return {str(path) for path in found if path.name != "lock"}

    def end(self) -> None:
        self.client.close()
        for child in psutil.Process(self.process.pid).children(recursive=True):
            child.kill()
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def small(tmp_path_factory, models):
    made = Small(tmp_path_factory.mktemp("small"), models)
    try:
        yield made
    finally:
        made.end()


def refused(answer):
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def enhanced(client, picture):
    return client.post("/v1/images/enhance", params={"model": "test/double@1"}, content=picture)


def run(client, file, key):
    body = {"target": "enhance", "input": {"image": file, "scale": 2, "fix": "none"}}
    return client.post("/v1/runs", json=body, headers={"Idempotency-Key": key})


@pytest.mark.slow
def test_everything_that_needs_room_is_refused_and_then_goes_on(small, tools):
    client, (picture, _) = small.client, tools.png()
    large = tools.png(900, 900)[0]
    assert len(large) > 2**20
    file = tools.upload(client, picture)
    part = client.post("/v1/files/uploads", headers={
        "Tus-Resumable": "1.0.0", "Upload-Length": str(len(large)),
    }).headers["location"]  # fmt: skip
    good = 3
    for _ in range(good):
        assert (answer := enhanced(client, picture)).status_code == 200, answer.text
    names = {one["id"] for one in client.get("/v1/files").json()["data"]}

    small.fill()
    kept = small.files()
    refused(client.post("/v1/files", content=large))
    refused(client.post("/v1/files", files={"file": ("a.png", large, "image/png")}))
    sent = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream"}  # fmt: skip
    refused(client.patch(part, content=large, headers=sent))
    while (answer := enhanced(client, picture)).status_code == 200:  # the last page had room
        good += 1
    refused(answer)
    taken = []
    for number in range(200):
        answer = run(client, file, f"key-{number}")
        if answer.status_code != 201:
            break
        taken.append(answer.json()["id"])
    refused(answer)
    assert client.get("/healthz").status_code == 200
    assert client.get(f"/v1/files/{file}/content").content == picture
    assert {one["id"] for one in client.get("/v1/files").json()["data"]} == names
    assert small.files() == kept  # nothing is half there

    small.free()
    tools.eventually(lambda: client.post("/v1/files", content=large).status_code == 201)
    assert client.patch(part, content=large, headers=sent).status_code == 204
    again = run(client, file, f"key-{len(taken)}")  # the same request, sent again
    assert again.status_code == 201, again.text
    taken.append(again.json()["id"])
    assert enhanced(client, picture).status_code == 200
    good += 1
    for name in taken:
        over = tools.eventually(lambda name=name: _over(client, name), 120)
        assert (over["status"], over["attempt"]) == ("succeeded", 1), over
    assert len(set(taken)) == len(taken)

    def counted():
        used = client.get("/v1/usage").json()["data"]
        return sum(one["runs"] for one in used) == good + len(taken)

    tools.eventually(counted)  # what was answered, and nothing else, once


def _over(client, name):
    found = client.get(f"/v1/runs/{name}").json()
    return found if found["status"] in ("succeeded", "failed") else None
