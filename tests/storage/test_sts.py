"""Credentials for a part of a bucket: signed as the vendor signs, and good for no more."""

import json
from datetime import UTC, datetime

import pytest

from printroom.core.errors import NotOffered, OutOfScope, StoreRefused, StoreUnavailable
from printroom.storage.address import Address
from printroom.storage.keys import Prefix
from printroom.storage.opening import open_store
from printroom.storage.sts import limited, policy, signed

KEYS = {"access_key_id": "accesskey", "secret_access_key": "secretkey12"}


@pytest.mark.parametrize("token", [None, "session-token"])
def test_signatures_agree_with_the_vendors(token):
    auth = pytest.importorskip("botocore.auth")
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    url, body = "https://sts.eu-west-1.amazonaws.com/", b"Action=AssumeRole&Policy=%7B%7D"
    secrets = KEYS | ({"session_token": token} if token else {})
    ours = signed(url, body, "eu-west-1", secrets, datetime.now(UTC))
    headers = {name: ours[name] for name in ("content-type", "x-amz-date")}
    request = AWSRequest("POST", url, headers, body)
    request.context["timestamp"] = ours["x-amz-date"]
    signer = auth.SigV4Auth(Credentials(*KEYS.values(), token), "sts", "eu-west-1")
    if token:
        request.headers["x-amz-security-token"] = token
    text = signer.string_to_sign(request, signer.canonical_request(request))
    assert ours["authorization"].endswith(signer.signature(text, request))


def test_the_policy_allows_that_and_nothing_else():
    control = pytest.importorskip("moto.iam.access_control")
    address = Address.parse("s3://bucket/root")
    text = json.dumps(policy(address, [Prefix("models/a*")], [Prefix("results/42")]))

    def allowed(verb, key):
        resource = f"arn:aws:s3:::bucket/{key}"
        found = control.IAMPolicy({"policy_document": text}).is_action_permitted(
            f"s3:{verb}", resource
        )
        return found == control.PermissionResult.PERMITTED

    assert allowed("GetObject", "root/results/42/out")
    assert allowed("PutObject", "root/results/42/out")
    assert allowed("DeleteObject", "root/results/42/out")
    for verb, key in [
        ("PutObject", "root/models/a*/net"),
        ("GetObject", "root/models/b/net"),
        ("GetObject", "root/results/421"),
        ("GetObject", "results/42/out"),
        ("PutObject", "root/results/43/out"),
        ("PutBucketPolicy", ""),
    ]:
        assert not allowed(verb, key), (verb, key)
    assert "models/a${*}/*" in text


def test_a_limited_handle_works_with_keys_of_its_own(moto_s3):
    address = (
        f"s3://limited/?endpoint={moto_s3}&sts={moto_s3}&role=arn:aws:iam::123456789012:role/r"
    )
    store = open_store(address, KEYS)
    from urllib.request import Request, urlopen

    urlopen(Request(f"{moto_s3}/limited", method="PUT")).close()
    store.put("models/acme/net", b"net")
    handle = limited(store, ["models/acme"], ["results/42"])
    assert handle.read("models/acme/net") == b"net"
    assert handle.put("results/42/out", b"out").size == 3
    assert handle._store.credentials()["session_token"]
    assert handle._store.credentials()["access_key_id"] != "accesskey"
    with pytest.raises(OutOfScope):
        handle.put("models/acme/net", b"x")


def test_where_it_is_not_offered(tmp_path):
    with pytest.raises(NotOffered, match="sts="):
        limited(open_store("s3://bucket/", KEYS))
    dead = open_store("s3://bucket/?sts=http://127.0.0.1:9", KEYS)
    with pytest.raises(StoreUnavailable, match="token service"):
        limited(dead)


def test_a_refusal_is_told(rclone_s3):
    store = open_store(f"s3://bucket/?sts={rclone_s3[0]}", KEYS)
    with pytest.raises(StoreRefused, match="refused"):
        limited(store)
