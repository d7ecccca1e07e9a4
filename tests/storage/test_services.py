"""Every kind of store holds the laws, each against a real server; and what services do wrong."""

import base64
import hashlib
import hmac
import itertools
from email.utils import formatdate
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from printroom.storage.opening import open_store
from printroom.storage.suite import StoreSuite

KEYS = {"access_key_id": "accesskey", "secret_access_key": "secretkey12"}
AZURE = {  # the emulator's, known to everyone
    "account_key": "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/"
    "K1SZFPTOtr/KBHBeksoGMGw=="
}
NUMBERS = itertools.count()


class TestRcloneS3(StoreSuite):
    @pytest.fixture
    def store(self, rclone_s3):
        place = f"s3://bucket/{next(NUMBERS)}?endpoint={rclone_s3[0]}&conditions=off"
        return open_store(place, KEYS)


class TestBackblaze(StoreSuite):
    """By its S3, whose signatures the server checks."""

    @pytest.fixture
    def store(self, rclone_s3):
        place = f"b2://bucket/b2-{next(NUMBERS)}?region=us-west-004&endpoint={rclone_s3[0]}"
        names = {"application_key_id": "access_key_id", "application_key": "secret_access_key"}
        return open_store(place, {name: KEYS[theirs] for name, theirs in names.items()})


class TestMotoS3(StoreSuite):
    # moto looks at conditions first and writes later, so that it cannot decide between writers
    test_only_one_of_many_is_first = None
    test_only_one_of_many_large_ones_is_first = None

    @pytest.fixture
    def store(self, moto_s3):
        return open_store(f"s3://bucket/{next(NUMBERS)}?endpoint={bucket(moto_s3)}", KEYS)


class TestAzure(StoreSuite):
    @pytest.fixture
    def store(self, azurite):
        container(azurite)
        place = f"azblob://container/{next(NUMBERS)}?endpoint={azurite}"
        return open_store(f"{place}&account_name=devstoreaccount1", AZURE)


class TestWebdav(StoreSuite):
    @pytest.fixture
    def store(self, webdav):
        place = f"webdav:///{next(NUMBERS)}?endpoint={webdav[0]}"
        return open_store(place, {"username": "user", "password": "word"})


class TestGcs(StoreSuite):
    @pytest.fixture
    def store(self, gcs):
        return open_store(f"gcs://bucket/{next(NUMBERS)}?endpoint={gcs}", {"token": "token"})


def bucket(endpoint, name="bucket"):
    """Make a bucket; S3 has it that one may be made again."""
    assert called("PUT", f"{endpoint}/{name}") == 200
    return endpoint


def container(endpoint):
    """Make the container, as Azure wants it signed."""
    account = endpoint.rpartition("/")[2]
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
    lines = ["PUT", *[""] * 11, *(f"{name}:{headers[name]}" for name in sorted(headers))]
    lines += [f"/{account}/{account}/container", "restype:container"]
    key = base64.b64decode(AZURE["account_key"])
    signature = hmac.new(key, "\n".join(lines).encode(), hashlib.sha256).digest()
    headers["Authorization"] = f"SharedKey {account}:{base64.b64encode(signature).decode()}"
    headers["Content-Length"] = "0"
    assert called("PUT", f"{endpoint}/container?restype=container", headers) in (201, 409)


def called(method, url, headers=None):
    """Ask `url` without a store; the status."""
    try:
        with urlopen(Request(url, method=method, headers=headers or {}), timeout=10) as answer:
            return answer.status
    except HTTPError as error:
        return error.code
