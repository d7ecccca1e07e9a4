"""All that is found out of a model before it is entered: what runs it, how it is read, its tiles.

file, wishes -> Studied      NotFound BadModel BadOption ConversionFailed EnvironmentFailed
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import product
from pathlib import Path

from printroom.catalogue.card import Runtime, Task
from printroom.catalogue.detecting import Kind, kind_of
from printroom.catalogue.drawing import reading_of as drawn_reading
from printroom.catalogue.drawing import tried
from printroom.catalogue.opening import open_isolated, open_onnx
from printroom.catalogue.ports import reading_of
from printroom.catalogue.proving import Proof, Run, candidates, prove
from printroom.catalogue.verification.folding import fold, ours
from printroom.catalogue.verification.refusing import Refused
from printroom.catalogue.verification.rules import RULES
from printroom.catalogue.weighing import weigh
from printroom.catalogue.wishes import Wishes
from printroom.core.errors import BadModel, BadOption
from printroom.core.session import Session
from printroom.imaging.tiling import Geometry
from printroom.isolation.conversion import Converted, convert
from printroom.isolation.house import Isolation
from printroom.runtimes.adapted import bytes_per_pixel, fitting
from printroom.runtimes.onnx.cost import TILES, measure
from printroom.runtimes.onnx.examine import examine, parameters_of
from printroom.runtimes.onnx.ours.telling import ARCHITECTURES
from printroom.runtimes.onnx.parse import parse, ports, read
from printroom.runtimes.onnx.refit import metadata, refit
from printroom.runtimes.probing import probed
from printroom.runtimes.reading import Pixels, Reading

STRENGTHS = (15 / 255, 25 / 255, 50 / 255, 15.0, 25.0, 50.0, 0.5, 1.0, 0.0)
"""Values that are tried for a further input, such as the strength of noise."""
MOST_TRIALS = 81
"""Of values for all further inputs together."""
DRAWS = "it draws pictures, and takes none"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Studied:
    """What an entry of the catalogue is made of."""

    weights: Path | bytes
    """A file or folder to copy, or the content of one."""
    suffix: str
    """Of the file; empty = a folder."""
    runtime: Runtime
    reading: Reading
    geometry: Geometry
    parameters: int
    costs: dict[int, int]
    task: Task
    origin: dict[str, str] = field(default_factory=dict)
    tried: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Example -> dB before and after."""


def study(
    path: Path, wishes: Wishes, isolation: Isolation, say: Say, tiles: Sequence[int] = TILES
) -> Studied:
    """Find out all; `say` is told what goes on. Seconds, or minutes where torch is installed.

    `tiles`: sides of which the memory is measured.
    """
    kind = kind_of(path)
    say(f"{path.name} is {kind.value}")
    if kind is Kind.ONNX:
        return study_onnx(read(path), wishes, say, tiles)
    if kind in (Kind.SAFETENSORS, Kind.PICKLE):
        converted = _converted(path, kind, isolation, say)
        made = f"{converted.architecture} ({converted.purpose}), converted to ONNX"
        far = f"{converted.difference:.2g}"
        say(f"{made}; it differs from the network's result by {far} at most; {converted.walls}")
        facts = {"converted": made, "difference": far, "sandbox": converted.walls}
        if converted.architecture in ARCHITECTURES:
            wishes = wishes.or_plain()
        studied = study_onnx(converted.onnx, wishes, say, tiles)
        return replace(studied, origin=facts | studied.origin)
    return _study_isolated(path, kind, wishes, isolation, say, tiles)


def _converted(path: Path, kind: Kind, isolation: Isolation, say: Say) -> Converted:
    """Raises BadModel, ConversionFailed, EnvironmentFailed."""
    if kind is Kind.SAFETENSORS:
        try:
            known = not ours(path, RULES)
        except Refused as refused:
            raise BadModel(f"{path.name}: {refused.reason}", "save it again") from refused
        if known:
            say("it is of a network that printroom trains, and is folded in a sandbox")
            return fold(path.absolute(), RULES)
    say("it is converted in a sandbox; the first time, torch is installed for that")
    return convert(path, isolation, suffix=_WEIGHTS[kind])


_WEIGHTS = {Kind.SAFETENSORS: ".safetensors", Kind.PICKLE: ".pth"}


def study_onnx(data: bytes, wishes: Wishes, say: Say, tiles: Sequence[int] = TILES) -> Studied:
    """Of an ONNX graph."""
    model = parse(data)
    inputs, outputs = ports(model)
    drawing = drawn_reading(inputs, outputs, metadata(data))
    if drawing is not None:
        return _study_drawing(data, drawing, wishes, say)
    base = wishes.applied(reading_of(inputs, outputs, wishes.output))
    examined = examine(refit(data, base))
    geometry = examined.geometry
    if wishes.fixed not in (None, geometry.fixed):
        raise BadOption("the graph of this model says what sizes it takes", "leave out the size")

    def run_of(reading: Reading) -> tuple[Run, Callable[[], None]]:
        session = open_onnx(data, reading)
        return session.run, session.close

    proof = _proof(base, examined.channels, geometry, wishes, run_of)
    reading = _settled(proof, base, examined.channels, geometry.scale, wishes)
    geometry = fitting(geometry, reading)
    say(proof.evidence)
    say("what its tiles take in memory is measured")
    return Studied(
        data,
        ".onnx",
        "onnx",
        reading,
        geometry,
        examined.parameters,
        _with_reading(_measured(data, reading, geometry, tiles), reading, geometry.scale),
        proof.task,
        {"proof": proof.evidence},
        proof.tried,
    )


