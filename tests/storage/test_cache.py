"""What is read through the cache is the object, whatever is killed, changed, full or shared."""

import io
import itertools
import os
import pickle
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.core.errors import DiskFull, NotFound, ObjectChanged, StoreUnavailable, Unwritable
from printroom.storage.cache import BLOCK, BlockCache
from printroom.storage.disk import DiskStore
from printroom.storage.entry import PAGE
from printroom.storage.local import local_path
from printroom.storage.memory import MemoryStore
from printroom.storage.reader import open_object

SIZE = 3 * BLOCK + 5 * PAGE + 777
DATA = random.Random(1).randbytes(SIZE)


class Counting(MemoryStore):
    """Counts what is asked of it; can be made to hold back or fail."""

    def __init__(self):
        super().__init__()
        self.ranges = []
        self.gate, self.asked = threading.Event(), threading.Event()
        self.gate.set()
        self.faults = 0

    def _read(self, key, start, size, etag):
        self.ranges.append((start, size))
        self.asked.set()
        self.gate.wait()
        if self.faults:
            self.faults -= 1
            raise StoreUnavailable("memory failed")
        return super()._read(key, start, size, etag)

    @property
    def bytes(self):
        return sum(size for _, size in self.ranges)


@pytest.fixture
def store():
    store = Counting()
    store.put("net", DATA)
    return store


@pytest.fixture
def cache(tmp_path):
    with BlockCache(tmp_path / "cache") as cache:
        yield cache


PLACES = st.integers(-10, SIZE + 10)
READS = st.lists(
    st.tuples(st.sampled_from(["read", "seek", "at"]), PLACES, st.integers(0, BLOCK + PAGE)),
    max_size=12,
)


