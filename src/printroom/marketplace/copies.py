"""Copies of models to keep, where a seller sells them: each says in its metadata who bought it.

    account, listing -> Copy               NoAccess: not bought; NotFound
    Copy -> the weights, and behind them `mark`, which readers of ONNX take as metadata

An ONNX file is a protobuf message, and what is written behind one is merged into it: the mark needs
no reading of the graph, and nothing else of the file changes. It tells where a copy that turns up
elsewhere came from; it keeps nobody from taking it out.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from printroom.catalogue import entries
from printroom.core.errors import NoAccess, NotFound
from printroom.marketplace import entitlements, listings

_METADATA, _KEY, _VALUE = 0x72, 0x0A, 0x12
"""Tags of ModelProto.metadata_props, and of the two texts of an entry."""


@dataclass(frozen=True)
class Copy:
    """What somebody may take away."""

    owner: str
    """The account of the seller, which has the file."""
    file: str
    """The asset with the weights."""
    name: str
    """What the copy is called."""
    order: str
    """The order that it was bought with; empty = the seller's own."""

    @property
    def tail(self) -> bytes:
        """What comes behind the weights."""
        return mark("printroom.order", self.order) if self.order else b""


def copy_of(connection: Connection, now: float, account: str, name: str) -> Copy:
    """The copy of a listing that `account` bought. Raises NotFound, NoAccess."""
    listing = listings.get(connection, name)
    rights = [one for one in entitlements.live(connection, account, name) if one.kind == "download"]
    if not rights and listing.owner != account:
        listings.shown(connection, now, account, name)
        raise NoAccess(f"a copy of {listing.title} was not bought", "POST /v1/orders")
    offer = listings.offered(connection, name, rights[0].offer if rights else None)
    entry = entries.newest(connection, listing.owner, listing.name, ready=True)
    if offer.version is not None:
        entry = entries.found(connection, listing.owner, listing.name, offer.version)
    if listing.kind != "model" or entry is None or entry.state != "ready":
        raise NotFound(f"there is no copy of {listing.title}", "ask its seller")
    called = f"{listing.name}-{entry.version}.onnx"
    return Copy(listing.owner, entry.file, called, rights[0].order if rights else "")


def mark(key: str, value: str) -> bytes:
    """An entry of an ONNX file's metadata.

    >>> mark("a", "b").hex()
    '72060a0161120162'
    """
    inner = _text(_KEY, key) + _text(_VALUE, value)
    return bytes((_METADATA,)) + _varint(len(inner)) + inner


def _text(tag: int, text: str) -> bytes:
    data = text.encode()
    return bytes((tag,)) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes((*out, number))
