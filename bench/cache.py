"""The folder of what benches make and keep between runs: pictures, nets, cards, logs.

Large results go there too and are deleted by the bench that wrote them. `PRINTROOM_BENCH_CACHE`
names another place for it; `python -m bench --clean` deletes it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

HERE = Path(__file__).parent
VARIABLE = "PRINTROOM_BENCH_CACHE"


def folder() -> Path:
    """The cache folder; made when absent."""
    named = os.environ.get(VARIABLE)
    path = Path(named).resolve() / "printroom-bench" if named else HERE / ".cache"
    path.mkdir(parents=True, exist_ok=True)
    return path


def clean() -> None:
    """Delete the cache folder and the peers' environments."""
    shutil.rmtree(folder())
    for environment in (HERE / "peers").glob(".venv-*"):
        shutil.rmtree(environment)
