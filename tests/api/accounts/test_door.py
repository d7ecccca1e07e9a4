"""Who is let in, on the hot path and everywhere else, and what is said to others."""

import time

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printroom.accounts.credentials import mint
from printroom.api.accounts.door import FRESH

from .conftest import bearer, refused, until

HEALTH = ("/healthz", "/readyz")


def test_health_and_pages_are_for_everybody(guarded):
    for path in (*HEALTH, "/", "/docs", "/sample.jpg", "/v2/health/live", "/v2/health/ready"):
        assert guarded.nobody.get(path).status_code == 200


def test_everything_else_is_for_who_is_known(guarded, picture):
    document = guarded.owner.get("/openapi.json").json()
    signing_in = {"/v1/sessions", "/v1/sessions/oidc", "/v1/sessions/oidc/callback"}
    open_paths = {*HEALTH, *signing_in, "/v1/payments/notices"}  # these are signed themselves
    tried = 0
    for path, operations in document["paths"].items():
        if path in open_paths:
            continue
        for method in operations:
            if method == "parameters":
                continue
            filled = path.replace("{", "").replace("}", "")
            answer = guarded.nobody.request(method, filled)
            assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
            if method != "head":
                refused(answer, 401, "credentials_missing")
            tried += 1
    assert tried > 25
    for path in ("/metrics", "/openapi.json", "/v2", "/v2/models/x", "/nowhere"):
        refused(guarded.nobody.get(path), 401, "credentials_missing")
    assert guarded.nobody.post("/v2/models/x/infer", content=picture).status_code == 401
    for path in ("/v1/images/enhance", "/v1/pipelines/enhance"):
        answer = guarded.nobody.post(path, content=picture)
        assert refused(answer, 401, "credentials_missing")
        assert answer.headers["www-authenticate"] == 'Bearer realm="printroom"'


@pytest.mark.parametrize(
    "headers",
    [
        lambda key: {"Authorization": f"Bearer {key}"},
        lambda key: {"Authorization": f"bearer  {key}"},
        lambda key: {"Authorization": f"Token {key}"},
        lambda key: {"X-Api-Key": key},
    ],
)
def test_a_key_comes_in_by_any_of_its_headers(guarded, picture, headers):
    sent = headers(guarded.make_key()["secret"])
    answer = guarded.nobody.post("/v1/images/enhance", content=picture, headers=sent)
    assert answer.status_code == 200


def test_each_kind_of_bad_key_has_its_code(guarded, picture):
    key = guarded.make_key("images")
    for secret, code in (
        (key["secret"][:-1], "credentials_malformed"),
        ("sk-something-of-others", "credentials_malformed"),
        (mint("live"), "credentials_unknown"),
        (mint("sess"), "credentials_unknown"),
    ):
        answer = guarded.enhance(picture, secret)
        refused(answer, 401, code)
        assert code in answer.headers["www-authenticate"]
    basic = guarded.nobody.post("/v1/images/enhance", headers={"Authorization": "Basic eDp5"})
    refused(basic, 401, "credentials_malformed")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.binary(min_size=1, max_size=80), st.sampled_from(["Authorization", "X-Api-Key", "Cookie"])
)
def test_whatever_is_sent_as_a_key_is_refused_by_a_code(guarded, value, name):
    sent = bytes(byte for byte in value if byte >= 0x20 and byte != 0x7F).strip() or b"x"
    prefix = {"Authorization": b"Bearer ", "X-Api-Key": b"", "Cookie": b"printroom_session="}[name]
    answer = guarded.nobody.get("/v1/keys", headers=[(name.encode(), prefix + sent)])
    assert answer.status_code == 401
    assert answer.json()["code"].startswith("credentials_")


def test_a_revoked_key_stops_at_once_where_it_was_revoked(guarded, picture):
    key = guarded.make_key("images")
    assert guarded.enhance(picture, key["secret"]).status_code == 200
    assert guarded.owner.delete(f"/v1/keys/{key['id']}").status_code == 200
    refused(guarded.enhance(picture, key["secret"]), 401, "credentials_revoked")
    assert guarded.owner.get(f"/v1/keys/{key['id']}").json()["revoked_at"] is not None


def test_under_scoped_and_other_accounts_things(guarded, picture):
    reader = guarded.make_key("runs:read")["secret"]
    refused(guarded.enhance(picture, reader), 403, "not_allowed")
    for path in ("/v1/keys", "/v1/usage", "/v1/members", "/v1/audit", "/v1/accounts", "/metrics"):
        refused(guarded.nobody.get(path, headers=bearer(reader)), 403, "not_allowed")
    body = {"name": "Other", "email": "bob@example.com", "password": "another horse battery"}
    other = guarded.owner.post("/v1/accounts", json=body)
    assert other.status_code == 201
    theirs = httpx.Client(base_url=guarded.url)
    signed = theirs.post(
        "/v1/sessions", json={"email": "bob@example.com", "password": "another horse battery"}
    )
    theirs.headers["X-CSRF-Token"] = signed.json()["csrf"]
    mine = guarded.make_key("images")
    refused(theirs.get(f"/v1/keys/{mine['id']}"), 404, "not_found")
    refused(theirs.delete(f"/v1/keys/{mine['id']}"), 404, "not_found")
    refused(theirs.get("/v1/accounts"), 403, "not_allowed")
    assert theirs.get("/v1/keys").json()["data"] == []
    theirs.close()


def test_an_expired_key(guard, picture):
    with guard() as guarded:
        key = guarded.make_key("images", expires_in=60)
        assert key["expires_at"] - key["created_at"] == pytest.approx(60)
        rotated = guarded.owner.post(f"/v1/keys/{key['id']}/rotate", json={"overlap": 0})
        assert rotated.status_code == 201
        refused(guarded.enhance(picture, key["secret"]), 401, "credentials_expired")
        assert guarded.enhance(picture, rotated.json()["secret"]).status_code == 200


def test_several_processes_hear_of_a_revocation_in_time(guard, picture):
    with guard(processes=2) as guarded:
        key = guarded.make_key("images")

        def statuses():
            fresh = (
                httpx.post(
                    f"{guarded.url}/v1/images/enhance", content=picture,
                    headers=bearer(key["secret"]),
                )
                for _ in range(8)
            )  # fmt: skip
            return {answer.status_code for answer in fresh}

        assert statuses() == {200}
        guarded.owner.delete(f"/v1/keys/{key['id']}")
        until(lambda: statuses() == {401}, "it still works", seconds=FRESH + 10)


def test_metrics_may_be_left_open(guard):
    with guard({"PRINTROOM_HTTP_METRICS_OPEN": "1"}) as guarded:
        assert "printroom_requests" in guarded.nobody.get("/metrics").text


def test_a_database_that_is_away_stops_nobody_who_is_known(guard, picture, postgres):
    with guard({"PRINTROOM_DATABASE_URL": postgres.create()}) as guarded:
        key, other = (guarded.make_key("images")["secret"] for _ in range(2))
        assert guarded.enhance(picture, key).status_code == 200
        postgres.stop()
        time.sleep(FRESH + 0.5)
        assert guarded.enhance(picture, key).status_code == 200
        refused(guarded.enhance(picture, other), 503, "database_unavailable")
        postgres.begin()
        until(lambda: guarded.enhance(picture, other).status_code == 200, "it stays away")
        until(lambda: sum(row["runs"] for row in guarded.usage()) >= 3, "some uses are lost")