def _study_drawing(data: bytes, reading: Reading, wishes: Wishes, say: Say) -> Studied:
    drawn = tried(data, reading, wishes)
    say(drawn.evidence)
    geometry = Geometry(exact=False, fixed=drawn.size, why=DRAWS)
    found = drawn.reading
    return Studied(
        data, ".onnx", "onnx", found, geometry, parameters_of(parse(data)), {}, "other",
        {"proof": drawn.evidence},
    )  # fmt: skip


def _study_isolated(
    path: Path, kind: Kind, wishes: Wishes, isolation: Isolation, say: Say, tiles: Sequence[int]
) -> Studied:
    if wishes.layout is not None or wishes.output:
        raise BadOption(f"{kind.value} is read as it says itself", "leave out layout and output")
    runtime: Runtime = "torch" if kind is Kind.PROGRAM else "tensorflow"
    suffix = {Kind.PROGRAM: ".pt2", Kind.FROZEN: ".pb", Kind.SAVED: ""}[kind]
    say(f"it runs in an environment of its own; the first time, {runtime} is installed for that")
    with _named(path, suffix) as named:
        session = open_isolated(named, isolation)
        try:
            with _quiet(runtime):
                planes, geometry = _probed(session, wishes)
            base = wishes.applied(_plain(planes))
            proof = _proof(base, planes, geometry, wishes, lambda _reading: (session.run, _nothing))
            say(proof.evidence)
            reading = _settled(proof, base, planes, geometry.scale, wishes)
            geometry = fitting(geometry, reading)
            costs = weigh(session, planes, geometry, tiles)
        finally:
            session.close()
    return Studied(
        path, suffix, runtime, reading, geometry, _bytes_of(path) // 4,
        _with_reading(costs, reading, geometry.scale), proof.task, {"proof": proof.evidence},
    )  # fmt: skip


@contextmanager
def _named(path: Path, suffix: str) -> Iterator[Path]:
    """`path` under a name that says what it is."""
    if path.is_dir() or path.suffix.lower() == suffix:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="printroom-") as scratch:
        named = Path(scratch) / f"model{suffix}"
        named.symlink_to(path.absolute())
        yield named


@contextmanager
def _quiet(runtime: Runtime) -> Iterator[None]:
    """What a child says of tries that were meant to fail is no news."""
    logger = logging.getLogger(f"printroom.step.{runtime}")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _probed(session: Session, wishes: Wishes) -> tuple[int, Geometry]:
    """Whether it takes 3 planes or 1, and its tiles."""
    tried_planes: tuple[int, ...] = (3, 1)
    if wishes.channels is not None:
        tried_planes = (3,) if wishes.channels in ("rgb", "bgr") else (1,)
    reasons = []
    for planes in tried_planes:
        try:
            return planes, probed(session, planes, wishes.fixed)
        except BadModel as error:
            reasons.append(error)
    raise reasons[0]


def _plain(planes: int) -> Reading:
    pixels = Pixels(channels="rgb" if planes == 3 else "grey")
    return Reading(pixels, pixels)


def _proof(
    base: Reading,
    planes: int,
    geometry: Geometry,
    wishes: Wishes,
    run_of: Callable[[Reading], tuple[Run, Callable[[], None]]],
) -> Proof:
    """The best over all values that further inputs may have."""
    best: Proof | None = None
    for constants in _constants(base, wishes):
        reading = replace(base, constants=constants)
        run, close = run_of(reading)
        try:
            options = candidates(reading, planes, geometry.scale, wishes.free())
            if not options:
                raise BadOption(f"a model that enlarges by {geometry.scale} cannot be read so")
            found = prove(run, options, geometry, geometry.scale)
        finally:
            close()
        if best is None or found.trials[0].rank > best.trials[0].rank:
            best = found
    assert best is not None
    return best


def _constants(base: Reading, wishes: Wishes) -> Iterator[tuple[tuple[str, float], ...]]:
    said = dict(wishes.constants)
    values = [
        [(name, said[name])] if name in said else [(name, value) for value in STRENGTHS]
        for name, _value in base.constants
    ]
    for count, chosen in enumerate(product(*values)):
        if count < MOST_TRIALS:
            yield chosen


def _settled(proof: Proof, base: Reading, planes: int, scale: Fraction, wishes: Wishes) -> Reading:
    """What was proved; else the usual."""
    if proof.proved:
        return proof.reading
    return candidates(base, planes, scale, wishes.free())[0]


def _measured(
    data: bytes, reading: Reading, geometry: Geometry, tiles: Sequence[int]
) -> dict[int, int]:
    with tempfile.TemporaryDirectory(prefix="printroom-") as scratch:
        weights = Path(scratch) / "model.onnx"
        weights.write_bytes(refit(data, reading))
        return measure(weights, tiles, geometry)


def _with_reading(costs: dict[int, int], reading: Reading, scale: Fraction) -> dict[int, int]:
    each = bytes_per_pixel(reading, scale)
    return {side: cost + each * side * side for side, cost in costs.items()}


def _bytes_of(path: Path) -> int:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files)


def _nothing() -> None:
    """There is nothing to close."""
