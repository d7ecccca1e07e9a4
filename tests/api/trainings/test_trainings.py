"""Trainings over HTTP: asked for, followed to the end, and their files fetched."""

import json
import os
import re
import subprocess
import sys

import httpx
import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")

from printroom.api.trainings import schemas
from printroom.imaging.vips import pyvips

TINY = {
    "steps": 4, "batch": 2, "patch": 16, "channels": 16, "layers": 1, "leaves": 1,
    "data_kind": "own", "report_every": 2, "threads": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Of a server with a worker beside it, and a set of a few photographs."""
    folder = tmp_path_factory.mktemp("trainings")
    (folder / "sets" / "few").mkdir(parents=True)
    random = np.random.default_rng(1)
    for place in range(6):
        coarse = random.integers(0, 256, (9, 8, 3), np.uint8)
        picture = pyvips.Image.new_from_array(coarse, interpretation="srgb").resize(10)
        picture.write_to_file(str(folder / f"sets/few/{place}.png"))
    environment = os.environ | {
        "PRINTROOM_DATA": str(folder / "data"),
        "PRINTROOM_TRAINING_DATA": str(folder / "sets"),
        "PRINTROOM_WORKERS": "1",
    }
    command = [sys.executable, "-m", "printroom", "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout.readline()
        url = re.search(r"http://\S+?:\d+", said)
        with httpx.Client(base_url=url[0], timeout=60) as made:
            yield made
        process.terminate()


def test_recipes_are_listed(client):
    assert "dejpeg" in client.get("/v1/trainings/recipes").json()["data"]


@pytest.mark.slow
def test_a_training_is_followed_and_its_files_are_fetched(client):
    body = {"recipe": "dejpeg", "data": "few", "options": TINY}
    headers = {"Idempotency-Key": "one"}
    answer = client.post("/v1/trainings", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    again = client.post("/v1/trainings", json=body, headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["id"] == answer.json()["id"]
    other = client.post("/v1/trainings", json=body | {"data": ""}, headers=headers)
    assert other.json()["code"] == "idempotency_key_reused"
    place = answer.headers["location"]
    kinds, last = [], None
    with client.stream("GET", f"{place}/events", timeout=240) as stream:
        for line in stream.iter_lines():
            if line.startswith("event: "):
                kinds.append(line.removeprefix("event: "))
            elif line.startswith("data: "):
                last = json.loads(line.removeprefix("data: "))
    assert {"queued", "started", "measure", "progress", "log"} <= set(kinds)
    told = schemas.Training.model_validate(last["training"])
    assert told.status == "succeeded", told.error
    assert told.model_dump() == client.get(place).json()
    card = next(file for file in told.files if file.name == "card.json")
    content = client.get(f"/v1/files/{card.file}/content").json()
    assert content["scores"] == told.scores
    page = client.get("/v1/trainings", params={"limit": 1}).json()
    assert [one["id"] for one in page["data"]] == [told.id]
    assert client.post(f"{place}/retry").json()["code"] == "wrong_state"
    assert client.post(f"{place}/cancel").json()["status"] == "succeeded"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"recipe": "sorcery"}, "not_found"),
        ({"recipe": "dejpeg", "data": "none"}, "not_found"),
        ({"recipe": "dejpeg", "data": "../few"}, "bad_key"),
        ({"recipe": "dejpeg", "data": "few", "options": {"start": "x.pt"}}, "bad_option"),
        ({"recipe": "dejpeg", "data": "few", "options": {"steps": "../x"}}, "bad_option"),
        ({"recipe": "dejpeg", "data": "few", "grid": {"seed": []}}, "bad_option"),
    ],
)
def test_what_cannot_be_had_is_refused(client, body, code):
    answer = client.post("/v1/trainings", json=body)
    assert answer.json()["code"] == code, answer.text
