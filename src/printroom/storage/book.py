"""The stores of an installation, or of one account, by name: of its environment, and added ones.

    PRINTROOM_STORE_PHOTOS=s3://bucket/prefix, PRINTROOM_STORE_PHOTOS__ACCESS_KEY_ID=...
    add("photos", address, secrets) -> <folder>/stores/photos.json: BadOption
    open("photos") -> Store: NotFound BadOption

Secrets are sealed where they lie (`sealing`). There is a way in for them, and none out.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from printroom.core.errors import BadOption, NotFound
from printroom.storage.address import Address
from printroom.storage.guests import check_guest
from printroom.storage.keys import shown
from printroom.storage.opening import open_store
from printroom.storage.pages import FolderPages, Pages
from printroom.storage.sealing import Seal
from printroom.storage.store import Store

VARIABLE = "PRINTROOM_STORE_"
_MOST, _LONGEST = 100, 16_384
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


@dataclass(frozen=True)
class Guest:
    """An account that is not the owner of this machine: it may have what `check_guest` lets it."""

    pages: Pages
    """Where its stores are kept."""
    endpoints: Sequence[str] = ()
    """Hosts that it may name beside those of known services."""


class StoreBook:
    """Names of stores, with what opens them. Any number of processes may use it."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        guest: Guest | None = None,
    ) -> None:
        """`guest`: whose book it is, None = the owner's, with the stores of the environment."""
        self._home = folder / "stores"
        self._environment = os.environ if environment is None else environment
        self._seal = Seal(folder, environment)
        self._guest = guest
        self._pages = FolderPages(self._home) if guest is None else guest.pages

    def add(self, name: str, address: str, secrets: Mapping[str, str] | None = None) -> Listed:
        """Keep a store, in place of one of that name. Raises BadOption, NotAllowed, Unwritable."""
        if not _NAME.fullmatch(name):
            raise BadOption(f"{shown(name)} is not a name", "take a-z, 0-9 and dashes")
        if name in self._fixed():
            raise BadOption(f"{name} is set by {_variable(name)}", "take another name")
        self._checked(address).settings(secrets or {})
        if sum(map(len, (secrets or {}).values())) > _LONGEST:
            raise BadOption("the secrets are too long", f"{_LONGEST} characters are the most")
        if len(self.listed()) >= _MOST and not any(one.name == name for one in self.listed()):
            raise BadOption(f"there are {_MOST} stores already", "remove one")
        sealed = self._seal.seal(json.dumps(dict(secrets or {})))
        content = {"address": address, "names": sorted(secrets or {}), "sealed": sealed}
        self._pages.write(name, json.dumps(content, indent=1))
        return Listed(name, address, tuple(sorted(secrets or {})), fixed=False)

    def remove(self, name: str) -> None:
        """Forget a store. Raises NotFound; BadOption for one of the environment."""
        if self.find(name).fixed:
            raise BadOption(f"{name} is set by {_variable(name)}", "unset it there")
        self._pages.remove(name)

    def find(self, name: str) -> Listed:
        """What may be told of one. Raises NotFound."""
        if (address := self._fixed().get(name)) is not None:
            return Listed(name, address, tuple(sorted(self._fixed_secrets(name))), fixed=True)
        if _NAME.fullmatch(name) and self._pages.read(name) is not None:
            return self._listed(name)
        known = ", ".join(listed.name for listed in self.listed()) or "none"
        raise NotFound(f"there is no store {shown(name)}", f"there is {known}")

    def listed(self) -> list[Listed]:
        """All, by name."""
        found = [
            Listed(name, address, tuple(sorted(self._fixed_secrets(name))), fixed=True)
            for name, address in self._fixed().items()
        ]
        for name in set(self._pages.names()) - set(self._fixed()):
            found.append(self._listed(name))
        return sorted(found, key=lambda listed: listed.name)

    def _listed(self, name: str) -> Listed:
        content = self._read(name)
        return Listed(name, str(content["address"]), tuple(content["names"]), fixed=False)

    def open(self, name: str) -> Store:
        """The store of that name. Raises NotFound, BadOption, NotAllowed."""
        listed = self.find(name)
        if listed.fixed:
            return open_store(listed.address, self._fixed_secrets(name))
        sealed = str(self._read(name)["sealed"])
        secrets = json.loads(self._seal.unseal(sealed, f"the secrets of {name}"))
        return open_store(self._checked(listed.address), secrets)

    def _checked(self, address: str) -> Address:
        found = Address.parse(address)
        if self._guest:
            check_guest(found, self._guest.endpoints)
        return found

    def _fixed(self) -> dict[str, str]:
        """Name -> address, of the environment."""
        if self._guest:
            return {}
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

    def _read(self, name: str) -> dict[str, Any]:
        try:
            content = json.loads(self._pages.read(name) or "")
            return {part: content[part] for part in ("address", "names", "sealed")}
        except (ValueError, KeyError, TypeError):
            reason = f"what is kept of the store {name} cannot be read"
            raise BadOption(reason, "add the store again") from None


def _variable(name: str) -> str:
    return VARIABLE + name.upper().replace("-", "_")