@settings(max_examples=60)
@given(READS, st.sampled_from([0, 3 * PAGE, BLOCK, 10 * SIZE]))
def test_random_reads_equal_the_object(reads, limit):
    """Of any cache, also one too small, also opened again halfway."""
    store, plain = MemoryStore(), io.BytesIO(DATA)
    store.put("net", DATA)
    with tempfile.TemporaryDirectory() as folder:
        for part in (reads[: len(reads) // 2], reads[len(reads) // 2 :]):
            with BlockCache(Path(folder), limit) as cache, open_object(cache, store, "net") as file:
                file.seek(plain.tell())
                for verb, place, size in part:
                    if verb == "at":
                        start = max(0, place)
                        assert file.read_at(start, size) == DATA[start : start + size]
                    elif verb == "seek":
                        assert file.seek(max(0, place)) == plain.seek(max(0, place))
                    else:
                        assert file.read(size) == plain.read(size)
                    assert file.tell() == plain.tell()


def test_it_is_a_proper_file(store, cache):
    with open_object(cache, store, "net") as file:
        assert (file.readable(), file.seekable(), file.writable()) == (True, True, False)
        assert file.seek(-100, os.SEEK_END) == SIZE - 100
        assert file.read() == DATA[-100:]
        assert file.read(5) == b""
        file.seek(0)
        assert file.readall() == DATA
        with pytest.raises(ValueError, match="start"):
            file.seek(-1)
        with pytest.raises(io.UnsupportedOperation):
            file.write(b"x")
        buffered = io.BufferedReader(file, 1000)
        buffered.seek(PAGE - 3)
        assert buffered.read(10) == DATA[PAGE - 3 : PAGE + 7]
    with pytest.raises(ValueError, match="closed"):
        file.read(1)


def test_empty_objects(store, cache):
    store.put("empty", b"")
    with open_object(cache, store, "empty") as file:
        assert file.read() == b""
    with local_path(cache, store, "empty") as path:
        assert path.read_bytes() == b""


def test_what_is_not_there(store, cache):
    with pytest.raises(NotFound, match="'nothing'"):
        open_object(cache, store, "nothing")
    with pytest.raises(NotFound), local_path(cache, store, "nothing"):
        pass


def test_random_reads_fetch_little(store, cache):
    places = random.Random(3).sample(range(0, SIZE - 100, 5 * PAGE), 20)
    with open_object(cache, store, "net") as file:
        for place in places:
            file.seek(place)
            assert file.read(100) == DATA[place : place + 100]
    assert store.bytes <= 20 * 2 * PAGE


def test_sequential_reads_fetch_ahead_in_blocks(store, cache):
    with open_object(cache, store, "net") as file:
        while file.read(10_000):
            pass
    assert store.bytes == SIZE
    assert len(store.ranges) < 30


def test_nothing_is_fetched_twice(store, cache, tmp_path):
    with open_object(cache, store, "net") as file:
        file.readall()
        file.seek(17)
        file.read(BLOCK)
    assert store.bytes == SIZE
    with BlockCache(tmp_path / "cache") as again, open_object(again, store, "net") as file:
        assert file.readall() == DATA
    assert store.bytes == SIZE


def test_one_flight_for_all_who_want_the_same(store, cache):
    store.gate.clear()
    with ThreadPoolExecutor(12) as pool:
        files = [open_object(cache, store, "net") for _ in range(12)]
        reads = [pool.submit(file.read_at, 100, 2 * PAGE) for file in files]
        store.asked.wait()
        store.gate.set()
        assert all(read.result() == DATA[100 : 100 + 2 * PAGE] for read in reads)
    assert store.bytes == 3 * PAGE


def test_a_fault_is_told_and_does_not_stay(store, cache):
    store.faults = 1
    with open_object(cache, store, "net") as file:
        with pytest.raises(StoreUnavailable):
            file.read(10)
        assert file.read(10) == DATA[:10]


@pytest.mark.parametrize("fresh", [0, 1000])
def test_an_object_that_changes_is_noticed_and_never_mixed(store, tmp_path, fresh):
    new = random.Random(2).randbytes(SIZE)
    with BlockCache(tmp_path, fresh=fresh) as cache, open_object(cache, store, "net") as file:
        old = file.read(1000)
        store.put("net", new)
        with pytest.raises(ObjectChanged, match="'net'"):
            file.seek(2 * BLOCK) and file.read(1000)
        file.seek(0)
        assert file.read(1000) == old == DATA[:1000]
        with open_object(cache, store, "net") as again:
            assert again.readall() == new
        store.delete("net")
        with pytest.raises(NotFound):
            open_object(cache, store, "net").seek(0) or cache.object(store, "gone")


def test_one_that_changes_under_local_path(store, cache):
    store.gate.clear()
    with ThreadPoolExecutor(1) as pool:

        def whole():
            with local_path(cache, store, "net") as path:
                return path.read_bytes()

        reading = pool.submit(whole)
        store.asked.wait()
        MemoryStore._put(store, next(store.list()).key, iter([bytes(SIZE)]), None)
        store.gate.set()
        with pytest.raises(ObjectChanged):
            reading.result()
    with local_path(cache, store, "net") as path:
        assert path.read_bytes() == bytes(SIZE)


def test_what_the_disk_spoils_is_fetched_again(store, tmp_path):
    with BlockCache(tmp_path) as cache, open_object(cache, store, "net") as file:
        file.readall()
    (data,) = tmp_path.glob("objects/*/*/data")
    spoilt = bytearray(data.read_bytes())
    spoilt[5 * PAGE + 3] ^= 1
    data.write_bytes(spoilt)
    store.ranges.clear()
    with BlockCache(tmp_path) as cache, local_path(cache, store, "net") as path:
        assert path.read_bytes() == DATA
    assert store.ranges == [(5 * PAGE, PAGE)]
    (index,) = tmp_path.glob("objects/*/*/index")
    index.write_bytes(os.urandom(index.stat().st_size))
    with BlockCache(tmp_path) as cache, open_object(cache, store, "net") as file:
        assert file.readall() == DATA
    data.write_bytes(b"")
    with BlockCache(tmp_path) as cache, open_object(cache, store, "net") as file:
        assert file.readall() == DATA


def test_local_paths_bear_names_and_neighbours(store, cache):
    store.put("models/a/net.onnx", b"graph")
    store.put("models/a/data/weights.bin", b"weights")
    with local_path(cache, store, "models/a/net.onnx", ["models/a/data/weights.bin"]) as path:
        assert path.name == "net.onnx"
        assert path.read_bytes() == b"graph"
        assert (path.parent / "data" / "weights.bin").read_bytes() == b"weights"
    assert not path.exists()
    with pytest.raises(Exception, match="beside"):
        local_path(cache, store, "models/a/net.onnx", ["net"]).__enter__()


def test_a_second_local_path_reads_nothing(store, cache):
    for _ in range(3):
        with local_path(cache, store, "net") as path:
            assert path.stat().st_size == SIZE
    assert store.bytes == SIZE


def disk_use(folder):
    return sum(path.stat().st_blocks * 512 for path in folder.glob("objects/*/*/data"))


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 5), PLACES, st.integers(1, BLOCK)), max_size=15))
def test_a_cache_keeps_to_its_limit(reads):
    limit = 2 * BLOCK
    store = MemoryStore()
    with tempfile.TemporaryDirectory() as name, BlockCache(Path(name), limit) as cache:
        for number in range(6):
            store.put(str(number), DATA)
        for number, place, size in reads:
            start = max(0, place)
            with open_object(cache, store, str(number)) as file:
                assert file.read_at(start, size) == DATA[start : start + size]
            assert disk_use(Path(name)) <= cache.room.used <= limit


