"""Signing in: cookies, CSRF, tries; members and roles over HTTP; the audit log; tokens."""

import httpx
import pytest

from .conftest import EMAIL, PASSWORD, bearer, refused


@pytest.fixture
def browser(guarded):
    client = guarded.browser()
    yield client
    client.close()


def test_the_cookie_is_kept_from_scripts_and_other_sites(guarded):
    answer = guarded.nobody.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    guarded.nobody.cookies.clear()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie  # plain http on loopback


def test_over_https_the_cookie_goes_over_https_alone(guard):
    with guard({"PRINTROOM_URL": "https://pictures.example.com"}) as guarded:
        body = {"email": EMAIL, "password": PASSWORD}
        answer = guarded.nobody.post(
            "/v1/sessions", json=body, headers={"Origin": "https://pictures.example.com"}
        )
        assert answer.status_code == 201
        assert "secure" in answer.headers["set-cookie"].lower()


def test_a_session_is_somebody(browser):
    me = browser.get("/v1/sessions/current").json()
    assert me["user"]["email"] == EMAIL
    assert me["csrf"] == browser.headers["X-CSRF-Token"]
    assert "admin" in me["scopes"]


def test_to_change_anything_a_page_needs_the_token(browser):
    body = {"name": "x", "scopes": ["images"]}
    token = browser.headers.pop("X-CSRF-Token")
    assert browser.get("/v1/keys").status_code == 200
    refused(browser.post("/v1/keys", json=body), 403, "cross_site")
    for wrong in ("", "0" * 32, token[:-1]):
        refused(
            browser.post("/v1/keys", json=body, headers={"X-CSRF-Token": wrong}), 403, "cross_site"
        )
    answer = browser.post("/v1/keys", json=body, headers={"X-CSRF-Token": token})
    assert answer.status_code == 201


def test_the_hot_path_takes_sessions_and_their_token_too(browser, picture):
    assert browser.post("/v1/images/enhance", content=picture).status_code == 200
    del browser.headers["X-CSRF-Token"]
    refused(browser.post("/v1/images/enhance", content=picture), 403, "cross_site")


def test_other_sites_do_nothing_with_a_session(browser):
    origin = {"Origin": "https://evil.example.com"}
    refused(browser.get("/v1/keys", headers=origin), 403, "cross_site")
    refused(browser.post("/v1/keys", json={}, headers=origin), 403, "cross_site")
    answer = browser.get("/v1/sessions/current", headers=origin)
    assert "access-control-allow-origin" not in answer.headers
    body = {"email": EMAIL, "password": PASSWORD}
    refused(browser.post("/v1/sessions", json=body, headers=origin), 403, "cross_site")


def test_signing_out_ends_the_session(guarded, browser):
    cookie = browser.cookies["printroom_session"]
    assert browser.delete("/v1/sessions/current").status_code == 204
    answer = guarded.nobody.get("/v1/keys", headers={"Cookie": f"printroom_session={cookie}"})
    refused(answer, 401, "credentials_unknown")


def test_wrong_passwords_look_alike_and_are_limited(guard):
    with guard() as guarded:

        def tried(email):
            body = {"email": email, "password": "wrong password"}
            return guarded.nobody.post("/v1/sessions", json=body)

        known, unknown = tried(EMAIL), tried("nobody@example.com")
        for answer in (known, unknown):
            refused(answer, 401, "wrong_password")
        assert known.json()["detail"] == unknown.json()["detail"]
        answers = [tried(EMAIL) for _ in range(12)]
        last = refused(answers[-1], 429, "rate_limited")
        assert int(answers[-1].headers["retry-after"]) == last["retry_after"] > 0
        # Nobody else is locked out, and neither is the owner's key.
        refused(tried("else@example.com"), 401, "wrong_password")
        assert guarded.owner.get("/v1/keys").status_code == 200


