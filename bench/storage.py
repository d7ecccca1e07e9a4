"""Storage: models read on demand from a server that gives each connection 50 MB/s.

The server is nginx on loopback, with a model and a safetensors file of 200 MB. By the clock, in
turns; each cold round has a new cache. nginx counts a connection's rate by whole seconds, so that
short answers come faster than it says, for all sides.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from bench import cache
from bench.processes import BenchError
from bench.rows import Row, at_least, at_most, paired
from printroom.storage.cache import BlockCache
from printroom.storage.local import local_path
from printroom.storage.opening import open_store
from printroom.storage.reader import open_object
from printroom.storage.store import Store
from printroom.storage.tensors import open_safetensors

SIZE, QUICK = 200_000_000, 40_000_000
TENSORS = 20
STREAMS, RANGE = 16, 2**16
SMALL = 50_000
"""Bytes of a small object."""
CONFIG = """
user root; pid {folder}/pid; error_log {folder}/error.log; worker_processes 2;
events {{ worker_connections 256; }}
http {{
    access_log off; client_body_temp_path {folder}/body; sendfile on; tcp_nodelay on;
    server {{ listen 127.0.0.1:{port}; root {folder}; limit_rate 50m; keepalive_requests 100000; }}
}}
"""


def bench(quick: bool) -> list[Row]:
    size, rounds = (QUICK, 2) if quick else (SIZE, 5)
    with _origin(size) as (endpoint, folder):
        store = open_store(f"s3://bucket/?endpoint={endpoint}")
        cold, warm = _load_rows(store, endpoint, folder, rounds)
        return [
            cold,
            warm,
            *_tensor_rows(store, size, rounds),
            *_range_rows(store, endpoint, folder, 200 if quick else 1000, rounds),
            *_small_rows(store, endpoint, folder, 200 if quick else 1000, rounds),
        ]


def _load_rows(store: Store, endpoint: str, folder: Path, rounds: int) -> tuple[Row, Row]:
    cold, busy, stream, warm, local = [list[float]() for _ in range(5)]
    _session(folder / "net.onnx")
    for _ in range(rounds):
        with _cache() as blocks:
            stream.append(_timed(lambda: _download(f"{endpoint}/bucket/net.onnx")))
            began = time.process_time()
            cold.append(_timed(lambda: _opened(blocks, store)))
            busy.append(time.process_time() - began)
            for _ in range(2):
                local.append(_timed(lambda: _session(folder / "net.onnx")))
                warm.append(_timed(lambda: _opened(blocks, store)))
    size = (folder / "net.onnx").stat().st_size / 1e6
    what = (
        f"a model of {size:.0f} MB from the store into onnxruntime: {median(cold):.2f} s "
        f"({median(busy):.2f} CPU-s) over {median(stream):.2f} s for downloading it in one "
        f"stream; {rounds} rounds in turns"
    )
    again = f"the same again, {median(warm):.3f} s over {median(local):.3f} s from a local file"
    return (
        Row("cold load / one-stream download", paired(cold, stream), at_most(0.22), "x", what),
        Row("warm load / local file", paired(warm, local), at_most(1.1), "x", again),
    )


def _tensor_rows(store: Store, size: int, rounds: int) -> list[Row]:
    some, whole, ratio = list[float](), list[float](), 0.0
    names = ["w3", "w14"]
    for _ in range(rounds):
        with _cache() as blocks, open_object(blocks, store, "net.safetensors") as file:
            some.append(_timed(lambda: open_safetensors(file).load(names)))
            needed = sum(open_safetensors(file)[name].size for name in names)
            ratio = file.object.fetched / needed
        whole.append(_timed(lambda: _parallel(store)))
    what = (
        f"{len(names)} of {TENSORS} tensors of a safetensors file of {size / 1e6:.0f} MB, "
        f"{median(some) * 1000:.0f} ms over {median(whole) * 1000:.0f} ms for a download in "
        f"{STREAMS} streams; {rounds} rounds in turns"
    )
    return [
        Row("10 % of the tensors / download", paired(some, whole), at_most(0.2), "x", what),
        Row("bytes fetched / needed", ratio, at_most(1.3), "x", "of the same"),
    ]


def _range_rows(store: Store, endpoint: str, folder: Path, count: int, rounds: int) -> list[Row]:
    size = (folder / "net.safetensors").stat().st_size
    places = [int(at) for at in np.random.default_rng(0).integers(0, size - RANGE, count)]
    raw, direct, cold, warm, theirs = [list[float]() for _ in range(5)]
    stat = store.stat("net.safetensors")
    files = _s3fs(endpoint) if _is_here("s3fs") else None
    for _ in range(rounds):
        with _cache() as blocks, open_object(blocks, store, "net.safetensors") as file:
            with (folder / "net.safetensors").open("rb") as local:
                raw.append(_spread(lambda at: _pread(local.fileno(), at), places))
            direct.append(_spread(lambda at: store.read(stat.key, at, RANGE, stat.etag), places))
            cold.append(_spread(lambda at: file.read_at(at, RANGE), places))
            warm.append(_spread(lambda at: file.read_at(at, RANGE), places))
        if files:
            theirs.append(_spread(partial(_s3fs_range, files), places))
    what = f"{count} reads of 64 KiB at random, {STREAMS} at once: "
    local_too = f"{median(raw) * 1000:.0f} ms of a local file"
    straight = f"{what}{median(direct) * 1000:.0f} ms over {local_too}"
    near = f"the same through the cache, {median(warm) * 1000:.0f} ms over {local_too}"
    far = f"the same, {median(cold) * 1000:.0f} ms: whole pages are fetched, summed and kept"
    rows = [
        Row("64 KiB ranges / local file", paired(direct, raw), at_most(3), "x", straight),
        Row("64 KiB ranges, cached / local file", paired(warm, raw), at_most(3), "x", near),
        Row("64 KiB ranges, into the cache / local file", paired(cold, raw), None, "x", far),
    ]
    if theirs:
        slow = f"s3fs, {median(theirs):.2f} s, over {median(direct) * 1000:.0f} ms"
        ratio = paired(theirs, direct)
        rows.append(Row("64 KiB ranges, s3fs / ours", ratio, at_least(10), "x", slow))
    return rows


def _small_rows(store: Store, endpoint: str, folder: Path, count: int, rounds: int) -> list[Row]:
    """Whole objects that are small, one after the other and many at once, beside other clients."""
    names = _make_small(folder, count)
    peers = {"s3fs": _s3fs_whole, "boto3": _boto3_whole, "obstore": _obstore_whole}
    clients = {name: client(endpoint) for name, client in peers.items() if _is_here(name)}
    clients["raw"] = lambda name: (folder / name).read_bytes()
    rows = []
    for at_once in (1, STREAMS):
        ours, theirs = list[float](), {name: list[float]() for name in clients}
        for _ in range(rounds):
            ours.append(_spread(store.read, names, at_once))
            for name, fetch in clients.items():
                theirs[name].append(_spread(fetch, names, at_once))
        what = f"{count} objects of {SMALL // 1000} kB, {at_once} at once: {median(ours):.3f} s"
        local = f"{what} over {median(theirs['raw']) * 1000:.0f} ms for local files"
        rows.append(
            Row(f"small objects, {at_once} / files", paired(ours, theirs["raw"]), None, "x", local)
        )
        for name in clients.keys() - {"raw"}:
            slow = f"{name} {median(theirs[name]):.3f} s over ours"
            ratio = paired(theirs[name], ours)
            rows.append(Row(f"small objects, {at_once}, {name} / ours", ratio, None, "x", slow))
    return rows


def _make_small(folder: Path, count: int) -> list[str]:
    (folder / "small").mkdir(exist_ok=True)
    names = [f"small/{index}" for index in range(count)]
    for name in names:
        if not (folder / name).exists():
            (folder / name).write_bytes(os.urandom(SMALL))
    return names


def _is_here(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _s3fs_whole(endpoint: str) -> Callable[[str], Any]:
    files = _s3fs(endpoint)
    return lambda name: files.cat_file(f"bucket/{name}")


def _boto3_whole(endpoint: str) -> Callable[[str], Any]:
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    config = Config(signature_version=UNSIGNED, max_pool_connections=STREAMS)
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", config=config)
    return lambda name: client.get_object(Bucket="bucket", Key=name)["Body"].read()


def _obstore_whole(endpoint: str) -> Callable[[str], Any]:
    from obstore.store import S3Store

    there = S3Store(
        "bucket",
        endpoint=endpoint,
        region="us-east-1",
        skip_signature=True,
        client_options={"allow_http": True},
    )
    return lambda name: there.get(name).bytes()


def _opened(blocks: BlockCache, store: Store) -> None:
    with local_path(blocks, store, "net.onnx") as path:
        _session(path)


def _session(path: Path) -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _download(url: str) -> None:
    """In one stream, to a file."""
    with urlopen(url) as answer, tempfile.TemporaryFile(dir=cache.folder()) as file:
        shutil.copyfileobj(answer, file, 2**20)


def _parallel(store: Store) -> None:
    """In as many streams as the cache has, to a file, without the cache."""
    stat, block = store.stat("net.safetensors"), 4 * 2**20
    with tempfile.TemporaryFile(dir=cache.folder()) as file, ThreadPoolExecutor(STREAMS) as pool:

        def part(start: int) -> None:
            data = store.read(stat.key, start, min(block, stat.size - start), stat.etag)
            os.pwrite(file.fileno(), data, start)

        list(pool.map(part, range(0, stat.size, block)))


def _pread(file: int, place: int) -> bytes:
    return os.pread(file, RANGE, place)


def _spread(read: Callable[[Any], Any], places: Sequence[Any], at_once: int = STREAMS) -> float:
    """Seconds for all reads, so many at once."""
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda _: None, range(at_once)))
        return _timed(lambda: list(pool.map(read, places)))


def _s3fs(endpoint: str) -> Any:
    import s3fs

    return s3fs.S3FileSystem(anon=True, endpoint_url=endpoint)


def _s3fs_range(files: Any, at: int) -> Any:
    return files.cat_file("bucket/net.safetensors", start=at, end=at + RANGE)


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def _cache() -> Iterator[BlockCache]:
    with tempfile.TemporaryDirectory(dir=cache.folder()) as name, BlockCache(Path(name)) as blocks:
        yield blocks


@contextmanager
def _origin(size: int) -> Iterator[tuple[str, Path]]:
    """(endpoint, folder of the bucket) of a server with the two files."""
    binary = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if binary is None:
        raise BenchError("nginx is not installed")
    folder = cache.folder() / f"origin-{size}"
    (folder / "bucket").mkdir(parents=True, exist_ok=True)
    _make(folder / "bucket", size)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "conf").write_text(CONFIG.format(folder=folder, port=port))
    command = [binary, "-c", str(folder / "conf"), "-p", str(folder), "-g", "daemon off;"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            _wait(port, server)
            yield f"http://127.0.0.1:{port}", folder / "bucket"
        finally:
            server.terminate()


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if server.poll() is not None:
                raise BenchError("nginx did not start") from None
            time.sleep(0.05)
    raise BenchError("nginx does not answer")


def _make(folder: Path, size: int) -> None:
    """A model, and a safetensors file, of `size` bytes."""
    side = int((size / TENSORS / 4) ** 0.5)
    weight = np.random.default_rng(0).normal(0, 0.1, (side, side)).astype(np.float32)
    if not (folder / "net.onnx").exists():
        names = [f"w{index}" for index in range(TENSORS)]
        inputs = ["x", *(f"y{index}" for index in range(TENSORS - 1))]
        outputs = [*inputs[1:], "z"]
        nodes = [
            helper.make_node("MatMul", [left, name], [right])
            for left, name, right in zip(inputs, names, outputs, strict=True)
        ]
        ends = [helper.make_tensor_value_info(e, TensorProto.FLOAT, [1, side]) for e in ("x", "z")]
        weights = [numpy_helper.from_array(weight, name) for name in names]
        graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], weights)
        opset = [helper.make_opsetid("", 17)]
        onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), folder / "net.onnx")
    if not (folder / "net.safetensors").exists():
        table, each = {}, weight.nbytes
        for index in range(TENSORS):
            place = [index * each, (index + 1) * each]
            table[f"w{index}"] = {"dtype": "F32", "shape": [side, side], "data_offsets": place}
        text = json.dumps(table).encode()
        with (folder / "net.safetensors").open("wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for _ in range(TENSORS):
                file.write(weight.tobytes())
