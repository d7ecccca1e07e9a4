"""Pipelines of accounts over HTTP: checked, published, named, run; each sees its own alone."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml

from printroom.api.pipelines import schemas
from printroom.pipelines.bundled import Shipped

from .conftest import PASSWORD, Guarded, bearer, refused

LARGE = """\
name: large
title: Enlarges
inputs:
  image: picture
  scale: {type: choice, of: [1, 2], default: 2}
steps:
  large: {use: upscale, with: {image: $image, scale: $scale, net: test/double}, when: $scale > 1}
"""
FAULTY = """\
name: faulty
inputs: {image: picture, strength: {type: number, default: 2}}
colour: blue
steps:
  faults: {use: inspect, with: {image: $imag}}
  clean: {use: denoise, with: {image: $image, strngth: 1}, when: $faults.noise}
  lost: {use: nothing, with: {image: $clean.image}}
"""


class Tenants:
    """Clients of three accounts, each with every scope that a member may have."""

    def __init__(self, guarded: Guarded) -> None:
        self.guarded, self.local = guarded, guarded.owner
        self.acme, self.zoo = (self._made(name) for name in ("Acme Inc", "Zoo"))

    def _made(self, name: str) -> httpx.Client:
        """Somebody of a new account."""
        email = f"{name.partition(' ')[0].lower()}@example.com"
        body = {"name": name, "email": email, "password": PASSWORD}
        answer = self.local.post("/v1/accounts", json=body)
        assert answer.status_code == 201, answer.text
        client = httpx.Client(base_url=self.guarded.url, timeout=60)
        session = client.post("/v1/sessions", json={"email": email, "password": PASSWORD})
        client.headers["X-CSRF-Token"] = session.json()["csrf"]
        return client


@pytest.fixture(scope="module")
def who(guard: Any) -> Iterator[Tenants]:
    with guard() as server:
        tenants = Tenants(server)
        assert tenants.acme.patch("/v1/account", json={"handle": "acme"}).status_code == 200
        yield tenants
        tenants.acme.close()
        tenants.zoo.close()


def publish(client: httpx.Client, text: str = LARGE, **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/pipelines", json={"yaml": text, **more})
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


def check(client: httpx.Client, **what: Any) -> dict[str, Any]:
    answer = client.post("/v1/pipelines/check", json=what)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_handle_is_a_word_that_nobody_else_has(who: Tenants) -> None:
    assert who.local.get("/v1/account").json()["handle"] == "local"
    assert who.zoo.get("/v1/account").json()["handle"] == "zoo"
    refused(who.zoo.patch("/v1/account", json={"handle": "acme"}), 409, "already_exists")
    for wrong in ("x", "Zoo", "-zoo", "a/b", "z" * 40, "printroom", "local", "store"):
        refused(who.zoo.patch("/v1/account", json={"handle": wrong}), 422, "bad_option")
    refused(who.local.patch("/v1/account", json={"handle": "house"}), 422, "bad_option")
    for handle in ("the-zoo", "zoo"):
        assert who.zoo.patch("/v1/account", json={"handle": handle}).json()["handle"] == handle


def test_what_holds_is_told_with_its_graph(who: Tenants) -> None:
    found = check(who.zoo, yaml=LARGE)
    assert (found["valid"], found["faults"]) == (True, [])
    assert yaml.safe_load(found["yaml"]) == found["pipeline"] == yaml.safe_load(LARGE)
    (node,) = found["graph"]["nodes"]
    assert (node["name"], node["step"], node["streams"]) == ("large", "upscale", True)
    assert {"name": "image", "type": "picture"} in node["inputs"]
    assert found["graph"]["wires"] == [
        {"from": "$image", "to": "large.image"},
        {"from": "$scale", "to": "large.scale"},
        {"from": "$scale", "to": "large.when"},
    ]
    assert found["graph"]["stages"] == [["large"]]
    assert found["graph"]["outputs"] == [{"name": "image", "from": "large.image"}]
    assert check(who.zoo, pipeline=found["pipeline"]) == found


def test_each_fault_has_its_place(who: Tenants) -> None:
    found = check(who.zoo, yaml=FAULTY)
    assert not found["valid"]
    told = {(one["place"], one["line"], one["step"], one["port"]): one for one in found["faults"]}
    place = ("steps.faults.with.image", 5, "faults", "image")
    assert told[place]["reason"] == "there is no input $imag"
    assert told[place]["remedy"] == "did you mean 'image'?"
    assert told["steps.clean.with.strngth", 6, "clean", "strngth"]["column"] == 47
    assert told["steps.lost.use", 7, "lost", None]["reason"] == "there is no step 'nothing'"
    assert told["colour", 3, None, None]["form"]
    assert [one["name"] for one in found["graph"]["nodes"]] == ["faults", "clean", "lost"]
    assert {"from": "faults.noise", "to": "clean.when"} in found["graph"]["wires"]
    assert found["graph"]["stages"] == []
    assert found["pipeline"]["steps"]["lost"] == {
        "use": "nothing", "with": {"image": "$clean.image"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ({"yaml": ""}, None),
        ({"yaml": "{"}, 1),
        ({"yaml": "name: a\nname: b"}, 2),
        ({"yaml": "a: !!python/object/apply:os.system [x]"}, 1),
        ({"yaml": "a: &a [x, x]\nb: &b [*a, *a]\n" + "c: [*b, *b]\n" * 3000}, None),
        ({"yaml": "x" * 70_000}, None),
        ({"yaml": "[" * 60_000}, 1),
        ({"yaml": "a\x00b"}, None),
        ({"pipeline": {}}, None),
        ({"pipeline": {"steps": {"a": {"use": "x", "with": {"b": [[[[1]]]] * 9000}}}}}, None),
        ({"pipeline": {"inputs": {"a": {"type": "choice", "of": [*range(513)]}}}}, None),
        ({"pipeline": {"name": "a", "steps": {str(n): {"use": "x"} for n in range(500)}}}, None),
    ],
)
def test_what_is_hostile_has_faults_and_nothing_worse(
    who: Tenants, what: dict[str, Any], line: int | None
) -> None:
    found = check(who.zoo, **what)
    assert not found["valid"]
    assert found["faults"]
    assert line is None or found["faults"][0]["line"] == line
    answer = who.zoo.post("/v1/pipelines", json=what)
    refused(answer, 422, "bad_pipeline")


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"yaml": 1}', b'{"yaml": "a", "pipeline": {}}', b"[" * 100_000,
     b'{"pipeline": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001,
     b'{"yaml": "' + b"x" * (1024 * 1024 + 1) + b'"}'],
)  # fmt: skip
def test_what_is_no_request_is_refused(who: Tenants, body: bytes) -> None:
    for path in ("/v1/pipelines/check", "/v1/pipelines"):
        headers = {"content-type": "application/json"}
        refused(who.zoo.post(path, content=body, headers=headers), 422, "bad_option")


def test_each_account_has_its_own(who: Tenants, picture: bytes) -> None:
    made = publish(who.acme, alias="live")
    assert (made["id"], made["owner"], made["aliases"]) == ("acme/large@1", "acme", {"live": 1})
    assert publish(who.acme)["version"] == 1
    assert publish(who.acme, LARGE.replace("Enlarges", "Again"))["id"] == "acme/large@2"
    assert publish(who.zoo, LARGE.replace("Enlarges", "Mine"))["id"] == "zoo/large@1"
    schemas.Pipeline.model_validate(made)  # these two answers are not held to it by the server
    told = who.acme.get("/v1/pipelines/large").json()
    assert schemas.Pipeline.model_validate(told).model_dump(by_alias=True) == told
    for name, title in (("large", "Again"), ("acme/large@live", "Enlarges"), ("large@2", "Again")):
        told = who.acme.get(f"/v1/pipelines/{name}").json()
        assert (told["title"], told["pipeline"]["title"]) == (title, title)
        assert yaml.safe_load(told["yaml"]) == told["pipeline"]
    listed = who.acme.get("/v1/pipelines").json()
    assert [one["id"] for one in listed["pipelines"]] == [*Shipped().names(), "acme/large@2"]
    assert listed["pipelines"][-1]["inputs"]["scale"] == {
        "type": "choice",
        "of": [1, 2],
        "default": 2,
    }
    for path in ("acme/large", "acme/large/versions", "acme/large/openapi.json"):
        refused(who.zoo.get(f"/v1/pipelines/{path}"), 404, "not_found")
        assert who.acme.get(f"/v1/pipelines/{path}").status_code == 200
    refused(who.zoo.post("/v1/pipelines/acme/large", files={"image": picture}), 404, "not_found")
    for path in ("large", "acme/large@2", "large@live"):
        answer = who.acme.post(f"/v1/pipelines/{path}", files={"image": picture})
        assert answer.status_code == 200, answer.text
        number = 1 if path.endswith("live") else 2
        assert answer.headers["x-printroom-pipeline"] == f"acme/large@{number}"
    refused(who.acme.patch("/v1/account", json={"handle": "acme-2"}), 422, "bad_option")


def test_versions_are_listed_and_aliases_move(who: Tenants) -> None:
    publish(who.acme, LARGE.replace("large", "tall"))
    publish(who.acme, LARGE.replace("large", "tall") + "description: Another\n")
    for version in (1, 2, 1):
        place = "/v1/pipelines/acme/tall/aliases/live"
        answer = who.acme.put(place, json={"version": version})
        assert answer.json() == {"alias": "live", "version": version}
        assert who.acme.get("/v1/pipelines/tall@live").json()["version"] == version
    listed = who.acme.get("/v1/pipelines/acme/tall/versions").json()["versions"]
    assert [(one["version"], one["aliases"]) for one in listed] == [(2, []), (1, ["live"])]
    refused(who.acme.put(place, json={"version": 3}), 404, "not_found")
    refused(who.zoo.put(place, json={"version": 1}), 404, "not_found")
    refused(who.zoo.delete(place), 404, "not_found")
    assert who.acme.delete(place).status_code == 204
    refused(who.acme.get("/v1/pipelines/tall@live"), 404, "not_found")
    log = who.acme.get("/v1/audit").json()["data"]
    assert [one["action"] for one in log[:2]] == ["pipeline.alias_removed", "pipeline.alias_moved"]
    told = {one["subject"] for one in log if one["action"] == "pipeline.published"}
    assert {"acme/tall@1", "acme/tall@2"} <= told


def test_what_is_sent_names_neither_files_nor_secrets(who: Tenants) -> None:
    judge = {"use": "moderate", "with": {"image": "$image", "model": "/etc/passwd", "classes": "a",
                                         "flag": "a"}}  # fmt: skip
    spec = {"name": "judge", "inputs": {"image": "picture"}, "steps": {"seen": judge}}
    for client in (who.local, who.acme):
        faults = check(client, pipeline=spec)["faults"]
        assert [one["port"] for one in faults] == ["model"]
        assert "names a file of this machine" in faults[0]["reason"]
        refused(client.post("/v1/pipelines", json={"pipeline": spec}), 422, "bad_pipeline")
    judge["with"] |= {"model": "$image", "classes": {"secret": "PASSWORD"}}
    told = [one["reason"] for one in check(who.acme, pipeline=spec)["faults"]]
    assert "secrets are those of the installation" in told
    told = [one["reason"] for one in check(who.local, pipeline=spec)["faults"]]
    assert "secrets are those of the installation" not in told
    spec["steps"] = {"a": {"use": "./step", "with": {}}}
    assert check(who.local, pipeline=spec)["faults"][0]["place"] == "steps.a.use"


@pytest.mark.parametrize("name", ["enhance", "check", "Large", "a/b", ""])
def test_some_names_are_not_to_be_had(who: Tenants, name: str) -> None:
    answer = who.zoo.post(
        "/v1/pipelines", json={"pipeline": yaml.safe_load(LARGE) | {"name": name}}
    )
    assert answer.status_code == 422


def test_the_palette_tells_what_there_is(who: Tenants) -> None:
    told = who.zoo.get("/v1/steps").json()
    steps = {one["name"]: one for one in told["steps"]}
    upscale = steps["upscale"]
    assert (upscale["group"], upscale["streams"], upscale["version"]) == ("enhance", True, None)
    assert upscale["inputs"]["image"] == {"type": "picture"}
    assert "image" not in upscale["parameters"]
    assert "per input pixel" in upscale["about"]["scale"]
    assert "a person should look" in steps["moderate"]["about"]["review"]
    assert set(upscale["parameters"]) < set(upscale["inputs"])
    assert "number" in told["kinds"]["choice"]["accepts"]
    assert told["kinds"]["picture"]["accepts"] == ["picture"]


def test_scopes_say_who_may_publish(who: Tenants) -> None:
    key = who.acme.post("/v1/keys", json={"name": "r", "scopes": ["pipelines:read"]}).json()
    with httpx.Client(base_url=who.guarded.url, headers=bearer(key["secret"])) as reader:
        assert check(reader, yaml=LARGE)["valid"]
        refused(reader.post("/v1/pipelines", json={"yaml": LARGE}), 403, "not_allowed")
        place = "/v1/pipelines/acme/large/aliases/live"
        refused(reader.put(place, json={"version": 1}), 403, "not_allowed")
        refused(reader.delete(place), 403, "not_allowed")
    for path in ("/v1/pipelines/check", "/v1/pipelines"):
        refused(who.guarded.nobody.post(path, json={"yaml": LARGE}), 401, "credentials_missing")


def test_an_account_opens_its_own_to_everybody(who: Tenants, picture: bytes) -> None:
    publish(who.zoo, LARGE.replace("large", "wide"))
    opened = who.zoo.put("/v1/public/wide", json={"rate": 100, "burst": 80, "daily": 100})
    assert opened.json()["name"] == "zoo/wide"
    files = {"image": picture}
    answer = who.guarded.nobody.post("/v1/pipelines/zoo/wide", files=files)
    assert answer.headers["x-printroom-pipeline"] == "zoo/wide@1"
    told = who.guarded.nobody.get("/v1/pipelines/zoo/wide").json()
    assert told["schema"]["input"]["required"] == ["image"]
    assert told["yaml"] is told["pipeline"] is told["by"] is None  # how it is made is not told
    drawn = who.guarded.nobody.get("/v1/pipelines/zoo/wide", headers={"accept": "image/svg+xml"})
    refused(drawn, 403, "not_allowed")
    refused(who.guarded.nobody.post("/v1/pipelines/wide", files=files), 401, "credentials_missing")
    refused(who.acme.put("/v1/public/zoo/wide", json={"rate": 1, "daily": 1}), 404, "not_found")
    assert who.zoo.delete("/v1/public/wide").status_code == 204


def test_its_own_openapi_document_has_one_address(who: Tenants) -> None:
    publish(who.acme, LARGE.replace("large", "wide"))
    told = who.acme.get("/v1/pipelines/acme/wide/openapi.json").json()
    assert list(told["paths"]) == ["/v1/pipelines/acme/wide@1"]
    named = set(re.findall(r'"#/components/(\w+)/(\w+)"', json.dumps(told)))
    assert ("schemas", "Problem") in named
    assert all(name in told["components"][kind] for kind, name in named)
    whole = who.acme.get("/openapi.json").json()["paths"]
    assert "/v1/pipelines/acme/wide" in whole
    assert "/v1/pipelines/acme/wide" not in who.zoo.get("/openapi.json").json()["paths"]


def test_a_token_runs_its_own_accounts_alone(who: Tenants, picture: bytes) -> None:
    publish(who.acme, LARGE.replace("large", "small"))
    publish(who.zoo, LARGE.replace("large", "small"))
    body = {"end_user": "u", "target": "small", "scopes": ["images", "runs:write", "runs:read"]}
    made = who.acme.post("/v1/tokens", json=body).json()
    uri = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    with httpx.Client(base_url=who.guarded.url, headers=bearer(made["token"])) as customer:
        answer = customer.post("/v1/pipelines/small", json={"image": uri})
        assert answer.headers["x-printroom-pipeline"] == "acme/small@1", answer.text
        run = customer.post("/v1/runs", json={"target": "small", "input": {"image": uri}}).json()
        assert run["target"] == "acme/small@1"
        assert customer.get(f"/v1/runs/{run['id']}").json()["target"] == "acme/small@1"
        for target in ("zoo/small", "large", "printroom/enhance", "local/small"):
            sent = {"target": target, "input": {"image": uri}}
            refused(customer.post("/v1/runs", json=sent), 404, "not_found")
            refused(customer.post(f"/v1/pipelines/{target}", json={"image": uri}), 404, "not_found")


def test_numbers_that_are_none_are_refused(who: Tenants) -> None:
    for text in ("NaN", "Infinity", "1e400"):
        body = f'{{"pipeline": {json.dumps(yaml.safe_load(LARGE))[:-1]}, "title": {text}}}}}'
        answer = who.zoo.post("/v1/pipelines/check", content=body,
                              headers={"content-type": "application/json"})  # fmt: skip
        assert answer.status_code in (200, 422)
        assert answer.status_code == 422 or not answer.json()["valid"]
