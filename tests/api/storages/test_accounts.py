"""On a server that people sign in to, each account has its own stores, and signed addresses need
no key.
"""

import httpx
import pytest

from printroom.accounts.credentials import mint

EMAIL, PASSWORD = "ann@example.com", "correct horse battery"


@pytest.fixture(scope="module")
def owner(start):
    """Whoever owns the server, with a key; and the server's address without."""
    key = mint("live")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRINTROOM_OWNER_EMAIL", EMAIL)
        patch.setenv("PRINTROOM_OWNER_PASSWORD", PASSWORD)
        patch.setenv("PRINTROOM_OWNER_KEY", key)
        patch.setenv("PRINTROOM_HTTP_WORKER", "0")
        patch.setenv("PRINTROOM_ENDPOINTS", "minio.example:9000")
        server = start()
    with server, client(server, key) as known:
        known.server = server
        yield known


def client(server, key):
    address = f"http://127.0.0.1:{server.port}"
    return httpx.Client(base_url=address, timeout=60, headers={"Authorization": f"Bearer {key}"})


@pytest.fixture(scope="module")
def other(owner):
    """Another account's key."""
    wanted = {"name": "Other", "email": "bob@example.com", "password": "another long password"}
    answer = owner.post("/v1/accounts", json=wanted)
    assert answer.status_code == 201, answer.text
    with httpx.Client(base_url=owner.base_url, timeout=60) as browser:
        signed_in = browser.post("/v1/sessions", json={k: wanted[k] for k in ("email", "password")})
        assert signed_in.status_code == 201, signed_in.text
        browser.headers["X-CSRF-Token"] = signed_in.json()["csrf"]
        body = {"name": "all", "scopes": ["files:read", "files:write"]}
        made = browser.post("/v1/keys", json=body)
        assert made.status_code == 201, made.text
    with client(owner.server, made.json()["secret"]) as known:
        yield known


def test_accounts_do_not_see_each_others_stores(owner, other):
    wanted = {"address": "s3://bucket/?endpoint=http://minio.example:9000"}
    wanted["secrets"] = {"access_key_id": "id", "secret_access_key": "hush-hush"}
    assert owner.put("/v1/storages/photos", json=wanted).status_code == 200
    assert other.get("/v1/storages").json() == {"storages": []}
    assert other.get("/v1/storages/photos").status_code == 404
    assert other.post("/v1/storages/photos/test").status_code == 404
    assert other.delete("/v1/storages/photos").status_code == 404
    assert [one["name"] for one in owner.get("/v1/storages").json()["storages"]] == ["photos"]
    assert "hush-hush" not in owner.get("/v1/storages").text


@pytest.mark.parametrize(
    "address",
    ["fs:///etc", "s3://b/?endpoint=http://169.254.169.254", "s3://b/?ambient=on", "memory://"],
)
def test_accounts_have_nothing_of_this_machine(other, address):
    answer = other.put("/v1/storages/mine", json={"address": address})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_a_key_needs_the_scope(owner, other):
    body = {"name": "little", "scopes": ["files:read"]}
    little = owner.post("/v1/keys", json=body).json()["secret"]
    with client(owner.server, little) as known:
        assert known.get("/v1/storages").status_code == 200
        wanted = {"address": "s3://bucket/"}
        assert known.put("/v1/storages/a", json=wanted).status_code == 403
    with httpx.Client(base_url=owner.base_url, timeout=60) as nobody:
        assert nobody.get("/v1/storages").status_code == 401


def test_a_signed_address_is_all_that_is_needed(owner, other):
    data = b"for who has the address"
    made = owner.post("/v1/files", files={"file": ("a.txt", data, "text/plain")})
    assert made.status_code in (200, 201), made.text
    digest = made.json()["digest"].removeprefix("sha256:")
    link = owner.post(f"/v1/artifacts/{digest}/links", json={"seconds": 60})
    assert link.status_code == 200, link.text
    assert other.post(f"/v1/artifacts/{digest}/links", json={}).status_code == 404
    assert other.put(f"/v1/artifacts/{digest}/public").status_code == 404
    with httpx.Client(base_url=owner.base_url, timeout=60) as nobody:
        assert nobody.get(link.json()["url"]).content == data
        assert nobody.get(f"/a/{digest}").status_code == 404
        assert nobody.post(f"/v1/artifacts/{digest}/links", json={}).status_code == 401
        assert owner.put(f"/v1/artifacts/{digest}/public").status_code == 204
        assert nobody.get(f"/a/{digest}").content == data
