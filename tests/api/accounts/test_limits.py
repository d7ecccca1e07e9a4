"""Limits: rate, places, budgets, public pipelines; pages of other sites."""

import re
import socket

import httpx
import pytest

from .conftest import bearer, refused, until


def statuses(guarded, picture, secret, count):
    return [guarded.enhance(picture, secret) for _ in range(count)]


def test_a_rate_is_kept_and_told(guarded, picture):
    key = guarded.make_key("images", quota={"rate": 0.01, "burst": 3})
    answers = statuses(guarded, picture, key["secret"], 5)
    assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
    left = [re.search(r";r=(\d+);", one.headers["ratelimit"])[1] for one in answers]
    assert left == ["2", "1", "0", "0", "0"]
    assert answers[0].headers["ratelimit-policy"] == f'"{key["id"]}";q=3;w=300'
    refused(answers[-1], 429, "rate_limited")
    assert 0 < int(answers[-1].headers["retry-after"]) <= 100
    assert guarded.enhance(picture, guarded.make_key("images")["secret"]).status_code == 200


def test_other_routes_count_as_well(guarded):
    key = guarded.make_key("pipelines:read", quota={"rate": 0.01, "burst": 2})
    answers = [guarded.nobody.get("/v1/pipelines", headers=bearer(key["secret"])) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]


def test_processes_share_a_rate(guard, picture):
    with guard(processes=2) as guarded:
        key = guarded.make_key("images", quota={"rate": 0.001, "burst": 6})
        found = [
            httpx.post(
                f"{guarded.url}/v1/images/enhance", content=picture, headers=bearer(key["secret"])
            ).status_code
            for _ in range(12)
        ]
        assert sorted(found) == [200] * 6 + [429] * 6


def test_so_many_at_once(guarded, picture, long_work):
    key = guarded.make_key("images", quota={"running": 1})
    head, _, body = long_work.partition(b"\r\n\r\n")
    sent = head.replace(b"Host:", f"Authorization: Bearer {key['secret']}\r\nHost:".encode())

    def running():
        found = re.search(r"^printroom_requests_running (\S+)$", metrics(), re.M)
        return float(found[1]) == 1

    def metrics():
        return guarded.owner.get("/metrics").text

    with socket.create_connection(("127.0.0.1", guarded.server.port), timeout=120) as client:
        client.sendall(sent + b"\r\n\r\n" + body)
        until(running, "it does not begin")
        refused(guarded.enhance(picture, key["secret"]), 429, "too_many_at_once")
    until(  # the client hung up, or has its answer: the place is free again
        lambda: guarded.enhance(picture, key["secret"]).status_code == 200, "it is never given back"
    )


def test_a_budget_closes_and_opens_again_when_it_is_raised(guarded, picture):
    key = guarded.make_key("images", quota={"daily": 0.005})  # a picture of 80 x 60 costs 0.0048
    found = [one.status_code for one in statuses(guarded, picture, key["secret"], 4)]
    assert found == [200, 429, 429, 429]
    refusal = guarded.enhance(picture, key["secret"])
    refused(refusal, 429, "budget_spent")
    assert 0 < int(refusal.headers["retry-after"]) <= 86_400
    raised = guarded.owner.put(f"/v1/keys/{key['id']}/quota", json={"daily": 100})
    assert raised.status_code == 200
    assert guarded.enhance(picture, key["secret"]).status_code == 200


def test_who_owns_the_installation_limits_accounts(guard, picture):
    with guard() as guarded:
        answer = guarded.owner.put("/v1/quotas/local", json={"rate": 0.001, "burst": 5, "daily": 9})
        assert answer.status_code == 200
        refused(guarded.owner.put("/v1/quotas/nobody", json={}), 404, "not_found")
        mine = guarded.owner.get("/v1/quotas").json()
        assert (mine["rate"], mine["daily"], mine["spent_today"]) == (0.001, 9, 0)
        for _ in range(4):
            guarded.enhance(picture, guarded.key)
        refused(guarded.enhance(picture, guarded.key), 429, "rate_limited")


@pytest.mark.parametrize(
    "wrong", [{"rate": 0}, {"burst": 0}, {"daily": -1}, {"running": -1}, {"x": 1}]
)
def test_what_is_no_limit(guarded, wrong):
    refused(guarded.owner.put("/v1/quotas/local", json=wrong), 422, "bad_option")


def test_a_public_pipeline_is_for_everybody_within_its_limits(guard, picture):
    with guard() as guarded:
        files = {"image": picture}

        def run(**headers):
            data = {"fix": "none", "scale": "2"}
            return guarded.nobody.post(
                "/v1/pipelines/enhance", files=files, data=data,
                headers={"Accept": "image/png", **headers},
            )  # fmt: skip

        refused(run(), 401, "credentials_missing")
        opening = {"rate": 0.01, "burst": 8, "daily": 100, "origins": ["https://a.example.com"]}
        refused(guarded.owner.put("/v1/public/nothing", json=opening), 404, "not_found")
        assert guarded.owner.put("/v1/public/enhance", json=opening).status_code == 200
        page = {"Origin": "https://a.example.com"}
        answer = run(**page)
        assert answer.status_code == 200, answer.text
        assert answer.headers["access-control-allow-origin"] == "https://a.example.com"
        assert guarded.nobody.get("/v1/pipelines/enhance").status_code == 200
        refused(run(Origin="https://b.example.com"), 403, "cross_site")
        refused(guarded.nobody.get("/v1/pipelines"), 401, "credentials_missing")
        refused(guarded.nobody.get("/v1/keys"), 401, "credentials_missing")
        found = [run().status_code for _ in range(4)]
        assert found[-1] == 429  # one address has a quarter of the burst
        assert [one["name"] for one in guarded.owner.get("/v1/public").json()["data"]] == [
            "enhance"
        ]
        assert guarded.owner.delete("/v1/public/enhance").status_code == 204
        refused(run(), 401, "credentials_missing")


def test_pages_of_other_sites_use_the_keys_that_name_them(guarded, picture):
    site = "https://shop.example.com"
    key = guarded.make_key("images", origins=[site])
    other = guarded.make_key("images")
    ask = {
        "Origin": site,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    before = guarded.nobody.options("/v1/images/enhance", headers=ask)
    assert before.status_code == 204
    assert before.headers["access-control-allow-origin"] == site
    assert "authorization" in before.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in before.headers
    stranger = guarded.nobody.options(
        "/v1/images/enhance", headers=ask | {"Origin": "https://evil.example.com"}
    )
    assert "access-control-allow-origin" not in stranger.headers
    answer = guarded.enhance(picture, key["secret"], Origin=site)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == site
    assert answer.headers["vary"] == "Origin"
    refused(guarded.enhance(picture, other["secret"], Origin=site), 403, "cross_site")
    evil = guarded.enhance(picture, key["secret"], Origin="https://evil.example.com")
    refused(evil, 403, "cross_site")
    assert "access-control-allow-origin" not in evil.headers
    # A page can read why it was refused.
    unknown = guarded.enhance(picture, None, Origin=site)
    refused(unknown, 401, "credentials_missing")
    assert unknown.headers["access-control-allow-origin"] == site
