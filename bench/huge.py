"""A picture that does not fit the memory: peak resident bytes, and the price of a megapixel.

A baseline JPEG goes through `printroom enhance --memory` into a BigTIFF, as a process of its own,
watched until it ends: once twice as large (x2), once with a net that keeps the size. The same
command does a 2,000 x 2,000 picture of the same content, before and after; what a picture of
64 x 64 costs (starting up) is taken off both. CPU seconds, since others use the machine too.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench import cache, nets, pictures
from bench.processes import BenchError, Finished, checked
from bench.rows import Row, at_most
from bench.servers import printroom_command

MIB = 2**20
HUGE, QUICK, SMALL, TINY = 20_000, 6_000, 2_000, 64
CLASSIC = 4 * 2**30
"""Bytes from which a TIFF file must be a BigTIFF."""
BIG_TIFF = (b"II+\0", b"MM\0+")


def bench(quick: bool) -> list[Row]:
    side = QUICK if quick else HUGE
    repeats = 1 if quick else 3
    return [
        *_rows("x2", nets.upscale(), 700, side, repeats),
        *_rows("x1", nets.same_size(), 480, side, repeats),
    ]


def _rows(label: str, net: Path, budget: int, side: int, repeats: int) -> list[Row]:
    arguments = [f"--memory={budget}MiB", *nets.option(net)]
    _enhance(TINY, arguments)  # the card of a net made here is written once
    start = median(_enhance(TINY, arguments).cpu for _ in range(3))
    small = [_enhance(SMALL, arguments) for _ in range(repeats)]
    huge = _enhance(side, arguments)
    small += [_enhance(SMALL, arguments) for _ in range(repeats)]
    price = (huge.cpu - start) / _megapixels(side)
    usual = (median(one.cpu for one in small) - start) / _megapixels(SMALL)
    what = f"{side} x {side} JPEG to BigTIFF, {label}, --memory {budget}MiB, {net.stem}"
    peak = (
        f"{what}: peak resident {huge.peak / MIB:.0f} MiB over {budget} "
        f"(process tree, sampled: {huge.tree / MIB:.0f}); {huge.wall:.0f} s, {huge.cpu:.0f} CPU-s"
    )
    time = (
        f"{what}: {price:.2f} CPU-s per input MPix over {usual:.2f} for {SMALL} x {SMALL} "
        f"(median of {len(small)}, before and after), {start:.2f} CPU-s of start-up taken off both"
    )
    return [
        Row(f"huge {label}: peak memory", huge.peak / MIB / budget, at_most(1.0), "x", peak),
        Row(f"huge {label}: time per MPix", price / usual, at_most(1.1), "x", time),
    ]


def _megapixels(side: int) -> float:
    return side**2 / 1e6


def _enhance(side: int, arguments: Sequence[str]) -> Finished:
    result = cache.folder() / "huge.tif"
    source = pictures.jpeg(side)
    command = printroom_command("enhance", str(source), "-o", str(result), "--overwrite")
    try:
        finished = checked([*command, *arguments])
        with result.open("rb") as file:
            if result.stat().st_size >= CLASSIC and file.read(4) not in BIG_TIFF:
                raise BenchError(f"{result} is not a BigTIFF")
    finally:
        result.unlink(missing_ok=True)
    return finished
