"""The outputs of a run: pictures become files of the account, other values stay JSON.

    outputs of the engine -> settled -> Done: JSON, and files     DiskFull StoreUnavailable

The bytes are in the store before the run ends; the files are entered in the transaction that ends
it, all together, and only if it does. They are named after the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from printroom.assets.assets import New, enter_results, new_id
from printroom.assets.blobs import Written
from printroom.assets.looking import Look
from printroom.assets.model import Asset
from printroom.core.errors import BadOption
from printroom.engine.saving import Encoded
from printroom.imaging.formats import format_for
from printroom.jobs.context import Done
from printroom.jobs.model import Job
from printroom.pipelines.telling import plain
from printroom.runs.naming import Source, result_name
from printroom.storage.store import Store
from printroom.workshop import Workshop

MOST = 2**19
"""Characters of JSON in the values of all outputs."""
Picture = Path | Encoded
Made = tuple[Asset, Written]


def settled(workshop: Workshop, job: Job, outputs: Mapping[str, Any]) -> Done:
    """The result of the job; its pictures are also where a batch wants them."""
    payload, pictures = job.payload, dict(_pictures(outputs))
    writing = _Writing(workshop, job, payload["target"], Source.of(payload), len(pictures) == 1)
    made = {name: writing.written(name, one) for name, one in pictures.items()}
    if (target := payload.get("copy")) is not None:
        _copied(workshop.stores(job.account).open(target["store"]), target["key"], pictures)
    assets = {name: asset for name, (asset, _) in made.items()}
    result = {
        "output": {name: _told(value, name, assets) for name, value in outputs.items()},
        "usage": {
            "pictures": len(assets),
            "pixels": sum((one.width or 0) * (one.height or 0) for one in assets.values()),
        },
    }
    now = workshop.database.clock()
    return Done(result, partial(enter_results, made=list(made.values()), now=now))


@dataclass(frozen=True)
class _Writing:
    """Brings the pictures of a run into the store."""

    workshop: Workshop
    job: Job
    target: str
    source: Source
    only: bool
    """Whether there is one picture alone."""

    def written(self, output: str, one: Picture) -> Made:
        """Its bytes in the store, and the file that it is to be."""
        job, look = self.job, None
        data: bytes | Path
        if isinstance(one, Encoded):
            data, container = one.data, one.format
            look = Look(container.media_type, one.width, one.height)
        else:
            data, container = one, format_for(one)
        file = new_id(job.created_at, f"{job.id}/output/{output}")
        new = New(job.account, data, "result", run=job.id, id=file, look=look)
        asset, written = self.workshop.assets.write(new)
        size, suffix = (asset.width or 0, asset.height or 0), container.suffixes[0]
        name = result_name(self.source, self.target, output, suffix, size, only=self.only)
        return replace(asset, name=name), written


def _pictures(outputs: Mapping[str, Any]) -> Iterator[tuple[str, Picture]]:
    """Name of a picture, with its number in a list -> what was written."""
    for name, value in outputs.items():
        if isinstance(value, Picture):
            yield name, value
        elif isinstance(value, list):
            for number, one in enumerate(value, 1):
                if isinstance(one, Picture):
                    yield f"{name}-{number}", one


def _told(value: Any, name: str, found: Mapping[str, Asset]) -> Any:
    if isinstance(value, Picture):
        return found[name].told
    if isinstance(value, list):
        return [_told(one, f"{name}-{number}", found) for number, one in enumerate(value, 1)]
    return plain(value)


def _copied(store: Store, key: str, pictures: Mapping[str, Picture]) -> None:
    """Results into a store, under the name of what they were made of. Raises BadOption."""
    if not pictures:
        raise BadOption("the pipeline makes no picture to be written", "leave out the destination")
    for name, one in pictures.items():
        mark = "" if len(pictures) == 1 else f".{name}"
        if isinstance(one, Encoded):
            store.put(f"{key}{mark}{one.format.suffixes[0]}", one.data)
        else:
            with one.open("rb") as file:
                store.put(f"{key}{mark}{one.suffix}", file)
