"""The inputs of a run: from what somebody sends to values that the engine takes.

    JSON -> checked -> Checked                BadOption: all that is wrong, by name
    Checked -> kept -> JSON for a job, files  data: URIs are files from then on
    JSON of a job -> Local.values -> values   NotFound FetchFailed AddressRefused ObjectChanged

A picture is `file_...`, an `https:` URL, or a `data:` URI of a small one. In a job it is an object:
`{"file": id}`, `{"url": ...}`, or `{"store", "key", "etag"}`, which only batches make.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from printroom.assets.assets import Assets, New, new_id, unwritable
from printroom.assets.model import Asset
from printroom.core.data_uri import data_uri
from printroom.core.errors import BadOption, BodyTooLarge, NotFound, OutboundError
from printroom.core.outbound import Outbound
from printroom.core.scratch import Scratch
from printroom.core.sizes import format_size
from printroom.jobs.context import Context
from printroom.jobs.model import Job
from printroom.pipelines.graph import Graph
from printroom.pipelines.kinds import ListOf, pictured
from printroom.pipelines.ports import Port
from printroom.pipelines.values import read_each
from printroom.storage.keys import shown
from printroom.workshop import Workshop

LARGEST_INLINE = 8 * 2**20
"""Bytes of a picture in a `data:` URI."""
_HELD = 2 * 2**20
"""Bytes of a file that is kept in memory at the worker, not in a scratch file."""
_SOON = 3600.0
"""Seconds in which a run must have been made of what came with its request."""


@dataclass(frozen=True)
class Inline:
    """A picture that came with the request."""

    data: bytes = field(repr=False)


class BadInput(BadOption):
    """Inputs that the target does not take; `params` names them."""

    def __init__(self, reason: str, remedy: str, *, params: list[str]) -> None:
        super().__init__(reason, remedy)
        self.params = params
        """Names of the inputs at fault."""


@dataclass(frozen=True)
class Intake:
    """Takes inputs of an account."""

    account: str
    assets: Assets
    outbound: Outbound
    files: dict[str, Any] = field(default_factory=dict)
    """Id of each file that was named -> what a page shows of it."""

    def checked(self, graph: Graph, given: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a run; pictures are objects or `Inline`. Raises BadInput."""
        checked, faults = read_each(graph.inputs, given, self._read)
        if faults:
            named = [f"input.{name}" for name in faults]
            raise BadInput("; ".join(faults.values()), "GET the pipeline", params=named)
        return checked

    def kept(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """The same as JSON; and the files that were made of pictures that came with the request.

        They expire soon, unless they are given to a run.
        """
        files: list[str] = []
        return {name: self._kept(value, files) for name, value in values.items()}, files

    def _read(self, port: Port, value: Any) -> Any:
        """The value of one port, as a job has it. Raises ValueError."""
        if value is None or not pictured(port.kind):
            port.coerce(value)
            return value
        if not isinstance(port.kind, ListOf):
            return self._picture(value)
        if not isinstance(value, list):
            raise ValueError("is not a list")
        return [self._picture(one) for one in value]

    def _picture(self, text: Any) -> Any:
        if not isinstance(text, str):
            raise ValueError("is no picture: give file_..., https://... or data:...")
        if text.startswith("file_"):
            try:
                return self.shown(self.assets.get(self.account, text))
            except NotFound:
                raise ValueError("is no file of yours, or not any more") from None
        if text.startswith("data:"):
            if len(text) > LARGEST_INLINE * 4 // 3 + 200:
                raise ValueError(f"is over {format_size(LARGEST_INLINE)}: upload it as a file")
            return Inline(data_uri(text))
        try:
            self.outbound.check(text)
        except OutboundError as error:
            raise ValueError(f"cannot be fetched: {error}") from None
        return {"url": text}

    def _kept(self, value: Any, files: list[str]) -> Any:
        if isinstance(value, list):
            return [self._kept(one, files) for one in value]
        if not isinstance(value, Inline):
            return value
        soon = self.assets.database.clock() + _SOON
        made = self.assets.add(New(self.account, value.data, "part", expires_at=soon))
        files.append(made.id)
        return self.shown(made)

    def shown(self, asset: Asset) -> dict[str, str]:
        """The picture that a file is, as a job has it; noted among `files`."""
        self.files[asset.id] = {
            "name": asset.name,
            "media_type": asset.media_type,
            "width": asset.width,
            "height": asset.height,
        }
        return {"file": asset.id}


class Local:
    """Brings the pictures of a job to this machine, once each."""

    def __init__(self, workshop: Workshop, job: Job, context: Context, scratch: Scratch) -> None:
        self._workshop, self._job, self._context, self._scratch = workshop, job, context, scratch
        self.paths: list[Path] = []
        """Files that were made; whoever asked removes them."""

    def values(self, graph: Graph) -> dict[str, Any]:
        """The inputs as the engine takes them."""
        found = {}
        for name, value in self._job.payload["input"].items():
            port = graph.inputs.get(name)
            if port is None or value is None or not pictured(port.kind):
                found[name] = value
            elif isinstance(value, list):
                found[name] = [self._path(f"{name}[{at}]", one) for at, one in enumerate(value)]
            else:
                found[name] = self._path(name, value)
        return found

    def _path(self, name: str, picture: Mapping[str, Any]) -> Path | bytes:
        self._context.check()
        assets, account = self._workshop.assets, self._job.account
        if "file" in picture:
            content = assets.content(assets.find(account, picture["file"]))
            if content.size <= _HELD:
                return content.read(0, content.size)
        path = self._scratch.path("picture")
        self.paths.append(path)
        if "store" in picture:
            self._from_store(picture, path)
            return path
        if "url" in picture:
            fetched = self._fetched(name, picture["url"], path)
            content = assets.content(assets.find(account, fetched))
        content.save(path)
        return path

    def _from_store(self, picture: Mapping[str, Any], path: Path) -> None:
        store = self._workshop.stores(self._job.account).open(picture["store"])
        key, stat = picture["key"], store.stat(picture["key"])
        if picture["etag"] not in (None, stat.etag):
            raise store.changed(key)
        if stat.size > (largest := self._workshop.settings.files_largest):
            reason = f"{shown(key)} has {format_size(stat.size)}"
            raise BodyTooLarge(reason, f"files have {format_size(largest)} at most")
        _write(path, lambda write: [write(piece) for piece in store.stream(key)])

    def _fetched(self, name: str, url: str, path: Path) -> str:
        """The file that holds what is at `url`: fetched once, however often the run is tried."""

        def fetch() -> str:
            workshop, job = self._workshop, self._job
            largest = workshop.settings.files_largest
            _write(path, lambda write: workshop.outbound.fetch(url, write, largest=largest))
            seed = new_id(job.created_at, f"{job.id}/{name}")
            new = New(job.account, path, "part", run=job.id, id=seed)
            return workshop.assets.add(new).id

        return self._context.step(f"fetched:{name}"[:255], fetch)


def _write(path: Path, work: Callable[[Callable[[bytes], object]], object]) -> None:
    try:
        with path.open("wb") as file:
            work(file.write)
    except OSError as error:
        raise unwritable(error, path) from error