def test_members_and_their_roles(guarded, browser):
    body = {"email": "Vic@Example.com", "role": "viewer", "password": "another horse battery"}
    joined = browser.post("/v1/members", json=body)
    assert joined.status_code == 201
    vic = joined.json()
    assert vic["email"] == "vic@example.com"
    refused(browser.post("/v1/members", json=body), 409, "already_exists")
    with httpx.Client(base_url=guarded.url) as client:
        signed = client.post(
            "/v1/sessions", json={"email": "vic@example.com", "password": body["password"]}
        )
        client.headers["X-CSRF-Token"] = signed.json()["csrf"]
        refused(client.get("/v1/members"), 403, "not_allowed")
        refused(client.post("/v1/images/enhance", content=b"x"), 403, "not_allowed")
        changed = browser.patch(f"/v1/members/{vic['user']}", json={"role": "admin"})
        assert changed.json()["role"] == "admin"
        assert client.get("/v1/members").status_code == 200
        owner = {"email": "eve@example.com", "role": "owner"}
        refused(client.post("/v1/members", json=owner), 403, "not_allowed")
        me = next(one for one in client.get("/v1/members").json()["data"] if one["role"] == "owner")
        refused(client.delete(f"/v1/members/{me['user']}"), 403, "not_allowed")
        assert browser.delete(f"/v1/members/{vic['user']}").status_code == 204
        refused(client.get("/v1/members"), 401, "credentials_unknown")
    log = browser.get("/v1/audit").json()["data"]
    actions = [entry["action"] for entry in log]
    for action in ("member.left", "member.role_changed", "member.joined", "session.begun"):
        assert action in actions
    assert PASSWORD not in str(log)
    assert {entry["address"] for entry in log if entry["user"]} == {"127.0.0.1"}


def test_the_account_has_a_name(browser):
    assert browser.patch("/v1/account", json={"name": "Darkroom"}).json()["name"] == "Darkroom"
    assert browser.get("/v1/account").json() == browser.get("/v1/account").json() | {
        "id": "local", "name": "Darkroom",
    }  # fmt: skip
    refused(browser.patch("/v1/account", json={"name": ""}), 422, "bad_option")
    refused(browser.patch("/v1/account", json={"title": "x"}), 422, "bad_option")


def test_keys_are_paged_and_their_secrets_shown_once(guard):
    with guard() as guarded:
        made = [guarded.make_key(name=f"key {n}")["id"] for n in range(5)]
        seen, before = [], None
        while True:
            params = {"most": 2} | ({"before": before} if before else {})
            page = guarded.owner.get("/v1/keys", params=params).json()
            seen += page["data"]
            before = page["next"]
            if before is None:
                break
        assert [one["id"] for one in seen][:5] == made[::-1]
        assert "secret" not in str([list(one) for one in seen])


def test_a_token_runs_its_pipeline_and_nothing_else(guarded, picture):
    maker = guarded.make_key("images", "runs:read", "pipelines:read")
    client = httpx.Client(base_url=guarded.url, headers=bearer(maker["secret"]))
    wish = {"end_user": "customer-7", "target": "enhance", "minutes": 5}
    answer = client.post("/v1/tokens", json=wish)
    assert answer.status_code == 201
    token = answer.json()["token"]
    assert guarded.enhance(picture, token).status_code == 200
    as_token = httpx.Client(base_url=guarded.url, headers=bearer(token))
    refused(as_token.post("/v1/pipelines/other", content=b""), 404, "not_found")
    for path in ("/v1/keys", "/v1/usage", "/v1/account", "/openapi.json", "/v1/sessions/current"):
        refused(as_token.get(path), 403, "not_allowed")
    refused(as_token.post("/v1/tokens", json=wish), 403, "not_allowed")
    more = wish | {"scopes": ["runs:write"]}
    refused(client.post("/v1/tokens", json=more), 403, "not_allowed")
    refused(client.post("/v1/tokens", json=wish | {"minutes": 100_000}), 422, "bad_option")
    refused(guarded.enhance(picture, token[:-2]), 401, "credentials_malformed")
    guarded.owner.delete(f"/v1/keys/{maker['id']}")
    refused(guarded.enhance(picture, token), 401, "credentials_revoked")
    client.close()
    as_token.close()
