"""Portraits of a person: runs whose target is `portrait`, drawn with others' in one pass.

    Wanted -> request_of -> the job of a run
    job, context -> PortraitHandler -> pictures: results of the account, entered with the run's end

Each picture has a seed, and says of itself what made it (`printroom.people.provenance`).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

from sqlalchemy import Connection, select

from printroom.assets.assets import Assets, New, enter_results, new_id
from printroom.assets.blobs import Written
from printroom.assets.looking import Look
from printroom.assets.model import Asset
from printroom.core.errors import NotFound
from printroom.imaging.encode import Encoder, PictureSpec
from printroom.imaging.formats import Format, format_for
from printroom.imaging.metadata import Metadata
from printroom.jobs.context import Context, Done
from printroom.jobs.model import Job
from printroom.jobs.needs import Needs
from printroom.jobs.submit import Request
from printroom.people.adapters import Adapters
from printroom.people.easel import Easel
from printroom.people.erasing import WRITTEN
from printroom.people.model import PORTRAIT, TARGET, VERSIONS, Version, subject
from printroom.people.provenance import xmp_of
from printroom.runtimes.generation import Asked, PersonalizableGenerator, Picture

MOST = 16
"""Pictures of one run."""
RETRIES = 2
"""Failures that are followed by another attempt."""
LARGEST_SEED = 2**32 - 1
Suffix = Literal["png", "jpeg", "webp"]


@dataclass(frozen=True)
class Wanted:
    """Portraits that somebody wants."""

    account: str
    person: str
    prompt: str = ""
    style: str | None = None
    """One of the generator's, or the account's own; None = as the prompt says."""
    count: int = 1
    """Pictures, where no seeds are given."""
    seeds: tuple[int, ...] = ()
    """One for each picture: the same gives the same again. Empty = `count` at random."""
    format: Suffix = "png"
    version: int | None = None
    """Of the person; None = the newest that is ready."""
    webhook: str | None = None
    key: str | None = None
    """Idempotency key."""
    deadline: float | None = None
    """Seconds until it must be over."""
    by: str | None = None
    """Id of the key it was asked with, for what is counted."""
    end_user: str = ""

    @property
    def said(self) -> dict[str, Any]:
        """What must be the same when the key comes again."""
        return {name: value for name, value in asdict(self).items() if name not in ("key", "by")}


def fresh_seeds(count: int) -> tuple[int, ...]:
    """Seeds at random."""
    return tuple(secrets.randbelow(LARGEST_SEED + 1) for _ in range(count))


def request_of(wanted: Wanted, version: Version, prompt: str, style: str | None) -> Request:
    """The job. `prompt`, `style`: as the generator is asked."""
    seeds = wanted.seeds or fresh_seeds(wanted.count)
    shown = {
        "person": wanted.person,
        "version": version.number,
        "prompt": wanted.prompt,
        "style": wanted.style,
        "seeds": list(seeds),
    }
    payload = {
        "target": TARGET,
        "input": shown,
        "files": {},
        "asked": {"prompt": prompt, "style": style, "format": wanted.format},
        "webhook": wanted.webhook,
        "key": wanted.by,
        "end_user": wanted.end_user,
        "dialect": None,
        "terms": None,
    }
    return Request(
        PORTRAIT,
        payload,
        account=wanted.account,
        deadline=wanted.deadline,
        retries=RETRIES,
        needs=Needs(model=version.model),
        key=wanted.key,
        subject=subject(wanted.person),
        same=wanted.said,
    )


class PortraitHandler:
    """A handler for `printroom.jobs.worker.Worker`, in as many threads as are to share a pass."""

    def __init__(
        self,
        assets: Assets,
        adapters: Adapters,
        easel: Easel,
        generator: Callable[[], PersonalizableGenerator],
    ) -> None:
        self._assets, self._adapters, self._easel = assets, adapters, easel
        self._generator = generator

    def __call__(self, job: Job, context: Context) -> Any:
        """The result of the run. Raises NotFound for somebody who was forgotten."""
        payload = job.payload
        shown, asked = payload["input"], payload["asked"]
        version = self._version(shown["person"], shown["version"])
        adapter = self._adapters.get(version)
        context.check()
        wanted = [Asked(asked["prompt"], asked["style"], seed, adapter) for seed in shown["seeds"]]
        drawn = self._easel.draw(wanted)
        context.check()
        generator = self._generator()
        xmp = xmp_of(TARGET, generator.name, generator.base, version.number)
        container = format_for(f"portrait.{asked['format']}")
        files = [encoded(one, container, xmp) for one in drawn]
        return self._settled(job, context, files, container, drawn)

    def _version(self, person: str, number: int) -> Version:
        mine = (VERSIONS.c.person == person) & (VERSIONS.c.number == number)

        def read(connection: Connection) -> Any:
            return connection.execute(select(VERSIONS).where(mine)).first()

        row = self._assets.database.run(read, write=False)
        if row is None:
            raise NotFound(f"{person} was forgotten", "nothing is left of it")
        return Version(*row)

    def _settled(
        self,
        job: Job,
        context: Context,
        files: Sequence[bytes],
        container: Format,
        drawn: Sequence[Picture],
    ) -> Done:
        # named before they are written: whoever is forgotten meanwhile takes them along
        context.checkpoint(WRITTEN, [hashlib.sha256(file).hexdigest() for file in files])
        made: list[tuple[Asset, Written]] = []
        for number, (file, pixels) in enumerate(zip(files, drawn, strict=True), 1):
            look = Look(container.media_type, pixels.shape[1], pixels.shape[0])
            name = f"portrait-{number}{container.suffixes[0]}"
            named = new_id(job.created_at, f"{job.id}/output/{number}")
            new = New(job.account, file, "result", name, run=job.id, id=named, look=look)
            made.append(self._assets.write(new))
        result = {
            "output": {"pictures": [asset.told for asset, _ in made]},
            "usage": {
                "pictures": len(made),
                "pixels": sum((one.width or 0) * (one.height or 0) for one, _ in made),
            },
        }
        now = self._assets.database.clock()
        return Done(result, partial(enter_results, made=made, now=now))


def encoded(pixels: Picture, container: Format, xmp: bytes) -> bytes:
    """The picture as a file that says what made it."""
    height, width, bands = pixels.shape
    spec = PictureSpec(width, height, bands, 8)
    with Encoder(None, spec, container, metadata=Metadata(xmp=xmp)) as encoder:
        encoder.write(pixels)
        data = encoder.finish()
    assert isinstance(data, bytes)
    return data
