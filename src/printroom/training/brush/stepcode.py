"""The code of the step `stylise`, which lies in a folder and in no package.

part("palette") -> that module of the step, as it is in its environment
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from printroom import steps

STYLISE = Path(steps.__file__ or "").parent / "artist" / "stylise"


@cache
def part(name: str) -> Any:
    """One of its modules: palette, strokes, texture, net, brushes, works, emotions."""
    sys.path.insert(0, str(STYLISE))
    try:
        return import_module(name)
    finally:
        sys.path.remove(str(STYLISE))
