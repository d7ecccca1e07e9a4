"""One picture mended and enlarged: which network, which format, and the way there.

    options -> Model                             ScaleNotOffered NotFound BadModel BadOption
    picture, options -> Proposal, from its header
    picture, target, options -> Enhanced         NeedsMemory Cancelled ModelFailed BrokenPicture
                                                 Unwritable DiskFull

Whatever can be refused is refused from the header, before the first tile is computed.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from printroom.catalogue.card import Model
from printroom.core.errors import BadOption, ScaleNotOffered, Unwritable
from printroom.engine.enhancement import (
    DEFAULTS,
    Enhanced,
    EnhanceOptions,
    PictureFile,
    Proposal,
    chosen_format,
    default_format,
    fixes_of,
)
from printroom.engine.floor import Floor
from printroom.engine.order import Order, Progress
from printroom.engine.rasters import Raster
from printroom.engine.scheduler import Aside
from printroom.imaging.encode import PictureSpec
from printroom.imaging.formats import Format, check_holds
from printroom.imaging.image import Image
from printroom.imaging.limits import Limits
from printroom.imaging.tiling import scaled

if TYPE_CHECKING:  # loaded by what mends: a picture that is only enlarged needs none of it
    from printroom.pipelines.graph import Graph, Node

FAULTS = "faults"
"""The node of the pipeline that mends, which says what ails a picture."""


class Enhancing:
    """What `printroom enhance` does. Safe from many threads."""

    def __init__(self, floor: Floor, pixels: int, home: str, fixing: Callable[[], Graph]) -> None:
        """`pixels`: the largest picture to take; `home`: whose models may be named where nobody is
        named; `fixing`: the pipeline that mends.
        """
        self._floor, self._pixels, self._home, self._fixing = floor, pixels, home, fixing

    def model_for(
        self, options: EnhanceOptions, account: str = "", paid: tuple[str, ...] = ()
    ) -> Model | None:
        """What enlarges the picture; None where it is only mended.

        `account`: whose own models may be named; `paid`: as of Order. Raises NotFound, BadModel,
        NoAccess, ScaleNotOffered or BadOption.
        """
        scale = options.scale
        if options.model is None:
            if scale == 1:
                if not fixes_of(options.fix):
                    raise ScaleNotOffered(
                        "in its own size, with nothing to mend, a picture stays as it is",
                        "say what to mend, as fix=auto does, or take another scale",
                    )
                return None
            usual = 2 if options.look == "faithful" else 4
            return self._floor.best(usual if scale is None else scale, options.look)
        order = Order(account=account or self._home, paid=paid)
        model = self._floor.model(options.model, order.accounts)
        if _judges(model):
            task = model.card.task
            reason = f"{model.card.id} looks at a picture and answers with numbers"
            raise BadOption(reason, f"leave out the model, and say fix={task}")
        offered = model.card.geometry.scale
        if scale not in (None, offered):
            raise ScaleNotOffered(f"{model.card.id} enlarges by {offered}", f"leave out {scale}")
        return model

    def propose(
        self,
        source: Path | bytes,
        options: EnhanceOptions,
        account: str = "",
        paid: tuple[str, ...] = (),
    ) -> Proposal:
        """What `enhance` would do, from the picture's header; raises what it would raise."""
        with self._open(source, options) as image:
            named = chosen_format(options.format, None)
            return self._propose(image, options, named, account, paid)

    def enhance(
        self,
        source: Path | bytes,
        target: Path | None = None,
        options: EnhanceOptions = DEFAULTS,
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
        aside: Aside = nullcontext,
        account: str = "",
        paid: tuple[str, ...] = (),
    ) -> Enhanced:
        """Enlarge, and mend, the picture `source` (a file, or its bytes) into `target`, or bytes.

        The target appears whole or not at all, in place of what was there. `aside` is entered
        while this thread waits, or is in native code for more than a moment. `account`: whose own
        models may be named; empty = nobody's; `paid`: as of Order. Raises PrintroomError; Cancelled
        once `cancel` is set.
        """
        began = time.monotonic()
        named = chosen_format(options.format, target)
        _check_place(target)
        whose = account or self._home
        order = Order(options.priority, options.memory, progress, cancel, aside, whose, paid=paid)
        with self._open(source, options) as image:
            proposal = self._propose(image, options, named, account, paid)
            metadata = image.metadata.only(options.metadata)
            spec = PictureSpec(proposal.width, proposal.height, image.bands, image.depth)
            file = PictureFile(target, spec, proposal.format, options.quality, metadata)
            made = self._enhanced(image, proposal.model, options.fix, file, order)
        return replace(made, seconds=time.monotonic() - began)

    def _open(self, source: Path | bytes, options: EnhanceOptions) -> Image:
        return Image.open(source, Limits(options.pixels or self._pixels, self._floor.ledger.total))

    def _propose(
        self,
        image: Image,
        options: EnhanceOptions,
        named: Format | None,
        account: str,
        paid: tuple[str, ...],
    ) -> Proposal:
        model = self.model_for(options, account, paid)
        width, height = image.width, image.height
        if model is not None:
            scale = model.card.geometry.scale
            width, height = scaled(width, scale), scaled(height, scale)
        if named is None:
            return Proposal(model, default_format(image.format, width, height), width, height)
        check_holds(named, width, height)
        return Proposal(model, named, width, height)

    def _enhanced(
        self, image: Image, model: Model | None, fix: str, file: PictureFile, order: Order
    ) -> Enhanced:
        if fixes_of(fix) or model is None:
            return self._mended(image, model, fix, file, order)
        self._floor.scheduler  # noqa: B018  its workers get ready while the model is loaded
        link = self._floor.link(model, order)
        sent = self._floor.send(Raster.of_image(image), (link,), file, order)
        return _told(file, sent.result, sent.tiles, model.card.id)

    def _mended(
        self, image: Image, model: Model | None, fix: str, file: PictureFile, order: Order
    ) -> Enhanced:
        """By the pipeline that looks for faults and mends them."""
        from printroom.engine.flow import Desk
        from printroom.engine.pipeline import Running

        scale = 1 if model is None else 2  # the model's own, whatever that is
        graph = self._fixing() if model is None else _enlarging(self._fixing(), model)
        with closing(Desk(self._floor, order)) as desk:
            running = Running(graph, desk)
            outputs = running.run({"image": image, "fix": fix, "scale": scale})
            result = outputs["image"].send(file)
            told = _told(
                file, result, desk.tiles, ", ".join(done.by for done in running.done if done.by)
            )
            seen = {ref.port: value for ref, value in running.values.items() if ref.node == FAULTS}
        report = {"why": seen["why"], **json.loads(seen["report"])}
        return replace(told, steps=tuple(running.done), report=report)


def _judges(model: Model) -> bool:
    """Whether it gives a step numbers to go by, and no picture."""
    geometry = model.card.geometry
    return model.card.task in ("lowlight", "colour") and bool(geometry.fixed) and not geometry.exact


def _enlarging(graph: Graph, model: Model) -> Graph:
    """The same, with `model` where it enlarges."""
    from printroom.pipelines.refs import Constant

    def named(node: Node) -> Node:
        if node.step.name != "upscale":
            return node
        return replace(node, bindings={**node.bindings, "net": Constant(model.card.id)})

    return replace(graph, nodes=tuple(named(node) for node in graph.nodes))


def _told(file: PictureFile, result: Path | bytes, tiles: int, model: str) -> Enhanced:
    return Enhanced(
        path=result if isinstance(result, Path) else None,
        data=result if isinstance(result, bytes) else None,
        format=file.format.name,
        media_type=file.format.media_type,
        width=file.spec.width,
        height=file.spec.height,
        tiles=tiles,
        seconds=0.0,
        model=model,
    )


def _check_place(target: Path | None) -> None:
    """A result replaces a file, never a folder or a device."""
    if target is not None and target.exists() and not target.is_file():
        raise Unwritable(f"{target} is not a file", "name another output")