def test_the_least_recently_used_goes_first(tmp_path):
    store = Counting()
    with BlockCache(tmp_path, 3 * BLOCK, ttl=1e12) as cache:
        for key in ("a", "b", "c"):
            store.put(key, bytes(BLOCK))
            open_object(cache, store, key).readall()
            os.utime(max(tmp_path.glob("objects/*/*/index"), key=os.path.getmtime), (1, ord(key)))
        open_object(cache, store, "a").read(1)
        store.put("d", bytes(BLOCK))
        open_object(cache, store, "d").readall()
        store.ranges.clear()
        for key in ("a", "c", "d"):
            open_object(cache, store, key).readall()
        assert store.ranges == []
        open_object(cache, store, "b").readall()
        assert store.bytes == BLOCK


def test_what_is_not_used_goes_after_its_time(store, tmp_path):
    with BlockCache(tmp_path, ttl=3600) as cache:
        open_object(cache, store, "net").readall()
    (index,) = tmp_path.glob("objects/*/*/index")
    os.utime(index, (0, index.stat().st_mtime - 4000))
    with BlockCache(tmp_path, ttl=3600) as cache:
        assert cache.room.used == disk_use(tmp_path) == 0


def test_what_is_open_stays(store, tmp_path):
    with BlockCache(tmp_path, SIZE + BLOCK) as cache, local_path(cache, store, "net") as path:
        for number in range(4):
            store.put(f"{number}", DATA)
            assert open_object(cache, store, f"{number}").readall() == DATA
        assert path.read_bytes() == DATA
        with pytest.raises(DiskFull, match="no room"), local_path(cache, store, "1"):
            pass


CODE = """
import sys, random
from pathlib import Path
from printroom.storage.cache import BlockCache
from printroom.storage.disk import DiskStore
from printroom.storage.local import local_path
from printroom.storage.reader import open_object
cache, store = BlockCache(Path(sys.argv[1]), *map(int, sys.argv[3:])), DiskStore(Path(sys.argv[2]))
"""


def child(code, *arguments, **options):
    command = [sys.executable, "-c", CODE + code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)


def test_kill_9_while_filling(tmp_path):
    """Whenever it strikes, the next process reads the right bytes, and little is lost."""
    store = DiskStore(tmp_path / "store")
    store.put("net", DATA)
    code = """
with open_object(cache, store, "net") as file:
    while file.read(30_000):
        print("x", flush=True)
"""
    for lines in (1, 30, 200):
        with child(code, tmp_path / "cache", tmp_path / "store") as process:
            for _ in range(lines):
                process.stdout.readline()
            process.send_signal(signal.SIGKILL)
        with BlockCache(tmp_path / "cache") as cache:
            assert cache.room.used == disk_use(tmp_path / "cache")
            with open_object(cache, store, "net") as file:
                assert file.read_at(0, BLOCK) == DATA[:BLOCK]
    with BlockCache(tmp_path / "cache") as cache, local_path(cache, store, "net") as path:
        assert path.read_bytes() == DATA


def test_killed_holders_leave_nothing(tmp_path):
    store = DiskStore(tmp_path / "store")
    store.put("net", DATA)
    code = """
with local_path(cache, store, "net") as path:
    print(path, flush=True)
    sys.stdin.read()
"""
    arguments = tmp_path / "cache", tmp_path / "store"
    with child(code, *arguments, stdin=subprocess.PIPE) as process:
        path = Path(process.stdout.readline().strip())
        with BlockCache(tmp_path / "cache") as cache:
            cache.room.sweep()
            assert path.exists()
            process.send_signal(signal.SIGKILL)
            process.wait()
            cache.room.sweep()
            assert not path.exists()


