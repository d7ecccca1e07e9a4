"""What verification allows, in one place, with a revision that changes when any of it does.

Reports name the revision they were made by: one that was made by others is made again.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass

DAY = 86400.0


@dataclass(frozen=True)
class Rules:
    """Limits and lists. Bytes, seconds, counts."""

    # file
    file_bytes: int = 1 << 30
    """Of the file."""
    unpacked: int = 16
    """Times as large as the file that its weights may be once they are read."""
    depth: int = 24
    """Messages within messages."""
    fields: int = 1_000_000
    """Fields in all messages together."""
    text_bytes: int = 1 << 20
    """Of one name, or description."""
    # graph
    domains: tuple[str, ...] = ("", "ai.onnx")
    """Of operators."""
    forbidden: tuple[str, ...] = (
        "ImageDecoder", "RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit",
        "TfIdfVectorizer",
    )  # fmt: skip
    """Operators that read text or files of pictures: no network that makes pictures has them."""
    opset: tuple[int, int] = (7, 27)
    """The oldest and newest version of the standard operators."""
    nodes: int = 20_000
    loops: int = 16
    """Nodes that repeat a graph."""
    branches: int = 64
    """Nodes that choose a graph."""
    nested: int = 4
    """Graphs within graphs."""
    trips: int = 4096
    """Turns of a loop that says how many it takes; of loops in loops, the product."""
    axis: int = 1 << 24
    """Length of one side of a tensor that the file keeps."""
    # trial
    seconds: int = 300
    """For all that is done in the sandbox, by the clock; as much CPU time for each of its cores."""
    memory: int = 3 << 30
    """Bytes of address space that a process of the sandbox may have for itself."""
    sides: tuple[int, ...] = (64, 128, 256)
    """Of the square pictures that latency is measured on."""
    tiles: tuple[int, ...] = (64, 128, 256)
    """Sides of which the memory is measured."""
    growth: float = 1.6
    """Largest power of the number of pixels that time may grow by, before a person looks."""
    beyond: float = 0.5
    """By how much of its range a result may lie outside before a person looks."""
    # what follows
    same: float = 0.05
    """Part by which the results of two networks differ that count as one and the same."""
    valid: float = 180 * DAY
    """Seconds for which a report holds."""

    @property
    def revision(self) -> str:
        """Short digest of all of them."""
        text = repr(sorted(asdict(self).items()))
        return f"{VERSION}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


VERSION = "1"
"""Of what the stages do with the rules."""
RULES = Rules()
