"""`printroom enhance store://in/photos -o store://out/photos`: from store to store, once each.

    text -> Place                      NotFound BadOption
    Flow -> results, one at a time     a picture that fails stops no other
    watching: the same again and again, for what lands in the source, until a signal comes

The next picture is fetched while one is worked on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from printroom.cli.bars import Bars, bars
from printroom.cli.report import Report
from printroom.cli.stop import Stop
from printroom.cli.stores import opened
from printroom.core.errors import (
    BadOption,
    Cancelled,
    NotFound,
    ObjectChanged,
    PrintroomError,
    StoreUnavailable,
    Unwritable,
)
from printroom.core.scratch import Scratch
from printroom.imaging.formats import FORMATS
from printroom.storage.disk import DiskStore
from printroom.storage.flows import Flow, Place, settled
from printroom.storage.keys import Key, Prefix
from printroom.storage.ledger import FlowLedger
from printroom.storage.store import Stat, Store

if TYPE_CHECKING:
    from printroom.engine.enhancement import Enhanced, EnhanceOptions
    from printroom.workshop import Workshop

SCHEME = "store://"
_SUFFIXES = tuple(suffix for known in FORMATS for suffix in known.suffixes)
_NEAR, _FAR, _LONGEST = 2.0, 15.0, 120.0
"""Seconds between looks at a folder, at a service, and at one that does not answer, at most."""
_PASSING = (StoreUnavailable, ObjectChanged, NotFound)
"""What may be otherwise at the next look."""


@dataclass(frozen=True)
class Wishes:
    """How a flow is to be done."""

    recursive: bool
    watch: bool
    resume: bool
    overwrite: bool
    as_json: bool


def enhance_flow(
    workshop: Workshop,
    sources: Sequence[str],
    output: str | None,
    options: EnhanceOptions,
    wishes: Wishes,
    stop: Stop,
) -> int:
    """How many pictures failed. Raises NotFound, BadOption, and what stores raise."""
    if len(sources) != 1 or output is None:
        raise BadOption("from a store, and to one, there goes one place", "name it, and --output")
    data = workshop.settings.data
    source, only = _source(sources[0])
    ledger, scratch = FlowLedger(data / "flows" / "results.db"), Scratch(data)
    try:
        flow = Flow(source, _place(output), ledger, _told(workshop, options),
                    deep=wishes.recursive, only=only)  # fmt: skip
        with flow.alone(), ThreadPoolExecutor(1, "printroom-next") as ahead:
            return _Flowing(workshop, flow, options, wishes, stop, scratch, ahead).run()
    finally:
        scratch.close()
        ledger.close()


@dataclass
class _Flowing:
    """One call of the command."""

    workshop: Workshop
    flow: Flow
    options: EnhanceOptions
    wishes: Wishes
    stop: Stop
    scratch: Scratch
    ahead: ThreadPoolExecutor
    failed: int = 0
    given_up: set[tuple[str, str]] = field(default_factory=set)
    """Versions that failed, and will again."""
    seen: dict[Key, str] = field(default_factory=dict)
    """What the last look found."""

    def run(self) -> int:
        near = isinstance(self.flow.source.store, DiskStore)
        pause = usual = _NEAR if near else _FAR
        while True:
            try:
                self._round(self._todo())
                pause = usual
            except StoreUnavailable as error:
                if not self.wishes.watch:
                    raise
                bars(0).say(f"printroom: {error}")
                pause = min(2 * pause, _LONGEST)
            if not self.wishes.watch or self.stop.event.wait(pause):
                return self.failed

    def _todo(self) -> list[Stat]:
        found = [stat for stat in self.flow.found() if self._is_ours(stat)]
        before, self.seen = self.seen, {stat.key: stat.etag for stat in found}
        if self.wishes.watch:
            store = self.flow.source.store
            found = [stat for stat in found if settled(before, stat, store)]
        return sorted(found, key=lambda stat: stat.key)

    def _is_ours(self, stat: Stat) -> bool:
        """Whether it is a picture that is not hidden, and may be done."""
        below = stat.key.removeprefix(self.flow.source.prefix)
        hidden = any(part.startswith(".") for part in below.split("/"))
        known = below.lower().endswith(_SUFFIXES)
        return known and not hidden and (stat.key, stat.etag) not in self.given_up

    def _round(self, todo: list[Stat]) -> None:
        if not todo:
            return
        with bars(len(todo)) as shown:
            report = Report(shown, len(todo), self.wishes.as_json)
            for stat, path in self._fetched(todo):
                try:
                    if not self.stop.event.is_set():
                        self._tried(stat, path, report, shown)
                finally:
                    shown.end()
            self.failed += report.failed
            report.close("" if self.stop.event.is_set() else None)

    def _fetched(self, todo: list[Stat]) -> Iterator[tuple[Stat, Future[Path]]]:
        """Each with its file, of which one comes ahead."""
        coming = [(stat, self.ahead.submit(self._fetch, stat)) for stat in todo[:1]]
        for following in [*todo[1:], None]:
            current = coming.pop()
            if following is not None and not self.stop.event.is_set():
                coming = [(following, self.ahead.submit(self._fetch, following))]
            yield current
            if not coming:
                return

    def _fetch(self, stat: Stat) -> Path:
        path = self.scratch.path("picture")
        try:
            with path.open("wb") as file:
                for piece in self.flow.pieces(stat):
                    file.write(piece)
                    if self.stop.event.is_set():
                        raise Cancelled("stopped")
        except OSError as error:
            self.scratch.discard(path)
            reason = f"the picture cannot be kept, {error.strerror}"
            raise Unwritable(reason, "see to the data folder's disk") from error
        except BaseException:
            self.scratch.discard(path)
            raise
        return path

    def _tried(self, stat: Stat, coming: Future[Path], report: Report, shown: Bars) -> None:
        name = self.flow.source.shown(stat.key)
        try:
            target, result = self._one(stat, coming.result(), name, shown)
        except Cancelled:
            return
        except PrintroomError as error:
            if not isinstance(error, _PASSING):
                self.given_up.add((stat.key, stat.etag))
            report.fail(name, self._hidden(error))
        except Exception as error:  # a fault of ours, but the other pictures need not pay for it
            self.given_up.add((stat.key, stat.etag))
            what = f"{type(error).__name__}: {error}"
            report.fail(name, PrintroomError(what, "this is a bug, please report it"))
        else:
            if result is None:
                report.skipped(name, target)
            else:
                report.done(name, result, target)

    def _one(self, stat: Stat, path: Path, name: str, shown: Bars) -> tuple[str, Enhanced | None]:
        """The result's place, and the result unless it was there already."""
        made: Path | None = None
        try:
            proposal = self.workshop.propose(path, self.options)
            suffixes = proposal.format.suffixes
            claim = self.flow.claim(
                stat, suffixes, resume=self.wishes.resume, overwrite=self.wishes.overwrite
            )
            target = self.flow.target.shown(claim.target)
            if claim.there:
                return target, None
            shown.begin(name.rpartition("/")[2], proposal.width * proposal.height)
            made = self.scratch.path("result").with_suffix(suffixes[0])
            options = replace(self.options, format=proposal.format.name)
            result = self.workshop.enhance(path, made, options, shown.advance, self.stop.event)
            self.flow.finish(stat, claim, made)
            return target, result
        finally:
            self.scratch.discard(path)
            if made is not None:
                self.scratch.discard(made)

    def _hidden(self, error: PrintroomError) -> PrintroomError:
        """The error without the names of our scratch files."""
        error.reason = self.scratch.hide(error.reason)
        return error


