"""Stores of services, by way of Apache OpenDAL: S3, Google, Azure, Backblaze, WebDAV, drives.

    Address, secrets -> RemoteStore: BadOption

Requests that fail for a moment are made again, with pauses that grow, by OpenDAL, outside Python's
lock. Every read names the ETag it must find. Whether a service heeds that is tried once, since some
do not; there, and where a service has no such condition, the object is looked at after each read.

OpenDAL's threads do not outlive a fork: a process that was forked after the first use is told so.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets as random
from collections.abc import Awaitable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any, TypeVar

import opendal
from opendal import exceptions as theirs
from opendal.layers import RetryLayer, TimeoutLayer

from printroom.core.errors import BadKey, NotFound, PrintroomError, StoreError
from printroom.storage.address import SERVICES, Address
from printroom.storage.faults import FAULTS, kind_of, translated
from printroom.storage.keys import OWN, Key, Prefix
from printroom.storage.store import ABSENT, PIECE, Condition, Feature, Stat, Store

RETRIES, FIRST_PAUSE, LONGEST_PAUSE = 5, 0.1, 5.0
"""Times a request is made again; seconds before the first time, doubled up to the longest."""
_DRIVES = {"dropbox", "onedrive", "gdrive"}
"""They refuse to copy onto an object, or delete it first."""
_UNMET = {theirs.ConditionNotMatch, theirs.AlreadyExists, theirs.Conflict}
_ABSURD = '"printroom-no-such-etag"'
_Result = TypeVar("_Result")
_used_by: int | None = None


class RemoteStore(Store):
    """A bucket, a container, a drive, or what lies below a prefix of it."""

    def __init__(self, address: Address, secrets: Mapping[str, str] | None = None) -> None:
        """Nothing is asked of the service yet. Raises BadOption."""
        self.address = address
        self.name = address.name
        self._secrets = dict(secrets or {})
        self._settings = address.settings(self._secrets)
        self._pins: bool | None = None
        try:
            self._operator = opendal.Operator(address.dialect, **self._settings)
        except FAULTS as error:
            raise self._fault(error) from None
        self._can = self._operator.capability()
        self.features = _features(self._can, address)
        retry = RetryLayer(RETRIES, 2.0, True, LONGEST_PAUSE, FIRST_PAUSE)
        self._operator = self._operator.layer(
            TimeoutLayer(address.patience, address.patience)
        ).layer(retry)

    def __reduce__(self) -> tuple[Any, ...]:
        return RemoteStore, (self.address, self._secrets)

    def __repr__(self) -> str:
        return f"RemoteStore({self.name!r})"

    @property
    def identity(self) -> str:
        return self.address.identity(self._secrets)

    def credentials(self) -> Mapping[str, str]:
        """What opens it, for a module that signs requests itself. Not to be shown."""
        return dict(self._secrets)

    def _stat(self, key: Key) -> Stat:
        return self._seen(key, self._asked(key, self._mine.stat, key))

    def _read(self, key: Key, start: int, size: int, etag: str) -> bytes:
        pinned = self._pinning(key)
        wanted = _quoted(etag) if pinned else None
        try:
            data = self._mine.read(key, offset=start, size=size, if_match=wanted)
        except theirs.ConditionNotMatch:
            self._stat(key)  # Azure says the same of an object that is not there
            raise self.changed(key) from None
        except (theirs.RangeNotSatisfied, theirs.Unexpected) as error:
            return self._shorter(key, start, size, etag, error)
        except FAULTS as error:
            raise self._fault(error, key) from None
        if not pinned and self._stat(key).etag != etag:
            raise self.changed(key)
        return data

    def _shorter(self, key: Key, start: int, size: int, etag: str, error: Exception) -> bytes:
        """What there is of a range that goes beyond the end, or `error` if it does not."""
        stat = self._stat(key)
        if stat.etag != etag:
            raise self.changed(key) from None
        if start + size <= stat.size:
            raise self._fault(error, key) from None
        return self._read(key, start, stat.size - start, etag) if start < stat.size else b""

    def _put(self, key: Key, source: Iterator[bytes], when: Condition) -> Stat:
        if when is not None and not self._holds(key, when):
            raise self.unmet(key, when)
        options: dict[str, Any] = {}
        if when is ABSENT:
            options["if_not_exists"] = True
        elif isinstance(when, str):
            options["if_match"] = _quoted(when)
        first, second = next(source, b""), next(source, None)
        try:
            if self.address.scheme == "webdav":
                self._put_aside(key, _chained(first, second, source))
            elif second is None:
                self._mine.write(key, first, **options)
            elif when is not None:  # not all look at conditions when pieces are joined
                self._mine.write(key, b"".join(_chained(first, second, source)), **options)
            else:
                self._put_pieces(key, _chained(first, second, source))
        except FAULTS as error:
            if when is not None and kind_of(error) in _UNMET:
                raise self.unmet(key, when) from None
            raise self._fault(error, key) from None
        return self._stat(key)

    def _put_pieces(self, path: str, source: Iterator[bytes]) -> int:
        """Only `close` makes the object: a file that is dropped leaves nothing to be seen."""
        if not self._can.write_can_multi:  # OpenDAL takes it at once, or not at all
            data = b"".join(source)
            self._mine.write(path, data)
            return len(data)
        size = 0
        file = self._mine.open(path, "wb", chunk=PIECE, concurrent=4)
        for piece in source:
            file.write(piece)
            size += len(piece)
        file.close()
        return size

    def _put_aside(self, key: Key, source: Iterator[bytes]) -> None:
        """WebDAV shows what it has of an upload: so it goes elsewhere, and is moved."""
        draft = f"{key.parent}{OWN}{random.token_hex(8)}"
        try:
            size = self._put_pieces(draft, source)
            if self._mine.stat(draft).content_length != size:
                raise theirs.Unexpected("Unexpected => the upload arrived cut")
            self._mine.rename(draft, key)
        except BaseException:
            with contextlib.suppress(*FAULTS):  # what cannot be removed is never listed
                self._mine.delete(draft)
            raise

    def _holds(self, key: Key, when: Condition) -> bool:
        try:
            return self._stat(key).etag == when
        except NotFound:
            return when is ABSENT

    def _list(self, prefix: Prefix) -> Iterator[Stat]:
        whole = self.address.scheme != "dropbox"  # there OpenDAL tells names without their places
        for found in self._entries(prefix, recursive=whole):
            if isinstance(found, Stat):
                yield found
            elif not whole:
                yield from self._list(found)

    def _children(self, prefix: Prefix) -> Iterator[Stat | Prefix]:
        return self._entries(prefix, recursive=False)

    def _entries(self, prefix: Prefix, recursive: bool) -> Iterator[Stat | Prefix]:
        try:
            for entry in self._mine.list(prefix, recursive=recursive):
                found = self._entry(prefix, entry)
                if found is not None:
                    yield found
        except theirs.NotFound:
            return
        except FAULTS as error:
            raise self._fault(error, prefix) from None

    def _entry(self, prefix: Prefix, entry: Any) -> Stat | Prefix | None:
        """An object or a prefix below `prefix`; None for anything else."""
        path = entry.path.lstrip("/")
        if self.address.scheme == "dropbox":
            path = prefix + path
        try:
            if path.endswith("/"):
                deeper = Prefix(path)
                return deeper if deeper != prefix and deeper in prefix else None
            key = Key(path)
        except BadKey:
            return None
        if key not in prefix:
            return None
        about = entry.metadata
        if about.last_modified is None and about.etag is None:
            try:
                about = self._mine.stat(key)
            except theirs.NotFound:  # deleted since
                return None
        return self._seen(key, about)

    def _delete(self, key: Key) -> None:
        with contextlib.suppress(NotFound):  # some services say so
            self._asked(key, self._mine.delete, key)

    def _copy(self, source: Key, target: Key) -> Stat:
        self._stat(source)  # several services do not say that it is missing
        if "copy" not in self.features or (self.address.scheme in _DRIVES and self.exists(target)):
            return super()._copy(source, target)
        if source != target:
            self._asked(source, self._mine.copy, source, target)
        return self._stat(target)

    def _presign(self, key: Key, seconds: int, method: str) -> str:
        async def sign() -> str:
            operator = opendal.AsyncOperator(self.address.dialect, **self._settings)
            verb = operator.presign_write if method == "PUT" else operator.presign_read
            request: Awaitable[Any] = verb(key, seconds)
            return str((await request).url)

        self._mine  # noqa: B018 (refuses a forked process)
        with ThreadPoolExecutor(1) as pool:  # the caller's thread may have a loop of its own
            return str(self._asked(key, pool.submit(asyncio.run, sign()).result))

    def _pinning(self, key: Key) -> bool:
        """Whether the service heeds `If-Match`; it is asked once."""
        if self._pins is None:
            can = self._can.read_with_if_match and self.address.conditions
            self._pins = bool(can) and self._refuses(key)
        return self._pins

    def _refuses(self, key: Key) -> bool:
        try:
            self._mine.read(key, offset=0, size=1, if_match=_ABSURD)
        except theirs.ConditionNotMatch:
            return True
        except theirs.NotFound:
            raise self.missing(key) from None
        except FAULTS as error:
            raise self._fault(error, key) from None
        return False

    def _seen(self, key: Key, about: Any) -> Stat:
        if about.is_dir:
            raise self.missing(key)
        return Stat(key, about.content_length, _etag(about), about.last_modified)

    def _asked(self, key: str, verb: Any, *arguments: Any) -> Any:
        try:
            return verb(*arguments)
        except FAULTS as error:
            raise self._fault(error, key) from None

    def _fault(self, error: Exception, key: str = "") -> PrintroomError:
        return translated(error, self.name, key, tuple(self._secrets.values()))

    @property
    def _mine(self) -> opendal.Operator:
        """The operator, in a process that may use it."""
        global _used_by  # noqa: PLW0603 (OpenDAL's threads belong to the process)
        if _used_by is None:
            _used_by = os.getpid()
        elif _used_by != os.getpid():
            raise StoreError(
                f"{self.name} cannot be used in a process that was forked",
                "start processes with the method spawn",
            )
        return self._operator


def _features(can: Any, address: Address) -> frozenset[Feature]:
    found: set[Feature] = set()
    if can.copy:
        found.add("copy")
    if can.presign_read and SERVICES[address.scheme].secrets:
        found.add("presign")
    if address.conditions and can.write_with_if_not_exists:
        found.add("if_absent")
    if address.conditions and can.write_with_if_match:
        found.add("if_match")
    return frozenset(found)


def _etag(about: Any) -> str:
    """The service's ETag without its quotes; of drives, whatever changes with the content."""
    if about.etag:
        return str(about.etag).removeprefix('"').removesuffix('"')
    marks = (about.version, about.content_md5, about.last_modified, about.content_length)
    return "|".join(str(mark) for mark in marks if mark is not None)


def _quoted(etag: str) -> str:
    return etag if etag.startswith("W/") else f'"{etag}"'


def _chained(first: bytes, second: bytes | None, rest: Iterator[bytes]) -> Iterator[bytes]:
    return chain((first,), () if second is None else (second,), rest)
