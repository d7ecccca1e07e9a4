"""What a training learns from: a folder of the server, or a store of the account.

"", "faces"           -> checked, brought -> a folder below PRINTROOM_TRAINING_DATA
"store://photos/2026" -> checked, brought -> what lies there, copied       NotFound BodyTooLarge
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from printroom.core.errors import BodyTooLarge, NotFound
from printroom.core.sizes import format_size
from printroom.storage.keys import Key, Prefix, shown
from printroom.workshop import Workshop

SCHEME = "store://"


def checked(workshop: Workshop, account: str, data: str) -> None:
    """Raises NotFound, BadKey: there is no such folder, or no such store."""
    if data.startswith(SCHEME):
        name, prefix = _parted(data)
        workshop.stores(account).open(name)
        Prefix(prefix)
    else:
        _folder(workshop, data)


def brought(
    workshop: Workshop, account: str, data: str, folder: Path, check: Callable[[], None]
) -> Path:
    """Where it lies; from a store it is copied into `folder`, what is there already is not.

    `check` may stop it by raising. Raises NotFound, BodyTooLarge, and what stores do.
    """
    if not data.startswith(SCHEME):
        return _folder(workshop, data)
    name, text = _parted(data)
    store, prefix = workshop.stores(account).open(name), Prefix(text)
    most, total = workshop.settings.files_largest, 0
    for stat in store.list(prefix):
        check()
        total += stat.size
        if total > most:
            raise BodyTooLarge(
                f"{data} has more than {format_size(most)}", "see PRINTROOM_FILES_LARGEST"
            )
        path = folder / stat.key[len(prefix) :]
        if path.is_file() and path.stat().st_size == stat.size:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name[:200] + ".part")
        with part.open("wb") as file:
            for piece in store.stream(stat.key):
                file.write(piece)
        part.replace(path)
    if not total:
        raise NotFound(f"there is nothing at {data}", "put pictures there first")
    return folder


def _folder(workshop: Workshop, data: str) -> Path:
    """Below the folder of the operator, whatever links may say."""
    root = workshop.settings.training_data
    if root is None:
        raise NotFound(
            "this server has no training sets",
            "name a store as store://NAME/PREFIX, or set PRINTROOM_TRAINING_DATA",
        )
    folder = (root / Key(data)).resolve() if data else root.resolve()
    if not folder.is_relative_to(root.resolve()) or not folder.is_dir():
        raise NotFound(f"there is no training set {shown(data)}", "ask whoever runs the server")
    return folder


def _parted(data: str) -> tuple[str, str]:
    name, _, prefix = data.removeprefix(SCHEME).partition("/")
    return name, prefix