def _source(text: str) -> tuple[Place, Key | None]:
    """A place to take pictures from; the key where it is one picture."""
    if not text.startswith(SCHEME):
        path = Path(text)
        if path.is_dir():
            return _place(text), None
        if not path.is_file():
            raise NotFound(f"there is no file or folder {path}", "check the name")
        return _place(str(path.parent)), Key(path.name)
    name, _, below = text.removeprefix(SCHEME).partition("/")
    store = opened(name)
    if below and not below.endswith("/") and store.exists(below):
        key = Key(below)
        return Place(store, key.parent, f"{SCHEME}{name}/{key.parent}"), key
    return _place(text), None


def _place(text: str) -> Place:
    """`store://name/prefix`, or a folder of this machine."""
    if text.startswith(SCHEME):
        name, _, below = text.removeprefix(SCHEME).partition("/")
        prefix = Prefix(below)
        return Place(opened(name), prefix, f"{SCHEME}{name}/{prefix}")
    store: Store = DiskStore(Path(text))
    return Place(store, Prefix(), f"{text.rstrip('/')}/")


def _told(workshop: Workshop, options: EnhanceOptions) -> str:
    """All that a result depends on, beside the picture."""
    about = asdict(replace(options, memory=None, pixels=None))
    model = workshop.model_for(options)
    about["model"] = None if model is None else [model.card.id, model.card.digest]
    return json.dumps(about, sort_keys=True)
