"""Where a book of stores is kept: one page a store, sealed before it comes here.

name -> page                 None: there is none
name, page -> kept           Unwritable
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from printroom.core.errors import Unwritable


class Pages(Protocol):
    """Pages by name, for any number of threads and processes."""

    def names(self) -> Iterable[str]:
        """Of all pages."""

    def read(self, name: str) -> str | None:
        """A page; None if there is none."""

    def write(self, name: str, page: str) -> None:
        """Keep a page, in place of one of that name."""

    def remove(self, name: str) -> None:
        """Have no such page."""


class FolderPages:
    """Files of a folder, for the owner's eyes alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> Iterable[str]:
        """Of all pages."""
        return [path.stem for path in self._folder.glob("[a-z0-9]*.json")]

    def read(self, name: str) -> str | None:
        """A page; None if there is none, or if it cannot be read."""
        try:
            return self._path(name).read_text()
        except (OSError, ValueError):
            return None

    def write(self, name: str, page: str) -> None:
        """Keep a page, in place of one of that name. Raises Unwritable."""
        write_whole(self._path(name), page.encode())

    def remove(self, name: str) -> None:
        """Have no such page."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def write_whole(path: Path, data: bytes, *, exclusive: bool = False) -> None:
    """A file for the owner alone, whole or not at all. Raises FileExistsError, Unwritable."""
    draft = path.with_name(f".{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        if exclusive:
            path.hardlink_to(draft)
        else:
            draft.replace(path)
    except FileExistsError:
        raise
    except OSError as error:
        why = error.strerror or str(error)
        raise Unwritable(f"{path.parent} cannot be written", why) from error
    finally:
        draft.unlink(missing_ok=True)
