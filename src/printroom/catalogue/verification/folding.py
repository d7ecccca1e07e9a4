"""Safetensors of networks that printroom trains, made into ONNX behind walls.

    path -> ours -> whether names and shapes are of one        Refused: not what the format asks
    path -> fold -> Converted                                  ConversionFailed

PyTorch is not needed: the network is written down, node by node. Nothing of the weights is read in
this process but the header.
"""

from __future__ import annotations

import json
import mmap
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from printroom.catalogue.verification.rules import Rules
from printroom.catalogue.verification.safetensors import laid_out
from printroom.core.errors import ConversionFailed
from printroom.isolation.conversion import CLOSE, Converted, plain
from printroom.isolation.sandbox import Sandbox
from printroom.isolation.walls import PACKAGE
from printroom.runtimes.onnx.ours.chain import UPSCALER
from printroom.runtimes.onnx.ours.telling import told_apart
from printroom.runtimes.onnx.parse import read

FOLD = Path(__file__).parent / "fold.py"
_REPORT = 1 << 12
"""Most bytes of a report."""


def ours(weights: Path, rules: Rules) -> str:
    """Why they are of none of our networks; empty = they are of one. Raises Refused."""
    with weights.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        tensors = laid_out(data, rules)
    try:
        told_apart({name: one.shape for name, one in tensors.items()})
    except ValueError as error:
        return str(error)
    return ""


def fold(weights: Path, rules: Rules) -> Converted:
    """The graph of `weights`, which lie in a folder of ours. Raises ConversionFailed."""
    sandbox = Sandbox(memory=rules.memory, seconds=int(rules.seconds), cpu=1)
    with tempfile.TemporaryDirectory(prefix="printroom-") as scratch:
        inside = Path(scratch)
        arguments = (weights, inside, json.dumps(asdict(rules)))
        sandbox.run(Path(sys.executable), FOLD, arguments, reads=(weights, PACKAGE), writes=inside)
        try:
            report = json.loads(plain(inside / "report.json").read_bytes()[:_REPORT])
            architecture, far = str(report["architecture"])[:64], float(report["difference"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise ConversionFailed(f"the conversion left no report ({error})") from error
        if not far <= CLOSE:
            raise ConversionFailed(f"the graph differs from the network by {far:.2g}")
        data = read(plain(inside / "model.onnx"))
    purpose = "SR" if architecture == UPSCALER else "Restoration"
    return Converted(data, architecture, purpose, far, sandbox.walls)
