"""A path of this machine for an object, for libraries that take nothing else.

    BlockCache, store, key -> path, while the `with` lasts:    NotFound ObjectChanged DiskFull

The file bears the object's own name, and other objects can lie beside it, as an ONNX file's
external data must. It is the cached file itself, by another name: a second time nothing is fetched
or copied. It must not be written to.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

from printroom.core.errors import BadOption, DiskFull, Unwritable
from printroom.core.sizes import format_size
from printroom.storage.cache import BlockCache, CachedObject
from printroom.storage.keys import Key
from printroom.storage.store import Store


@contextmanager
def local_path(
    cache: BlockCache, store: Store, key: str, beside: Iterable[str] = ()
) -> Iterator[Path]:
    """A file with the bytes that the object has now, whole before it is there.

    `beside`: keys of others, below the same prefix, that lie where they would there. Raises
    NotFound; DiskFull when the cache has no room for all of it.
    """
    main = Key(key)
    with ExitStack() as held:
        folder = held.enter_context(cache.room.holding())
        for other in (main, *map(Key, beside)):
            if other not in main.parent:
                reason = f"{other} does not lie beside {main}"
                raise BadOption(reason, f"put it below {main.parent or 'the root'}")
            found = held.enter_context(nullcontext(cache.object(store, other)))  # not evicted
            try:
                _place(found, folder / other.removeprefix(main.parent))
            except OSError as error:
                reason = f"{folder} cannot hold {other}, {error.strerror}"
                raise Unwritable(reason, "see to its disk") from error
        yield folder / main.name


def _place(found: CachedObject, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if found.size == 0:
        path.touch()
        return
    if not found.fill() or found.entry is None:
        reason = f"there is no room for {found.stat.key}, {format_size(found.size)}"
        raise DiskFull(reason, "give the cache a higher limit, or free some room on its disk")
    os.link(found.entry.folder / "data", path)
