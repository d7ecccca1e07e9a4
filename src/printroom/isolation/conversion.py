"""Weights of restoration networks, in a pickle or as safetensors, made into ONNX in a sandbox.

    file -> convert -> Converted          ConversionFailed EnvironmentFailed

spandrel tells from the weights which network they are of. Nothing of the file is opened in this
process; of what the sandbox leaves, the graph is data to us, and is run against what torch made.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import printroom.runtimes
from printroom.core.errors import ConversionFailed, EnvironmentFailed, ModelError
from printroom.isolation.environments import Environment, EnvironmentSpec
from printroom.isolation.house import Isolation
from printroom.isolation.sandbox import Sandbox
from printroom.runtimes.onnx.parse import read
from printroom.runtimes.onnx.session import OnnxSession

PYTHONS = ("3.11", "3.12", "3.10", "3.13")
REQUIREMENTS = ("torch==2.13.0", "numpy", "safetensors", "einops", "onnx", "spandrel==0.4.1")
WITHOUT = ("torchvision",)
"""spandrel asks for it and takes three functions; its usual build does not load beside torch's for
CPUs."""
CLOSE = 1e-3
"""Largest difference to torch's own result, in parts of the largest value, at least 1."""
FIXED = 128
"""Side of the pictures of a network whose graph holds for one size only."""
_CHILD = Path(printroom.runtimes.__file__).parent / "convert_child.py"
_REPORT = 1 << 16
"""Most bytes of a report."""


@dataclass(frozen=True)
class Converted:
    """What came out."""

    onnx: bytes
    architecture: str
    """As spandrel calls it."""
    purpose: str
    """`SR`, `Restoration`, ...: as spandrel calls it."""
    difference: float
    """The largest to the network's own result, on random pictures."""
    walls: str
    """What stood between the file and us."""


def convert(
    path: Path, isolation: Isolation, sandbox: Sandbox | None = None, *, suffix: str = ".pth"
) -> Converted:
    """The network in `path`, as ONNX for pictures of any size, or else of `FIXED` x `FIXED`.

    `suffix`: `.pth` or `.safetensors`, whatever the file is called. The first time takes as long
    as torch does to be installed. Raises ConversionFailed, EnvironmentFailed.
    """
    sandbox = sandbox or Sandbox()
    environment = _environment(isolation)
    with tempfile.TemporaryDirectory(prefix="printroom-") as scratch:
        source = Path(scratch) / f"weights{suffix}"
        shutil.copyfile(path, source)  # a copy: no folder of anybody's is seen from inside
        try:
            return _converted(source, environment, sandbox, 0)
        except _Differs:
            return _converted(source, environment, sandbox, FIXED)


class _Differs(ConversionFailed):
    """The graph does something else than the network does."""


def _converted(source: Path, environment: Environment, sandbox: Sandbox, side: int) -> Converted:
    with tempfile.TemporaryDirectory(prefix="printroom-") as scratch:
        inside = Path(scratch)
        arguments = (source, inside, str(side), str(FIXED))
        sandbox.run(environment.python, _CHILD, arguments, reads=(source,), writes=inside)
        report = _report(inside / "report.json")
        data = read(plain(inside / "model.onnx"))
        difference = _difference(data, inside, report)
    return Converted(data, report["architecture"], report["purpose"], difference, sandbox.walls)


def _environment(isolation: Isolation) -> Environment:
    missing: EnvironmentFailed | None = None
    for python in PYTHONS:
        try:
            return isolation.environment(EnvironmentSpec(python, REQUIREMENTS, without=WITHOUT))
        except EnvironmentFailed as error:
            if f"no Python {python}" not in error.reason:
                raise
            missing = missing or error
    assert missing is not None
    raise missing


def _report(path: Path) -> dict[str, Any]:
    """Checked: a stranger's file may have written it."""
    try:
        report = json.loads(plain(path).read_bytes()[:_REPORT])
        names = [report[name] for name in ("architecture", "purpose")]
        shapes = [*report["given"], *report["made"]]
        good = all(isinstance(name, str) and len(name) < 64 for name in names) and all(
            len(shape) == 4 and all(isinstance(side, int) and 0 < side < 4096 for side in shape)
            for shape in shapes
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConversionFailed(f"the conversion left no report ({error})") from error
    if not good:
        raise ConversionFailed("the conversion left a report that makes no sense")
    return dict(report)


def plain(path: Path) -> Path:
    """A file, not a link to somewhere else."""
    if path.is_symlink() or not path.is_file():
        raise ConversionFailed(f"the conversion left no {path.name}")
    return path


def _difference(data: bytes, folder: Path, report: dict[str, Any]) -> float:
    worst = 0.0
    try:
        session = OnnxSession(data)
    except ModelError as error:
        raise ConversionFailed(f"the converted network is no model: {error.reason}") from error
    try:
        for number, (given, made) in enumerate(zip(report["given"], report["made"], strict=True)):
            wanted = _array(folder / f"made{number}.bin", made)
            result = session.run(_array(folder / f"given{number}.bin", given))
            if result.shape != wanted.shape:
                raise _Differs(f"the graph makes {result.shape}, the network {wanted.shape}")
            limit = CLOSE * max(1.0, float(np.abs(wanted).max()))
            worst = max(worst, float(np.abs(result - wanted).max()))
            if not worst <= limit:
                raise _Differs(f"the converted network differs from the original by {worst:.2g}")
    except ModelError as error:
        raise _Differs(f"the converted network fails: {error.reason}") from error
    finally:
        session.close()
    return worst


def _array(path: Path, shape: list[int]) -> NDArray[np.float32]:
    size = int(np.prod(shape, dtype=np.int64)) * 4
    if plain(path).stat().st_size != size:
        raise ConversionFailed(f"the conversion left {path.name} with other than {size} bytes")
    return np.frombuffer(path.read_bytes(), np.float32).reshape(shape)
