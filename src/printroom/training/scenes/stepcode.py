"""The code of the step `paint`, which lies in a folder and in no package.

`tokens_of`, `MOST_WORDS`: how a poem is cut into words, in training as in the step
`vision(folder)`: the step's nets in a folder, to examine them as they are shipped
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from printroom import steps

PAINT = Path(steps.__file__ or "").parent / "artist" / "paint"


@cache
def _module(name: str) -> ModuleType:
    sys.path.insert(0, str(PAINT))
    try:
        return import_module(name)
    finally:
        sys.path.remove(str(PAINT))


tokens_of: Callable[[str, Mapping[str, int]], list[int]] = _module("tokens").tokens_of
MOST_WORDS: int = _module("tokens").MOST_WORDS


def vision(folder: Path) -> Any:
    """A `Vision` of the nets in `folder`."""
    return _module("vision").Vision(folder)
