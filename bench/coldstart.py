"""`printroom enhance` of one photo from a cold process, beside the least that could do the work.

Both are processes of their own, started in turns; CPU seconds from the kernel, medians. The
least is: import onnxruntime and pyvips, run the same net once on 512 x 512, with one thread, no
picture read and none written.
"""

from __future__ import annotations

import sys
from statistics import median

from bench import cache, nets, pictures
from bench.processes import checked
from bench.rows import Row, at_most, paired
from bench.servers import printroom_command

SIDE = 512
LEAST = f"""
import sys, numpy, onnxruntime, pyvips
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
batch = numpy.full((1, 3, {SIDE}, {SIDE}), 0.5, numpy.float32)
session.run(None, {{session.get_inputs()[0].name: batch}})
pyvips.version(0)
"""


def bench(quick: bool) -> list[Row]:
    result = cache.folder() / "coldstart.jpg"
    photo, net = pictures.jpeg(SIDE), nets.upscale()
    enhance = printroom_command("enhance", str(photo), "-o", str(result), "--overwrite")
    enhance += nets.option(net)
    least = [sys.executable, "-c", LEAST, str(net)]
    checked(enhance)  # both warm the disk cache; ours may also write a card
    checked(least)
    ours, theirs = [], []
    for _ in range(3 if quick else 9):
        ours.append(checked(enhance).cpu)
        theirs.append(checked(least).cpu)
    result.unlink(missing_ok=True)
    detail = (
        f"CPU-s of `printroom enhance` of a {SIDE} x {SIDE} JPEG to JPEG, {median(ours):.2f}, over "
        f"imports and one run of the net, {median(theirs):.2f}; {len(ours)} pairs; {net.stem}"
    )
    return [Row("cold start", paired(ours, theirs), at_most(2.0), "x", detail)]
