"""The one file that an installation may be set by, in place of its environment.

    $PRINTROOM_CONFIG, or printroom.toml in the data folder -> variables        BadOption

Each line is a variable: `memory = "2GB"` is PRINTROOM_MEMORY. What the environment sets already
wins over the file.

    [stores.photos]                       PRINTROOM_STORE_PHOTOS
    address = "s3://bucket/prefix"
    access_key_id = "..."                 PRINTROOM_STORE_PHOTOS__ACCESS_KEY_ID
    [secrets]
    hub_token = "..."                     PRINTROOM_SECRET_HUB_TOKEN
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from printroom.core.errors import BadOption
from printroom.core.settings import Settings

VARIABLE = "PRINTROOM_CONFIG"
NAME = "printroom.toml"
BESIDE = ("stores_key", "signing_keys")
"""Variables that are no settings, since they are secrets."""
_PATHS = ("models",)
"""Lists that are separated like PATH; others by commas."""


def place(environment: Mapping[str, str]) -> Path | None:
    """The file that is read; None = there is none. Raises BadOption when one is named in vain."""
    if named := environment.get(VARIABLE, "").strip():
        path = Path(named).expanduser()
        if not path.is_file():
            raise BadOption(f"{VARIABLE} names {path}, which is no file", "write it, or unset it")
        return path
    data = environment.get("PRINTROOM_DATA", "").strip()
    path = (Path(data).expanduser() if data else Settings().data) / NAME
    return path if path.is_file() else None


def adopt(environment: MutableMapping[str, str] = os.environ) -> Path | None:
    """Put what the file sets into `environment`, under what is there; the file, if there is one.

    For the beginning of a process, before anything is read. Raises BadOption.
    """
    path = place(environment)
    if path is not None:
        for name, value in variables(path).items():
            if not environment.get(name, "").strip():
                environment[name] = value
    return path


def variables(path: Path) -> dict[str, str]:
    """What a file sets. Raises BadOption, naming the line or the key."""
    import tomllib  # most have no file

    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadOption(f"{path} cannot be read: {error}", "write it as TOML") from None
    try:
        return dict(_named(raw))
    except ValueError as error:
        raise BadOption(f"{path}: {error}", "see the settings") from None


def _named(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    known = {field.name for field in fields(Settings)} | set(BESIDE)
    for key, value in raw.items():
        if key == "stores":
            yield from _stores(value)
        elif key == "secrets":
            for name, text in _table(key, value).items():
                yield f"PRINTROOM_SECRET_{name.upper()}", _text(f"secrets.{name}", text)
        elif key not in known:
            raise ValueError(f"there is no setting {key}")
        else:
            yield f"PRINTROOM_{key.upper()}", _text(key, value)


def _stores(raw: Any) -> Iterator[tuple[str, str]]:
    for name, store in _table("stores", raw).items():
        variable = "PRINTROOM_STORE_" + name.upper().replace("-", "_")
        for key, value in _table(f"stores.{name}", store).items():
            ending = "" if key == "address" else f"__{key.upper()}"
            yield variable + ending, _text(f"stores.{name}.{key}", value)


def _table(key: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{key} is no table")
    return value


def _text(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return (os.pathsep if key in _PATHS else ",").join(value)
    raise ValueError(f"{key} is neither a text, a number, true or false, nor a list of texts")
