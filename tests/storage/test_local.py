"""The stores that need no service: memory, and a disk with traps in it."""

import os
import signal
import subprocess
import sys

import pytest

from printroom.core.errors import BadOption, NotFound, StoreRefused
from printroom.storage.disk import DiskStore
from printroom.storage.memory import MemoryStore
from printroom.storage.scoped import Scoped
from printroom.storage.suite import StoreSuite


class TestMemory(StoreSuite):
    picklable = False

    @pytest.fixture
    def store(self):
        return MemoryStore()


class TestDisk(StoreSuite):
    @pytest.fixture
    def store(self, tmp_path):
        return DiskStore(tmp_path / "store")


class TestScoped(StoreSuite):
    """A handle on everything is as good as the store."""

    @pytest.fixture
    def store(self, tmp_path):
        return Scoped(DiskStore(tmp_path / "store"), write=[""])


@pytest.fixture
def disk(tmp_path):
    return DiskStore(tmp_path / "store")


def test_links_are_not_followed(disk, tmp_path):
    (tmp_path / "secret").write_text("secret")
    disk.put("dir/own", b"own")
    root = tmp_path / "store"
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "folder").symlink_to(tmp_path)
    (root / "inside").symlink_to("dir")
    for key in ("link", "folder/secret", "inside/own"):
        with pytest.raises(StoreRefused, match="link"):
            disk.read(key)
    with pytest.raises(StoreRefused):
        disk.put("folder/new", b"x")
    with pytest.raises(StoreRefused):
        disk.delete("folder/secret")
    assert (tmp_path / "secret").read_text() == "secret"
    assert not (tmp_path / "new").exists()
    assert [stat.key for stat in disk.list()] == ["dir/own"]
    disk.put("link", b"a file now")
    assert disk.read("link") == b"a file now"
    assert (tmp_path / "secret").read_text() == "secret"


def test_special_files_are_no_objects(disk, tmp_path):
    disk.put("a", b"a")
    os.mkfifo(tmp_path / "store" / "pipe")
    with pytest.raises(NotFound):
        disk.read("pipe")
    assert [stat.key for stat in disk.list()] == ["a"]


def test_a_file_where_a_folder_should_be(disk):
    disk.put("a", b"a")
    with pytest.raises(StoreRefused, match="something else"):
        disk.put("a/b", b"b")
    disk.put("c/d", b"d")
    with pytest.raises(StoreRefused, match="something else"):
        disk.put("c", b"c")


def test_the_root_must_be_a_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadOption, match="no folder"):
        DiskStore(tmp_path / "file")


def test_a_killed_writer_leaves_nothing_that_is_seen(disk, tmp_path):
    disk.put("object", b"before")
    code = """
import sys
from pathlib import Path
from printroom.storage.disk import DiskStore
def slowly():
    while True:
        yield bytes(10**6)
        print(flush=True)
DiskStore(Path(sys.argv[1])).put("object", slowly())
"""
    command = [sys.executable, "-c", code, str(tmp_path / "store")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        for _ in range(12):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
    assert disk.read("object") == b"before"
    assert [stat.key for stat in disk.list()] == ["object"]
