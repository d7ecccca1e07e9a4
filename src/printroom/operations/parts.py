"""What printroom is built on: libvips, onnxruntime, CUDA, bubblewrap, uv.

Settings -> Findings
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import version

from printroom.core.errors import PrintroomError
from printroom.core.settings import Settings
from printroom.operations.finding import Finding, fault, good, warning


def libvips(_: Settings) -> Iterator[Finding]:
    """Whether pictures can be read and written, tried with each format."""
    try:
        from printroom.imaging.vips import pyvips
    except Exception as error:  # a library that is missing is an OSError, and more
        yield fault("libvips", f"it cannot be loaded: {error}", "pip install pyvips[binary]")
        return
    from printroom.imaging.formats import FORMATS

    number = ".".join(str(pyvips.version(part)) for part in range(3))
    picture = pyvips.Image.black(8, 8, bands=3).copy(interpretation="srgb")
    bad = []
    for kind in FORMATS:
        if kind.writes:
            try:
                picture.write_to_buffer(kind.suffixes[0])
            except pyvips.Error:
                bad.append(kind.title)
    if bad:
        told = f"{number}, which cannot write {', '.join(bad)}"
        yield warning("libvips", told, "pip install pyvips[binary]")
    else:
        yield good("libvips", f"{number}, all formats")


def onnxruntime(settings: Settings) -> Iterator[Finding]:
    """Whether networks run, on the device that is set."""
    try:
        from printroom.runtimes.onnx.session import available_providers

        providers = available_providers()
    except Exception as error:
        yield fault("onnxruntime", f"it cannot be loaded: {error}", "pip install onnxruntime")
        return
    names = ", ".join(name.removesuffix("ExecutionProvider") for name in providers)
    told = f"{_installed()}: {names}"
    if settings.device != "cpu" and "CUDAExecutionProvider" not in providers:
        yield fault("onnxruntime", told, "pip install printroom[gpu]")
    else:
        yield good("onnxruntime", told)


def device(settings: Settings) -> Iterator[Finding]:
    """The device that is set, as its driver sees it."""
    from printroom.core.sizes import format_size
    from printroom.engine.device import Device

    try:
        found = Device.parse(settings.device)
    except PrintroomError as error:
        yield fault("device", error.reason, error.remedy)
        return
    where = "" if found.video is None else f", {format_size(found.video)} of video memory"
    told = f"{found.name}, {found.workers} workers{where}"
    if settings.device == "cpu" and _driver_has_devices():
        yield warning("device", f"{told}; there is a CUDA device", "set PRINTROOM_DEVICE=cuda:0")
    else:
        yield good("device", told)


def bubblewrap(_: Settings) -> Iterator[Finding]:
    """Whether what strangers made is opened and run behind a wall."""
    from printroom.isolation.walls import bubblewrap as walls

    if walls() is None:
        here = shutil.which("bwrap") is not None
        told = "it may not make namespaces here" if here else "it is not installed"
        remedy = (
            "allow user namespaces, or run printroom outside of a container"
            if here
            else "install the package bubblewrap: without it no models of strangers are taken"
        )
        yield warning("bubblewrap", told, remedy)
    else:
        yield good("bubblewrap", "models of strangers are opened, tried and run behind it")


def uv(_: Settings) -> Iterator[Finding]:
    """Whether steps can have environments of their own."""
    from printroom.isolation.environments import find_uv

    try:
        done = subprocess.run(
            [find_uv(), "--version"], capture_output=True, text=True, timeout=20, check=True
        )
    except (PrintroomError, OSError, subprocess.SubprocessError) as error:
        yield fault("uv", str(error), "pip install uv")
    else:
        yield good("uv", done.stdout.strip().removeprefix("uv "))


def _installed() -> str:
    for name in ("onnxruntime", "onnxruntime-gpu"):
        try:
            return f"{name} {version(name)}"
        except ModuleNotFoundError:
            continue
    return "onnxruntime"


def _driver_has_devices() -> bool:
    from printroom.engine.device import Device

    try:
        Device.parse("cuda:0")
    except PrintroomError:
        return False
    return True
