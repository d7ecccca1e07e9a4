"""What tiles run on, and all that follows from it: providers, workers, memory, clock, tolerance.

    "cpu" | "cuda" | "cuda:1" | "MIG-<uuid>" -> Device      BadOption: not a device, or not here

A MIG slice is chosen as CUDA wants it, by naming it alone in CUDA_VISIBLE_DEVICES; `parse` does so,
and must therefore come before anything in this process starts CUDA, and a process has one slice.
"""

from __future__ import annotations

import ctypes
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from printroom.core.errors import BadOption
from printroom.engine.batcher import BATCH_PIXELS
from printroom.runtimes.onnx.session import CPU, Provider

GPU_SHARE = 0.9
"""Part of a card's memory that we take; CUDA's own context needs the rest."""
GPU_WORKERS = 2
"""One computes while the other converts pixels."""

GPU_BATCH_PIXELS = 1 << 20
"""Enough to fill a card; more gains nothing."""


@dataclass(frozen=True)
class Device:
    """A place to run models."""

    name: str
    providers: tuple[Provider, ...]
    """Execution providers of onnxruntime, in order of preference."""
    workers: int
    """Threads that run tiles."""
    video: int | None
    """Bytes of video memory that models and tiles may take; None where they are in RAM."""
    batch_pixels: int
    """Input pixels that a batch of tiles may have in all."""
    clock: Callable[[], float]
    """What a batch costs is measured by it: CPU time of the thread, or wall time."""
    tolerance: float
    """Largest difference between tiled and untiled, of full scale; 0 = the same bits."""

    @classmethod
    def parse(cls, name: str) -> Device:
        """The device called `name`."""
        if name == "cpu":
            return cls(name, CPU, usable_cpus(), None, BATCH_PIXELS, time.thread_time, 0.0)
        if name.startswith("MIG-"):
            return cls._slice(name)
        if match := re.fullmatch(r"cuda(?::(\d+))?", name):
            return cls._cuda(name, int(match[1] or 0))
        raise BadOption(f"there is no device {name!r}", "choose cpu, cuda, cuda:1 or MIG-<uuid>")

    @classmethod
    def _slice(cls, name: str) -> Device:
        before = os.environ.get("CUDA_VISIBLE_DEVICES")
        os.environ["CUDA_VISIBLE_DEVICES"] = name
        try:
            return cls._cuda(name, 0)
        except BadOption:
            del os.environ["CUDA_VISIBLE_DEVICES"]
            if before is not None:
                os.environ["CUDA_VISIBLE_DEVICES"] = before
            raise

    @classmethod
    def _cuda(cls, name: str, ordinal: int) -> Device:
        limit = int(GPU_SHARE * _video_memory(name, ordinal))
        options = {
            "device_id": ordinal,
            "gpu_mem_limit": limit,
            "arena_extend_strategy": "kSameAsRequested",
            "use_tf32": 0,  # its 10 bits would not hold the tolerance
        }
        providers: tuple[Provider, ...] = (("CUDAExecutionProvider", options), *CPU)
        return cls(
            name, providers, GPU_WORKERS, limit, GPU_BATCH_PIXELS, time.perf_counter, tolerance=1e-4
        )


def usable_cpus() -> int:
    """CPUs this process may use: its affinity, or its control group's quota where that is less."""
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    return max(1, min(allowed, _quota(Path("/sys/fs/cgroup/cpu.max"))))


def _quota(file: Path) -> int:
    """CPUs that a cgroup v2 grants, rounded up; a very large number where it sets no limit."""
    try:
        quota, period = file.read_text().split()
        return -(-int(quota) // int(period))
    except (OSError, ValueError):  # no such file, or "max"
        return 1 << 30


def _video_memory(name: str, ordinal: int) -> int:
    """Bytes of memory on a card, as the CUDA driver sees it; BadOption where it sees none."""
    device, size = ctypes.c_int(), ctypes.c_size_t()
    try:
        driver = ctypes.CDLL("libcuda.so.1")
        failed = (
            driver.cuInit(0)
            or driver.cuDeviceGet(ctypes.byref(device), ordinal)
            or driver.cuDeviceTotalMem_v2(ctypes.byref(size), device)
        )
    except OSError:
        failed = 1
    if failed:
        raise BadOption(
            f"the CUDA driver has no device {name}", "choose --device cpu, or install the driver"
        )
    return size.value
