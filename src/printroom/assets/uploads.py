"""Files that come in parts, and go on where they were cut off, at whatever server.

    length -> begin -> Upload
    bytes at an offset -> append -> Upload, or the Asset      WrongOffset NotFound BodyTooLarge

Each part that came is an object of its own, listed as a draft until the upload expires. When the
last one is here, they become one file, whose id is the upload's; if that is cut off, whoever asks
next finishes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from printroom.assets.assets import Assets, New, new_id, plain, unwritable
from printroom.assets.model import DRAFTS, PARTS, UPLOADS, Asset
from printroom.core.errors import BodyTooLarge, NotFound, WrongState
from printroom.core.sizes import format_size

LASTS = 24 * 3600.0
"""Seconds after which an upload that is not finished goes."""


class WrongOffset(WrongState):
    """The part does not begin where the one before ended."""


@dataclass(frozen=True)
class Upload:
    """A file that is not all here yet."""

    id: str
    account: str
    name: str
    media_type: str
    length: int
    """Bytes it will have."""
    received: int
    """Bytes that are here."""
    created_at: float
    expires_at: float


class Uploads:
    """Uploads of all accounts. Safe from many threads and processes."""

    def __init__(self, assets: Assets, largest: int, keep: float) -> None:
        """`largest`: bytes of a file; `keep`: seconds for which a finished one is kept."""
        self._assets, self._largest, self._keep = assets, largest, keep
        self._database = assets.database

    def begin(self, account: str, length: int, name: str = "", media_type: str = "") -> Upload:
        """Raises BodyTooLarge."""
        if length > self._largest:
            limit = format_size(self._largest)
            raise BodyTooLarge(f"the file is over {limit}", "raise PRINTROOM_FILES_LARGEST")
        now = self._database.clock()
        made = Upload(
            new_id(now), account, plain(name), plain(media_type), length, 0, now, now + LASTS
        )
        self._database.run(lambda connection: connection.execute(insert(UPLOADS), vars(made)))
        return made

    def get(self, account: str, name: str) -> Upload:
        """Raises NotFound, also for one that is finished or expired."""
        return self._database.run(partial(_get, account=account, name=name), write=False)

    def append(self, account: str, name: str, start: int, source: Path) -> Upload:
        """Add the bytes of a file. Raises NotFound, WrongOffset, BodyTooLarge."""
        upload, size = self.get(account, name), source.stat().st_size
        _check(upload, start, size)
        if not size:
            return upload
        place = self._assets.blobs.draft(source, upload.expires_at)
        part = {"upload": name, "start": start, "size": size, "place": place}

        def add(connection: Connection) -> None:
            locked = _get(connection, account, name, lock=True)
            _check(locked, start, size)
            connection.execute(insert(PARTS), part)
            change = update(UPLOADS).where(UPLOADS.c.id == name)
            connection.execute(change.values(received=start + size))

        self._database.run(add)
        return self.get(account, name)

    def finish(self, account: str, name: str, scratch: Path) -> Asset:
        """The file, once all parts are here; `scratch` is written to. Raises NotFound."""
        try:
            upload = self.get(account, name)
        except NotFound:
            return self._assets.get(account, name)
        if upload.received < upload.length:
            raise WrongOffset(f"{upload.received} of {upload.length} bytes are here", "send more")
        query = select(PARTS.c.place).where(PARTS.c.upload == name).order_by(PARTS.c.start)
        places = self._database.run(lambda c: list(c.execute(query).scalars()), write=False)
        store = self._assets.blobs.store
        try:
            with scratch.open("wb") as file:
                for place in places:
                    for piece in store.stream(place):
                        file.write(piece)
        except OSError as error:
            raise unwritable(error, scratch) from error
        expires = self._database.clock() + self._keep
        media_type = upload.media_type or "application/octet-stream"
        new = New(account, scratch, "upload", upload.name, media_type, id=name, expires_at=expires)
        asset = self._assets.add(new)
        self._forget(name)
        return asset

    def end(self, account: str, name: str) -> None:
        """Give it up. Raises NotFound."""
        self.get(account, name)
        self._forget(name)

    def sweep(self) -> None:
        """Forget those that have expired; their parts are swept as drafts."""
        now = self._database.clock()
        gone = delete(UPLOADS).where(UPLOADS.c.expires_at <= now)
        self._database.run(lambda connection: connection.execute(gone))

    def _forget(self, name: str) -> None:
        def forget(connection: Connection) -> None:
            parts = select(PARTS.c.place).where(PARTS.c.upload == name)
            drafts = update(DRAFTS).where(DRAFTS.c.place.in_(parts))
            connection.execute(drafts.values(until=1.0))
            connection.execute(delete(UPLOADS).where(UPLOADS.c.id == name))

        self._database.run(forget)
        self._assets.blobs.sweep()


def _get(connection: Connection, account: str, name: str, lock: bool = False) -> Upload:
    query = select(UPLOADS).where(UPLOADS.c.id == name, UPLOADS.c.account == account)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound(f"there is no upload {name[:64]!r}", "begin another one")
    return Upload(*row)


def _check(upload: Upload, start: int, size: int) -> None:
    if start != upload.received:
        raise WrongOffset(f"{upload.received} bytes are here", "send what comes behind them")
    if start + size > upload.length:
        raise BodyTooLarge(f"the file was to have {upload.length} bytes", "begin another one")
