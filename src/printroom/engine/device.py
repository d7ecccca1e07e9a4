"""What tiles run on, and all that follows from it: providers, workers, memory, clock, tolerance.

    "cpu" | "cuda" | "cuda:1" | "MIG-<uuid>" -> Device      BadOption: not a device, or not here
    Device -> hold -> our share of its card                 Overloaded: others have it

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
from uuid import UUID

from printroom.core.errors import BadOption, Overloaded
from printroom.core.settings import Settings
from printroom.engine.batcher import BATCH_PIXELS
from printroom.isolation.cards import Place, choose, here, places
from printroom.isolation.grants import NOTHING, CardLedger, Grant
from printroom.runtimes.onnx.session import CPU, Provider

GPU_WORKERS = 2
"""One computes while the other converts pixels."""

GPU_BATCH_PIXELS = 1 << 20
"""Enough to fill a card; more gains nothing."""
_PATIENCE = 5.0
"""Seconds until others have let go of a card, at most: those that are ending, or rest."""


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
    place: Place | None = None
    """The card or slice; None = none."""
    share: float = 0.0
    """Part of it that models may take."""

    @classmethod
    def parse(cls, name: str, share: float = Settings.gpu_share) -> Device:
        """The device called `name`; `share`: part of a card that models may take."""
        if name == "cpu":
            return cls(name, CPU, usable_cpus(), None, BATCH_PIXELS, time.thread_time, 0.0)
        if name.startswith("MIG-"):
            return cls._slice(name, share)
        if match := re.fullmatch(r"cuda(?::(\d+))?", name):
            return cls._cuda(name, int(match[1] or 0), share)
        raise BadOption(f"there is no device {name!r}", "choose cpu, cuda, cuda:1 or MIG-<uuid>")

    @classmethod
    def _slice(cls, name: str, share: float) -> Device:
        undo = choose(name)
        try:
            return cls._cuda(name, 0, share)
        except BadOption:
            undo()
            raise

    @classmethod
    def _cuda(cls, name: str, ordinal: int, share: float) -> Device:
        memory, uuid = _asked(name, ordinal)
        limit = int(share * memory)
        options = {
            "device_id": ordinal,
            "gpu_mem_limit": limit,
            "arena_extend_strategy": "kSameAsRequested",
            "use_tf32": 0,  # its 10 bits would not hold the tolerance
        }
        providers: tuple[Provider, ...] = (("CUDAExecutionProvider", options), *CPU)
        return cls(
            name,
            providers,
            GPU_WORKERS,
            limit,
            GPU_BATCH_PIXELS,
            time.perf_counter,
            tolerance=1e-4,
            place=_place(name, uuid),
            share=share,
        )

    def hold(self, ledger: CardLedger) -> Grant:
        """Its share of the card, which steps and other processes then do without; close it.

        Raises Overloaded when others have too much of it, Unwritable.
        """
        if self.place is None:
            return NOTHING
        who, until = f"the models of process {os.getpid()}", time.monotonic() + _PATIENCE
        with ledger.waiting():
            while True:
                grant = ledger.take_of(self.place, self.share, who)
                if grant is not None:
                    return grant
                if time.monotonic() > until:
                    break
                time.sleep(0.05)
        others = ", ".join(ledger.holders(self.place)) or "others"
        raise Overloaded(
            f"models here may take {self.share:g} of {self.place.name} ({self.place.uuid}), and "
            f"there is not so much of it left: {others} have it",
            "end one of those, or let each take less with PRINTROOM_GPU_SHARE",
            retry_after=30,
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


def _asked(name: str, ordinal: int) -> tuple[int, str]:
    """Bytes of memory on a card, and its UUID without what comes before it, as the driver says.

    Raises BadOption where it sees none.
    """
    device, size, uuid = ctypes.c_int(), ctypes.c_size_t(), (ctypes.c_ubyte * 16)()
    try:
        driver = ctypes.CDLL("libcuda.so.1")
        identify = getattr(driver, "cuDeviceGetUuid_v2", None) or driver.cuDeviceGetUuid
        failed = (
            driver.cuInit(0)
            or driver.cuDeviceGet(ctypes.byref(device), ordinal)
            or driver.cuDeviceTotalMem_v2(ctypes.byref(size), device)
            or identify(ctypes.byref(uuid), device)
        )
    except (OSError, AttributeError):
        failed = 1
    if failed:
        raise BadOption(
            f"the CUDA driver has no device {name}", "choose --device cpu, or install the driver"
        )
    return size.value, str(UUID(bytes=bytes(uuid)))


def _place(name: str, uuid: str) -> Place:
    """What `nvidia-smi` calls it, so that it is the same to all; or as the driver does."""
    for place in places(here()):
        if place.uuid.endswith(uuid) or (name.startswith("MIG-") and place.uuid.startswith(name)):
            return place
    return Place(name if name.startswith("MIG-") else f"GPU-{uuid}", name)
