"""Memory depends on the width of a picture, not on its height: measured in child processes."""

import subprocess
import sys

import pytest

CHILD = """
import resource, sys
import numpy as np
from fractions import Fraction
from printroom.engine.plan import Plan, TilePlan
from printroom.engine.scheduler import Scheduler
from printroom.engine.stream import stream
from printroom.imaging.tiling import Geometry, TileGrid

class Repeat:
    resident_bytes = 0
    def run(self, batch):
        return batch.repeat(2, 2).repeat(2, 3)
    def close(self):
        pass

height, written = int(sys.argv[1]), [0, 0]
grid = TileGrid(1500, height, Geometry(Fraction(2), halo=4), 250, 128)
plan = Plan((TilePlan(grid, bands=3, channels=3, given=8, made=8, strips=2),), 0, 0)
row = np.arange(1500 * 3, dtype=np.uint8).reshape(1500, 3)

def read(count):
    return np.broadcast_to(row, (count, 1500, 3))

def write(rows):
    written[0] += len(rows)
    written[1] += int(rows[0, 2, 1])

with Scheduler(2) as engine, engine.run(in_flight=plan.in_flight) as run:
    stream(read, write, plan, [Repeat()], run)
assert written == [2 * height, 4 * grid.rows]
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak(height: int) -> int:
    """MiB that a process took at most to enlarge 1,500 x `height` pixels."""
    command = [sys.executable, "-c", CHILD, str(height)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.slow
def test_a_tall_picture_takes_no_more_than_a_low_one() -> None:
    """The result alone would be 205 MiB."""
    assert peak(12_000) <= peak(500) + 24
