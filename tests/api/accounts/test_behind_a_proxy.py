"""A server behind a proxy and below a path: who is counted, what is told, what is in the log.

The proxy is 127.0.0.1; another machine is 127.0.0.2, whose word counts for nothing.
"""

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from printroom.accounts.credentials import mint

from .conftest import EMAIL, PASSWORD, bearer, refused, until
from .provider import CLIENT, SECRET, Provider

ANN, BOB, FORGED = "203.0.113.7", "203.0.113.8", "198.51.100.66"


@pytest.fixture(scope="module")
def site(guard):
    with Provider() as provider:
        settings = {
            "PRINTROOM_HTTP_PROXIES": "127.0.0.1/32, ::1",
            "PRINTROOM_OIDC_ISSUER": provider.issuer,
            "PRINTROOM_OIDC_CLIENT": CLIENT,
            "PRINTROOM_OIDC_SECRET": SECRET,
        }
        with guard(settings) as guarded:
            yield guarded


@pytest.fixture
def elsewhere(site):
    """A client that does not come through the proxy, and says it did."""
    transport = httpx.HTTPTransport(local_address="127.0.0.2")
    said = through(FORGED) | {"Forwarded": f"for={FORGED};proto=https"}
    with httpx.Client(base_url=site.url, transport=transport, headers=said, timeout=60) as client:
        yield client


def through(client, **more):
    """What the proxy says."""
    return {
        "X-Forwarded-For": f"{FORGED}, {client}",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/pictures",
        **more,
    }


def audited(site, action, **wanted):
    """Entries of the log with that action."""
    found = site.owner.get("/v1/audit").json()["data"]
    return [
        one
        for one in found
        if one["action"] == action and all(one[name] == value for name, value in wanted.items())
    ]


def sign_in(client, password, email=EMAIL, **headers):
    return client.post("/v1/sessions", json={"email": email, "password": password}, headers=headers)


def test_the_log_has_the_clients_address(site, elsewhere):
    body = {"name": "a", "scopes": ["images"]}
    site.owner.post("/v1/keys", json=body, headers=through(ANN)).raise_for_status()
    elsewhere.post("/v1/keys", json=body, headers=bearer(site.key)).raise_for_status()
    assert [one["address"] for one in audited(site, "key.created")][:2] == ["127.0.0.2", ANN]
    key = audited(site, "key.created")[1]["subject"]
    for name, method, path, sent in (
        ("key.rotated", "POST", f"/v1/keys/{key}/rotate", {"overlap": 0}),
        ("quota.set", "PUT", f"/v1/keys/{key}/quota", {"rate": 5}),
        ("key.revoked", "DELETE", f"/v1/keys/{key}", None),
    ):
        answer = site.owner.request(method, path, json=sent, headers=through(ANN))
        assert answer.is_success, answer.text
        (entry,) = audited(site, name, subject=key)
        assert entry["address"] == ANN


def test_roles_are_in_the_log(site):
    new = {"email": "eve@example.com", "role": "viewer"}
    user = site.owner.post("/v1/members", json=new, headers=through(BOB)).json()["user"]
    changed = site.owner.patch(f"/v1/members/{user}", json={"role": "admin"}, headers=through(BOB))
    assert changed.status_code == 200, changed.text
    (entry,) = audited(site, "member.role_changed", subject=user)
    assert (entry["address"], entry["details"]["role"]) == (BOB, "admin")
    assert audited(site, "member.joined", subject=user)[0]["address"] == BOB


def test_a_session_begins_and_ends_in_the_log(site):
    with httpx.Client(base_url=site.url, timeout=60) as client:
        answer = sign_in(client, PASSWORD, **through(ANN))
        assert answer.status_code == 201, answer.text
        cookie = answer.headers["set-cookie"]
        assert "Secure" in cookie
        assert re.search(r"[Pp]ath=/pictures/(;|$)", cookie)
        secret = cookie.partition(";")[0]
        headers = through(ANN, Cookie=secret) | {"X-CSRF-Token": answer.json()["csrf"]}
        assert client.delete("/v1/sessions/current", headers=headers).status_code == 204
    user = answer.json()["user"]
    for action in ("session.begun", "session.ended"):
        (entry,) = audited(site, action, subject=user, address=ANN)
        assert entry["user"] == user


def test_wrong_passwords_are_added_up_by_address(site, elsewhere):
    for _ in range(6):
        refused(sign_in(site.nobody, "not this one", **through(BOB)), 401, "wrong_password")
    refused(sign_in(elsewhere, "not this one"), 401, "wrong_password")
    refused(sign_in(site.nobody, "no", "nobody@example.com", **through(ANN)), 401, "wrong_password")

    def found():
        return audited(site, "session.refused")

    until(lambda: len(found()) == 3, "the refusals are not in the log")
    places = {one["address"]: one for one in found()}
    assert set(places) == {ANN, BOB, "127.0.0.2"}
    assert places[BOB]["details"] == {"code": "wrong_password", "count": 1}
    (member,) = [
        one for one in site.owner.get("/v1/members").json()["data"] if one["email"] == EMAIL
    ]
    assert places[BOB]["subject"] == member["user"]
    assert places[ANN]["subject"] == ""
    assert "nobody@" not in site.owner.get("/v1/audit").text


