"""`/v1/people` at a real server with its worker: from consent to forgetting."""

import base64
import json

import httpx
import numpy as np
import pytest

from printroom.accounts import keys, people
from printroom.accounts.audit import CONSOLE, Actor
from printroom.accounts.credentials import mint
from printroom.accounts.keys import Draft
from printroom.accounts.principal import SCOPES
from printroom.core.settings import Settings
from printroom.imaging.vips import pyvips
from printroom.training.portraits.look import OURS, look
from printroom.training.portraits.people import somebody
from printroom.training.portraits.styles import render
from printroom.workshop import Workshop

CONSENT = {"name": "Ann", "consent": {"who": "Ann Smith"}, "pictures_needed": 5}


@pytest.fixture(scope="module")
def photos():
    random = np.random.default_rng(1)
    person = somebody(random)
    pictures = [render(person, "photo", look(OURS, random), 64) for _ in range(7)]
    return [
        bytes(pyvips.Image.new_from_array(one).copy(interpretation="srgb").pngsave_buffer())
        for one in pictures
    ]


@pytest.fixture(scope="module")
def site(serving, tmp_path_factory):
    """Address of a server where everybody says who they are, and keys: mine, another's, a
    reader's.
    """
    data = tmp_path_factory.mktemp("people")
    found = {}
    with Workshop(Settings(data=data)) as workshop:
        accounts = workshop.accounts
        for name, scopes in (("mine", SCOPES - {"admin"}), ("other", SCOPES - {"admin"})):
            account = accounts.do(people.create_account, CONSOLE, name)
            found[name] = _key(accounts, account.id, scopes)
            if name == "mine":
                found["reader"] = _key(accounts, account.id, {"people:read"})
    with serving(data, people_base="mini-32", http_login="1") as address:
        yield address, found


def _key(accounts, account, scopes):
    secret = mint("live")
    draft = Draft("test", tuple(sorted(scopes)))
    accounts.do(keys.created, Actor(account), draft, secret, SCOPES)
    return secret


@pytest.fixture(scope="module")
def mine(site):
    with client(site, "mine") as found:
        yield found


def client(site, who):
    address, secrets = site
    headers = {"Authorization": f"Bearer {secrets[who]}"}
    return httpx.Client(base_url=address, headers=headers, timeout=120)


def code(answer):
    return answer.status_code, answer.json()["code"]


def person_of(mine, **more):
    made = mine.post("/v1/people", json=CONSENT | more)
    assert made.status_code == 201, made.text
    return made.json()


def form(pictures):
    return [("picture", (f"{at}.jpg", one, "image/jpeg")) for at, one in enumerate(pictures)]


def test_nobody_is_entered_without_consent(mine):
    for body in ({"name": "Ann"}, {"name": "Ann", "consent": None}):
        assert code(mine.post("/v1/people", json=body)) == (422, "consent_missing")
    assert code(mine.post("/v1/people", json=CONSENT | {"more": 1})) == (422, "bad_option")
    assert mine.get("/v1/people").json()["data"] == []


def test_pictures_come_in_three_ways(mine, photos):
    place = f"/v1/people/{person_of(mine, pictures_needed=50)['id']}/pictures"
    sent = mine.post(place, files=form([photos[0], b"some text", photos[0]])).json()
    assert (sent["accepted"], sent["refused"]) == (1, 2)
    assert [one["name"] for one in sent["data"]] == ["0.jpg", "1.jpg", "2.jpg"]
    assert sent["data"][1]["findings"][0]["code"] == "picture"
    assert sent["data"][2]["findings"][-1]["code"] == "twin"
    file = mine.post("/v1/files", content=photos[1]).json()["id"]
    inline = "data:image/png;base64," + base64.b64encode(photos[2]).decode()
    assert mine.post(place, json={"pictures": [file, inline]}).json()["accepted"] == 2
    assert mine.post(place, content=photos[3], params={"name": "me"}).json()["accepted"] == 1
    listed = mine.get(place).json()["data"]
    assert [one["name"] for one in listed] == ["0.jpg", "", "", "me"]
    gone = mine.delete(f"{place}/{listed[0]['id']}").json()
    assert gone["pictures"] == 3
    for wrong in ({"json": {"pictures": []}}, {"json": {"pictures": ["nothing"]}},
                  {"files": [("other", b"x")]}, {"json": ["x"]}):  # fmt: skip
        assert code(mine.post(place, **wrong)) == (422, "bad_option")
    assert code(mine.post(place, json={"pictures": ["file_" + "0" * 32]})) == (404, "not_found")


