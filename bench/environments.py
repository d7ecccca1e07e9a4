"""A virtual environment per peer, made by pip when first needed.

    name of a peer -> its python, with our versions of what both need

Raises BenchError when pip fails.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from bench.cache import HERE
from bench.processes import BenchError

FOLDER = HERE / "peers"
SHARED = ("numpy", "onnxruntime", "pyvips", "pyvips-binary")
"""Installed everywhere in the version that printroom runs on."""
REQUIREMENTS = {
    "fastapi": ("fastapi", "uvicorn", "uvloop", "httptools"),
    "mosec": ("mosec==0.9.8", "simplejpeg", "opencv-python-headless"),
    "litserve": ("litserve==0.2.19", "pyzmq"),
}
"""What each peer needs beyond it."""
_OURS = ("fastapi", "uvicorn", "uvloop", "httptools", "simplejpeg", "opencv-python-headless")
"""Pinned to our version too, so that only what is around them differs."""


def python(peer: str) -> Path:
    """The interpreter of the peer's environment; made or renewed when its packages changed."""
    folder = FOLDER / f".venv-{peer}"
    wanted = [_pinned(name) for name in (*SHARED, *REQUIREMENTS[peer])]
    stamp = folder / "requirements.json"
    if not stamp.exists() or json.loads(stamp.read_text()) != wanted:
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        _run([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *wanted])
        stamp.write_text(json.dumps(wanted))
    return folder / "bin" / "python"


def _pinned(name: str) -> str:
    return f"{name}=={version(name)}" if name in (*SHARED, *_OURS) else name


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