def test_refused_keys_are_added_up(site):
    made = site.make_key("images")
    site.owner.delete(f"/v1/keys/{made['id']}").raise_for_status()
    for _ in range(5):
        for secret in (made["secret"], mint("live"), "pr_live_nonsense"):
            headers = bearer(secret) | through(ANN)
            assert site.nobody.get("/v1/keys", headers=headers).status_code == 401
    site.nobody.get("/v1/keys", headers=through(ANN))  # nothing sent is nothing refused
    until(lambda: len(audited(site, "key.refused")) >= 3, "the refusals are not in the log")
    found = audited(site, "key.refused")
    assert {one["details"]["code"]: one["subject"] for one in found} == {
        "credentials_revoked": made["id"],
        "credentials_unknown": "",
        "credentials_malformed": "",
    }
    assert {one["address"] for one in found} == {ANN}


def test_each_client_has_tries_and_rates_of_its_own(site, elsewhere, picture):
    email = "dan@example.com"

    def tried(client, **headers):
        return [sign_in(client, "no", email, **headers).status_code for _ in range(11)]

    assert tried(site.nobody, **through("203.0.113.30")).count(429) == 1
    assert tried(site.nobody, **through("203.0.113.31"))[:10] == [401] * 10
    assert tried(elsewhere)[:10] == [401] * 10
    forging = [
        sign_in(elsewhere, "no", email, **{"X-Forwarded-For": f"203.0.113.{number}"}).status_code
        for number in (32, 33)
    ]
    assert forging == [429, 429]

    opening = {"rate": 0.001, "burst": 4, "daily": 100}
    site.owner.put("/v1/public/enhance", json=opening).raise_for_status()

    def run(client, **headers):
        return client.post(
            "/v1/pipelines/enhance", files={"image": picture}, data={"scale": "2"}, headers=headers
        ).status_code

    assert [run(site.nobody, **through(one)) for one in (ANN, BOB, ANN)] == [200, 200, 429]
    assert [run(elsewhere), run(elsewhere, **{"X-Forwarded-For": BOB})] == [200, 429]


def test_signing_in_elsewhere_comes_back_below_the_path(site):
    headers = through(ANN, Host="example.com")
    with httpx.Client(base_url=site.url, timeout=60, headers=headers) as browser:
        there = browser.get("/v1/sessions/oidc")
        assert there.status_code == 302, there.text
        (back,) = parse_qs(urlsplit(there.headers["location"]).query)["redirect_uri"]
        assert back == "https://example.com/pictures/v1/sessions/oidc/callback"
        assert "Path=/pictures/v1/sessions/oidc" in there.headers["set-cookie"]
        cookie = there.headers["set-cookie"].partition(";")[0]
        landed = urlsplit(httpx.get(there.headers["location"]).headers["location"])
        answer = browser.get(
            f"/v1/sessions/oidc/callback?{landed.query}", headers={"Cookie": cookie}
        )
        assert (answer.status_code, answer.headers["location"]) == (302, "/pictures/"), answer.text
        refused(browser.get("/v1/sessions/oidc/callback?state=a&code=b"), 502, "provider_failed")
    until(lambda: audited(site, "session.refused", address=ANN), "the refusal is not in the log")


def test_addresses_in_answers_are_below_the_path(site, elsewhere, picture):
    made = site.owner.post("/v1/files", content=picture, headers=through(ANN))
    assert made.headers["location"] == f"/pictures/v1/files/{made.json()['id']}"
    document = site.owner.get("/openapi.json", headers=through(ANN)).json()
    assert document["servers"] == [{"url": "/pictures"}]
    made = elsewhere.post("/v1/files", content=picture, headers=bearer(site.key))
    assert made.headers["location"] == f"/v1/files/{made.json()['id']}"
    assert "servers" not in elsewhere.get("/openapi.json", headers=bearer(site.key)).json()


def test_replicates_addresses_are_below_the_path_and_are_taken_back(site, picture):
    told = through(ANN, Host="pictures.example")
    begins = "https://pictures.example/pictures/compat/replicate/v1/"
    model = site.owner.get("/compat/replicate/v1/models/printroom/enhance", headers=told).json()
    assert model["url"] == f"{begins}models/printroom/enhance"
    files = {"content": ("a.png", picture, "image/png")}
    sent = site.owner.post("/compat/replicate/v1/files", files=files, headers=told).json()
    assert sent["urls"]["get"].startswith(f"{begins}files/file_")
    body = {"version": "enhance", "input": {"image": sent["urls"]["get"]}}
    made = site.owner.post("/compat/replicate/v1/predictions", json=body, headers=told)
    run = site.owner.get(f"/v1/runs/{made.json()['id']}").json()
    assert run["input"]["image"] == sent["id"]


def test_the_docs_page_asks_beside_itself(site):
    page = site.nobody.get("/docs", headers=through(ANN)).text
    assert 'fetch("openapi.json")' in page
    assert not re.findall(r"""(?:href|src)=["']/""", page)
