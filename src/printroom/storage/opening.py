"""From a store's address to the store.

"s3://bucket/prefix", secrets -> Store: BadOption
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from printroom.core.errors import BadOption
from printroom.storage.address import Address
from printroom.storage.disk import DiskStore
from printroom.storage.memory import MemoryStore
from printroom.storage.store import Store


def open_store(address: str | Address, secrets: Mapping[str, str] | None = None) -> Store:
    """The store of that address. Nothing is asked of a service yet. Raises BadOption.

    `memory://` is another, empty one each time.
    """
    found = Address.parse(address) if isinstance(address, str) else address
    if found.scheme == "fs":
        if not found.prefix:
            raise BadOption("fs:/// is the whole disk", "name a folder: fs:///srv/pictures")
        found.settings(secrets or {})
        return DiskStore(Path(f"/{found.prefix}"))
    if found.scheme == "memory":
        return MemoryStore()
    from printroom.storage.opendal_store import RemoteStore  # takes 50 ms to import

    return RemoteStore(found, secrets)
