"""The machine itself: Python, memory, disk, folders, files, the clock, the address.

Settings -> Findings
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from printroom.core.settings import Settings
from printroom.core.sizes import format_size
from printroom.engine.plan import default_budget
from printroom.operations.finding import Finding, fault, good, warning

OLDEST = (3, 11)
LEAST_MEMORY = 512 * 2**20
"""Bytes with which a picture of any size can be done."""
LEAST_DISK, ENOUGH_DISK = 2**30, 10 * 2**30
"""Bytes free in the data folder: below the first, uploads fail; below the second, soon."""
ENOUGH_FILES = 4096
"""Open files: two for each connection, and some for each run."""
EARLIEST = 1_735_689_600
"""Seconds of the epoch: 2025 began. No clock that is right shows less."""


def python(_: Settings) -> Iterator[Finding]:
    """The interpreter."""
    told = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    if sys.version_info < OLDEST:
        yield fault("python", told, f"use Python {OLDEST[0]}.{OLDEST[1]} or later")
    else:
        yield good("python", told)


def memory(settings: Settings) -> Iterator[Finding]:
    """What there is, and what printroom would take."""
    free = min(psutil.virtual_memory().available, _control_group())
    budget = settings.memory or default_budget()
    told = f"{format_size(budget)} for printroom, {format_size(free)} free"
    if budget < LEAST_MEMORY:
        yield fault("memory", told, f"set PRINTROOM_MEMORY to {format_size(LEAST_MEMORY)} or more")
    elif budget > free:
        yield warning("memory", told, "set PRINTROOM_MEMORY to less, or close other programs")
    else:
        yield good("memory", told)


def folder(settings: Settings) -> Iterator[Finding]:
    """The data folder: whether files can be written there, and how many."""
    data = settings.data
    try:
        data.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=data, prefix=".doctor-") as file:
            file.write(b"printroom")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        reason = error.strerror or str(error)
        yield fault(
            "data folder", f"{data} cannot be written: {reason}", "set PRINTROOM_DATA, or its owner"
        )
        return
    yield good("data folder", f"{data} can be written")
    yield from _disk(data)


def files(_: Settings) -> Iterator[Finding]:
    """How many files a process may have open."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    shown = "any number" if soft == resource.RLIM_INFINITY else f"{soft:,}"
    if soft != resource.RLIM_INFINITY and soft < ENOUGH_FILES:
        remedy = f"raise it to {ENOUGH_FILES:,} (ulimit -n, or LimitNOFILE= of the service)"
        yield warning("open files", f"{shown} at once, {hard:,} if asked for", remedy)
    else:
        yield good("open files", f"{shown} at once")


def clock(_: Settings) -> Iterator[Finding]:
    """Whether it can be right: signatures and expiries depend on it."""
    now = time.time()
    told = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    if now < EARLIEST:
        yield fault("clock", told, "set it, and let a time service keep it")
    else:
        yield good("clock", told)


def address(host: str, port: int) -> Iterator[Finding]:
    """Whether a server could listen there."""
    try:
        family, _, _, _, found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        socket.create_server(found[:2], family=family).close()
    except OSError as error:
        if _printroom_answers(host, port):
            yield good("address", f"{host}:{port}, where a printroom answers")
            return
        reason = error.strerror or str(error)
        yield fault("address", f"{host}:{port}: {reason}", "choose another --host or --port")
    else:
        yield good("address", f"{host}:{port} is free")


def _printroom_answers(host: str, port: int) -> bool:
    import httpx

    try:
        answer = httpx.get(f"http://{host}:{port}/healthz", timeout=2, trust_env=False)
        return bool(answer.json().get("status") == "alive")
    except (httpx.HTTPError, ValueError, AttributeError):
        return False


def _disk(data: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(data).free
    told = f"{format_size(free)} free"
    if free < LEAST_DISK:
        yield fault("disk", told, "make room, or set PRINTROOM_DATA to another disk")
    elif free < ENOUGH_DISK:
        yield warning("disk", told, "make room, or shorten PRINTROOM_JOBS_KEEP")
    else:
        yield good("disk", told)


def _control_group() -> int:
    """Bytes that a container may take; a very large number where nothing is said."""
    try:
        return int(Path("/sys/fs/cgroup/memory.max").read_text())
    except (OSError, ValueError):  # no such file, or "max"
        return 1 << 62
