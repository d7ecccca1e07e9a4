"""A server that lets in everybody on its own machine, and nobody else's pages."""

import os
import re
import socket
import subprocess
import sys

import httpx
import pytest

from printroom.accounts.credentials import mint
from printroom.api.accounts.sent import place_of

from .conftest import bearer, refused


@pytest.fixture(scope="module")
def home(start):
    with start() as server:
        yield server


def post(home, picture, **headers):
    return home.client.post("/v1/images/enhance", content=picture, headers=headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "localhost:1"},
        {"Host": "printroom.localhost"},
        {"Host": "[::1]:8000"},
        {"Authorization": "Bearer sk-whatever-clients-insist-on"},
        {"Cookie": f"printroom_session={mint('sess')}"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
    ],
)
def test_nobody_signs_in(home, picture, headers):
    assert post(home, picture, **headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example.com"},
        {"Host": "127.0.0.1.evil.example.com"},
        {"Host": "localhost.evil.example.com:8000"},
        {"Host": "192.168.1.7"},
        {"Host": "0.0.0.0"},
        {"Origin": "https://evil.example.com"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
        {"X-Forwarded-For": "10.0.0.7"},
        {"Forwarded": "for=10.0.0.7"},
    ],
)
def test_pages_of_others_and_names_of_others_are_refused(home, picture, headers):
    refused(post(home, picture, **headers), 403, "cross_site")
    refused(home.client.get("/v1/pipelines", headers=headers), 403, "cross_site")
    refused(home.client.get("/v1/keys", headers=headers), 403, "cross_site")


def test_its_own_pages_may(home, picture):
    origin = f"http://127.0.0.1:{home.port}"
    assert post(home, picture, Origin=origin).status_code == 200
    refused(post(home, picture, Origin=f"http://127.0.0.1:{home.port + 1}"), 403, "cross_site")


def test_a_link_from_another_page_may_be_followed(home):
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert home.client.get("/v1/pipelines", headers=headers).status_code == 200


def test_a_key_can_be_tried_there_and_one_that_is_nobodys_not(home, picture):
    made = home.client.post("/v1/keys", json={"name": "try", "scopes": ["runs:read"]}).json()
    refused(post(home, picture, **bearer(made["secret"])), 403, "not_allowed")
    refused(post(home, picture, **bearer(mint("live"))), 401, "credentials_unknown")
    assert post(home, picture).status_code == 200


def test_who_am_i(home):
    assert home.client.get("/v1/sessions").json()["needed"] is False
    me = home.client.get("/v1/sessions/current").json()
    assert (me["user"], me["account"]["id"], me["csrf"]) == (None, "local", None)
    assert "admin" in me["scopes"]


def test_the_first_account_closes_it_while_it_runs(start, picture):
    with start() as server:
        assert server.enhance(picture).status_code == 200
        body = {"email": "ann@example.com", "role": "owner", "password": "correct horse battery"}
        assert server.client.post("/v1/members", json=body).status_code == 201
        refused(server.enhance(picture), 401, "credentials_missing")


def command(*arguments, **settings):
    environment = os.environ | settings
    return subprocess.Popen(
        [sys.executable, "-m", "printroom", "serve", "--port", "0", *arguments],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_it_says_so_in_its_first_lines(tmp_path, models):
    settings = {"PRINTROOM_DATA": str(tmp_path), "PRINTROOM_MODELS": str(models),
                "PRINTROOM_PRELOAD": "test/double@1", "PRINTROOM_HTTP_WORKER": "0"}  # fmt: skip
    with command(**settings) as child:
        assert child.stdout.readline().startswith("printroom serves on http://127.0.0.1:")
        assert child.stdout.readline().startswith("nobody signs in here")
        child.terminate()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_another_address_refuses_to_start_and_says_what_to_do(tmp_path, host):
    if host == "::" and not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    with command("--host", host, PRINTROOM_DATA=str(tmp_path)) as child:
        out, err = child.communicate(timeout=60)
    assert child.returncode == 2
    assert out == ""
    for remedy in ("printroom accounts create", "PRINTROOM_OWNER_EMAIL", "PRINTROOM_OWNER_KEY"):
        assert remedy in err


def test_another_address_starts_with_a_key_and_asks_everybody(tmp_path, models, picture):
    key = mint("live")
    settings = {"PRINTROOM_DATA": str(tmp_path), "PRINTROOM_MODELS": str(models),
                "PRINTROOM_PRELOAD": "test/double@1", "PRINTROOM_OWNER_KEY": key,
                "PRINTROOM_HTTP_WORKER": "0"}  # fmt: skip
    with command("--host", "0.0.0.0", **settings) as child:
        port = re.search(r"http://0\.0\.0\.0:(\d+)", child.stdout.readline())[1]
        url = f"http://127.0.0.1:{port}/v1/images/enhance"
        assert httpx.post(url, content=picture).status_code == 401
        assert httpx.post(url, content=picture, headers=bearer(key)).status_code == 200
        child.terminate()
        assert key not in child.communicate(timeout=60)[1]


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("::1", "::/64"),
        ("2001:db8:1:2:3:4:5:6%eth0", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_a_client_counts_as_its_network(address, place):
    assert place_of(address) == place


def test_the_document_says_how_to_be_known(home):
    document = home.client.get("/openapi.json").json()
    assert set(document["components"]["securitySchemes"]) == {"bearer", "key", "session"}
    assert {"bearer": []} in document["security"]
