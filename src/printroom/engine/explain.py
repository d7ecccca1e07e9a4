"""What running a graph would take, for people and for programs, before it is run.

    Graph, values -> explain() -> Explanation -> text, JSON

Conditions that depend on the picture are taken to hold, so time and memory are what it takes at
most. Raises what loading its models raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from printroom.core.errors import NeedsMemory, PrintroomError
from printroom.engine.channels import Rows
from printroom.engine.context import Context
from printroom.engine.enhancement import default_format
from printroom.engine.floor import Floor
from printroom.engine.flow import Desk
from printroom.engine.links import SAME, Link, step_link
from printroom.engine.order import Order
from printroom.engine.plan import MIB, TilePlan
from printroom.engine.rasters import SPOOL, Raster
from printroom.engine.stages import Stage, stages
from printroom.imaging.encode import PictureSpec, encoder_bytes
from printroom.imaging.image import Image
from printroom.imaging.tiling import scaled
from printroom.pipelines.graph import Graph, Node
from printroom.pipelines.refs import Binding, Constant, Ref
from printroom.pipelines.step import ModelStep, TileStep

PHOTO = PictureSpec(4000, 3000, 3, 8)
"""What is planned for when no picture is named."""


@dataclass(frozen=True)
class StepPlan:
    """One step of a stage."""

    name: str
    """In the pipeline."""
    step: str
    does: str
    """What it does: "looks", "streams", "runs", "passes by", or "cannot be told"."""
    by: str = ""
    """The model, if one does it and it is known."""
    note: str = ""
    """Why it cannot be told."""
    when: str = ""
    """The condition, as it is written; empty where it always runs with these inputs."""
    tile: tuple[int, int] | None = None
    """Width and height of its tiles."""
    halo: int = 0
    """Pixels that a tile reads beyond its own."""


@dataclass(frozen=True)
class StagePlan:
    """Steps that run together."""

    steps: tuple[StepPlan, ...]
    why: str
    """Why it is a stage of its own; empty where it reads a picture that was given."""
    streams: bool
    width: int = 0
    """Of the picture that it makes; 0 = not known before it is run."""
    height: int = 0
    bytes: int = 0
    """Memory of the whole process at its peak."""
    seconds: float = 0.0
    """Expected, with the workers that are idle now."""
    refused: str = ""
    """Why it cannot be run in the memory there is."""


@dataclass(frozen=True)
class Explanation:
    """What running a graph would take at most."""

    name: str
    title: str
    picture: PictureSpec
    """What it is planned for."""
    budget: int
    """Bytes that the process may take."""
    stages: tuple[StagePlan, ...]

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        """For people."""
        picture = self.picture
        head = [
            f"{self.name}: {self.title}" if self.title else self.name,
            f"for a picture of {picture.width:,} x {picture.height:,} pixels, "
            f"by a process that may take {self.budget / MIB:,.0f} MiB",
        ]
        blocks = [_stage_text(number, stage) for number, stage in enumerate(self.stages, 1)]
        steps = [step for stage in self.stages for step in stage.steps]
        if any(step.when and step.does != "passes by" for step in steps):
            blocks.append(
                "What is said after `if` is known once the picture was looked at, and is taken to "
                "hold\nhere: this is the most that it takes."
            )
        return "\n\n".join(["\n".join(head), *blocks])


def explain(
    graph: Graph, floor: Floor, values: Mapping[str, Any], order: Order | None = None
) -> Explanation:
    """What it would take with these inputs; those that are missing take their defaults.

    `order`: for whom, as far as that says which models there are; None = nobody. Of pictures only
    the header is read. Without one, a photo of 12 megapixels is planned for.
    """
    with closing(Desk(floor, order or Order())) as desk:
        return _Explaining(graph, desk, values).run()


class _Explaining:
    """What is known before anything is run."""

    def __init__(self, graph: Graph, desk: Desk, values: Mapping[str, Any]) -> None:
        self._graph, self._desk, self._floor = graph, desk, desk.floor
        self._values: dict[Ref, Any] = {}
        self._pictures: dict[Ref, Raster] = {}
        """As far as size and form go."""
        for name, port in graph.inputs.items():
            if port.kind.name == "picture":
                self._pictures[Ref(None, name)] = self._opened(values.get(name))
            elif name in values or not port.required:
                self._values[Ref(None, name)] = values.get(name, port.default)

    def run(self) -> Explanation:
        first = next(iter(self._pictures.values()), None)
        planned = tuple(map(self._stage, stages(self._graph)))
        budget = self._floor.budget - self._floor.held
        spec = first.spec if first else PHOTO
        return Explanation(self._graph.name, self._graph.title, spec, budget, planned)

    def _opened(self, picture: Any) -> Raster:
        if isinstance(picture, Path | bytes):
            picture = self._desk.opened(Image.open(picture))
        return (
            Raster.of_image(picture) if isinstance(picture, Image) else _sized(PHOTO, PHOTO.depth)
        )

    def _stage(self, stage: Stage) -> StagePlan:
        """One stage; the pictures that it makes are known afterwards."""
        if stage.source is None:
            steps = tuple(self._alone(node) for node in stage.nodes)
            return StagePlan(steps, stage.why, streams=False)
        found = [self._step(node) for node in stage.nodes]
        steps, links = tuple(step for step, _ in found), tuple(link for _, link in found if link)
        source = self._pictures.get(stage.source)
        if source is None:
            return StagePlan(steps, stage.why, streams=True)
        spec = source.spec
        for node, (_, link) in zip(stage.nodes, found, strict=True):
            spec = _behind(spec, link)
            self._pictures[Ref(node.name, "image")] = _sized(spec, 32)
        made = [Ref(node.name, "image") for node in stage.nodes]
        ends = any(ref in self._graph.outputs.values() for ref in made)
        return self._cut(
            StagePlan(steps, stage.why, True, spec.width, spec.height), source, links, ends
        )

    def _cut(
        self, stage: StagePlan, source: Raster, links: tuple[Link, ...], ends: bool
    ) -> StagePlan:
        """The stage with its tiles, memory and time; `ends`: its picture becomes a file."""
        spec = replace(source.spec, width=stage.width, height=stage.height)
        container = default_format(source.format, spec.width, spec.height)
        bits, held = (spec.depth, encoder_bytes(spec, container)) if ends else (32, SPOOL)
        try:
            plan = self._floor.plan(source, links or (SAME,), bits, held)
        except PrintroomError as error:
            needed = error.needed if isinstance(error, NeedsMemory) else 0
            return replace(stage, bytes=needed, refused=str(error))
        cuts = iter(plan.links)
        steps = tuple(_tiled(step, next(cuts)) if step.does == "streams" else step
                      for step in stage.steps)  # fmt: skip
        return replace(stage, steps=steps, bytes=plan.bytes, seconds=plan.seconds)

    def _step(self, node: Node) -> tuple[StepPlan, Link | None]:
        """What a step of a stage does, and its link if it has one and it is known."""
        if self._skipped(node):
            return _said(node, "passes by"), None
        node = self._decided(node)
        given = {name: self._value(node.bindings[name]) for name in node.step.parameters
                 if name in node.bindings}  # fmt: skip
        known = {name: value for name, value in given.items() if value is not _UNKNOWN}
        try:
            step = node.step.factory(**known)
            if isinstance(step, ModelStep):
                return self._modelled(node, step)
            if isinstance(step, TileStep):
                return _said(node, "streams"), step_link(step, None)
        except Exception as error:  # a step may need what is not known yet
            return replace(_said(node, "cannot be told"), note=str(error)), None
        return _said(node, "looks"), None

    def _alone(self, node: Node) -> StepPlan:
        """A step that works on whole values."""
        return _said(node, "passes by") if self._skipped(node) else _said(
            self._decided(node), "runs"
        )  # fmt: skip

    def _skipped(self, node: Node) -> bool:
        """Whether it is known not to be run, with these inputs."""
        when = node.when
        return bool(when and self._knows(node) and not when.holds(self._values))

    def _decided(self, node: Node) -> Node:
        """Without a condition that is known to hold."""
        return replace(node, when=None) if self._knows(node) else node

    def _knows(self, node: Node) -> bool:
        """Whether its condition depends on the inputs alone."""
        return bool(node.when and self._values.keys() >= set(node.when.refs))

    def _modelled(self, node: Node, step: ModelStep) -> tuple[StepPlan, Link | None]:
        name = step.model(Context(self._desk))
        if name is None:
            return _said(node, "passes by"), None
        link = self._floor.link(self._floor.model(name, self._desk.order.accounts))
        return _said(node, "streams", link.name), link

    def _value(self, binding: Binding) -> Any:
        if isinstance(binding, Constant):
            return binding.value
        return self._values.get(binding, _UNKNOWN) if isinstance(binding, Ref) else _UNKNOWN


_UNKNOWN = object()


def _sized(spec: PictureSpec, bits: int) -> Raster:
    """A picture of which only the size is known."""
    return Raster(spec, bits, lambda: nullcontext(_Nothing()))


class _Nothing:
    """Is never read."""

    def read(self, rows: int) -> Rows:
        raise NotImplementedError


def _said(node: Node, does: str, by: str = "") -> StepPlan:
    return StepPlan(node.name, node.step.name, does, by, when=node.when.text if node.when else "")


def _tiled(step: StepPlan, cut: TilePlan) -> StepPlan:
    grid = cut.grid
    return replace(step, tile=(grid.tile_width, grid.tile_height), halo=grid.geometry.halo)


def _behind(spec: PictureSpec, link: Link | None) -> PictureSpec:
    if link is None:
        return spec
    scale = link.part.geometry.scale
    return replace(spec, width=scaled(spec.width, scale), height=scaled(spec.height, scale))


def _stage_text(number: int, stage: StagePlan) -> str:
    how = "strip by strip, the picture never in memory as a whole" if stage.streams else "by itself"
    why = f": {stage.why}" if stage.why else ""
    names = max(len(step.name) for step in stage.steps)
    uses = max(len(step.step) for step in stage.steps)
    lines = [f"stage {number}, {how}{why}"]
    lines += [
        f"  {step.name:<{names}}  {step.step:<{uses}}  {_step_text(step)}" for step in stage.steps
    ]
    if stage.refused:
        lines.append(f"  cannot be done: {stage.refused}")
    elif stage.width:
        time = f"about {stage.seconds:.1f} s" if stage.seconds >= 0.1 else "less than 0.1 s"
        lines.append(
            f"  -> {stage.width:,} x {stage.height:,} pixels, in {time}, the process at "
            f"{stage.bytes / MIB:,.0f} MiB"
        )
    return "\n".join(lines)


def _step_text(step: StepPlan) -> str:
    when = f"if {step.when}: " if step.when and step.does != "passes by" else ""
    return when + _DOES[step.does].format(step=step, tiles=_tiles_text(step))


_DOES = {
    "looks": "looks at a small copy and at samples",
    "streams": "{step.by}{tiles}",
    "runs": "its own code",
    "passes by": "does nothing, as {step.when} does not hold",
    "cannot be told": "not known yet: {step.note}",
}
"""What a step does -> how that is said."""


def _tiles_text(step: StepPlan) -> str:
    if step.tile is None:
        return ""
    width, height = step.tile
    more = f" that see {step.halo} more on each side" if step.halo else ""
    return f"{', in ' if step.by else ''}tiles of {width} x {height} pixels{more}"
