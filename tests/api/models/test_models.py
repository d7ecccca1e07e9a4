"""Models over HTTP: a server and a worker with nothing in common but a database and a store."""

import base64
import io
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from printroom.accounts import keys, people
from printroom.accounts.audit import CONSOLE, Actor
from printroom.accounts.book import Accounts
from printroom.accounts.credentials import mint
from printroom.accounts.keys import Draft
from printroom.accounts.principal import LOCAL_ACCOUNT, SCOPES, Scope
from printroom.api.models import schemas
from printroom.catalogue.verification.report import Report
from printroom.catalogue.verification.signing import check
from printroom.client import Client
from printroom.core.errors import NotFound
from printroom.database.engine import Database
from printroom.isolation.walls import bubblewrap
from printroom.storage.book import StoreBook

SIDE = 24
PIPELINE = """
name: inked
inputs:
  image: picture
  net: model
steps:
  up: {use: upscale, with: {image: $image, net: $net}}
"""


class House:
    """A server, and workers when they are asked for, each with a data folder of its own."""

    def __init__(self, folder: Path, models: Path) -> None:
        self.folder = folder
        (folder / "bucket").mkdir()
        address = f"sqlite:///{folder / 'shared' / 'db.sqlite'}"
        self.environment = os.environ | {
            "PRINTROOM_MODELS": str(models),
            "PRINTROOM_PRELOAD": "test/double@1",
            "PRINTROOM_DATABASE_URL": address,
            "PRINTROOM_ASSETS": "hub/assets",
            "PRINTROOM_WORKERS": "1",
            "PRINTROOM_MEMORY": "1GiB",
            "PRINTROOM_JOBS_LEASE": "2",
            "PRINTROOM_HTTP_WORKER": "0",
            "PRINTROOM_HTTP_LOGIN": "1",
            "PRINTROOM_VERIFICATION_KEY": base64.b64encode(os.urandom(32)).decode(),
        }
        self.processes: list[subprocess.Popen[str]] = []
        self.clients: list[httpx.Client] = []
        self.secrets = self._accounts(address)
        said = self.run("serve", "--port", "0").said  # type: ignore[attr-defined]
        found = re.search(r"http://\S+?:\d+", said)
        assert found, said
        self.url = found[0]
        self.acme, self.bolt = (self.client(self.secrets[name]) for name in ("acme", "bolt"))

    def _accounts(self, address: str) -> dict[str, str]:
        database = Database.open(address)
        accounts, made = Accounts(database), {}
        for name in ("acme", "bolt"):
            account = accounts.do(people.create_account, CONSOLE, name)
            made[name] = self._key(accounts, account.id, tuple(sorted(SCOPES - {"admin"})))
        acme = accounts.look(people.accounts)[1]
        made["reader"] = self._key(accounts, acme.id, ("models:read",))
        made["admin"] = self._key(accounts, LOCAL_ACCOUNT, tuple(sorted(SCOPES)))
        database.close()
        return made

    def _key(self, accounts: Accounts, account: str, scopes: tuple[Scope, ...]) -> str:
        secret = mint("live")
        accounts.do(keys.created, Actor(account), Draft("test", scopes), secret, SCOPES)
        return secret

    def client(self, secret: str) -> httpx.Client:
        self.clients.append(
            httpx.Client(
                base_url=self.url, timeout=90, headers={"Authorization": f"Bearer {secret}"}
            )
        )
        return self.clients[-1]

    def run(self, *arguments: str) -> subprocess.Popen[str]:
        """A child on a new data folder, that has said it is ready."""
        data = self.folder / f"data{len(self.processes)}"
        StoreBook(data, {}).add("hub", f"fs://{self.folder / 'bucket'}")
        process = subprocess.Popen(
            [sys.executable, "-m", "printroom", *arguments],
            env=self.environment | {"PRINTROOM_DATA": str(data)},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        assert process.stdout is not None
        process.said = process.stdout.readline()  # type: ignore[attr-defined]
        return process

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        """`printroom models ...` of acme, at the server."""
        environment = self.environment | {
            "PRINTROOM_KEY": self.secrets["acme"],
            "PRINTROOM_DATA": str(self.folder / "home"),
        }
        return subprocess.Popen(
            [sys.executable, "-m", "printroom", "models", *arguments, "--server", self.url],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        for client in self.clients:
            client.close()
        for process in self.processes:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("house"), models)
    yield made
    made.close()


@pytest.fixture(scope="module")
def weights(models: Path) -> bytes:
    """An ONNX graph that repeats each pixel twice along each side."""
    return (models / "double/1/double.onnx").read_bytes()


def upload(client: httpx.Client, data: bytes, name: str = "ink.onnx") -> str:
    answer = client.post("/v1/files", files={"file": (name, data, "application/octet-stream")})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def give(client: httpx.Client, data: bytes, name: str = "ink", **more: Any) -> dict[str, Any]:
    body = {"file": upload(client, data), "name": name, "licence": "MIT", **more}
    answer = client.post("/v1/models", json=body)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def until(look: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)
    return found


def examined(client: httpx.Client, name: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        told: dict[str, Any] = client.get(f"/v1/models/{name}").json()
        return None if told["state"] == "verifying" else told

    found: dict[str, Any] = until(look)
    return found


def png(encode: Callable[..., bytes]) -> tuple[bytes, Any]:
    seen = np.random.default_rng(5).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    return encode(seen), seen


@pytest.fixture(scope="module")
def ink(house: House) -> dict[str, Any]:
    """`acme/ink@1`, given from the command line, and examined by a worker that had to be replaced
    on the way.
    """
    if bubblewrap() is None:
        pytest.skip("bubblewrap is not here, or may not do its work")
    about = ("--name", "ink", "--title", "Inks", "--licence", "MIT")
    with house.command("push", "test/double", *about, "--json") as pushing:
        told = until(lambda: house.acme.get("/v1/models/acme/ink@1").json().get("examination"))
        assert (told["stage"], told["verdict"]) == (None, None)
        first = house.run("work")
        until(lambda: house.acme.get("/v1/models/acme/ink@1").json()["examination"]["stage"])
        first.send_signal(signal.SIGKILL)
        house.run("work")
        said, stages = pushing.communicate(timeout=90)
    assert pushing.returncode == 0, stages
    assert "acme/ink@1: waiting" in stages
    return dict(json.loads(said))


def test_what_there_is_for_everybody(house: House) -> None:
    answer = house.acme.get("/v1/models").json()
    told = {one["name"]: one for one in answer["data"]}
    assert list(told) == sorted(told)
    assert told["test/double"]["source"] == "server"
    up = told["printroom/upscale-x2"]
    assert (up["source"], up["state"], up["task"]) == ("printroom", "ready", "upscale")
    assert (up["geometry"]["scale"], up["geometry"]["exact"]) == ("2", True)
    assert up["bytes"] > 300_000
    assert {"metric": "psnr", "unit": "dB", "set": "set5"}.items() <= up["scores"][0].items()
    assert up["examples"] == [{"input": "/sample.jpg", "output": None}]
    assert house.acme.get(up["examples"][0]["input"]).headers["content-type"] == "image/jpeg"
    for one in answer["data"]:
        assert set(one) == set(schemas.Model.model_fields)
        schemas.Model.model_validate(one)


def test_pages_and_words(house: House) -> None:
    whole = [one["id"] for one in house.acme.get("/v1/models").json()["data"]]
    seen: list[str] = []
    after = None
    while True:
        params = {"limit": 3} | ({"after": after} if after else {})
        page = house.acme.get("/v1/models", params=params).json()
        seen += [one["id"] for one in page["data"]]
        after = page["next"]
        if after is None:
            break
    assert seen == whole
    found = house.acme.get("/v1/models", params={"query": "UPSCALE  sharp"}).json()["data"]
    assert found
    assert all("upscale" in one["name"] for one in found)
    assert house.acme.get("/v1/models", params={"query": "nosuchword"}).json()["data"] == []


def test_a_model_of_the_server_by_name_and_version(house: House) -> None:
    newest = house.acme.get("/v1/models/test/double").json()
    assert newest == house.acme.get("/v1/models/test/double@1").json()
    (only,) = house.acme.get("/v1/models/test/double/versions").json()["data"]
    assert only["id"] == newest["id"] == "test/double@1"
    for name in ("test/double@2", "test/nothing", "nobody/ink"):
        answer = house.acme.get(f"/v1/models/{name}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_it_is_examined_and_then_used_by_its_account(
    house: House, ink: dict[str, Any], encode: Any, decode: Any
) -> None:
    schemas.Model.model_validate(ink)
    assert set(ink) == set(schemas.Model.model_fields)
    assert (ink["title"], ink["licence"]["spdx"], ink["owner"]) == ("Inks", "MIT", "acme")
    assert (ink["geometry"]["scale"], ink["source"]) == ("2", "account")
    seen = ink["examination"]
    assert seen["verdict"] == "review"  # the server has the same file
    assert {one["stage"] for one in seen["findings"]} >= {"file", "graph", "trial"}
    told = house.acme.get("/v1/models/acme/ink@1/report").json()
    assert set(told) == set(schemas.Report.model_fields)
    key = house.acme.get("/v1/verifications/key").json()
    assert key["algorithm"] == "Ed25519"
    check(Report.from_json(json.dumps(told)), {key["public_key"]})
    assert told["digests"]["model.onnx"] == ink["digest"]
    picture, pixels = png(encode)
    assert ink["cost"]["tile_bytes"]
    assert ink["cost"]["seconds_per_megapixel"] > 0
    for name in ("acme/ink@1", "acme/ink"):
        answer = house.acme.post("/v1/images/enhance", params={"model": name}, content=picture)
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-printroom-model"] == "acme/ink@1"
        assert np.array_equal(decode(answer.content), pixels.repeat(2, 0).repeat(2, 1))
    for client, named in ((house.acme, True), (house.bolt, False)):
        resident = client.get("/v1/models/resident").json()["models"]
        assert ("acme/ink@1" in [one["model"] for one in resident]) is named


def test_nobody_else_sees_it(house: House, ink: dict[str, Any], encode: Any) -> None:
    picture, _ = png(encode)
    assert "acme/ink" not in [one["name"] for one in house.bolt.get("/v1/models").json()["data"]]
    places = ("", "/versions", "/events", "/report")
    for path in ("acme/ink", *(f"acme/ink@1{place}" for place in places)):
        answer = house.bolt.get(f"/v1/models/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = house.bolt.post("/v1/images/enhance", params={"model": "acme/ink"}, content=picture)
    assert (answer.status_code, answer.json()["error"]["param"]) == (404, "model")
    assert house.bolt.get("/v2/models/acme%2Fink").status_code == 404
    assert house.bolt.patch("/v1/models/acme/ink@1", json={"title": "Mine"}).status_code == 404
    assert house.bolt.delete("/v1/models/acme/ink@1").status_code == 404
    told = give(house.bolt, b"other weights", name="ink")
    assert told["id"] == "bolt/ink@1"


def test_its_weights_are_nobodys_to_have(house: House, ink: dict[str, Any]) -> None:
    files = house.acme.get("/v1/files").json()["data"]
    assert {one["kind"] for one in files} <= {"upload", "result"}
    for place in ("weights", "content", "file"):
        assert house.acme.get(f"/v1/models/acme/ink@1/{place}").status_code == 404
    own = [one["digest"] for one in files]
    assert ink["digest"] in own  # as long as the upload is there
    for one in files:
        if one["digest"] == ink["digest"]:
            assert house.acme.delete(f"/v1/files/{one['id']}").status_code == 204
    answer = house.acme.post(f"/v1/artifacts/{ink['digest']}/links", json={})
    assert answer.status_code == 404, answer.text
    assert house.acme.get(f"/a/{ink['digest']}").status_code in (401, 403, 404)


def test_by_the_protocol_of_tensors(house: House, ink: dict[str, Any]) -> None:
    about = house.acme.get("/v2/models/acme%2Fink").json()
    assert (about["name"], about["versions"]) == ("acme/ink", ["1"])
    lines = house.acme.post("/v2/repository/index").json()
    assert {"name": "acme/ink", "version": "1", "state": "READY", "reason": ""} in lines
    theirs = house.bolt.post("/v2/repository/index").json()
    assert "acme/ink" not in {one["name"] for one in theirs}
    value = np.random.default_rng(0).random((1, 3, 4, 4), np.float32)
    sent = {
        "name": "input",
        "shape": [1, 3, 4, 4],
        "datatype": "FP32",
        "data": value.ravel().tolist(),
    }
    answer = house.acme.post("/v2/models/acme%2Fink/versions/1/infer", json={"inputs": [sent]})
    assert answer.status_code == 200, answer.text
    (result,) = answer.json()["outputs"]
    expected = value.repeat(2, 2).repeat(2, 3)
    assert np.allclose(np.reshape(result["data"], result["shape"]), expected)


def test_as_an_input_of_a_pipeline(
    house: House, ink: dict[str, Any], encode: Any, decode: Any
) -> None:
    published = house.acme.post("/v1/pipelines", json={"yaml": PIPELINE})
    assert published.status_code == 201, published.text
    picture, pixels = png(encode)
    expected = pixels.repeat(2, 0).repeat(2, 1)
    image = upload(house.acme, picture, "cat.png")
    body = {"target": "inked", "input": {"image": image, "net": "acme/ink@1"}}
    run = house.acme.post("/v1/runs", json=body, headers={"Prefer": "wait=60"}).json()
    assert run["status"] == "succeeded", run
    place = run["output"]["image"]["file"]
    assert np.array_equal(decode(house.acme.get(f"/v1/files/{place}/content").content), expected)
    form = {"image": ("cat.png", picture, "image/png")}
    only = {"Accept": "image/png"}
    answer = house.acme.post(
        "/v1/pipelines/inked", files=form, data={"net": "acme/ink"}, headers=only
    )
    assert answer.status_code == 200, answer.text
    assert np.array_equal(decode(answer.content), expected)


def test_a_pipeline_may_name_it_and_others_cannot(house: House, ink: dict[str, Any]) -> None:
    text = PIPELINE.replace("name: inked", "name: named").replace("  net: model\n", "")
    text = text.replace("$net", "acme/ink@1")
    assert house.acme.post("/v1/pipelines", json={"yaml": text}).status_code == 201
    answer = house.bolt.post("/v1/pipelines", json={"yaml": text})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_pipeline")


def test_events_are_told_again(house: House, ink: dict[str, Any]) -> None:
    with house.acme.stream("GET", "/v1/models/acme/ink@1/events") as answer:
        lines = list(answer.iter_lines())
    kinds = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    assert kinds[0] == "queued"
    assert kinds[-1] == "done"
    assert "progress" in kinds
    last = json.loads([line for line in lines if line.startswith("data: ")][-1][6:])
    assert last["model"]["state"] == "ready"


class _Bad:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("true",)


def test_what_is_no_model_is_refused_and_says_why(
    house: House, ink: dict[str, Any], encode: Any
) -> None:
    file = io.BytesIO()
    pickle.dump(_Bad(), file)
    give(house.acme, file.getvalue(), name="worse")
    told = examined(house.acme, "acme/worse")
    assert (told["state"], told["examination"]["verdict"]) == ("refused", "refused")
    assert any(one["verdict"] == "refused" for one in told["examination"]["findings"])
    picture, _ = png(encode)
    answer = house.acme.post("/v1/images/enhance", params={"model": "acme/worse"}, content=picture)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_model")
    assert "findings" in answer.json()["detail"]


def test_the_same_request_is_the_same_version(house: House, weights: bytes) -> None:
    body = {"file": upload(house.acme, weights), "name": "twice"}
    sent = [
        house.acme.post("/v1/models", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]
    assert [answer.json()["id"] for answer in sent] == ["acme/twice@1"] * 2
    assert [answer.headers.get("idempotent-replayed") for answer in sent] == [None, "true"]
    assert sent[0].headers["location"] == "/v1/models/acme/twice@1"
    other = house.acme.post(
        "/v1/models", json=body | {"title": "x"}, headers={"Idempotency-Key": "k"}
    )
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_words_change_and_versions_go(house: House, weights: bytes) -> None:
    for version in (1, 2):
        assert give(house.acme, weights, name="words")["version"] == version
    told = house.acme.patch("/v1/models/acme/words@1", json={"title": "New", "description": ""})
    assert (told.json()["title"], told.json()["description"]) == ("New", "")
    assert house.acme.delete("/v1/models/acme/words@2").status_code == 204
    assert house.acme.get("/v1/models/acme/words@2").status_code == 404
    assert give(house.acme, weights, name="words")["version"] == 3
    pages = house.acme.get("/v1/models/acme/words/versions").json()
    assert [one["version"] for one in pages["data"]] == [3, 1]
    assert house.acme.delete("/v1/models/acme/words").status_code == 204
    assert house.acme.get("/v1/models/acme/words").status_code == 404
    log = house.acme.get("/v1/audit").json()["data"]
    assert {"model.given", "model.changed", "model.removed"} <= {one["action"] for one in log}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "x"}, 422, "bad_option"),
        ({"file": "file_none", "name": "x"}, 404, "not_found"),
        ({"file": "file_none", "name": "../x"}, 422, "bad_option"),
        ({"file": "file_none", "name": "x", "task": "fly"}, 422, "bad_option"),
        ({"file": "file_none", "name": "x", "more": 1}, 422, "bad_option"),
        ({"file": "file_none", "name": "x", "title": "a\0b"}, 422, "bad_option"),
        *(
            ({"file": "file_none", "name": "x", "reading": reading}, 422, "bad_option")
            for reading in (
                {"input": {"layout": "x"}},
                {"input": 5},
                {"input": {"range": [0, 10**400]}},
                {"constants": [["sigma"]]},
                {"constants": [["sigma", "nan"]]},
                {"latents": [{"name": "z", "shape": ["x"]}]},
                {"classes": {"name": "c", "names": [[1]]}},
                {"classes": {}},
                {"more": 1},
            )
        ),
    ],
)
def test_what_cannot_be_given(house: House, body: dict[str, Any], status: int, code: str) -> None:
    answer = house.acme.post("/v1/models", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_who_runs_the_server_decides_and_stops(
    house: House, ink: dict[str, Any], encode: Any
) -> None:
    admin = house.client(house.secrets["admin"])
    assert house.acme.get("/v1/models/reviews").status_code == 403
    waits = admin.get("/v1/models/reviews").json()["data"]
    assert "acme/ink@1" in [one["id"] for one in waits]  # beside models of other tests
    body = {"passed": True, "reason": "It is theirs."}
    told = admin.post("/v1/models/acme/ink@1/decision", json=body).json()
    assert told["examination"]["verdict"] == "passed"
    assert told["examination"]["findings"][-1]["reason"] == "It is theirs."
    body = {"passed": False, "reason": "No."}
    late = admin.post("/v1/models/acme/ink@1/decision", json=body)
    assert (late.status_code, late.json()["code"]) == (409, "wrong_state")
    picture, _ = png(encode)
    assert admin.post("/v1/models/acme/ink@1/suspend").json()["state"] == "suspended"
    for _ in range(2):
        answer = house.acme.post(
            "/v1/images/enhance", params={"model": "acme/ink"}, content=picture
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_model")
    assert house.acme.post("/v1/models/acme/ink@1/resume").status_code == 403
    assert admin.post("/v1/models/acme/ink@1/resume").json()["state"] == "ready"
    assert admin.post("/v1/models/acme/ink@1/resume").status_code == 409


def test_who_may(house: House, weights: bytes) -> None:
    reader = house.client(house.secrets["reader"])
    assert reader.get("/v1/models").status_code == 200
    file = upload(house.acme, weights)
    for answer in (
        reader.post("/v1/models", json={"file": file, "name": "x"}),
        reader.patch("/v1/models/acme/ink", json={"title": "x"}),
        reader.delete("/v1/models/acme/ink"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    answer = house.bolt.post("/v1/models", json={"file": file, "name": "x"})
    assert answer.status_code == 404
    with httpx.Client(base_url=house.url) as nobody:
        assert nobody.get("/v1/models").status_code == 401


def test_the_command_line_looks_and_removes(
    house: House, ink: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"none")
    with (
        house.command("list") as listed,
        house.command("show", "acme/ink") as shown,
        house.command("push", str(tmp_path / "bad.onnx")) as refused,
    ):
        lines = listed.communicate(timeout=60)[0].splitlines()
        about = shown.communicate(timeout=60)[0]
        why = refused.communicate(timeout=60)[1]
    assert [line.split()[:3] for line in lines if "ink" in line] == [["acme/ink@1", "ready", "x2"]]
    assert "trial.speed" in about
    assert refused.returncode != 0
    assert "acme/bad@1 is refused" in why
    with house.command("remove", "acme/bad") as removed:
        assert removed.communicate(timeout=60)[0] == "acme/bad is gone\n"


def test_the_client_gives_looks_and_removes(house: House, weights: bytes) -> None:
    with Client(house.url, house.secrets["bolt"]) as client:
        told = client.push_model(weights, "held", title="Held", licence="MIT")
        assert (told["id"], told["title"]) == ("bolt/held@1", "Held")
        assert client.model("bolt/held")["id"] == told["id"]
        assert "bolt/held@1" in [one["id"] for one in client.models("held")]
        client.delete_model("bolt/held@1")
        with pytest.raises(NotFound):
            client.model("bolt/held@1")
