"""A store as a folder: with the real kernel, where there is FUSE."""

import ctypes
import errno
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from printroom.storage.disk import DiskStore


def why_not():
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "there is no /dev/fuse"
    if shutil.which("fusermount3") is None:
        return "fusermount3 is not installed"
    if importlib.util.find_spec("mfusepy") is None:
        return "mfusepy is not installed"
    return None


pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))


class Mounted:
    """A running `printroom mount`."""

    def __init__(self, folder, process, drafts):
        self.folder, self.process, self.drafts = folder, process, drafts

    def settled(self):
        """What drafts are left once the kernel has let go of files, which is after they closed."""
        deadline = time.monotonic() + 60
        while (left := list(self.drafts.iterdir())) and time.monotonic() < deadline:
            time.sleep(0.05)
        return left

    def stop(self, number=signal.SIGTERM):
        """End it; exit status and what stood on stderr."""
        self.process.send_signal(number)
        _, trouble = self.process.communicate(timeout=60)
        return self.process.returncode, trouble


@pytest.fixture
def mounting(tmp_path):
    """`with mounting("--write") as m:`; the store is in the folder `store`, unless one is named."""

    @contextmanager
    def run(*words, **stores):
        folder = tmp_path / "mnt"
        folder.mkdir(exist_ok=True)
        environment = os.environ | {"PRINTROOM_DATA": str(tmp_path / "data")}
        environment |= {"PRINTROOM_STORE_SHELF": f"fs://{tmp_path}/store"} | stores
        command = [sys.executable, "-m", "printroom", "mount", "shelf", str(folder), *words]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                line = process.stdout.readline()
                assert "is at" in line, process.communicate()
                yield Mounted(folder, process, tmp_path / "data" / "mounts" / "shelf")
            finally:
                if process.poll() is None:
                    process.terminate()
                try:
                    process.communicate(timeout=30)
                except subprocess.TimeoutExpired:
                    process.kill()
                subprocess.run(["fusermount3", "-uz", folder], capture_output=True, check=False)

    return run


@pytest.fixture
def store(tmp_path):
    return DiskStore(tmp_path / "store")


@contextmanager
def fails(*names):
    """What is inside fails with one of these errors; none named = with any."""
    try:
        yield
    except OSError as error:
        assert not names or errno.errorcode[error.errno] in names
    else:
        pytest.fail("it did not fail")


def test_files_are_read_as_they_are(mounting, store):
    data = np.random.default_rng(0).bytes(9_000_001)
    store.put("deep/er/large", data)
    store.put("empty", b"")
    store.put("Käse.txt", b"cheese")
    with mounting() as m:
        found = {str(path.relative_to(m.folder)) for path in m.folder.rglob("*")}
        assert found == {"deep", "deep/er", "deep/er/large", "empty", "Käse.txt"}
        large = m.folder / "deep/er/large"
        assert large.stat().st_size == len(data)
        assert hashlib.sha256(large.read_bytes()).digest() == hashlib.sha256(data).digest()
        places = np.random.default_rng(1).integers(0, len(data), 200)
        with large.open("rb", buffering=0) as file, ThreadPoolExecutor(8) as pool:
            parts = pool.map(lambda at: (at, os.pread(file.fileno(), 70_000, at)), places)
            assert all(part == data[at : at + 70_000] for at, part in parts)
        mapped = np.memmap(large, np.uint8, "r")
        assert bytes(mapped[5_000_000:5_000_100]) == data[5_000_000:5_000_100]
        assert (m.folder / "empty").read_bytes() == b""
        assert m.folder.joinpath("deep").is_dir()
        with fails("ENOENT"):
            (m.folder / "nothing").read_bytes()


def test_read_only_is_read_only(mounting, store):
    store.put("a", b"1")
    with mounting() as m:
        for verb in (
            lambda: (m.folder / "b").write_bytes(b"2"),
            lambda: (m.folder / "a").write_bytes(b"2"),
            (m.folder / "a").unlink,
            (m.folder / "d").mkdir,
            lambda: (m.folder / "a").rename(m.folder / "c"),
        ):
            with fails("EROFS"):
                verb()
    assert store.read("a") == b"1"


def test_what_is_written_is_there_when_it_is_closed_and_not_before(mounting, store):
    store.put("old", b"before")
    data = np.random.default_rng(0).bytes(3_000_000)
    with mounting("--write") as m:
        with (m.folder / "new").open("wb", buffering=0) as file:
            file.write(data[:1_000_000])
            assert not store.exists("new")
            assert (m.folder / "new").stat().st_size == 1_000_000
            assert (m.folder / "new").read_bytes() == data[:1_000_000]  # here it is seen at once
            file.write(data[1_000_000:])
        assert store.read("new") == data
        with (m.folder / "old").open("r+b", buffering=0) as file:
            file.seek(3)
            file.write(b"XYZ!")
            assert store.read("old") == b"before"
            os.fsync(file.fileno())
            assert store.read("old") == b"befXYZ!"
            file.write(b"?")
        assert store.read("old") == b"befXYZ!?"
        with (m.folder / "old").open("ab") as file:
            file.write(b" and more")
        assert store.read("old") == b"befXYZ!? and more"
        os.truncate(m.folder / "old", 3)
        assert store.read("old") == b"bef"
        with (m.folder / "old").open("r+b") as file:
            file.truncate(1)
        assert store.read("old") == b"b"
        (m.folder / "old").write_bytes(b"")
        assert store.read("old") == b""
        assert m.settled() == []


