"""What services do wrong: retried where that helps, else an error that names store and key."""

import io
import pickle
import random
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from printroom.core.errors import (
    BadOption,
    NotFound,
    ObjectChanged,
    StoreError,
    StoreRefused,
    StoreUnavailable,
)
from printroom.storage.cache import BlockCache
from printroom.storage.local import local_path
from printroom.storage.opening import open_store
from printroom.storage.reader import open_object
from printroom.storage.store import PIECE

KEYS = {"access_key_id": "accesskey", "secret_access_key": "secretkey12"}
DATA = random.Random(1).randbytes(300_000)  # as servers/faulty.py has it


@pytest.fixture
def faulty(faulty_s3):
    return open_store(f"s3://bucket/?endpoint={faulty_s3}", KEYS)


@pytest.mark.parametrize("fault", ["ok", "500", "503", "429", "cut", "slow"])
def test_what_fails_for_a_moment_is_tried_again(faulty, fault):
    assert faulty.read(f"{fault}/net") == DATA
    assert faulty.read(f"{fault}/other", 1000, 50_000, "old") == DATA[1000:51_000]


@pytest.mark.parametrize("fault", ["500-always", "cut-always"])
def test_what_fails_for_good_is_told(faulty, fault):
    with pytest.raises(StoreUnavailable, match=f"s3://bucket/.*'{fault}/net' failed"):
        faulty.read(f"{fault}/net", 0, 300_000, "old")


@pytest.mark.parametrize(
    ("fault", "error"), [("changes", ObjectChanged), ("deaf", ObjectChanged), ("gone", NotFound)]
)
def test_an_object_that_changes_while_it_is_read(faulty, tmp_path, fault, error):
    """Also where the service does not heed conditions; never a byte of the other."""
    etag = faulty.stat(f"{fault}/net").etag

    def direct():
        for start in range(0, 300_000, 10_000):
            yield faulty.read(f"{fault}/net", start, 10_000, etag)

    with BlockCache(tmp_path) as cache, open_object(cache, faulty, f"{fault}/x") as file:
        for parts in (direct(), iter(lambda: file.read(1000), b"")):
            read = [next(parts)]
            with pytest.raises(error, match=f"'{fault}/(net|x)'"):
                read.extend(parts)
            assert DATA.startswith(b"".join(read))


@pytest.mark.slow
def test_a_connection_that_falls_silent(faulty_s3):
    store = open_store(f"s3://bucket/?endpoint={faulty_s3}&patience=1", KEYS)
    with pytest.raises(StoreUnavailable, match="'stall-always/net' failed"):
        store.read("stall-always/net", 0, 300_000, "old")


def test_nobody_listens(tmp_path):
    store = open_store("s3://bucket/?endpoint=http://127.0.0.1:9", KEYS)
    with pytest.raises(StoreUnavailable, match=r"'net' failed.*refused"):
        store.stat("net")


def test_wrong_credentials(rclone_s3):
    store = open_store(
        f"s3://bucket/?endpoint={rclone_s3[0]}", KEYS | {"secret_access_key": "top-secret"}
    )
    verbs = [lambda: store.stat("x"), lambda: store.read("x"), lambda: store.put("x", b"1")]
    verbs += [lambda: store.put("x", io.BytesIO(bytes(2 * PIECE + 1)))]
    for verb in [*verbs, lambda: list(store.list()), lambda: store.delete("x")]:
        with pytest.raises(StoreRefused, match="credentials") as caught:
            verb()
        assert "top-secret" not in f"{caught.value!r} {store!r}"


def test_credentials_of_the_machine_are_used_only_when_that_is_said(rclone_s3, monkeypatch):
    for name, value in KEYS.items():
        monkeypatch.setenv(f"AWS_{name.upper()}", value)
    place = f"s3://bucket/ambient?endpoint={rclone_s3[0]}&conditions=off"
    assert open_store(f"{place}&ambient=on").put("x", b"1").size == 1
    with pytest.raises(StoreError, match="status 40"):
        open_store(place).stat("x")


def test_no_such_bucket(rclone_s3):
    store = open_store(f"s3://absent/?endpoint={rclone_s3[0]}", KEYS)
    for verb in (lambda: store.put("x", b"1"), lambda: list(store.list())):
        with pytest.raises(NotFound, match="no such bucket"):
            verb()


def asked(method, url, data=None):
    try:
        with urlopen(Request(url, method=method, data=data), timeout=10) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, b""


def test_a_signed_url_is_for_one_object_and_one_verb_and_ends(rclone_s3):
    store = open_store(f"s3://bucket/signed?endpoint={rclone_s3[0]}&conditions=off", KEYS)
    store.put("a b", b"bytes")
    store.put("other", b"secret")
    url = store.presign("a b", 60)
    assert asked("GET", url) == (200, b"bytes")
    assert asked("GET", url.replace("a%20b", "other"))[0] == 403
    assert asked("PUT", url, b"x")[0] == 403
    assert asked("PUT", store.presign("new", 60, "PUT"), b"put")[0] == 200
    assert store.read("new") == b"put"
    assert "secretkey12" not in url
    soon = store.presign("other", 1)
    time.sleep(2.1)
    assert asked("GET", soon)[0] in (400, 403)


