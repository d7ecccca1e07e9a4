"""Stores for everything that speaks fsspec: `printroom://store/key`.

    pandas, zarr, ... open `printroom://models/acme/net.safetensors`: NotFound as FileNotFoundError

The stores are those of the installation's book, unless `register(cache, stores)` names others.
Reading goes through the cache. A file that is written becomes an object when it is closed; one
that is left by an exception, in `with files.open(...)`, does not.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, cast

import fsspec  # type: ignore[import-untyped]
from fsspec.spec import AbstractFileSystem  # type: ignore[import-untyped]

from printroom.core.errors import BadOption, NotFound
from printroom.core.settings import Settings
from printroom.storage.book import StoreBook
from printroom.storage.cache import BlockCache
from printroom.storage.keys import Prefix
from printroom.storage.reader import open_object
from printroom.storage.store import Stat, Store

PROTOCOL = "printroom"
_SMALL = 8 * 2**20
"""Bytes of a file that is written in memory; a larger one goes by a file of this machine."""


class StoreFileSystem(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Stores by name, as the folders of one file system."""

    protocol = PROTOCOL
    cachable = False  # codespell:ignore cachable (the stores are no key that fsspec could compare)
    root_marker = ""

    def __init__(
        self,
        cache: BlockCache | None = None,
        stores: Mapping[str, Store] | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(**rest)
        if cache is None or stores is None:
            cache, stores = _registered.get("") or _installed()
        self._cache, self._stores = cache, stores

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        """Names, or their `info`. Raises FileNotFoundError."""
        path = self._strip_protocol(path)
        if not path:
            found = [_folder(name) for name in self._stores]
        else:
            name, inner = self._split(path)
            children = list(self._stores[name].children(Prefix(inner)))
            if not children and inner:
                return [self.info(path)] if detail else [path]
            found = [_about(name, child) for child in children]
        return found if detail else [about["name"] for about in found]

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Name, size, type, ETag. Raises FileNotFoundError."""
        path = self._strip_protocol(path)
        if not path:
            return _folder("")
        name, inner = self._split(path)
        if not inner:
            return _folder(name)
        store = self._stores[name]
        try:
            return _about(name, store.stat(inner))
        except NotFound:
            if next(iter(store.list(inner)), None) is None:
                raise FileNotFoundError(path) from None
            return _folder(path)

    def _open(self, path: str, mode: str = "rb", **_: Any) -> BinaryIO:
        name, inner = self._split(self._strip_protocol(path))
        if mode == "rb":
            try:
                file = open_object(self._cache, self._stores[name], inner)
            except NotFound as error:
                raise FileNotFoundError(str(error)) from None
            return cast("BinaryIO", io.BufferedReader(file))
        if mode in ("wb", "xb"):
            return cast("BinaryIO", _Written(self._stores[name], inner))
        raise BadOption(f"objects cannot be opened with mode {mode!r}", "read or write them whole")

    def cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **_: Any
    ) -> bytes:
        """Bytes from `start` up to `end`."""
        with self._open(path) as file:
            size = file.seek(0, io.SEEK_END)
            first, last, _step = slice(start, end).indices(size)
            file.seek(first)
            return file.read(max(0, last - first))

    def _rm(self, path: str) -> None:
        name, inner = self._split(self._strip_protocol(path))
        self._stores[name].delete(inner)

    def cp_file(self, path1: str, path2: str, **_: Any) -> None:
        """Copy an object, also from store to store."""
        (name, inner), (other, target) = (
            self._split(self._strip_protocol(path)) for path in (path1, path2)
        )
        if name == other:
            self._stores[name].copy(inner, target)
        else:
            self._stores[other].put(target, self._stores[name].stream(inner))

    def mkdir(self, path: str, create_parents: bool = True, **_: Any) -> None:
        """Nothing: prefixes come with objects."""

    makedirs = mkdir

    def _split(self, path: str) -> tuple[str, str]:
        name, _, inner = path.partition("/")
        if name not in self._stores:
            raise FileNotFoundError(f"there is no store {name!r}")
        return name, inner


class _Written(io.BufferedIOBase):
    """Collects what is written, and puts it when closed."""

    def __init__(self, store: Store, key: str) -> None:
        super().__init__()
        self._store, self._key = store, key
        self._held = tempfile.SpooledTemporaryFile(_SMALL)  # noqa: SIM115 (closed with this file)

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        return self._held.write(data)

    def __exit__(self, *about: object) -> None:
        if about and about[0] is not None:  # what is half written is no object
            self._held.close()
            super().close()
        self.close()

    def close(self) -> None:
        """Put the object. Raises what stores raise."""
        if not self.closed:
            try:
                self._held.seek(0)
                self._store.put(self._key, cast("BinaryIO", self._held))
            finally:
                self._held.close()
                super().close()


_registered: dict[str, tuple[BlockCache, Mapping[str, Store]]] = {}


def register(cache: BlockCache, stores: Mapping[str, Store]) -> None:
    """Let `printroom://name/key` mean the object `key` of the store `name`, in this process."""
    _registered[""] = (cache, stores)
    fsspec.register_implementation(PROTOCOL, StoreFileSystem, clobber=True)


def _installed() -> tuple[BlockCache, Mapping[str, Store]]:
    """The installation's own stores and cache; opened once."""
    if "installed" not in _registered:
        data = Settings.read().data
        _registered["installed"] = BlockCache(data / "cache"), _BookStores(StoreBook(data))
    return _registered["installed"]


class _BookStores(Mapping[str, Store]):
    """The stores of a book, each opened when it is first asked for."""

    def __init__(self, book: StoreBook) -> None:
        self._book = book
        self._open: dict[str, Store] = {}

    def __getitem__(self, name: str) -> Store:
        if name not in self._open:
            try:
                self._open[name] = self._book.open(name)
            except NotFound as error:
                raise KeyError(name) from error
        return self._open[name]

    def __iter__(self) -> Iterator[str]:
        return (listed.name for listed in self._book.listed())

    def __len__(self) -> int:
        return len(self._book.listed())


def _folder(path: str) -> dict[str, Any]:
    return {"name": path.rstrip("/"), "size": 0, "type": "directory"}


def _about(name: str, child: Stat | Prefix) -> dict[str, Any]:
    if isinstance(child, Prefix):
        return _folder(f"{name}/{child}")
    about: dict[str, Any] = {"name": f"{name}/{child.key}", "size": child.size, "type": "file"}
    return about | {"ETag": child.etag, "LastModified": child.modified}