def test_folders_and_names(mounting, store):
    store.put("a/one", b"1")
    with mounting("--write") as m:
        (m.folder / "made").mkdir()
        assert [path.name for path in sorted(m.folder.iterdir())] == ["a", "made"]
        assert not list(store.list("made"))
        (m.folder / "made" / "file").write_bytes(b"2")
        assert store.read("made/file") == b"2"
        (m.folder / "a" / "one").rename(m.folder / "made" / "two")
        assert sorted(stat.key for stat in store.list()) == ["made/file", "made/two"]
        assert list((m.folder / "a").iterdir()) == []  # emptied, and still there
        (m.folder / "a").rmdir()
        with fails("ENOTEMPTY"):
            (m.folder / "made").rmdir()
        with fails("EXDEV"):
            (m.folder / "made").rename(m.folder / "other")
        shutil.move(m.folder / "made", m.folder / "other")
        assert sorted(stat.key for stat in store.list()) == ["other/file", "other/two"]
        shutil.rmtree(m.folder / "other")
        assert list(store.list()) == []
        for name in ("back\\slash", "ends with a dot.", ".printroom-x"):
            with fails("EINVAL", "ENOENT"):
                (m.folder / name).write_bytes(b"")
        for verb in (os.symlink, os.link):
            (m.folder / "f").write_bytes(b"")
            with fails("EOPNOTSUPP", "ENOTSUP", "EPERM"):
                verb(m.folder / "f", m.folder / "link")
        (m.folder / "f").chmod(0o600)
        os.utime(m.folder / "f")


def test_a_rename_that_may_replace_nothing_replaces_nothing(mounting, store):
    store.put("a", b"1")
    store.put("b", b"2")
    libc = ctypes.CDLL(None, use_errno=True)
    with mounting("--write") as m:
        names = [os.fsencode(m.folder / name) for name in ("a", "b")]
        assert libc.renameat2(-100, names[0], -100, names[1], 1) == -1
        assert ctypes.get_errno() == errno.EEXIST
        assert libc.renameat2(-100, names[0], -100, names[1], 2) == -1
        assert ctypes.get_errno() == errno.EINVAL
        assert store.read("b") == b"2"
        (m.folder / "a").rename(m.folder / "b")
    assert [(stat.key, store.read(stat.key)) for stat in store.list()] == [("b", b"1")]


def test_programs_work_with_it(mounting, store, tmp_path):
    source = Path(__file__).parent
    with mounting("--write") as m:
        for command in (
            ["cp", "-rp", source, m.folder / "copy"],
            ["diff", "-r", source, m.folder / "copy"],
            ["tar", "-C", m.folder, "-cf", tmp_path / "all.tar", "copy"],
            ["tar", "-C", m.folder, "--one-top-level=again", "-xf", tmp_path / "all.tar"],
            ["diff", "-r", m.folder / "copy", m.folder / "again" / "copy"],
            ["sed", "-i", "s/import/IMPORT/", m.folder / "copy" / "conftest.py"],
            ["rm", "-r", m.folder / "again"],
            ["df", m.folder],
        ):
            subprocess.run(command, check=True, capture_output=True)
    lines = (source / "conftest.py").read_text().splitlines()
    expected = [line.replace("import", "IMPORT", 1) for line in lines]
    assert store.read("copy/conftest.py").decode().splitlines() == expected
    assert not list(store.list("again"))


def test_who_opens_sees_what_was_put_before(mounting, store):
    store.put("a", b"old")
    with mounting("--ttl", "600") as m:
        assert (m.folder / "a").read_bytes() == b"old"
        store.put("a", b"new and longer")
        assert (m.folder / "a").read_bytes() == b"new and longer"
        store.put("a", b"new and LONGER")
        assert (m.folder / "a").read_bytes() == b"new and LONGER"
        store.delete("a")
        with fails("ENOENT"):
            (m.folder / "a").read_bytes()


def test_names_are_remembered_for_as_long_as_is_said(mounting, store):
    store.put("a", b"1")
    with mounting("--ttl", "0") as m:
        assert [path.name for path in m.folder.iterdir()] == ["a"]
        store.put("b", b"2")
        assert sorted(path.name for path in m.folder.iterdir()) == ["a", "b"]
        deadline = time.monotonic() + 60
        while not (m.folder / "c").exists():
            store.put("c", b"3")
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_a_version_that_is_read_is_never_mixed_with_another(mounting, store):
    old, new = b"o" * 30_000_000, b"n" * 30_000_000
    store.put("a", old)
    with mounting() as m, (m.folder / "a").open("rb", buffering=0) as file:
        assert os.pread(file.fileno(), 100, 0) == old[:100]
        store.put("a", new)
        with fails("ESTALE", "EIO"):
            os.pread(file.fileno(), 100, 29_000_000)
        assert os.pread(file.fileno(), 100, 0) == old[:100]
        assert (m.folder / "a").read_bytes() == new