def test_others_find_nothing_and_readers_change_nothing(site, mine, photos):
    person = person_of(mine)["id"]
    place = f"/v1/people/{person}"
    with client(site, "other") as other:
        answers = [
            other.get(place),
            other.get(f"{place}/pictures"),
            other.get(f"{place}/portraits"),
            other.get(f"{place}/events"),
            other.post(f"{place}/pictures", files=form(photos[:1])),
            other.post(f"{place}/train", json={}),
            other.post(f"{place}/portraits", json={}),
            other.delete(place),
        ]
        assert {code(one) for one in answers} == {(404, "not_found")}
        assert other.get("/v1/people").json()["data"] == []
    with client(site, "reader") as reader:
        assert reader.get(place).status_code == 200
        for answer in (
            reader.post("/v1/people", json=CONSENT),
            reader.post(f"{place}/portraits", json={}),
            reader.delete(place),
        ):
            assert code(answer) == (403, "not_allowed")
    with client(site, "mine") as nobody:
        nobody.headers.pop("Authorization")
        assert nobody.get(place).status_code == 401


def test_styles_of_ones_own(site, mine):
    place = "/v1/portraits/styles"
    assert mine.put(f"{place}/sketchbook", json={"prompt": " a pencil sketch "}).json() == {
        "name": "sketchbook",
        "prompt": "a pencil sketch",
        "own": True,
    }
    listed = {one["name"]: one["own"] for one in mine.get(place).json()["data"]}
    assert listed["comic"] is False
    assert listed["sketchbook"] is True
    naked = mine.put(f"{place}/naked", json={"prompt": "nude"})
    assert code(naked) == (422, "forbidden_words")
    assert code(mine.put(f"{place}/comic", json={"prompt": "x"})) == (422, "bad_option")
    with client(site, "other") as other:
        assert code(other.delete(f"{place}/sketchbook")) == (404, "not_found")
    assert mine.delete(f"{place}/sketchbook").status_code == 204


def test_from_the_last_picture_to_portraits_and_to_nothing(mine, photos):
    person = person_of(mine)
    place = person["urls"]["get"]
    four = mine.post(f"{place}/pictures", files=form(photos[:4])).json()["person"]
    assert (four["state"], four["pictures"]) == ("collecting", 4)
    assert code(mine.post(f"{place}/train", json={})) == (409, "too_few_pictures")
    assert code(mine.post(f"{place}/portraits", json={})) == (409, "wrong_state")
    assert code(mine.get(f"{place}/events")) == (404, "not_found")
    five = mine.post(f"{place}/pictures", files=form(photos[4:5])).json()["person"]
    assert five["state"] == "training"
    assert code(mine.post(f"{place}/train", json={})) == (409, "wrong_state")
    with mine.stream("GET", f"{place}/events") as stream:
        lines = [line for line in stream.iter_lines() if line.startswith(("event:", "data:"))]
    assert "event: progress" in lines
    assert json.loads(lines[-1].removeprefix("data: "))["person"]["state"] == "ready"

    for prompt, problem in (
        ("a nude person", "forbidden_words"), ("a" * 100_000, "bad_option"),
        ("a\0b", "bad_option"),
    ):  # fmt: skip
        answer = mine.post(f"{place}/portraits", json={"prompt": prompt})
        assert code(answer) == (422, problem)
    missing = mine.post(f"{place}/portraits", json={"style": "nothing"})
    assert code(missing) == (404, "not_found")

    asked = {"style": "comic", "seeds": [1, 2], "format": "jpeg"}
    headers = {"Prefer": "wait=60", "Idempotency-Key": "once"}
    run = mine.post(f"{place}/portraits", json=asked, headers=headers)
    assert run.status_code == 201
    told = run.json()
    assert (told["status"], told["target"]) == ("succeeded", "people/portrait")
    assert [one["media_type"] for one in told["output"]["pictures"]] == ["image/jpeg"] * 2
    assert told["usage"]["pictures"] == 2
    again = mine.post(f"{place}/portraits", json=asked, headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["id"] == told["id"]
    link = told["links"][0]["url"]
    with httpx.Client(base_url=str(mine.base_url)) as anybody:
        assert anybody.get(link).headers["content-type"] == "image/jpeg"
        assert anybody.get(link.partition("?")[0]).status_code == 404
    assert mine.get(f"/v1/runs/{told['id']}").json()["status"] == "succeeded"
    assert [one["id"] for one in mine.get("/v1/runs").json()["data"]] == [told["id"]]
    for target in ("people/portrait", f"people/{person['id']}"):
        found = mine.get("/v1/runs", params={"target": target}).json()["data"]
        assert [one["id"] for one in found] == [told["id"]]
    listed = mine.get(f"{place}/portraits").json()["data"]
    assert listed[0]["links"][0]["digest"] == told["links"][0]["digest"]
    (usage,) = mine.get("/v1/usage").json()["data"]
    assert (usage["runs"], usage["pictures"]) == (1, 2)

    gone = mine.delete(place).json()
    assert (gone["pictures"], gone["versions"], gone["portraits"]) == (5, 1, 1)
    for answer in (
        mine.get(place), mine.delete(place), mine.get(f"/v1/runs/{told['id']}"),
        mine.get(f"/v1/files/{told['output']['pictures'][0]['file']}"),
    ):  # fmt: skip
        assert code(answer) == (404, "not_found")
