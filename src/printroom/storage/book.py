"""The stores of an installation by name: those of its environment, and those that were added.

    PRINTROOM_STORE_PHOTOS=s3://bucket/prefix, PRINTROOM_STORE_PHOTOS__ACCESS_KEY_ID=...
    add("photos", address, secrets) -> <folder>/stores/photos.json: BadOption
    open("photos") -> Store: NotFound BadOption

Secrets are encrypted where they lie (Fernet: AES-128-CBC with HMAC-SHA256), with a key that is in
PRINTROOM_STORES_KEY or else in the file `stores.key`. There is a way in for them, and none out.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from printroom.core.errors import BadOption, NotFound, Unwritable
from printroom.storage.address import Address
from printroom.storage.keys import shown
from printroom.storage.opening import open_store
from printroom.storage.store import Store

VARIABLE = "PRINTROOM_STORE_"
KEY = "PRINTROOM_STORES_KEY"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Listed:
    """What may be told of a store."""

    name: str
    address: str
    secrets: tuple[str, ...]
    """Names of those that are set, never what they are."""
    fixed: bool
    """Whether it comes from the environment, and cannot be removed here."""


class StoreBook:
    """Names of stores, kept in a folder. Any number of processes may use it."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self._folder = folder / "stores"
        self._environment = os.environ if environment is None else environment

    def add(self, name: str, address: str, secrets: Mapping[str, str] | None = None) -> Listed:
        """Keep a store, in place of one of that name. Raises BadOption, Unwritable."""
        if not _NAME.fullmatch(name):
            raise BadOption(f"{shown(name)} is not a name", "take a-z, 0-9 and dashes")
        if name in self._fixed():
            raise BadOption(f"{name} is set by {_variable(name)}", "take another name")
        Address.parse(address).settings(secrets or {})
        sealed = self._cipher(make=True).encrypt(json.dumps(dict(secrets or {})).encode())
        content = {"address": address, "names": sorted(secrets or {}), "sealed": sealed.decode()}
        self._write(f"{name}.json", json.dumps(content, indent=1).encode())
        return Listed(name, address, tuple(sorted(secrets or {})), fixed=False)

    def remove(self, name: str) -> None:
        """Forget a store. Raises NotFound; BadOption for one of the environment."""
        if self.find(name).fixed:
            raise BadOption(f"{name} is set by {_variable(name)}", "unset it there")
        (self._folder / f"{name}.json").unlink(missing_ok=True)

    def find(self, name: str) -> Listed:
        """What may be told of one. Raises NotFound."""
        for listed in self.listed():
            if listed.name == name:
                return listed
        known = ", ".join(listed.name for listed in self.listed()) or "none"
        raise NotFound(f"there is no store {shown(name)}", f"there is {known}")

    def listed(self) -> list[Listed]:
        """All, by name."""
        found = [
            Listed(name, address, tuple(sorted(self._fixed_secrets(name))), fixed=True)
            for name, address in self._fixed().items()
        ]
        for path in self._folder.glob("[a-z0-9]*.json"):
            if path.stem not in self._fixed():
                content = self._read(path)
                names = tuple(content["names"])
                found.append(Listed(path.stem, str(content["address"]), names, fixed=False))
        return sorted(found, key=lambda listed: listed.name)

    def open(self, name: str) -> Store:
        """The store of that name. Raises NotFound, BadOption."""
        listed = self.find(name)
        if listed.fixed:
            return open_store(listed.address, self._fixed_secrets(name))
        sealed = str(self._read(self._folder / f"{name}.json")["sealed"]).encode()
        try:
            secrets = json.loads(self._cipher().decrypt(sealed))
        except InvalidToken:
            reason = f"the secrets of {name} were sealed with another key"
            raise BadOption(reason, f"set {KEY}, or add the store again") from None
        return open_store(listed.address, secrets)

    def _fixed(self) -> dict[str, str]:
        """Name -> address, of the environment."""
        names = (name for name in self._environment if name.startswith(VARIABLE))
        plain = (name for name in names if "__" not in name.removeprefix(VARIABLE))
        return {
            name.removeprefix(VARIABLE).lower().replace("_", "-"): self._environment[name]
            for name in plain
            if self._environment[name]
        }

    def _fixed_secrets(self, name: str) -> dict[str, str]:
        begin = f"{_variable(name)}__"
        found = (
            (key.removeprefix(begin), key) for key in self._environment if key.startswith(begin)
        )
        return {secret.lower(): self._environment[key] for secret, key in found}

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            content = json.loads(path.read_bytes())
            return {part: content[part] for part in ("address", "names", "sealed")}
        except (OSError, ValueError, KeyError, TypeError):
            raise BadOption(f"{path} cannot be read", "add the store again") from None

    def _cipher(self, make: bool = False) -> Fernet:
        key = self._environment.get(KEY, "").encode()
        path = self._folder / "stores.key"
        if not key and make and not path.exists():
            with contextlib.suppress(FileExistsError):
                self._write(path.name, Fernet.generate_key(), exclusive=True)
        try:
            return Fernet(key or path.read_bytes())
        except (OSError, ValueError):
            reason = f"there is no key that opens the secrets of stores, in {KEY} or {path}"
            raise BadOption(reason, "a key is 32 bytes in URL-safe base64") from None

    def _write(self, name: str, data: bytes, exclusive: bool = False) -> None:
        """A file for the owner alone, whole or not at all. Raises FileExistsError, Unwritable."""
        draft = self._folder / f".{random.token_hex(8)}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(handle)
            if exclusive:
                (self._folder / name).hardlink_to(draft)
            else:
                draft.replace(self._folder / name)
        except FileExistsError:
            raise
        except OSError as error:
            why = error.strerror or str(error)
            raise Unwritable(f"{self._folder} cannot be written", why) from error
        finally:
            draft.unlink(missing_ok=True)


def _variable(name: str) -> str:
    return VARIABLE + name.upper().replace("-", "_")