def test_two_who_write_do_not_undo_each_other(mounting, store):
    store.put("a", b"1")
    with mounting("--write") as m:
        file = os.open(m.folder / "a", os.O_RDWR)
        os.pwrite(file, b"mine", 0)
        store.put("a", b"theirs")
        with fails("ESTALE"):
            os.close(file)
        assert store.read("a") == b"theirs"
        deadline = time.monotonic() + 60
        while not (left := [path for path in m.drafts.iterdir() if path.name.startswith("a.")]):
            assert time.monotonic() < deadline
        assert left[0].read_bytes() == b"mine"
        assert (m.folder / "a").read_bytes() == b"theirs"


def test_what_was_removed_is_still_there_for_who_has_it_open(mounting, store):
    with mounting("--write") as m:
        with (m.folder / "a").open("w+b", buffering=0) as file:
            file.write(b"here")
            (m.folder / "a").unlink()
            assert not (m.folder / "a").exists()
            file.seek(0)
            assert file.read() == b"here"
        assert not store.exists("a")
        assert m.settled() == []


def test_a_file_is_renamed_while_it_is_written(mounting, store):
    with mounting("--write") as m:
        with (m.folder / "draft").open("wb", buffering=0) as file:
            file.write(b"one ")
            (m.folder / "draft").rename(m.folder / "final")
            file.write(b"two")
        assert [(stat.key, store.read(stat.key)) for stat in store.list()] == [
            ("final", b"one two")
        ]


def test_it_ends_when_it_is_told(mounting, store):
    store.put("a", b"1")
    with mounting("--write") as m:
        file = os.open(m.folder / "open", os.O_CREAT | os.O_WRONLY)
        os.write(file, b"not closed yet")
        status, trouble = m.stop()
        assert (status, "printroom" in trouble) == (0, False)
        assert list(m.folder.iterdir()) == []
        assert store.read("open") == b"not closed yet"
        with fails():
            os.close(file)
    with mounting() as m:
        subprocess.run(["fusermount3", "-u", m.folder], check=True)
        assert m.process.wait(30) == 0


def test_a_process_that_was_killed_leaves_a_folder(mounting, store):
    store.put("a", b"1")
    with mounting("--write") as m:
        file = os.open(m.folder / "open", os.O_CREAT | os.O_WRONLY)
        os.write(file, b"lost?")
        m.stop(signal.SIGKILL)
        deadline = time.monotonic() + 60
        while os.path.ismount(m.folder) or list_or_error(m.folder) is None:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        with fails():
            os.close(file)
    with mounting("--write") as m:
        assert (m.folder / "a").read_bytes() == b"1"
        (left,) = m.drafts.iterdir()
        assert left.read_bytes() == b"lost?"
        _, trouble = m.stop()
        assert f"{left} was written to a mount" in trouble


def list_or_error(folder):
    try:
        return list(folder.iterdir())
    except OSError:
        return None


def test_what_cannot_be_mounted_is_told(mounting, tmp_path, store):
    (tmp_path / "mnt").mkdir()
    (tmp_path / "mnt" / "full").touch()
    environment = os.environ | {"PRINTROOM_DATA": str(tmp_path / "data")}
    environment |= {"PRINTROOM_STORE_SHELF": f"fs://{tmp_path}/store"}
    for words, said in (
        (("shelf", tmp_path / "mnt"), "empty folder"),
        (("shelf", tmp_path / "nowhere"), "empty folder"),
        (("nothing", tmp_path / "mnt"), "no store"),
        (("shelf:../x", tmp_path / "mnt"), "no key"),
    ):
        command = [sys.executable, "-m", "printroom", "mount", *map(str, words)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode in (1, 2)
        assert said in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_it_survives_a_store_that_goes_away_for_a_while(mounting, tmp_path, coming_s3, keys):
    endpoint, serve = coming_s3
    bucket = tmp_path / "s3" / "bucket"
    bucket.mkdir(parents=True)
    (bucket / "a").write_bytes(b"1" * 1000)
    shelf = {"PRINTROOM_STORE_SHELF": f"s3://bucket/?endpoint={endpoint}&conditions=off&patience=1"}
    shelf |= {f"PRINTROOM_STORE_SHELF__{name.upper()}": keys[name] for name in keys}
    with mounting("--write", "--ttl", "0", **shelf) as m:
        with serve(tmp_path / "s3"):
            assert (m.folder / "a").read_bytes() == b"1" * 1000
            file = os.open(m.folder / "b", os.O_CREAT | os.O_WRONLY)
            os.write(file, b"written meanwhile")
        for verb in ((m.folder / "a").read_bytes, lambda: os.fsync(file)):
            with fails("EIO"):
                verb()
        assert m.process.poll() is None
        with serve(tmp_path / "s3"):
            assert (m.folder / "a").read_bytes() == b"1" * 1000
            os.close(file)
            assert (bucket / "b").read_bytes() == b"written meanwhile"