def test_a_service_that_is_deaf_to_conditions_never_mixes(rclone_s3, tmp_path):
    """Even when nobody said that it is: it is tried."""
    store = open_store(f"s3://bucket/deaf?endpoint={rclone_s3[0]}", KEYS)
    old = store.put("net", bytes(500_000))
    with BlockCache(tmp_path) as cache, open_object(cache, store, "net") as file:
        assert file.read(10) == bytes(10)
        store.put("net", b"\1" * 500_000)
        with pytest.raises(ObjectChanged):
            file.read_at(400_000, 10)
    with pytest.raises(ObjectChanged):
        store.read("net", 0, 10, old.etag)


def test_ranges_of_a_web_server(nginx, tmp_path):
    endpoint, folder = nginx
    data = random.Random(4).randbytes(9_000_000)
    (folder / "net.onnx").write_bytes(data)
    store = open_store(f"s3://bucket/?endpoint={endpoint}")
    with BlockCache(tmp_path) as cache, open_object(cache, store, "net.onnx") as file:
        assert file.read_at(8_000_000, 1000) == data[8_000_000:8_001_000]
        with local_path(cache, store, "net.onnx") as path:
            assert path.read_bytes() == data
        log = (folder.parent / "access.log").read_text()
        assert set(re.findall(r'"GET [^"]*" (\d+)', log)) == {"206", "412"}
        (folder / "other").write_bytes(data)
        with open_object(cache, store, "other") as again:
            (folder / "other").write_bytes(data[1:])
            with pytest.raises(ObjectChanged):
                again.read(10)


SPAWN = """
import multiprocessing, os, pickle, sys
from printroom.core.errors import StoreError
store = pickle.loads(bytes.fromhex(sys.argv[1]))
def read(store):
    return store.read("shared")
if __name__ == "__main__":
    assert read(store) == b"seen"
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(read, [store] * 4) == [b"seen"] * 4
    if (child := os.fork()) == 0:
        try:
            read(store)
        except StoreError as error:
            os._exit(7 if "forked" in str(error) else 1)
        os._exit(2)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_spawned_processes_may_use_it_and_forked_ones_are_told(moto_s3, tmp_path):
    assert asked("PUT", f"{moto_s3}/bucket")[0] == 200
    store = open_store(f"s3://bucket/spawn?endpoint={moto_s3}", KEYS)
    store.put("shared", b"seen")
    script = tmp_path / "script.py"
    script.write_text(SPAWN)
    command = [sys.executable, "-W", "ignore", script, pickle.dumps(store).hex()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.stdout == "7\n", done.stderr


def test_two_hundred_ranges_at_once(moto_s3):
    assert asked("PUT", f"{moto_s3}/bucket")[0] == 200
    store = open_store(f"s3://bucket/many?endpoint={moto_s3}", KEYS)
    etag = store.put("net", DATA).etag
    places = [random.Random(number).randrange(290_000) for number in range(200)]
    with ThreadPoolExecutor(32) as pool:
        parts = list(pool.map(lambda place: store.read("net", place, 1000, etag), places))
    assert parts == [DATA[place : place + 1000] for place in places]


REFUSED = ["", "bucket", "s3:bucket", "s3://", "ftp://host/x", "s3://b/../c", "s3://u:p@bucket/"]
REFUSED += ["s3://b/?root=/etc", "s3://b/?access_key_id=x", "fs:///", "fs:///?x=1", "s3://b/#x"]
REFUSED += ["s3://b/?endpoint=file:///etc", "gcs://b/?credential_path=/x", "s3://b/?conditions=1"]
REFUSED += ["s3://b/?patience=0", "s3://b/?patience=x", "s3://b/?sts=ftp://x"]


@pytest.mark.parametrize("address", REFUSED)
def test_addresses_that_are_refused(address):
    with pytest.raises(BadOption):
        open_store(address)


def test_secrets_that_are_of_no_use_are_refused(tmp_path):
    for address in ("s3://bucket/", f"fs://{tmp_path}"):
        with pytest.raises(BadOption, match="takes no"):
            open_store(address, {"role_arn": "x"})


def test_accounts_do_not_share_what_is_cached():
    for place in ("dropbox:///x", "webdav:///x?endpoint=https://host"):
        secret = "username" if place.startswith("webdav") else "refresh_token"
        stores = [
            open_store(place, {secret: who, "client_id": "c", "client_secret": "s"})
            if secret != "username"
            else open_store(place, {secret: who})
            for who in "ab"
        ]
        assert len({store.identity for store in stores}) == 2
        assert len({store.name for store in stores}) == 1
    buckets = [open_store("s3://bucket/", KEYS | {"access_key_id": who}) for who in "ab"]
    assert len({store.identity for store in buckets}) == 1
