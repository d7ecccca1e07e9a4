"""What can be asked of a server about collections: pictures or vectors, to find the nearest of.

name             -> create_collection -> Collection          AlreadyThere
pictures/vectors -> add_items         -> Collection          NotFound BadOption NotAPicture
one of either    -> search_collection -> the nearest Items
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from printroom.client.asking import Ask, Call, Page, asked, given, paged, place
from printroom.client.calls.files import upload
from printroom.client.faults import strange
from printroom.client.model import File
from printroom.client.sources import source_of

AT_ONCE = 100
"""Items of one request."""
INLINE = 8 * 2**20
"""Bytes of a picture that goes within a request; larger ones are uploaded first. Also the size
behind which a request takes no further item.
"""
Sought = Path | bytes | File | str | Iterable[float]
"""A picture: here, or a file, or its id, that was uploaded before. Or the numbers of a vector."""


@dataclass(frozen=True)
class Collection:
    """Pictures or vectors of an account, as when the server was asked."""

    name: str
    length: int
    """Numbers in each vector."""
    pictures: bool
    """Whether it is of the looks of pictures."""
    size: int
    """Items in it."""
    raw: Mapping[str, Any] = field(repr=False)
    """All that the server said."""

    @classmethod
    def of(cls, raw: Any) -> Self:
        """From JSON. Raises FetchFailed."""
        try:
            told = str(raw["name"]), int(raw["length"]), bool(raw["pictures"]), int(raw["size"])
            return cls(*told, raw)
        except (KeyError, TypeError, ValueError):
            raise strange("a collection") from None


@dataclass(frozen=True)
class Item:
    """One of a collection."""

    id: str
    payload: Any
    """What it stands for: JSON."""
    distance: float | None
    """From what was looked for: 0 = the same, 2 = the opposite. None = nothing was."""

    @classmethod
    def of(cls, raw: Any) -> Self:
        """From JSON. Raises FetchFailed."""
        try:
            return cls(str(raw["id"]), raw["payload"], raw.get("distance"))
        except (KeyError, TypeError, AttributeError):
            raise strange("an item") from None


def collections(after: str | None) -> Call[Page[Collection]]:
    """All of the account, by name."""
    return paged(place("collections"), Collection.of, "collections", after=after)


def collection(name: str) -> Call[Collection]:
    """The collection as it is now. Raises NotFound."""
    return Collection.of((yield from asked(Ask("GET", place("collections", name)))).json())


def create_collection(name: str, length: int | None = None) -> Call[Collection]:
    """Make an empty one, of pictures; or of vectors of that `length`. Raises AlreadyThere,
    BadOption.
    """
    body = {"name": name, **given(length=length)}
    return Collection.of((yield from asked(Ask("POST", place("collections"), json=body))).json())


def delete_collection(name: str) -> Call[None]:
    """Have it gone with all its items; pipelines that read it cannot be run any more. Raises
    NotFound.
    """
    yield from asked(Ask("DELETE", place("collections", name)))


def add_items(name: str, items: Iterable[tuple[Sought, Any]]) -> Call[Collection]:
    """Add to a collection pairs of a picture, or a vector, and the payload it stands for: JSON.

    Pictures are looked at and not kept. A hundred go at once, all of them or none; where a request
    fails, those before it are there. Raises NotFound, NotAPicture and its like, BadOption for what
    the collection does not take.
    """
    path, batch, size = place("collections", name, "items"), [], 0
    told: Collection | None = None
    for sought, payload in items:
        one = yield from _sought(sought)
        batch.append({**one, "payload": payload})
        size += len(one.get("picture", ""))
        if len(batch) == AT_ONCE or size > INLINE:
            told = yield from _added(path, batch)
            batch, size = [], 0
    if batch:
        told = yield from _added(path, batch)
    return told or (yield from collection(name))


def items(after: str | None, name: str) -> Call[Page[Item]]:
    """What is in a collection, the oldest first. Raises NotFound."""
    return paged(place("collections", name, "items"), Item.of, "items", after=after)


def delete_item(name: str, item: Item | str) -> Call[None]:
    """Take an item out of a collection. Raises NotFound."""
    which = item if isinstance(item, str) else item.id
    yield from asked(Ask("DELETE", place("collections", name, "items", which)))


def search_collection(name: str, sought: Sought, most: int = 5) -> Call[list[Item]]:
    """The nearest to a picture, or a vector, the nearest first; at most `most`, up to 100. Raises
    NotFound, NotAPicture and its like, BadOption for what the collection does not take.
    """
    body = {**(yield from _sought(sought)), "most": most}
    path = place("collections", name, "search")
    found = (yield from asked(Ask("POST", path, json=body, again=True))).json()
    try:
        return [Item.of(one) for one in found["data"]]
    except (KeyError, TypeError):
        raise strange("a list of items") from None


def _added(path: str, batch: list[dict[str, Any]]) -> Call[Collection]:
    return Collection.of((yield from asked(Ask("POST", path, json={"items": batch}))).json())


def _sought(sought: Sought) -> Call[dict[str, Any]]:
    """As the server takes it."""
    if isinstance(sought, Path | bytes):
        source = source_of(sought)
        if source.size > INLINE:
            return {"picture": (yield from upload(sought)).id}
        data = b64encode(source.read(0, source.size)).decode()
        return {"picture": f"data:{source.media_type};base64,{data}"}
    if isinstance(sought, File):
        return {"picture": sought.id}
    if isinstance(sought, str):
        return {"picture": sought}
    return {"vector": [float(number) for number in sought]}
