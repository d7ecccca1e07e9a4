"""What an installation may set, read once from the environment.

    {"PRINTROOM_MEMORY": "2GB", ...} -> Settings: BadOption, naming the variable

Each field is the variable `PRINTROOM_` + its name in capitals; an empty variable counts as unset.
Options of the command line are laid over it with `dataclasses.replace`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from printroom.core.errors import BadOption
from printroom.core.sizes import parse_size


def _home() -> Path:
    share = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(share).expanduser() / "printroom"


@dataclass(frozen=True)
class Settings:
    """How this installation of printroom behaves."""

    data: Path = field(default_factory=_home)
    """Folder for what printroom keeps: cards of imported models, scratch files."""
    memory: int | None = None
    """Bytes for the whole process; None = a quarter of free memory, at most 2 GiB."""
    workers: int | None = None
    """Tiles computed at once, 1 or more; None = as many as the device has use for."""
    processes: int = 1
    """Processes of a server; they share out workers, memory and requests."""
    device: str = "cpu"
    """Where nets run: `cpu`, `cuda:0`, or the id of a MIG slice."""
    models: tuple[Path, ...] = ()
    """Folders with models that come before the bundled ones, separated like PATH."""
    model_stores: tuple[str, ...] = ()
    """Stores with models that come after all others, separated by commas: the name of each, or name
    and prefix."""
    preload: tuple[str, ...] = ()
    """Models that a server loads before it says it is ready, separated by commas; none = the best
    that doubles."""
    model_memory: int | None = None
    """Bytes that loaded models may take in each process, within `memory`; None = all that runs do
    not need."""
    model_ttl: int = 300
    """Seconds that a model stays loaded when nobody uses it; 0 = for as long as its bytes are not
    needed."""
    pixels: int = 10**9
    """Largest picture taken from the command line and from Python, in pixels."""
    http_pixels: int = 5 * 10**8
    """Largest picture taken over HTTP, in pixels."""
    http_body: int = 2**30
    """Largest request body, in bytes."""
    http_running: int = 16
    """Requests worked on at once."""
    http_waiting: int = 64
    """Requests that may wait for their turn; beyond it the server answers 503."""
    http_log: bool = False
    """Whether each picture leaves one line of JSON on standard error; 1 or 0."""
    database_url: str | None = field(default=None, repr=False)
    """Where runs and accounts are kept: `postgresql+psycopg://...` for several servers; None = a
    file `printroom.db` in the data folder."""
    jobs_lease: int = 15
    """Seconds without a sign of life after which a worker's jobs go to others, 1 or more."""
    jobs_keep: int = 7 * 24 * 3600
    """Seconds for which finished runs and their files are kept."""

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """The settings of `environment` (default: the process's). Raises BadOption."""
        found = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        for name, parse in _PARSERS.items():
            variable = f"PRINTROOM_{name.upper()}"
            if text := found.get(variable, "").strip():
                try:
                    values[name] = parse(text)
                except BadOption as error:
                    raise BadOption(f"{variable}: {error.reason}", error.remedy) from None
        return cls(**values)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise BadOption(f"{text!r} is not a whole number above zero", "write it as 4")
    return int(text)


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise BadOption(f"{text!r} is not a whole number of seconds", "write it as 300")
    return int(text)


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise BadOption(f"{text!r} is neither 0 nor 1", "write 1 for yes")
    return text == "1"


def _folders(text: str) -> tuple[Path, ...]:
    return tuple(Path(part).expanduser() for part in text.split(os.pathsep) if part)


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


_PARSERS: dict[str, Callable[[str], Any]] = {
    "data": lambda text: Path(text).expanduser(),
    "memory": parse_size,
    "workers": _count,
    "processes": _count,
    "device": str,
    "models": _folders,
    "model_stores": _names,
    "preload": _names,
    "model_memory": parse_size,
    "model_ttl": _seconds,
    "pixels": _count,
    "http_pixels": _count,
    "http_body": parse_size,
    "http_running": _count,
    "http_waiting": _count,
    "http_log": _flag,
    "database_url": str,
    "jobs_lease": _count,
    "jobs_keep": _count,
}
