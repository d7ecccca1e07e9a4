"""What becomes of each picture, told to people and to programs.

Enhanced | PrintroomError | skip -> one line on stdout (JSON with --json), trouble on stderr
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from printroom.cli.bars import Bars
from printroom.cli.words import describe
from printroom.core.errors import PrintroomError
from printroom.engine.enhancement import Enhanced

Name = Path | str
"""A file, or an object by the name of its place: `store://in/photo.jpg`."""


class Report:
    """Counts and tells. `as_json`: one object per picture and line on stdout."""

    def __init__(self, bars: Bars, pictures: int, as_json: bool) -> None:
        self._bars, self._pictures, self._json = bars, pictures, as_json
        self._counts = Counter[str]()

    @property
    def failed(self) -> int:
        return self._counts["failed"]

    def done(self, source: Name, result: Enhanced, target: Name | None = None) -> None:
        """A result is in its place: at `target`, if that is not a file."""
        place = target or result.path
        facts = {
            "output": str(place),
            "format": result.format,
            "width": result.width,
            "height": result.height,
            "tiles": result.tiles,
            "seconds": round(result.seconds, 3),
            "model": result.model,
        }
        if result.report:
            facts["steps"] = [step._asdict() for step in result.steps]
            facts["report"] = dict(result.report)
        size = f"{result.width:,} x {result.height:,}"
        line = f"{source} -> {place}  {size}, {result.seconds:.1f} s{_told(result)}"
        self._tell("done", source, facts, line)

    def skipped(self, source: Name, target: Name) -> None:
        """The result was there already."""
        self._tell("skipped", source, {"output": str(target)}, f"{source} -> {target}  was there")

    def fail(self, source: Name, error: PrintroomError) -> None:
        """There is no result of this picture; of others there may be."""
        self._bars.say(describe(error, str(source)))
        facts = {"code": error.code, "reason": error.reason, "remedy": error.remedy}
        self._tell("failed", source, facts, None)

    def close(self, stopped_at: str | None) -> None:
        """Sum up many pictures; or say how far it came when it was stopped."""
        told = ", ".join(f"{self._counts[name]} {name}" for name in ("done", "skipped", "failed"))
        if stopped_at is not None:
            left = self._pictures - self._counts.total()
            where = f" ({stopped_at})" if stopped_at else ""
            self._bars.say(
                f"printroom: stopped: {told}, {left} left{where}; nothing is left half-written"
            )
        elif self._pictures > 1:
            self._bars.say(f"printroom: {told}")

    def _tell(self, status: str, source: Name, facts: dict[str, Any], line: str | None) -> None:
        self._counts[status] += 1
        if self._json:
            line = json.dumps({"source": str(source), "status": status} | facts)
        if line is None:
            return
        if sys.stdout.isatty():
            self._bars.say(line)  # one terminal: the bars must make room
        else:
            print(line, flush=True)


def _told(result: Enhanced) -> str:
    """What was mended and why, for people; empty where nobody looked for faults."""
    if not result.report:
        return ""
    done = ", ".join(step.step for step in result.steps) or "nothing was done"
    return f"\n    {done}: {result.report['why']}"