def test_processes_fill_one_cache(tmp_path):
    """Together they read right bytes, and fetch each of them once."""
    store = DiskStore(tmp_path / "store")
    store.put("net", DATA)
    code = """
import hashlib
digest = hashlib.sha256()
with open_object(cache, store, "net") as file:
    while part := file.read(100_000):
        digest.update(part)
print(digest.hexdigest(), file.object.fetched)
"""
    import hashlib

    arguments = tmp_path / "cache", tmp_path / "store"
    processes = [child(code, *arguments) for _ in range(3)]
    answers = [process.communicate()[0].split() for process in processes]
    assert {digest for digest, _ in answers} == {hashlib.sha256(DATA).hexdigest()}
    assert sum(int(fetched) for _, fetched in answers) == SIZE


def test_processes_share_one_limit(tmp_path):
    store = DiskStore(tmp_path / "store")
    for number in range(6):
        store.put(f"{number}", DATA[: 2 * BLOCK])
    code = """
order = list(range(6)) * 3
random.shuffle(order)
for number in order:
    with open_object(cache, store, str(number)) as file:
        assert len(file.readall()) == file.size
print("done")
"""
    arguments = tmp_path / "cache", tmp_path / "store", 5 * BLOCK
    processes = [child(code, *arguments) for _ in range(3)]
    assert [process.communicate()[0] for process in processes] == ["done\n"] * 3
    assert disk_use(tmp_path / "cache") <= 5 * BLOCK


def test_a_full_disk_spoils_nothing(tmp_path):
    """Files larger than allowed cannot be written: reading goes on, a path cannot be had."""
    store = DiskStore(tmp_path / "store")
    store.put("net", DATA)
    code = """
from printroom.core.errors import DiskFull
with open_object(cache, store, "net") as file:
    assert file.read_at(0, 1000) == store.read("net", 0, 1000)
    assert file.readall() == store.read("net")
try:
    with local_path(cache, store, "net"):
        print("a path")
except DiskFull as error:
    print(error)
"""

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE + 1, SIZE + 1))

    def small():
        resource.setrlimit(resource.RLIMIT_FSIZE, (BLOCK, BLOCK))

    arguments = tmp_path / "cache", tmp_path / "store"
    with child(code, *arguments, preexec_fn=small) as process:
        assert "no room for net" in process.communicate()[0]
    with child(code, *arguments, preexec_fn=limited) as process:
        assert process.communicate()[0] == "a path\n"


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 6 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "none", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_disk_that_fills_up(small_disk, store):
    with BlockCache(small_disk / "cache") as cache:
        with open_object(cache, store, "net") as file:
            assert file.readall() == DATA
            assert file.readall() == b""
            file.seek(0)
            assert file.read(SIZE) == DATA
        with pytest.raises(DiskFull, match="no room"), local_path(cache, store, "net"):
            pass
    disk = DiskStore(small_disk / "store")
    with pytest.raises(DiskFull, match="'big'"):
        disk.put("big", DATA)
    assert list(disk.list()) == []


def test_a_disk_without_room_for_anything(small_disk, store):
    with BlockCache(small_disk / "cache") as cache:
        filler = (small_disk / "filler").open("wb", buffering=0)
        with filler, pytest.raises(OSError, match="space"):
            filler.writelines(itertools.repeat(bytes(4096)))
        with open_object(cache, store, "net") as file:
            assert file.readall() == DATA
        with pytest.raises(Exception, match=r"room|space"), local_path(cache, store, "net"):
            pass


def test_sizes_that_a_store_makes_up(cache, store):
    class Liar(MemoryStore):
        def _stat(self, key):
            return replace(super()._stat(key), size=2**60)

    liar = Liar()
    liar.put("net", DATA)
    with open_object(cache, liar, "net") as file:
        assert file.size == 2**60
        with pytest.raises(ObjectChanged):
            file.read_at(2**50, 100)
    assert list(cache.room.folder.glob("objects/*/*")) == []


def test_a_cache_that_is_closed_under_a_reader(store, tmp_path):
    store.gate.clear()
    cache = BlockCache(tmp_path)
    with ThreadPoolExecutor(2) as pool, open_object(cache, store, "net") as file:
        reading = pool.submit(file.read_at, 0, SIZE)
        store.asked.wait()
        closing = pool.submit(cache.close)
        store.gate.set()
        closing.result()
        try:
            assert reading.result() == DATA
        except ValueError as error:
            assert "closed" in str(error)
        assert file.read_at(100, 1000) == DATA[100:1100]
    with pytest.raises(ValueError, match="closed"):
        cache.room.sweep()


def test_no_place_for_a_cache(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Unwritable, match="cache"):
        BlockCache(tmp_path / "file")


def test_can_be_handed_to_another_process(cache, store):
    with pickle.loads(pickle.dumps(cache)) as again:
        assert open_object(again, store, "net").read(10) == DATA[:10]
