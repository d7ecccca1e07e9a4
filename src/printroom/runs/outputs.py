"""The outputs of a run: pictures become files of the account, other values stay JSON.

    outputs of the engine -> settled -> JSON for the job's result     DiskFull StoreUnavailable

All files of a run are entered together. They are named after the run: an attempt that finds the
files of an earlier one leaves them as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from printroom.assets.assets import New, new_id
from printroom.assets.model import Asset
from printroom.core.errors import BadOption
from printroom.imaging.formats import format_for
from printroom.jobs.model import Job
from printroom.pipelines.telling import plain
from printroom.storage.store import Store
from printroom.workshop import Workshop

MOST = 2**19
"""Characters of JSON in the values of all outputs."""


def settled(workshop: Workshop, job: Job, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The result of the job, once its files are kept; also where a batch wants them."""
    files = dict(_files(outputs))
    news = [
        New(
            job.account,
            path,
            "result",
            name=f"{name}{path.suffix}",
            media_type=format_for(path).media_type,
            run=job.id,
            id=new_id(job.created_at, f"{job.id}/output/{name}"),
        )
        for name, path in files.items()
    ]
    kept = workshop.assets.add_all(news) if news else []
    found = dict(zip(files, kept, strict=True))
    if (target := job.payload.get("copy")) is not None:
        _copied(workshop.stores(job.account).open(target["store"]), target["key"], files)
    return {
        "output": {name: _told(value, name, found) for name, value in outputs.items()},
        "usage": {
            "pictures": len(kept),
            "pixels": sum((one.width or 0) * (one.height or 0) for one in kept),
        },
    }


def picture(asset: Asset) -> dict[str, Any]:
    """A picture among the outputs, as JSON."""
    return {
        "file": asset.id,
        "media_type": asset.media_type,
        "bytes": asset.size,
        "width": asset.width,
        "height": asset.height,
        "digest": asset.digest,
    }


def _files(outputs: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    """Name of a picture, with its number in a list -> its file."""
    for name, value in outputs.items():
        if isinstance(value, Path):
            yield name, value
        elif isinstance(value, list):
            for number, one in enumerate(value, 1):
                if isinstance(one, Path):
                    yield f"{name}-{number}", one


def _told(value: Any, name: str, found: Mapping[str, Asset]) -> Any:
    if isinstance(value, Path):
        return picture(found[name])
    if isinstance(value, list):
        return [_told(one, f"{name}-{number}", found) for number, one in enumerate(value, 1)]
    return plain(value)


def _copied(store: Store, key: str, files: Mapping[str, Path]) -> None:
    """Results into a store, under the name of what they were made of. Raises BadOption."""
    if not files:
        raise BadOption("the pipeline makes no picture to be written", "leave out the destination")
    for name, path in files.items():
        mark = "" if len(files) == 1 else f".{name}"
        with path.open("rb") as file:
            store.put(f"{key}{mark}{path.suffix}", file)
