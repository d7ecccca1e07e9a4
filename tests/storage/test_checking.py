"""What a store can do is tried; places are brought up to date; the command line does both."""

import os
import subprocess
import sys

import pytest

from printroom.storage.checking import check
from printroom.storage.disk import DiskStore
from printroom.storage.keys import Prefix
from printroom.storage.memory import MemoryStore
from printroom.storage.opening import open_store
from printroom.storage.syncing import sync

KEYS = {"access_key_id": "accesskey", "secret_access_key": "secretkey12"}


def test_a_good_store_is_told_good():
    store = MemoryStore()
    findings = list(check(store))
    assert [finding.what for finding in findings if not finding.good] == ["sign addresses"]
    assert list(store.list()) == []


def test_a_service_that_ignores_conditions_is_found_out(rclone_s3):
    store = open_store(f"s3://bucket/checked?endpoint={rclone_s3[0]}", KEYS)
    told = {finding.what: finding for finding in check(store)}
    assert "conditions=off" in told["write only if unchanged"].told
    assert told["notice a change"].good
    assert told["delete"].good
    off = open_store(f"s3://bucket/checked?endpoint={rclone_s3[0]}&conditions=off", KEYS)
    assert all(finding.good or not finding.needed for finding in check(off))
    assert list(off.list()) == []


def test_wrong_credentials_end_it(rclone_s3):
    secrets = KEYS | {"secret_access_key": "wrong"}
    (only,) = check(open_store(f"s3://bucket/?endpoint={rclone_s3[0]}", secrets))
    assert (only.what, only.good) == ("write", False)
    assert "credentials" in only.told


def test_sync_copies_what_is_missing_or_older(tmp_path):
    here, there = DiskStore(tmp_path / "here"), MemoryStore()
    for key in ("in/a", "in/b/c", "out"):
        here.put(key, key.encode())
    copied = sorted(sync(here, Prefix("in"), there, Prefix("copy")))
    assert copied == [("copy/a", 4), ("copy/b/c", 6)]
    assert there.read("copy/b/c") == b"in/b/c"
    assert list(sync(here, Prefix("in"), there, Prefix("copy"))) == []
    here.put("in/a", b"newer")
    assert list(sync(here, Prefix("in"), there, Prefix("copy"))) == [("copy/a", 5)]
    assert list(sync(there, Prefix("copy"), here, Prefix("back"))) != []


@pytest.mark.slow
def test_the_command_line(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"picture")
    environment = os.environ | {"PRINTROOM_DATA": str(tmp_path / "data")}

    def said(*arguments, status=0, **options):
        command = [sys.executable, "-m", "printroom", "stores", *map(str, arguments)]
        done = subprocess.run(
            command,
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            check=False,
            text=True,
            **options,
        )
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    said("add", "shelf", f"fs://{tmp_path}/shelf")
    names = ("--secret", "access_key_id", "--secret", "secret_access_key")
    said("add", "cloud", "s3://bucket/", *names, input="id\nhush\n")
    assert "hush" not in said("list") + said("list", "--json")
    said("cp", "photo.jpg", "shelf:2026/")
    said("cp", "shelf:2026/photo.jpg", "again.jpg")
    assert (tmp_path / "again.jpg").read_bytes() == b"picture"
    assert "photo.jpg" in said("ls", "shelf:2026/")
    assert "copied 1 objects" in said("sync", "shelf:", "copy")
    assert (tmp_path / "copy" / "2026" / "photo.jpg").read_bytes() == b"picture"
    assert "notice a change" in said("test", "shelf")
    said("remove", "cloud")
    assert "no store" in said("ls", "cloud:", status=2)
    assert "no object" in said("cp", "shelf:nothing", "x", status=2)
